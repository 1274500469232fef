//! More permission for one tool, and the wrong ways to it.

use protocol::clause::Clause;
use protocol::party::Party::McpServer;

use super::Moment::{Departs, Rests, Sends};
use super::Scene::{Again, Change, Do, Until};
use super::{Attack, BOTH, Deed, Plot, Prediction, refused};
use crate::lessons::steps::Step;
use crate::tamper::Edit::{Drop, Set};
use crate::tamper::Part::{Form, Header, Query};
use crate::tamper::Slot::{AccessToken, RefreshToken};
use crate::tamper::Value::{Kept, Prefixed, Text};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        id: "write-with-read-token",
        proves: &["X-07", "RS-15", "RS-22"],
        title: "Writing with a token for reading",
        story: "You have let a client read the weather. It finds write_note in the list of tools and calls that, too: \
                it has a good token, after all.",
        change: "The client calls write_note with a token for mcp:connect and weather:read.",
        cost: "Consent to one thing would be consent to everything.",
        remedy: "Every tool has the scopes that it needs, and the server compares them at each call. Its 403 names \
                 what to ask the person for.",
        step: Step::InsufficientScope,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Rests),
            Do(Deed::Call("write_note", r#"{"text":"Ada was here."}"#)),
            Until(Sends(Step::Call)),
            Change(&[]),
        ]),
        prediction: insufficient(),
    },
    Attack {
        id: "refresh-for-more",
        proves: &["X-07", "RS-15"],
        title: "Refreshing instead of asking the person",
        story: "A client takes every refusal for a token that has run out. It gets a new one with its refresh token, \
                and is surprised that the call fails again.",
        change: "After the 403 the client renews its token, and makes the call again with the new one.",
        cost: "If a refresh token could bring more than was allowed, consent would be worth nothing after the first \
               time.",
        remedy: "A client tells 401 from 403. For insufficient_scope it sends the person to a new consent; a refresh \
                 only ever brings what was allowed before.",
        step: Step::InsufficientScope,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Departs(2)),
            Again(
                Step::CodeExchange,
                &[
                    Set(Form, "grant_type", Text("refresh_token")),
                    Set(Form, "refresh_token", Kept(RefreshToken)),
                    Drop(Form, "code"),
                    Drop(Form, "code_verifier"),
                    Drop(Form, "redirect_uri"),
                ],
            ),
            Again(Step::InsufficientScope, &[Set(Header, "authorization", Prefixed("Bearer ", AccessToken))]),
        ]),
        prediction: insufficient(),
    },
    Attack {
        id: "scopes-replaced",
        proves: &["X-07", "RS-15"],
        title: "Asking for the new scope alone",
        story: "A client asks for exactly the scope that it lacks, and forgets the one that it had. A token allows \
                what it was asked for, so the new one does not add to the old one: it takes its place.",
        change: "In the second authorization request, scope is weather:read alone, and the person allows it. Then the \
                 refused call is made again.",
        cost: "Nothing is stolen, but even this call fails again: whoever calls anything needs mcp:connect too. The \
               client asks the person again and again, and each consent undoes the one before.",
        remedy: "The client asks for all that it asked for before, and the new scope with it. In 2025-11-25 the \
                 server’s challenge names both for that reason.",
        step: Step::StepUpRequest,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Departs(2)),
            Change(&[Set(Query, "scope", Text("weather:read"))]),
            Until(Sends(Step::Retry)),
            Change(&[]),
        ]),
        prediction: insufficient(),
    },
];

/// A good token that does not allow this.
const fn insufficient() -> Prediction {
    refused(McpServer, 403, Some("insufficient_scope"), "InsufficientScope", Clause::InsufficientScope)
}
