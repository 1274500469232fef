//! The command line: which server, as whom, and what to print.

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use flow::identity::{Credentials, Identities, MetadataDocument, Proof, SelfDescription};
use flow::{Agenda, Config, Era, OnBehalf};
use protocol::cimd::ClientIdUrl;
use protocol::client_metadata::{ApplicationType, AuthMethod};
use protocol::ids::{ClientId, IdentifierError, Issuer, RedirectUri, ResourceUri};
use protocol::loopback::LoopbackPolicy;
use protocol::revision::Revision;
use protocol::secret::Secret;

use crate::exit;

pub mod attack;

pub use attack::AttackArgs;

/// The lab's MCP server, as `just demo` starts it.
pub const LAB_SERVER: &str = "http://localhost:8001/mcp";
/// The metadata document of the lab's client.
pub const LAB_DOCUMENT: &str = "http://localhost:3000/client.json";
/// Lists no port: a listener on whichever port of this machine may be meant.
pub(crate) const LOOPBACK_REDIRECT: &str = "http://127.0.0.1/callback";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "mcp-auth-lab", version, about = "An MCP client that shows every message of MCP authorization", after_help = exit::HELP)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Walk the journey: discovery, registration, consent, tool calls, step-up; every message and every check
    #[command(after_help = exit::HELP)]
    Trace(TraceArgs),
    /// Call one tool, with authorization as far as the server wants it, and print what it answers
    #[command(after_help = exit::HELP)]
    Call(CallArgs),
    /// Find out what a server says about itself and its authorization, in the order in which a client asks, with verdicts
    #[command(after_help = exit::HELP)]
    Inspect(InspectArgs),
    /// Open a token, verify its signature and judge its claims
    #[command(after_help = exit::HELP)]
    Token(TokenArgs),
    /// Break a rule, and see who refuses: attacks on the lab, or on a server of your own
    ///
    /// `attack list` shows all attacks, `attack ID` performs one and explains it, `attack --all` performs all. They are
    /// performed in a lab that runs, for real. With --server those that make sense elsewhere are performed at an MCP server of
    /// your own and at its authorization server, as tests of what these must refuse.
    #[command(after_help = exit::ATTACK_HELP)]
    Attack(AttackArgs),
    /// Be the client of the official conformance suite
    ///
    /// Reads the suite's environment: `MCP_CONFORMANCE_PROTOCOL_VERSION` and `MCP_CONFORMANCE_CONTEXT`.
    #[command(after_help = exit::HELP)]
    Conformance(ConformanceArgs),
    /// Print a script that completes this command line in your shell
    Completions {
        /// Which shell.
        shell: Shell,
    },
}

/// How to print.
#[derive(Clone, Copy, Debug, Args)]
pub struct OutputArgs {
    /// Print one JSON object at the end instead of text
    #[arg(long)]
    pub json: bool,
    /// Print codes, verifiers and tokens instead of masking them
    #[arg(long)]
    pub show_secrets: bool,
}

