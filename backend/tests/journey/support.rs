//! A lab on free ports, with a clock that stands still, and the client and the person of the terminal.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use backend::lab::{self, Options};
use clap::Parser as _;
use flow::{Config, Env, Flow};
use mcp_auth_lab::driver::{DriveError, walk};
use mcp_auth_lab::http::Http;
use mcp_auth_lab::person::{Decision, Person};
use protocol::cimd::ClientIdUrl;
use protocol::ids::{RedirectUri, ResourceUri, UnixTime};
use protocol::loopback::LoopbackPolicy;
use protocol::revision::Revision;
use server_kit::clock::{Clock as _, FixedClock};
use server_kit::entropy::SeededEntropy;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// 2027-01-15T08:00:00Z.
const START: UnixTime = UnixTime(1_800_000_000);

pub(crate) struct Lab {
    pub(crate) page: String,
    pub(crate) mcp_server: String,
    pub(crate) authorization_server: String,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) http: Http,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
    /// The built page, as small as can be.
    _page_folder: tempfile::TempDir,
}

/// What trunk's output looks like, in short.
pub(crate) const INDEX: &str =
    "<!doctype html><title>page</title><script type=\"module\">import init from '/web-client-1.js';</script>";

impl Lab {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("index.html"), INDEX).unwrap();
        std::fs::write(folder.path().join("web-client-1.js"), "export default 1;").unwrap();
        let dir = folder.path().to_str().unwrap();
        let options = Options::parse_from([
            "lab",
            "--page-port",
            "0",
            "--mcp-port",
            "0",
            "--as-port",
            "0",
            "--no-open",
            "--page-dir",
            dir,
        ]);
        let clock = Arc::new(FixedClock::at(START));
        let entropy = Arc::new(SeededEntropy::new(1));
        let lab = lab::Lab::start(&options, Arc::<FixedClock>::clone(&clock), entropy).await.unwrap();
        let (page, mcp_server) = (lab.page().to_owned(), lab.mcp_server().to_owned());
        let authorization_server = lab.authorization_server().to_owned();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(lab.serve_until(async {
            stopped.await.unwrap();
        }));
        let http = Http::new().unwrap();
        Self { page, mcp_server, authorization_server, clock, http, stop, served, _page_folder: folder }
    }

    pub(crate) fn config(&self) -> Config {
        let loopback = LoopbackPolicy::AllowHttpOnLoopback;
        Config {
            server: ResourceUri::parse(&self.mcp_server, loopback).unwrap(),
            revision: Revision::V2025_11_25,
            loopback,
            client_id: ClientIdUrl::parse(&format!("{}/client.json", self.page), loopback).unwrap(),
            redirect_uri: RedirectUri::parse(&format!("{}/callback", self.page)).unwrap(),
            calls: Config::lab_calls(),
        }
    }

    pub(crate) fn person(&self, decision: Decision) -> Person {
        Person::new(self.http.clone(), "ada", decision)
    }

    /// Walks this journey; `observe` sees the flow after each thing that happened.
    pub(crate) async fn walk(
        &self,
        flow: &mut Flow,
        person: &mut Person,
        observe: impl FnMut(&Flow),
    ) -> Result<(), DriveError> {
        let counter = AtomicU8::new(0);
        let env = || Env {
            now_ms: self.clock.now().0 * 1000,
            entropy: [counter.fetch_add(1, Ordering::SeqCst) + 1; 64],
        };
        walk(flow, &self.http, person, env, observe).await
    }

    /// Ends the lab as Ctrl-C does, and waits for its end.
    pub(crate) async fn end(self) {
        self.stop.send(()).unwrap();
        self.served.await.unwrap();
    }
}
