//! The lab's own buttons: its clock, and the authorization server's keys.

use gloo_net::http::Request;
use serde::Deserialize;

/// How far the lab's clock is ahead of the machine's, in seconds. 0 if the lab does not say.
pub(crate) async fn clock_ahead() -> u64 {
    #[derive(Deserialize)]
    struct Clock {
        ahead_seconds: u64,
    }
    let Ok(response) = Request::get("/lab/clock").send().await else { return 0 };
    let text = response.text().await.unwrap_or_default();
    protocol::json::read(&text).map_or(0, |clock: Clock| clock.ahead_seconds)
}

/// Presses a button: `Ok` if the lab did it, else why not, for people.
pub(crate) async fn press(button: &str, body: &'static str) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
    }
    let request = Request::post(button).header("content-type", "application/json").body(body);
    let request = request.map_err(|error| error.to_string())?;
    let response = request.send().await.map_err(|error| error.to_string())?;
    if response.ok() {
        return Ok(());
    }
    let text = response.text().await.unwrap_or_default();
    Err(protocol::json::read(&text).map_or(text, |refusal: Refusal| refusal.error))
}
