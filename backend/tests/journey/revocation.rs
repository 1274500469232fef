//! What ends a grant at the authorization server is noticed at the MCP server with the next call.

use flow::http::Response;
use protocol::token_endpoint::{RevocationRequest, TokenResponse};

use crate::connected::Connected;

#[track_caller]
fn is_denied(answer: &Response) {
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(answer.body.contains("invalid_grant"), "{answer:?}");
}

/// Req: AS-118, AS-119, X-21, X-22, D01
#[tokio::test]
async fn a_replayed_code_stops_the_access_token_if_all_else_is_right() {
    let client = Connected::start().await;
    let mut wrong = client.exchange.clone();
    let form = wrong.body.take().unwrap();
    wrong.body = Some(form.replace("code_verifier=", "code_verifier=x"));
    is_denied(&client.send(&wrong).await);
    client.works(&client.tokens.access_token).await;
    is_denied(&client.send(&client.exchange).await);
    client.is_refused(&client.tokens.access_token, "revoked").await;
    is_denied(&client.refresh(client.refresh_token()).await);
    client.lab.end().await;
}

/// In the lab there is no second chance, so that what follows can be seen. Req: AS-131, AS-138, X-24, E01
#[tokio::test]
async fn a_refresh_token_that_is_used_twice_stops_all_access_tokens() {
    let client = Connected::start().await;
    let refreshed = client.refresh(client.refresh_token()).await;
    let newer: TokenResponse = serde_json::from_str(&refreshed.body).unwrap();
    client.works(&newer.access_token).await;
    client.works(&client.tokens.access_token).await;
    is_denied(&client.refresh(client.refresh_token()).await);
    client.is_refused(&newer.access_token, "revoked").await;
    client.is_refused(&client.tokens.access_token, "revoked").await;
    is_denied(&client.refresh(newer.refresh_token.unwrap()).await);
    client.lab.end().await;
}

/// Req: AS-142, AS-143
#[tokio::test]
async fn what_the_client_gives_back_works_no_more() {
    let client = Connected::start().await;
    client.works(&client.tokens.access_token).await;
    let request = RevocationRequest {
        token: client.refresh_token(),
        token_type_hint: None,
        client_id: client.client_id(),
    };
    assert_eq!(client.post("/revoke", &request.parameters()).await.status, 200);
    client.is_refused(&client.tokens.access_token, "revoked").await;
    client.lab.end().await;
}

/// Req: E07
#[tokio::test]
async fn a_refresh_token_opens_nothing_at_the_mcp_server() {
    let client = Connected::start().await;
    client.is_refused(&client.refresh_token(), "not a JWT").await;
    client.works(&client.tokens.access_token).await;
    client.lab.end().await;
}
