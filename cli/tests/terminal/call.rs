//! `call`: the answer and nothing else.

use crate::program::{run, started};

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_alone_is_printed() {
    let lab = started().await;
    let arguments = ["call", "get_weather", r#"{"city":"Oslo"}"#];
    for revision in ["2025-11-25", "2026-07-28"] {
        let ended = lab.run(&[&arguments[..], &["--revision", revision]].concat()).await.with(0);
        assert_eq!(ended.out.lines().count(), 1);
        assert!(ended.out.starts_with("Oslo, Norway"), "{}", ended.out);
        assert!(ended.err.is_empty());
    }
    let json = lab.run(&[&arguments[..], &["--json"]].concat()).await.with(0).json();
    assert_eq!(json["results"][0]["is_error"], false);
    lab.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_told_on_standard_error() {
    let lab = started().await;
    let unknown = lab.run(&["call", "no_such_tool"]).await;
    let unknown = unknown.with(1);
    assert!(
        unknown.out.is_empty() && unknown.err.starts_with("no_such_tool has failed: "),
        "{}",
        unknown.err
    );
    let city = lab.run(&["call", "get_weather", r#"{"city":"Atlantis"}"#]).await;
    assert_eq!(city.status, 1, "{} {}", city.out, city.err);
    let denied = lab.run(&["call", "whoami", "--deny"]).await.with(4);
    assert!(denied.out.is_empty() && denied.err.contains("access_denied"), "{}", denied.err);
    for wrong in ["[]", "{", "\"x\""] {
        assert!(run(&["call", "whoami", wrong]).await.with(2).err.contains("written like"));
    }
    lab.end().await;
}
