//! Which pages may read the answers of a rogue server.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use flow::lessons::attacks::Twist;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, HeaderName,
};
use http::{HeaderValue, Method, StatusCode};

/// What a client sends.
const SENT: &str = "accept, authorization, content-type, last-event-id, mcp-method, mcp-name, mcp-protocol-version, \
                    mcp-session-id";

/// Answers preflights, and lets every page read every answer, but where the twist is that it may not.
pub(super) async fn answer(request: Request, next: Next) -> Response {
    let twist = request.uri().path().split('/').find_map(Twist::parse);
    let mut response = match *request.method() {
        Method::OPTIONS => StatusCode::NO_CONTENT.into_response(),
        _ => next.run(request).await,
    };
    let mut say = |name: HeaderName, value| {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    };
    let (sent, seen) = match twist {
        Some(Twist::NoCors) => return response,
        Some(Twist::StarForHeaders) => ("*", "*"),
        Some(Twist::HiddenChallenge) => (SENT, "mcp-session-id"),
        Some(Twist::HiddenSession) => (SENT, "www-authenticate"),
        _ => (SENT, "mcp-session-id, www-authenticate"),
    };
    say(ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    say(ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE");
    say(ACCESS_CONTROL_ALLOW_HEADERS, sent);
    say(ACCESS_CONTROL_EXPOSE_HEADERS, seen);
    response
}
