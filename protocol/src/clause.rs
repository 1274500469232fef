//! The clauses that checks and refusals cite: id, level, what the rule says in our words, and where it stands.

use std::borrow::Cow;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::revision::Revision;

/// How binding a rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Level {
    /// MUST, MUST NOT, REQUIRED.
    Must,
    /// SHOULD, SHOULD NOT, RECOMMENDED.
    Should,
    /// MAY, OPTIONAL.
    May,
}

impl Level {
    /// The word of RFC 2119.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::May => "MAY",
        }
    }
}

/// Where a rule stands.
#[derive(Clone, Copy)]
enum Place {
    /// In a document that both revisions of MCP refer to.
    Shared(&'static str),
    /// In both revisions, each in its own words and place.
    Each { in_2025: &'static str, in_2026: &'static str },
    /// In this revision alone.
    Only(Revision, &'static str),
}

macro_rules! clauses {
    ($($name:ident: $level:ident, $source:literal, $rule:literal $(/ $rule_of_2026:literal)?, $place:expr;)*) => {
        /// A rule of a specification.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Clause {
            $(#[doc = concat!($source, ": ", $rule)] $name,)*
        }

        impl Clause {
            /// All clauses, in the order in which the journey meets them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its name in this code: `ResourceIdentity`.
            fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// Document and section, short enough for a table: `RFC 9728 §3.3`.
            #[must_use]
            pub fn source(self) -> &'static str {
                match self { $(Self::$name => $source,)* }
            }

            /// The rule in our words, as this revision has it.
            #[must_use]
            pub fn rule_in(self, revision: Revision) -> &'static str {
                match (self, revision) {
                    $($((Self::$name, Revision::V2026_07_28) => $rule_of_2026,)? (Self::$name, _) => $rule,)*
                }
            }

            /// How binding it is.
            #[must_use]
            pub fn level(self) -> Level {
                match self { $(Self::$name => Level::$level,)* }
            }

            fn place(self) -> Place {
                match self { $(Self::$name => $place,)* }
            }
        }
    };
}

macro_rules! mcp_2025 {
    ($page_and_anchor:literal) => {
        concat!("https://modelcontextprotocol.io/specification/2025-11-25/basic/", $page_and_anchor)
    };
}
macro_rules! mcp_2026 {
    ($page_and_anchor:literal) => {
        concat!("https://modelcontextprotocol.io/specification/2026-07-28/basic/", $page_and_anchor)
    };
}
/// Page and anchor in 2025-11-25, and in 2026-07-28.
macro_rules! mcp {
    ($in_2025:literal, $in_2026:literal) => {
        Place::Each { in_2025: mcp_2025!($in_2025), in_2026: mcp_2026!($in_2026) }
    };
}
macro_rules! only_2025 {
    ($page_and_anchor:literal) => {
        Place::Only(Revision::V2025_11_25, mcp_2025!($page_and_anchor))
    };
}
macro_rules! only_2026 {
    ($page_and_anchor:literal) => {
        Place::Only(Revision::V2026_07_28, mcp_2026!($page_and_anchor))
    };
}
macro_rules! best_practices {
    ($anchor:literal) => {
        Place::Each {
            in_2025: concat!(
                "https://modelcontextprotocol.io/docs/2025-11-25/tutorials/security/security_best_practices#",
                $anchor
            ),
            in_2026: concat!(
                "https://modelcontextprotocol.io/docs/2026-07-28/tutorials/security/security_best_practices#",
                $anchor
            ),
        }
    };
}
macro_rules! rfc {
    ($number_and_anchor:literal) => {
        Place::Shared(concat!("https://www.rfc-editor.org/rfc/rfc", $number_and_anchor))
    };
}
macro_rules! oauth21 {
    ($anchor:literal) => {
        Place::Shared(concat!("https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1-13#", $anchor))
    };
}
macro_rules! cimd {
    ($anchor:literal) => {
        Place::Shared(concat!(
            "https://datatracker.ietf.org/doc/html/draft-ietf-oauth-client-id-metadata-document-00#",
            $anchor
        ))
    };
}

