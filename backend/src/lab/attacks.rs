//! The attacks of the catalogue, performed for the lab's own page, which cannot: a browser sets `Origin` and `Host` by
//! itself, and follows redirects unasked.
//!
//! `POST /lab/attacks/{id}` `{"revision":"2025-11-25"}` walks a run of its own to the place where the attack begins, and
//! performs it there; whatever the page is in the middle of stays as it is. The answer is an [`attack::Outcome`], or
//! `{"error":…}`, in a sentence.

use std::sync::Arc;
use std::time::Duration;

use attack::{Attacker, Places};
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use flow::Env;
use flow::lessons::attacks::Attack;
use http::StatusCode;
use protocol::revision::Revision;
use serde::Deserialize;
use server_kit::clock::Clock;
use server_kit::entropy::Entropy;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::timeout;
use walker::http::Http;

use super::addresses::Addresses;
use super::controls::refusal;

/// So many may ask at once: one is served, the others wait.
const MAX_ASKING: usize = 4;
/// Longer than the longest attack takes, with those that it waits for.
const DEADLINE: Duration = Duration::from_secs(40);

type Source = Box<dyn Fn() -> Env + Send + Sync>;

/// Whoever performs them.
pub(super) struct Attacks {
    /// One at a time: what the servers report meanwhile is taken for its own.
    attacker: Mutex<Attacker<Source>>,
    places: Semaphore,
}

impl Attacks {
    /// By the machine's clock, as the accounts of the servers.
    pub(super) fn new(
        http: Http,
        addresses: &Addresses,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let addresses = addresses.clone();
        let places = Places {
            page: addresses.page,
            mcp_server: addresses.mcp_server,
            authorization_server: addresses.authorization_server,
            rogue: addresses.rogue,
        };
        let env: Source = Box::new(move || {
            let mut bytes = [0; 64];
            bytes[..32].copy_from_slice(&entropy.bytes());
            bytes[32..].copy_from_slice(&entropy.bytes());
            Env { now_ms: clock.now_ms(), entropy: bytes }
        });
        Self { attacker: Mutex::new(Attacker { http, places, env }), places: Semaphore::new(MAX_ASKING) }
    }
}

/// The address of the attacks.
pub(super) fn router(attacks: Arc<Attacks>) -> Router {
    Router::new().route("/lab/attacks/{id}", post(perform)).with_state(attacks)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    revision: Revision,
}

async fn perform(
    State(attacks): State<Arc<Attacks>>,
    Path(id): Path<String>,
    wish: Result<Json<Wish>, JsonRejection>,
) -> Response {
    let Some(attack) = Attack::find(&id) else {
        return refusal(StatusCode::NOT_FOUND, "The catalogue has no attack of this name.");
    };
    let revision = match wish {
        Ok(Json(wish)) => wish.revision,
        Err(rejection) => return refusal(rejection.status(), rejection.body_text()),
    };
    if !attack.revisions.contains(&revision) {
        let says = format!("This attack cannot be done in {}.", revision.as_str());
        return refusal(StatusCode::BAD_REQUEST, says);
    }
    let Ok(_place) = attacks.places.try_acquire() else {
        let says = "The lab is busy with other attacks. Try again in a moment.";
        return refusal(StatusCode::SERVICE_UNAVAILABLE, says);
    };
    let performed = async { attacks.attacker.lock().await.perform(attack, revision).await };
    match timeout(DEADLINE, performed).await {
        Ok(Ok(outcome)) => Json(outcome).into_response(),
        Ok(Err(error)) => {
            let says = format!("The attack could not be performed: {error}.");
            refusal(StatusCode::BAD_GATEWAY, says)
        }
        Err(_) => {
            let says = format!("The attack was not over after {} seconds.", DEADLINE.as_secs());
            refusal(StatusCode::GATEWAY_TIMEOUT, says)
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use http::header::CONTENT_TYPE;
    use http_body_util::BodyExt as _;
    use protocol::ids::UnixTime;
    use serde_json::Value;
    use server_kit::clock::FixedClock;
    use server_kit::entropy::SeededEntropy;
    use tower::ServiceExt as _;

    use super::*;

    /// Nobody listens at these addresses.
    fn attacks() -> Arc<Attacks> {
        let nowhere = |path: &str| format!("http://localhost:0{path}");
        let addresses = Addresses {
            page: nowhere(""),
            mcp_server: nowhere("/mcp"),
            authorization_server: nowhere(""),
            rogue: nowhere(""),
        };
        let clock = Arc::new(FixedClock::at(UnixTime(1_800_000_000)));
        Arc::new(Attacks::new(Http::new().unwrap(), &addresses, clock, Arc::new(SeededEntropy::new(1))))
    }

    async fn ask(attacks: &Arc<Attacks>) -> (StatusCode, String) {
        let request = Request::post("/lab/attacks/wrong-verifier")
            .header(CONTENT_TYPE, "application/json")
            .body(Body::from(r#"{"revision":"2025-11-25"}"#))
            .unwrap();
        let response = router(Arc::clone(attacks)).oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let answer: Value = serde_json::from_slice(&body).unwrap();
        (status, answer["error"].as_str().unwrap().to_owned())
    }

    #[tokio::test]
    async fn what_cannot_be_performed_is_said() {
        let (status, says) = ask(&attacks()).await;
        assert_eq!(status, StatusCode::BAD_GATEWAY);
        assert!(says.starts_with("The attack could not be performed: the lab does not answer at"), "{says}");
    }

    #[tokio::test]
    async fn only_so_many_may_wait() {
        let attacks = attacks();
        let places: Vec<_> = (0..MAX_ASKING).map(|_| attacks.places.try_acquire().unwrap()).collect();
        assert_eq!(ask(&attacks).await.0, StatusCode::SERVICE_UNAVAILABLE);
        drop(places);
        assert_eq!(ask(&attacks).await.0, StatusCode::BAD_GATEWAY);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever() {
        let attacks = attacks();
        let _performing = attacks.attacker.lock().await;
        let (status, says) = ask(&attacks).await;
        assert_eq!(
            (status, says.as_str()),
            (StatusCode::GATEWAY_TIMEOUT, "The attack was not over after 40 seconds.")
        );
    }
}
