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
        "At a call that is answered 401: Checks, which say what was wrong with the token. At /token: grant_type is \
         refresh_token, and the answer brings a new refresh token too. The one just sent is used up.",
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

pub(super) const REFRESH_REUSE: Lesson = Lesson {
    what: Both(
        "The refresh token that was used up is sent once more, as a thief with a copy would do. The server cannot tell \
         which of the two is the thief, so it refuses and ends everything that grew from the same consent.",
    ),
    look_at: Both(
        "400 invalid_grant. Then call a tool: the access token that was good a moment ago is answered 401, and the newest \
         refresh token is dead too.",
    ),
    breaks: Both(
        "Without rotation a stolen refresh token would work unnoticed, for as long as it lives. With it, a thief either \
         comes too late or makes the client come too late; both end the theft.",
    ),
    attacks: Both(&["X-24"]),
    notes: Both(
        "Ask: why punish the honest client too? Because the server sees two equal tokens and no faces; a new consent sets \
         it right. Often mistaken: a client that lost an answer and asks again looks the same. Servers may allow that for \
         some seconds; the lab does not, so that you can see this.",
    ),
    deviation: None,
    rules: &[Rule::RefreshRotation, Rule::RefreshReplaced, Rule::GrantActive, Rule::TokenRevoked],
    sources: &[
        Source::client("flow/src/probe.rs", "worn_refresh_token"),
        Source::authorization_server("backend/src/authorization_server/refresh_grant.rs", "refresh"),
    ],
};

pub(super) const REVOCATION: Lesson = Lesson {
    what: Both(
        "The client gives a token back before it expires: it tells the authorization server to end what it was granted. \
         A token that is not needed any more should not lie around for somebody to find.",
    ),
    look_at: Both(
        "token and token_type_hint in the form. The answer is 200, even if the server has never seen this token. Then call \
         a tool: 401 invalid_token.",
    ),
    breaks: Both(
        "A client sends somebody else's token, to end what others may do: the server checks to whom the token was issued \
         and ends nothing. And an MCP server that never asks would accept a revoked token until it expires.",
    ),
    attacks: Both(&["X-03"]),
    notes: Both(
        "Ask: the token's signature is still valid, so who knows that it is over? Only the authorization server; the MCP \
         server has to ask it. Often mistaken: to forget a token is not to revoke it.",
    ),
    deviation: None,
    rules: &[Rule::Revocation, Rule::TokenRevoked, Rule::Introspection],
    sources: &[
        Source::client("flow/src/revocation.rs", "outgoing"),
        Source::authorization_server("backend/src/authorization_server/revoke.rs", "post_revoke"),
        Source::mcp_server("resource-server/src/introspection.rs", "is_active"),
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
