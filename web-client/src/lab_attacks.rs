//! The lab performs an attack: this page cannot.

use attack::Outcome;
use gloo_net::http::Request;
use protocol::revision::Revision;
use serde::Deserialize;

/// Has it performed in this revision, and waits for what comes of it. The error is for people.
pub(crate) async fn perform(id: &str, revision: Revision) -> Result<Outcome, String> {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
    }
    let body = ["{\"revision\":\"", revision.as_str(), "\"}"].concat();
    let request = Request::post(&["/lab/attacks/", id].concat()).header("content-type", "application/json");
    let request = request.body(body).map_err(|error| error.to_string())?;
    let gone = |_| "The lab does not answer. Is it still running?".to_owned();
    let response = request.send().await.map_err(gone)?;
    let text = response.text().await.map_err(gone)?;
    if response.ok() {
        let unreadable =
            |_| "The lab’s answer cannot be read. If it was built anew, reload the page.".to_owned();
        return serde_json::from_str(&text).map_err(unreadable);
    }
    Err(protocol::json::read(&text).map_or(text, |refusal: Refusal| refusal.error))
}
