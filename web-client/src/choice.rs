//! What a run is about: which revision, and how the client is known. It stands in the address, so a link restores it.

use flow::identity::{Credentials, Identities, MetadataDocument, Origin, Proof, SelfDescription};
use flow::{Agenda, Config, Era, OnBehalf};
use protocol::cimd::ClientIdUrl;
use protocol::client_metadata::ApplicationType;
use protocol::ids::{ClientId, RedirectUri, ResourceUri};
use protocol::loopback::LoopbackPolicy;
use protocol::revision::Revision;
use serde::{Deserialize, Serialize};

use crate::lab::Lab;

/// By which way the client is known at the authorization server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Way {
    /// By its metadata document.
    #[default]
    Cimd,
    /// The server knows it from its configuration.
    Preregistered,
    /// It registers itself.
    Dcr,
}

impl Way {
    pub(crate) const ALL: [Self; 3] = [Self::Cimd, Self::Preregistered, Self::Dcr];

    /// As it stands in links.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Cimd => "cimd",
            Self::Preregistered => "pre",
            Self::Dcr => "dcr",
        }
    }

    /// What the client calls it.
    pub(crate) fn origin(self) -> Origin {
        match self {
            Self::Cimd => Origin::Document,
            Self::Preregistered => Origin::Registered,
            Self::Dcr => Origin::Dynamic,
        }
    }

    /// For the switch.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Cimd => "CIMD",
            Self::Preregistered => "Pre-registered",
            Self::Dcr => "DCR",
        }
    }
}

/// Revision and registration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Choice {
    pub(crate) revision: Revision,
    pub(crate) way: Way,
    /// A metadata document other than the page's own.
    pub(crate) document: Option<String>,
}

/// What a link asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) revision: Option<Revision>,
    pub(crate) way: Option<Way>,
    /// The id of a step.
    pub(crate) step: Option<String>,
    /// The name of an attack.
    pub(crate) attack: Option<String>,
}

impl Link {
    /// Reads `#v=2025-11-25&reg=cimd&step=callback`. What it does not know is passed over.
    pub(crate) fn parse(hash: &str) -> Self {
        let value = |name: &str| {
            let mut parts = hash.trim_start_matches('#').split('&');
            parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
        };
        Self {
            revision: value("v").and_then(Revision::parse),
            way: value("reg").and_then(|id| Way::ALL.into_iter().find(|way| way.id() == id)),
            step: value("step").map(str::to_owned),
            attack: value("break").map(str::to_owned),
        }
    }
}

impl Choice {
    /// What the link says, and this where it says nothing.
    pub(crate) fn with(&self, link: &Link) -> Self {
        Self {
            revision: link.revision.unwrap_or(self.revision),
            way: link.way.unwrap_or(self.way),
            document: self.document.clone(),
        }
    }

    /// The address that leads back here.
    pub(crate) fn address(&self, step: Option<&str>) -> String {
        let mut address = String::from("/#v=");
        address.push_str(self.revision.as_str());
        address.push_str("&reg=");
        address.push_str(self.way.id());
        if let Some(step) = step {
            address.push_str("&step=");
            address.push_str(step);
        }
        address
    }

    /// This page as a client: its document and its callback are at its own origin. `None`: the lab names addresses that
    /// cannot be used.
    pub(crate) fn config(&self, lab: &Lab) -> Option<Config> {
        let origin = web_sys::window()?.location().origin().ok()?;
        let loopback = LoopbackPolicy::AllowHttpOnLoopback;
        let identities = match self.way {
            Way::Cimd => {
                let own = origin.clone() + "/client.json";
                let url = self.document.as_deref().unwrap_or(&own);
                let url = ClientIdUrl::parse(url, loopback).ok()?;
                // A document under test may be anything: the authorization server is to judge it, not the client.
                let read_first = self.document.is_none();
                Identities { document: Some(MetadataDocument { url, read_first }), ..Identities::default() }
            }
            Way::Preregistered => {
                let client_id = ClientId::parse(lab.preregistered_client_id.as_deref()?).ok()?;
                let known = Credentials { issuer: None, client_id, proof: Proof::Nothing };
                Identities { registered: vec![known], ..Identities::default() }
            }
            Way::Dcr => {
                let registration = SelfDescription {
                    client_name: "MCP Auth Lab (registered by itself)".into(),
                    application_type: ApplicationType::Native,
                };
                Identities { registration: Some(registration), ..Identities::default() }
            }
        };
        Some(Config {
            server: ResourceUri::parse(&lab.mcp_server, loopback).ok()?,
            era: Era::Only(self.revision),
            loopback,
            redirect_uri: RedirectUri::parse(&(origin + "/callback")).ok()?,
            identities,
            on_behalf: OnBehalf::Person,
            agenda: Agenda::lab(),
        })
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_link_restores_revision_registration_and_step() {
        let choice = Choice { revision: Revision::V2026_07_28, way: Way::Dcr, document: None };
        let address = choice.address(Some("callback"));
        let link = Link::parse(address.trim_start_matches('/'));
        assert_eq!(Choice::default().with(&link), choice);
        assert_eq!(link.step.as_deref(), Some("callback"));
    }

    #[test]
    fn a_link_leads_to_an_attack() {
        assert_eq!(Link::parse("#break=wrong-verifier").attack.as_deref(), Some("wrong-verifier"));
    }

    #[test]
    fn what_a_link_does_not_know_stays_as_it_is() {
        let link = Link::parse("#v=1999-01-01&reg=guess&x=1");
        assert_eq!(link, Link::default());
        assert_eq!(Choice::default().with(&link), Choice::default());
    }
}
