//! A browser and a client of the real authorization server. They speak http to its port, as the proxy before it would,
//! and keep its `__Host-` cookie by hand.

use mcp_auth_lab::forms::read_forms;
use protocol::pkce::CodeVerifier;
use serde_json::Value;
use url::Url;

use crate::running::{PASSWORD, Program};

/// The client as [`crate::running::authorization_server_flags`] configures it.
const CLIENT_ID: &str = "desk";
const REDIRECT_URI: &str = "https://desk.example/callback";
const RESOURCE: &str = "https://mcp.example/mcp";

fn verifier() -> CodeVerifier {
    CodeVerifier::from_entropy(&[42; 32])
}

/// What the server answered.
struct Answer {
    status: u16,
    location: Option<String>,
    body: String,
}

struct Browser<'a> {
    server: &'a Program,
    http: reqwest::Client,
    cookie: String,
}

impl Browser<'_> {
    async fn load(&mut self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.header("cookie", &self.cookie).send().await.unwrap();
        let header = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        if let Some(cookie) = header("set-cookie") {
            assert!(cookie.starts_with("__Host-") && cookie.contains("; Secure"), "{cookie}");
            cookie.split(';').next().unwrap().clone_into(&mut self.cookie);
        }
        let (status, location) = (response.status().as_u16(), header("location"));
        Answer { status, location, body: response.text().await.unwrap() }
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.load(self.http.get(self.server.url(path))).await
    }

    async fn follow(&mut self, answer: Answer) -> Answer {
        assert_eq!(answer.status, 303, "{}", answer.body);
        self.get(&answer.location.unwrap()).await
    }

    /// Submits the form of a page that posts to this path, with these fields filled in.
    async fn submit(&mut self, page: &Answer, path: &str, filled: &[(&str, &str)]) -> Answer {
        let base = Url::parse(&self.server.url("/")).unwrap();
        let form = read_forms(&page.body, &base).into_iter().find(|form| form.action.path() == path);
        let form = form.unwrap_or_else(|| panic!("no form {path} in {}", page.body));
        let kept = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let kept = kept.filter(|(name, _)| filled.iter().all(|(filled, _)| filled != name));
        let body = protocol::query::encode(kept.chain(filled.iter().copied()));
        let request = self.http.post(form.action.clone()).body(body);
        self.load(request.header("content-type", "application/x-www-form-urlencoded")).await
    }
}

/// Asks, signs in, allows, and gives the code that the client is sent.
pub(crate) async fn obtain_code(server: &Program) -> String {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut browser = Browser { server, http, cookie: String::new() };
    let request = protocol::query::encode([
        ("response_type", "code"),
        ("client_id", CLIENT_ID),
        ("redirect_uri", REDIRECT_URI),
        ("resource", RESOURCE),
        ("code_challenge", verifier().challenge().as_str()),
        ("code_challenge_method", "S256"),
    ]);
    let asked = browser.get(&format!("/authorize?{request}")).await;
    let page = browser.follow(asked).await;
    let signed_in = browser.submit(&page, "/sign-in", &[("name", "ada"), ("password", PASSWORD)]).await;
    let page = browser.follow(signed_in).await;
    let allowed = browser.submit(&page, "/consent", &[("decision", "allow")]).await;
    let back = Url::parse(&allowed.location.unwrap()).unwrap();
    let code = back.query_pairs().find(|(name, _)| name == "code");
    code.unwrap_or_else(|| panic!("no code in {back}")).1.into_owned()
}

/// Redeems a code; gives the status and the answer.
pub(crate) async fn redeem(server: &Program, code: &str) -> (u16, Value) {
    let body = protocol::query::encode([
        ("grant_type", "authorization_code"),
        ("code", code),
        ("code_verifier", verifier().reveal()),
        ("redirect_uri", REDIRECT_URI),
        ("client_id", CLIENT_ID),
        ("resource", RESOURCE),
    ]);
    let request = reqwest::Client::new()
        .post(server.url("/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), serde_json::from_str(&response.text().await.unwrap()).unwrap())
}
