//! Reading JSON into types, in one way: first as a value, then as what it is to be. Each type that is read has code for
//! each kind of reader; with one kind the page is smaller.
//!
//! The reader is our own, because serde's types take a list in place of an object, member by member in the order of the
//! source code. Nobody means that, no specification allows it, and the code for it is 7 KB of the page.

use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Expected, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Map, Value};

/// Reads one JSON text.
///
/// # Errors
/// The parser's reason, with line and column; or what the type lacks.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    from_value(serde_json::from_str(text)?)
}

/// Reads a type from a value. What has members is an object, never a list of their values.
///
/// # Errors
/// What the type lacks.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Error> {
    T::deserialize(Tree(value))
}

/// A value and everything in it.
struct Tree(Value);

/// What stands there instead of what a type expects.
fn wrong(value: &Value, expected: &dyn Expected) -> Error {
    let found = match value {
        Value::Null => Unexpected::Unit,
        Value::Bool(it) => Unexpected::Bool(*it),
        Value::Number(_) => Unexpected::Other("number"),
        Value::String(it) => Unexpected::Str(it),
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
    };
    de::Error::invalid_type(found, expected)
}

impl<'de> Deserializer<'de> for Tree {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(it) => visitor.visit_bool(it),
            Value::Number(it) => it.deserialize_any(visitor),
            Value::String(it) => visitor.visit_string(it),
            Value::Array(items) => visitor.visit_seq(Items(items.into_iter())),
            Value::Object(members) => visitor.visit_map(Members::of(members)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::String(it) => visitor.visit_string(it),
            other => Err(wrong(&other, &visitor)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Bool(it) => visitor.visit_bool(it),
            other => Err(wrong(&other, &visitor)),
        }
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.as_u64() {
            Some(it) => visitor.visit_u64(it),
            None => Err(wrong(&self.0, &visitor)),
        }
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let items = match self.0 {
            Value::Array(items) => items,
            other => return Err(wrong(&other, &visitor)),
        };
        let mut items = Items(items.into_iter());
        let read = visitor.visit_seq(&mut items)?;
        // What is left over belongs to nobody.
        if items.0.len() == 0 { Ok(read) } else { Err(de::Error::custom("too many items")) }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Object(members) => visitor.visit_map(Members::of(members)),
            other => Err(wrong(&other, &visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _members: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::String(name) => visitor.visit_enum(Variant { name, content: None }),
            Value::Object(members) if members.len() == 1 => {
                let mut members = Members::of(members);
                let (name, content) = members.rest.next().unwrap_or_default();
                visitor.visit_enum(Variant { name, content: Some(content) })
            }
            other => Err(wrong(&other, &"a name, or an object with one member")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u128 f32 f64 char bytes byte_buf unit unit_struct tuple_struct
    }
}

struct Items(std::vec::IntoIter<Value>);

impl<'de> SeqAccess<'de> for Items {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        self.0.next().map(|item| seed.deserialize(Tree(item))).transpose()
    }
}

struct Members {
    rest: serde_json::map::IntoIter,
    value: Option<Value>,
}

impl Members {
    fn of(members: Map<String, Value>) -> Self {
        Self { rest: members.into_iter(), value: None }
    }
}

impl<'de> MapAccess<'de> for Members {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((name, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(Tree(Value::String(name))).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(Tree(self.value.take().unwrap_or_default()))
    }
}

/// The name of a variant, and what it holds.
struct Variant {
    name: String,
    content: Option<Value>,
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = Error;
    type Variant = Content;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Content), Error> {
        Ok((seed.deserialize(Tree(Value::String(self.name)))?, Content(self.content)))
    }
}

struct Content(Option<Value>);

impl Content {
    fn tree(self) -> Result<Tree, Error> {
        self.0.map(Tree).ok_or_else(|| de::Error::custom("the variant lacks its content"))
    }
}

impl<'de> VariantAccess<'de> for Content {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.0 {
            None | Some(Value::Null) => Ok(()),
            Some(other) => Err(wrong(&other, &"nothing")),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.tree()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, Error> {
        self.tree()?.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _members: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.tree()?.deserialize_map(visitor)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Serialize};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Everything {
        text: String,
        number: u16,
        negative: i64,
        fraction: f64,
        flag: bool,
        unit: (),
        maybe: Option<String>,
        never: Option<u8>,
        pairs: Vec<(String, u64)>,
        map: BTreeMap<String, Kind>,
        kinds: Vec<Kind>,
        any: Value,
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Kind {
        Bare,
        Wrapped(Box<Kind>),
        Both(u8, String),
        Named { name: String, count: Option<u32> },
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Point {
        x: u8,
        #[serde(default)]
        y: u8,
    }

    #[test]
    fn a_text_is_read_as_its_type_or_the_reason_is_told() {
        assert_eq!(read::<Vec<u8>>("[1, 2]").unwrap(), [1, 2]);
        assert!(read::<Vec<u8>>("[1, 2").unwrap_err().is_eof());
        assert!(read::<Vec<u8>>("[300]").unwrap_err().to_string().contains("300"));
        assert!(read::<Point>("{}").unwrap_err().to_string().contains("missing field `x`"));
        assert!(read::<Point>(r#"{"x":"1"}"#).unwrap_err().to_string().contains("expected u8"));
        assert_eq!(read::<Point>(r#"{"later":[{}],"x":1}"#).unwrap(), Point { x: 1, y: 0 });
    }

    #[test]
    fn whatever_is_written_is_read_again() {
        let named = |count| Kind::Named { name: "n".into(), count };
        let everything = Everything {
            text: "é\u{1f600}".into(),
            number: 65_535,
            negative: -9,
            fraction: 1.5,
            flag: true,
            unit: (),
            maybe: Some(String::new()),
            never: None,
            pairs: vec![("a".into(), u64::MAX), ("b".into(), 0)],
            map: BTreeMap::from([("k".into(), Kind::Bare)]),
            kinds: vec![Kind::Wrapped(Box::new(named(None))), Kind::Both(7, "b".into()), named(Some(1))],
            any: serde_json::json!([null, {"a": 1.0}]),
            rest: BTreeMap::from([("other".into(), Value::Bool(false))]),
        };
        let text = serde_json::to_string(&everything).unwrap();
        assert_eq!(read::<Everything>(&text).unwrap(), everything);
        assert_eq!(serde_json::from_str::<Everything>(&text).unwrap(), everything, "as serde_json reads it");
    }

    #[test]
    fn a_list_is_no_object_and_nothing_is_left_over() {
        assert!(serde_json::from_str::<Point>("[1, 2]").is_ok(), "serde_json alone takes it");
        for text in ["[1, 2]", "null", "1", "\"x\""] {
            assert!(read::<Point>(text).is_err(), "{text}");
        }
        assert!(read::<(u8, u8)>("[1, 2, 3]").is_err());
        assert!(read::<(u8, u8)>("[1]").is_err());
        for text in [
            r#"{"Named":["n",1]}"#,
            r#""Wrapped""#,
            r#"{"Bare":1}"#,
            r#"{"Bare":null,"Both":null}"#,
            "{}",
            "7",
        ] {
            assert!(read::<Kind>(text).is_err(), "{text}");
        }
    }
}
