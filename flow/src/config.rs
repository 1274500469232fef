//! What a flow is to do, and what it has to offer.

use protocol::ids::{RedirectUri, ResourceUri};
use protocol::loopback::LoopbackPolicy;
use protocol::mcp::ToolCall;
use protocol::revision::Revision;
use protocol::secret::Secret;
use protocol::token_endpoint::{AUTHORIZATION_CODE, CLIENT_CREDENTIALS};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::identity::{Credentials, Identities, Proof};

/// The journey that a flow walks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// The MCP server, as the person typed it.
    pub server: ResourceUri,
    /// Which revision of the specification it follows.
    pub era: Era,
    /// Whether http on loopback is accepted.
    pub loopback: LoopbackPolicy,
    /// Where the authorization server sends the browser back to.
    pub redirect_uri: RedirectUri,
    /// Who the client can say it is.
    pub identities: Identities,
    /// In whose name it asks for tokens.
    pub on_behalf: OnBehalf,
    /// What it does once it may.
    pub agenda: Agenda,
}

impl Config {
    /// What of it must not be shown.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        let secret = |credentials: &Credentials| match &credentials.proof {
            Proof::Secret(secret, _) => Some(secret.clone()),
            Proof::Nothing | Proof::Key(..) => None,
        };
        self.identities.registered.iter().filter_map(secret).collect()
    }
}

/// Which revision of the specification a flow follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Era {
    /// This one; a server that does not speak it is a reason to stop.
    Only(Revision),
    /// The newest that the server speaks: it is asked in the manner of 2026-07-28 first.
    Detect,
}

impl Era {
    /// The revision to begin with.
    #[must_use]
    pub fn first(self) -> Revision {
        match self {
            Self::Only(revision) => revision,
            Self::Detect => Revision::V2026_07_28,
        }
    }
}

/// In whose name a client asks for tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnBehalf {
    /// A person's, who is asked in a browser (authorization code with PKCE).
    #[default]
    Person,
    /// Its own (client credentials): there is no person.
    Itself,
}

impl OnBehalf {
    /// The `grant_type` of the first token request.
    pub(crate) fn grant_type(self) -> &'static str {
        match self {
            Self::Person => AUTHORIZATION_CODE,
            Self::Itself => CLIENT_CREDENTIALS,
        }
    }
}

/// What a flow does once it may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agenda {
    /// Calls these tools, in order.
    Calls(Vec<ToolCall>),
    /// Calls every tool that the server lists, with made-up arguments where the tool demands some.
    EveryTool,
}

impl Agenda {
    /// The lab's own journey: `whoami`, then `get_weather`, which needs more permission.
    #[must_use]
    pub fn lab() -> Self {
        Self::Calls(vec![
            ToolCall::new("whoami", json!({})),
            ToolCall::new("get_weather", json!({ "city": "Paris" })),
        ])
    }
}