clauses! {
    // Discovery
    Challenge: Must, "RFC 9728 §5.1", "A request without a usable token is answered 401, and the WWW-Authenticate header says where the resource metadata is.", rfc!("9728.html#section-5.1");
    ChallengeWithoutError: Should, "RFC 6750 §3.1", "When the request carried no credentials at all, the challenge contains no error code.", rfc!("6750.html#section-3.1");
    ChallengeScope: Should, "MCP Authorization, Scope Selection", "The challenge names the scopes that the request needs, so that the client asks for no more.", mcp!("authorization#scope-selection-strategy", "authorization#scope-selection-strategy");
    ResourceMetadataLocation: Must, "RFC 9728 §3.1", "The metadata of a protected resource is found by inserting the well-known name between host and path.", rfc!("9728.html#section-3.1");
    ResourceMetadata: Must, "RFC 9728 §3.2", "The metadata is a JSON object, answered with status 200.", rfc!("9728.html#section-3.2");
    ResourceIdentity: Must, "RFC 9728 §3.3", "The document's resource is identical to the URL the client uses; otherwise the client must not use the document.", rfc!("9728.html#section-3.3");
    AuthorizationServers: Must, "MCP Authorization, Server Location", "The resource metadata names at least one authorization server.", mcp!("authorization#authorization-server-location", "authorization/authorization-server-discovery#authorization-server-location");
    ServerMetadataLocation: Must, "MCP Authorization, Server Metadata Discovery", "Clients try RFC 8414 metadata first, then the OpenID Connect forms, in a fixed order.", mcp!("authorization#authorization-server-metadata-discovery", "authorization/authorization-server-discovery#authorization-server-metadata-discovery");
    ServerMetadata: Must, "RFC 8414 §3.2", "The metadata of an authorization server is a JSON object, answered with status 200.", rfc!("8414.html#section-3.2");
    IssuerIdentity: Must, "RFC 8414 §3.3", "The document's issuer is identical to the one it was looked up for; otherwise the client must not use the document.", rfc!("8414.html#section-3.3");
    PkceAdvertised: Must, "MCP Authorization, Code Protection", "Clients refuse to go on when the metadata does not offer PKCE with S256.", mcp!("authorization#authorization-code-protection", "authorization/security-considerations#authorization-code-protection");
    PublicAddress: Should, "MCP Security Best Practices, SSRF", "A public server does not send the client to addresses inside a private network.", best_practices!("server-side-request-forgery-ssrf");
    EndpointUrls: Must, "OAuth 2.1 §1.5", "Endpoints are https URLs. The lab, and only the lab, also accepts http on loopback.", oauth21!("section-1.5");
    // Identity
    CimdSupported: Should, "MCP Authorization, Client Registration", "A client that the server does not know yet uses a Client ID Metadata Document when the server supports it.", mcp!("authorization#discovery", "authorization/client-registration#advertising-cimd-support");
    ClientIdUrl: Must, "CIMD §3", "The client id is an https URL with a path, without fragment, user name or dot segments.", cimd!("section-3");
    ClientIdIdentity: Must, "CIMD §4.1", "The document's client_id is identical to the URL it was fetched from.", cimd!("section-4.1");
    ClientDocument: Must, "MCP Authorization, CIMD", "The document is a JSON object with client_id, client_name and redirect_uris.", mcp!("authorization#implementation-requirements", "authorization/client-registration#implementation-requirements");
    ClientDocumentSecrets: Must, "CIMD §4.1", "The document holds no shared secret and asks for no method that needs one.", cimd!("section-4.1");
    ClientDocumentFetch: Should, "CIMD §6.5", "The server does not let itself be sent to internal addresses; the lab's exception for loopback is for development only.", cimd!("section-6.5");
    ClientDocumentSize: Should, "CIMD §6.6", "The server reads at most five kilobytes of a document.", cimd!("section-6.6");
    ClientDocumentErrors: Should, "CIMD §4.3", "When the document cannot be fetched, the authorization request ends.", cimd!("section-4.3");
    ClientIdentity: Must, "OAuth 2.1 §2.2", "The server knows the client that asks.", oauth21!("section-2.2");
    ClientKeys: Must, "RFC 7591 §2", "A client that signs assertions has public keys, in jwks or at jwks_uri, never in both.", rfc!("7591.html#section-2");
    RegistrationRequest: Must, "RFC 7591 §3.1", "A registration is posted as a JSON object.", rfc!("7591.html#section-3.1");
    RegistrationMetadata: Must, "RFC 7591 §2", "What a client says about itself has the registered members and types.", rfc!("7591.html#section-2");
    RegistrationRedirect: Must, "RFC 7591 §5", "Registered redirect URIs are https, or on loopback; no other scheme is redirected to.", rfc!("7591.html#section-5");
    ApplicationType: May, "OpenID Connect Registration §2", "A web client returns to https hosts; only a native one returns to its own machine.", Place::Shared("https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata");
    RegistrationLimit: May, "RFC 7591 §5", "The server protects itself against floods of registrations.", rfc!("7591.html#section-5");
    CredentialsIssuer: Must, "MCP Authorization, Server Binding", "What a client got from one authorization server is never used at another.", only_2026!("authorization/client-registration#authorization-server-binding");
    RegistrationOrder: Should, "MCP Authorization, Client Registration", "A client uses what it was registered with beforehand, else its metadata document, else it registers itself, else it asks the person." / "A client uses what it was registered with beforehand, else its metadata document, else it registers itself (deprecated), else it asks the person.", mcp!("authorization#client-registration-approaches", "authorization/client-registration");
    RegistrationResponse: Must, "RFC 7591 §3.2.1", "A registration is answered with status 201 and a client_id.", rfc!("7591.html#section-3.2.1");
    // Authorization request
    RedirectExact: Must, "OAuth 2.1 §2.3.1", "The redirect URI is identical to a registered one; only the port of a loopback URI may differ.", oauth21!("section-2.3.1");
    RedirectRequired: Must, "OAuth 2.1 §2.3.2", "A client with several redirect URIs says which one it means.", oauth21!("section-2.3.2");
    RequestLength: Should, "RFC 9110 §4.1", "Addresses of up to 8000 bytes are understood; much longer ones are refused.", rfc!("9110.html#section-4.1");
    FormEncoding: Must, "RFC 6749 Appendix B", "Parameters are UTF-8 text, percent-encoded.", rfc!("6749.html#appendix-B");
    AllowedMethods: Must, "RFC 9110 §15.5.6", "A method that is not answered here is refused with the list of those that are.", rfc!("9110.html#section-15.5.6");
    NoParameterTwice: Must, "OAuth 2.1 §3.1", "No parameter occurs twice.", oauth21!("section-3.1");
    ResponseType: Must, "OAuth 2.1 §4.1.1", "The response type is code; there is no other.", oauth21!("section-4.1.1");
    ResponseMode: Must, "OAuth 2.1 §4.1.2", "The response comes back in the query of the redirect URI.", oauth21!("section-4.1.2");
    PkceRequired: Must, "OAuth 2.1 §4.1.1", "The request carries a code challenge made with S256.", oauth21!("section-4.1.1");
    PkceChallenge: Must, "RFC 7636 §4.2", "An S256 challenge is the base64url of a SHA-256 hash: 43 characters.", rfc!("7636.html#section-4.2");
    PkceFresh: Should, "RFC 9700 §2.1.1", "A challenge that stays the same from request to request protects nothing, and is refused.", rfc!("9700.html#section-2.1.1");
    PkceVerifier: Must, "RFC 7636 §4.1", "The verifier is fresh, random, and 43 to 128 characters long.", rfc!("7636.html#section-4.1");
    ResourceParameter: Must, "RFC 8707 §2", "The request names the server that the token is for.", rfc!("8707.html#section-2");
    ScopeSyntax: Must, "RFC 6749 §3.3", "Scopes are known names, separated by spaces.", rfc!("6749.html#section-3.3");
    ScopeSelection: Should, "MCP Authorization, Scope Selection", "The client takes the scopes of the challenge, else those of the resource metadata, else none.", mcp!("authorization#scope-selection-strategy", "authorization#scope-selection-strategy");
    OfflineAccess: May, "MCP 2026-07-28 Authorization, Refresh Tokens", "A client that wants a refresh token asks for offline_access, but only where the authorization server lists it.", only_2026!("authorization#refresh-tokens");
    ClientGrantTypes: Should, "RFC 7591 §2", "A client uses only the grant types that it lists.", rfc!("7591.html#section-2");
    State: Should, "MCP Authorization, Open Redirection", "The client sends an unguessable state and discards responses that do not bring it back.", mcp!("authorization#open-redirection", "authorization/security-considerations#open-redirection");
    RequestObject: May, "OpenID Connect Core §6", "Request objects are not supported here and are refused by name.", Place::Shared("https://openid.net/specs/openid-connect-core-1_0.html#JWTRequests");
    RegistrationParameter: May, "OpenID Connect Core §7.2.1", "The registration parameter is not supported here and is refused by name.", Place::Shared("https://openid.net/specs/openid-connect-core-1_0.html#RegistrationParameter");
    Prompt: May, "OpenID Connect Core §3.1.2.1", "prompt=none asks for an answer without any page.", Place::Shared("https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest");
    // Sign-in and consent
    UserFirst: Must, "OAuth 2.1 §7.12.2", "Nobody is redirected anywhere, not even with an error, before signing in.", oauth21!("section-7.12.2");
    ConsentCsrf: Must, "MCP Security Best Practices, Consent UI", "The consent form is bound to the browser that started the request.", best_practices!("required-protections");
    ConsentOnce: Must, "OAuth 2.1 §4.1.2", "One decision gives one answer.", oauth21!("section-4.1.2");
    AccessDenied: Must, "OAuth 2.1 §4.1.2.1", "When the person says no, the client is told access_denied.", oauth21!("section-4.1.2.1");
    FaultByRedirect: Must, "OAuth 2.1 §4.1.2.1", "A fault of the server is told to the client by redirect, as server_error or temporarily_unavailable.", oauth21!("section-4.1.2.1");
    Unavailable: May, "RFC 9110 §15.6.4", "A server that cannot answer for a while says 503, and when to try again.", rfc!("9110.html#section-15.6.4");
    GuessingIsSlow: Must, "OAuth 2.1 §2.4.1", "An endpoint that takes passwords or secrets is protected against guessing.", oauth21!("section-2.4.1");
    RequestExpired: Should, "OAuth 2.1 §7.12", "An authorization request that nobody answers ends by itself.", oauth21!("section-7.12");
    // Authorization response
    IssParameter: Must, "RFC 9207 §2.4", "The response's iss, if there is one, is identical to the issuer that was asked; it is there when the metadata promises it." / "The response's iss, if there is one, is identical to the issuer that was recorded before the browser left; it is there when the metadata promises it. This holds for errors too.", rfc!("9207.html#section-2.4");
    AuthorizationError: Must, "OAuth 2.1 §4.1.2.1", "A response with an error ends the request: there is nothing to redeem.", oauth21!("section-4.1.2.1");
    // Token
    TokenRequest: Must, "OAuth 2.1 §3.2", "The token request is a POST with a form body.", oauth21!("section-3.2");
    GrantType: Must, "OAuth 2.1 §3.2.4", "The grant type is one that the server offers.", oauth21!("section-3.2.4");
    ClientAuthentication: Must, "OAuth 2.1 §2.4", "A public client names itself and sends no secret.", oauth21!("section-2.4");
    DeclaredAuthentication: Must, "OAuth 2.1 §2.4", "A client authenticates by the method it is registered with, and by no other.", oauth21!("section-2.4");
    OneAuthentication: Must, "OAuth 2.1 §3.2.4", "A request uses at most one method of client authentication.", oauth21!("section-3.2.4");
    ClientSecret: Must, "OAuth 2.1 §2.4.1", "The secret is the client's; in the Authorization header, id and secret are form-encoded before they are joined.", oauth21!("section-2.4.1");
    ClientAssertionFormat: Must, "RFC 7523 §2.2", "A client assertion is exactly one JWT, of the type jwt-bearer.", rfc!("7523.html#section-2.2");
    ClientAssertion: Must, "RFC 7523 §3", "The assertion is signed by the client, is about the client, is meant for this server, and expires soon.", rfc!("7523.html#section-3");
    ClientAssertionOnce: May, "RFC 7523 §3", "An assertion is accepted once.", rfc!("7523.html#section-3");
    CodeBinding: Must, "OAuth 2.1 §4.1.3", "The code was issued to this client, for this redirect URI.", oauth21!("section-4.1.3");
    CodeOnce: Must, "OAuth 2.1 §4.1.3", "A code is redeemed at most once.", oauth21!("section-4.1.3");
    CodeLifetime: Must, "OAuth 2.1 §4.1.2", "A code expires shortly after it was issued.", oauth21!("section-4.1.2");
    PkceVerified: Must, "RFC 7636 §4.6", "The verifier hashes to the challenge that came with the authorization request.", rfc!("7636.html#section-4.6");
    ResourceNarrows: Must, "RFC 8707 §2.2", "The token is for a server that was granted, never for another.", rfc!("8707.html#section-2.2");
    ScopeNarrows: Must, "OAuth 2.1 §3.2.2", "The token never allows more than was granted.", oauth21!("section-3.2.2");
    RefreshBinding: Must, "OAuth 2.1 §4.3", "A refresh token is used by the client that it was issued to.", oauth21!("section-4.3");
    RefreshRotation: Must, "OAuth 2.1 §4.3.1", "A refresh token works once; using it again ends everything that grew from the same consent.", oauth21!("section-4.3.1");
    RefreshLifetime: Should, "OAuth 2.1 §4.3.3", "A refresh token that nobody uses expires.", oauth21!("section-4.3.3");
    GrantActive: Must, "OAuth 2.1 §4.3.1", "What the person allowed is still allowed.", oauth21!("section-4.3.1");
    RefreshReplaced: Must, "OAuth 2.1 §4.3.2", "When a new refresh token comes, the client forgets the old one.", oauth21!("section-4.3.2");
    ClientCredentials: Should, "MCP Extensions, OAuth Client Credentials", "A program without a person asks for a token in its own name, and proves who it is.", Place::Shared("https://modelcontextprotocol.io/extensions/auth/oauth-client-credentials#how-it-works");
    TokenResponse: Must, "OAuth 2.1 §3.2.3", "The answer is JSON with a token and its type, and is not cached.", oauth21!("section-3.2.3");
    AccessTokenRenewed: Should, "OAuth 2.1 §4.3", "A token that ran out is renewed by the refresh token, without the person.", oauth21!("section-4.3");
    // Use
    BearerHeader: Must, "MCP Authorization, Token Requirements", "The token is sent in the Authorization header of every request, never in the URL.", mcp!("authorization#token-requirements", "authorization#token-requirements");
    BearerSyntax: Must, "RFC 6750 §3.1", "A malformed Authorization header is answered 400 invalid_request.", rfc!("6750.html#section-3.1");
    TokenValidity: Must, "RFC 9068 §4", "The token is signed by the authorization server, of type at+jwt, and not expired.", rfc!("9068.html#section-4");
    TokenAudience: Must, "MCP Authorization, Audience", "The server accepts only tokens that were issued for itself.", mcp!("authorization#token-audience-binding-and-validation", "authorization/security-considerations#token-audience-binding-and-validation");
    Initialize: Must, "MCP Lifecycle, Initialization", "The client begins with initialize, then says that it is initialized.", only_2025!("lifecycle#initialization");
    ProtocolVersion: Must, "MCP Lifecycle, Version Negotiation", "Both sides use a revision that both support.", mcp!("lifecycle#version-negotiation", "versioning#protocol-version-negotiation");
    Transport: Must, "MCP Transports, Streamable HTTP", "A request is a POST with one JSON-RPC message; the answer is JSON or an event stream.", mcp!("transports#sending-messages-to-the-server", "transports/streamable-http#sending-messages");
    VersionHeader: Must, "MCP Transports, Protocol Version Header", "A request of a revision that the server does not speak is refused." / "A request of a revision that the server does not speak is refused, and the answer says which it speaks.", mcp!("transports#protocol-version-header", "transports/streamable-http#protocol-version-header");
    StandardHeaders: Must, "MCP 2026-07-28 Transports, Server Validation", "Method, name and version stand in headers too, and say the same as the body.", only_2026!("transports/streamable-http#server-validation");
    RequestMeta: Must, "MCP 2026-07-28 Base Protocol, _meta", "Each request says its revision and what the client can do.", only_2026!("index#meta");
    ParameterHeaders: Must, "MCP 2026-07-28 Transports, Custom Headers", "Arguments that a tool marks with x-mcp-header stand in headers too; a tool that marks them wrongly is not used.", only_2026!("transports/streamable-http#custom-headers-from-tool-parameters");
    InputRequired: Must, "MCP 2026-07-28 Multi Round-Trip Requests", "The server's requestState goes back unchanged, with the retry and with nothing else.", only_2026!("patterns/mrtr#client-requirements-basic-workflow");
    EraDetection: May, "MCP 2026-07-28 Transports, Backward Compatibility", "A server that does not know a stateless request is asked again with initialize.", only_2026!("transports/streamable-http#backward-compatibility");
    SessionExpired: Must, "MCP Transports, Session Management", "When a session is gone, which 404 says, the client begins a new one.", only_2025!("transports#session-management");
    Resumption: Should, "MCP Transports, Resumability", "A stream that breaks off before its answer is taken up behind the last event that came.", only_2025!("transports#resumability-and-redelivery");
    SessionEnd: Should, "MCP Transports, Session Management", "A client that has no more use for a session deletes it.", only_2025!("transports#session-management");
    Cancellation: Should, "MCP Cancellation", "Whoever no longer needs an answer says so." / "Whoever no longer needs an answer closes its stream; the server takes that as the cancellation.", mcp!("utilities/cancellation#cancellation-flow", "transports/streamable-http#cancellation");
    SessionOwner: Should, "MCP Security Best Practices, Session Hijacking", "A session belongs to the user who began it; it is no credential.", Place::Only(Revision::V2025_11_25, "https://modelcontextprotocol.io/docs/2025-11-25/tutorials/security/security_best_practices#session-hijacking");
    Origin: Must, "MCP Transports, Security Warning", "The server checks Origin, so that no foreign web page can use it.", mcp!("transports#security-warning", "transports/streamable-http#security-%26-endpoint");
    Cors: Must, "Fetch, CORS Protocol", "A page reads an answer of another origin only if the answer lets it, and of its headers only those that the answer exposes.", Place::Shared("https://fetch.spec.whatwg.org/#http-cors-protocol");
    Introspection: Must, "RFC 7662 §2.1", "The authorization server tells only protected resources that it knows whether a token is good.", rfc!("7662.html#section-2.1");
    TokenRevoked: Should, "RFC 7662 §2.2", "A token that the authorization server calls inactive is not accepted.", rfc!("7662.html#section-2.2");
    Revocation: Must, "RFC 7009 §2.1", "A client can end what it was granted, by any of its tokens.", rfc!("7009.html#section-2.1");
    // Step-up
    InsufficientScope: Should, "MCP Authorization, Runtime Insufficient Scope", "A valid token without the scope is answered 403 insufficient_scope with the scopes to ask for." / "A valid token without the scope is answered 403 insufficient_scope with all scopes that the operation needs.", mcp!("authorization#runtime-insufficient-scope-errors", "authorization#runtime-insufficient-scope-errors");
    StepUp: Should, "MCP Authorization, Step-Up Flow", "The client asks for the scopes of the challenge, and gives up after a few attempts." / "The client asks for the scopes of the challenge and those it asked for before, and gives up after a few attempts.", mcp!("authorization#step-up-authorization-flow", "authorization#step-up-authorization-flow");
}

