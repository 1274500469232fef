//! The two revisions of the MCP specification, and every difference between them that the code acts on.

use serde::{Deserialize, Serialize};

use crate::scope::ScopeSet;

/// A revision of the MCP specification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Revision {
    /// 2025-11-25.
    #[default]
    #[serde(rename = "2025-11-25")]
    V2025_11_25,
    /// 2026-07-28.
    #[serde(rename = "2026-07-28")]
    V2026_07_28,
}

impl Revision {
    /// Both, the older one first.
    pub const ALL: [Self; 2] = [Self::V2025_11_25, Self::V2026_07_28];

    /// The date, as it stands in `protocolVersion` and `MCP-Protocol-Version`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// The revision of this date.
    #[must_use]
    pub fn parse(date: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|revision| revision.as_str() == date)
    }

    /// Whether each request stands alone. 2025-11-25 begins with `initialize` and may have a session; 2026-07-28 says
    /// everything in headers and `_meta`, and hanging up cancels.
    ///
    /// Spec: MCP 2025-11-25 Lifecycle; MCP 2026-07-28 Base Protocol, Statelessness.
    #[must_use]
    pub fn is_stateless(self) -> bool {
        self == Self::V2026_07_28
    }

    /// Whether a client that registers says where it runs.
    ///
    /// Spec: MCP 2026-07-28 Client Registration, Application Type.
    #[must_use]
    pub fn registers_application_type(self) -> bool {
        self == Self::V2026_07_28
    }

    /// Whether a client that wants a refresh token asks for `offline_access` where the server lists it.
    ///
    /// Spec: MCP 2026-07-28 Authorization, Refresh Tokens.
    #[must_use]
    pub fn asks_for_offline_access(self) -> bool {
        self == Self::V2026_07_28
    }

    /// Which scopes a client asks for after 403 `insufficient_scope`.
    ///
    /// 2025-11-25: the scopes of the challenge, as they are. 2026-07-28: those and all that were requested before.
    ///
    /// Spec: MCP 2025-11-25 and 2026-07-28 Authorization, Step-Up Authorization Flow.
    #[must_use]
    pub fn step_up_scopes(self, requested_before: &ScopeSet, challenged: &ScopeSet) -> ScopeSet {
        match self {
            Self::V2025_11_25 => challenged.clone(),
            Self::V2026_07_28 => requested_before.union(challenged),
        }
    }

    /// Which scopes a server names in the challenge of a 403: what the client should ask for.
    ///
    /// 2025-11-25: those already granted that matter and the new ones, because a client may ask for exactly these.
    /// 2026-07-28: those of the operation.
    ///
    /// Spec: MCP 2025-11-25 and 2026-07-28 Authorization, Runtime Insufficient Scope Errors.
    #[must_use]
    pub fn challenge_scopes(self, granted: &ScopeSet, needed: &ScopeSet) -> ScopeSet {
        match self {
            Self::V2025_11_25 => granted.union(needed),
            Self::V2026_07_28 => needed.clone(),
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

    /// Req: CL-45
    #[test]
    fn step_up_takes_the_challenge_or_the_union() {
        let (before, challenged) = (set("mcp:connect"), set("weather:read"));
        assert_eq!(Revision::V2025_11_25.step_up_scopes(&before, &challenged), set("weather:read"));
        assert_eq!(
            Revision::V2026_07_28.step_up_scopes(&before, &challenged),
            set("mcp:connect weather:read")
        );
    }

    #[test]
    fn a_revision_is_a_date() {
        for revision in Revision::ALL {
            assert_eq!(Revision::parse(revision.as_str()), Some(revision));
        }
        assert_eq!(Revision::parse("2025-06-18"), None);
    }

    /// Req: RS-23, RS-24
    #[test]
    fn a_challenge_repeats_what_is_granted_or_does_not() {
        let (granted, needed) = (set("mcp:connect"), set("weather:read"));
        assert_eq!(
            Revision::V2025_11_25.challenge_scopes(&granted, &needed),
            set("mcp:connect weather:read")
        );
        assert_eq!(Revision::V2026_07_28.challenge_scopes(&granted, &needed), set("weather:read"));
    }
}
