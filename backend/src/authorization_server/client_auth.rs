//! Client authentication: who a request to the token endpoint is from, and the proof.
//!
//! Reading decides nothing: it collects what is presented and refuses what contradicts itself. [`authenticate`] then
//! compares it with the one method that the client is registered with.
//!
//! Spec: OAuth 2.1 §2.4, §3.2.1, §3.2.2; RFC 7521 §4.2; RFC 7523 §2.2.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use protocol::basic_credentials::BasicCredentials;
use protocol::clause::Clause;
use protocol::client_metadata::AuthMethod;
use protocol::query::Parameters;

use super::Settings;
use super::client_assertion::{ASSERTION_TYPE, ClientAssertion};
use super::client_denial::{ClientDenial, ClientFault, Scheme};
use super::clients::{self, Known};
use super::state::Server;
use super::token::TokenDenial;
use crate::store::{Client, ClientAuthentication, SecretHash};
use server_kit::witness::checked;

/// What a request presents. Nothing in it is believed yet.
pub(super) struct Presented {
    client_id: String,
    credentials: Credentials,
    scheme: Option<Scheme>,
}

/// The proof that came with a request; secrets only as their hashes.
enum Credentials {
    None,
    Basic(SecretHash),
    Post(SecretHash),
    Assertion(Box<ClientAssertion>),
}

impl Presented {
    /// Reads every place where a client may name itself and prove it.
    pub(super) fn read(headers: &HeaderMap, form: &Parameters) -> Result<Self, TokenDenial> {
        let body = Body {
            client_id: form.get("client_id")?,
            secret: form.get("client_secret")?,
            assertion: form.get("client_assertion")?,
            assertion_type: form.get("client_assertion_type")?,
        };
        let header = headers.get(AUTHORIZATION);
        let scheme = header.map(scheme);
        let is_repeated = headers.get_all(AUTHORIZATION).iter().count() > 1;
        let read = if is_repeated { Err(ClientFault::RepeatedHeader) } else { body.join(header) };
        let (client_id, credentials) =
            read.map_err(|fault| TokenDenial::Client(ClientDenial { fault, scheme }))?;
        Ok(Self { client_id, credentials, scheme })
    }

    /// Whether it is the client that something was issued to, which this rule demands.
    pub(super) fn has(&self, issued_to: &Client, rule: Clause) -> bool {
        let same = self.client_id == issued_to.id.as_str();
        checked(rule, "client", same, || issued_to.id.as_str(), || self.client_id.as_str());
        same
    }

    /// Whether nobody has to be waited for to authenticate it: it registered nowhere, and has signed nothing.
    pub(super) fn is_decided_at_once(&self, settings: &Settings) -> bool {
        !matches!(self.credentials, Credentials::Assertion(_))
            && !clients::may_be_registered(settings, &self.client_id)
    }

    /// Reports whether the proof is of the kind that the client is registered with.
    fn uses(&self, registered: AuthMethod) {
        let (sent, clause) = (self.credentials.method(), Clause::DeclaredAuthentication);
        let texts = (|| registered.as_str(), || sent.as_str());
        checked(clause, "client authentication", sent == registered, texts.0, texts.1);
    }

    fn denied(&self, fault: ClientFault) -> TokenDenial {
        TokenDenial::Client(ClientDenial { fault, scheme: self.scheme })
    }
}

impl Credentials {
    /// Of which method it is.
    fn method(&self) -> AuthMethod {
        match self {
            Self::None => AuthMethod::None,
            Self::Basic(_) => AuthMethod::ClientSecretBasic,
            Self::Post(_) => AuthMethod::ClientSecretPost,
            Self::Assertion(_) => AuthMethod::PrivateKeyJwt,
        }
    }
}

/// What the parameters say.
struct Body<'a> {
    client_id: Option<&'a str>,
    secret: Option<&'a str>,
    assertion: Option<&'a str>,
    assertion_type: Option<&'a str>,
}

impl Body<'_> {
    /// Who is named, and the one proof that came along.
    fn join(&self, header: Option<&HeaderValue>) -> Result<(String, Credentials), ClientFault> {
        let has_assertion = self.assertion.or(self.assertion_type).is_some();
        let (named, credentials) = match (header, self.secret, has_assertion) {
            (None, None, false) => (None, Credentials::None),
            (None, Some(secret), false) => (None, Credentials::Post(SecretHash::of_text(secret))),
            (None, None, true) => {
                let assertion = self.assertion()?;
                (Some(assertion.client_id().to_owned()), Credentials::Assertion(Box::new(assertion)))
            }
            (Some(value), None, false) => {
                let basic = basic(value)?;
                (Some(basic.id), Credentials::Basic(SecretHash::of(&basic.secret)))
            }
            _ => return Err(ClientFault::SeveralMethods),
        };
        match (named, self.client_id) {
            (Some(named), Some(client_id)) if named != client_id => Err(ClientFault::TwoClients),
            (Some(named), _) => Ok((named, credentials)),
            (None, Some(client_id)) => Ok((client_id.to_owned(), credentials)),
            (None, None) => Err(ClientFault::MissingClientId),
        }
    }

    fn assertion(&self) -> Result<ClientAssertion, ClientFault> {
        let (Some(assertion), Some(assertion_type)) = (self.assertion, self.assertion_type) else {
            return Err(ClientFault::IncompleteAssertion);
        };
        if assertion_type != ASSERTION_TYPE {
            return Err(ClientFault::UnsupportedAssertionType);
        }
        let parsed = ClientAssertion::parse(assertion);
        let found = || parsed.as_ref().map_or_else(|fault| fault.wire().1, |_| "one");
        let expected = || "one JWT whose header and claims are as they must be";
        checked(
            Clause::ClientAssertionFormat,
            "form of the client_assertion",
            parsed.is_ok(),
            expected,
            found,
        );
        parsed.map_err(ClientFault::Assertion)
    }
}

