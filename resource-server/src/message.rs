//! One strict reading of a message: what is found here is what is judged, and there is no second way to read the bytes.
//!
//! Refused are repeated member names at any depth, batches, what could be request and response at once, ids that another
//! parser might not take for ids, and more values or deeper nesting than the budget has. Nothing is built but what the
//! gate needs.
//!
//! Spec: JSON-RPC 2.0; MCP 2025-11-25 and 2026-07-28 Base Protocol, Messages.

use std::borrow::Cow;
use std::fmt;

use protocol::mcp::{META_CLIENT_CAPABILITIES, META_PROTOCOL_VERSION};
use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::budget::{MESSAGE_DEPTH, MESSAGE_VALUES, VALUE_BYTES};
use crate::strict::{Name, Names, Room, Skip};

/// The id of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum RequestId {
    Number(i64),
    Text(String),
}

/// A request, or a notification if it has no id.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    pub(crate) id: Option<RequestId>,
    pub(crate) method: Cow<'a, str>,
    /// `params.name`.
    pub(crate) name: Option<Cow<'a, str>>,
    /// `params.uri`.
    pub(crate) uri: Option<Cow<'a, str>>,
    /// The revision in `params._meta`.
    pub(crate) meta_version: Option<Cow<'a, str>>,
    /// Whether `params._meta` holds the client's capabilities, as an object.
    pub(crate) meta_capabilities: bool,
    /// What it may weigh in the memory of whoever parses it.
    pub(crate) weight: usize,
}

/// Why a body is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoMessage {
    /// Not JSON, not in one way, or nested too deeply.
    NotJson,
    /// More values than the budget has.
    TooManyValues,
    /// JSON, but no single request or notification.
    NotOne,
}

impl<'a> Message<'a> {
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, NoMessage> {
        let mut reading = Reading::default();
        // One more than allowed: so it is seen that there were too many.
        let mut room = Room::new(MESSAGE_VALUES + 1, MESSAGE_DEPTH);
        let mut parser = serde_json::Deserializer::from_slice(body);
        let seed = Walk { reading: &mut reading, room: &mut room, place: Place::Message };
        let walked = seed.deserialize(&mut parser).and_then(|()| parser.end());
        if room.values_left() == 0 {
            return Err(NoMessage::TooManyValues);
        }
        walked.map_err(|_| NoMessage::NotJson)?;
        let weight = body.len() + (MESSAGE_VALUES + 1 - room.values_left()) * VALUE_BYTES;
        reading.message(weight).ok_or(NoMessage::NotOne)
    }

    /// What it is, in words.
    pub(crate) fn described(&self) -> String {
        let kind = if self.id.is_some() { "request" } else { "notification" };
        format!("the {kind} {}", self.method)
    }
}

/// What was found on the way through a body.
#[derive(Default)]
struct Reading<'a> {
    is_object: bool,
    jsonrpc: Option<Scalar<'a>>,
    id: Option<Scalar<'a>>,
    method: Option<Scalar<'a>>,
    params: Option<Scalar<'a>>,
    /// `result` or `error`.
    is_answer: bool,
    name: Option<Scalar<'a>>,
    uri: Option<Scalar<'a>>,
    arguments: Option<Scalar<'a>>,
    meta: Option<Scalar<'a>>,
    meta_version: Option<Scalar<'a>>,
    meta_capabilities: Option<Scalar<'a>>,
}

/// A value, as far as it matters.
#[derive(Debug, PartialEq)]
enum Scalar<'a> {
    Text(Cow<'a, str>),
    Integer(i64),
    Object,
    Other,
}

