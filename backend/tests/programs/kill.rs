//! What is left when a program is killed: everything that it had answered, and nothing that it had used up.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use backend::authorization_server::hash_password;
use protocol::pkce::CodeVerifier;
use protocol::secret::Secret;
use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, RequestBuilder, Response, StatusCode, redirect};
use scraper::{Html, Selector};
use serde_json::json;
use server_kit::entropy::SystemEntropy;

use crate::running::Program;

const PASSWORD: &str = "correct horse battery staple";
const REDIRECT_URI: &str = "https://desk.example/callback";
const RESOURCE: &str = "https://mcp.example/mcp";

/// A server with somebody who can sign in, and a client that is known beforehand.
fn configuration(folder: &Path) -> String {
    let hash = hash_password(&Secret::new(PASSWORD), &SystemEntropy).unwrap().to_phc();
    let configuration = json!({
        "resources": [{
            "uri": RESOURCE,
            "name": "Weather server",
            "scopes": [{ "token": "mcp:connect", "description": "Use it" }],
        }],
        "people": [{ "subject": "ada", "name": "Ada", "password": hash }],
        "clients": [{ "client_id": "desk", "client_name": "Desk", "redirect_uris": [REDIRECT_URI] }],
    });
    let path = folder.join("as.json");
    std::fs::write(&path, configuration.to_string()).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    path.display().to_string()
}

/// A browser in front of the proxy that ends TLS: it sends the cookie that it was given last.
struct Browser<'a> {
    server: &'a Program,
    client: Client,
    cookie: String,
}

impl<'a> Browser<'a> {
    fn new(server: &'a Program) -> Self {
        let client = Client::builder().redirect(redirect::Policy::none()).no_proxy().build().unwrap();
        Self { server, client, cookie: String::new() }
    }

    fn keep_cookie(&mut self, response: &Response) {
        if let Some(cookie) = response.headers().get(SET_COOKIE) {
            cookie.to_str().unwrap().split(';').next().unwrap().clone_into(&mut self.cookie);
        }
    }

    async fn get(&mut self, path: &str) -> Response {
        let request = self.client.get(self.server.url(path)).header(COOKIE, &self.cookie);
        let response = request.send().await.unwrap();
        self.keep_cookie(&response);
        response
    }

    async fn post(&mut self, path: &str, form: &[(String, String)]) -> Response {
        let request =
            post(&self.client, self.server, path, form.iter().map(|(n, v)| (n.as_str(), v.as_str())));
        let response = request.header(COOKIE, &self.cookie).send().await.unwrap();
        self.keep_cookie(&response);
        response
    }

    /// The fields of a page's form to this path that are filled in already.
    async fn form(&mut self, page: &str, path: &str) -> Vec<(String, String)> {
        let text = self.get(page).await.text().await.unwrap();
        let page = Html::parse_document(&text);
        let inputs = Selector::parse(&format!("form[action={path:?}] input[name][value]")).unwrap();
        let fields = page
            .select(&inputs)
            .map(|input| (input.attr("name").unwrap().to_owned(), input.attr("value").unwrap().to_owned()));
        fields.filter(|(name, _)| name != "name").collect()
    }
}

fn post<'a>(
    client: &Client,
    server: &Program,
    path: &str,
    form: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> RequestBuilder {
    client
        .post(server.url(path))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(protocol::query::encode(form))
}

fn location(response: &Response) -> String {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    response.headers()[LOCATION].to_str().unwrap().to_owned()
}

fn field(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn verifier() -> CodeVerifier {
    CodeVerifier::from_entropy(&[9; 32])
}

/// From the authorization request to the code.
async fn code(server: &Program) -> String {
    let mut browser = Browser::new(server);
    let query = protocol::query::encode([
        ("response_type", "code"),
        ("client_id", "desk"),
        ("redirect_uri", REDIRECT_URI),
        ("code_challenge", verifier().challenge().as_str()),
        ("code_challenge_method", "S256"),
        ("resource", RESOURCE),
    ]);
    let sign_in = location(&browser.get(&format!("/authorize?{query}")).await);
    let mut form = browser.form(&sign_in, "/sign-in").await;
    form.extend([field("name", "ada"), field("password", PASSWORD)]);
    let consent = location(&browser.post("/sign-in", &form).await);
    let mut form = browser.form(&consent, "/consent").await;
    form.push(field("decision", "allow"));
    let back = url::Url::parse(&location(&browser.post("/consent", &form).await)).unwrap();
    back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
}

async fn redeem(server: &Program, code: &str) -> Response {
    let verifier = verifier();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "desk"),
        ("code", code),
        ("code_verifier", verifier.reveal()),
    ];
    let client = Client::builder().no_proxy().build().unwrap();
    post(&client, server, "/token", form).send().await.unwrap()
}

/// Req: P01
#[tokio::test]
async fn what_was_answered_survives_and_what_was_used_up_stays_used_up() {
    let folder = tempfile::tempdir().unwrap();
    let configuration = configuration(folder.path());
    let start = || Program::authorization_server_with(folder.path(), &configuration);
    let server = start();
    let code = code(&server).await;
    server.kill();

    let server = start();
    assert_eq!(redeem(&server, &code).await.status(), StatusCode::OK, "the code outlived the process");
    server.kill();

    let server = start();
    let again = redeem(&server, &code).await;
    assert_eq!(again.status(), StatusCode::BAD_REQUEST);
    assert!(again.text().await.unwrap().contains("invalid_grant"), "it was redeemed once");
}
