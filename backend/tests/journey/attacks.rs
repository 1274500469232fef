//! The whole catalogue of attacks, performed against the real servers: each must end as it predicts.

use std::sync::Arc;

use attack::{Attacker, Places};
use flow::Env;
use flow::lessons::attacks;

use server_kit::clock::SystemClock;
use walker::driver::system_env;

use crate::lab::Lab;

/// Whoever performs attacks in this lab.
pub(crate) fn attacker(lab: &Lab) -> Attacker<fn() -> Env> {
    let places = Places {
        page: lab.page.clone(),
        mcp_server: lab.mcp_server.clone(),
        authorization_server: lab.authorization_server.clone(),
        rogue: lab.rogue.clone(),
    };
    Attacker { http: lab.http.clone(), places, env: system_env }
}

#[tokio::test]
async fn every_attack_ends_as_predicted() {
    let lab = Lab::start(Arc::new(SystemClock)).await;
    let attacker = attacker(&lab);
    let mut wrong = Vec::new();
    for attack in attacks::all() {
        for revision in attack.revisions {
            match attacker.perform(attack, *revision).await {
                Ok(outcome) if shows_token(&serde_json::to_string(&outcome).unwrap()) => {
                    wrong.push(format!("{} {revision:?}: shows a token", attack.id));
                }
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
    lab.end().await;
}

/// Whether a text has a JWT in it with all of its signature.
fn shows_token(text: &str) -> bool {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && !"._-".contains(letter));
    words.filter(|word| word.starts_with("eyJ")).any(|word| {
        let parts: Vec<_> = word.split('.').collect();
        parts.len() >= 3 && parts[2].len() >= 43
    })
}
