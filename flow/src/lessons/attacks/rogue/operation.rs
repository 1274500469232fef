//! MCP servers that keep a client busy, or ask for what is not theirs.

use protocol::clause::Clause;
use protocol::revision::Revision;

use crate::lessons::attacks::{Attack, BOTH, Plot, Twist, stopped};
use crate::lessons::steps::Step;

pub(in crate::lessons::attacks) const ATTACKS: &[Attack] = &[
    Attack {
        id: "every-token-invalid",
        proves: &[],
        title: "401 for ever",
        story: "A server refuses every token as invalid, because its keys are wrong or because it wants the client to \
                ask again and again. Each time a fresh token goes to it.",
        change: "Every request with a token is answered 401 invalid_token.",
        cost: "A client that obeys would ask for tokens without end, and the person to sign in each time.",
        remedy: "The client counts refusals in a row. A new token that is refused too is no reason for a newer one.",
        step: Step::Handshake,
        revisions: BOTH,
        plot: Plot::Server(Twist::EveryTokenInvalid),
        prediction: stopped("the token is accepted", Clause::TokenValidity),
    },
    Attack {
        id: "never-enough",
        proves: &["X-08", "CL-46", "H10"],
        title: "403 for ever",
        story: "A server asks for more scope, gets it, and asks again. Whether by mistake or to tire people out: at the \
                tenth consent page most people allow anything.",
        change: "get_weather is answered 403 insufficient_scope, whatever was granted.",
        cost: "The person would be asked until they no longer read what they allow.",
        remedy: "The client remembers for which operation it has asked already, and gives up after a few attempts.",
        step: Step::InsufficientScope,
        revisions: BOTH,
        plot: Plot::Server(Twist::NeverEnough),
        prediction: stopped("the attempts are not used up", Clause::StepUp),
    },
    Attack {
        id: "lost-sessions",
        proves: &[],
        title: "A session that is always lost",
        story: "A server behind a load balancer keeps sessions in memory, and each request reaches another machine. \
                Every session is gone before it was used.",
        change: "Every request with an Mcp-Session-Id is answered 404.",
        cost: "A client that obeys the rule to begin anew would do so for ever.",
        remedy: "The client begins anew a few times, and gives up when no call was answered in between.",
        step: Step::Handshake,
        revisions: &[Revision::V2025_11_25],
        plot: Plot::Server(Twist::LostSessions),
        prediction: stopped("the session is still there", Clause::SessionExpired),
    },
    Attack {
        id: "never-done",
        proves: &["CL-53"],
        title: "A tool that never ends",
        story: "A server answers each call with the wish to be called once more. Every round costs the client a request \
                and the person some time.",
        change: "Every tool answers input_required with a requestState, and asks for nothing.",
        cost: "A client that obeys would call the tool without end.",
        remedy: "The client sends the state back a few times, and no more.",
        step: Step::Call,
        revisions: &[Revision::V2026_07_28],
        plot: Plot::Server(Twist::NeverDone),
        prediction: stopped("the server's state goes back as it came", Clause::InputRequired),
    },
    Attack {
        id: "asks-password",
        proves: &[],
        title: "A tool that asks for a password",
        story: "A rogue server answers a tool call with a form: your session has expired, please enter your password. \
                The form appears in a client that you trust.",
        change: "get_weather answers input_required with an elicitation for a password.",
        cost: "People would type into the client’s window what the rogue then reads.",
        remedy: "A client answers only requests for which it has named the capability, and one that can ask people asks \
                 for no secrets in a server’s name.",
        step: Step::Call,
        revisions: &[Revision::V2026_07_28],
        plot: Plot::Server(Twist::AsksPassword),
        prediction: stopped(
            "the server asks for nothing that this client cannot give",
            Clause::InputRequired,
        ),
    },
];
