//! Sessions of 2025-11-25, and what they are not: credentials.

use protocol::clause::Clause;
use protocol::party::Party::McpServer;
use protocol::revision::Revision::{self, V2025_11_25};

use super::Moment::Sends;
use super::Scene::{AsSomebodyElse, Change, Until};
use super::{Attack, Plot, Prediction, refused};
use crate::lessons::steps::Step;
use crate::tamper::Edit::{Drop, Set};
use crate::tamper::Part::Header;
use crate::tamper::Slot::{SessionId, Victims};
use crate::tamper::Value::{Flipped, Kept};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        id: "stolen-session",
        proves: &["X-12", "RS-38", "RS-41"],
        title: "The session of somebody else",
        story: "An attacker has read a session id in a log. They have an account of their own and a good token, and \
                hope that the session brings them what it holds.",
        change: "Somebody else’s call, with their own token, has the MCP-Session-Id of your session.",
        cost: "They would see what the server tells you, and could put words into your conversation.",
        remedy: "A session belongs to the person and the client that began it. To everybody else it does not exist, \
                 so nobody can find out which ids there are.",
        step: Step::Call,
        revisions: ONLY_2025,
        plot: Plot::Client(&[
            Until(Sends(Step::Call)),
            AsSomebodyElse,
            Until(Sends(Step::Call)),
            Change(&[Set(Header, "mcp-session-id", Kept(Victims(&SessionId)))]),
        ]),
        prediction: unknown_session(),
    },
    Attack {
        id: "session-without-token",
        proves: &["X-12", "RS-18", "RS-38"],
        title: "A session in place of a token",
        story: "A client has shown its token when the session began and finds that enough. Whoever reads the session \
                id along the way has all that it takes, then.",
        change: "The call has its MCP-Session-Id and no Authorization header.",
        cost: "The id of a session would be a second token, which never expires and which nobody can revoke.",
        remedy: "Every request carries the token, and is judged by it, inside a session as well.",
        step: Step::Call,
        revisions: ONLY_2025,
        plot: Plot::Client(&[Until(Sends(Step::Call)), Change(&[Drop(Header, "authorization")])]),
        prediction: refused(McpServer, 401, None, "NoCredentials", Clause::Challenge),
    },
    Attack {
        id: "guessed-session",
        proves: &["RS-37"],
        title: "A session that nobody began",
        story: "Somebody guesses session ids, or a client goes on with one that the server has forgotten. The server \
                cannot tell the two apart.",
        change: "One character of MCP-Session-Id is another one.",
        cost: "A server that begins a session under whatever id it is told lets others choose the id that a victim \
               uses.",
        remedy: "Ids are the server’s to give, and long. It answers 404, and an honest client begins a new session.",
        step: Step::Call,
        revisions: ONLY_2025,
        plot: Plot::Client(&[Until(Sends(Step::Call)), Change(&[Set(Header, "mcp-session-id", Flipped)])]),
        prediction: unknown_session(),
    },
];

const ONLY_2025: &[Revision] = &[V2025_11_25];

/// Not there, or not for this caller: the answer is the same.
const fn unknown_session() -> Prediction {
    refused(McpServer, 404, Some("-32001"), "UnknownSession", Clause::SessionOwner)
}
