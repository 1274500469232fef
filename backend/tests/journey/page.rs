//! The page's own server.

use flow::http::{Method, Request, Response};
use serde_json::Value;

use crate::lab::{INDEX, SHEETS};
use crate::support::Lab;

async fn get(lab: &Lab, path: &str, headers: &[(&str, &str)]) -> Response {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let request = Request { method: Method::Get, url: format!("{}{path}", lab.page), headers, body: None };
    lab.http.send(&request).await.unwrap()
}

/// Req: CL-10, MD-01, MD-02, MD-03, MD-09
#[tokio::test]
async fn it_serves_the_page_the_document_and_the_addresses() {
    let lab = Lab::start().await;
    for path in ["/", "/callback?code=x&state=y"] {
        let page = get(&lab, path, &[]).await;
        assert_eq!((page.status, page.body.as_str()), (200, INDEX));
        let policy = page.header("content-security-policy").unwrap();
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(policy.contains("'sha256-") && !policy.contains("unsafe-inline"), "{policy}");
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.header("cache-control"), Some("no-cache"));
    }
    let script = get(&lab, "/web-client-1.js", &[]).await;
    assert_eq!(script.header("cache-control"), Some("public, max-age=31536000, immutable"));

    let document = get(&lab, "/client.json", &[]).await;
    assert_eq!((document.status, document.header("location")), (200, None), "no way round");
    assert_eq!(document.header("access-control-allow-origin"), Some("*"), "the page may show it");
    assert_eq!(document.header("content-type"), Some("application/json"));
    let document: Value = serde_json::from_str(&document.body).unwrap();
    assert_eq!(document["client_id"], format!("{}/client.json", lab.page));

    let addresses: Value = serde_json::from_str(&get(&lab, "/lab.json", &[]).await.body).unwrap();
    assert_eq!(addresses["mcp_server"], lab.mcp_server);
    assert_eq!(addresses["authorization_server"], lab.authorization_server);
    assert_eq!(addresses["rogue"], lab.rogue);
    assert_eq!(addresses["preregistered_client_id"], "lab-preregistered");

    let missing = get(&lab, "/nothing-1.js", &[]).await;
    assert_eq!((missing.status, missing.header("cache-control")), (404, Some("no-cache")));
    lab.end().await;
}

/// Built anew while the lab runs, it is served as it is now: its scripts have other names, and the old ones are gone.
#[tokio::test]
async fn a_page_that_is_built_anew_needs_no_other_lab() {
    let lab = Lab::start().await;
    let file = lab.page_folder.path().join("index.html");
    let before = get(&lab, "/", &[]).await;
    let built = INDEX.replace("web-client-1", "web-client-2");
    std::fs::write(&file, &built).unwrap();
    // However coarse the clock of the file system is.
    let another_time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1);
    std::fs::File::options().write(true).open(&file).unwrap().set_modified(another_time).unwrap();
    let after = get(&lab, "/", &[]).await;
    assert_eq!((after.status, after.body.as_str()), (200, built.as_str()));
    let policy = |page: &Response| page.header("content-security-policy").unwrap().to_owned();
    assert_ne!(policy(&after), policy(&before), "it names the new script");
    assert_eq!(policy(&get(&lab, "/lab.json", &[]).await), policy(&after));
    std::fs::remove_file(&file).unwrap();
    let gone = get(&lab, "/", &[]).await;
    assert!(gone.status == 503 && gone.body.contains("just demo"), "{}", gone.body);
    lab.end().await;
}

/// WebAssembly is compiled while it arrives, which browsers do for this type alone.
#[tokio::test]
async fn files_are_served_in_the_form_that_a_browser_asks_for() {
    let lab = Lab::start().await;
    for (asked, form, body) in [
        (Some("gzip, deflate, br, zstd"), Some("br"), "brotli"),
        (Some("gzip, deflate"), Some("gzip"), "gzip"),
        (Some("identity"), None, "plain"),
        (None, None, "plain"),
    ] {
        let headers: Vec<_> = asked.map(|asked| ("accept-encoding", asked)).into_iter().collect();
        let answer = get(&lab, "/web-client-1_bg.wasm", &headers).await;
        assert_eq!((answer.header("content-encoding"), answer.body.as_str()), (form, body), "{asked:?}");
        assert_eq!(answer.header("content-type"), Some("application/wasm"));
        assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(answer.header("vary"), Some("accept-encoding"));
    }
    lab.end().await;
}

/// Their names stay when a text changes, so a browser asks each time; what it has is only sent again if it is another.
#[tokio::test]
async fn the_texts_of_a_chapter_are_never_those_of_an_older_build() {
    let lab = Lab::start().await;
    let path = format!("/{SHEETS}");
    for (asked, form, body) in
        [("br, gzip", Some("br"), "brotli"), ("gzip", Some("gzip"), "gzip"), ("identity", None, "plain")]
    {
        let answer = get(&lab, &path, &[("accept-encoding", asked)]).await;
        assert_eq!(
            (answer.status, answer.header("content-encoding"), answer.body.as_str()),
            (200, form, body)
        );
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-cache"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert!(answer.header("content-security-policy").unwrap().contains("default-src 'none'"));
    }
    let known = get(&lab, &path, &[]).await.header("last-modified").unwrap().to_owned();
    let again = get(&lab, &path, &[("if-modified-since", &known)]).await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));

    let file = lab.page_folder.path().join(SHEETS);
    std::fs::write(&file, "another text").unwrap();
    let later = std::fs::metadata(&file).unwrap().modified().unwrap() + std::time::Duration::from_secs(2);
    std::fs::File::options().write(true).open(file).unwrap().set_modified(later).unwrap();
    let renewed = get(&lab, &path, &[("if-modified-since", &known)]).await;
    assert_eq!((renewed.status, renewed.body.as_str()), (200, "another text"));

    assert_eq!(get(&lab, "/lessons/2025-11-25/none.json", &[]).await.status, 404);
    lab.end().await;
}

/// Req: X-11
#[tokio::test]
async fn a_rebound_name_gets_nothing() {
    let lab = Lab::start().await;
    let answer = get(&lab, "/lab.json", &[("host", "evil.example")]).await;
    assert_eq!(answer.status, 403);
    assert!(!answer.body.contains("mcp"));
    lab.end().await;
}

#[tokio::test]
async fn a_folder_is_no_way_out() {
    let lab = Lab::start().await;
    for path in ["/../Cargo.toml", "/%2e%2e/Cargo.toml", "/..%2fCargo.toml", "/index.html/../../x"] {
        assert_ne!(get(&lab, path, &[]).await.status, 200, "{path}");
    }
    lab.end().await;
}