/// Whatever is no scheme of OAuth is answered with the one that clients may use.
fn scheme(value: &HeaderValue) -> Scheme {
    let scheme = value.as_bytes().split(|byte| *byte == b' ').next().unwrap_or_default();
    match scheme.to_ascii_lowercase().as_slice() {
        b"bearer" => Scheme::Bearer,
        b"dpop" => Scheme::Dpop,
        _ => Scheme::Basic,
    }
}

fn basic(value: &HeaderValue) -> Result<BasicCredentials, ClientFault> {
    let text = value.to_str().map_err(|_| ClientFault::MalformedBasic)?;
    let (scheme, encoded) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(ClientFault::ForeignScheme);
    }
    BasicCredentials::parse(encoded.trim_matches(' ')).map_err(|_| ClientFault::MalformedBasic)
}

/// Compares what is presented with the method that counts for the client.
///
/// `granted_to` is the client that was stored beside the grant that the request came with, if it was found: a client
/// known by its document is judged by that, whether or not its host answers now.
///
/// A public client has nothing to prove, so for one that cannot be known without a fetch nothing is fetched: what it
/// came with was not granted to it, and that is what it will be told.
pub(super) async fn authenticate(
    server: &Server,
    presented: &Presented,
    granted_to: Option<&Client>,
) -> Result<(), TokenDenial> {
    let known = clients::known(server, &presented.client_id, granted_to).await?;
    let Credentials::Assertion(assertion) = &presented.credentials else {
        return compare(presented, known);
    };
    let Known::Client(client) = known else { return Err(presented.denied(ClientFault::CredentialsOfNobody)) };
    let client = clients::with_newest_keys(server, client).await;
    let ClientAuthentication::PrivateKeyJwt(keys) = &client.authentication else {
        return compare(presented, Known::Client(client));
    };
    presented.uses(AuthMethod::PrivateKeyJwt);
    match assertion.prove(server, keys).await? {
        Ok(()) => Ok(()),
        Err(fault) => Err(presented.denied(ClientFault::Assertion(fault))),
    }
}

/// The same for one that [is decided at once](Presented::is_decided_at_once). Any other is refused.
pub(super) fn authenticate_at_once(
    server: &Server,
    presented: &Presented,
    granted_to: Option<&Client>,
) -> Result<(), TokenDenial> {
    compare(presented, clients::known_at_once(server, &presented.client_id, granted_to))
}

/// Everything but the proof of an assertion.
fn compare(presented: &Presented, known: Known<'_>) -> Result<(), TokenDenial> {
    // Of one that was never seen nothing is known, which decides nothing where nothing has to be proved.
    if !matches!((&known, &presented.credentials), (Known::NeverSeen, Credentials::None)) {
        let is_known = matches!(known, Known::Client(_));
        let found = || presented.client_id.as_str();
        checked(Clause::ClientIdentity, "client_id", is_known, || "a client that is known here", found);
    }
    let client = match (known, &presented.credentials) {
        (Known::Client(client), _) => client,
        (Known::NeverSeen, Credentials::None) => return Ok(()),
        (Known::Nobody, Credentials::None) => return Err(presented.denied(ClientFault::UnknownClient)),
        (Known::NeverSeen | Known::Nobody, _) => {
            return Err(presented.denied(ClientFault::CredentialsOfNobody));
        }
    };
    presented.uses(client.authentication.method());
    match (&client.authentication, &presented.credentials) {
        (ClientAuthentication::None, Credentials::None) => Ok(()),
        (ClientAuthentication::None, _) => Err(presented.denied(ClientFault::PublicClient)),
        (ClientAuthentication::ClientSecretBasic(hash), Credentials::Basic(sent))
        | (ClientAuthentication::ClientSecretPost(hash), Credentials::Post(sent)) => {
            let same = hash == sent;
            let found = || if same { "the same" } else { "another" };
            checked(Clause::ClientSecret, "hash of the secret", same, || "that of this client's", found);
            if same { Ok(()) } else { Err(presented.denied(ClientFault::WrongSecret)) }
        }
        _ => Err(presented.denied(ClientFault::OtherMethod)),
    }
}
