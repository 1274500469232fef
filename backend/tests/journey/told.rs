//! What the MCP server tells of its own work: each check, passed ones too, and each refusal by its name.

use protocol::check::Outcome;
use protocol::clause::Clause;
use protocol::observation::{Finding, Observation};
use protocol::party::Party;
use protocol::token_endpoint::TokenResponse;

use crate::connected::Connected;
use crate::lab::Lab;

impl Lab {
    /// What one of the servers told, in order.
    pub(crate) async fn told(&self, party: Party) -> Vec<Observation> {
        let all = reqwest::get(format!("{}/lab/observations.json", self.page)).await.unwrap();
        let all: Vec<Observation> = serde_json::from_str(&all.text().await.unwrap()).unwrap();
        all.into_iter().filter(|observation| observation.party == party).collect()
    }
}

/// Titles of checks that passed, and in brackets what else was found out.
fn outline(observation: &Observation) -> Vec<String> {
    let line = |finding: &Finding| match finding {
        Finding::Checked(check) if check.outcome == Outcome::Passed => check.title.to_string(),
        Finding::Checked(check) => format!("[failed: {}]", check.title),
        Finding::Refused { name, .. } => format!("[refused: {name}]"),
        Finding::Fetched { what, .. } => format!("[fetched: {what}]"),
        Finding::FromCache { what, .. } => format!("[at hand: {what}]"),
        Finding::Stored { what, .. } => format!("[stored: {what}]"),
    };
    observation.findings.iter().map(line).collect()
}

const HEAD: [&str; 4] = ["host", "origin", "Authorization", "length of the token"];
const KEYS: [&str; 8] = [
    "where the URL leads",
    "addresses",
    "[fetched: the authorization server's metadata]",
    "issuer",
    "where the URL leads",
    "addresses",
    "[fetched: the authorization server's keys]",
    "kid",
];
const TOKEN: [&str; 10] =
    ["alg of the key", "signature", "iss", "aud", "exp", "iat, nbf", "cnf", "sub", "client_id", "jti"];
const ASKED: [&str; 4] =
    ["where the URL leads", "addresses", "[fetched: whether the token was revoked]", "active"];
const KNOWN_PLACE: [&str; 1] = ["[at hand: the authorization server's metadata]"];
const MESSAGE: [&str; 4] = ["Content-Type", "message", "method", "scope"];

#[tokio::test]
async fn the_first_request_with_a_token_shows_every_check() {
    let client = Connected::start().await;
    let told = client.lab.told(Party::McpServer).await;
    let initialize = told.iter().find(|told| told.response.status == 200 && told.request.method == "POST");
    let metadata = &KEYS[..4];
    let expected = [
        &HEAD[..],
        &["form of the token", "alg", "typ"],
        &KEYS,
        &TOKEN,
        metadata,
        &ASKED,
        &MESSAGE,
        &["[stored: a session, of this person and this client alone]"],
    ];
    assert_eq!(outline(initialize.unwrap()), expected.concat());
    client.lab.end().await;
}

/// What was verified before is not said to have been verified again.
#[tokio::test]
async fn what_was_at_hand_is_told_as_such() {
    let client = Connected::start().await;
    let call = client.lab.told(Party::McpServer).await.pop().unwrap();
    let expected = [
        &HEAD[..],
        &["[at hand: the authorization server's keys]", "kid"],
        &["[at hand: signature and claims of this very token, verified before]", "exp"],
        &KNOWN_PLACE,
        &ASKED,
        &["Content-Type", "message", "MCP-Protocol-Version", "method", "tool", "scope", "session"],
    ];
    assert_eq!(outline(&call), expected.concat());
    client.lab.end().await;
}

#[tokio::test]
async fn an_unknown_key_is_seen_to_be_fetched() {
    let client = Connected::start().await;
    client.lab.rotate().await;
    let refreshed = client.refresh(client.refresh_token()).await;
    let newer: TokenResponse = serde_json::from_str(&refreshed.body).unwrap();
    client.works(&newer.access_token).await;
    let call = outline(&client.lab.told(Party::McpServer).await.pop().unwrap());
    assert_eq!(call[HEAD.len()..][..3], ["form of the token", "alg", "typ"]);
    assert_eq!(call[HEAD.len() + 3..][..KEYS.len()], KEYS);
    client.lab.end().await;
}

/// A refusal comes last, by its name, after the check that failed.
#[tokio::test]
async fn a_refusal_is_told_with_the_check_that_failed() {
    let client = Connected::start().await;
    let token = client.tokens.access_token.reveal();
    let (signed, _) = token.rsplit_once('.').unwrap();
    let body = client.call.body.clone().unwrap();
    let other_tool = body.replace("whoami", "get_weather");
    for (token, body, failed, name) in [
        ("a.b".to_owned(), &body, "form of the token", "NotAJwt"),
        (format!("{signed}.{}", "A".repeat(342)), &body, "signature", "BadSignature"),
        (token.to_owned(), &other_tool, "scope", "InsufficientScope"),
        (token.to_owned(), &format!("[{body}]"), "message", "NotOneMessage"),
    ] {
        let mut call = client.call.clone();
        call.body = Some(body.clone());
        let header = call.headers.iter_mut().find(|(name, _)| name == "authorization").unwrap();
        header.1 = format!("Bearer {token}");
        let answer = client.send(&call).await;
        let told = client.lab.told(Party::McpServer).await.pop().unwrap();
        assert_eq!(told.response.status, answer.status);
        let expected = [format!("[failed: {failed}]"), format!("[refused: {name}]")];
        let outline = outline(&told);
        assert_eq!(outline[outline.len() - 2..], expected, "{outline:?}");
        assert_eq!(outline.iter().filter(|line| line.contains("failed")).count(), 1);
    }
    client.lab.end().await;
}

#[tokio::test]
async fn an_expired_token_is_told_as_one() {
    let client = Connected::start().await;
    client.lab.clock.advance(3600);
    client.is_refused(&client.tokens.access_token, "expired").await;
    let told = client.lab.told(Party::McpServer).await.pop().unwrap();
    let Some(Finding::Refused { clause, says, .. }) = told.findings.last() else { panic!("{told:?}") };
    assert_eq!((*clause, says.as_str()), (Clause::TokenValidity, "The token has expired."));
    client.lab.end().await;
}