impl Clause {
    /// The rule in our words, for whoever does not know the revision: as 2025-11-25 has it, if it has it.
    #[must_use]
    pub fn rule(self) -> &'static str {
        self.rule_in(Revision::default())
    }

    /// Where it stands, for whoever does not know the revision: in 2025-11-25, if it stands there.
    #[must_use]
    pub fn url(self) -> &'static str {
        self.url_in(Revision::default())
    }

    /// Where it stands in this revision. A rule of the other revision alone stands where it stands.
    #[must_use]
    pub fn url_in(self, revision: Revision) -> &'static str {
        match (self.place(), revision) {
            (Place::Shared(url) | Place::Only(_, url), _)
            | (Place::Each { in_2025: url, .. }, Revision::V2025_11_25)
            | (Place::Each { in_2026: url, .. }, Revision::V2026_07_28) => url,
        }
    }

    /// The only revision that has this rule; `None` if both have it.
    #[must_use]
    pub fn only_in(self) -> Option<Revision> {
        match self.place() {
            Place::Only(revision, _) => Some(revision),
            Place::Shared(_) | Place::Each { .. } => None,
        }
    }

    /// Whether this revision has the rule.
    #[must_use]
    pub fn is_in(self, revision: Revision) -> bool {
        self.only_in().is_none_or(|only| only == revision)
    }

    /// The stable name that traces and exports use: `resource-identity`.
    #[must_use]
    pub fn id(self) -> String {
        self.letters_of_id().collect()
    }

    fn letters_of_id(self) -> impl Iterator<Item = char> {
        self.name().char_indices().flat_map(|(at, letter)| {
            let hyphen = (at > 0 && letter.is_ascii_uppercase()).then_some('-');
            hyphen.into_iter().chain([letter.to_ascii_lowercase()])
        })
    }
}

