//! Buttons with real consequences, for the lab's own page: `/lab/clock` and `/lab/keys/rotate`.
//!
//! | request | does | answers |
//! |---|---|---|
//! | `GET /lab/clock` | nothing | `{"ahead_seconds":0,"now":1800000000}` |
//! | `POST /lab/clock` `{"advance_seconds":600}` | sets the clock of all servers ahead | the same |
//! | `POST /lab/clock` `{"reset":true}` | sets it back to the machine's | the same |
//! | `POST /lab/keys/rotate` | the authorization server signs with a new key from now on | `{"kid":…,"algorithm":…,"signs_from":…,"clock":…}` |
//!
//! What cannot be done is answered `{"error":…}`, in a sentence.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use resource_server::KEY_REFRESH_SECONDS;
use serde::Deserialize;
use serde_json::{Value, json};
use server_kit::clock::Clock as _;

use super::clock::LabClock;
use crate::authorization_server::{
    AuthorizationServer, KeyError, KeySettings, PublishedKey, Takeover, rotate_keys,
};
use crate::store::Store;

/// As far as the clock goes ahead at once: past the end of everything that the lab's servers issue.
const MAX_ADVANCE_SECONDS: u64 = 40 * 86_400;

/// What the buttons act on.
#[derive(Clone)]
pub(super) struct Controls {
    /// The clock of all servers.
    pub(super) clock: Arc<LabClock>,
    /// The authorization server …
    pub(super) server: AuthorizationServer,
    /// … and where it has its keys.
    pub(super) store: Store,
    /// How it keeps them.
    pub(super) keys: KeySettings,
}

/// The addresses of the buttons.
pub(super) fn router(controls: Controls) -> Router {
    Router::new()
        .route("/lab/clock", get(tell_time).post(set_clock))
        .route("/lab/keys/rotate", post(rotate))
        .with_state(controls)
}

/// What could not be done.
pub(super) fn refusal(status: StatusCode, says: impl Into<String>) -> Response {
    (status, Json(json!({ "error": says.into() }))).into_response()
}

async fn tell_time(State(controls): State<Controls>) -> Json<Value> {
    Json(controls.time())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockChange {
    advance_seconds: Option<u64>,
    #[serde(default)]
    reset: bool,
}

async fn set_clock(
    State(controls): State<Controls>,
    change: Result<Json<ClockChange>, JsonRejection>,
) -> Response {
    let change = match change {
        Ok(Json(change)) => change,
        Err(rejection) => return refusal(rejection.status(), rejection.body_text()),
    };
    match (change.advance_seconds, change.reset) {
        (None, true) => controls.clock.reset(),
        (Some(seconds @ 1..=MAX_ADVANCE_SECONDS), false) => controls.clock.advance(seconds),
        _ => {
            let says = format!("Say advance_seconds, 1 to {MAX_ADVANCE_SECONDS}, or reset: true.");
            return refusal(StatusCode::BAD_REQUEST, says);
        }
    }
    Json(controls.time()).into_response()
}

async fn rotate(State(controls): State<Controls>) -> Response {
    match controls.rotate().await {
        Ok(key) => Json(json!({
            "kid": key.kid,
            "algorithm": key.algorithm.as_str(),
            "signs_from": key.signs_from.0,
            "clock": controls.time(),
        }))
        .into_response(),
        Err(error) => refusal(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

impl Controls {
    fn time(&self) -> Value {
        json!({ "ahead_seconds": self.clock.ahead(), "now": self.clock.now().0 })
    }

    /// The emergency: whoever waits for the regular rotation waits for a quarter of a year. The old key stays published
    /// until its last token has expired.
    async fn rotate(&self) -> Result<PublishedKey, KeyError> {
        let key = rotate_keys(&self.store, &self.keys, Takeover::AtOnce, self.clock.now()).await?;
        self.server.maintain_keys().await?;
        // The MCP server asks for a key that it does not know, but not again and again. The time passes in which it
        // would not, so that the next call shows the fetch.
        self.clock.advance(KEY_REFRESH_SECONDS);
        Ok(key)
    }
}
