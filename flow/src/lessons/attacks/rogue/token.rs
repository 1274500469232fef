//! Token responses that a client must not use.

use protocol::clause::Clause;

use crate::lessons::attacks::{Attack, BOTH, Plot, Prediction, Twist, stopped};
use crate::lessons::steps::Step;

pub(in crate::lessons::attacks) const ATTACKS: &[Attack] = &[
    Attack {
        id: "token-redirect",
        proves: &["CL-37"],
        title: "A token endpoint that redirects",
        story: "A rogue token endpoint answers 307, which tells the client to send the same request to another address. \
                Most HTTP libraries do that by themselves, body and all.",
        change: "The token endpoint answers 307 to a foreign host.",
        cost: "Code and verifier would be sent to whomever the redirect names, and no check of an address would see it.",
        remedy: "The client follows no redirect with a request that carries secrets. In many libraries that has to be \
                 switched off.",
        step: Step::CodeExchange,
        revisions: BOTH,
        plot: Plot::Server(Twist::TokenRedirect),
        prediction: stopped("the token endpoint gives a token", Clause::TokenResponse),
    },
    Attack {
        id: "no-token-type",
        proves: &[],
        title: "A token of no type",
        story: "A server forgets token_type, because its own client never looks at it. Others have to guess what the \
                token is and how it may be sent.",
        change: "token_type is missing from the token response.",
        cost: "A token that was meant to be used with a proof would be sent bare, where it can be stolen and replayed.",
        remedy: "The client demands token_type, and uses no token whose type it does not understand.",
        step: Step::CodeExchange,
        revisions: BOTH,
        plot: Plot::Server(Twist::NoTokenType),
        prediction: stopped("format", Clause::TokenResponse),
    },
    Attack {
        id: "other-token-type",
        proves: &[],
        title: "A token of another type",
        story: "A server binds tokens to a key although the client has shown none. The client cannot give the proof \
                that goes with such a token.",
        change: "token_type is DPoP instead of Bearer.",
        cost: "Sent as a bearer token it would give away what its binding was to protect.",
        remedy: "The client sends as a bearer token only what is called one, in upper or lower case.",
        step: Step::CodeExchange,
        revisions: BOTH,
        plot: Plot::Server(Twist::OtherTokenType),
        prediction: stopped("token type", Clause::TokenResponse),
    },
    Attack {
        id: "token-line-break",
        proves: &[],
        title: "A token with a line break in it",
        story: "A rogue server knows that the client will copy the token into a header. What stands behind a line break \
                there would be a header of its own.",
        change: "access_token is a word, a line break, and x-forwarded-user: admin.",
        cost: "The attacker would write headers of requests that come from the client and are trusted as its own.",
        remedy: "The client takes only visible ASCII characters for a token, before any library puts it into a header.",
        step: Step::CodeExchange,
        revisions: BOTH,
        plot: Plot::Server(Twist::TokenLineBreak),
        prediction: stopped("the token can stand in a header", Clause::TokenResponse),
    },
    Attack {
        id: "wider-scope",
        proves: &[],
        title: "More scope than was asked for",
        story: "A generous server grants notes:write to a client that asked to connect. The person has agreed to less, \
                and every tool of the client could now do more than it should.",
        change: "scope in the token response has two scopes that the client did not ask for.",
        cost: "A stolen token, or a tool that was talked into something, would do more harm than the person allowed.",
        remedy: "Servers never grant more than was asked for. The client cannot give scope back, but it says what it \
                 got, and whoever needs to be strict stops here.",
        step: Step::CodeExchange,
        revisions: BOTH,
        plot: Plot::Server(Twist::WiderScope),
        prediction: Prediction::Allowed(
            Clause::ScopeNarrows,
            "The rule binds the server. The client is told what was granted, warns, and goes on.",
        ),
    },
];
