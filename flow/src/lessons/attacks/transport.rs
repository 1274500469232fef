//! The message to the MCP server: where it comes from, what it is, and what its headers say of it.

use protocol::clause::Clause;
use protocol::party::Party::McpServer;
use protocol::revision::Revision::{V2025_11_25, V2026_07_28};

use super::Moment::Sends;
use super::Scene::{Change, Until};
use super::{Attack, BOTH, Plot, Prediction, refused};
use crate::lessons::steps::Step;
use crate::tamper::Edit::{Drop, Set};
use crate::tamper::Part::{Header, Json};
use crate::tamper::Value::{Around, Repeated, Replace, Text};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        id: "foreign-origin",
        proves: &["X-11", "RS-30"],
        title: "A web page that was not invited",
        story: "A person has an MCP server on their machine and visits a page of an attacker. The page’s script sends \
                requests to localhost, and the person’s browser carries them out.",
        change: "The call has Origin: https://evil.example, as a browser would add it.",
        cost: "Every page that somebody visits could use the servers on their machine.",
        remedy: "The server knows the origins of the pages that may call it. Programs that are no browser send no \
                 Origin, and pass.",
        step: Step::Call,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Sends(Step::Call)),
            Change(&[Set(Header, "origin", Text("https://evil.example"))]),
        ]),
        prediction: refused(McpServer, 403, Some("-32000"), "ForeignOrigin", Clause::Origin),
    },
    Attack {
        id: "foreign-host",
        proves: &["X-11", "RS-31"],
        title: "Another name for the same machine",
        story: "An attacker bends the name of their own site to 127.0.0.1 after the page has loaded. For the browser \
                it is still the same site, so it asks nobody.",
        change: "The call has Host: evil.example, which is the name that the browser was told.",
        cost: "The attacker’s page would read the answers too, for they come from its own name.",
        remedy: "The server knows its own names and answers to no other. A name can be bent to an address, but not \
                 the other way round.",
        step: Step::Call,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Sends(Step::Call)), Change(&[Set(Header, "host", Text("evil.example"))])]),
        prediction: refused(McpServer, 403, Some("-32000"), "ForeignHost", Clause::Origin),
    },
    Attack {
        id: "plain-text",
        proves: &["G13"],
        title: "JSON that says it is text",
        story: "A web page may send plain text to any server, without the browser asking first. So an attacker’s page \
                sends its message under that name.",
        change: "The Content-Type is text/plain.",
        cost: "The browser’s question whether a page may send this, the preflight, would never be asked.",
        remedy: "The server takes application/json alone: no page can send that to a foreign server without the \
                 question.",
        step: Step::Call,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Sends(Step::Call)),
            Change(&[Set(Header, "content-type", Text("text/plain"))]),
        ]),
        prediction: refused(McpServer, 415, Some("-32600"), "NotJson", Clause::Transport),
    },
    Attack {
        id: "batch",
        proves: &["G05"],
        title: "Several messages in one",
        story: "A client of an older revision packs its messages into an array. Or somebody puts a harmless call in \
                front, for whoever looks at the first one only.",
        change: "The body is an array around the message.",
        cost: "What is judged would not be what is done.",
        remedy: "One request, one message. The server reads it once, and hands on what it judged.",
        step: Step::Call,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Sends(Step::Call)), Change(&[Set(Json, "", Around("[", "]"))])]),
        prediction: refused(McpServer, 400, Some("-32600"), "NotOneMessage", Clause::Transport),
    },
    Attack {
        id: "name-twice",
        proves: &["RS-18"],
        title: "A call of two tools at once",
        story: "An attacker knows that the gate reads the first of two members of one name, and the library behind it \
                the last. The gate sees whoami, and the library write_note.",
        change: "The params have a second member name, write_note.",
        cost: "A token that may do little would do whatever the second name says.",
        remedy: "JSON that says a thing twice is refused before anybody acts on it, at whatever depth.",
        step: Step::Call,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Sends(Step::Call)),
            Change(&[Set(Json, "", Replace(r#""name":"whoami""#, r#""name":"whoami","name":"write_note""#))]),
        ]),
        prediction: refused(McpServer, 400, Some("-32700"), "ParseError", Clause::Transport),
    },
    Attack {
        id: "body-too-long",
        proves: &["G03"],
        title: "A message without end",
        story: "Somebody with a good token sends more than any tool needs. They want to see what the server does when \
                its memory is full.",
        change: "In the arguments stands a text of 70 000 letters.",
        cost: "One caller would take the place of all others.",
        remedy: "The server has a limit, and what is announced to be longer is not read at all.",
        step: Step::Call,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Sends(Step::Call)),
            Change(&[Set(Json, "/params/arguments/text", Repeated("a", 70_000))]),
        ]),
        prediction: refused(McpServer, 413, None, "BodyTooLong", Clause::Transport),
    },
    Attack {
        id: "unknown-version",
        proves: &["RS-39", "G12"],
        title: "A revision that nobody speaks",
        story: "A client has negotiated one revision and names another in its header. It may be a mistake, or the \
                hope to be judged by weaker rules.",
        change: "MCP-Protocol-Version is 2024-01-01.",
        cost: "Two programs that believe in different rules come to different results.",
        remedy: "The server refuses, and says which revisions it speaks. It never guesses.",
        step: Step::Call,
        revisions: &[V2025_11_25],
        plot: Plot::Client(&[
            Until(Sends(Step::Call)),
            Change(&[Set(Header, "mcp-protocol-version", Text("2024-01-01"))]),
        ]),
        prediction: refused(McpServer, 400, Some("-32022"), "UnsupportedVersion", Clause::VersionHeader),
    },
    Attack {
        id: "name-contradicts",
        proves: &["X-09", "RS-47"],
        title: "A header that names a harmless tool",
        story: "A gateway in front of the server lets calls pass by their headers, without reading bodies. Somebody \
                writes whoami into the header and write_note into the body.",
        change: "The body calls write_note, and Mcp-Name still says whoami.",
        cost: "What the gateway forbids would happen all the same.",
        remedy: "The server compares each of the headers with the body, and refuses what contradicts itself.",
        step: Step::Call,
        revisions: &[V2026_07_28],
        plot: Plot::Client(&[
            Until(Sends(Step::Call)),
            Change(&[Set(Json, "/params/name", Text("write_note"))]),
        ]),
        prediction: mismatch(),
    },
    Attack {
        id: "method-missing",
        proves: &["X-10", "RS-47"],
        title: "No method in the headers",
        story: "A client of the older revision has learned the new body, but not the new headers. A gateway that \
                looks for the method would find none, and may let pass what it cannot read.",
        change: "Mcp-Method is left out.",
        cost: "Rules that a gateway applies by method could be passed by leaving it out.",
        remedy: "The server refuses; a client makes the headers from the very message that it sends.",
        step: Step::Call,
        revisions: &[V2026_07_28],
        plot: Plot::Client(&[Until(Sends(Step::Call)), Change(&[Drop(Header, "mcp-method")])]),
        prediction: mismatch(),
    },
    Attack {
        id: "versions-differ",
        proves: &["X-10", "RS-47"],
        title: "Two revisions in one message",
        story: "A proxy rewrites the header to the revision that it knows, and leaves the body as it was. Now the \
                message says two things about the rules that it follows.",
        change: "The protocolVersion in _meta is 2025-11-25; the header still says 2026-07-28.",
        cost: "Whoever picks one of the two may pick the one with fewer checks.",
        remedy: "The server refuses instead of picking one.",
        step: Step::Call,
        revisions: &[V2026_07_28],
        plot: Plot::Client(&[
            Until(Sends(Step::Call)),
            Change(&[Set(
                Json,
                "/params/_meta/io.modelcontextprotocol~1protocolVersion",
                Text("2025-11-25"),
            )]),
        ]),
        prediction: mismatch(),
    },
    Attack {
        id: "meta-missing",
        proves: &["X-10", "RS-46"],
        title: "A message that does not introduce itself",
        story: "A client says its revision in the header and believes that this is enough. There is no session in \
                which the server could have noted what the client can do.",
        change: "_meta is left out of the params.",
        cost: "The server would have to guess what its answer may demand of the client.",
        remedy: "Each request says in _meta which revision it follows and what the client can do.",
        step: Step::Call,
        revisions: &[V2026_07_28],
        plot: Plot::Client(&[Until(Sends(Step::Call)), Change(&[Drop(Json, "/params/_meta")])]),
        prediction: refused(McpServer, 400, Some("-32602"), "MetaMissing", Clause::RequestMeta),
    },
];

/// Header and body do not say the same.
const fn mismatch() -> Prediction {
    refused(McpServer, 400, Some("-32020"), "HeaderMismatch", Clause::StandardHeaders)
}
