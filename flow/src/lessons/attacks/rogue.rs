//! Servers that misbehave: the client is the one to refuse.

use protocol::clause::Clause;

use super::{Attack, BOTH, Plot, Twist, stopped};
use crate::lessons::steps::Step;

pub(super) const ATTACKS: &[Attack] = &[Attack {
    id: "other-issuer",
    proves: &["X-36"],
    title: "Metadata of another issuer",
    story: "A rogue MCP server sends you to an authorization server that claims to be another one, whose people you \
            trust. Your client would file what it gets under the wrong name.",
    change: "The authorization server’s metadata has an issuer other than the one that it was looked up for.",
    cost: "Credentials and codes of one server would be sent to the endpoints of another.",
    remedy: "The client compares the two texts, character by character, and uses nothing of the document if they \
             differ.",
    step: Step::ServerMetadata,
    revisions: BOTH,
    plot: Plot::Server(Twist::OtherIssuer),
    prediction: stopped("issuer is the one that was looked up", Clause::IssuerIdentity),
}];
