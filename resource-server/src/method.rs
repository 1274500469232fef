//! The methods of MCP: in which revision each exists, and whether a row of scopes is needed to offer it.
//!
//! Spec: the schemas of MCP 2025-11-25 and 2026-07-28; of the extensions, those that rmcp knows.

use protocol::revision::Revision;

/// The revisions that have a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exists {
    /// Up to 2025-11-25.
    Before,
    /// From 2026-07-28 on.
    After,
    /// In both.
    Always,
}

/// What may be done without a row of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Connecting, and seeing which tools there are: the base scopes are enough.
    Base,
    /// A call: the tool's row decides.
    Tool,
    /// Everything else: refused, unless the table has a row for the method.
    Row,
}

/// A method.
#[derive(Debug)]
pub(crate) struct Method {
    name: &'static str,
    exists: Exists,
    pub(crate) rule: Rule,
    /// The member of `params` that 2026-07-28 repeats in `Mcp-Name`.
    pub(crate) named_by: Option<NamedBy>,
}

/// Which member names what is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NamedBy {
    /// `params.name`.
    Name,
    /// `params.uri`.
    Uri,
}

const fn method(name: &'static str, exists: Exists, rule: Rule) -> Method {
    Method { name, exists, rule, named_by: None }
}

const fn named(name: &'static str, exists: Exists, rule: Rule, by: NamedBy) -> Method {
    Method { name, exists, rule, named_by: Some(by) }
}

use Exists::{After, Always, Before};

const METHODS: [Method; 25] = [
    method("initialize", Before, Rule::Base),
    method("ping", Before, Rule::Base),
    method("server/discover", After, Rule::Base),
    method("tools/list", Always, Rule::Base),
    named("tools/call", Always, Rule::Tool, NamedBy::Name),
    method("notifications/initialized", Before, Rule::Base),
    method("notifications/cancelled", Before, Rule::Base),
    method("notifications/progress", Before, Rule::Row),
    method("notifications/roots/list_changed", Before, Rule::Row),
    method("prompts/list", Always, Rule::Row),
    named("prompts/get", Always, Rule::Row, NamedBy::Name),
    method("resources/list", Always, Rule::Row),
    method("resources/templates/list", Always, Rule::Row),
    named("resources/read", Always, Rule::Row, NamedBy::Uri),
    method("resources/directory/read", Always, Rule::Row),
    method("resources/subscribe", Before, Rule::Row),
    method("resources/unsubscribe", Before, Rule::Row),
    method("subscriptions/listen", After, Rule::Row),
    method("logging/setLevel", Before, Rule::Row),
    method("completion/complete", Always, Rule::Row),
    method("tasks/get", Always, Rule::Row),
    method("tasks/update", Always, Rule::Row),
    method("tasks/cancel", Always, Rule::Row),
    method("skills/list", Always, Rule::Row),
    method("skills/get", Always, Rule::Row),
];

/// The method of this name, if the revision has it.
pub(crate) fn find(name: &str, revision: Revision) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name && method.exists_in(revision))
}

impl Method {
    fn exists_in(&self, revision: Revision) -> bool {
        match self.exists {
            Always => true,
            Before => revision == Revision::V2025_11_25,
            After => revision == Revision::V2026_07_28,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rmcp::model::{ClientNotification, ClientRequest};
    use schemars::JsonSchema;
    use serde_json::Value;

    use super::*;

    /// Every constant in the schema of a type that rmcp reads.
    fn constants<T: JsonSchema>() -> BTreeSet<String> {
        fn collect(schema: &Value, found: &mut BTreeSet<String>) {
            match schema {
                Value::Object(members) => {
                    if let Some(Value::String(constant)) = members.get("const") {
                        found.insert(constant.clone());
                    }
                    members.values().for_each(|member| collect(member, found));
                }
                Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
                _ => (),
            }
        }
        let mut found = BTreeSet::new();
        collect(schemars::schema_for!(T).as_value(), &mut found);
        found
    }

    /// Req: RS-22
    #[test]
    fn every_method_that_rmcp_knows_has_a_row() {
        let mut known = constants::<ClientRequest>();
        known.extend(constants::<ClientNotification>());
        // The other constants of the schemas are versions, types of content, and kinds of references.
        let is_method = |name: &&String| {
            let name = name.as_str();
            METHODS.iter().any(|method| method.name == name)
                || name.contains('/') && !name.starts_with("ref/")
        };
        let methods: Vec<_> = known.iter().filter(is_method).collect();
        assert!(methods.len() >= 20, "the schemas have changed their form: {known:?}");
        let missing: Vec<_> =
            methods.iter().filter(|name| !METHODS.iter().any(|method| method.name == ***name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    /// Req: RS-50
    #[test]
    fn each_revision_has_its_own_methods() {
        let both =
            |name| (find(name, Revision::V2025_11_25).is_some(), find(name, Revision::V2026_07_28).is_some());
        for removed in
            ["initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"]
        {
            assert_eq!(both(removed), (true, false), "{removed}");
        }
        for new in ["server/discover", "subscriptions/listen"] {
            assert_eq!(both(new), (false, true), "{new}");
        }
        for common in ["tools/list", "tools/call"] {
            assert_eq!(both(common), (true, true), "{common}");
        }
        for unknown in ["", "tools/Call", "tools", "rpc.discover"] {
            assert_eq!(both(unknown), (false, false), "{unknown}");
        }
    }
}
