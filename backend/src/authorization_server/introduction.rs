//! How a client is introduced to a person: first by what is known of it, then by what it says about itself.
//!
//! Spec: Client ID Metadata Document draft -00 §6.4; MCP Authorization, Localhost Redirect URI Risks; MCP Security Best
//! Practices, Consent UI.

use protocol::cimd::ClientIdUrl;
use protocol::ids::RedirectUri;
use protocol::loopback::{LoopbackPolicy, is_loopback_host};

use super::words::shortened;
use crate::store::{Client, ClientSource};

/// A client and the place that it wants the browser back at.
pub(super) struct Introduction<'a> {
    client: &'a Client,
    redirect_uri: Option<&'a RedirectUri>,
}

/// What is known of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known<'a> {
    /// The operator wrote it into the configuration: its name can be believed.
    ByOperator,
    /// It speaks for this host.
    ByHost(&'a str),
    /// It registered itself; the browser returns to this host.
    ByRedirect(&'a str),
    /// It registered itself, and the browser returns to this computer: nothing.
    NotAtAll,
}

impl<'a> Introduction<'a> {
    /// As it asks for something, with the redirect URI that it asks with.
    pub(super) fn new(client: &'a Client, redirect_uri: &'a RedirectUri) -> Self {
        Self { client, redirect_uri: Some(redirect_uri) }
    }

    /// As it was allowed something; its first redirect URI stands for the others.
    pub(super) fn of(client: &'a Client) -> Self {
        Self { client, redirect_uri: client.redirect_uris.first() }
    }

    pub(super) fn known(&self) -> Known<'a> {
        match self.client.source {
            ClientSource::Configured => Known::ByOperator,
            ClientSource::Document => Known::ByHost(host_of(self.client.id.as_str())),
            ClientSource::Registered => match self.redirect_uri {
                Some(uri) if !uri.is_loopback() => Known::ByRedirect(uri.authority()),
                _ => Known::NotAtAll,
            },
        }
    }

    /// What it calls itself, made fit for a page.
    pub(super) fn name(&self) -> &'a str {
        &self.client.name
    }

    /// Its id, shortened if it is very long.
    pub(super) fn id(&self) -> String {
        shortened(self.client.id.as_str())
    }

    pub(super) fn id_label(&self) -> &'static str {
        match self.client.source {
            ClientSource::Document => "Document",
            ClientSource::Configured | ClientSource::Registered => "Client id",
        }
    }

    /// As it stands in the title of a window, where nothing can be set apart by its looks.
    pub(super) fn title(&self) -> &'a str {
        match self.known() {
            Known::ByOperator => self.name(),
            Known::ByHost(host) | Known::ByRedirect(host) => host,
            Known::NotAtAll => "A program on this computer",
        }
    }

    pub(super) fn redirect_host(&self) -> &'a str {
        self.redirect_uri.map_or("", RedirectUri::authority)
    }

    /// What stands after the host of the redirect URI, shortened if it is very long.
    pub(super) fn redirect_rest(&self) -> String {
        let rest = self.redirect_uri.and_then(|uri| uri.as_str().strip_prefix(uri.origin()));
        shortened(rest.unwrap_or_default())
    }

    /// What has to be said about a redirect URI on this computer, if it is one.
    pub(super) fn warning(&self) -> Option<Warning<'a>> {
        self.redirect_uri.filter(|uri| uri.is_loopback())?;
        Some(match self.known() {
            Known::ByHost(host) if !is_loopback_client(self.client.id.as_str()) => Warning::NotTheHost(host),
            Known::ByOperator => Warning::AnyProgram,
            Known::ByHost(_) | Known::ByRedirect(_) | Known::NotAtAll => Warning::LivesHere,
        })
    }
}

/// Why a redirect URI on this computer is a risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Warning<'a> {
    /// The client itself is on this computer.
    LivesHere,
    /// The client speaks for a host elsewhere, and that host is not where the browser goes.
    NotTheHost(&'a str),
    /// The operator knows the client, but not the program that waits here.
    AnyProgram,
}

/// The host and port in a client id that is a URL, as written.
fn host_of(client_id: &str) -> &str {
    let after_scheme = client_id.split_once("://").map_or(client_id, |(_, rest)| rest);
    after_scheme.split(['/', '?', '#']).next().unwrap_or(after_scheme)
}

fn is_loopback_client(client_id: &str) -> bool {
    ClientIdUrl::parse(client_id, LoopbackPolicy::AllowHttpOnLoopback).is_ok_and(|_| {
        let host = host_of(client_id);
        let without_port = host.rfind(':').filter(|colon| !host[*colon..].contains(']'));
        is_loopback_host(without_port.map_or(host, |colon| &host[..colon]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_shown_as_written() {
        assert_eq!(host_of("http://localhost:3000/client.json"), "localhost:3000");
        assert_eq!(host_of("https://C.example?x=/"), "C.example");
        assert!(is_loopback_client("http://[::1]:3000/c"));
        assert!(is_loopback_client("http://localhost/c"));
        assert!(!is_loopback_client("https://localhost.example/c"));
    }
}
