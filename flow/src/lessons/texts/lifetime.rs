//! A new token for an old one, and the end.

use protocol::clause::Clause as Rule;

use crate::lessons::lesson::By::{Both, Each};
use crate::lessons::lesson::{Lesson, Source};

pub(super) const REFRESH: Lesson = Lesson {
    what: Both(
        "Access tokens are short-lived. When one has run out or is refused, the client gets another with its refresh \
         token, without asking you; if that fails, you are asked again. The old refresh token is forgotten as soon as \
         a new one comes.",
    ),
    look_at: Both(
        "grant_type is refresh_token. The answer brings a new refresh token too: the one just sent is used up.",
    ),
    breaks: Both(
        "A client asks for more scope here, or for a token for another server: 400 invalid_scope or invalid_target. \
         Only the person can widen a permission.",
    ),
    attacks: Both(&["X-25"]),
    notes: Each {
        in_2025: "Ask: why two tokens? The access token travels with each call and lives for minutes; the refresh \
                  token goes to the authorization server only, and can be taken back there. Often mistaken: expires_in \
                  is no promise; a token may end earlier.",
        in_2026: "Ask: why two tokens? The access token travels with each call and lives for minutes; the refresh \
                  token goes to the authorization server only, and can be taken back there. Often mistaken: nobody \
                  owes the client a refresh token, even if it asked for offline_access.",
    },
    deviation: None,
    rules: &[
        Rule::AccessTokenRenewed,
        Rule::RefreshBinding,
        Rule::RefreshRotation,
        Rule::RefreshReplaced,
        Rule::RefreshLifetime,
        Rule::OfflineAccess,
        Rule::CredentialsIssuer,
    ],
    sources: &[
        Source::client("flow/src/token_request.rs", "renew"),
        Source::authorization_server("backend/src/authorization_server/refresh_grant.rs", "refresh"),
    ],
};

pub(super) const ENDING: Lesson = Lesson {
    what: Each {
        in_2025: "The client says goodbye: it ends the session at the MCP server, and gives its tokens back if you \
                  want it to, so that nobody can use them any more.",
        in_2026: "The client says goodbye. There is no session to end; it gives its tokens back if you want it to, so \
                  that nobody can use them any more.",
    },
    look_at: Each {
        in_2025: "DELETE with MCP-Session-Id. The revocation goes to another server: the one that issued the tokens.",
        in_2026: "The revocation goes to the server that issued the tokens, not to the MCP server. It names the \
                  refresh token: all that came of the same consent ends with it.",
    },
    breaks: Both(
        "A client that just forgets its tokens leaves them good for whoever has a copy. After a revocation the next \
         call with such a copy is answered 401 invalid_token.",
    ),
    attacks: Each { in_2025: &["X-03", "X-12"], in_2026: &["X-03"] },
    notes: Both(
        "Ask: does ending the session take the permission back? No: the session is at the MCP server, the permission \
         at the authorization server. Show \"your grants\" there: the person can take it back without the client.",
    ),
    deviation: None,
    rules: &[Rule::SessionEnd, Rule::SessionExpired, Rule::Revocation, Rule::TokenRevoked],
    sources: &[
        Source::client("flow/src/ending.rs", "answered"),
        Source::mcp_server("resource-server/src/sessions.rs", "forget"),
        Source::authorization_server("backend/src/authorization_server/revoke.rs", "post_revoke"),
    ],
};
