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
    for iss_required in [true, false] {
        let issuer = Issuer::parse(ISSUER, LoopbackPolicy::HttpsOnly).expect("an issuer");
        let expected = Expected { issuer, iss_required, state: Secret::new(STATE) };
        if let Ok(response) = AuthorizationResponse::validate(&query, &expected) {
            assert!(is_to_be_believed(&query, ISSUER, STATE, iss_required), "{query:?}");
            is_what_was_said(&query, &response);
        }
    }
    survives_writing(&query);
}

/// Judges by pairs that no code under test has looked at: each of them stands once, and is what was recorded.
#[must_use]
pub fn is_to_be_believed(query: &str, issuer: &str, state: &str, iss_required: bool) -> bool {
    let iss_is_right = match said(query, "iss").as_slice() {
        [] => !iss_required,
        // A parameter without a value counts as absent.
        [iss] if iss.is_empty() => !iss_required,
        one_or_several => one_or_several == [issuer],
    };
    iss_is_right && said(query, "state") == [state]
}

fn said(query: &str, name: &str) -> Vec<String> {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.filter(|(known, _)| known == name).map(|(_, value)| value.into_owned()).collect()
}

/// The answer is the one that stands there: an error before a code, and neither twice.
fn is_what_was_said(query: &str, response: &AuthorizationResponse) {
    match response {
        AuthorizationResponse::Code(code) => {
            assert_eq!(said(query, "code"), [code.reveal()], "{query:?}");
            assert!(said(query, "error").iter().all(String::is_empty), "{query:?} has an error");
        }
        AuthorizationResponse::Error { error, description } => {
            assert_eq!(said(query, "error"), [error.as_str()], "{query:?}");
            let described = said(query, "error_description");
            assert!(description.iter().all(|text| described == [text.as_str()]), "{query:?}");
        }
    }
}

/// Names and values come through, whatever they are made of.
fn survives_writing(query: &str) {
    let read = Parameters::parse(query);
    let again = query::encode(read.iter());
    assert!(read.iter().eq(Parameters::parse(&again).iter()), "{query:?} became {again:?}");
}
