//! The callback: whatever the query, only an answer of the right server to the right question is believed.

use protocol::authorization_response::{AuthorizationResponse, Expected};
use protocol::ids::Issuer;
use protocol::loopback::LoopbackPolicy;
use protocol::query::{self, Parameters};
use protocol::secret::Secret;

/// The issuer that was asked, as the seeds spell it.
const ISSUER: &str = "https://as.example";
/// The `state` that was sent, as the seeds spell it.
const STATE: &str = "s1";

/// Takes the input as the query of a callback, from a server that promised `iss` and from one that did not.
///
/// # Panics
/// When a promise is broken.
pub fn run(input: &[u8]) {
    let query = String::from_utf8_lossy(input);
    for iss_promised in [true, false] {
        let issuer = Issuer::parse(ISSUER, LoopbackPolicy::HttpsOnly).expect("an issuer");
        let expected = Expected { issuer, iss_promised, state: Secret::new(STATE) };
        if let Ok(response) = AuthorizationResponse::validate(&query, &expected) {
            was_to_be_believed(&query, iss_promised, &response);
        }
    }
    survives_writing(&query);
}

/// Judges what was believed by pairs that no code under test has looked at.
fn was_to_be_believed(query: &str, iss_promised: bool, response: &AuthorizationResponse) {
    let said = |name: &str| -> Vec<String> {
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.filter(|(known, _)| known == name).map(|(_, value)| value.into_owned()).collect()
    };
    assert_eq!(said("state"), [STATE], "{query:?}");
    match said("iss").as_slice() {
        [] => assert!(!iss_promised, "{query:?} lacks the promised iss"),
        // A parameter without a value counts as absent.
        [iss] if iss.is_empty() => assert!(!iss_promised, "{query:?} lacks the promised iss"),
        several_or_one => assert_eq!(several_or_one, [ISSUER], "{query:?}"),
    }
    match response {
        AuthorizationResponse::Code(code) => {
            assert_eq!(said("code"), [code.reveal()], "{query:?}");
            assert!(
                said("error").iter().all(String::is_empty),
                "{query:?} has an error that was passed over"
            );
        }
        AuthorizationResponse::Error { error, description } => {
            assert_eq!(said("error"), [error.as_str()], "{query:?}");
            assert!(description.iter().all(|text| said("error_description") == [text.as_str()]), "{query:?}");
        }
    }
}

/// Names and values come through, whatever they are made of.
fn survives_writing(query: &str) {
    let read = Parameters::parse(query);
    let again = query::encode(read.iter());
    assert!(read.iter().eq(Parameters::parse(&again).iter()), "{query:?} became {again:?}");
}
