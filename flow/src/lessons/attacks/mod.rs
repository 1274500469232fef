//! Attacks and mistakes, as data: what is done, who must refuse it, with what, and by which rule.
//!
//! Four read it: the page and the terminal, which let a person try each; the tests, which try all; and the page of
//! coverage. What an attack does is a [`Plot`]; [`crate::tamper`] applies its changes, and a driver with a network performs
//! it. Nothing here is a result: what comes of an attack is found out by doing it.

mod audience;
mod authorize;
mod bearer;
mod callback;
mod client_id;
mod consent;
mod documents;
mod elsewhere;
mod lifetime;
mod rogue;
mod sessions;
mod step_up;
mod token;
mod transport;
mod twist;

pub use elsewhere::Elsewhere;
use protocol::clause::Clause;
use protocol::party::Party;
use protocol::revision::Revision;

use super::steps::Step;
use crate::http::Method;
use crate::revocation::TokenKind;
use crate::tamper::{Edit, Slot};

pub use twist::Twist;

/// An attack, or a mistake that amounts to one.
#[derive(Clone, Copy, Debug)]
pub struct Attack {
    /// Its stable name: `wrong-verifier`.
    pub id: &'static str,
    /// The rows of `docs/spec/requirements.tsv` that it proves when it ends as predicted: `X-19`, `AS-101`. Not every mistake
    /// has one.
    pub proves: &'static [&'static str],
    /// What it is, in a few words.
    pub title: &'static str,
    /// Who would do this, and why: two sentences.
    pub story: &'static str,
    /// What is changed, and where.
    pub change: &'static str,
    /// What it would cost if nobody refused.
    pub cost: &'static str,
    /// How a good client or server avoids it.
    pub remedy: &'static str,
    /// Where on the journey it belongs.
    pub step: Step,
    /// In which revisions it can be done.
    pub revisions: &'static [Revision],
    /// What is done.
    pub plot: Plot,
    /// What must come of it.
    pub prediction: Prediction,
}

/// Who of the journey misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The client, at the lab's own servers.
    Client,
    /// A server, against the lab's client.
    Server,
    /// Whoever publishes a client's metadata document, or serves it.
    Document,
}

impl Kind {
    /// All, in the order of the catalogue.
    pub const ALL: [Self; 3] = [Self::Client, Self::Server, Self::Document];

    /// For people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Client => "Break the client",
            Self::Server => "Break the server",
            Self::Document => "Break the document",
        }
    }
}

/// What is done, in the order in which it is done.
#[derive(Clone, Copy, Debug)]
pub enum Plot {
    /// The client does something that it should not, or somebody else does in its place. The last scene is the attack, but for
    /// [`Scene::Unharmed`].
    Client(&'static [Scene]),
    /// The client does all as it should, and meets a server that does this.
    Server(Twist),
    /// The same, and the client runs in a page: it sees no more than the browser lets a page see.
    ServerOfPage(Twist),
    /// The authorization server meets a client whose document has this mistake: the id of one of [`super::mistakes`].
    Document(&'static str),
}

/// A part of a plot at the lab's own servers.
#[derive(Clone, Copy, Debug)]
pub enum Scene {
    /// The client goes on as it should until this is about to happen.
    Until(Moment),
    /// What is about to happen, changed.
    Change(&'static [Edit]),
    /// The message that was sent at this step last is sent once more, changed.
    Again(Step, &'static [Edit]),
    /// Somebody else signs in and goes the same way, from its beginning. What came up before is
    /// [theirs to use](crate::tamper::Slot::Victims).
    AsSomebodyElse,
    /// The client turns to the [other MCP server](crate::tamper::Slot::Upstream), from the beginning.
    AtUpstream,
    /// The client, at rest, is asked for this. Its request is about to be sent.
    Do(Deed),
    /// Somebody sends a request that no run has sent.
    Ask(Question),
    /// Somebody publishes a client's metadata document, which from here on is [`Slot::Published`].
    Publish(Publication),
    /// The client does this as ever, and must not be refused: what came before has not touched it.
    Unharmed(Deed),
}

/// Something that a client at rest can be asked for.
#[derive(Clone, Copy, Debug)]
pub enum Deed {
    /// To renew its token.
    Refresh,
    /// To send the refresh token that was replaced last once more, as a thief would.
    ReuseRefreshToken,
    /// To give a token back, and to keep it all the same.
    Revoke(TokenKind),
    /// To call a tool with these arguments, in JSON.
    Call(&'static str, &'static str),
}

/// A request that no run has sent. It is made of nothing but its edits.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// Where on the journey it would belong.
    pub step: Step,
    /// Who is asked.
    pub to: Party,
    /// What, in a few words, for the arrow.
    pub title: &'static str,
    /// GET, POST or DELETE.
    pub method: Method,
    /// Where: an address that is known, and what stands behind it.
    pub at: (Slot, &'static str),
    /// Its parts.
    pub edits: &'static [Edit],
}

/// The metadata document of a client that nobody has heard of yet. Nothing is wrong with it.
#[derive(Clone, Copy, Debug)]
pub struct Publication {
    /// Its name in the lab: `lure`.
    pub name: &'static str,
    /// The one place that it returns to.
    pub redirect_uri: &'static str,
}

/// When the client is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A request of this step is about to be sent.
    Sends(Step),
    /// The browser is about to be sent to the authorization server, for the first or second time.
    Departs(usize),
    /// The person is about to press the button that decides, for the first or second time.
    Decides(usize),
    /// The browser is about to come back, for the first or second time.
    Returns(usize),
    /// All is done.
    Rests,
}

/// What must come of an attack.
#[derive(Clone, Copy, Debug)]
pub enum Prediction {
    /// Somebody refuses.
    Refused(Refusal),
    /// Nobody refuses, and nobody has to: this is why.
    Allowed(Clause, &'static str),
}

/// A refusal, as it is predicted.
#[derive(Clone, Copy, Debug)]
pub struct Refusal {
    /// Who refuses.
    pub by: Party,
    /// The status, where a server refuses.
    pub status: Option<u16>,
    /// The code of the error: `invalid_grant`, `insufficient_scope`, `-32020`; `None` where none is told.
    pub error: Option<&'static str>,
    /// The one name of the refusal where a server refuses, the title of the failed check where the client does.
    pub name: &'static str,
    /// The rule.
    pub clause: Clause,
}

impl Attack {
    /// The attack of this name.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        all().find(|attack| attack.id == id)
    }

    /// Who misbehaves.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.plot {
            Plot::Client(_) => Kind::Client,
            Plot::Server(_) | Plot::ServerOfPage(_) => Kind::Server,
            Plot::Document(_) => Kind::Document,
        }
    }
}

/// All attacks, in the order of the catalogue.
pub fn all() -> impl Iterator<Item = &'static Attack> {
    [
        client_id::ATTACKS,
        authorize::ATTACKS,
        consent::ATTACKS,
        callback::ATTACKS,
        token::ATTACKS,
        lifetime::ATTACKS,
        bearer::ATTACKS,
        audience::ATTACKS,
        transport::ATTACKS,
        sessions::ATTACKS,
        step_up::ATTACKS,
        rogue::discovery::ATTACKS,
        rogue::authorization::ATTACKS,
        rogue::token::ATTACKS,
        rogue::operation::ATTACKS,
        rogue::page::ATTACKS,
        documents::ATTACKS,
    ]
    .into_iter()
    .flatten()
}

