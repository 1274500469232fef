//! Whoever performs the attacks.

use flow::identity::{Identities, MetadataDocument};
use flow::lessons::attacks::{Attack, Plot, Twist};
use flow::lessons::mistakes::{self, Mistake};
use flow::tamper::CannotTamper;
use flow::{Agenda, Config, Env, Era, OnBehalf, Unexpected};
use protocol::cimd::{ClientIdUrl, ClientIdUrlError};
use protocol::ids::{IdentifierError, RedirectUri, ResourceUri};
use protocol::loopback::LoopbackPolicy;
use protocol::observation::Observation;
use protocol::revision::Revision;
use serde::Deserialize;
use walker::http::Http;
use walker::person::PersonError;

use crate::outcome::{Found, Outcome};
use crate::page::Page;
use crate::places::Places;
use crate::scenes::Stage;

/// Where the client says that it wants the browser back. Nobody has to listen there.
const REDIRECT_URI: &str = "http://127.0.0.1/callback";
/// Who signs in: somebody whom no one else is by default, so that nobody's consents get mixed up.
const ACCOUNT: &str = "alan";
/// Who signs in as somebody else.
pub(crate) const OTHER_ACCOUNT: &str = "grace";

/// Why an attack could not be performed: nothing is known of how it would have ended.
#[derive(Debug, thiserror::Error)]
pub enum AttackError {
    /// The lab does not answer.
    #[error("the lab does not answer at {url}: {reason}")]
    NoLab {
        /// What was asked.
        url: String,
        /// Why.
        reason: String,
    },
    /// One of its addresses cannot be used.
    #[error(transparent)]
    Address(#[from] IdentifierError),
    /// The address of a document cannot be used.
    #[error(transparent)]
    DocumentAddress(#[from] ClientIdUrlError),
    /// The person did not get to where the attack begins.
    #[error(transparent)]
    Person(#[from] PersonError),
    /// The client did not get to where the attack begins.
    #[error("the client stopped before the attack began: {0}")]
    Stopped(String),
    /// What was waited for did not happen.
    #[error("the run ended before the attack began")]
    NeverCame,
    /// The catalogue does not fit the messages.
    #[error(transparent)]
    Tamper(#[from] CannotTamper),
    /// The catalogue does not fit the client.
    #[error(transparent)]
    Unexpected(#[from] Unexpected),
    /// There is no such document.
    #[error("there is no document with the mistake {0}")]
    NoSuchMistake(&'static str),
}

impl AttackError {
    /// Whether it means that the attack has no place in such a run: a server without refresh tokens, a token that is no JWT.
    #[must_use]
    pub fn is_out_of_place(&self) -> bool {
        matches!(self, Self::NeverCame | Self::Tamper(_) | Self::Unexpected(_))
    }
}

/// Performs attacks in a lab.
#[derive(Debug)]
pub struct Attacker<E> {
    /// The network.
    pub http: Http,
    /// Where everybody is.
    pub places: Places,
    /// Time and randomness, fresh at each call.
    pub env: E,
}

impl<E: Fn() -> Env> Attacker<E> {
    /// Performs an attack, and finds out what comes of it.
    ///
    /// # Errors
    /// [`AttackError`].
    pub async fn perform(&self, attack: &Attack, revision: Revision) -> Result<Outcome, AttackError> {
        let newest = self.newest_observation().await?;
        let config = self.config(attack, revision).await?;
        let page = match attack.plot {
            Plot::ServerOfPage(_) => Some(Page { origin: self.places.page.clone() }),
            Plot::Client(_) | Plot::Server(_) | Plot::Document(_) => None,
        };
        let mut stage = Stage::new(self, config, page);
        let ending = match attack.plot {
            Plot::Client(scenes) => stage.play(scenes).await?,
            Plot::Server(_) | Plot::ServerOfPage(_) => stage.walk().await?,
            Plot::Document(_) => stage.introduce().await?,
        };
        let seen = self.observations(&newest).await?;
        let (record, at) = stage.record(revision, &seen);
        let from = at.and_then(|at| record.hops.iter().position(|hop| hop.id == at)).unwrap_or_default();
        let found = match ending {
            Found::Refused(refused) => Found::Refused(refused.with_report(&record.hops[from..])),
            Found::Accepted => Found::Accepted,
        };
        let run = stage.masked(record);
        Ok(Outcome::new(attack, found, stage.masked_changes(), at, run))
    }

    async fn config(&self, attack: &Attack, revision: Revision) -> Result<Config, AttackError> {
        let loopback = LoopbackPolicy::AllowHttpOnLoopback;
        let server = match attack.plot {
            Plot::Server(twist) | Plot::ServerOfPage(twist) => self.rogue_server(twist),
            Plot::Client(_) | Plot::Document(_) => self.places.mcp_server.clone(),
        };
        let document = match attack.plot {
            Plot::Document(mistake) => self.publish_mistake(mistake).await?,
            Plot::Client(_) | Plot::Server(_) | Plot::ServerOfPage(_) => self.places.client_id(),
        };
        let url = ClientIdUrl::parse(&document, loopback)?;
        Ok(Config {
            server: ResourceUri::parse(&server, loopback)?,
            era: Era::Only(revision),
            loopback,
            redirect_uri: RedirectUri::parse(REDIRECT_URI)?,
            identities: Identities {
                document: Some(MetadataDocument { url, read_first: false }),
                ..Identities::default()
            },
            on_behalf: OnBehalf::Person,
            agenda: Agenda::lab(),
        })
    }

    /// A rogue MCP server, for this attempt alone.
    fn rogue_server(&self, twist: Twist) -> String {
        let [a, b, c, d, ..] = (self.env)().entropy;
        let attempt = u32::from_be_bytes([a, b, c, d]);
        format!("{}/{}/{attempt:08x}/mcp", self.places.rogue, twist.id())
    }

    /// Puts a document with this mistake where the authorization server will find it.
    async fn publish_mistake(&self, mistake: &'static str) -> Result<String, AttackError> {
        let mistake =
            mistakes::all().find(|known| known.id == mistake).ok_or(AttackError::NoSuchMistake(mistake))?;
        self.publish(mistake, REDIRECT_URI, &format!("attack-{}", mistake.id)).await
    }

    /// Puts a document where the authorization server will find it, and says where that is.
    pub(crate) async fn publish(
        &self,
        mistake: &Mistake,
        redirect_uri: &str,
        name: &str,
    ) -> Result<String, AttackError> {
        let page = &self.places.page;
        let client_id = format!("{page}/clients/{name}.json");
        let document = mistake.document(&client_id, redirect_uri);
        let url = format!("{page}/lab/documents/{name}.json?{}", mistake.host);
        let request = self.http.client().put(&url).header("origin", page).body(document);
        let answer = request.send().await.and_then(reqwest::Response::error_for_status);
        answer.map_err(|error| AttackError::NoLab { url, reason: error.to_string() })?;
        Ok(client_id)
    }

    /// The id of what the lab's servers reported last, as its stream of observations begins with it.
    async fn newest_observation(&self) -> Result<String, AttackError> {
        let url = format!("{}/lab/observations", self.places.page);
        let no_lab = |reason: String| AttackError::NoLab { url: url.clone(), reason };
        let answer = self.http.client().get(&url).send().await.and_then(reqwest::Response::error_for_status);
        let mut answer = answer.map_err(|error| no_lab(error.to_string()))?;
        let mut stream = Vec::new();
        loop {
            if let Some(hello) = Hello::read(&stream) {
                return Ok(format!("{}-{}", hello.boot, hello.seq));
            }
            let chunk = answer.chunk().await.map_err(|error| no_lab(error.to_string()))?;
            stream.extend_from_slice(&chunk.ok_or_else(|| no_lab("it does not say hello".to_owned()))?);
        }
    }

    /// What they reported after this one.
    async fn observations(&self, after: &str) -> Result<Vec<Observation>, AttackError> {
        let url = format!("{}/lab/observations.json?after={after}", self.places.page);
        let no_lab = |reason: String| AttackError::NoLab { url: url.clone(), reason };
        let answer = self.http.client().get(&url).send().await.map_err(|error| no_lab(error.to_string()))?;
        let text = answer.text().await.map_err(|error| no_lab(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| no_lab(error.to_string()))
    }
}

/// With this the lab's stream of observations begins.
#[derive(Deserialize)]
struct Hello {
    /// Names this start of the lab.
    boot: String,
    /// The observation that was told last.
    seq: u64,
}

impl Hello {
    /// The first event, once all of it has come.
    fn read(stream: &[u8]) -> Option<Self> {
        let stream = std::str::from_utf8(stream).ok()?;
        let (_, data) = stream.split_once("event: hello\ndata: ")?;
        serde_json::from_str(data.split_once('\n')?.0).ok()
    }
}

/// Whoever signs in.
pub(crate) const fn account() -> &'static str {
    ACCOUNT
}
