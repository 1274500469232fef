//! Would the loop over the catalogue notice if somebody no longer refused? Each attack is performed once more where nobody
//! refuses anything: it must not end as predicted then.
//!
//! An attack that nobody has to refuse has no refusal to take away, and is not looked at here.

use std::sync::Arc;

use attack::{AttackError, Attacker, Found, Outcome, Places};
use flow::Env;
use flow::lax::Lax;
use flow::lessons::attacks::{self, Attack, Kind, Plot, Prediction, Twist};
use protocol::party::Party;
use protocol::revision::Revision;
use server_kit::clock::SystemClock;

use crate::attacks::attacker;
use crate::lab::Lab;

/// Attacks that come to nothing also where nobody refuses them: otherwise than predicted, so the loop would notice.
const COME_TO_NOTHING: &[(&str, &[&str])] = &[
    (
        "whoever reads a callback checks state and iss once more",
        &[
            "mix-up",
            "wrong-state",
            "no-state",
            "old-callback",
            "iss-other",
            "iss-slash",
            "no-iss",
            "iss-on-error",
        ],
    ),
    (
        "the client finds nothing in the answer that it could go on with",
        &[
            "no-servers",
            "html-metadata",
            "endless-redirect",
            "two-issuers",
            "deep-metadata",
            "token-redirect",
            "no-token-type",
        ],
    ),
    ("the HTTP library puts no line break into a header", &["token-line-break"]),
];

#[tokio::test]
async fn a_rogue_server_without_its_twist_lets_the_client_arrive() {
    let lab = Lab::start(Arc::new(SystemClock)).await;
    let attacker = attacker(&lab);
    let some = attacks::all().find(|attack| attack.kind() == Kind::Server).unwrap();
    for plot in [Plot::Server(Twist::None), Plot::ServerOfPage(Twist::None), Plot::Server(Twist::Lax)] {
        for revision in Revision::ALL {
            let outcome = attacker.perform(&Attack { plot, ..*some }, revision).await.unwrap();
            assert_eq!(outcome.found, Found::Accepted, "{plot:?} {revision:?}");
            let asked = outcome.run.hops.iter().filter(|hop| hop.from == Party::Client && hop.to != hop.from);
            for hop in asked {
                assert!(hop.seen.is_some(), "{plot:?} {revision:?}: nobody saw {}", hop.title);
            }
            let last = outcome.run.hops.last().unwrap();
            assert!(last.title.contains("get_weather"), "{plot:?} {revision:?} ends with {}", last.title);
        }
    }
    lab.end().await;
}

#[tokio::test]
async fn among_rogue_servers_a_client_that_refuses_nothing_is_noticed() {
    let lab = Lab::start(Arc::new(SystemClock)).await;
    let attacker = attacker(&lab);
    let _lax = Lax::begin();
    let mut wrong = Vec::new();
    for (attack, revision) in refused(|kind| kind == Kind::Server) {
        let plot = match attack.plot {
            // What the browser keeps back, a program sees.
            Plot::ServerOfPage(twist) => Plot::Server(twist),
            plot => plot,
        };
        let outcome = attacker.perform(&Attack { plot, ..*attack }, revision).await;
        wrong.extend(complaint(attack, revision, outcome));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    lab.end().await;
}

#[tokio::test]
async fn among_servers_that_refuse_nothing_so_is_any_other_attack() {
    let lab = Lab::start(Arc::new(SystemClock)).await;
    // Some of these attacks the client has to refuse.
    let _lax = Lax::begin();
    let mut wrong = Vec::new();
    for (attempt, (attack, revision)) in (0..).zip(refused(|kind| kind != Kind::Server)) {
        let outcome = without_refusals(attacker(&lab), attempt).perform(attack, revision).await;
        wrong.extend(complaint(attack, revision, outcome));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    lab.end().await;
}

#[test]
fn what_comes_to_nothing_is_in_the_catalogue() {
    for id in COME_TO_NOTHING.iter().flat_map(|(_, ids)| *ids) {
        assert!(Attack::find(id).is_some(), "{id}");
    }
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
        // The MCP server behind it is looked for here.
        rogue: issuer.clone(),
        authorization_server: issuer,
        ..attacker.places.clone()
    };
    Attacker { places, ..attacker }
}

/// What is wrong: the refusal was taken away, and the attack ends as if it were there; or it ends in a way that nobody has
/// thought of.
fn complaint(attack: &Attack, revision: Revision, outcome: Result<Outcome, AttackError>) -> Option<String> {
    let comes_to_nothing = COME_TO_NOTHING.iter().any(|(_, ids)| ids.contains(&attack.id));
    let found = match outcome {
        Ok(outcome) if outcome.verdict.is_as_predicted() => "as predicted".to_owned(),
        Ok(Outcome { found, .. }) if (found == Found::Accepted) != comes_to_nothing => return None,
        Ok(Outcome { found, .. }) => format!("{found:?}"),
        Err(error) => error.to_string(),
    };
    Some(format!("{} {revision:?} ends {found}", attack.id))
}