impl<'a> Scalar<'a> {
    fn text(self) -> Option<Cow<'a, str>> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

impl<'a> Reading<'a> {
    /// Whether all this is one message.
    fn message(self, weight: usize) -> Option<Message<'a>> {
        let object_if_any =
            |value: &Option<Scalar>| value.as_ref().is_none_or(|value| *value == Scalar::Object);
        if !self.is_object
            || self.is_answer
            || self.jsonrpc?.text()? != "2.0"
            || ![&self.params, &self.arguments, &self.meta].into_iter().all(object_if_any)
        {
            return None;
        }
        let id = match self.id {
            None => None,
            Some(Scalar::Integer(number)) => Some(RequestId::Number(number)),
            Some(Scalar::Text(text)) => Some(RequestId::Text(text.into_owned())),
            Some(Scalar::Object | Scalar::Other) => return None,
        };
        // A member of another type than text is no name: whoever looks for one finds none.
        let text = |value: Option<Scalar<'a>>| value.and_then(Scalar::text);
        Some(Message {
            id,
            method: self.method?.text()?,
            name: text(self.name),
            uri: text(self.uri),
            meta_version: text(self.meta_version),
            meta_capabilities: self.meta_capabilities == Some(Scalar::Object),
            weight,
        })
    }

    /// Where a member that matters is kept.
    fn slot(&mut self, place: Place) -> Option<&mut Option<Scalar<'a>>> {
        Some(match place {
            Place::Version => &mut self.jsonrpc,
            Place::Id => &mut self.id,
            Place::Method => &mut self.method,
            Place::Params => &mut self.params,
            Place::Name => &mut self.name,
            Place::Uri => &mut self.uri,
            Place::Arguments => &mut self.arguments,
            Place::Meta => &mut self.meta,
            Place::MetaVersion => &mut self.meta_version,
            Place::MetaCapabilities => &mut self.meta_capabilities,
            Place::Message | Place::Elsewhere => return None,
        })
    }
}

/// Where in a message a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Message,
    Version,
    Id,
    Method,
    Params,
    Name,
    Uri,
    Arguments,
    Meta,
    MetaVersion,
    MetaCapabilities,
    Elsewhere,
}

impl Place {
    /// Where a member of an object that stands here stands.
    fn member(self, name: &str) -> Self {
        match (self, name) {
            (Self::Message, "jsonrpc") => Self::Version,
            (Self::Message, "id") => Self::Id,
            (Self::Message, "method") => Self::Method,
            (Self::Message, "params") => Self::Params,
            (Self::Params, "name") => Self::Name,
            (Self::Params, "uri") => Self::Uri,
            (Self::Params, "arguments") => Self::Arguments,
            (Self::Params, "_meta") => Self::Meta,
            (Self::Meta, META_PROTOCOL_VERSION) => Self::MetaVersion,
            (Self::Meta, META_CLIENT_CAPABILITIES) => Self::MetaCapabilities,
            _ => Self::Elsewhere,
        }
    }
}

/// Goes through one value that matters, and all in it.
struct Walk<'r, 'a> {
    reading: &'r mut Reading<'a>,
    room: &'r mut Room,
    place: Place,
}

impl<'a> Walk<'_, 'a> {
    fn found(self, value: Scalar<'a>) {
        if let Some(slot) = self.reading.slot(self.place) {
            *slot = Some(value);
        }
    }
}

