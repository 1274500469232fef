//! Asking the person.

use protocol::clause::Clause as Rule;

use crate::lessons::lesson::By::{Both, Each};
use crate::lessons::lesson::{Lesson, Source};

pub(super) const DEMO_PEOPLE: &str = "The demo people have no passwords: the lab teaches authorization, not \
     authentication. Its session cookie lacks the __Host- prefix, which needs https.";

pub(super) const PKCE: Lesson = Lesson {
    what: Both(
        "The client makes up a secret, the verifier, and keeps it. Only its SHA-256 hash, the challenge, goes along \
         with the request. Whoever steals the code on its way back cannot redeem it without the verifier.",
    ),
    look_at: Both(
        "verifier and challenge: the second is the SHA-256 hash of the first, and nobody can work back from it.",
    ),
    breaks: Both(
        "A request without a challenge, or with the method plain, where the challenge is the verifier itself: then a \
         stolen code could be redeemed. The authorization server refuses it with invalid_request.",
    ),
    attacks: Both(&["X-18", "X-20"]),
    notes: Both(
        "Say: the client shows the padlock now, and keeps the key. Ask: why not a client secret? A page or a program \
         on your machine cannot hide one; a verifier is new for each request and lives for minutes.",
    ),
    deviation: None,
    rules: &[Rule::PkceRequired, Rule::PkceVerifier, Rule::PkceChallenge, Rule::PkceFresh],
    sources: &[
        Source::client("protocol/src/pkce.rs", "from_entropy"),
        Source::authorization_server("backend/src/authorization_server/authorize.rs", "code_challenge"),
    ],
};

pub(super) const AUTHORIZATION_REQUEST: Lesson = Lesson {
    what: Each {
        in_2025: "Everything the client asks for becomes one URL: who it is, where to come back, which scope, for \
                  which server, the challenge, and a random state that ties the answer to this browser.",
        in_2026: "Everything the client asks for becomes one URL: who it is, where to come back, which scope, for \
                  which server, the challenge, and a random state that ties the answer to this browser. Before the \
                  browser leaves, the client records which issuer it is sent to.",
    },
    look_at: Each {
        in_2025: "resource names the MCP server: the token will be good there and nowhere else. The scope is that of \
                  the challenge, no more.",
        in_2026: "resource names the MCP server: the token will be good there and nowhere else. offline_access asks \
                  for a refresh token; it is there only if the authorization server lists it.",
    },
    breaks: Both(
        "Somebody changes redirect_uri to a host of theirs, to collect the code: the authorization server compares it \
         with the registered ones, character by character, shows an error page and redirects nowhere.",
    ),
    attacks: Both(&["X-16", "X-17", "X-26"]),
    notes: Both(
        "Ask: which of these parameters are secret? None; the address bar and the history show them all. Often \
         mistaken: redirect_uri is where the code goes, not the token.",
    ),
    deviation: None,
    rules: &[
        Rule::RedirectExact,
        Rule::ResourceParameter,
        Rule::ScopeSelection,
        Rule::OfflineAccess,
        Rule::State,
        Rule::NoParameterTwice,
    ],
    sources: &[
        Source::client("protocol/src/authorization_request.rs", "parameters"),
        Source::authorization_server("backend/src/authorization_server/authorize.rs", "asked"),
    ],
};

pub(super) const CONSENT: Lesson = Lesson {
    what: Both(
        "The browser goes to the authorization server, where you sign in and decide. The client sees neither your \
         account nor your decision until the browser comes back.",
    ),
    look_at: Both(
        "While you are there: the address bar, and on the page which host asks, where you return to, and each scope. \
         Once you are back: Checks, all that the server looked at before it asked you anything.",
    ),
    breaks: Both(
        "A site hides this page in a frame and makes you click Allow, or sends its form for you: the page forbids \
         frames, and its form carries a mark that only this browser has. And nobody is redirected before signing in, \
         so no link through here leads to a phishing site.",
    ),
    attacks: Both(&["X-27", "X-33", "X-38"]),
    notes: Both(
        "Let the room decide, and deny once. Ask: who would see a password here? The authorization server alone; for \
         this OAuth was made. Often mistaken: consent does not prove that the client is honest, only that you were \
         asked.",
    ),
    deviation: Some(DEMO_PEOPLE),
    rules: &[Rule::UserFirst, Rule::ConsentCsrf, Rule::ConsentOnce, Rule::AccessDenied, Rule::RequestExpired],
    sources: &[
        Source::client("flow/src/authorize.rs", "departure"),
        Source::authorization_server("backend/src/authorization_server/consent.rs", "post_consent"),
    ],
};

pub(super) const CALLBACK: Lesson = Lesson {
    what: Each {
        in_2025: "The browser is back with a code. Before the client believes any of it, it checks who sent it (iss) \
                  and that it answers its own question (state). Only then does it look at the code.",
        in_2026: "The browser is back with a code. Before the client believes any of it, it checks who sent it: iss \
                  must be the issuer that it recorded. Then that it answers its own question (state). Only then does \
                  it look at the code.",
    },
    look_at: Both(
        "Three values in the query: iss, state, code. Two are compared with what the client kept; one is new.",
    ),
    breaks: Each {
        in_2025: "An attacker's link brings the attacker's code, so that you work in the attacker's account: the \
                  client throws away what does not bring its state. An answer from another server (a mix-up) is thrown \
                  away by its iss.",
        in_2026: "An attacker's link brings the attacker's code, so that you work in the attacker's account: the \
                  client throws away what does not bring its state. An answer from another server (a mix-up) is thrown \
                  away by its iss, and not even its error is shown.",
    },
    attacks: Both(&["X-34", "X-35"]),
    notes: Both(
        "Ask: is the code a secret? It was in the address bar, so it is half a secret; the verifier is the other half. \
         Often mistaken: state protects the person, PKCE protects the code; iss protects against the wrong server.",
    ),
    deviation: None,
    rules: &[
        Rule::RedirectExact,
        Rule::IssParameter,
        Rule::State,
        Rule::NoParameterTwice,
        Rule::AuthorizationError,
    ],
    sources: &[
        Source::client("flow/src/callback.rs", "validate"),
        Source::authorization_server("backend/src/authorization_server/redirect.rs", "with_code"),
    ],
};
