//! Authorization requests between `/authorize` and their answer.

use protocol::ids::{RedirectUri, ResourceUri, UnixTime};
use protocol::loopback::LoopbackPolicy;
use protocol::pkce::CodeChallenge;
use protocol::scope::ScopeSet;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};
use server_kit::witness::{self, or_absent};

use super::{Client, MAX_PENDING, PENDING_SECONDS, SecretHash, Store, StoreError};

/// What a valid request asks for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// S256 of the client's verifier.
    pub code_challenge: CodeChallenge,
    /// The server that the token is for.
    pub resource: ResourceUri,
    /// What the token shall allow; not empty.
    pub scope: ScopeSet,
}

/// How a request from a known client to a registered redirect URI stands.
#[derive(Clone, Debug)]
pub enum Standing {
    /// It waits for the person's decision.
    Asks(Asked),
    /// It is refused, by this name; the client is told after sign-in.
    Refused(String),
}

/// A request as it is put down.
#[derive(Clone, Debug)]
pub struct NewRequest {
    /// Who asks, as it was known at that moment.
    pub client: Client,
    /// Where the answer goes; it was compared with the registered ones.
    pub redirect_uri: RedirectUri,
    /// Comes back with the answer, byte for byte.
    pub state: Option<String>,
    /// Who the client thinks is there; fills the field of the sign-in page.
    pub login_hint: Option<String>,
    /// What it asks for, or why that is refused.
    pub standing: Standing,
    /// Whether the question is put even where a remembered consent would answer it (`prompt=consent`).
    pub must_ask: bool,
    /// Whether somebody has to sign in before it can be decided, whoever is signed in already (`prompt=login`). A
    /// sign-in of the browser that brought the request clears it.
    pub must_sign_in: bool,
}

/// A stored request.
#[derive(Clone, Debug)]
pub struct PendingRequest {
    /// What was put down.
    pub request: NewRequest,
    /// When it ends by itself.
    pub expires_at: UnixTime,
    /// Whether it was answered.
    pub decided: bool,
}

pub(super) const COLUMNS: &str = "client, redirect_uri, state, login_hint, code_challenge, resource, scope, \
                                  refusal, must_ask, must_sign_in, expires_at, decided_at";

impl PendingRequest {
    /// Reads a row that was selected by [`COLUMNS`].
    pub(super) fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let text = |name| row.get::<_, String>(name).map_err(StoreError::from);
        let standing = match row.get::<_, Option<String>>("refusal")? {
            Some(refusal) => Standing::Refused(refusal),
            None => Standing::Asks(Asked {
                code_challenge: parse_challenge(&text("code_challenge")?)?,
                resource: parse_resource(&text("resource")?)?,
                scope: parse_scope(&text("scope")?)?,
            }),
        };
        Ok(Self {
            request: NewRequest {
                client: parse_client(&text("client")?)?,
                redirect_uri: parse_redirect_uri(&text("redirect_uri")?)?,
                state: row.get("state")?,
                login_hint: row.get("login_hint")?,
                standing,
                must_ask: row.get("must_ask")?,
                must_sign_in: row.get("must_sign_in")?,
            },
            expires_at: UnixTime(row.get("expires_at")?),
            decided: row.get::<_, Option<u64>>("decided_at")?.is_some(),
        })
    }
}

pub(super) fn parse_client(json: &str) -> Result<Client, StoreError> {
    serde_json::from_str(json).map_err(|_| StoreError::Unreadable("client"))
}

/// A client consists of texts, lists and flags only, which JSON can always express.
pub(super) fn write_client(client: &Client) -> Result<String, StoreError> {
    serde_json::to_string(client).map_err(|_| StoreError::Unreadable("client"))
}

pub(super) fn parse_redirect_uri(text: &str) -> Result<RedirectUri, StoreError> {
    RedirectUri::parse(text).map_err(|_| StoreError::Unreadable("redirect URI"))
}

/// Policy was applied before the resource was stored.
pub(super) fn parse_resource(text: &str) -> Result<ResourceUri, StoreError> {
    ResourceUri::parse(text, LoopbackPolicy::AllowHttpOnLoopback)
        .map_err(|_| StoreError::Unreadable("resource"))
}

pub(super) fn parse_scope(text: &str) -> Result<ScopeSet, StoreError> {
    text.parse().map_err(|_| StoreError::Unreadable("scope"))
}

