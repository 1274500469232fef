//! What the page and the workbench say to each other. They are two programs and share nothing but the document, so all of
//! it is plain data, as JSON.

use protocol::check::Check;
use protocol::revision::Revision;
use record::{HopId, Record};
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
}

/// What a person decided in the workbench, for the page to do.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Told {
    /// Run this revision to the end.
    Run(Revision),
    /// Begin a run as the client whose document lies at this address.
    StartWithDocument(String),
    /// Look at the run that this record holds: the text of [`Record::to_json`].
    LookAt(String),
    /// Look at the run of an attack.
    LookAtAttack {
        /// The name of the attack.
        attack: String,
        /// The row in which it was done.
        at: Option<HopId>,
        /// The text of [`Record::to_json`].
        run: String,
    },
}

/// As the other program reads it.
pub(crate) fn write(message: &impl Serialize) -> String {
    // Texts, numbers and lists, which JSON can always express.
    serde_json::to_string(message).unwrap_or_default()
}

/// As the other program wrote it. `None` where it is of another build, which a reload of the page mends.
pub(crate) fn read<T: for<'a> Deserialize<'a>>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}