const BOTH: &[Revision] = &Revision::ALL;

/// A server refuses.
const fn refused(
    by: Party,
    status: u16,
    error: Option<&'static str>,
    name: &'static str,
    clause: Clause,
) -> Prediction {
    Prediction::Refused(Refusal { by, status: Some(status), error, name, clause })
}

/// The authorization server shows a page, and redirects nowhere: the client is told nothing.
const fn page(name: &'static str, clause: Clause) -> Prediction {
    refused(Party::AuthorizationServer, 400, None, name, clause)
}

/// The token endpoint answers with an error.
const fn no_token(error: &'static str, name: &'static str, clause: Clause) -> Prediction {
    refused(Party::AuthorizationServer, 400, Some(error), name, clause)
}

/// The authorization server sends the browser back to the client with an error.
const fn sent_back(error: &'static str, name: &'static str, clause: Clause) -> Prediction {
    refused(Party::AuthorizationServer, 303, Some(error), name, clause)
}

/// The client refuses, by the check of this title.
const fn stopped(name: &'static str, clause: Clause) -> Prediction {
    Prediction::Refused(Refusal { by: Party::Client, status: None, error: None, name, clause })
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn names_are_unique_and_plain() {
        let ids: Vec<_> = all().map(|attack| attack.id).collect();
        for (at, id) in ids.iter().enumerate() {
            assert!(id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{id}");
            assert!(!ids[..at].contains(id), "{id}");
        }
    }

    #[test]
    fn texts_are_whole_sentences() {
        for attack in all() {
            for text in [attack.story, attack.change, attack.cost, attack.remedy] {
                assert!(
                    text.ends_with('.') && text.len() <= 400 && !text.contains("  "),
                    "{}: {text}",
                    attack.id
                );
            }
            assert!(!attack.title.ends_with('.') && attack.title.len() <= 60, "{}", attack.id);
            assert!(!attack.revisions.is_empty(), "{}", attack.id);
        }
    }

    #[test]
    fn a_prediction_cites_a_rule_of_its_revisions() {
        for attack in all() {
            let (Prediction::Refused(Refusal { clause, .. }) | Prediction::Allowed(clause, _)) =
                attack.prediction;
            assert!(attack.revisions.iter().all(|revision| clause.is_in(*revision)), "{}", attack.id);
        }
    }

    #[test]
    fn twists_have_names() {
        for twist in Twist::ALL {
            assert_eq!(Twist::parse(twist.id()), Some(*twist));
        }
    }
}
