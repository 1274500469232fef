//! The whole catalogue of attacks, performed against the real servers: each must end as it predicts.

use attack::{Attacker, Places};
use flow::lessons::attacks::{self, Kind};

use crate::support::Lab;

#[tokio::test]
async fn every_attack_ends_as_predicted() {
    let lab = Lab::start().await;
    let places = Places {
        page: lab.page.clone(),
        mcp_server: lab.mcp_server.clone(),
        authorization_server: lab.authorization_server.clone(),
        rogue: lab.rogue.clone(),
    };
    let attacker = Attacker { http: lab.http.clone(), places, env: || lab.env() };
    let mut wrong = Vec::new();
    for attack in attacks::all().filter(|attack| attack.kind() != Kind::Server) {
        for revision in attack.revisions {
            match attacker.perform(attack, *revision).await {
                Ok(outcome) if outcome.verdict.is_as_predicted() => {}
                Ok(outcome) => wrong.push(format!(
                    "{} {revision:?}: {:?}\n  expected {:?}\n  found {:?}",
                    attack.id, outcome.verdict, outcome.expected, outcome.found
                )),
                Err(error) => wrong.push(format!("{} {revision:?}: {error}", attack.id)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    drop(attacker);
    lab.end().await;
}
