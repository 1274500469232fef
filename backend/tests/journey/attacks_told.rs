//! What an attack leaves behind beside its verdict: what nobody did because of it, and what must not be told.

use std::sync::Arc;

use attack::{Found, Outcome};
use flow::lessons::attacks::{self, Attack, Deed, Moment, Plot, Scene};
use flow::lessons::steps::Step;
use protocol::observation::{Finding, Observation};
use protocol::party::Party;
use protocol::revision::Revision;
use server_kit::clock::SystemClock;

use crate::attacks::attacker;
use crate::lab::Lab;

async fn perform(lab: &Lab, attack: &Attack) -> Outcome {
    attacker(lab).perform(attack, Revision::default()).await.unwrap()
}

/// What the server that met the attack says about it.
fn seen(outcome: &Outcome) -> &Observation {
    let hop = outcome.run.hops.iter().find(|hop| Some(hop.id) == outcome.at).unwrap();
    hop.seen.as_ref().unwrap_or_else(|| panic!("{}: nobody saw it", outcome.id))
}

/// Req: X-28, A15, A01, A02
#[tokio::test]
async fn what_is_refused_is_neither_fetched_nor_put_down() {
    let lab = Lab::start(Arc::new(SystemClock)).await;
    let own_document = format!("{}/client.json", lab.page);
    for attack in attacks::all() {
        let proves = |ids: &[&str]| attack.proves.iter().any(|id| ids.contains(id));
        let never_fetched = proves(&["X-28", "A15", "A01"]);
        // A request that is refused by redirect waits for somebody to sign in.
        let never_put_down = proves(&["X-28", "A01", "A02"]);
        if !never_fetched && !never_put_down {
            continue;
        }
        let outcome = perform(&lab, attack).await;
        for finding in &seen(&outcome).findings {
            let broken = match finding {
                Finding::Fetched { url, .. } => never_fetched && *url != own_document,
                Finding::Stored { what, .. } => never_put_down && what != "the document, for a while",
                _ => false,
            };
            assert!(!broken, "{}: {finding:?}", attack.id);
        }
    }
    lab.end().await;
}

/// Req: ALL-11
#[tokio::test]
async fn what_a_browser_sent_is_told_without_its_secrets() {
    let lab = Lab::start(Arc::new(SystemClock)).await;
    for id in ["consent-unmarked", "consent-elsewhere", "consent-other-browser"] {
        let outcome = perform(&lab, Attack::find(id).unwrap()).await;
        let hop = outcome.run.hops.iter().find(|hop| Some(hop.id) == outcome.at).unwrap();
        assert_eq!(hop.event, None, "{id}: as the server saw it, not as it was sent");
        let body = seen(&outcome).request.body.as_deref().unwrap();
        assert!(
            !body.contains("csrf=") || body.contains("csrf=%E2%80%A2") || body.contains("csrf=•"),
            "{body}"
        );
        for change in outcome.changes.iter().filter(|change| change.name != "origin") {
            assert_eq!(change.was.as_deref(), Some("•••••"), "{id}: {}", change.name);
        }
    }
    lab.end().await;
}

/// Req: ALL-11
#[tokio::test]
async fn what_was_changed_is_told_without_the_clients_secrets() {
    let lab = Lab::start(Arc::new(SystemClock)).await;
    let outcome = perform(&lab, Attack::find("wrong-verifier").unwrap()).await;
    assert_eq!(outcome.changes[0].was.as_deref(), Some("•••••"));
    lab.end().await;
}

/// A replay with everything right ends the tokens; so a plot that says that they go on working ends otherwise.
#[tokio::test]
async fn what_was_harmed_is_noticed() {
    const PLOT: Plot = Plot::Client(&[
        Scene::Until(Moment::Rests),
        Scene::Again(Step::StepUpToken, &[]),
        Scene::Unharmed(Deed::Call("whoami", "{}")),
    ]);
    let lab = Lab::start(Arc::new(SystemClock)).await;
    let spoilt = Attack::find("code-twice-spoilt").unwrap();
    let outcome = perform(&lab, &Attack { plot: PLOT, ..*spoilt }).await;
    assert!(!outcome.verdict.is_as_predicted());
    let Found::Refused(refused) = &outcome.found else { panic!("{:?}", outcome.found) };
    assert_eq!((refused.by, refused.status), (Party::McpServer, Some(401)));
    lab.end().await;
}
