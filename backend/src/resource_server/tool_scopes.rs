//! Which scopes an operation needs: one table. What is not in it is refused.

use std::sync::LazyLock;

use protocol::scope::{ScopeSet, ScopeToken};

/// The scope without which nothing works.
pub(super) const BASE_SCOPE: &str = "mcp:connect";
/// The scope of `get_weather`.
pub(super) const WEATHER_SCOPE: &str = "weather:read";

/// Methods that a client may call; each needs the base scope.
const METHODS: [&str; 5] =
    ["initialize", "notifications/initialized", "notifications/cancelled", "ping", "tools/list"];

/// Tools, and what each needs besides the base scope.
const TOOLS: [(&str, &[&str]); 2] = [("whoami", &[]), ("get_weather", &[WEATHER_SCOPE])];

static BASE: LazyLock<ScopeSet> = LazyLock::new(|| scopes(&[]));
static TOOL_SCOPES: LazyLock<Vec<(&str, ScopeSet)>> =
    LazyLock::new(|| TOOLS.iter().map(|(tool, more)| (*tool, scopes(more))).collect());

/// The base scope and these.
fn scopes(more: &[&str]) -> ScopeSet {
    // The texts are constants of this file; a test proves that each is a scope.
    [BASE_SCOPE].iter().chain(more).filter_map(|text| text.parse::<ScopeToken>().ok()).collect()
}

/// What every operation needs.
pub(super) fn base() -> &'static ScopeSet {
    &BASE
}

/// What a method other than `tools/call` needs; `None` for unknown methods.
pub(super) fn of_method(method: &str) -> Option<&'static ScopeSet> {
    METHODS.contains(&method).then_some(&*BASE)
}

/// What a tool needs; `None` for unknown tools.
pub(super) fn of_tool(tool: &str) -> Option<&'static ScopeSet> {
    TOOL_SCOPES.iter().find(|(known, _)| *known == tool).map(|(_, scopes)| scopes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Req: RS-22
    #[test]
    fn what_is_not_in_the_table_needs_a_scope_that_nobody_has() {
        assert_eq!(of_method("tools/list").unwrap().to_string(), "mcp:connect");
        assert_eq!(of_tool("get_weather").unwrap().to_string(), "mcp:connect weather:read");
        assert_eq!(of_tool("whoami").unwrap().to_string(), "mcp:connect");
        assert_eq!(
            (of_tool("Whoami"), of_tool(""), of_method("tools/call"), of_method("x")),
            (None, None, None, None)
        );
    }

    #[test]
    fn every_tool_of_the_service_has_a_row_and_every_row_a_tool() {
        let mut served = super::super::tools::names();
        let mut listed: Vec<String> = TOOLS.iter().map(|(tool, _)| (*tool).to_owned()).collect();
        served.sort();
        listed.sort();
        assert_eq!(served, listed);
    }
}
