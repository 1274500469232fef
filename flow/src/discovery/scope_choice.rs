//! Which scopes to ask for, and who said so.

use protocol::revision::Revision;
use protocol::scope::{OFFLINE_ACCESS, ScopeSet, ScopeToken};

/// Where the scopes of a request come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeSource {
    /// The `scope` of the challenge.
    Challenge,
    /// `scopes_supported` of the resource metadata.
    ResourceMetadata,
    /// Nothing named any: the parameter is left out.
    Nobody,
}

impl ScopeSource {
    /// For the reader.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Challenge => "the challenge",
            Self::ResourceMetadata => "scopes_supported of the resource metadata",
            Self::Nobody => "nobody named a scope, so the parameter is left out",
        }
    }
}

/// Which scopes to ask for, and who said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeChoice {
    /// The scopes; `None` leaves the parameter out.
    pub scopes: Option<ScopeSet>,
    /// Who said so.
    pub source: ScopeSource,
    /// Whether `offline_access` was added, for a refresh token.
    pub offline: bool,
}

impl ScopeChoice {
    /// The challenge, else the metadata, else none.
    ///
    /// Spec: MCP 2025-11-25 Authorization, Scope Selection Strategy.
    #[must_use]
    pub fn select(challenge: Option<ScopeSet>, metadata: ScopeSet) -> Self {
        let (scopes, source) = match challenge {
            Some(scopes) => (Some(scopes), ScopeSource::Challenge),
            None if metadata.is_empty() => (None, ScopeSource::Nobody),
            None => (Some(metadata), ScopeSource::ResourceMetadata),
        };
        Self { scopes, source, offline: false }
    }

    /// The same, and `offline_access` where the revision asks for it and the authorization server lists it. Where no
    /// scope is named at all it is left out too: by itself it would ask for nothing else.
    ///
    /// Spec: MCP 2026-07-28 Authorization, Refresh Tokens.
    #[must_use]
    pub fn with_offline_access(self, revision: Revision, server_lists: &[ScopeToken]) -> Self {
        let Ok(offline_access) = OFFLINE_ACCESS.parse::<ScopeSet>() else { return self };
        let listed = server_lists.iter().any(|scope| scope.as_str() == OFFLINE_ACCESS);
        match self.scopes {
            Some(scopes) if revision.asks_for_offline_access() && listed => {
                Self { scopes: Some(scopes.union(&offline_access)), offline: true, ..self }
            }
            scopes => Self { scopes, ..self },
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn set(text: &str) -> ScopeSet {
        text.parse().unwrap()
    }

    /// Req: CL-27, CL-28
    #[test]
    fn the_challenge_is_authoritative_for_scopes() {
        let choice = ScopeChoice::select(Some(set("files:write")), set("files:read"));
        assert_eq!((choice.scopes, choice.source), (Some(set("files:write")), ScopeSource::Challenge));
        let choice = ScopeChoice::select(None, set("files:read"));
        assert_eq!((choice.scopes, choice.source), (Some(set("files:read")), ScopeSource::ResourceMetadata));
        let choice = ScopeChoice::select(None, ScopeSet::default());
        assert_eq!((choice.scopes, choice.source), (None, ScopeSource::Nobody));
    }

    /// Req: CL-19
    #[test]
    fn offline_access_is_asked_for_only_where_it_is_listed() {
        let listed: Vec<ScopeToken> = vec!["offline_access".parse().unwrap()];
        let ask = |revision, listed: &[ScopeToken]| {
            let choice = ScopeChoice::select(Some(set("a")), ScopeSet::default());
            choice.with_offline_access(revision, listed).scopes.unwrap().to_string()
        };
        assert_eq!(ask(Revision::V2026_07_28, &listed), "a offline_access");
        assert_eq!(ask(Revision::V2026_07_28, &[]), "a");
        assert_eq!(ask(Revision::V2025_11_25, &listed), "a");
        let none = ScopeChoice::select(None, ScopeSet::default());
        assert_eq!(none.with_offline_access(Revision::V2026_07_28, &listed).scopes, None);
    }
}
