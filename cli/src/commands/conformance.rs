//! `conformance URL`: the client of the official suite, by its contract: the server as the last argument, the rest in the
//! environment, nothing read from standard input, nothing demanded on standard output.

use std::env;
use std::time::Duration;

use flow::identity::{Credentials, Identities, MetadataDocument, Proof};
use flow::{Agenda, Config, Era, Farewell, Flow, OnBehalf};
use protocol::cimd::ClientIdUrl;
use protocol::client_keys::SigningAlgorithm;
use protocol::ids::{ClientId, Issuer, RedirectUri, ResourceUri};
use protocol::loopback::LoopbackPolicy;
use protocol::mcp::ToolCall;
use protocol::revision::Revision;
use protocol::secret::Secret;
use serde::Deserialize;

use super::{CommandError, Helper, as_json, driver, print_json};
use crate::args::{ConformanceArgs, OutputArgs, self_description};
use crate::exit::Exit;
use crate::report::{Palette, Report};
use walker::http::Http;
use walker::person::{Decision, Person};
use walker::signer::Signer;

/// The suite does not end a client that hangs.
const DEADLINE: Duration = Duration::from_secs(20);
/// The id that the suite knows; nobody fetches it.
const DOCUMENT: &str = "https://conformance-test.local/client-metadata.json";
/// The suite's authorization server answers at once, and nobody listens here.
const REDIRECT_URI: &str = "http://127.0.0.1:8090/callback";

/// What the suite says in `MCP_CONFORMANCE_CONTEXT`, as far as this client acts on it.
#[derive(Default, Deserialize)]
struct Context {
    client_id: Option<String>,
    client_secret: Option<Secret>,
    issuer: Option<String>,
    private_key_pem: Option<Secret>,
    signing_algorithm: Option<String>,
    #[serde(rename = "toolCalls", default)]
    tool_calls: Vec<ToolCall>,
}

/// Does a whole session with the suite's servers.
///
/// # Errors
/// [`CommandError`].
pub async fn run(args: &ConformanceArgs) -> Result<Exit, CommandError> {
    let context = match env::var("MCP_CONFORMANCE_CONTEXT") {
        Ok(text) => serde_json::from_str(&text)
            .map_err(|reason| CommandError::Usage(format!("MCP_CONFORMANCE_CONTEXT: {reason}")))?,
        Err(_) => Context::default(),
    };
    let revision = match env::var("MCP_CONFORMANCE_PROTOCOL_VERSION") {
        Ok(date) => Revision::parse(&date)
            .ok_or_else(|| CommandError::Usage(format!("this client does not speak revision {date}")))?,
        Err(_) => Revision::default(),
    };
    let (identities, on_behalf, signer) = context.identities()?;
    let config = Config {
        server: ResourceUri::parse(&args.server, LoopbackPolicy::AllowHttpOnLoopback).map_err(usage)?,
        era: Era::Only(revision),
        loopback: LoopbackPolicy::AllowHttpOnLoopback,
        redirect_uri: RedirectUri::parse(REDIRECT_URI).map_err(usage)?,
        identities,
        on_behalf,
        agenda: if context.tool_calls.is_empty() {
            Agenda::EveryTool
        } else {
            Agenda::Calls(context.tool_calls)
        },
    };
    let http = Http::new()?;
    let mut helper = Helper::scripted(Person::new(http.clone(), "nobody", Decision::Allow), signer);
    let mut flow = Flow::new(config);
    let driver = driver(http);
    let session = driver.walk_and_leave(&mut flow, Farewell::EndSession, &mut helper, |_| ());
    let Ok(walked) = tokio::time::timeout(DEADLINE, session).await else {
        eprintln!("error: the session has not ended within {} seconds", DEADLINE.as_secs());
        return Ok(Exit::Unreachable);
    };
    if args.json {
        print_json(&as_json(&flow, &walked, OutputArgs { json: true, show_secrets: false }))?;
    } else {
        Report::new(std::io::stderr(), Palette::plain(), false).conclusion(&flow, &walked)?;
    }
    Ok(Exit::of(&walked, &flow))
}

fn usage<E: std::error::Error>(reason: E) -> CommandError {
    CommandError::Usage(reason.to_string())
}

impl Context {
    /// What the suite gave, and what this client always has to offer. Credentials without an issuer belong to the scenarios
    /// of client credentials: there is no person then.
    fn identities(&self) -> Result<(Identities, OnBehalf, Option<Signer>), CommandError> {
        let loopback = LoopbackPolicy::AllowHttpOnLoopback;
        let mut identities = Identities {
            registered: Vec::new(),
            document: Some(MetadataDocument {
                url: ClientIdUrl::parse(DOCUMENT, loopback).map_err(usage)?,
                read_first: false,
            }),
            registration: Some(self_description()),
        };
        let Some(client_id) = &self.client_id else { return Ok((identities, OnBehalf::Person, None)) };
        let (proof, signer) = self.proof()?;
        let issuer = self.issuer.as_deref().map(|issuer| Issuer::parse(issuer, loopback)).transpose();
        let issuer = issuer.map_err(usage)?;
        let on_behalf = if issuer.is_some() { OnBehalf::Person } else { OnBehalf::Itself };
        let client_id = ClientId::parse(client_id).map_err(usage)?;
        identities.registered.push(Credentials { issuer, client_id, proof });
        Ok((identities, on_behalf, signer))
    }

    fn proof(&self) -> Result<(Proof, Option<Signer>), CommandError> {
        if let Some(pem) = &self.private_key_pem {
            let name = self.signing_algorithm.as_deref().unwrap_or("ES256");
            let algorithm = SigningAlgorithm::parse(name)
                .ok_or_else(|| CommandError::Usage(format!("this client does not sign with {name}")))?;
            let signer = Signer::from_pem(pem.reveal(), algorithm)?;
            return Ok((Proof::Key(algorithm, None), Some(signer)));
        }
        let proof = match &self.client_secret {
            Some(secret) => Proof::Secret(secret.clone(), None),
            None => Proof::Nothing,
        };
        Ok((proof, None))
    }
}
