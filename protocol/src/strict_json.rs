//! JSON that can be read in one way only.
//!
//! Most parsers take the last of two members with the same name; some take the first. Where one program judges a text
//! and another acts on it, that difference is an attack. Here a repeated name is an error, at any depth.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Reads one JSON text: no repeated names, nothing after it, nesting at most 127 deep.
///
/// # Errors
/// The parser's reason, with line and column.
pub fn parse(text: &[u8]) -> Result<Value, serde_json::Error> {
    // As text, because everything else is read so: another kind of reader is another parser in the page.
    let text = std::str::from_utf8(text).map_err(de::Error::custom)?;
    serde_json::from_str::<Strict>(text).map(|strict| strict.0)
}

/// Like [`parse`], for a text whose top must be an object.
///
/// # Errors
/// The parser's reason, or that it is no object.
pub fn parse_object(text: &[u8]) -> Result<Map<String, Value>, serde_json::Error> {
    match parse(text)? {
        Value::Object(object) => Ok(object),
        _ => Err(de::Error::custom("not a JSON object")),
    }
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without repeated member names")
    }

    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(Value::String(v.to_owned()))
    }

    fn visit_string<E>(self, v: String) -> Result<Value, E> {
        Ok(Value::String(v))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(Strict(value)) = seq.next_element()? {
            array.push(value);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let Strict(value) = map.next_value()?;
            if object.contains_key(&name) {
                return Err(de::Error::custom(format_args!("the member {name:?} occurs twice")));
            }
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn refuses_a_repeated_name_at_any_depth() {
        assert!(parse(br#"{"a":1,"a":2}"#).is_err());
        assert!(parse(br#"[{"x":{"name":"whoami","name":"get_weather"}}]"#).is_err());
        assert!(parse(br#"{"a":1,"\u0061":2}"#).is_err(), "an escaped spelling is the same name");
    }

    #[test]
    fn reads_what_serde_json_reads_otherwise() {
        let text = br#"{"a":[1,-2,3.5,true,null,"x"],"b":{"c":18446744073709551615}}"#;
        assert_eq!(parse(text).unwrap(), serde_json::from_slice::<Value>(text).unwrap());
    }

    #[test]
    fn refuses_trailing_bytes_and_deep_nesting() {
        assert!(parse(b"{} {}").is_err());
        assert!(parse("[".repeat(5000).as_bytes()).is_err());
        assert!(parse_object(b"[]").is_err());
    }
}
