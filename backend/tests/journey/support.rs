//! The client and the person of the terminal, in a lab whose clock stands still.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use flow::identity::{Identities, MetadataDocument};
use flow::{Agenda, Config, Env, Era, Flow, OnBehalf};
use protocol::ids::{RedirectUri, ResourceUri, UnixTime};
use protocol::loopback::LoopbackPolicy;
use protocol::revision::Revision;
use server_kit::clock::{Clock as _, FixedClock};
use walker::driver::{DriveError, Driver};
use walker::interrupts::Interrupts;
use walker::person::Person;

use crate::lab;

/// 2027-01-15T08:00:00Z.
const START: UnixTime = UnixTime(1_800_000_000);

pub(crate) struct Lab {
    running: lab::Lab,
    pub(crate) clock: Arc<FixedClock>,
    counter: AtomicU8,
}

impl Deref for Lab {
    type Target = lab::Lab;

    fn deref(&self) -> &lab::Lab {
        &self.running
    }
}

impl Lab {
    pub(crate) async fn start() -> Self {
        let clock = Arc::new(FixedClock::at(START));
        let running = lab::Lab::start(Arc::clone(&clock)).await;
        Self { running, clock, counter: AtomicU8::new(0) }
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

    pub(crate) async fn end(self) {
        self.running.end().await;
    }
}
