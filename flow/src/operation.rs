//! What a client asks of an MCP server, as messages of the revision in effect.

use protocol::mcp::{self, ToolCall};
use protocol::tool_headers::{MarkedParameter, parameter_headers};
use serde_json::Value;

use crate::config::Config;
use crate::http::Request;
use crate::lessons::steps::Step;
use crate::resume::Resumption;
use crate::session::{Access, Session};
use crate::tools::Tools;
use crate::trace::Party;
use crate::turn::Outgoing;

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Begins a session (2025-11-25).
    Initialize,
    /// Ends the greeting (2025-11-25).
    Initialized,
    /// Asks what the server can do (2026-07-28).
    Discover,
    /// Asks for the next page of tools, with what was listed so far.
    ListTools { cursor: Option<String>, listed: Tools },
    /// Calls a tool.
    Call(Call),
    /// Goes after the answer of a stream that broke off (2025-11-25).
    Resume(Resumption),
}

/// A call, and how often it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) what: ToolCall,
    /// Arguments that the tool wants in headers too. Kept with the call: what was listed with one token may be unknown
    /// with the next.
    pub(crate) marked: Vec<MarkedParameter>,
    /// What the server gave along when it wanted to be asked once more.
    pub(crate) request_state: Option<String>,
    /// Whether it was refused before, for its scope or its token.
    pub(crate) repeated: bool,
    /// Whether the tools were listed anew for it.
    pub(crate) relisted: bool,
    /// How often the server wanted to be asked once more.
    pub(crate) rounds: u32,
}

impl Call {
    pub(crate) fn new(call: ToolCall, tools: Option<&Tools>) -> Self {
        let marked = tools.map(|tools| tools.marked(&call.name)).unwrap_or_default();
        Self { what: call, marked, request_state: None, repeated: false, relisted: false, rounds: 0 }
    }
}

impl Operation {
    /// What is remembered when it fails: method, and tool.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Initialize => "initialize".into(),
            Self::Initialized => "notifications/initialized".into(),
            Self::Discover => "server/discover".into(),
            Self::ListTools { .. } => "tools/list".into(),
            Self::Call(call) => format!("tools/call {}", call.what.name),
            Self::Resume(resumption) => resumption.of.name(),
        }
    }

    /// The same operation, to be done again after a refusal.
    pub(crate) fn again(self) -> Self {
        match self {
            Self::Call(call) => Self::Call(Call { repeated: true, ..call }),
            other => other,
        }
    }

    /// The same operation with another token. A list begins anew: what one token was shown is not mixed with what another
    /// is.
    ///
    /// Spec: MCP 2026-07-28 Caching.
    pub(crate) fn with_another_token(self) -> Self {
        match self {
            Self::ListTools { .. } => Self::ListTools { cursor: None, listed: Tools::default() },
            other => other,
        }
    }

    fn message(&self, session: &Session) -> Value {
        let (id, revision) = (session.id(), session.revision);
        match self {
            Self::Resume(resumption) => resumption.of.message(session),
            Self::Initialize => mcp::initialize(id, revision),
            Self::Initialized => mcp::initialized(),
            Self::Discover => mcp::discover(id, revision),
            Self::ListTools { cursor, .. } => mcp::list_tools(id, revision, cursor.as_deref()),
            Self::Call(call) => mcp::call_tool(id, revision, &call.what, call.request_state.as_deref()),
        }
    }

    fn step(&self, permitted: bool) -> Step {
        match self {
            Self::Initialize | Self::Discover if !permitted => Step::Challenge,
            Self::Initialize | Self::Initialized | Self::Discover => Step::Handshake,
            Self::ListTools { .. } => Step::Tools,
            Self::Call(Call { repeated: true, .. }) => Step::Retry,
            Self::Call(_) | Self::Resume(_) => Step::Call,
        }
    }

    fn title(&self, permitted: bool) -> String {
        let name = self.name();
        match self {
            Self::Initialize | Self::Discover if permitted => format!("{name}, with the token"),
            Self::Initialize | Self::Discover => format!("{name}, without a token"),
            Self::Call(Call { repeated: true, .. }) => format!("{name}, again with the new token"),
            Self::Call(Call { rounds: 1.., .. }) => format!("{name}, once more as the server asks"),
            Self::Initialized | Self::ListTools { .. } | Self::Call(_) | Self::Resume(_) => name,
        }
    }

    /// The request. The token goes into the header, never into the URL, and nowhere but to the server it is for.
    pub(crate) fn outgoing(&self, config: &Config, session: &Session, access: Option<&Access>) -> Outgoing {
        if let Self::Resume(resumption) = self {
            return resumption.outgoing(config, session, access);
        }
        let message = self.message(session);
        let mut request = Request::post_json(config.server.as_str(), &message).header("accept", mcp::ACCEPT);
        for (name, value) in mcp::standard_headers(session.revision, &message) {
            request = request.header(name, value);
        }
        if let (Self::Call(call), true) = (self, session.revision.is_stateless()) {
            for (name, value) in parameter_headers(&call.marked, &call.what.arguments) {
                request = request.header(&name, value);
            }
        }
        if !session.revision.is_stateless() && *self != Self::Initialize {
            request = session.with_headers(request);
        }
        Outgoing::new(
            self.step(access.is_some()),
            Party::McpServer,
            self.title(access.is_some()),
            with_token(request, access),
        )
    }
}

impl Session {
    /// What every message of a session carries once the server has answered `initialize`.
    pub(crate) fn with_headers(&self, request: Request) -> Request {
        let request = request.header(mcp::PROTOCOL_VERSION_HEADER, self.revision.as_str());
        match &self.server_given_id {
            Some(id) => request.header(mcp::SESSION_ID_HEADER, id.reveal()),
            None => request,
        }
    }
}

/// The request, with the token if there is one.
pub(crate) fn with_token(request: Request, access: Option<&Access>) -> Request {
    match access {
        Some(access) => request.header("authorization", format!("Bearer {}", access.token.secret.reveal())),
        None => request,
    }
}