// By hand, because what is derived for so many variants is 30 KB of the page.

impl Serialize for Clause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.id())
    }
}

impl<'de> Deserialize<'de> for Clause {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = <Cow<'de, str>>::deserialize(deserializer)?;
        let known = Self::ALL.iter().find(|clause| clause.letters_of_id().eq(id.chars()));
        known.copied().ok_or_else(|| D::Error::custom("unknown clause"))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn every_clause_can_be_looked_up_in_each_revision() {
        for (clause, revision) in Clause::ALL.iter().flat_map(|clause| Revision::ALL.map(|r| (clause, r))) {
            assert!(!clause.id().is_empty());
            let url = clause.url_in(revision);
            assert!(url.starts_with("https://"), "{clause:?}");
            // The order of the ways stands at the top of its page.
            let is_a_page = url.ends_with("/authorization/client-registration");
            assert!(url.contains('#') || is_a_page, "{clause:?} must lead to a section");
            assert!(clause.rule_in(revision).ends_with('.'), "{clause:?}");
        }
    }

    #[test]
    fn a_rule_of_mcp_leads_to_the_specification_of_the_chosen_revision() {
        for (clause, revision) in Clause::ALL.iter().flat_map(|clause| Revision::ALL.map(|r| (clause, r))) {
            let url = clause.url_in(revision);
            let dated = Revision::ALL.into_iter().find(|dated| url.contains(dated.as_str()));
            let expected = match clause.place() {
                Place::Shared(_) => None,
                Place::Each { .. } => Some(revision),
                Place::Only(only, _) => Some(only),
            };
            assert_eq!(dated, expected, "{clause:?}");
        }
    }

    #[test]
    fn a_rule_may_be_in_one_revision_only_or_differ() {
        let [older, newer] = Revision::ALL;
        assert_eq!(Clause::StandardHeaders.only_in(), Some(newer));
        assert!(!Clause::StandardHeaders.is_in(older) && Clause::StandardHeaders.is_in(newer));
        assert!(Clause::Initialize.is_in(older) && !Clause::Initialize.is_in(newer));
        assert_eq!(Clause::StepUp.only_in(), None);
        assert_ne!(Clause::StepUp.rule_in(older), Clause::StepUp.rule_in(newer));
        assert_eq!(Clause::CodeOnce.rule_in(older), Clause::CodeOnce.rule_in(newer));
    }

    #[test]
    fn ids_are_stable_names() {
        assert_eq!(Clause::ResourceIdentity.id(), "resource-identity");
        for clause in Clause::ALL {
            let written = serde_json::to_string(clause).unwrap();
            assert_eq!(written, format!("\"{}\"", clause.id()));
            assert_eq!(serde_json::from_str::<Clause>(&written).unwrap(), *clause);
        }
        assert!(serde_json::from_str::<Clause>("\"codeonce\"").is_err());
    }
}
