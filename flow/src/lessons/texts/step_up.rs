//! More permission for one tool, and the same call again.

use protocol::clause::Clause as Rule;

use super::authorization::DEMO_PEOPLE;
use super::token::KEPT_IN_THE_TAB;
use crate::lessons::lesson::By::{Both, Each};
use crate::lessons::lesson::{Lesson, Source};

pub(super) const INSUFFICIENT_SCOPE: Lesson = Lesson {
    what: Both(
        "This tool needs a scope that the token lacks. The server answers 403 before the tool runs: the token is fine, \
         but it does not allow this. The challenge names the scopes to come back with.",
    ),
    look_at: Each {
        in_2025: "403, not 401. error is insufficient_scope; scope lists what was granted already together with what \
                  is new, because the client will ask for exactly this.",
        in_2026: "403, not 401. error is insufficient_scope; scope lists what this operation needs and nothing else. \
                  What was granted before is the client's to remember.",
    },
    breaks: Both(
        "A server that checks scopes when it lists tools, but not when it runs them, lets a token for reading write. \
         This one checks each call before the tool runs.",
    ),
    attacks: Both(&["X-07"]),
    notes: Both(
        "Ask: how do 401 and 403 differ? 401: I do not accept your token. 403: I do, but not for this. Another token \
         of the same scope would change nothing.",
    ),
    deviation: None,
    rules: &[Rule::InsufficientScope],
    sources: &[
        Source::client("flow/src/step_up.rs", "forbidden"),
        Source::mcp_server("resource-server/src/scope_gate.rs", "check_scopes"),
    ],
};

pub(super) const STEP_UP_SCOPES: Lesson = Lesson {
    what: Each {
        in_2025: "The client works out what to ask for. In this revision that is what the challenge says, so the \
                  server lists what you have granted already together with what is new.",
        in_2026: "The client works out what to ask for: what it asked for before and what the challenge names, \
                  together. Otherwise the new token would allow the new thing and no longer the old ones.",
    },
    look_at: Both("Three sets: granted, new, asked. The last is what goes into the request."),
    breaks: Both(
        "A server that answers 403 each time would keep you clicking Allow for ever. The client counts its attempts \
         for each operation and soon gives up.",
    ),
    attacks: Both(&["X-08"]),
    notes: Each {
        in_2025: "Ask: why not ask for every scope at the beginning? Because nobody would know what they allow, and a \
                  stolen token would allow it all. Compare with 2026-07-28, where the client keeps the account.",
        in_2026: "Ask: why not ask for every scope at the beginning? Because nobody would know what they allow, and a \
                  stolen token would allow it all. Compare with 2025-11-25, where the server keeps the account.",
    },
    deviation: None,
    rules: &[Rule::StepUp],
    sources: &[
        Source::client("protocol/src/revision.rs", "step_up_scopes"),
        Source::mcp_server("protocol/src/revision.rs", "challenge_scopes"),
    ],
};

pub(super) const STEP_UP_REQUEST: Lesson = Lesson {
    what: Both(
        "The same kind of request again, with the larger scope. Verifier and state are fresh: nothing of the first \
         round is used twice.",
    ),
    look_at: Both(
        "scope has grown. Compare state and code_challenge with those of the first request: both are new.",
    ),
    breaks: Both(
        "A challenge that is used again protects nothing, because its verifier was sent already. The authorization \
         server remembers challenges and refuses such a request.",
    ),
    attacks: Both(&["X-18"]),
    notes: Both(
        "Say: there is no special message for more permission. Ask: why does the refresh token not help? It can give \
         less than was granted, never more.",
    ),
    deviation: None,
    rules: &[Rule::PkceFresh, Rule::PkceVerifier, Rule::State, Rule::ResourceParameter],
    sources: &[
        Source::client("flow/src/authorize.rs", "begin"),
        Source::authorization_server("backend/src/authorization_server/authorize.rs", "put_down"),
    ],
};

pub(super) const STEP_UP_CONSENT: Lesson = Lesson {
    what: Both(
        "You are asked again, and the consent page marks what is new. You may say no: the old token keeps working for \
         what it allows.",
    ),
    look_at: Both(
        "The marks \"new\" and \"already granted\". You need not sign in again; that session is still there.",
    ),
    breaks: Both(
        "A server that answers such a request without asking lets a client widen its own permission. Here the person \
         decides each time, because a client that returns to this computer cannot prove which program it is.",
    ),
    attacks: Both(&["X-33", "X-38"]),
    notes: Both(
        "Let the room untick a scope and see what becomes of the token. Say: to ask late, for one thing, with a reason \
         in sight, is better than to ask early for everything.",
    ),
    deviation: Some(DEMO_PEOPLE),
    rules: &[Rule::UserFirst, Rule::ConsentCsrf, Rule::ConsentOnce, Rule::AccessDenied],
    sources: &[
        Source::client("flow/src/authorize.rs", "departure"),
        Source::authorization_server("backend/src/authorization_server/consent.rs", "choices"),
    ],
};

pub(super) const STEP_UP_TOKEN: Lesson = Lesson {
    what: Both("A new code, a new token. It carries both scopes; the old one is simply not used any more."),
    look_at: Both(
        "scope in the new token, next to that of the old one. jti is another, aud and sub are the same.",
    ),
    breaks: Both(
        "A client that keeps sending the old token gets 403 again. A code is still good only once and only with its \
         verifier: a step-up makes no exceptions.",
    ),
    attacks: Both(&["X-19", "X-21"]),
    notes: Both(
        "Ask: is the old token void now? No; it is good until it expires. A new token takes nothing back. That is one \
         more reason for tokens with short lives.",
    ),
    deviation: Some(KEPT_IN_THE_TAB),
    rules: &[Rule::CodeOnce, Rule::PkceVerified, Rule::ScopeNarrows, Rule::TokenResponse],
    sources: &[
        Source::client("flow/src/token_response.rs", "answered"),
        Source::authorization_server("backend/src/authorization_server/issue.rs", "issue"),
    ],
};

pub(super) const RETRY: Lesson = Lesson {
    what: Both("The call that was refused, sent again with the new token. Same message, other answer."),
    look_at: Both("Only the Authorization header has changed, and the id of the message."),
    breaks: Both(
        "If this were refused again, the client would try a few times and then report it, instead of asking you for \
         ever.",
    ),
    attacks: Both(&["X-08"]),
    notes: Both(
        "Ask: may a client repeat every call like this? This one, yes: the 403 came before the tool ran, so nothing is \
         done twice.",
    ),
    deviation: None,
    rules: &[Rule::StepUp, Rule::InsufficientScope],
    sources: &[
        Source::client("flow/src/operation.rs", "again"),
        Source::mcp_server("resource-server/src/scope_gate.rs", "check_scopes"),
    ],
};
