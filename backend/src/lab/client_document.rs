//! The client's metadata document: who the page and the terminal say they are.
//!
//! Spec: Client ID Metadata Document draft -00 §4.1; MCP 2025-11-25 Authorization, Client ID Metadata Documents.

use axum::Router;
use axum::routing::get;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use serde_json::json;

/// Where the client that lives at this origin says who it is.
pub(super) fn router(origin: &str) -> Router {
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "max-age=60"),
        // Only so that the page can show it wherever it is opened; the authorization server does not care.
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    let document = document(origin);
    Router::new().route("/client.json", get(|| async { (headers, document) }))
}

/// The document of a client that lives at this origin, as text.
///
/// The terminal has no fixed port: on loopback the port of a redirect URI may differ from the registered one, so one
/// entry without a port is enough for it (RFC 8252 §7.3).
fn document(origin: &str) -> String {
    let document = json!({
        "client_id": format!("{origin}/client.json"),
        "client_name": "MCP Auth Lab",
        "client_uri": origin,
        "redirect_uris": [format!("{origin}/callback"), "http://127.0.0.1/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "application_type": "native",
        "scope": "mcp:connect weather:read",
    });
    format!("{document:#}\n")
}

#[cfg(test)]
mod tests {
    use protocol::cimd::{ClientIdUrl, ClientMetadataDocument, MAX_DOCUMENT_BYTES};
    use protocol::loopback::LoopbackPolicy;

    use super::*;

    /// Req: MD-03, MD-04, MD-05, MD-07, MD-08, MD-10
    #[test]
    fn the_document_is_one_that_our_own_server_accepts() {
        let url =
            ClientIdUrl::parse("http://localhost:3000/client.json", LoopbackPolicy::AllowHttpOnLoopback)
                .unwrap();
        let text = document("http://localhost:3000");
        let valid = ClientMetadataDocument::validate(&url, text.as_bytes()).unwrap();
        let accepts = |text: &str| {
            let requested = protocol::ids::RedirectUri::parse(text).unwrap();
            valid.redirect_uris().iter().any(|registered| registered.accepts(&requested))
        };
        assert!(accepts("http://localhost:3000/callback"));
        assert!(accepts("http://127.0.0.1:51004/callback"), "the terminal's port");
        assert!(!accepts("http://[::1]/callback"));
        assert_eq!(valid.grant_types(), ["authorization_code", "refresh_token"]);
        assert!(text.len() < MAX_DOCUMENT_BYTES);
    }
}
