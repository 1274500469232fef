//! Attacks on servers that are no lab: as tests, for whoever writes a server.
//!
//! Nothing reports there what it did. An attack is judged by what is answered alone: by whom it is refused, with which status
//! and which error. What the refusal is called in the code of the lab nobody expects elsewhere.

use flow::lessons::attacks::{Attack, Elsewhere, Moment, Plot, Prediction, Scene};
use flow::lessons::steps::Step;
use flow::{Config, Env, Era};
use protocol::ids::RedirectUri;
use protocol::revision::Revision;
use walker::http::Http;
use walker::person::Person;

use crate::attacker::{AttackError, Attacker};
use crate::outcome::{Found, Outcome, Refused, Verdict};
use crate::places::Places;
use crate::scenes::Stage;

/// Performs attacks at somebody's own MCP server, and at the authorization server that it names.
#[derive(Debug)]
pub struct Guest<E> {
    attacker: Attacker<E>,
    config: Config,
    person: Person,
}

impl<E: Fn() -> Env> Guest<E> {
    /// As this client, with this person. The client's [`Era`] is that of each attack.
    pub fn new(http: Http, config: Config, person: Person, env: E) -> Self {
        let places = Places {
            mcp_server: config.server.as_str().to_owned(),
            // Found on the way in. The others are of a lab alone, and so are the attacks that need them.
            authorization_server: String::new(),
            page: String::new(),
            rogue: String::new(),
        };
        Self { attacker: Attacker { http, places, env }, config, person }
    }

    /// Goes the whole way as it should. Where an honest client does not get in, a refusal says nothing about an attack.
    ///
    /// # Errors
    /// [`AttackError`], with what came in between.
    pub async fn arrive(&mut self, revision: Revision) -> Result<(), AttackError> {
        let mut stage = self.stage(revision);
        stage.reach(Moment::Rests).await?;
        let issuer = stage.found("issuer");
        if let Some(registered) = stage.registered() {
            // It registers once: servers count that.
            self.config.identities.registration = None;
            self.config.identities.registered.push(registered);
        }
        self.attacker.places.authorization_server = issuer.unwrap_or_default();
        Ok(())
    }

    /// Performs an attack, and finds out what comes of it.
    ///
    /// # Errors
    /// [`AttackError`]; [`AttackError::NeverCame`] also for an attack that makes sense in a lab alone.
    pub async fn perform(&self, attack: &Attack, revision: Revision) -> Result<Outcome, AttackError> {
        let (Plot::Client(scenes), Elsewhere::Yes) = (attack.plot, attack.elsewhere()) else {
            return Err(AttackError::NeverCame);
        };
        let mut stage = self.stage(revision);
        let scenes: Vec<_> = scenes.iter().copied().map(without_calls).collect();
        let found = stage.play(&scenes).await?;
        let (record, at) = stage.record(revision, &[]);
        let changes = stage.masked_changes();
        let (expected, verdict) = judge(&attack.prediction, &found, &self.config.redirect_uri);
        let run = stage.masked(record);
        Ok(Outcome { id: attack.id.to_owned(), revision, expected, found, verdict, changes, at, run })
    }

    fn stage(&self, revision: Revision) -> Stage<'_, E> {
        let config = Config { era: Era::Only(revision), ..self.config.clone() };
        Stage::new(&self.attacker, config, None).by(self.person.clone())
    }
}

/// No tool of another's server is called: what would be done with a call is done with the list of tools.
fn without_calls(scene: Scene) -> Scene {
    match scene {
        Scene::Until(Moment::Sends(Step::Call)) => Scene::Until(Moment::Sends(Step::Tools)),
        Scene::Again(Step::Call, edits) => Scene::Again(Step::Tools, edits),
        other => other,
    }
}

/// What is expected of any server, and whether it came.
fn judge(prediction: &Prediction, found: &Found, registered: &RedirectUri) -> (Found, Verdict) {
    let Prediction::Refused(refusal) = prediction else { return (Found::Accepted, Verdict::Policy) };
    let expected = Refused { name: None, clause: None, ..Refused::from(refusal) };
    let verdict = match found {
        Found::Refused(refused) if went_elsewhere(refused, registered) => Verdict::Accepted,
        Found::Refused(refused)
            if (refused.by, refused.status, &refused.error)
                == (expected.by, expected.status, &expected.error) =>
        {
            Verdict::Refused
        }
        Found::Refused(_) => Verdict::RefusedOtherwise,
        Found::Accepted => Verdict::Accepted,
    };
    (Found::Refused(expected), verdict)
}

/// Whoever sends the browser to an address that nobody registered has not refused it, whatever error stands behind it.
fn went_elsewhere(refused: &Refused, registered: &RedirectUri) -> bool {
    let target = refused.says.as_deref().filter(|_| refused.status == Some(303));
    target.is_some_and(|target| !registered.is_reached_by(target))
}

#[cfg(test)]
mod tests {
    use flow::lessons::attacks::Refusal;
    use protocol::clause::Clause;
    use protocol::party::Party;

    use super::*;

    fn verdict(status: u16, error: Option<&str>, target: &str) -> Verdict {
        let prediction = Prediction::Refused(Refusal {
            by: Party::AuthorizationServer,
            status: Some(400),
            error: Some("invalid_grant"),
            name: "VerifierMismatch",
            clause: Clause::PkceVerified,
        });
        let found = Found::Refused(Refused {
            by: Party::AuthorizationServer,
            status: Some(status),
            error: error.map(str::to_owned),
            name: None,
            clause: None,
            says: Some(target.to_owned()),
        });
        judge(&prediction, &found, &RedirectUri::parse("http://127.0.0.1/callback").unwrap()).1
    }

    #[test]
    fn another_server_has_its_own_names_and_no_other_codes() {
        let registered = "http://127.0.0.1/callback";
        assert_eq!(verdict(400, Some("invalid_grant"), ""), Verdict::Refused);
        assert_eq!(verdict(400, Some("invalid_request"), ""), Verdict::RefusedOtherwise);
        assert_eq!(verdict(401, Some("invalid_grant"), ""), Verdict::RefusedOtherwise);
        assert_eq!(verdict(303, Some("invalid_request"), registered), Verdict::RefusedOtherwise);
        assert_eq!(verdict(303, Some("invalid_request"), "https://evil.example/cb"), Verdict::Accepted);
    }
}