pub(super) fn parse_challenge(text: &str) -> Result<CodeChallenge, StoreError> {
    CodeChallenge::parse(text).map_err(|_| StoreError::Unreadable("code challenge"))
}

impl Store {
    /// Puts a request down for the browser that brought it. It waits [`PENDING_SECONDS`]; of too many, the oldest go.
    ///
    /// # Errors
    /// [`StoreError`]: then nothing was put down.
    pub async fn begin_authorization(
        &self,
        id: SecretHash,
        cookie: SecretHash,
        request: NewRequest,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.write(move |connection| insert(connection, id, cookie, &request, now)).await
    }

    /// The request with this id, if this browser brought it. Another browser's is as unknown as none; one that is
    /// expired or decided is found for an hour more, and says so.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_pending(
        &self,
        id: SecretHash,
        cookie: SecretHash,
    ) -> Result<Option<PendingRequest>, StoreError> {
        self.read(move |connection| find(connection, id, cookie)).await
    }

    /// How many requests are stored: for tests of what must not be.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_pending(&self) -> Result<u64, StoreError> {
        self.read(|connection| {
            Ok(connection.query_row("SELECT count(*) FROM pending_request", [], |row| row.get(0))?)
        })
        .await
    }
}

pub(super) fn find(
    connection: &Connection,
    id: SecretHash,
    cookie: SecretHash,
) -> Result<Option<PendingRequest>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM pending_request WHERE id_hash = :id AND cookie_hash = :cookie");
    let mut statement = connection.prepare_cached(&sql)?;
    statement
        .query_row(named_params! { ":id": id, ":cookie": cookie }, |row| Ok(PendingRequest::from_row(row)))
        .optional()?
        .transpose()
}

fn insert(
    connection: &Connection,
    id: SecretHash,
    cookie: SecretHash,
    request: &NewRequest,
    now: UnixTime,
) -> Result<(), StoreError> {
    let (asked, refusal) = match &request.standing {
        Standing::Asks(asked) => (Some(asked), None),
        Standing::Refused(refusal) => (None, Some(refusal)),
    };
    connection
        .prepare_cached(
            "INSERT INTO pending_request (id_hash, cookie_hash, client, redirect_uri, state, login_hint,
                 code_challenge, resource, scope, refusal, must_ask, must_sign_in, created_at,
                 expires_at)
             VALUES (:id, :cookie, :client, :redirect_uri, :state, :login_hint,
                 :code_challenge, :resource, :scope, :refusal, :must_ask, :must_sign_in, :now, :expires_at)",
        )?
        .execute(named_params! {
            ":id": id,
            ":cookie": cookie,
            ":client": write_client(&request.client)?,
            ":redirect_uri": request.redirect_uri.as_str(),
            ":state": request.state,
            ":login_hint": request.login_hint,
            ":code_challenge": asked.map(|asked| asked.code_challenge.as_str()),
            ":resource": asked.map(|asked| asked.resource.as_str()),
            ":scope": asked.map(|asked| asked.scope.to_string()),
            ":refusal": refusal,
            ":must_ask": request.must_ask,
            ":must_sign_in": request.must_sign_in,
            ":now": now.0,
            ":expires_at": now.plus(PENDING_SECONDS).0,
        })?;
    witness::stored("the authorization request, until the person decides", || told(request));
    // The sequence only grows, so this needs no count of the rows.
    connection
        .prepare_cached("DELETE FROM pending_request WHERE sequence <= :last - :most")?
        .execute(named_params! { ":last": connection.last_insert_rowid(), ":most": MAX_PENDING })?;
    Ok(())
}

/// What of a request is told to whoever watches.
fn told(request: &NewRequest) -> Vec<(&'static str, String)> {
    let mut told = vec![
        ("client_id", request.client.id.to_string()),
        ("redirect_uri", request.redirect_uri.to_string()),
        ("state", or_absent(request.state.as_deref()).to_owned()),
    ];
    match &request.standing {
        Standing::Asks(asked) => told.extend([
            ("code_challenge", asked.code_challenge.as_str().to_owned()),
            ("resource", asked.resource.to_string()),
            ("scope", asked.scope.to_string()),
        ]),
        Standing::Refused(refusal) => told.push(("refused, to be told after sign-in", refusal.clone())),
    }
    told.push(("lasts", format!("{PENDING_SECONDS} s")));
    told
}
