//! JSON that can be read in one way only, without building it: names that occur twice, too many values and too deep
//! nesting are errors, wherever they are. A name without escapes costs no copy, a value only a count.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// What is left of the values and levels that a text may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    values: usize,
    levels: usize,
}

impl Room {
    pub(crate) fn new(values: usize, levels: usize) -> Self {
        Self { values, levels }
    }

    /// How many values may still come.
    pub(crate) fn values_left(&self) -> usize {
        self.values
    }

    /// Counts a value.
    pub(crate) fn value<E: de::Error>(&mut self) -> Result<(), E> {
        self.values = self.values.checked_sub(1).ok_or_else(|| E::custom("too many values"))?;
        Ok(())
    }

    /// Enters an object or an array. [`Room::leave`] goes with it, unless the reading ends with an error.
    pub(crate) fn enter<E: de::Error>(&mut self) -> Result<(), E> {
        self.levels = self.levels.checked_sub(1).ok_or_else(|| E::custom("nested too deeply"))?;
        Ok(())
    }

    pub(crate) fn leave(&mut self) {
        self.levels += 1;
    }
}

/// Reads a value that does not matter, as strictly as any.
pub(crate) struct Skip<'r>(pub(crate) &'r mut Room);

impl<'de> DeserializeSeed<'de> for Skip<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.value()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Skip<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without repeated member names")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.0.enter()?;
        while items.next_element_seed(Skip(&mut *self.0))?.is_some() {}
        self.0.leave();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        self.0.enter()?;
        let mut names = Names::default();
        while let Some(Name(name)) = members.next_key()? {
            names.add(name)?;
            members.next_value_seed(Skip(&mut *self.0))?;
        }
        self.0.leave();
        Ok(())
    }
}

/// The name of a member, borrowed from the text where it has no escapes.
pub(crate) struct Name<'a>(pub(crate) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Cow<'de, str>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(name))
            }

            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(name.to_owned()))
            }
        }
        deserializer.deserialize_str(Text).map(Name)
    }
}

/// The names of one object. Most have a handful, and comparing those costs less than hashing them.
#[derive(Default)]
pub(crate) struct Names<'a> {
    few: Vec<Cow<'a, str>>,
    many: HashSet<Cow<'a, str>>,
}

impl<'a> Names<'a> {
    const FEW: usize = 16;

    /// Adds a name that must be new.
    pub(crate) fn add<E: de::Error>(&mut self, name: Cow<'a, str>) -> Result<(), E> {
        if self.insert(name) { Ok(()) } else { Err(E::custom("a member occurs twice")) }
    }

    fn insert(&mut self, name: Cow<'a, str>) -> bool {
        if self.many.is_empty() && self.few.len() < Self::FEW {
            let is_new = !self.few.contains(&name);
            self.few.push(name);
            return is_new;
        }
        self.many.extend(self.few.drain(..));
        self.many.insert(name)
    }
}

/// The members of an object. Of what they hold, texts, whole numbers and lists of texts are kept.
#[derive(Debug)]
pub(crate) struct Members<'a>(Vec<(Cow<'a, str>, Member<'a>)>);

/// What a member holds.
#[derive(Debug, PartialEq)]
pub(crate) enum Member<'a> {
    Text(Cow<'a, str>),
    /// Not negative.
    Number(u64),
    Texts(Vec<Cow<'a, str>>),
    Other,
}

impl<'a> Members<'a> {
    const MAX: usize = 64;

    /// Reads a text that must be one object.
    pub(crate) fn parse(text: &'a [u8], mut room: Room) -> Option<Self> {
        let mut parser = serde_json::Deserializer::from_slice(text);
        let members = parser.deserialize_map(Top(&mut room)).ok()?;
        parser.end().ok()?;
        Some(members)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Member<'a>> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, member)| member)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        if let Some(Member::Text(text)) = self.get(name) { Some(text) } else { None }
    }
}

struct Top<'r>(&'r mut Room);

impl<'de> Visitor<'de> for Top<'_> {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Members<'de>, A::Error> {
        self.0.enter()?;
        let mut found: Vec<(Cow<'de, str>, Member<'de>)> = Vec::with_capacity(8);
        while let Some(Name(name)) = members.next_key()? {
            if found.len() >= Members::MAX || found.iter().any(|(known, _)| *known == name) {
                return Err(de::Error::custom("a member occurs twice, or there are too many"));
            }
            found.push((name, members.next_value_seed(Keep(&mut *self.0))?));
        }
        self.0.leave();
        Ok(Members(found))
    }
}

/// Reads a value that may matter.
struct Keep<'r>(&'r mut Room);

impl<'de> DeserializeSeed<'de> for Keep<'_> {
    type Value = Member<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Member<'de>, D::Error> {
        self.0.value()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Keep<'_> {
    type Value = Member<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without repeated member names")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Member<'de>, E> {
        Ok(Member::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Member<'de>, E> {
        Ok(Member::Other)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Member<'de>, E> {
        Ok(Member::Number(number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Member<'de>, E> {
        Ok(Member::Other)
    }

    fn visit_unit<E>(self) -> Result<Member<'de>, E> {
        Ok(Member::Other)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Member<'de>, E> {
        Ok(Member::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Member<'de>, E> {
        Ok(Member::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Member<'de>, A::Error> {
        self.0.enter()?;
        let mut texts = Some(Vec::new());
        while let Some(item) = items.next_element_seed(Keep(&mut *self.0))? {
            match (&mut texts, item) {
                (Some(texts), Member::Text(text)) => texts.push(text),
                _ => texts = None,
            }
        }
        self.0.leave();
        Ok(texts.map_or(Member::Other, Member::Texts))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Member<'de>, A::Error> {
        Skip(self.0).visit_map(members).map(|()| Member::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Members<'_>> {
        Members::parse(text.as_bytes(), Room::new(50, 4))
    }

    #[test]
    fn keeps_what_may_matter() {
        let members =
            read(r#"{"a":"x","\u0062":7,"c":["y","z"],"d":["y",1],"e":{"f":1},"g":-1,"h":1.5,"i":[]}"#)
                .unwrap();
        assert_eq!((members.text("a"), members.text("b"), members.text("z")), (Some("x"), None, None));
        assert_eq!(members.get("b"), Some(&Member::Number(7)));
        assert_eq!(members.get("c"), Some(&Member::Texts(vec!["y".into(), "z".into()])));
        assert_eq!(members.get("i"), Some(&Member::Texts(vec![])));
        for other in ["d", "e", "g", "h"] {
            assert_eq!(members.get(other), Some(&Member::Other), "{other}");
        }
    }

    #[test]
    fn says_nothing_twice_and_has_bounds() {
        let long = format!("[{}0]", "0,".repeat(60));
        let many: Vec<_> = (0..70).map(|n| format!("\"{n}\":0")).collect();
        for wrong in [
            "",
            "[]",
            "1",
            r#"{"a":1,"a":2}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":{"a":1,"a":2}}"#,
            r#"{"x":[{"y":{"a":1,"a":2}}]}"#,
            r#"{"a":1} {}"#,
            r#"{"a":[[[[1]]]]}"#,
            &format!("{{\"a\":{long}}}"),
            &format!("{{{}}}", many.join(",")),
        ] {
            assert!(read(wrong).is_none(), "{wrong:.60}");
        }
        assert!(read(r#"{"a":[[[1]]]}"#).is_some());
    }
}
