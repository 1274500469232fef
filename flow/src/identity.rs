//! Who a client can say it is. What it is known as at one authorization server means nothing at another.

use protocol::cimd::ClientIdUrl;
use protocol::client_keys::SigningAlgorithm;
use protocol::client_metadata::{ApplicationType, AuthMethod};
use protocol::ids::{ClientId, Issuer};
use protocol::secret::Secret;
use serde::{Deserialize, Serialize};

/// Everything that a client has to offer. What it lacks is passed over in the order of the specification:
/// registered beforehand, metadata document, dynamic registration, asking the person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identities {
    /// What it was registered with beforehand, at whichever servers.
    pub registered: Vec<Credentials>,
    /// Its metadata document, whose URL is its id at every server that fetches such documents.
    pub document: Option<MetadataDocument>,
    /// What it would say about itself to a server that lets clients register.
    pub registration: Option<SelfDescription>,
}

/// What a client got from one authorization server, by whatever way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// Where they are good; `None` if the person did not say, which then is wherever they are used first.
    pub issuer: Option<Issuer>,
    /// Who the client is there.
    pub client_id: ClientId,
    /// How it proves that.
    pub proof: Proof,
}

/// What a client proves with that it is who it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// Nothing: it is public.
    Nothing,
    /// A secret, sent in the way that it is registered for, or that the server offers.
    Secret(Secret, Option<AuthMethod>),
    /// Assertions that the driver signs: the flow never sees the key.
    Key(SigningAlgorithm, Option<String>),
}

/// A client's metadata document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataDocument {
    /// Where it is, which is the client's id.
    pub url: ClientIdUrl,
    /// Whether the client reads it before it relies on it. Only the authorization server has to.
    pub read_first: bool,
}

/// What a client says about itself when it registers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelfDescription {
    /// Its name, for people.
    pub client_name: String,
    /// Where it runs.
    pub application_type: ApplicationType,
}

/// By which way a client came to be known at a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It was registered beforehand.
    Registered,
    /// By its metadata document, which is good everywhere.
    Document,
    /// It registered itself during this run.
    Dynamic,
    /// The person typed it in.
    Entered,
}

impl Origin {
    /// For the reader.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered beforehand",
            Self::Document => "metadata document (CIMD)",
            Self::Dynamic => "dynamic registration (DCR)",
            Self::Entered => "entered by the person",
        }
    }
}

/// A client as one authorization server knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The only server where this is good.
    pub issuer: Issuer,
    /// Who the client is there.
    pub client_id: ClientId,
    /// How it proves that.
    pub proof: Proof,
    /// How it came to be known.
    pub origin: Origin,
}
