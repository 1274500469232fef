//! Why two runs differ: what the revisions say, and what the servers remembered. Texts are data.

use protocol::clause::Clause;
use protocol::mcp::{METHOD_HEADER, NAME_HEADER, PROTOCOL_VERSION_HEADER, SESSION_ID_HEADER};
use protocol::revision::Revision;

use super::align::rpc_method;
use super::{Part, Place};
use crate::hop::Hop;
use crate::words::path;

/// Why something differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Explanation {
    /// `server/discover` instead of `initialize`.
    DiscoverInstead,
    /// No `notifications/initialized`.
    InitializedGone,
    /// `_meta` in each request.
    MetaInEachMessage,
    /// Headers that repeat the body.
    HeadersMirrorBody,
    /// Headers that repeat arguments.
    ArgumentsInHeaders,
    /// Each names its own revision.
    RevisionNamed,
    /// No sessions.
    NoSession,
    /// What an answer says about itself.
    ResultsDescribeThemselves,
    /// What a refusal names, and what is asked for then.
    ScopesAreUnited,
    /// `offline_access`.
    OfflineAccess,
    /// `application_type`.
    ApplicationType,
    /// A rule of one revision alone.
    RuleOfOneRevision(Clause),
    /// A server had the answer of an earlier run.
    AskedBefore,
    /// The person was signed in.
    SignedInBefore,
}

/// All of them, but for the rules of one revision, which speak for themselves.
pub const EXPLANATIONS: [Explanation; 13] = [
    Explanation::DiscoverInstead,
    Explanation::InitializedGone,
    Explanation::MetaInEachMessage,
    Explanation::HeadersMirrorBody,
    Explanation::ArgumentsInHeaders,
    Explanation::RevisionNamed,
    Explanation::NoSession,
    Explanation::ResultsDescribeThemselves,
    Explanation::ScopesAreUnited,
    Explanation::OfflineAccess,
    Explanation::ApplicationType,
    Explanation::AskedBefore,
    Explanation::SignedInBefore,
];

impl Explanation {
    /// For people.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::DiscoverInstead => {
                "In 2025-11-25 a client begins with initialize, and both sides remember what they agreed on. In 2026-07-28 \
                 there is nothing to remember: server/discover only asks what the server can do, and may be left out."
            }
            Self::InitializedGone => {
                "In 2025-11-25 the client says when it is ready. In 2026-07-28 there is no handshake, so nothing has to be \
                 concluded."
            }
            Self::MetaInEachMessage => {
                "In 2026-07-28 each request stands alone: revision, name and capabilities of the client, which \
                 initialize said once in 2025-11-25, stand in _meta every time."
            }
            Self::HeadersMirrorBody => {
                "In 2026-07-28 method, name and revision stand in headers too, so that a gateway can route a request \
                 without reading its body. The server refuses a request whose headers and body differ."
            }
            Self::ArgumentsInHeaders => {
                "In 2026-07-28 a tool may mark arguments that stand in headers too, for gateways that route by them."
            }
            Self::RevisionNamed => "Each run says which revision it follows.",
            Self::NoSession => {
                "In 2025-11-25 the server may give the client a session, whose id then comes with each request. In \
                 2026-07-28 there are no sessions: the token alone says who calls."
            }
            Self::ResultsDescribeThemselves => {
                "In 2026-07-28 each result says of what kind it is, lists say how long they may be kept and by whom, and \
                 the server names itself in _meta instead of in the answer to initialize."
            }
            Self::ScopesAreUnited => {
                "In 2025-11-25 the refusal names everything to ask for, what was granted included, and the client asks for \
                 just that. In 2026-07-28 it names what this operation needs, and the client adds what it asked for before."
            }
            Self::OfflineAccess => {
                "In 2026-07-28 a client that wants a refresh token asks for offline_access where the authorization server \
                 lists it. 2025-11-25 says nothing about it."
            }
            Self::ApplicationType => {
                "In 2026-07-28 a client that registers says whether it runs on the web or on a person's own machine, which \
                 decides where it may be sent back to."
            }
            Self::RuleOfOneRevision(clause) => clause.rule(),
            Self::AskedBefore => {
                "No difference of the revisions: the server still had the answer from before, and did not ask again."
            }
            Self::SignedInBefore => {
                "No difference of the revisions: in one of the runs you were signed in at the authorization server already."
            }
        }
    }

    /// The rule; `None` where it is no difference of the revisions.
    #[must_use]
    pub fn clause(self) -> Option<Clause> {
        match self {
            Self::DiscoverInstead | Self::InitializedGone => Some(Clause::Initialize),
            Self::MetaInEachMessage => Some(Clause::RequestMeta),
            Self::HeadersMirrorBody => Some(Clause::StandardHeaders),
            Self::ArgumentsInHeaders => Some(Clause::ParameterHeaders),
            Self::RevisionNamed => Some(Clause::ProtocolVersion),
            Self::NoSession => Some(Clause::SessionExpired),
            Self::ResultsDescribeThemselves => Some(Clause::Transport),
            Self::ScopesAreUnited => Some(Clause::StepUp),
            Self::OfflineAccess => Some(Clause::OfflineAccess),
            Self::ApplicationType => Some(Clause::ApplicationType),
            Self::RuleOfOneRevision(clause) => Some(clause),
            Self::AskedBefore | Self::SignedInBefore => None,
        }
    }

    /// Whether the revisions are the reason.
    #[must_use]
    pub fn is_of_revision(self) -> bool {
        self.clause().is_some()
    }
}

