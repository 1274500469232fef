//! Who protects the server, and where permission is given.

use protocol::clause::Clause as Rule;

use crate::lessons::lesson::By::{Both, Each};
use crate::lessons::lesson::{Lesson, Source};

const PLAIN_HTTP: &str = "The specification demands https for every one of these addresses. The lab runs on your own \
     machine without certificates, so it speaks plain http, and accepts that on loopback only.";

pub(super) const CHALLENGE: Lesson = Lesson {
    what: Both(
        "The client knows nothing but the server's address, so it just knocks. The server answers 401: no token, no \
         entry. Its WWW-Authenticate header says where to read on, and which scope to ask for.",
    ),
    look_at: Each {
        in_2025: "In the answer's WWW-Authenticate: resource_metadata is an address, scope is what to ask for. There \
                  is no error in it, because nothing went wrong yet.",
        in_2026: "In the answer's WWW-Authenticate: resource_metadata is an address, scope is what to ask for. The \
                  request itself says its revision in _meta and in headers; no handshake has to come first.",
    },
    breaks: Both(
        "Without this header, every client has to guess where permission is given. A token in the URL is no way around \
         it: URLs end up in logs, so the server treats such a request as one without a token.",
    ),
    attacks: Both(&["X-01", "X-02"]),
    notes: Both(
        "Say: this 401 is no failure, it is the signpost. Ask: what did the client have to know beforehand? One \
         address. Often mistaken: the MCP server signs nobody in; it only points to the server that does.",
    ),
    deviation: Some(PLAIN_HTTP),
    rules: &[Rule::Challenge, Rule::ChallengeWithoutError, Rule::ChallengeScope, Rule::EraDetection],
    sources: &[
        Source::client("flow/src/discovery/challenge.rs", "unauthorized"),
        Source::mcp_server("resource-server/src/bearer.rs", "authenticate"),
    ],
};

pub(super) const RESOURCE_METADATA: Lesson = Lesson {
    what: Both(
        "The MCP server describes itself in a public document: its own name, and the authorization servers whose \
         tokens it accepts. The name must be exactly the address the client used; otherwise a rogue server could send \
         the client to collect tokens for somebody else.",
    ),
    look_at: Both(
        "resource is the address that the client called, character by character. authorization_servers says where to \
         go next.",
    ),
    breaks: Both(
        "A rogue server claims to be another resource, or points to an address inside your network. The client \
         compares the name, refuses such addresses, and stops before it asks anybody for anything.",
    ),
    attacks: Both(&["X-36", "X-37"]),
    notes: Both(
        "Ask: why may everybody read this document? It holds no secret, and whoever has no token yet needs it. The \
         server that has the data and the one that gives permission are two; this document links them.",
    ),
    deviation: Some(PLAIN_HTTP),
    rules: &[
        Rule::ResourceMetadataLocation,
        Rule::ResourceMetadata,
        Rule::ResourceIdentity,
        Rule::AuthorizationServers,
        Rule::PublicAddress,
    ],
    sources: &[
        Source::client("flow/src/discovery/resource_metadata.rs", "verify_resource"),
        Source::mcp_server("resource-server/src/metadata.rs", "document"),
    ],
};

pub(super) const SERVER_METADATA: Lesson = Lesson {
    what: Both(
        "The authorization server describes itself too: where to send the browser, where to redeem codes, what it can \
         do. The client stops here unless the issuer is exactly the one it looked for and PKCE with S256 is offered.",
    ),
    look_at: Each {
        in_2025: "issuer, the two endpoints, code_challenge_methods_supported. How a stranger may introduce itself here: \
                  client_id_metadata_document_supported, registration_endpoint. A client that was registered beforehand \
                  needs neither.",
        in_2026: "issuer, the two endpoints, code_challenge_methods_supported. How a stranger may introduce itself here: \
                  client_id_metadata_document_supported, registration_endpoint. The client keeps the issuer: it will \
                  compare the answer with it.",
    },
    breaks: Both(
        "A document that carries the name of an honest server could steer that server's codes to a thief. Without \
         PKCE, a stolen code is as good as a token. The client refuses both, before any redirect.",
    ),
    attacks: Both(&["X-36", "X-37"]),
    notes: Both(
        "Say: so far nothing was configured; two documents told the client everything. Ask: why compare the issuer, if \
         we have just fetched it from there? Because anybody can write any name into a document. The address proves \
         where it came from.",
    ),
    deviation: Some(PLAIN_HTTP),
    rules: &[
        Rule::ServerMetadataLocation,
        Rule::ServerMetadata,
        Rule::IssuerIdentity,
        Rule::PkceAdvertised,
        Rule::EndpointUrls,
        Rule::RegistrationOrder,
    ],
    sources: &[
        Source::client("flow/src/discovery/server_metadata.rs", "verify"),
        Source::authorization_server("backend/src/authorization_server/metadata.rs", "metadata"),
    ],
};
