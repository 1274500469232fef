//! Who the client is.

use protocol::clause::Clause as Rule;

use crate::lessons::lesson::By::{Both, Each};
use crate::lessons::lesson::{Lesson, Source};

pub(super) const CLIENT_DOCUMENT: Lesson = Lesson {
    what: Both(
        "This client never registered anywhere. Its client_id is the URL of a document that says who it is and where \
         it may be sent back to; the authorization server will fetch it by itself. Here the client reads its own \
         document first, as the server will.",
    ),
    look_at: Both(
        "client_id in the document is the document's own URL, byte for byte. redirect_uris are the only places the \
         browser may be sent back to. There is no secret in it.",
    ),
    breaks: Both(
        "A document copied to another URL, a secret in it, a redirect, or a URL inside the server's own network: the \
         authorization server shows an error page instead of asking you. What it cannot check is the name, so the \
         consent page shows the host.",
    ),
    attacks: Both(&["X-28", "X-29", "X-30", "X-31", "X-32", "X-33"]),
    notes: Both(
        "Ask: what stops me from using your URL as my client_id? Nothing, but the code then goes to your redirect URI, \
         not to mine. On your own computer that is weaker: any program can listen on a local port. That is why the \
         consent page warns.",
    ),
    deviation: Some(
        "A client_id should be an https URL, and a server must not fetch documents from internal addresses. The lab's \
         server makes one exception, for http on this very machine.",
    ),
    rules: &[
        Rule::CimdSupported,
        Rule::ClientIdUrl,
        Rule::ClientIdIdentity,
        Rule::ClientDocument,
        Rule::ClientDocumentSecrets,
        Rule::ClientDocumentFetch,
        Rule::ClientDocumentSize,
    ],
    sources: &[
        Source::client("flow/src/registration/document.rs", "read"),
        Source::authorization_server("backend/src/authorization_server/cimd/documents.rs", "validate"),
    ],
};

pub(super) const REGISTRATION: Lesson = Lesson {
    what: Each {
        in_2025: "The authorization server lets clients introduce themselves: the client says its name and where it \
                  may be sent back to, and is given an id, perhaps with a secret. Both are good at this one server and \
                  nowhere else.",
        in_2026: "The authorization server lets clients introduce themselves: the client says its name and where it \
                  may be sent back to, and is given an id, perhaps with a secret, for this one server. This revision \
                  keeps it for older servers only; metadata documents take its place.",
    },
    look_at: Each {
        in_2025: "The answer's client_id means nothing outside this server. redirect_uris come back as they were \
                  stored.",
        in_2026: "application_type says that this client runs on the person's own machine (native) or on a web host \
                  (web). The answer's client_id means nothing outside this server.",
    },
    breaks: Both(
        "Anybody can register, under any name. So the server limits how often, and the consent page says that nobody \
         has checked this client. A secret sent to another server is refused there, and no longer a secret.",
    ),
    attacks: Both(&["X-33", "X-40"]),
    notes: Each {
        in_2025: "Ask: who deletes all these registrations? Usually nobody; that is the trouble with this way. Often \
                  mistaken: a registered client_id does not prove who the client is; it is only a number.",
        in_2026: "Say: deprecated, not gone. Ask: who deletes all these registrations? Usually nobody; a metadata \
                  document leaves nothing behind. Often mistaken: a registered client_id does not prove who the client \
                  is; it is only a number.",
    },
    deviation: None,
    rules: &[
        Rule::RegistrationOrder,
        Rule::RegistrationRequest,
        Rule::RegistrationMetadata,
        Rule::RegistrationRedirect,
        Rule::ApplicationType,
        Rule::RegistrationResponse,
        Rule::CredentialsIssuer,
    ],
    sources: &[
        Source::client("flow/src/registration/dynamic.rs", "registered"),
        Source::authorization_server("backend/src/authorization_server/registration.rs", "post_registration"),
    ],
};
