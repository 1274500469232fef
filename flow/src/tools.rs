//! The tools that a server lists, and what a call of each needs.

use protocol::clause::Clause;
use protocol::mcp::ToolCall;
use protocol::tool_headers::{MarkedParameter, marked_parameters};
use serde_json::{Map, Value, json};

use crate::check::Checks;
use crate::trace::Decoded;

/// The most tools that are kept of a list; a server without end must not fill the memory.
const MAX_TOOLS: usize = 1_000;
/// How deep made-up arguments go.
const MAX_SAMPLE_DEPTH: usize = 8;

/// What a server lists. The order is the server's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tools {
    list: Vec<Tool>,
    /// Whether the list is for this token alone, and to be forgotten with it.
    ///
    /// Spec: MCP 2026-07-28 Caching (`cacheScope`); what says nothing is taken as private.
    private: bool,
    /// How many pages of the list were read.
    pages: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Tool {
    name: String,
    marked: Vec<MarkedParameter>,
    sample: Value,
}

impl Tools {
    /// Adds a page of the list. A tool whose marks cannot be used is left out, and the check says so.
    pub(crate) fn add_page(&mut self, checks: &mut Checks, result: &Value, stateless: bool) {
        self.pages += 1;
        self.private |= result.get("cacheScope").and_then(Value::as_str) != Some("public");
        for tool in result.get("tools").and_then(Value::as_array).into_iter().flatten() {
            let Some(name) = tool.get("name").and_then(Value::as_str) else { continue };
            let schema = tool.get("inputSchema").unwrap_or(&Value::Null);
            let marked = if stateless { marked_parameters(schema) } else { Ok(Vec::new()) };
            if let Err(reason) = &marked {
                let found = format!("{name}: {reason}");
                checks.note(
                    Clause::ParameterHeaders,
                    "the tool can be used",
                    false,
                    "x-mcp-header marks that can be headers",
                    found,
                );
            }
            let Ok(marked) = marked else { continue };
            if self.list.len() < MAX_TOOLS && self.find(name).is_none() {
                self.list.push(Tool { name: name.to_owned(), marked, sample: sample(schema) });
            }
        }
    }

    fn find(&self, name: &str) -> Option<&Tool> {
        self.list.iter().find(|tool| tool.name == name)
    }

    /// The arguments of this tool that go into headers too.
    pub(crate) fn marked(&self, name: &str) -> Vec<MarkedParameter> {
        self.find(name).map(|tool| tool.marked.clone()).unwrap_or_default()
    }

    /// A call of each tool.
    pub(crate) fn calls(&self) -> impl Iterator<Item = ToolCall> {
        self.list.iter().map(|tool| ToolCall::new(&tool.name, tool.sample.clone()))
    }

    /// What of the list is still known when another token is used.
    pub(crate) fn with_another_token(self) -> Option<Self> {
        (!self.private).then_some(self)
    }

    pub(crate) fn decoded(&self) -> Decoded {
        let headers = |tool: &Tool| match tool.marked.len() {
            0 => String::new(),
            n => format!("{n} of its arguments stand in headers too"),
        };
        Decoded::new("Tools", self.list.iter().map(|tool| (tool.name.clone(), headers(tool), "")))
    }

    /// How many pages of the list were read.
    pub(crate) fn pages(&self) -> u32 {
        self.pages
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }
}

/// Arguments that satisfy a simple schema: what is required, in the smallest form. References are not followed, neither
/// within the schema nor to anywhere else.
fn sample(schema: &Value) -> Value {
    match sample_of(schema, 0) {
        object @ Value::Object(_) => object,
        _ => json!({}),
    }
}

