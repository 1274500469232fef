//! A lab on free ports, with a clock that stands still, and the client and the person of the terminal.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use backend::lab::{self, Options};
use clap::Parser as _;
use flow::identity::{Identities, MetadataDocument};
use flow::{Agenda, Config, Env, Era, Flow, OnBehalf};
use mcp_auth_lab::driver::{DriveError, Driver};
use mcp_auth_lab::http::Http;
use mcp_auth_lab::interrupts::Interrupts;
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
    counter: AtomicU8,
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
        Self {
            page,
            mcp_server,
            authorization_server,
            clock,
            http,
            counter: AtomicU8::new(0),
            stop,
            served,
            _page_folder: folder,
        }
    }

    /// The client's metadata document.
    pub(crate) fn document(&self) -> ClientIdUrl {
        let loopback = LoopbackPolicy::AllowHttpOnLoopback;
        ClientIdUrl::parse(&format!("{}/client.json", self.page), loopback).unwrap()
    }

    pub(crate) fn config(&self) -> Config {
        let loopback = LoopbackPolicy::AllowHttpOnLoopback;
        Config {
            server: ResourceUri::parse(&self.mcp_server, loopback).unwrap(),
            era: Era::Only(Revision::V2025_11_25),
            loopback,
            redirect_uri: RedirectUri::parse(&format!("{}/callback", self.page)).unwrap(),
            identities: Identities {
                document: Some(MetadataDocument { url: self.document(), read_first: true }),
                ..Identities::default()
            },
            on_behalf: OnBehalf::Person,
            agenda: Agenda::lab(),
        }
    }

    pub(crate) fn person(&self, decision: Decision) -> Person {
        Person::new(self.http.clone(), "ada", decision)
    }

    /// The lab's time, and entropy that differs with each call.
    pub(crate) fn env(&self) -> Env {
        let n = self.counter.fetch_add(1, Ordering::SeqCst);
        Env { now_ms: self.clock.now().0 * 1000, entropy: [n.wrapping_add(1); 64] }
    }

    /// Walks this journey; `observe` sees the flow after each thing that happened.
    pub(crate) async fn walk(
        &self,
        flow: &mut Flow,
        person: &mut Person,
        observe: impl FnMut(&Flow),
    ) -> Result<(), DriveError> {
        let driver = Driver { http: self.http.clone(), interrupts: Interrupts::Never, env: || self.env() };
        driver.walk(flow, person, observe).await
    }

    /// Ends the lab as Ctrl-C does, and waits for its end.
    pub(crate) async fn end(self) {
        self.stop.send(()).unwrap();
        self.served.await.unwrap();
    }
}
