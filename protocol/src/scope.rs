//! Scopes: what an access token allows.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One scope, for instance `weather:read`: visible ASCII without `"` and `\`, case-sensitive.
///
/// Spec: RFC 6749 §3.3.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScopeToken(String);

impl ScopeToken {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is no scope token, or a list with one in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a scope: visible ASCII characters except \" and \\, separated by single spaces")]
pub struct InvalidScope;

impl FromStr for ScopeToken {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        let legal = |b: u8| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if text.is_empty() || text.len() > 255 || !text.bytes().all(legal) {
            return Err(InvalidScope);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for ScopeToken {
    type Error = InvalidScope;

    fn try_from(text: String) -> Result<Self, InvalidScope> {
        text.parse()
    }
}

impl From<ScopeToken> for String {
    fn from(token: ScopeToken) -> Self {
        token.0
    }
}

impl fmt::Display for ScopeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The scope that a client asks for when it wants refresh tokens: of the authorization server, not of any resource.
///
/// Spec: OpenID Connect Core §11; MCP 2026-07-28 Authorization, Refresh Tokens.
pub const OFFLINE_ACCESS: &str = "offline_access";

/// A set of scopes. Written in alphabetical order, so equal sets have equal texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ScopeSet(BTreeSet<ScopeToken>);

/// No list of scopes in a request has more members than this.
pub const MAX_SCOPES: usize = 100;

impl ScopeSet {
    /// Whether there is no scope in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a scope is in it. Exact text: `weather` is not `weather:read`.
    #[must_use]
    pub fn contains(&self, token: &ScopeToken) -> bool {
        self.0.contains(token)
    }

    /// What is in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.0.union(&other.0).cloned().collect()
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.0.intersection(&other.0).cloned().collect()
    }

    /// What of this set the other lacks.
    #[must_use]
    pub fn missing_from(&self, other: &Self) -> Self {
        self.0.difference(&other.0).cloned().collect()
    }

    /// Whether all of this set is in the other.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// [`OFFLINE_ACCESS`] alone.
    #[must_use]
    pub fn offline_access() -> Self {
        std::iter::once(ScopeToken(OFFLINE_ACCESS.to_owned())).collect()
    }

    /// Whether [`OFFLINE_ACCESS`] is in it.
    #[must_use]
    pub fn has_offline_access(&self) -> bool {
        self.iter().any(|token| token.as_str() == OFFLINE_ACCESS)
    }

    /// What of this set says something to a resource server: all but [`OFFLINE_ACCESS`].
    #[must_use]
    pub fn of_resource(&self) -> Self {
        self.iter().filter(|token| token.as_str() != OFFLINE_ACCESS).cloned().collect()
    }

    /// The members, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &ScopeToken> {
        self.0.iter()
    }
}

impl FromIterator<ScopeToken> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = ScopeToken>>(tokens: I) -> Self {
        // One by one: to collect a set is to sort a list first, and a sort is much code in the page.
        let mut set = BTreeSet::new();
        set.extend(tokens);
        Self(set)
    }
}

impl FromStr for ScopeSet {
    type Err = InvalidScope;

    /// Reads a space-separated list. Repeated members collapse; two spaces in a row, tabs and an empty text are errors.
    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        let mut set = BTreeSet::new();
        for part in text.split(' ') {
            set.insert(part.parse()?);
            if set.len() > MAX_SCOPES {
                return Err(InvalidScope);
            }
        }
        Ok(Self(set))
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, token) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            f.write_str(token.as_str())?;
        }
        Ok(())
    }
}

impl Serialize for ScopeSet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ScopeSet {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() {
            return Ok(Self::default());
        }
        text.parse().map_err(serde::de::Error::custom)
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

    #[test]
    fn sets_are_ordered_and_collapse_repetition() {
        assert_eq!(set("weather:read mcp:connect weather:read").to_string(), "mcp:connect weather:read");
    }

    /// Req: AS-87
    #[test]
    fn refuses_what_the_grammar_refuses() {
        for text in ["", " ", "a  b", "a\tb", "a\"b", "a\\b", "a\nb", "ä", " a", "a "] {
            assert_eq!(text.parse::<ScopeSet>(), Err(InvalidScope), "{text:?}");
        }
        let many = (0..=MAX_SCOPES).map(|i| format!("s{i}")).collect::<Vec<_>>().join(" ");
        assert_eq!(many.parse::<ScopeSet>(), Err(InvalidScope));
    }

    #[test]
    fn membership_is_exact() {
        let granted = set("mcp:tools-admin MCP:TOOLS xmcp:tools");
        assert!(!granted.contains(&"mcp:tools".parse().unwrap()));
    }

    #[test]
    fn set_arithmetic() {
        assert_eq!(set("a b").union(&set("c")), set("a b c"));
        assert_eq!(set("a b").missing_from(&set("b")), set("a"));
        assert_eq!(set("a b").intersection(&set("b c")), set("b"));
        assert!(set("a").is_subset(&set("a b")));
    }

    #[test]
    fn offline_access_says_nothing_to_a_resource_server() {
        let asked = set("mcp:connect offline_access");
        assert!(asked.has_offline_access() && !set("mcp:connect OFFLINE_ACCESS").has_offline_access());
        assert_eq!(asked.of_resource(), set("mcp:connect"));
        assert!(set(OFFLINE_ACCESS).of_resource().is_empty());
    }
}
