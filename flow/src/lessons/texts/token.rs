//! From the code to the token.

use protocol::clause::Clause as Rule;

use crate::lessons::lesson::By::Both;
use crate::lessons::lesson::{Lesson, Source};

pub(super) const KEPT_IN_THE_TAB: &str = "This page keeps the token in the session storage of this tab, to survive the \
     way to the consent page. A client that guards real data keeps tokens out of reach of scripts.";

pub(super) const CODE_EXCHANGE: Lesson = Lesson {
    what: Both(
        "The client redeems the code directly at the authorization server, without the browser's address bar in \
         between. It proves with the verifier that it is the one who asked, and names the server once more.",
    ),
    look_at: Both(
        "code_verifier in the form: the server hashes it and compares it with the challenge it has kept. The answer \
         says Cache-Control: no-store.",
    ),
    breaks: Both(
        "A thief has the code but not the verifier: 400 invalid_grant. A code that comes a second time, with \
         everything right, means that one of the two is a thief: the server ends all tokens that came of it.",
    ),
    attacks: Both(&["X-19", "X-21", "X-22", "X-23"]),
    notes: Both(
        "Say: here the padlock meets its key. Ask: why not send the token to the browser at once? Because what passes \
         through an address bar stays in histories and logs. The old implicit flow did so; OAuth 2.1 dropped it.",
    ),
    deviation: None,
    rules: &[
        Rule::TokenRequest,
        Rule::ClientAuthentication,
        Rule::CodeBinding,
        Rule::PkceVerified,
        Rule::CodeOnce,
        Rule::CodeLifetime,
        Rule::TokenResponse,
    ],
    sources: &[
        Source::client("flow/src/token_request.rs", "outgoing"),
        Source::authorization_server("backend/src/authorization_server/code_grant.rs", "decide"),
    ],
};

pub(super) const TOKEN_OPENED: Lesson = Lesson {
    what: Both(
        "To the client the token is a closed envelope; it just hands it on. But this one is a signed JWT, so we can \
         look inside and see what the MCP server is going to check: issuer, audience, scope, expiry.",
    ),
    look_at: Both(
        "aud is the MCP server alone, scope is what you allowed, kid says which key of the server has signed it.",
    ),
    breaks: Both(
        "A changed claim, alg none, an ID token, or a token for another server: the signature, typ or aud does not \
         fit, and the MCP server answers 401 invalid_token.",
    ),
    attacks: Both(&["X-04", "X-05"]),
    notes: Both(
        "Ask: is a JWT encrypted? No; everybody can read it, nobody can change it. Often mistaken: a client must not \
         rely on what is inside. Another server may issue random text instead.",
    ),
    deviation: Some(KEPT_IN_THE_TAB),
    rules: &[Rule::TokenValidity, Rule::TokenAudience, Rule::ScopeNarrows],
    sources: &[
        Source::client("flow/src/token_response.rs", "open"),
        Source::authorization_server("backend/src/authorization_server/issue.rs", "issue"),
        Source::mcp_server("resource-server/src/token.rs", "verify"),
    ],
};
