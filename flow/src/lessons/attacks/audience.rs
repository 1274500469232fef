//! Whom a token is for.

use protocol::clause::Clause;
use protocol::party::Party::{AuthorizationServer, McpServer};

use super::Moment::{Departs, Sends};
use super::Scene::{AtUpstream, Change, Until};
use super::{Attack, BOTH, Plot, Prediction, refused, sent_back};
use crate::lessons::steps::Step;
use crate::tamper::Edit::{Set, To};
use crate::tamper::Part::{Form, Query};
use crate::tamper::Slot::{Resource, Upstream};
use crate::tamper::Value::{Append, Kept};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        id: "resource-slash",
        proves: &["AS-85"],
        title: "resource with one slash more",
        story: "A developer’s framework adds a slash to every address. It looks like the same server, and at some \
                servers it is.",
        change: "In the authorization request, resource ends in a slash that the MCP server’s own address lacks.",
        cost: "A token for the address with the slash would be refused at the server without it, long after anybody \
               could tell why.",
        remedy: "The client takes resource from the server’s metadata and changes nothing in it. The authorization \
                 server says at once that it knows no such resource.",
        step: Step::AuthorizationRequest,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Departs(1)), Change(&[Set(Query, "resource", Append("/"))])]),
        prediction: sent_back("invalid_target", "UnknownResource", Clause::ResourceParameter),
    },
    Attack {
        id: "resource-slash-token",
        proves: &["X-25", "AS-120"],
        title: "resource with one slash more, at the token endpoint",
        story: "A client builds the address of the server anew for its second request, from its parts. The person has \
                allowed one address, and this is another.",
        change: "In the code exchange, resource ends in a slash that the one in the authorization request lacked.",
        cost: "If almost the same were good enough, a token could be had for more than was allowed.",
        remedy: "Both requests carry the same text, from one place. The server compares it with what was allowed.",
        step: Step::CodeExchange,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Sends(Step::CodeExchange)),
            Change(&[Set(Form, "resource", Append("/"))]),
        ]),
        prediction: refused(
            AuthorizationServer,
            400,
            Some("invalid_target"),
            "OtherResource",
            Clause::ResourceNarrows,
        ),
    },
    Attack {
        id: "token-for-another",
        proves: &["X-05", "RS-13", "RS-19"],
        title: "A token for another server",
        story: "You use two MCP servers of the same authorization server. One of them takes the token that you gave \
                it and calls the other one with it, in your name.",
        change: "The client has a token for another MCP server of the lab. Its call goes to the lab’s own.",
        cost: "The least careful of all servers would decide what happens at each of them.",
        remedy: "A token names the one server that it is for, because the client asked with resource. Every server \
                 takes only its own.",
        step: Step::Call,
        revisions: BOTH,
        plot: Plot::Client(&[AtUpstream, Until(Sends(Step::Call)), Change(&[To(Kept(Resource))])]),
        prediction: other_audience(),
    },
    Attack {
        id: "token-passthrough",
        proves: &["X-06", "RS-19"],
        title: "A token that is passed on",
        story: "A naive MCP server needs something from an API behind it and forwards what it got, token and all. It \
                saves the trouble of getting a token of its own.",
        change: "The call goes on to the server behind, as it stands, with the token that the client gave to the \
                 first one.",
        cost: "The API could not tell who calls, its limits and logs would be worth nothing, and whoever steals a \
               token from the one server could use it at the other.",
        remedy: "The API refuses what is not for itself. A server that needs it gets a token of its own there, as a \
                 client.",
        step: Step::Call,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Sends(Step::Call)), Change(&[To(Kept(Upstream))])]),
        prediction: other_audience(),
    },
];

/// A good token, for another server.
const fn other_audience() -> Prediction {
    refused(McpServer, 401, Some("invalid_token"), "OtherAudience", Clause::TokenAudience)
}
