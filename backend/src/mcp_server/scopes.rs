//! Which scopes each tool needs.

use protocol::scope::InvalidScope;
use resource_server::ScopeTable;

/// The scope without which nothing works.
const CONNECT: &str = "mcp:connect";
/// The scope of what tells the weather.
const WEATHER_READ: &str = "weather:read";

/// The table: each tool of the service has its row.
pub(super) fn table() -> Result<ScopeTable, InvalidScope> {
    ScopeTable::new(CONNECT)?.tool("whoami", "")?.tool("get_weather", WEATHER_READ)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Req: RS-22
    #[test]
    fn every_tool_of_the_service_has_a_row_and_every_row_a_tool() {
        let table = table().unwrap();
        let mut listed: Vec<_> = table.tools().collect();
        let served = super::super::tools::names();
        listed.sort_unstable();
        assert_eq!(served, listed);
    }
}
