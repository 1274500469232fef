//! How a client proves at the token endpoint and the revocation endpoint who it is.

use protocol::base64url;
use protocol::basic_credentials::BasicCredentials;
use protocol::clause::Clause;
use protocol::client_keys::SigningAlgorithm;
use protocol::client_metadata::AuthMethod;
use protocol::ids::Issuer;
use protocol::secret::Secret;
use serde_json::json;

use crate::check::Checks;
use crate::env::Env;
use crate::http::Request;
use crate::identity::{Proof, Registered};
use crate::lessons::steps::Step;
use crate::token_response::decode_jwt;
use crate::turn::Turn;

/// How long an assertion is good, in seconds: as long as it takes to send it.
const ASSERTION_LIFETIME: u64 = 60;
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An assertion without its signature, for the driver, which has the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningRequest {
    /// How to sign.
    pub algorithm: SigningAlgorithm,
    /// Which key, where the client has several.
    pub key_id: Option<String>,
    /// What to sign: header and claims of a JWT, in base64url, joined by a dot.
    pub input: String,
}

impl SigningRequest {
    /// Claims as RFC 7523 §3 demands: issuer and subject are the client, the audience is the server's issuer, and nothing
    /// else, so that no other server can use it.
    pub(crate) fn new(
        registered: &Registered,
        algorithm: SigningAlgorithm,
        key_id: Option<&str>,
        env: &Env,
    ) -> Self {
        let mut header = json!({ "typ": "JWT", "alg": algorithm.as_str() });
        if let Some(key_id) = key_id {
            header["kid"] = key_id.into();
        }
        let claims = json!({
            "iss": registered.client_id,
            "sub": registered.client_id,
            "aud": registered.issuer,
            "iat": env.now().0,
            "exp": env.now().plus(ASSERTION_LIFETIME).0,
            "jti": base64url(env.state_bytes()),
        });
        let part = |value: serde_json::Value| base64url(value.to_string().as_bytes());
        Self {
            algorithm,
            key_id: key_id.map(str::to_owned),
            input: format!("{}.{}", part(header), part(claims)),
        }
    }

    /// The whole assertion, with its signature in base64url.
    pub(crate) fn signed(&self, signature: &str) -> Secret {
        Secret::new(format!("{}.{}", self.input, signature))
    }
}

/// An assertion: to be signed by the driver, or signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Assertion {
    request: SigningRequest,
    signed: Option<Secret>,
}

impl Assertion {
    /// The one that this client needs now; `None` if it proves itself otherwise.
    pub(crate) fn needed(registered: &Registered, env: &Env) -> Option<Self> {
        let Proof::Key(algorithm, key_id) = &registered.proof else { return None };
        let request = SigningRequest::new(registered, *algorithm, key_id.as_deref(), env);
        Some(Self { request, signed: None })
    }

    /// What is to be signed, as long as it is not.
    pub(crate) fn to_sign(&self) -> Option<&SigningRequest> {
        self.signed.is_none().then_some(&self.request)
    }

    /// Takes the signature. The assertion stands in the trace, masked.
    pub(crate) fn sign(&mut self, turn: &mut Turn<'_>, step: Step, issuer: &Issuer, signature: &str) {
        let signed = self.request.signed(signature);
        turn.secrets.push(signed.clone());
        let mut checks = Checks::default();
        checks.decide(
            Clause::ClientAssertion,
            "the assertion is for this server alone, and expires soon",
            issuer.as_str(),
            self.request.algorithm.as_str(),
        );
        turn.work_out(step, "the client signs an assertion", checks, decode_jwt(signed.reveal()));
        self.signed = Some(signed);
    }
}

/// The method that the client uses at a server that offers these. Empty means that the server does not say.
///
/// A client that was told its method uses that one; another would be refused (OAuth 2.1 §2.4).
pub(crate) fn method(proof: &Proof, offered: &[String]) -> AuthMethod {
    let offers = |method: &AuthMethod| offered.iter().any(|name| name == method.as_str());
    match proof {
        Proof::Nothing => AuthMethod::None,
        Proof::Key(..) => AuthMethod::PrivateKeyJwt,
        Proof::Secret(_, Some(method)) => *method,
        Proof::Secret(_, None) => [AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost]
            .into_iter()
            .find(offers)
            .unwrap_or(AuthMethod::ClientSecretBasic),
    }
}

