//! Using the token.

use protocol::clause::Clause as Rule;

use crate::lessons::lesson::By::{Both, Each};
use crate::lessons::lesson::{Lesson, Source};

pub(super) const HANDSHAKE: Lesson = Lesson {
    what: Each {
        in_2025: "With the token in the Authorization header, the request that was refused before is answered. Client \
                  and server agree on a revision of the protocol, and the server begins a session.",
        in_2026: "With the token in the Authorization header, the request that was refused before is answered. The \
                  server says which revisions it speaks. There is no session: each request says everything by itself.",
    },
    look_at: Each {
        in_2025: "Authorization: Bearer in the request, MCP-Session-Id in the answer. From now on both go with each \
                  request; only the first one proves anything.",
        in_2026: "Authorization: Bearer in the request. Mcp-Method and MCP-Protocol-Version repeat what the body says, \
                  so that a gateway need not read it.",
    },
    breaks: Each {
        in_2025: "Somebody uses your session id with a token of their own: the server answers 404, as if there were no \
                  such session. A web page of another site that tries to use a server on your machine gets 403, by its \
                  Origin.",
        in_2026: "A header says one thing and the body another, to fool a gateway that reads only headers: the server \
                  compares them and answers 400. A web page of another site that tries to use a server on your machine \
                  gets 403, by its Origin.",
    },
    attacks: Each { in_2025: &["X-11", "X-12"], in_2026: &["X-09", "X-10", "X-11"] },
    notes: Each {
        in_2025: "Ask: would the session id do, now that there is one? No: it marks a conversation and proves nothing. \
                  The token is checked at every request.",
        in_2026: "Say: the older revision needs a second message here, and a session. Ask: what is gained? Any server \
                  of a cluster can answer any request.",
    },
    deviation: None,
    rules: &[
        Rule::BearerHeader,
        Rule::Initialize,
        Rule::ProtocolVersion,
        Rule::VersionHeader,
        Rule::SessionOwner,
        Rule::RequestMeta,
        Rule::StandardHeaders,
        Rule::Origin,
    ],
    sources: &[
        Source::client("flow/src/handshake.rs", "initialize_answered"),
        Source::client("flow/src/handshake.rs", "discover_answered"),
        Source::mcp_server("resource-server/src/scope_gate.rs", "judge_request"),
    ],
};

pub(super) const TOOLS: Lesson = Lesson {
    what: Both(
        "The client asks which tools there are. The list is for this caller; what it may really do is decided at each \
         call.",
    ),
    look_at: Each {
        in_2025: "Each tool has a name and a schema of its arguments. Tools that your token does not allow yet are \
                  listed too: that is how a client learns what it could ask for.",
        in_2026: "cacheScope says who may share the list: private means whoever holds this token, and nobody else. \
                  Tools that your token does not allow yet are listed too.",
    },
    breaks: Each {
        in_2025: "A server hides tools and believes them safe, but anybody can call a tool by its name. So the scope \
                  is checked at each call.",
        in_2026: "A list made for one caller but marked public is handed to others by a cache. A call is still \
                  checked, so what leaks is names, not data.",
    },
    attacks: Each { in_2025: &[], in_2026: &["X-15"] },
    notes: Both(
        "Ask: is leaving a tool off the list a protection? No, it is politeness. The server decides at each call, \
         whatever the client was shown.",
    ),
    deviation: None,
    rules: &[Rule::BearerHeader, Rule::Transport, Rule::ParameterHeaders],
    sources: &[
        Source::client("flow/src/tools.rs", "add_page"),
        Source::mcp_server("backend/src/mcp_server/tools.rs", "list_tools"),
    ],
};

pub(super) const CALL: Lesson = Lesson {
    what: Both(
        "A tool call. The answer is made from the verified token alone: the server knows you only by what the \
         authorization server has signed.",
    ),
    look_at: Both(
        "The request says nowhere who you are, except in the token. Compare the answer with the claims in the token.",
    ),
    breaks: Both(
        "A token that has expired, was revoked, or was issued for another server: 401 invalid_token before the tool \
         runs. A server that accepted tokens for others would let each of them act as you here.",
    ),
    attacks: Each { in_2025: &["X-03", "X-05"], in_2026: &["X-03", "X-05", "X-09", "X-10"] },
    notes: Both(
        "Say: the server has no list of users. Ask: how does it know that the token was not revoked a second ago? A \
         signature cannot tell, so this server asks the authorization server (introspection). Others let tokens live \
         for minutes only, and do not ask.",
    ),
    deviation: None,
    rules: &[
        Rule::TokenValidity,
        Rule::TokenAudience,
        Rule::TokenRevoked,
        Rule::Introspection,
        Rule::StandardHeaders,
    ],
    sources: &[
        Source::client("flow/src/tool_call.rs", "call_answered"),
        Source::mcp_server("backend/src/mcp_server/tools.rs", "whoami"),
    ],
};
