//! `inspect`: as far as one gets without saying who one is.

use crate::program::{run, started};

/// Req: CL-01, CL-02, CL-04
#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_discovered_in_order_with_verdicts() {
    let lab = started().await;
    let ended = run(&["inspect", &lab.mcp_server]).await.with(0);
    for part in [
        "resource is the URL that was used",
        "PKCE with S256 is offered",
        "metadata document (CIMD)",
        "Next: mcp-auth-lab trace",
    ] {
        assert!(ended.out.contains(part), "{part}: {}", ended.out);
    }
    let object = run(&["inspect", &lab.mcp_server, "--json", "--revision", "auto"]).await.with(0).json();
    assert_eq!((object["protected"].clone(), object["success"].clone()), (true.into(), true.into()));
    let steps: Vec<_> =
        object["entries"].as_array().unwrap().iter().map(|entry| entry["step"].clone()).collect();
    assert_eq!(steps, ["challenge", "resource-metadata", "server-metadata"]);
    lab.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_mcp_server_is_told_plainly() {
    let lab = started().await;
    let page = format!("{}/mcp", lab.page);
    let ended = run(&["inspect", &page]).await.with(1);
    assert!(ended.out.contains("Failed") && ended.out.contains("often /mcp"), "{}", ended.out);
    // Another address of the same server is another resource.
    let alias = lab.mcp_server.replace("localhost", "127.0.0.1");
    run(&["inspect", &alias]).await.with(1);
    lab.end().await;
    let gone = run(&["inspect", &page, "--json"]).await.with(3).json();
    assert!(gone["protected"].is_null(), "of a server that could not be asked nobody knows");
    assert!(run(&["inspect", &page]).await.with(3).out.contains("whether the server runs"));
    run(&["inspect", "nonsense"]).await.with(2);
}
