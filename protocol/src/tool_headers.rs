//! Arguments that a tool wants to see in headers too: `x-mcp-header` in its schema becomes `Mcp-Param-…`.
//!
//! Gateways route by headers without reading bodies. So what the schema marks has to be there, and what is marked wrongly
//! makes the whole tool unusable: nobody could say which header means what.
//!
//! Spec: MCP 2026-07-28 Transports, Custom Headers from Tool Parameters.

use serde_json::{Map, Value};

use crate::encoding::base64;

/// The keyword in a tool's input schema.
const KEYWORD: &str = "x-mcp-header";
const PREFIX: &str = "mcp-param-";
/// Schemas nested deeper than this are not looked into; a tool that marks something down there is not used.
const MAX_DEPTH: usize = 16;

/// A marked property of a tool's arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkedParameter {
    /// The names of the properties that lead to it, outermost first.
    path: Vec<String>,
    /// The name of its header, in lower case.
    header: String,
}

/// Why a tool's marks cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MarkError {
    /// The mark is no text, or no name of a header.
    #[error("the mark {0} is no name of a header")]
    Name(String),
    /// Two properties are marked with the same name.
    #[error("the mark {0:?} stands twice")]
    Repeated(String),
    /// The property is no string, integer or boolean.
    #[error("the property marked {0:?} is neither a string nor an integer nor a boolean")]
    Type(String),
    /// The mark is not on a property of an object, reached through properties of objects alone.
    #[error("a mark stands where there is no property, or too deep")]
    Place,
}

/// Finds the marked parameters of a tool's input schema.
///
/// # Errors
/// [`MarkError`]: the tool must not be used.
pub fn marked_parameters(input_schema: &Value) -> Result<Vec<MarkedParameter>, MarkError> {
    let mut found = Vec::new();
    let Value::Object(schema) = input_schema else { return Ok(found) };
    if schema.contains_key(KEYWORD) {
        return Err(MarkError::Place);
    }
    properties(schema, &mut Vec::new(), &mut found)?;
    Ok(found)
}

fn properties(
    schema: &Map<String, Value>,
    path: &mut Vec<String>,
    found: &mut Vec<MarkedParameter>,
) -> Result<(), MarkError> {
    for (keyword, value) in schema {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                for (name, property) in properties {
                    path.push(name.clone());
                    one_property(property, path, found)?;
                    path.pop();
                }
            }
            // These hold data or names, not schemas.
            (KEYWORD | "default" | "const" | "enum" | "examples" | "dependentRequired" | "required", _) => {}
            (_, value) if mentions_mark(value, path.len()) => return Err(MarkError::Place),
            _ => {}
        }
    }
    Ok(())
}

fn one_property(
    property: &Value,
    path: &mut Vec<String>,
    found: &mut Vec<MarkedParameter>,
) -> Result<(), MarkError> {
    if path.len() > MAX_DEPTH {
        return if mentions_mark(property, 0) { Err(MarkError::Place) } else { Ok(()) };
    }
    let Value::Object(schema) = property else { return Ok(()) };
    if let Some(mark) = schema.get(KEYWORD) {
        let name = mark.as_str().filter(|name| is_token(name));
        let name = name.ok_or_else(|| MarkError::Name(mark.to_string()))?;
        let header = format!("{PREFIX}{}", name.to_ascii_lowercase());
        if found.iter().any(|known| known.header == header) {
            return Err(MarkError::Repeated(name.to_owned()));
        }
        if !matches!(schema.get("type").and_then(Value::as_str), Some("string" | "integer" | "boolean")) {
            return Err(MarkError::Type(name.to_owned()));
        }
        found.push(MarkedParameter { path: path.clone(), header });
    }
    properties(schema, path, found)
}

/// Whether a mark stands anywhere in it. Where it is too deep to tell, the answer is yes.
fn mentions_mark(value: &Value, depth: usize) -> bool {
    match value {
        Value::Object(_) | Value::Array(_) if depth > 4 * MAX_DEPTH => true,
        Value::Object(members) => {
            members.contains_key(KEYWORD) || members.values().any(|member| mentions_mark(member, depth + 1))
        }
        Value::Array(items) => items.iter().any(|item| mentions_mark(item, depth + 1)),
        _ => false,
    }
}

