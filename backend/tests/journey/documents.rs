//! Documents that a learner writes: the authorization server reads what stands there now.

use flow::lessons::mistakes;
use protocol::observation::{Finding, Observation};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::Lab;

impl Lab {
    /// Writes a document as the page does.
    async fn write(&self, path: &str, body: impl Into<reqwest::Body>) -> (StatusCode, Value) {
        let request = reqwest::Client::new().put(format!("{}/lab/documents/{path}", self.page));
        let answer = request.header("origin", &self.page).body(body).send().await.unwrap();
        let status = answer.status();
        (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap())
    }

    /// Begins an authorization request as this client; gives the answer of the authorization server.
    async fn authorize(&self, client_id: &str) -> (StatusCode, String) {
        let query = [
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", &format!("{}/callback", self.page)),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
            ("resource", &self.mcp_server),
            ("scope", "mcp:connect"),
            ("state", "s"),
        ];
        let url = reqwest::Url::parse_with_params(&format!("{}/authorize", self.authorization_server), query);
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let answer = client.get(url.unwrap()).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    /// What the authorization server found out at the last authorization request.
    async fn findings_of_the_newest_visit(&self) -> Vec<Finding> {
        let list = reqwest::get(format!("{}/lab/observations.json", self.page)).await.unwrap();
        let mut list: Vec<Observation> = serde_json::from_str(&list.text().await.unwrap()).unwrap();
        list.retain(|seen| seen.request.url.contains("/authorize?"));
        list.pop().unwrap().findings
    }

    fn document_of(&self, client_id: &str) -> Value {
        json!({
            "client_id": client_id,
            "client_name": "My client",
            "redirect_uris": [format!("{}/callback", self.page)],
            "token_endpoint_auth_method": "none",
        })
    }
}

#[tokio::test]
async fn each_change_counts_at_the_next_request() {
    let lab = Lab::start().await;
    let id = format!("{}/clients/mine.json", lab.page);
    let good = lab.document_of(&id).to_string();
    let (status, written) = lab.write("mine.json", good.clone()).await;
    assert_eq!((status, written), (StatusCode::OK, json!({ "client_id": id })));
    let is_accepted = async || {
        let (status, page) = lab.authorize(&id).await;
        assert!(status.is_redirection(), "{status} {page}");
    };
    is_accepted().await;
    let mut other = lab.document_of(&id);
    other["client_id"] = json!("http://localhost:1/other.json");
    for (query, body, says) in [
        ("", "{".to_owned(), "JSON"),
        ("", other.to_string(), "client_id"),
        ("", format!("{good}{}", " ".repeat(6000)), "5 kilobytes"),
        ("?status=404", good.clone(), "404"),
        ("?content_type=text/html", good.clone(), "application/json"),
        ("?redirect_to=http://localhost:1/", good.clone(), "redirects elsewhere"),
    ] {
        assert_eq!(lab.write(&format!("mine.json{query}"), body).await.0, StatusCode::OK);
        let (status, page) = lab.authorize(&id).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{says}: {page}");
        assert!(page.contains(says), "{says}: {page}");
        lab.write("mine.json", good.clone()).await;
        is_accepted().await;
    }
    lab.end().await;
}

#[tokio::test]
async fn a_document_is_served_as_it_was_written() {
    let lab = Lab::start().await;
    let bytes = vec![0, 159, 146, 150];
    let (status, written) = lab
        .write("raw.json?status=418&content_type=text/html;%20charset=utf-8&redirect_to=/x", bytes.clone())
        .await;
    assert_eq!(status, StatusCode::OK);
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = client.get(written["client_id"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(answer.status(), 418);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    assert_eq!((header("location").as_str(), header("cache-control").as_str()), ("/x", "no-store"));
    assert!(
        header("content-security-policy").contains("default-src 'none'"),
        "a page of ours runs nothing of it"
    );
    assert_eq!(answer.bytes().await.unwrap(), bytes);
    assert_eq!(client.get(format!("{}/clients/none.json", lab.page)).send().await.unwrap().status(), 404);
    lab.end().await;
}

#[tokio::test]
async fn what_is_no_document_is_refused_with_a_sentence() {
    let lab = Lab::start().await;
    for (path, bytes, status) in [
        ("Mine.json", 2, 400),
        ("mine", 2, 400),
        ("mine.json?status=99", 2, 400),
        ("mine.json?stat=200", 2, 400),
        ("mine.json?delay_ms=8001", 2, 400),
        ("mine.json?content_type=text/javascript", 2, 400),
        ("mine.json", 16 * 1024 + 1, 413),
        ("mine.json", 16 * 1024, 200),
    ] {
        let (answered, body) = lab.write(path, vec![b'x'; bytes]).await;
        assert_eq!(answered, status, "{path}: {body}");
        assert_eq!(body["error"].is_string(), status != 200, "{path}: {body}");
    }
    lab.end().await;
}

/// Each mistake that the page offers to try is refused for itself, and the page learns it from the server's own report.
#[tokio::test]
async fn each_mistake_that_the_page_offers_has_its_own_refusal() {
    let lab = Lab::start().await;
    for mistake in mistakes::all() {
        let id = format!("{}/clients/{}.json", lab.page, mistake.id);
        let text = mistake.document(&id, &format!("{}/callback", lab.page));
        let path = format!("{}.json?{}", mistake.id, mistake.host);
        assert_eq!(lab.write(&path, text).await.0, StatusCode::OK, "{}", mistake.id);
        let (status, page) = lab.authorize(&id).await;
        assert_eq!(status.is_redirection(), mistake.refusal.is_none(), "{}: {status} {page}", mistake.id);
        let findings = lab.findings_of_the_newest_visit().await;
        let fetched = findings.iter().any(|finding| matches!(finding, Finding::Fetched { .. }));
        assert!(fetched, "{}: {findings:?}", mistake.id);
        let refusal = findings.iter().find_map(|finding| match finding {
            Finding::Refused { name, .. } => Some(name.as_str()),
            _ => None,
        });
        assert_eq!(refusal, mistake.refusal, "{}: {findings:?}", mistake.id);
    }
    lab.end().await;
}
