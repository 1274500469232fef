//! What a server keeps from a client that runs in a page.

use protocol::clause::Clause;
use protocol::party::Party;
use protocol::revision::Revision;

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
        id: "hidden-session",
        proves: &[],
        title: "A session that no page can keep",
        story: "A server names its session in a header and answers nobody who does not repeat it. In a browser the page never \
                sees the name, and the developer searches for the mistake in the client.",
        change: "Access-Control-Expose-Headers lacks Mcp-Session-Id.",
        cost: "Nothing is stolen, but no client in a page gets beyond initialize.",
        remedy: "The server exposes Mcp-Session-Id. A client that is refused behind initialize stops: it cannot know what it \
                 was not shown.",
        step: Step::Handshake,
        revisions: &[Revision::V2025_11_25],
        plot: Plot::ServerOfPage(Twist::HiddenSession),
        prediction: stopped("status", Clause::Initialize),
    },
    Attack {
        id: "star-for-headers",
        proves: &[],
        title: "A star that does not stand for the token",
        story: "A developer allows every header with a star and sees the first request arrive. The star stands for every \
                header but Authorization, so the first request with a token never leaves the browser.",
        change: "Access-Control-Allow-Headers is a star.",
        cost: "Nothing is stolen, but the person signs in and allows, and then nothing works.",
        remedy: "The server names Authorization among the headers that pages may send.",
        step: Step::Handshake,
        revisions: BOTH,
        plot: Plot::ServerOfPage(Twist::StarForHeaders),
        prediction: kept_back("Access-Control-Allow-Headers"),
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
        prediction: kept_back("Access-Control-Allow-Origin"),
    },
];

/// The browser keeps the answer from the page: the server lacks this header, or does not say enough in it.
const fn kept_back(header: &'static str) -> Prediction {
    Prediction::Refused(Refusal {
        by: Party::You,
        status: None,
        error: None,
        name: header,
        clause: Clause::Cors,
    })
}
