//! Would the loop over the catalogue notice if somebody no longer refused? Each attack is performed once more where nobody
//! refuses anything: it must not end as predicted then.
//!
//! An attack that nobody has to refuse has no refusal to take away, and is not looked at here.

use std::sync::Arc;

use attack::{Attacker, Found, Outcome, Places};
use flow::Env;
use flow::lax::Lax;
use flow::lessons::attacks::{self, Attack, Kind, Plot, Prediction, Twist};
use protocol::revision::Revision;
use server_kit::clock::SystemClock;

use crate::attacks::attacker;
use crate::lab::Lab;

/// Attacks that fail also where nobody refuses them, otherwise than predicted: by name, and why.
const FAIL_ANYHOW: &[(&str, &str)] = &[];

#[tokio::test]
async fn a_rogue_server_without_its_twist_lets_the_client_arrive() {
    let lab = Lab::start(Arc::new(SystemClock)).await;
    let attacker = attacker(&lab);
    let some = attacks::all().find(|attack| attack.kind() == Kind::Server).unwrap();
    for plot in [Plot::Server(Twist::None), Plot::ServerOfPage(Twist::None), Plot::Server(Twist::Lax)] {
        for revision in Revision::ALL {
            let outcome = attacker.perform(&Attack { plot, ..*some }, revision).await.unwrap();
            assert_eq!(outcome.found, Found::Accepted, "{plot:?} {revision:?}");
            let last = outcome.run.hops.last().unwrap();
            assert!(last.title.contains("get_weather"), "{plot:?} {revision:?} ends with {}", last.title);
        }
    }
    lab.end().await;
}

#[tokio::test]
async fn a_client_that_refuses_nothing_is_noticed() {
    let lab = Lab::start(Arc::new(SystemClock)).await;
    let attacker = attacker(&lab);
    let _lax = Lax::begin();
    let mut unnoticed = Vec::new();
    for (attack, revision) in refused(|kind| kind == Kind::Server) {
        let plot = match attack.plot {
            // What the browser keeps back, a program sees.
            Plot::ServerOfPage(twist) => Plot::Server(twist),
            plot => plot,
        };
        let outcome = attacker.perform(&Attack { plot, ..*attack }, revision).await;
        unnoticed.extend(complaint(attack, revision, outcome.map_err(|error| error.to_string())));
    }
    assert!(unnoticed.is_empty(), "{}", unnoticed.join("\n"));
    lab.end().await;
}

#[tokio::test]
async fn servers_that_refuse_nothing_are_noticed() {
    let lab = Lab::start(Arc::new(SystemClock)).await;
    let mut unnoticed = Vec::new();
    for (attempt, (attack, revision)) in (0_u32..).zip(refused(|kind| kind != Kind::Server)) {
        let outcome = without_refusals(attacker(&lab), attempt).perform(attack, revision).await;
        unnoticed.extend(complaint(attack, revision, outcome.map_err(|error| error.to_string())));
    }
    assert!(unnoticed.is_empty(), "{}", unnoticed.join("\n"));
    lab.end().await;
}

/// The attacks that somebody has to refuse, in each of their revisions.
fn refused(of: impl Fn(Kind) -> bool) -> impl Iterator<Item = (&'static Attack, Revision)> {
    attacks::all()
        .filter(move |attack| of(attack.kind()) && matches!(attack.prediction, Prediction::Refused(_)))
        .flat_map(|attack| attack.revisions.iter().map(move |revision| (attack, *revision)))
}

/// The same attacker among servers that refuse nothing.
fn without_refusals(attacker: Attacker<fn() -> Env>, attempt: u32) -> Attacker<fn() -> Env> {
    let issuer = format!("{}/{}/{attempt:08x}", attacker.places.rogue, Twist::Lax.id());
    let places = Places {
        mcp_server: format!("{issuer}/mcp"),
        authorization_server: issuer,
        ..attacker.places.clone()
    };
    Attacker { places, ..attacker }
}

/// What is wrong: the refusal was taken away, and the attack ends as if it were there; or it ends in a way that nobody has
/// thought of.
fn complaint(attack: &Attack, revision: Revision, outcome: Result<Outcome, String>) -> Option<String> {
    let fails_anyhow = FAIL_ANYHOW.iter().any(|(id, _)| *id == attack.id);
    let found = match outcome {
        Ok(outcome) if outcome.verdict.is_as_predicted() => format!("ends as predicted: {:?}", outcome.found),
        Ok(Outcome { found: Found::Accepted, .. }) if !fails_anyhow => return None,
        Ok(_) | Err(_) if fails_anyhow => return None,
        Ok(outcome) => format!("{:?}", outcome.found),
        Err(error) => error,
    };
    Some(format!("{} {revision:?}: {found}", attack.id))
}