/// `trace`.
#[derive(Debug, Args)]
pub struct TraceArgs {
    /// Which server, and as whom.
    #[command(flatten)]
    pub connect: ConnectArgs,
    /// Call every tool that the server lists, with made-up arguments, also those that change something
    ///
    /// By default the lab's two tools are called at the lab; elsewhere the tools are listed and none is called.
    #[arg(long)]
    pub every_tool: bool,
    /// Give the tokens back at the end
    #[arg(long)]
    pub revoke: bool,
    /// How to print.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `call`.
#[derive(Debug, Args)]
pub struct CallArgs {
    /// The tool's name
    pub tool: String,
    /// Its arguments, as a JSON object
    #[arg(default_value = "{}")]
    pub arguments: String,
    /// Which server, and as whom.
    #[command(flatten)]
    pub connect: ConnectArgs,
    /// How to print.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// The MCP server
    #[arg(value_name = "URL")]
    pub server: String,
    /// Which revision of the specification to judge by
    #[arg(long, value_enum, default_value_t = RevisionArg::V2025_11_25)]
    pub revision: RevisionArg,
    /// How to print.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `token`.
#[derive(Debug, Args)]
pub struct TokenArgs {
    /// The token; `-` or nothing reads it from standard input, where it stays out of the shell's history
    #[arg(default_value = "-")]
    pub token: String,
    /// Verify it as a token for this MCP server: its authorization server is found as a client finds it
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// `conformance`.
#[derive(Debug, Args)]
pub struct ConformanceArgs {
    /// The MCP server, as the suite gives it
    #[arg(value_name = "URL")]
    pub server: String,
    /// Print the whole trace as JSON
    #[arg(long)]
    pub json: bool,
}

/// Which server, and as whom.
#[derive(Debug, Args)]
pub struct ConnectArgs {
    /// The MCP server
    #[arg(long, value_name = "URL", default_value = LAB_SERVER)]
    pub server: String,
    /// Which revision of the specification to follow
    #[arg(long, value_enum, default_value_t = RevisionArg::V2025_11_25)]
    pub revision: RevisionArg,
    /// As whom.
    #[command(flatten)]
    pub client: ClientArgs,
    /// Open a real browser and wait for it, instead of filling in the authorization server's forms
    #[arg(long)]
    pub browser: bool,
    /// The port on which the browser is awaited; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 0, requires = "browser")]
    pub callback_port: u16,
    /// Press Deny on the consent page
    #[arg(long, conflicts_with = "browser")]
    pub deny: bool,
}

/// As whom one comes to a server: the client and the person.
#[derive(Debug, Args)]
pub struct ClientArgs {
    /// How the client comes to be known at the authorization server
    #[arg(long, value_enum, default_value_t = RegistrationArg::Auto)]
    pub registration: RegistrationArg,
    /// Who the client is: the id of a client that is registered already, or the URL of a metadata document
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// The secret of a client that is registered already; better given by the environment
    #[arg(long, value_name = "SECRET", env = "MCP_CLIENT_SECRET", hide_env_values = true)]
    pub client_secret: Option<String>,
    /// The authorization server that --client-secret and --password are for: they are sent to no other
    #[arg(long, value_name = "URL")]
    pub issuer: Option<String>,
    /// Do not read the client's own metadata document first
    #[arg(long)]
    pub skip_document: bool,
    /// Where the authorization server is to send the browser back to, when no real browser is used
    #[arg(long, value_name = "URI", default_value = LOOPBACK_REDIRECT)]
    pub redirect_uri: String,
    /// Who signs in where forms are filled in
    ///
    /// By default somebody else than most people choose on the lab's page, so that each sees a first consent.
    #[arg(long, value_name = "NAME", default_value = "grace")]
    pub account: String,
    /// The password of the account, where a form asks for one
    #[arg(long, value_name = "PASSWORD", env = "MCP_PASSWORD", hide_env_values = true)]
    pub password: Option<String>,
}

/// A revision, or whichever the server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RevisionArg {
    /// 2025-11-25.
    #[value(name = "2025-11-25")]
    V2025_11_25,
    /// 2026-07-28.
    #[value(name = "2026-07-28")]
    V2026_07_28,
    /// The newest that the server speaks.
    Auto,
}

impl RevisionArg {
    /// As the flow takes it.
    #[must_use]
    pub fn era(self) -> Era {
        match self {
            Self::V2025_11_25 => Era::Only(Revision::V2025_11_25),
            Self::V2026_07_28 => Era::Only(Revision::V2026_07_28),
            Self::Auto => Era::Detect,
        }
    }
}

/// A way to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RegistrationArg {
    /// The first way that is open, in the order of the specification.
    Auto,
    /// A client that is registered already (--client-id, --client-secret).
    Pre,
    /// A client metadata document (--client-id URL).
    Cimd,
    /// Dynamic registration.
    Dcr,
}

/// http is accepted on loopback only when the server itself is there.
#[must_use]
pub fn loopback_policy(server: &str) -> LoopbackPolicy {
    if server.starts_with("http://") {
        LoopbackPolicy::AllowHttpOnLoopback
    } else {
        LoopbackPolicy::HttpsOnly
    }
}

/// Why an address cannot be used, with the exception that there is.
#[must_use]
pub fn explain(reason: IdentifierError) -> String {
    match reason {
        IdentifierError::NotHttps => format!("{reason}; http is for servers on this machine alone"),
        other => other.to_string(),
    }
}

/// What this program says about itself when it registers.
#[must_use]
pub fn self_description() -> SelfDescription {
    SelfDescription {
        client_name: "MCP Auth Lab (terminal)".into(),
        application_type: ApplicationType::Native,
    }
}

impl ConnectArgs {
    /// Whether the server is the lab's: at its usual address, or asked with a document on this machine by http, which is
    /// legal in the lab alone.
    #[must_use]
    pub fn is_for_the_lab(&self) -> bool {
        let id = self.client.client_id.as_deref();
        self.server == LAB_SERVER || id.is_some_and(|id| id.starts_with("http://"))
    }

