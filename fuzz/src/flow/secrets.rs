//! What a world gives out and takes in that nobody else may see. Each secret has a core that stands nowhere else and
//! survives every encoding but base64, so that it is found wherever it goes.

use protocol::basic_credentials::BasicCredentials;

/// Stands in each secret, and in no script.
pub(crate) const MARK: &str = "s3cret";

/// What a secret is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Of the MCP server alone, in one header.
    AccessToken,
    /// Of the token endpoint that gave it.
    RefreshToken,
    /// Of the token endpoint of the server that was asked.
    Code,
    /// Goes with the code.
    Verifier,
    /// Of the token endpoint of the server that the client is registered at.
    ClientSecret,
    /// Changes a registration. The client has no use for it.
    RegistrationToken,
    /// Of the MCP server alone, in another header.
    Session,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Self; 7] = [
        Self::AccessToken,
        Self::RefreshToken,
        Self::Code,
        Self::Verifier,
        Self::ClientSecret,
        Self::RegistrationToken,
        Self::Session,
    ];

    /// How a script names the last one.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AccessToken => "$token",
            Self::RefreshToken => "$refresh",
            Self::Code => "$code",
            Self::Verifier => "$verifier",
            Self::ClientSecret => "$secret",
            Self::RegistrationToken => "$registration",
            Self::Session => "$session",
        }
    }

    /// What is legal for it and hard to mask: it looks otherwise in a form, and in JSON.
    fn tail(self) -> &'static str {
        match self {
            Self::RefreshToken | Self::Code | Self::ClientSecret => "+/= \"\\%2B&",
            Self::AccessToken | Self::RegistrationToken => "+/=",
            Self::Verifier | Self::Session => "",
        }
    }
}

/// A secret, and whose it is.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// What it is.
    pub(crate) kind: Kind,
    /// The whole of it.
    pub(crate) text: String,
    /// The part by which it is found.
    pub(crate) core: String,
    /// The authorization server that it belongs to; empty if that is still open.
    pub(crate) issuer: String,
    /// The client has it.
    pub(crate) delivered: bool,
    /// A code that came with a callback that must not be believed.
    pub(crate) poisoned: bool,
    /// The world has said it where it should not have, so it may turn up anywhere.
    pub(crate) told: bool,
}

impl Held {
    /// A secret that the client made.
    pub(crate) fn new(kind: Kind, text: &str, issuer: &str) -> Self {
        let (text, issuer) = (text.to_owned(), issuer.to_owned());
        Self { kind, core: text.clone(), text, issuer, delivered: true, poisoned: false, told: false }
    }
}

/// All that was given out, and the last of each kind.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    /// In the order in which they came to be.
    pub(crate) held: Vec<Held>,
    /// The last `state` that was sent; no secret once it came back.
    pub(crate) last_state: String,
}

impl Secrets {
    /// Makes one up.
    pub(crate) fn give(&mut self, kind: Kind, issuer: &str) -> String {
        let core = format!("{}-{}-{MARK}", kind.name().trim_start_matches('$'), self.held.len());
        let text = format!("{core}{}", kind.tail());
        self.hold(Held { core, delivered: false, ..Held::new(kind, &text, issuer) });
        text
    }

    /// Remembers one.
    pub(crate) fn hold(&mut self, held: Held) {
        if self.held.iter().all(|known| known.text != held.text) {
            self.held.push(held);
        }
    }

    /// The last one of a kind that the client has. The world says it aloud: from now on it may turn up anywhere.
    pub(crate) fn tell(&mut self, kind: Kind) -> &str {
        match self.held.iter_mut().rev().find(|held| held.kind == kind && held.delivered) {
            Some(held) => {
                held.told = true;
                &held.text
            }
            None => "",
        }
    }

    /// This comes to the client, with what stands in it.
    pub(crate) fn deliver(&mut self, said: &str) {
        for held in self.held.iter_mut().filter(|held| !held.delivered) {
            held.delivered = said.contains(&held.core);
        }
    }

    /// The last code came with a callback that must not be believed.
    pub(crate) fn poison(&mut self) {
        if let Some(held) = self.held.iter_mut().rev().find(|held| held.kind == Kind::Code) {
            held.poisoned = true;
        }
    }

    /// Nothing of it stands in what others may read. Of what the world has said aloud, it may have said a part.
    pub(crate) fn are_masked(&self, texts: &[String]) {
        for held in self.held.iter().filter(|held| held.delivered) {
            let part = if held.told { &held.text } else { &held.core };
            for text in texts {
                let hidden = text.strip_prefix("Basic ").and_then(|text| BasicCredentials::parse(text).ok());
                let hidden = hidden.is_some_and(|credentials| credentials.secret.reveal().contains(part));
                assert!(!text.contains(part) && !hidden, "{:?} in {text:?}", held.kind);
            }
        }
    }
}
