//! The golden trace: every hop, every check, in order. A change of any message shows here.

use flow::{Action, Flow};
use mcp_auth_lab::report::{Palette, Report};
use walker::person::Decision;

use crate::support::Lab;

/// Req: RS-06, RS-15, RS-23, AS-97, CL-01, CL-15, CL-25, CL-26, CL-27, CL-35, CL-40, CL-44
#[tokio::test]
async fn the_trace_of_the_journey() {
    let lab = Lab::start().await;
    let mut flow = Flow::new(lab.config());
    lab.walk(&mut flow, &mut lab.person(Decision::Allow), |_| ()).await.unwrap();
    assert_eq!(flow.poll(), Action::Rest);

    let mut text = Vec::new();
    let mut report = Report::new(&mut text, Palette::plain(), false);
    report.update(&flow).unwrap();
    report.conclusion(&flow, &Ok(())).unwrap();
    let text = String::from_utf8(text).unwrap();
    // The ports are free ones: they get the names that they have in the real lab.
    let text = text
        .replace(&lab.page, "http://localhost:3000")
        .replace(&lab.mcp_server, "http://localhost:8001/mcp")
        .replace(lab.mcp_server.trim_end_matches("/mcp"), "http://localhost:8001")
        .replace(&lab.authorization_server, "http://localhost:9000");
    // In a URL within a URL they are escaped.
    let escaped = |url: &str| url.replace(':', "%3A").replace('/', "%2F");
    let text = text
        .replace(&escaped(&lab.page), &escaped("http://localhost:3000"))
        .replace(&escaped(&lab.mcp_server), &escaped("http://localhost:8001/mcp"))
        .replace(&escaped(&lab.authorization_server), &escaped("http://localhost:9000"));

    insta::with_settings!({
        filters => vec![
            // How long it took.
            (r"\(\d+ ms\)", "([…] ms)"),
            // Lengths contain the digits of the ports.
            (r"(size[^:]*: )\d+ bytes", "$1[…] bytes"),
            // The signing key is made at the first start, by the operating system's randomness.
            (r"(kid +)[A-Za-z0-9_-]{43}", "$1[thumbprint]"),
        ],
        omit_expression => true,
        snapshot_path => "golden",
        prepend_module_to_snapshot => false,
    }, {
        insta::assert_snapshot!("trace", text);
    });
    lab.end().await;
}

/// What `--json` prints has every secret masked. Req: ALL-11
#[tokio::test]
async fn no_secret_is_in_the_masked_trace() {
    let lab = Lab::start().await;
    let mut flow = Flow::new(lab.config());
    lab.walk(&mut flow, &mut lab.person(Decision::Allow), |_| ()).await.unwrap();
    let open = serde_json::to_string(flow.trace().entries()).unwrap();
    let masked = flow.trace().to_masked_json().to_string();
    let tokens: Vec<_> = open.split("Bearer ").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let tokens: Vec<_> = tokens.into_iter().filter(|token| token.matches('.').count() == 2).collect();
    assert!(tokens.len() >= 4, "tokens are sent with every call");
    assert!(tokens.iter().all(|token| !masked.contains(token)), "{masked}");
    let refresh_tokens: Vec<_> =
        open.split(r#"\"refresh_token\":\""#).skip(1).map(|rest| &rest[..43]).collect();
    assert_eq!(refresh_tokens.len(), 2, "one with each token response");
    assert!(refresh_tokens.iter().all(|token| !masked.contains(token)), "{masked}");
    for secret in ["code_verifier=", "code="] {
        let values = open.split(secret).skip(1).filter_map(|rest| rest.split(['&', '"']).next());
        let values: Vec<_> = values.filter(|value| value.len() > 20).collect();
        assert!(!values.is_empty(), "{secret}");
        assert!(values.iter().all(|value| !masked.contains(value)), "{secret}");
    }
    lab.end().await;
}
