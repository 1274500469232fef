//! A lab on free ports.

use std::sync::Arc;

use backend::lab::{self, Options};
use clap::Parser as _;
use protocol::cimd::ClientIdUrl;
use protocol::loopback::LoopbackPolicy;
use server_kit::clock::Clock;
use server_kit::entropy::SeededEntropy;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use walker::http::Http;
use walker::person::{Decision, Person};

pub(crate) struct Lab {
    pub(crate) page: String,
    pub(crate) mcp_server: String,
    pub(crate) authorization_server: String,
    pub(crate) rogue: String,
    pub(crate) http: Http,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
    /// The built page, as small as can be.
    pub(crate) page_folder: tempfile::TempDir,
}

/// What trunk's output looks like, in short.
pub(crate) const INDEX: &str =
    "<!doctype html><title>page</title><script type=\"module\">import init from '/web-client-1.js';</script>";

/// The texts of a chapter.
pub(crate) const SHEETS: &str = "lessons/2025-11-25/step-up.json";

/// Beside some of the files stand compressed ones; here each says which it is.
pub(crate) const FILES: [(&str, &str); 7] = [
    ("web-client-1.js", "export default 1;"),
    ("web-client-1_bg.wasm", "plain"),
    ("web-client-1_bg.wasm.br", "brotli"),
    ("web-client-1_bg.wasm.gz", "gzip"),
    (SHEETS, "plain"),
    ("lessons/2025-11-25/step-up.json.br", "brotli"),
    ("lessons/2025-11-25/step-up.json.gz", "gzip"),
];

impl Lab {
    pub(crate) async fn start(clock: Arc<impl Clock + 'static>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("index.html"), INDEX).unwrap();
        std::fs::create_dir_all(folder.path().join(SHEETS).parent().unwrap()).unwrap();
        for (name, content) in FILES {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        let dir = folder.path().to_str().unwrap();
        let free_ports = ["--page-port", "0", "--mcp-port", "0", "--as-port", "0", "--rogue-port", "0"];
        let arguments = [&["lab", "--no-open", "--page-dir", dir][..], &free_ports].concat();
        let entropy = Arc::new(SeededEntropy::new(1));
        let lab = lab::Lab::start(&Options::parse_from(arguments), clock, entropy).await.unwrap();
        let (page, mcp_server) = (lab.page().to_owned(), lab.mcp_server().to_owned());
        let authorization_server = lab.authorization_server().to_owned();
        let rogue = lab.rogue().to_owned();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(lab.serve_until(async {
            stopped.await.unwrap();
        }));
        let http = Http::new().unwrap();
        Self { page, mcp_server, authorization_server, rogue, http, stop, served, page_folder: folder }
    }

    /// The client's metadata document.
    pub(crate) fn document(&self) -> ClientIdUrl {
        let loopback = LoopbackPolicy::AllowHttpOnLoopback;
        ClientIdUrl::parse(&format!("{}/client.json", self.page), loopback).unwrap()
    }

    pub(crate) fn person(&self, decision: Decision) -> Person {
        Person::new(self.http.clone(), "ada", decision)
    }

    /// Ends the lab as Ctrl-C does, and waits for its end.
    pub(crate) async fn end(self) {
        self.stop.send(()).unwrap();
        self.served.await.unwrap();
        self.page_folder.close().unwrap();
    }
}
