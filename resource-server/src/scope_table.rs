//! Which scopes an operation needs: one table. What is not in it is refused.

use std::collections::HashMap;

use protocol::scope::{InvalidScope, ScopeSet, ScopeToken};

/// What each method and each tool needs, and which scopes include others.
///
/// Everything needs the base scopes; a row adds to them. Two operations without a row are refused: a tool, and a method
/// that goes beyond connecting and listing tools. So a tool that somebody adds and forgets here cannot be called.
///
/// ```
/// # use resource_server::ScopeTable;
/// let table = ScopeTable::new("mcp:connect")?
///     .tool("whoami", "")?
///     .tool("read_notes", "notes:read")?
///     .tool("write_note", "notes:write")?
///     .implies("notes:write", "notes:read")?;
/// let granted = "mcp:connect notes:write".parse()?;
/// assert!(table.allows(&granted, table.of_tool("read_notes").unwrap()));
/// assert!(table.of_tool("rm_rf").is_none());
/// # Ok::<(), protocol::scope::InvalidScope>(())
/// ```
///
/// Spec: MCP 2025-11-25 and 2026-07-28 Authorization, Scope Selection Strategy; Security Best Practices, Scope
/// Minimization.
#[derive(Clone, Debug)]
pub struct ScopeTable {
    base: ScopeSet,
    tools: HashMap<String, ScopeSet>,
    methods: HashMap<String, ScopeSet>,
    /// What a scope includes, by chains of rows too.
    implied: Vec<(ScopeToken, ScopeSet)>,
}

impl ScopeTable {
    /// A table in which everything needs `base`, a list of scopes that may be empty.
    ///
    /// # Errors
    /// If `base` is no list of scopes.
    pub fn new(base: &str) -> Result<Self, InvalidScope> {
        Ok(Self { base: list(base)?, tools: HashMap::new(), methods: HashMap::new(), implied: Vec::new() })
    }

    /// A tool that may be called with these scopes besides the base ones.
    ///
    /// # Errors
    /// If `more` is no list of scopes.
    pub fn tool(mut self, name: &str, more: &str) -> Result<Self, InvalidScope> {
        let needed = self.base.union(&list(more)?);
        self.tools.insert(name.to_owned(), needed);
        Ok(self)
    }

    /// A method that the service offers beyond tools, for instance `resources/read`.
    ///
    /// # Errors
    /// If `more` is no list of scopes.
    pub fn method(mut self, name: &str, more: &str) -> Result<Self, InvalidScope> {
        let needed = self.base.union(&list(more)?);
        self.methods.insert(name.to_owned(), needed);
        Ok(self)
    }

    /// Who has been granted `scope` has the scopes of `included` as well.
    ///
    /// # Errors
    /// If `scope` is no scope, or `included` no list of scopes.
    pub fn implies(mut self, scope: &str, included: &str) -> Result<Self, InvalidScope> {
        self.implied.push((scope.parse()?, list(included)?));
        Ok(self)
    }

    /// What everything needs.
    #[must_use]
    pub fn base(&self) -> &ScopeSet {
        &self.base
    }

    /// What calling this tool needs; `None` if it may not be called at all.
    #[must_use]
    pub fn of_tool(&self, name: &str) -> Option<&ScopeSet> {
        self.tools.get(name)
    }

    /// What a method needs that has a row of its own.
    #[must_use]
    pub fn of_method(&self, name: &str) -> Option<&ScopeSet> {
        self.methods.get(name)
    }

    /// The names of all tools with a row, in no order.
    pub fn tools(&self) -> impl Iterator<Item = &str> {
        self.tools.keys().map(String::as_str)
    }

    /// Whether what was granted, and what it includes, is all that is needed.
    #[must_use]
    pub fn allows(&self, granted: &ScopeSet, needed: &ScopeSet) -> bool {
        needed.is_subset(granted) || needed.is_subset(&self.expanded(granted))
    }

    /// The granted scopes and all that they include. The rows may be in any order, and in circles.
    fn expanded(&self, granted: &ScopeSet) -> ScopeSet {
        let mut all = granted.clone();
        loop {
            let included = self.implied.iter().filter(|(scope, _)| all.contains(scope));
            let wider = included.fold(all.clone(), |wider, (_, more)| wider.union(more));
            if wider == all {
                return all;
            }
            all = wider;
        }
    }
}

fn list(text: &str) -> Result<ScopeSet, InvalidScope> {
    if text.is_empty() { Ok(ScopeSet::default()) } else { text.parse() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> ScopeTable {
        let table = ScopeTable::new("mcp:connect").unwrap();
        let table = table.tool("whoami", "").unwrap().tool("read_notes", "notes:read").unwrap();
        let table = table.implies("notes:write", "notes:read").unwrap();
        table.implies("notes:admin", "notes:write mcp:connect").unwrap()
    }

    fn allows(granted: &str, tool: &str) -> bool {
        let table = table();
        table.allows(&granted.parse().unwrap(), table.of_tool(tool).unwrap())
    }

    /// Req: RS-22
    #[test]
    fn what_is_not_in_the_table_has_no_scopes_that_would_do() {
        let table = table().method("resources/read", "notes:read").unwrap();
        assert_eq!(table.of_tool("read_notes").unwrap().to_string(), "mcp:connect notes:read");
        assert_eq!(table.of_tool("whoami").unwrap().to_string(), "mcp:connect");
        assert_eq!(table.of_method("resources/read").unwrap().to_string(), "mcp:connect notes:read");
        assert_eq!((table.of_tool("Whoami"), table.of_tool(""), table.of_method("x")), (None, None, None));
    }

    /// Req: RS-25
    #[test]
    fn a_wider_scope_includes_the_narrower_one_and_never_the_other_way_round() {
        assert!(allows("mcp:connect notes:read", "read_notes"));
        assert!(allows("mcp:connect notes:write", "read_notes"));
        assert!(allows("notes:admin", "read_notes"), "by two rows");
        assert!(!allows("mcp:connect", "read_notes"));
        assert!(!allows("notes:write", "read_notes"), "the base scope is not among them");
        let write = ScopeTable::new("").unwrap().tool("w", "notes:write").unwrap();
        let write = write.implies("notes:write", "notes:read").unwrap();
        assert!(!write.allows(&"notes:read".parse().unwrap(), write.of_tool("w").unwrap()));
    }

    /// Req: F15
    #[test]
    fn similar_scopes_are_other_scopes() {
        for granted in ["notes:read-all", "NOTES:READ", "xnotes:read", "notes", "notes:*"] {
            assert!(!allows(&format!("mcp:connect {granted}"), "read_notes"), "{granted}");
        }
    }

    #[test]
    fn rows_in_a_circle_end() {
        let table = ScopeTable::new("").unwrap().implies("a", "b").unwrap().implies("b", "a").unwrap();
        let table = table.tool("t", "b").unwrap();
        assert!(table.allows(&"a".parse().unwrap(), table.of_tool("t").unwrap()));
    }
}
