//! An authorization server of a few lines that has nothing but keys, and opinions about tokens.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
};
use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use protocol::base64url;
use protocol::jwks::PublicJwk;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A signing key. Making one for RSA takes longer than everything else together, so there are few for all tests.
pub(crate) struct Key {
    pair: Pair,
    public: PublicJwk,
}

enum Pair {
    Rsa(KeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Key {
    /// The RSA key that the authorization server publishes.
    pub(crate) fn published() -> &'static Self {
        static KEY: OnceLock<Key> = OnceLock::new();
        KEY.get_or_init(Self::generate)
    }

    /// An RSA key that nobody publishes.
    pub(crate) fn foreign() -> &'static Self {
        static KEY: OnceLock<Key> = OnceLock::new();
        KEY.get_or_init(Self::generate)
    }

    /// A key for ES256, published where a test says so.
    pub(crate) fn p256() -> &'static Self {
        static KEY: OnceLock<Key> = OnceLock::new();
        KEY.get_or_init(|| {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
            let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
            let public = PublicJwk::p256(x.try_into().unwrap(), y.try_into().unwrap());
            Self { pair: Pair::P256(pair), public }
        })
    }

    /// A key for `EdDSA`, published where a test says so.
    pub(crate) fn ed25519() -> &'static Self {
        static KEY: OnceLock<Key> = OnceLock::new();
        KEY.get_or_init(|| {
            let pair = Ed25519KeyPair::generate().unwrap();
            let public = PublicJwk::ed25519(pair.public_key().as_ref().try_into().unwrap());
            Self { pair: Pair::Ed25519(pair), public }
        })
    }

    fn generate() -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let public = PublicJwk::rsa(
            pair.public_key().modulus().big_endian_without_leading_zero(),
            pair.public_key().exponent().big_endian_without_leading_zero(),
        );
        Self { pair: Pair::Rsa(pair), public }
    }

    pub(crate) fn public(&self) -> &PublicJwk {
        &self.public
    }

    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let text = format!(
            "{}.{}",
            base64url(header.to_string().as_bytes()),
            base64url(claims.to_string().as_bytes())
        );
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).unwrap();
                signature
            }
            Pair::P256(pair) => pair.sign(&random, text.as_bytes()).unwrap().as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(text.as_bytes()).as_ref().to_vec(),
        };
        format!("{text}.{}", base64url(&signature))
    }
}

/// Answers metadata and keys, and counts how often the keys were asked for.
pub(crate) struct Keys {
    pub(crate) issuer: String,
    pub(crate) asked: Arc<AtomicUsize>,
    answer: Arc<Mutex<(StatusCode, String)>>,
    metadata: Arc<Mutex<Value>>,
    introspection: Arc<Mutex<(StatusCode, String)>>,
    questions: Arc<Mutex<Vec<(String, String)>>>,
}

impl Keys {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let metadata = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/jwks"),
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "introspection_endpoint": format!("{issuer}/introspect"),
        });
        let metadata = Arc::new(Mutex::new(metadata));
        let introspection = Arc::new(Mutex::new((StatusCode::OK, r#"{"active":true}"#.to_owned())));
        let questions = Arc::new(Mutex::new(Vec::new()));
        let asked = Arc::new(AtomicUsize::new(0));
        let answer = Arc::new(Mutex::new((StatusCode::OK, String::new())));
        let (counted, given) = (Arc::clone(&asked), Arc::clone(&answer));
        let (described, said, heard) =
            (Arc::clone(&metadata), Arc::clone(&introspection), Arc::clone(&questions));
        let router = Router::new().fallback(async move |request: Request| -> Response {
            let json = [(CONTENT_TYPE, "application/json")];
            match request.uri().path() {
                "/.well-known/oauth-authorization-server" => {
                    (json, described.lock().unwrap().to_string()).into_response()
                }
                "/introspect" => {
                    let (parts, body) = request.into_parts();
                    let body = to_bytes(body, 1 << 16).await.unwrap();
                    let authorization = parts.headers[AUTHORIZATION].to_str().unwrap().to_owned();
                    let question = (authorization, String::from_utf8(body.to_vec()).unwrap());
                    heard.lock().unwrap().push(question);
                    let (status, body) = said.lock().unwrap().clone();
                    (status, json, body).into_response()
                }
                "/jwks" => {
                    counted.fetch_add(1, Ordering::SeqCst);
                    let (status, body) = given.lock().unwrap().clone();
                    (status, json, body).into_response()
                }
                _ => StatusCode::NOT_FOUND.into_response(),
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        let keys = Self { issuer, asked, answer, metadata, introspection, questions };
        keys.publish(&[Key::published()]);
        keys
    }

    pub(crate) fn publish(&self, keys: &[&Key]) {
        let keys: Vec<_> = keys.iter().map(|key| key.public()).collect();
        self.answer(StatusCode::OK, &json!({ "keys": keys }).to_string());
    }

    pub(crate) fn answer(&self, status: StatusCode, body: &str) {
        *self.answer.lock().unwrap() = (status, body.to_owned());
    }

    /// What is answered about each token from now on.
    pub(crate) fn say(&self, answer: &Value) {
        self.say_exactly(StatusCode::OK, &answer.to_string());
    }

    pub(crate) fn say_exactly(&self, status: StatusCode, body: &str) {
        *self.introspection.lock().unwrap() = (status, body.to_owned());
    }

    /// Header and body of each question about a token.
    pub(crate) fn questions(&self) -> Vec<(String, String)> {
        self.questions.lock().unwrap().clone()
    }

    pub(crate) fn metadata(&self) -> Value {
        self.metadata.lock().unwrap().clone()
    }

    pub(crate) fn describe(&self, metadata: &Value) {
        *self.metadata.lock().unwrap() = metadata.clone();
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}