    /// The journey, with this to do and this way back.
    ///
    /// # Errors
    /// Which argument cannot be used, and why.
    pub fn config(&self, agenda: Agenda, redirect_uri: Option<RedirectUri>) -> Result<Config, String> {
        self.client.config(&self.server, self.revision.era(), agenda, redirect_uri)
    }
}

impl ClientArgs {
    /// A journey to this server, with this to do and this way back.
    ///
    /// # Errors
    /// Which argument cannot be used, and why.
    pub fn config(
        &self,
        server: &str,
        era: Era,
        agenda: Agenda,
        redirect_uri: Option<RedirectUri>,
    ) -> Result<Config, String> {
        let loopback = loopback_policy(server);
        let redirect_uri = match redirect_uri {
            Some(redirect_uri) => redirect_uri,
            None => RedirectUri::parse(&self.redirect_uri)
                .map_err(|reason| format!("--redirect-uri: {reason}"))?,
        };
        Ok(Config {
            server: ResourceUri::parse(server, loopback)
                .map_err(|reason| format!("--server {server}: {}", explain(reason)))?,
            era,
            loopback,
            redirect_uri,
            identities: self.identities(server, loopback)?,
            on_behalf: OnBehalf::Person,
            agenda,
        })
    }

    /// The authorization server that the person names.
    ///
    /// # Errors
    /// If it is no issuer.
    pub fn issuer(&self, server: &str) -> Result<Option<Issuer>, String> {
        let parse = |issuer| Issuer::parse(issuer, loopback_policy(server));
        let issuer = self.issuer.as_deref().map(parse).transpose();
        issuer.map_err(|reason| format!("--issuer: {}", explain(reason)))
    }

    fn identities(&self, server: &str, loopback: LoopbackPolicy) -> Result<Identities, String> {
        let way = self.registration;
        let is_document = self.client_secret.is_none()
            && self
                .client_id
                .as_deref()
                .is_some_and(|id| ClientIdUrl::is_url_shaped(id) || id.starts_with("http://"));
        let mut identities = Identities::default();
        if matches!(way, RegistrationArg::Auto | RegistrationArg::Dcr) {
            identities.registration = Some(self_description());
        }
        let wants_document = match way {
            RegistrationArg::Cimd => true,
            RegistrationArg::Auto => is_document || self.client_id.is_none() && server == LAB_SERVER,
            RegistrationArg::Pre | RegistrationArg::Dcr => false,
        };
        if wants_document {
            let url = self.client_id.as_deref().unwrap_or(LAB_DOCUMENT);
            let url = ClientIdUrl::parse(url, loopback).map_err(|reason| format!("--client-id: {reason}"))?;
            identities.document = Some(MetadataDocument { url, read_first: !self.skip_document });
        }
        let registered = match (way, &self.client_id) {
            (RegistrationArg::Pre, None) => return Err("--registration pre needs --client-id".into()),
            (RegistrationArg::Pre, Some(id)) => Some(id),
            (RegistrationArg::Auto, Some(id)) if !is_document => Some(id),
            _ => None,
        };
        if let Some(id) = registered {
            let issuer = self.issuer(server)?;
            if self.client_secret.is_some() && issuer.is_none() {
                // The MCP server says which authorization server to use: without this it could name its own.
                return Err("a secret needs --issuer, the authorization server that it is for".into());
            }
            identities.registered.push(Credentials {
                issuer,
                client_id: ClientId::parse(id).map_err(|reason| format!("--client-id: {reason}"))?,
                proof: match &self.client_secret {
                    Some(secret) => Proof::Secret(Secret::new(secret), None::<AuthMethod>),
                    None => Proof::Nothing,
                },
            });
        }
        Ok(identities)
    }
}