/// The same request, with the proof. Names the client exactly once: with Basic the header does it.
pub(crate) fn authenticated(
    endpoint: &str,
    mut parameters: Vec<(&'static str, String)>,
    registered: &Registered,
    method: AuthMethod,
    assertion: Option<&Assertion>,
) -> Request {
    let assertion = assertion.and_then(|assertion| assertion.signed.as_ref());
    parameters.retain(|(name, _)| *name != "client_id");
    let client_id = registered.client_id.as_str();
    if let (AuthMethod::ClientSecretBasic, Proof::Secret(secret, _)) = (method, &registered.proof) {
        let credentials = BasicCredentials { id: client_id.to_owned(), secret: secret.clone() };
        return Request::post_form(endpoint, &parameters)
            .header("authorization", credentials.to_header().reveal());
    }
    parameters.push(("client_id", client_id.to_owned()));
    match (&registered.proof, assertion) {
        (Proof::Secret(secret, _), _) => parameters.push(("client_secret", secret.reveal().to_owned())),
        (Proof::Key(..), Some(assertion)) => parameters.extend([
            ("client_assertion_type", ASSERTION_TYPE.to_owned()),
            ("client_assertion", assertion.reveal().to_owned()),
        ]),
        (Proof::Key(..), None) | (Proof::Nothing, _) => {}
    }
    Request::post_form(endpoint, &parameters)
}

#[cfg(test)]
mod tests {
    use protocol::ids::ClientId;
    use protocol::loopback::LoopbackPolicy;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::identity::Origin;

    fn registered(proof: Proof) -> Registered {
        Registered {
            issuer: Issuer::parse("https://as.example", LoopbackPolicy::HttpsOnly).unwrap(),
            client_id: ClientId::parse("the client").unwrap(),
            proof,
            origin: Origin::Registered,
        }
    }

    fn request(proof: Proof, assertion: Option<&Assertion>) -> Request {
        let registered = registered(proof);
        let parameters = vec![("grant_type", "x".to_owned()), ("client_id", "the client".to_owned())];
        let method = method(&registered.proof, &[]);
        authenticated("https://as.example/token", parameters, &registered, method, assertion)
    }

    /// Req: CL-37, CL-41
    #[test]
    fn each_method_names_the_client_once_and_proves_it_once() {
        let body = |request: &Request| request.body.clone().unwrap_or_default();
        let public = request(Proof::Nothing, None);
        assert_eq!(body(&public), "grant_type=x&client_id=the+client");
        let basic = request(Proof::Secret(Secret::new("s&cret"), None), None);
        assert_eq!(body(&basic), "grant_type=x");
        let header = basic.headers.iter().find(|(name, _)| name == "authorization").unwrap();
        assert_eq!(header.1, "Basic dGhlK2NsaWVudDpzJTI2Y3JldA==");
        let post = request(Proof::Secret(Secret::new("s&cret"), Some(AuthMethod::ClientSecretPost)), None);
        assert_eq!(body(&post), "grant_type=x&client_id=the+client&client_secret=s%26cret");
        let proof = Proof::Key(SigningAlgorithm::Es256, None);
        let env = Env { now_ms: 1_000_000, entropy: [1; 64] };
        let mut assertion = Assertion::needed(&registered(proof.clone()), &env).unwrap();
        assertion.signed = Some(Secret::new("a.b.c"));
        let key = request(proof, Some(&assertion));
        assert!(body(&key).ends_with("jwt-bearer&client_assertion=a.b.c"));
        for request in [public, post, key] {
            assert!(request.headers.iter().all(|(name, _)| name != "authorization"));
        }
    }

    #[test]
    fn a_secret_without_a_method_takes_one_that_is_offered() {
        let proof = Proof::Secret(Secret::new("s"), None);
        let offered = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(method(&proof, &[]), AuthMethod::ClientSecretBasic);
        assert_eq!(method(&proof, &offered(&["none", "client_secret_post"])), AuthMethod::ClientSecretPost);
        assert_eq!(method(&proof, &offered(&["tls_client_auth"])), AuthMethod::ClientSecretBasic);
        let told = Proof::Secret(Secret::new("s"), Some(AuthMethod::ClientSecretPost));
        assert_eq!(method(&told, &offered(&["client_secret_basic"])), AuthMethod::ClientSecretPost);
    }

    /// RFC 7523 §3.
    #[test]
    fn an_assertion_is_about_the_client_and_for_this_server_alone() {
        let env = Env { now_ms: 1_000_000, entropy: [1; 64] };
        let request = SigningRequest::new(
            &registered(Proof::Key(SigningAlgorithm::Es256, Some("k".into()))),
            SigningAlgorithm::Es256,
            Some("k"),
            &env,
        );
        let jwt = request.signed("c2ln");
        let opened = protocol::access_token::open_unverified(jwt.reveal()).unwrap();
        assert_eq!(
            (opened.header["alg"].as_str(), opened.header["kid"].as_str()),
            (Some("ES256"), Some("k"))
        );
        let claim = |name| opened.claims[name].clone();
        assert_eq!((claim("iss"), claim("sub")), ("the client".into(), "the client".into()));
        assert_eq!(claim("aud"), "https://as.example");
        assert_eq!((claim("iat"), claim("exp")), (1000.into(), 1060.into()));
        assert!(claim("jti").as_str().is_some_and(|jti| jti.len() == 43));
    }
}
