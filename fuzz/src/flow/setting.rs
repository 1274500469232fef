//! How the client begins: what the `config` lines of a script say.

use ::flow::identity::{Credentials, Identities, MetadataDocument, Proof, SelfDescription};
use ::flow::{Agenda, Config, Era, OnBehalf};
use protocol::cimd::ClientIdUrl;
use protocol::client_keys::SigningAlgorithm;
use protocol::client_metadata::{ApplicationType, AuthMethod};
use protocol::ids::{ClientId, Issuer, RedirectUri, ResourceUri};
use protocol::loopback::LoopbackPolicy;
use protocol::revision::Revision;
use protocol::secret::Secret;

use super::script::Script;
use super::secrets::Kind;
use super::world::World;

const POLICY: LoopbackPolicy = LoopbackPolicy::AllowHttpOnLoopback;

/// The lab's journey, unless the script says otherwise.
pub(crate) fn config(script: &Script, world: &mut World) -> Config {
    let has = |name| script.told(name) != Some("none");
    Config {
        server: ResourceUri::parse(&world.server, POLICY).expect("the address of a server"),
        era: match script.told("era").and_then(Revision::parse) {
            Some(revision) => Era::Only(revision),
            None => Era::Detect,
        },
        loopback: POLICY,
        redirect_uri: RedirectUri::parse(&world.redirect_uri).expect("a redirect URI"),
        identities: Identities {
            registered: registered(script, world),
            document: has("document").then(|| MetadataDocument {
                url: ClientIdUrl::parse(&world.document, POLICY).expect("the URL of a document"),
                read_first: script.told("document") != Some("unread"),
            }),
            registration: has("registration").then(|| SelfDescription {
                client_name: "Client".into(),
                application_type: ApplicationType::Native,
            }),
        },
        on_behalf: if script.told("itself").is_some() { OnBehalf::Itself } else { OnBehalf::Person },
        agenda: if script.told("every-tool").is_some() { Agenda::EveryTool } else { Agenda::lab() },
    }
}

/// `config registered basic`: known beforehand at the right server; `config registered-anywhere basic`: the person did not
/// say where.
fn registered(script: &Script, world: &mut World) -> Vec<Credentials> {
    let here = Issuer::parse(&world.issuer, POLICY).expect("an issuer");
    let ways = [("registered", Some(here)), ("registered-anywhere", None)];
    let known = |(name, issuer): (&str, Option<Issuer>)| {
        let method = script.told(name)?;
        Some(credentials(method, issuer, world))
    };
    ways.into_iter().filter_map(known).collect()
}

/// What the person types in when asked.
pub(crate) fn entered(issuer: &Issuer, script: &Script, world: &mut World) -> Credentials {
    credentials(script.told("entered").unwrap_or("none"), Some(issuer.clone()), world)
}

fn credentials(method: &str, issuer: Option<Issuer>, world: &mut World) -> Credentials {
    let mut secret = || {
        let issuer = issuer.as_ref().map_or("", Issuer::as_str);
        let secret = world.secrets.give(Kind::ClientSecret, issuer);
        world.secrets.deliver(&secret);
        Secret::new(secret)
    };
    let proof = match method {
        "none" => Proof::Nothing,
        "key" => Proof::Key(SigningAlgorithm::Es256, None),
        method => Proof::Secret(secret(), AuthMethod::parse(method).filter(|method| method.needs_secret())),
    };
    Credentials { issuer, client_id: ClientId::parse("the client").expect("a client id"), proof }
}