fn sample_of(schema: &Value, depth: usize) -> Value {
    if depth > MAX_SAMPLE_DEPTH {
        return Value::Null;
    }
    let first = |name: &str| schema.get(name).and_then(Value::as_array).and_then(|values| values.first());
    let given = schema.get("const").or(schema.get("default")).or(first("enum")).or(first("examples"));
    if let Some(value) = given {
        return value.clone();
    }
    let kind = schema.get("type");
    match kind.and_then(Value::as_str).or(first("type").and_then(Value::as_str)) {
        Some("string") => "example".into(),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or_else(|| 1.into()),
        Some("boolean") => true.into(),
        Some("array") => json!([]),
        Some("object") => {
            let none = Map::new();
            let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
            let required = schema.get("required").and_then(Value::as_array);
            let names = required.into_iter().flatten().filter_map(Value::as_str);
            let member = |name: &str| {
                (
                    name.to_owned(),
                    properties.get(name).map_or(Value::Null, |property| sample_of(property, depth + 1)),
                )
            };
            Value::Object(names.map(member).collect())
        }
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn listed(page: &Value) -> (Tools, usize) {
        let (mut tools, mut checks) = (Tools::default(), Checks::default());
        tools.add_page(&mut checks, page, true);
        (tools, checks.into_inner().len())
    }

    /// Req: CL-49
    #[test]
    fn a_tool_with_wrong_marks_is_left_out_and_named() {
        let page = json!({ "tools": [
            { "name": "good", "inputSchema": { "type": "object", "properties": { "a": { "type": "string", "x-mcp-header": "A" } } } },
            { "name": "bad", "inputSchema": { "type": "object", "properties": { "a": { "type": "string", "x-mcp-header": "" } } } },
        ] });
        let (tools, complaints) = listed(&page);
        assert_eq!(tools.calls().map(|call| call.name).collect::<Vec<_>>(), ["good"]);
        assert_eq!((complaints, tools.marked("good").len()), (1, 1));
    }

    /// Req: CL-52
    #[test]
    fn a_private_list_is_forgotten_with_its_token() {
        let list = |scope: Value| listed(&json!({ "tools": [{ "name": "a" }], "cacheScope": scope })).0;
        assert_eq!(list(json!("private")).with_another_token(), None);
        assert_eq!(list(Value::Null).with_another_token(), None, "what says nothing is private");
        assert_eq!(list(json!("public")).with_another_token().unwrap().len(), 1);
        let (mut tools, mut checks) = (Tools::default(), Checks::default());
        for scope in ["private", "public"] {
            tools.add_page(&mut checks, &json!({ "tools": [], "cacheScope": scope }), true);
        }
        assert_eq!(tools.with_another_token(), None, "one private page makes all of it private");
    }

    /// Req: ALL-16
    #[test]
    fn made_up_arguments_are_what_is_required_and_no_reference_is_followed() {
        let schema = json!({
            "type": "object",
            "required": ["text", "count", "choice", "inner", "elsewhere"],
            "properties": {
                "text": { "type": "string" },
                "count": { "type": ["integer", "null"], "minimum": 3 },
                "choice": { "enum": ["x", "y"] },
                "inner": { "type": "object", "required": ["on"], "properties": { "on": { "type": "boolean" } } },
                "elsewhere": { "$ref": "https://evil.example/schema" },
                "optional": { "type": "string" },
            },
        });
        assert_eq!(
            sample(&schema),
            json!({ "choice": "x", "count": 3, "elsewhere": null, "inner": { "on": true }, "text": "example" })
        );
        assert_eq!(sample(&json!({ "type": "string" })), json!({}));
        let mut deep = json!({ "type": "string" });
        for _ in 0..200 {
            deep = json!({ "type": "object", "required": ["a"], "properties": { "a": deep } });
        }
        assert!(sample(&deep).to_string().len() < 200);
    }

    #[test]
    fn a_list_without_end_is_cut() {
        let tools: Vec<_> = (0..5_000).map(|i| json!({ "name": format!("t{i}") })).collect();
        assert_eq!(listed(&json!({ "tools": tools })).0.len(), 1_000);
    }
}