/// The headers of a call: one for each marked parameter that the arguments have.
#[must_use]
pub fn parameter_headers(marked: &[MarkedParameter], arguments: &Value) -> Vec<(String, String)> {
    let value_at = |path: &[String]| path.iter().try_fold(arguments, |value, name| value.get(name));
    let header = |parameter: &MarkedParameter| {
        let text = match value_at(&parameter.path)? {
            Value::String(text) => text.clone(),
            value @ (Value::Bool(_) | Value::Number(_)) => value.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        Some((parameter.header.clone(), header_value(&text)))
    };
    marked.iter().filter_map(header).collect()
}

/// A text as a header carries it: as it is, or in base64 where a header would change or refuse it.
///
/// Spec: MCP 2026-07-28 Transports, Value Encoding.
#[must_use]
pub fn header_value(text: &str) -> String {
    let changes = text.bytes().any(|b| !matches!(b, b' '..=b'~')) || text.trim_matches(' ') != text;
    let looks_encoded = text.starts_with("=?base64?") && text.ends_with("?=");
    if changes || looks_encoded { format!("=?base64?{}?=", base64(text.as_bytes())) } else { text.to_owned() }
}

/// Whether a text may be the name of a header (RFC 9110 §5.6.2).
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn marked(properties: &Value) -> Result<Vec<MarkedParameter>, MarkError> {
        marked_parameters(&json!({ "type": "object", "properties": properties }))
    }

    /// Req: CL-49
    #[test]
    fn marked_arguments_become_headers() {
        let parameters = marked(&json!({
            "region": { "type": "string", "x-mcp-header": "Region" },
            "deep": { "type": "object", "properties": { "count": { "type": "integer", "x-mcp-header": "Count" } } },
            "dry": { "type": "boolean", "x-mcp-header": "Dry-Run" },
            "absent": { "type": "string", "x-mcp-header": "Absent" },
            "plain": { "type": "string" },
        }))
        .unwrap();
        let arguments =
            json!({ "region": "Zürich", "deep": { "count": 7 }, "dry": true, "plain": "x", "absent": null });
        assert_eq!(
            parameter_headers(&parameters, &arguments),
            [
                ("mcp-param-region".into(), "=?base64?WsO8cmljaA==?=".into()),
                ("mcp-param-count".into(), "7".into()),
                ("mcp-param-dry-run".into(), "true".into()),
            ]
        );
    }

    /// Req: CL-49
    #[test]
    fn wrong_marks_make_a_tool_unusable() {
        let string = |mark: Value| json!({ "type": "string", "x-mcp-header": mark });
        for (properties, error) in [
            (json!({ "a": string(json!("")) }), MarkError::Name("\"\"".into())),
            (json!({ "a": string(json!("a b")) }), MarkError::Name("\"a b\"".into())),
            (json!({ "a": string(json!("a\nb")) }), MarkError::Name("\"a\\nb\"".into())),
            (json!({ "a": string(json!(1)) }), MarkError::Name("1".into())),
            (json!({ "a": string(json!("X")), "b": string(json!("x")) }), MarkError::Repeated("x".into())),
            (json!({ "a": { "type": "number", "x-mcp-header": "A" } }), MarkError::Type("A".into())),
            (json!({ "a": { "x-mcp-header": "A" } }), MarkError::Type("A".into())),
            (json!({ "a": { "type": "array", "items": string(json!("A")) } }), MarkError::Place),
            (json!({ "a": { "oneOf": [string(json!("A"))] } }), MarkError::Place),
        ] {
            assert_eq!(marked(&properties), Err(error), "{properties}");
        }
        assert_eq!(marked_parameters(&json!({ "x-mcp-header": "A" })), Err(MarkError::Place));
        assert_eq!(
            marked(&json!({ "a": { "type": "string", "default": { "x-mcp-header": 1 } } })),
            Ok(vec![])
        );
        assert_eq!(marked_parameters(&json!(true)), Ok(vec![]));
    }

    #[test]
    fn depth_is_bounded() {
        let mut schema = json!({ "type": "string", "x-mcp-header": "A" });
        for _ in 0..100 {
            schema = json!({ "type": "object", "properties": { "a": schema } });
        }
        assert_eq!(marked_parameters(&schema), Err(MarkError::Place));
    }

    /// Req: CL-49
    #[test]
    fn values_are_encoded_where_a_header_would_change_them() {
        for plain in ["", "a", "a b", "a, b", "=?base64?x"] {
            assert_eq!(header_value(plain), plain);
        }
        for changed in [" a", "a ", "ä", "a\nb", "\u{7f}", "=?base64?eA==?="] {
            assert!(header_value(changed).starts_with("=?base64?"), "{changed:?}");
        }
    }
}
