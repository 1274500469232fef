//! `token`: decoding is for everybody, believing takes the server's keys.

use std::io::Write as _;
use std::process::Stdio;

use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use protocol::{base64url, base64url_decode};
use serde_json::{Value, json};

use crate::hostile::{hostile, in_json, serve};
use crate::lab::Lab;
use crate::program::{Ended, command, run, started};

async fn a_token(lab: &Lab) -> String {
    let ended = lab.run(&["call", "whoami", "--json", "--show-secrets"]).await.with(0);
    let at = ended.out.find("Bearer eyJ").unwrap() + "Bearer ".len();
    ended.out[at..].split(['"', '\\']).next().unwrap().to_owned()
}

async fn by_standard_input(token: String, arguments: Vec<String>) -> Ended {
    tokio::task::spawn_blocking(move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut child = command(&arguments).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(format!("{token}\n").as_bytes()).unwrap();
        child.wait_with_output().unwrap().into()
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_opened_and_judged() {
    let lab = started().await;
    let token = a_token(&lab).await;
    let opened = run(&["token", &token]).await.with(0);
    assert!(opened.out.contains("at+jwt") && opened.out.contains("Not verified"), "{}", opened.out);

    let arguments = vec!["token".into(), "--json".into(), "--server".into(), lab.mcp_server.clone()];
    let judged = by_standard_input(token.clone(), arguments).await.with(0).json();
    assert_eq!(judged["verified"], true);
    let titles: Vec<_> =
        judged["checks"].as_array().unwrap().iter().map(|check| check["title"].clone()).collect();
    assert_eq!(titles, ["type", "signature", "issuer", "audience", "expiry", "not before"]);

    // One claim edited; one signature bent; one algorithm left out.
    let [header, claims, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let edited = protocol::base64url_decode(claims).unwrap();
    let edited = String::from_utf8(edited).unwrap().replace("mcp:connect", "mcp:admin");
    let edited = format!("{header}.{}.{signature}", protocol::base64url(edited.as_bytes()));
    let none = format!("{}.{claims}.", protocol::base64url(br#"{"alg":"none","typ":"at+jwt"}"#));
    for bad in [edited, none, format!("{header}.{claims}.AAAA")] {
        let ended = run(&["token", &bad, "--server", &lab.mcp_server]).await.with(1);
        assert!(ended.out.contains("✗ signature"), "{}", ended.out);
    }
    run(&["token", "opaque"]).await.with(2);
    lab.end().await;
}

/// The key pair of RFC 8037 Appendix A.
const PRIVATE: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

/// A token that the key has signed.
fn signed(header: &Value, claims: &Value) -> String {
    let private = [
        &[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20][..],
        &base64url_decode(PRIVATE).unwrap(),
    ]
    .concat();
    let part = |value: &Value| base64url(value.to_string().as_bytes());
    let message = format!("{}.{}", part(header), part(claims));
    let key = EncodingKey::from_ed_der(&private);
    let signature = crypto::sign(message.as_bytes(), &key, Algorithm::EdDSA).unwrap();
    format!("{message}.{signature}")
}

/// Each check by itself: everything else about the token is as it must be.
#[tokio::test(flavor = "multi_thread")]
async fn every_claim_is_judged() {
    let issuer = serve(|base, asked| {
        let path = asked.line.split(' ').nth(1).unwrap_or_default();
        match (path, hostile(base, asked)) {
            ("/keys", _) => {
                let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": PUBLIC, "alg": "EdDSA", "kid": "k" });
                Some(in_json("200 OK", &json!({ "keys": [key] })))
            }
            ("/.well-known/oauth-authorization-server", Some((_, _, document))) => {
                let mut document: Value = serde_json::from_str(&document).unwrap();
                document["jwks_uri"] = format!("{base}/keys").into();
                Some(in_json("200 OK", &document))
            }
            (_, answer) => answer,
        }
    });
    let server = format!("{issuer}/mcp");
    let judged = async |header: Value, claims: Value| {
        let token = signed(&header, &claims);
        run(&["token", &token, "--server", &server]).await
    };
    let header = || json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": "k" });
    let claims = || json!({ "iss": issuer, "aud": server, "exp": 9_000_000_000_u64, "nbf": 1 });
    judged(header(), claims()).await.with(0);
    let mut among = claims();
    among["aud"] = json!(["https://other.example", server]);
    judged(header(), among).await.with(0);

    for (member, value, title) in [
        ("typ", json!("JWT"), "type"),
        ("kid", json!("another"), "signature"),
        ("iss", json!("https://other.example"), "issuer"),
        ("aud", json!("https://other.example"), "audience"),
        ("aud", json!(["https://other.example"]), "audience"),
        ("exp", json!(1), "expiry"),
        ("exp", Value::Null, "expiry"),
        ("nbf", json!(9_000_000_000_u64), "not before"),
    ] {
        let (mut header, mut claims) = (header(), claims());
        let part = if matches!(member, "typ" | "kid") { &mut header } else { &mut claims };
        part[member] = value;
        let ended = judged(header, claims).await.with(1);
        let failed: Vec<_> = ended.out.lines().filter_map(|line| line.trim().strip_prefix("✗ ")).collect();
        assert!(failed.len() == 1 && failed[0].starts_with(title), "{member}: {failed:?}");
    }
}