impl<'a> DeserializeSeed<'a> for Walk<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        self.room.value()?;
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Walk<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without repeated member names")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.found(Scalar::Other);
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.found(Scalar::Integer(number));
        Ok(())
    }

    /// A number that does not fit into `i64` is no id: rmcp would take the request for a notification.
    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.found(i64::try_from(number).map_or(Scalar::Other, Scalar::Integer));
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.found(Scalar::Other);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.found(Scalar::Other);
        Ok(())
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<(), E> {
        self.found(Scalar::Text(Cow::Borrowed(text)));
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.found(Scalar::Text(Cow::Owned(text.to_owned())));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, items: A) -> Result<(), A::Error> {
        Skip(&mut *self.room).visit_seq(items)?;
        self.found(Scalar::Other);
        Ok(())
    }

    fn visit_map<A: MapAccess<'a>>(self, mut members: A) -> Result<(), A::Error> {
        self.room.enter()?;
        let mut names = Names::default();
        while let Some(Name(name)) = members.next_key()? {
            let place = self.place.member(&name);
            if self.place == Place::Message && (name == "result" || name == "error") {
                self.reading.is_answer = true;
            }
            names.add(name)?;
            if place == Place::Elsewhere {
                members.next_value_seed(Skip(&mut *self.room))?;
            } else {
                let (reading, room) = (&mut *self.reading, &mut *self.room);
                members.next_value_seed(Walk { reading, room, place })?;
            }
        }
        self.room.leave();
        self.reading.is_object |= self.place == Place::Message;
        self.found(Scalar::Object);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<Message<'_>, NoMessage> {
        Message::parse(body.as_bytes())
    }

    #[test]
    fn reads_what_the_gate_needs() {
        let body = r#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"get_weather",
            "arguments":{"name":"Paris","_meta":{"x":1}},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",
            "io.modelcontextprotocol/clientCapabilities":{}}}}"#;
        let message = parse(body).unwrap();
        assert_eq!(message.id, Some(RequestId::Text("a".into())));
        assert_eq!((&*message.method, message.name.as_deref()), ("tools/call", Some("get_weather")));
        assert_eq!(message.meta_version.as_deref(), Some("2026-07-28"));
        assert!(message.meta_capabilities);
        // The whole, jsonrpc, id, method, params; name, arguments with two and one more in it; _meta with two.
        assert_eq!(message.weight, body.len() + 13 * VALUE_BYTES);
        let notification = parse(r#"{"method":"notifications/initialized","jsonrpc":"2.0"}"#).unwrap();
        assert_eq!((notification.id, notification.name), (None, None));
        let escaped =
            parse(r#"{"jsonrpc":"2.0","id":-1,"m\u0065thod":"tools\/call","params":{"name":"\u0061"}}"#)
                .unwrap();
        assert_eq!((&*escaped.method, escaped.name.as_deref()), ("tools/call", Some("a")));
        assert_eq!(escaped.id, Some(RequestId::Number(-1)));
    }

    /// Req: G22
    #[test]
    fn there_is_one_way_to_read_a_message() {
        let deep = |levels| {
            format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"x","params":{{"a":{}1{}}}}}"#,
                "[".repeat(levels),
                "]".repeat(levels)
            )
        };
        for body in [
            "",
            "{",
            "nonsense",
            r#"{"jsonrpc":"2.0","id":1,"method":"ping"} trailing"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_weather","name":"whoami"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","n\u0061me":"whoami"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":[{"b":{"c":1,"c":2}}]}}"#,
            r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#,
            "\u{feff}{}",
            r#"{"jsonrpc":"2.0","id":"\ud800","method":"ping"}"#,
            &"[".repeat(5000),
            &deep(MESSAGE_DEPTH - 1),
            &deep(127),
        ] {
            assert_eq!(parse(body), Err(NoMessage::NotJson), "{body:.80}");
        }
        assert!(parse(&deep(MESSAGE_DEPTH - 2)).is_ok());
        assert_eq!(
            Message::parse(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}"),
            Err(NoMessage::NotJson)
        );
    }

    /// Req: G05
    #[test]
    fn it_is_one_request_or_one_notification() {
        for body in [
            "[]",
            r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
            "1",
            "null",
            r#""text""#,
            "{}",
            r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
            r#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#,
            r#"{"id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":7}"#,
            r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1.0,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1e2,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":9223372036854775808,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","error":null}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":null}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":[]}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","_meta":"x"}}"#,
        ] {
            assert_eq!(parse(body), Err(NoMessage::NotOne), "{body}");
        }
    }

    #[test]
    fn a_message_has_so_many_values_and_names() {
        let list = |values: usize| {
            format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"x","params":{{"a":[{}0]}}}}"#,
                "0,".repeat(values - 1)
            )
        };
        // The object itself, three members, params, and the array.
        assert!(parse(&list(MESSAGE_VALUES - 6)).is_ok());
        assert_eq!(parse(&list(MESSAGE_VALUES - 5)), Err(NoMessage::TooManyValues));
        assert_eq!(parse(&list(30_000)), Err(NoMessage::TooManyValues));
        let members: Vec<_> = (0..100).map(|n| format!("\"m{n}\":0")).collect();
        let object = |members: &str| format!(r#"{{"jsonrpc":"2.0","method":"x","params":{{{members}}}}}"#);
        assert!(parse(&object(&members.join(","))).is_ok());
        for twice in ["m0", "m15", "m16", "m99"] {
            let body = object(&format!("{},\"{twice}\":1", members.join(",")));
            assert_eq!(parse(&body), Err(NoMessage::NotJson), "{twice}");
        }
    }
}
