//! The server's side of the benchmark: the authorization server as in production, on a database on disk, with codes
//! that are ready to be redeemed.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use backend::authorization_server::{
    AuthorizationServer, HashingLimits, KeySettings, Lifetimes, OfferedScope, Person, ProtectedResource,
    Settings, hash_password,
};
use backend::store::{
    Asked, Chosen, Client, ClientAuthentication, NewRequest, SecretHash, Session, Standing, Store, Verdict,
};
use protocol::ids::{ClientId, Issuer, RedirectUri, ResourceUri, Subject};
use protocol::loopback::LoopbackPolicy;
use protocol::pkce::CodeVerifier;
use protocol::secret::Secret;
use server_kit::clock::{Clock as _, SystemClock};
use server_kit::entropy::SystemEntropy;
use server_kit::listen::{Sockets, serve_until};

pub(crate) const CLIENT_ID: &str = "bench";
pub(crate) const REDIRECT_URI: &str = "https://client.example/callback";
pub(crate) const RESOURCE: &str = "https://mcp.example/mcp";
const SCOPE: &str = "mcp:connect";

/// Serves until the parent goes.
pub(crate) fn serve(algorithm: &str, database: &Path, codes: usize) {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(database).await.unwrap();
        put_down_codes(&store, codes).await;
        let server = AuthorizationServer::new(
            settings(algorithm),
            store,
            Arc::new(SystemClock),
            Arc::new(SystemEntropy),
        )
        .await
        .unwrap();
        let address = "127.0.0.1:0".parse().unwrap();
        let sockets = Sockets::bind("the authorization server", "--bind", &[address]).await.unwrap();
        println!("{}", sockets.port());
        serve_until(vec![sockets.answer_with(server.router())], std::future::pending()).await;
    });
}

/// The text of a code.
pub(crate) fn code(number: usize) -> String {
    format!("bench-{number:0>37}")
}

/// The verifier of all of them.
pub(crate) fn verifier() -> CodeVerifier {
    CodeVerifier::from_entropy(&[7; 32])
}

fn settings(algorithm: &str) -> Settings {
    let policy = LoopbackPolicy::HttpsOnly;
    Settings {
        issuer: Issuer::parse("https://as.example", policy).unwrap(),
        loopback: policy,
        resources: vec![ProtectedResource {
            uri: ResourceUri::parse(RESOURCE, policy).unwrap(),
            name: "Bench".into(),
            scopes: vec![OfferedScope { token: SCOPE.parse().unwrap(), description: "Use it".into() }],
            introspection_secret: None,
        }],
        people: vec![Person {
            subject: Subject::parse("ada").unwrap(),
            name: "Ada".into(),
            about: String::new(),
            password: Some(
                hash_password(&Secret::new("correct horse battery staple"), &SystemEntropy).unwrap(),
            ),
        }],
        hashing: HashingLimits::default(),
        trusted_proxies: Vec::new(),
        clients: vec![client()],
        registration: None,
        lifetimes: Lifetimes { code: 3600, ..Lifetimes::default() },
        keys: KeySettings { algorithm: algorithm.parse().unwrap(), ..KeySettings::default() },
    }
}

fn client() -> Client {
    let redirect_uris = vec![RedirectUri::parse(REDIRECT_URI).unwrap()];
    let id = ClientId::parse(CLIENT_ID).unwrap();
    Client::configured(id, "Bench", redirect_uris, ClientAuthentication::None)
}

/// The way of every code: somebody signs in, a request is put down, and allowed.
async fn put_down_codes(store: &Store, codes: usize) {
    const AT_ONCE: usize = 256;
    if codes == 0 {
        return;
    }
    let now = SystemClock.now();
    let subject = Subject::parse("ada").unwrap();
    let cookie = SecretHash::of_text("cookie");
    let session = Session {
        subject: subject.clone(),
        credential: SecretHash::of_text(""),
        expires_at: now.plus(3600),
        idle_until: now.plus(3600),
    };
    store.sign_in(SecretHash::of_text("before"), cookie, session, now).await.unwrap();
    for chunk in (0..codes).step_by(AT_ONCE) {
        let mut ready = tokio::task::JoinSet::new();
        for number in chunk..codes.min(chunk + AT_ONCE) {
            let (store, subject) = (store.clone(), subject.clone());
            ready.spawn(async move {
                let id = SecretHash::of_text(&format!("request-{number}"));
                store.begin_authorization(id, cookie, request(), now).await.unwrap();
                let verdict = Verdict::Allow {
                    chosen: Chosen::Ticked(SCOPE.parse().unwrap()),
                    code: SecretHash::of_text(&code(number)),
                    family: format!("family-{number:0>36}"),
                    code_expires_at: now.plus(3600),
                    family_expires_at: now.plus(24 * 3600),
                };
                store.decide(id, cookie, subject, verdict, now, now).await.unwrap();
            });
        }
        ready.join_all().await;
    }
}

fn request() -> NewRequest {
    NewRequest {
        client: client(),
        redirect_uri: RedirectUri::parse(REDIRECT_URI).unwrap(),
        state: Some("state".into()),
        login_hint: None,
        standing: Standing::Asks(Asked {
            code_challenge: verifier().challenge(),
            resource: ResourceUri::parse(RESOURCE, LoopbackPolicy::HttpsOnly).unwrap(),
            scope: SCOPE.parse().unwrap(),
        }),
        must_ask: false,
        must_sign_in: false,
    }
}