/// Why a hop is in one run only.
pub(super) fn of_hop(hop: &Hop) -> Option<Explanation> {
    let sent = hop.sent()?;
    if sent.method == "DELETE" {
        return Some(Explanation::NoSession);
    }
    match sent.body.and_then(rpc_method).as_deref() {
        Some("notifications/initialized") => Some(Explanation::InitializedGone),
        Some("initialize" | "server/discover") => Some(Explanation::DiscoverInstead),
        _ => (path(sent.url) == "/sign-in").then_some(Explanation::SignedInBefore),
    }
}

/// Why a part differs between two hops.
pub(super) fn of_part(left: &Hop, right: &Hop, part: &Part) -> Option<Explanation> {
    let name = part.name.as_str();
    let only_one = part.left.is_none() || part.right.is_none();
    match part.place {
        _ if names_revisions(part) => Some(Explanation::RevisionNamed),
        Place::RequestHeader | Place::ResponseHeader if name == SESSION_ID_HEADER => {
            Some(Explanation::NoSession)
        }
        Place::RequestHeader if [PROTOCOL_VERSION_HEADER, METHOD_HEADER, NAME_HEADER].contains(&name) => {
            Some(Explanation::HeadersMirrorBody)
        }
        Place::RequestHeader if name.starts_with("mcp-param-") => Some(Explanation::ArgumentsInHeaders),
        Place::RequestBody if name == "params" || name.starts_with("params._meta.") => {
            Some(Explanation::MetaInEachMessage)
        }
        Place::RequestBody | Place::ResponseBody if name == "application_type" => {
            Some(Explanation::ApplicationType)
        }
        Place::ResponseBody
            if ["result.resultType", "result.ttlMs", "result.cacheScope"].contains(&name)
                || name.starts_with("result._meta.") =>
        {
            Some(Explanation::ResultsDescribeThemselves)
        }
        Place::RequestBody | Place::ResponseBody if is_greeting(left) || is_greeting(right) => {
            Some(Explanation::DiscoverInstead)
        }
        Place::ResponseHeader if name == "www-authenticate" => Some(Explanation::ScopesAreUnited),
        Place::ResponseHeader if name == "location" => Some(Explanation::SignedInBefore),
        Place::Check => of_check(left, right, name),
        _ if name.contains("scope") || name == "offline_access" => {
            let asks = |value: &Option<String>| value.as_deref().unwrap_or(name).contains("offline_access");
            let offline = asks(&part.left) != asks(&part.right) || only_one && name == "offline_access";
            Some(if offline { Explanation::OfflineAccess } else { Explanation::ScopesAreUnited })
        }
        _ => None,
    }
}

fn names_revisions(part: &Part) -> bool {
    let revision = |value: &Option<String>| value.as_deref().and_then(Revision::parse);
    matches!((revision(&part.left), revision(&part.right)), (Some(left), Some(right)) if left != right)
}

fn is_greeting(hop: &Hop) -> bool {
    let method = hop.sent().and_then(|sent| sent.body.and_then(rpc_method));
    matches!(method.as_deref(), Some("initialize" | "server/discover"))
}

/// A check that one run alone has: often its rule is one of that revision alone.
fn of_check(left: &Hop, right: &Hop, title: &str) -> Option<Explanation> {
    let check = left.checks.iter().chain(&right.checks).find(|check| check.title == title)?;
    match check.clause {
        Clause::SessionExpired => Some(Explanation::NoSession),
        Clause::Initialize => Some(Explanation::InitializedGone),
        Clause::OfflineAccess => Some(Explanation::OfflineAccess),
        Clause::ApplicationType => Some(Explanation::ApplicationType),
        clause => clause.only_in().map(|_| Explanation::RuleOfOneRevision(clause)),
    }
}
