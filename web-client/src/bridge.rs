//! What the page and the workbench say to each other. They are two programs and share nothing but the document, so all of
//! it is plain data, as JSON.

use flow::http::Request;
use flow::lessons::steps::Step;
use protocol::check::Check;
use protocol::party::Party;
use protocol::revision::Revision;
use record::{Hop, HopId, Record};
use serde::{Deserialize, Serialize};

use crate::observatory::Place;
use crate::trial::Places;

/// The id of the element of the page in which a [`Bench`] is shown.
pub(crate) const BENCH_PLACE: &str = "bench";

/// What the page wants to have opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Order {
    /// The comparison of the two finished runs that this tab keeps.
    Compare,
    /// The editor of a client's metadata document.
    Document {
        /// Where the servers are.
        places: Places,
        /// The revision whose rules are named.
        revision: Revision,
        /// From where on in the servers' reports its own are to be found.
        since: Option<Place>,
    },
    /// Export of this run, and import.
    Export {
        /// The name of a file without its ending.
        name: String,
        /// The run without its secrets.
        masked: Record,
        /// The run as it is.
        with_secrets: Record,
        /// Whether it came from a file: then nobody here knows what is secret in it.
        imported: bool,
    },
    /// The catalogue of attacks, or one of them.
    Break {
        /// The revision of the run.
        revision: Revision,
        /// The name of an attack; one that nobody knows, or none: the catalogue.
        attack: Option<String>,
    },
    /// The walk, before a room. The same one again is the next picture of it.
    Present(Moment),
    /// The keys, and the words that a newcomer meets.
    Keys,
    /// A bench in the page's card, in place of the one that was there. The same one again is left as it is, but for what is
    /// known beside it.
    Bench {
        /// Which.
        bench: Bench,
        /// Whether codes, verifiers and tokens are shown.
        shows_secrets: bool,
        /// How far the lab's clock is ahead, in seconds.
        clock_ahead: u64,
    },
}

/// Where the walk stands, for a projector, which has many readers: every secret is masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Moment {
    /// The revision whose lessons are told.
    pub(crate) revision: Revision,
    /// How many hops there are.
    pub(crate) total: usize,
    /// What is looked at.
    pub(crate) scene: Scene,
    /// What the main button does: `send the token request`. `None`: there is nothing to go on to.
    pub(crate) next: Option<String>,
}

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Scene {
    /// Something that has happened, and its place among all hops.
    Hop(usize, Box<Hop>),
    /// A request that has not gone: its step, to whom it will go, and what it is.
    Pending(Step, Party, String),
    /// The browser is about to leave for the authorization server; what came last.
    Leaving(Step),
    /// Nothing comes next by itself; what came last.
    Rest(Step),
}

/// A part of a message that can be worked on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Bench {
    /// An access token, opened.
    Token {
        /// The token.
        token: String,
        /// The authorization server that was asked.
        issuer: String,
        /// The MCP server that it is for.
        resource: String,
        /// The client that it was issued to.
        client_id: String,
        /// Where the authorization server's keys are.
        jwks_uri: String,
        /// What the MCP server checked when it got the token; empty before.
        observed: Vec<Check>,
    },
    /// A PKCE pair.
    Pkce {
        /// The challenge of the run.
        challenge: Option<String>,
        /// The verifier of the run.
        verifier: Option<String>,
    },
    /// A request as code, as the reader wants to see its secrets.
    Code(Request),
}

/// What a person decided in the workbench, for the page to do.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Told {
    /// Run this revision to the end.
    Run(Revision),
    /// Begin a run as the client whose document lies at this address.
    StartWithDocument(String),
    /// Look at this run.
    LookAt(Box<Record>),
    /// Look at this row of it.
    LookAtRow(HopId),
    /// The run that is looked at is the one of this attack.
    OfAttack(String),
    /// One hop on, before the room.
    Next,
    /// One hop back, before the room.
    Back,
    /// Nothing more: the tool is closed.
    Left,
}

/// As the other program reads it.
pub(crate) fn write(message: &impl Serialize) -> String {
    // Texts, numbers and lists, which JSON can always express.
    serde_json::to_string(message).unwrap_or_default()
}

/// As the other program wrote it. `None` where it is of another build, which a reload of the page mends.
pub(crate) fn read<T: for<'a> Deserialize<'a>>(text: &str) -> Option<T> {
    protocol::json::read(text).ok()
}
