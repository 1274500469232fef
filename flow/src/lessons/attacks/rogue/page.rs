//! What a server keeps from a client that runs in a page.

use protocol::clause::Clause;
use protocol::party::Party;

use crate::lessons::attacks::{Attack, BOTH, Plot, Prediction, Refusal, Twist, stopped};
use crate::lessons::steps::Step;

pub(in crate::lessons::attacks) const ATTACKS: &[Attack] = &[
    Attack {
        id: "hidden-challenge",
        proves: &["CL-02"],
        title: "A challenge that no page may read",
        story: "A developer has tried the server with a program, where every header can be seen. In a browser \
                WWW-Authenticate is hidden from the page, unless the server says otherwise.",
        change: "Access-Control-Expose-Headers is missing from the answers.",
        cost: "Nothing is stolen, but the client cannot tell a refusal for scope from any other, and the person only \
               sees that it does not work.",
        remedy: "The server exposes WWW-Authenticate. The client looks at the well-known place when a 401 names none; \
                 for a 403 there is no such place, and it stops.",
        step: Step::InsufficientScope,
        revisions: BOTH,
        plot: Plot::ServerOfPage(Twist::HiddenChallenge),
        prediction: stopped("the refusal is about scope", Clause::InsufficientScope),
    },
    Attack {
        id: "no-cors",
        proves: &[],
        title: "A server that no page may ask",
        story: "A server’s developer has never thought of clients in a page, or of allowing their requests. The browser \
                asks the server first whether the page may, and hears nothing.",
        change: "The answers have no Access-Control headers at all.",
        cost: "Nothing is stolen: this is the browser’s protection of servers from foreign pages. But the client learns \
               no more than that there was no answer.",
        remedy: "A server that wants clients in pages names their origins, and answers preflights before it asks for a \
                 token.",
        step: Step::Challenge,
        revisions: BOTH,
        plot: Plot::ServerOfPage(Twist::NoCors),
        prediction: Prediction::Refused(Refusal {
            by: Party::You,
            status: None,
            error: None,
            name: "Access-Control-Allow-Origin",
            clause: Clause::Cors,
        }),
    },
];
