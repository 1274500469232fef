//! Which scopes each tool needs: what the gate judges by, and what the list of tools shows.

use protocol::scope::InvalidScope;
use resource_server::ScopeTable;

/// The table: each tool of the service has its row.
pub(super) fn table() -> Result<ScopeTable, InvalidScope> {
    ScopeTable::new("mcp:connect")?
        .tool("whoami", "")?
        .tool("get_weather", "weather:read")?
        .tool("survey_cities", "weather:read")?
        .tool("read_notes", "notes:read")?
        .tool("write_note", "notes:write")?
        .implies("notes:write", "notes:read")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Req: RS-22
    #[test]
    fn every_tool_of_the_service_has_a_row_and_every_row_a_tool() {
        let table = table().unwrap();
        let mut listed: Vec<_> = table.tools().collect();
        listed.sort_unstable();
        assert_eq!(super::super::tools::names(), listed);
    }
}
