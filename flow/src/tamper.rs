//! Changes a message as an attack or a mistake would: which part, to what. Says what was changed, so that it can be marked.

use protocol::{base64url, base64url_decode, query};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::http::Request;

/// One change.
#[derive(Clone, Copy, Debug)]
pub enum Edit {
    /// Gives it this value, whether or not there was one.
    Set(Part, &'static str, Value),
    /// Puts one more of that name behind the others.
    Add(Part, &'static str, Value),
    /// Leaves it out.
    Drop(Part, &'static str),
    /// Sends the message somewhere else.
    To(Value),
}

/// A part of a message that has names and values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A parameter of the URL.
    Query,
    /// A header; names in lower case.
    Header,
    /// A field of a form in the body.
    Form,
    /// A member of the JSON in the body, by its pointer: `/params/arguments/city`. The empty pointer is all of the body, as
    /// it is written.
    Json,
    /// The address itself; it has no name.
    Url,
}

/// What something is changed to.
#[derive(Clone, Copy, Debug)]
pub enum Value {
    /// This text; in JSON, this JSON, if it is some.
    Text(&'static str),
    /// What was there, with this behind it.
    Append(&'static str),
    /// What was there, with the first occurrence of one text replaced by another.
    Replace(&'static str, &'static str),
    /// What was there, between two texts.
    Around(&'static str, &'static str),
    /// A text so many times.
    Repeated(&'static str, usize),
    /// What was there, with one character in its middle replaced by another.
    Flipped,
    /// Something that came up during the run.
    Kept(Slot),
    /// The same behind a word: `Bearer `.
    Prefixed(&'static str, Slot),
    /// What was there, a JWT behind whatever word, with a member of its header changed. The signature stays.
    JwtHeader(&'static str, &'static str),
    /// The same with a claim: its name, and the JSON that it gets.
    JwtClaim(&'static str, &'static str),
}

/// Something that comes up during a run, or is known of its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// The access token.
    AccessToken,
    /// The access token before that.
    FormerAccessToken,
    /// The refresh token.
    RefreshToken,
    /// The refresh token before that.
    FormerRefreshToken,
    /// The session of 2025-11-25.
    SessionId,
    /// The `code_challenge` with which the browser was sent away last.
    CodeChallenge,
    /// With what the browser came back last.
    FormerCallback,
    /// The client id of a [publication](crate::lessons::attacks::Publication).
    Published,
    /// The address of the MCP server.
    Resource,
    /// The identifier of the authorization server.
    Issuer,
    /// The origin of the lab's page.
    Page,
    /// The origin of the lab's rogue servers.
    Rogue,
    /// The address of the other MCP server that the authorization server issues tokens for.
    Upstream,
    /// What the run before this one brought up.
    Victims(&'static Slot),
}

/// A change that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// In which part.
    pub part: Part,
    /// Of which name; empty for the URL and for the whole body.
    pub name: String,
    /// What stood there; `None` if nothing did.
    pub was: Option<String>,
    /// What stands there; `None` if nothing does.
    pub is: Option<String>,
}

/// Why a change cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotTamper {
    /// There is no value to start from.
    #[error("there is no {0} to be changed")]
    Nothing(&'static str),
    /// The run has not brought it up.
    #[error("the run has no {0:?}")]
    Missing(Slot),
    /// The body is no JSON, or has no such place.
    #[error("the body has no place {0}")]
    NoPlace(&'static str),
}

/// Changes a request.
///
/// # Errors
/// [`CannotTamper`]; the catalogue and the messages do not fit each other then.
pub fn request(
    mut request: Request,
    edits: &[Edit],
    known: &impl Fn(Slot) -> Option<String>,
) -> Result<(Request, Vec<Changed>), CannotTamper> {
    let mut made = Vec::with_capacity(edits.len());
    for edit in edits {
        let (Edit::Set(part, ..) | Edit::Add(part, ..) | Edit::Drop(part, _)) = edit else {
            let Edit::To(value) = edit else { continue };
            let is = text_of(*value, "address", Some(&request.url), known)?;
            let was = Some(std::mem::replace(&mut request.url, is.clone()));
            made.push(Changed { part: Part::Url, name: String::new(), was, is: Some(is) });
            continue;
        };
        let change = match part {
            Part::Header => in_pairs(&mut request.headers, *edit, known)?,
            Part::Query => {
                let (address, encoded) = request.url.split_once('?').unwrap_or((&request.url, ""));
                let mut pairs = pairs(encoded);
                let change = in_pairs(&mut pairs, *edit, known)?;
                request.url = match encode(&pairs) {
                    encoded if encoded.is_empty() => address.to_owned(),
                    encoded => format!("{address}?{encoded}"),
                };
                change
            }
            Part::Form => {
                let mut pairs = pairs(request.body.as_deref().unwrap_or_default());
                let change = in_pairs(&mut pairs, *edit, known)?;
                request.body = Some(encode(&pairs));
                change
            }
            Part::Json => in_json(&mut request, *edit, known)?,
            Part::Url => continue,
        };
        made.push(change);
    }
    Ok((request, made))
}

/// Changes a URL that a browser goes to.
///
/// # Errors
/// As [`request`].
pub fn url(
    url: &str,
    edits: &[Edit],
    known: &impl Fn(Slot) -> Option<String>,
) -> Result<(String, Vec<Changed>), CannotTamper> {
    let (request, made) = request(Request::get_json(url), edits, known)?;
    Ok((request.url, made))
}

fn pairs(encoded: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(encoded.as_bytes()).into_owned().collect()
}

fn encode(pairs: &[(String, String)]) -> String {
    query::encode(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

fn in_pairs(
    pairs: &mut Vec<(String, String)>,
    edit: Edit,
    known: &impl Fn(Slot) -> Option<String>,
) -> Result<Changed, CannotTamper> {
    let find = |pairs: &[(String, String)], name: &str| pairs.iter().position(|(known, _)| known == name);
    match edit {
        Edit::Set(part, name, value) => {
            let at = find(pairs, name);
            let was = at.map(|at| pairs[at].1.clone());
            let is = text_of(value, name, was.as_deref(), known)?;
            match at {
                Some(at) => pairs[at].1.clone_from(&is),
                None => pairs.push((name.to_owned(), is.clone())),
            }
            Ok(Changed { part, name: name.to_owned(), was, is: Some(told(value, is)) })
        }
        Edit::Add(part, name, value) => {
            let was = find(pairs, name).map(|at| pairs[at].1.clone());
            let is = text_of(value, name, was.as_deref(), known)?;
            pairs.push((name.to_owned(), is.clone()));
            Ok(Changed { part, name: name.to_owned(), was, is: Some(told(value, is)) })
        }
        Edit::Drop(part, name) => {
            let at = find(pairs, name).ok_or(CannotTamper::Nothing(name))?;
            let was = pairs[at].1.clone();
            pairs.retain(|(known, _)| known != name);
            Ok(Changed { part, name: name.to_owned(), was: Some(was), is: None })
        }
        Edit::To(_) => Err(CannotTamper::Nothing("name")),
    }
}

fn in_json(
    request: &mut Request,
    edit: Edit,
    known: &impl Fn(Slot) -> Option<String>,
) -> Result<Changed, CannotTamper> {
    let (Edit::Set(part, pointer, _) | Edit::Add(part, pointer, _) | Edit::Drop(part, pointer)) = edit else {
        return Err(CannotTamper::Nothing("name"));
    };
    let no_place = || CannotTamper::NoPlace(pointer);
    let body = request.body.as_deref().unwrap_or_default();
    if let (Edit::Set(_, "", value), was) = (edit, body) {
        let is = text_of(value, "body", Some(was), known)?;
        let was = request.body.replace(is.clone());
        return Ok(Changed { part, name: String::new(), was, is: Some(is) });
    }
    let mut message: Json = serde_json::from_str(body).map_err(|_| no_place())?;
    let (parent, name) = pointer.rsplit_once('/').ok_or_else(no_place)?;
    let name = name.replace("~1", "/").replace("~0", "~");
    let members = message.pointer_mut(parent).and_then(Json::as_object_mut).ok_or_else(no_place)?;
    let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let was = members.get(&name).map(text);
    let is = match edit {
        Edit::Set(_, _, value) | Edit::Add(_, _, value) => {
            let is = text_of(value, pointer, was.as_deref(), known)?;
            let json = match value {
                Value::Text(literal) => serde_json::from_str(literal).ok(),
                _ => None,
            };
            members.insert(name, json.unwrap_or_else(|| Json::String(is.clone())));
            Some(told(value, is))
        }
        _ => {
            members.shift_remove(&name).ok_or_else(no_place)?;
            None
        }
    };
    request.body = Some(message.to_string());
    Ok(Changed { part, name: pointer.to_owned(), was, is })
}

/// What is said of a new value: a text that is nothing but long nobody wants to read.
fn told(value: Value, is: String) -> String {
    match value {
        Value::Repeated(text, times) => format!("{text}… ({times} times)"),
        _ => is,
    }
}

/// The text that a value comes to.
fn text_of(
    value: Value,
    name: &'static str,
    was: Option<&str>,
    known: &impl Fn(Slot) -> Option<String>,
) -> Result<String, CannotTamper> {
    let was = || was.ok_or(CannotTamper::Nothing(name));
    let kept = |slot| known(slot).ok_or(CannotTamper::Missing(slot));
    Ok(match value {
        Value::Text(text) => text.to_owned(),
        Value::Append(text) => [was()?, text].concat(),
        Value::Replace(from, to) => {
            let was = was()?;
            if !was.contains(from) {
                return Err(CannotTamper::Nothing(from));
            }
            was.replacen(from, to, 1)
        }
        Value::Around(before, behind) => [before, was()?, behind].concat(),
        Value::Repeated(text, times) => text.repeat(times),
        Value::Flipped => flipped(was()?).ok_or(CannotTamper::Nothing(name))?,
        Value::Kept(slot) => kept(slot)?,
        Value::Prefixed(word, slot) => [word, &kept(slot)?].concat(),
        Value::JwtHeader(member, json) => {
            in_jwt(was()?, 0, member, json).ok_or(CannotTamper::Nothing("JWT"))?
        }
        Value::JwtClaim(member, json) => {
            in_jwt(was()?, 1, member, json).ok_or(CannotTamper::Nothing("JWT"))?
        }
    })
}

/// One letter or digit near the middle becomes another one, so that the text stays what it is by its form.
fn flipped(text: &str) -> Option<String> {
    let (at, old) = text
        .char_indices()
        .skip(text.chars().count() / 2)
        .find(|(_, letter)| letter.is_ascii_alphanumeric())?;
    let new = if old == 'A' { 'B' } else { 'A' };
    Some([&text[..at], &new.to_string(), &text[at + 1..]].concat())
}

fn in_jwt(text: &str, part: usize, member: &str, json: &str) -> Option<String> {
    let (before, token) = text.rsplit_once(' ').map_or(("", text), |(word, token)| (word, token));
    let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    let decoded = base64url_decode(parts.get(part)?)?;
    let mut object: serde_json::Map<String, Json> = serde_json::from_slice(&decoded).ok()?;
    object.insert(member.to_owned(), serde_json::from_str(json).ok()?);
    parts[part] = base64url(Json::Object(object).to_string().as_bytes());
    let token = parts.join(".");
    Some(if before.is_empty() { token } else { [before, " ", &token].concat() })
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::Edit::{Add, Drop, Set, To};
    use super::Part::{Form, Header, Json as Member, Query};
    use super::Value::{
        Append, Around, Flipped, JwtClaim, JwtHeader, Kept, Prefixed, Repeated, Replace, Text,
    };
    use super::*;

    fn known(slot: Slot) -> Option<String> {
        (slot == Slot::AccessToken).then(|| "token".to_owned())
    }

    fn form() -> Request {
        Request::post_form("https://as.example/token?x=1", &[("code", "abc".into()), ("scope", "a b".into())])
    }

    #[test]
    fn each_part_can_be_changed_and_the_change_is_told() {
        let edits = [
            Set(Form, "code", Flipped),
            Set(Query, "x", Append("2")),
            Add(Form, "code", Text("other")),
            Drop(Header, "accept"),
            Set(Header, "authorization", Prefixed("Bearer ", Slot::AccessToken)),
        ];
        let (request, changes) = request(form(), &edits, &known).unwrap();
        assert_eq!(request.url, "https://as.example/token?x=12");
        assert_eq!(request.body.as_deref(), Some("code=aAc&scope=a+b&code=other"));
        assert!(request.headers.contains(&("authorization".into(), "Bearer token".into())));
        assert!(!request.headers.iter().any(|(name, _)| name == "accept"));
        let told: Vec<_> =
            changes.iter().map(|change| (change.was.as_deref(), change.is.as_deref())).collect();
        assert_eq!(told[0], (Some("abc"), Some("aAc")));
        assert_eq!(told[3], (Some("application/json"), None));
        assert_eq!(told[4], (None, Some("Bearer token")));
    }

    #[test]
    fn json_is_changed_by_pointer() {
        let message = serde_json::json!({ "params": { "name": "whoami", "n": 1 } });
        let post = Request::post_json("https://mcp.example/mcp", &message);
        let edits = [
            Set(Member, "/params/name", Text("notes_delete")),
            Set(Member, "/params/_meta", Text("{\"a\":1}")),
            Drop(Member, "/params/n"),
        ];
        let (changed, _) = request(post.clone(), &edits, &known).unwrap();
        assert_eq!(changed.body.as_deref(), Some(r#"{"params":{"name":"notes_delete","_meta":{"a":1}}}"#));
        assert_eq!(
            request(post, &[Drop(Member, "/nowhere/x")], &known),
            Err(CannotTamper::NoPlace("/nowhere/x"))
        );
    }

    #[test]
    fn a_body_can_become_what_no_json_is() {
        let post = Request::post_json("https://mcp.example/mcp", &serde_json::json!({ "name": "x" }));
        let edits = [
            Set(Member, "/name", Repeated("ab", 2)),
            Set(Member, "", Replace("{", "{\"name\":1,")),
            Set(Member, "", Around("[", "]")),
        ];
        let (changed, made) = request(post, &edits, &known).unwrap();
        assert_eq!(changed.body.as_deref(), Some(r#"[{"name":1,"name":"abab"}]"#));
        assert_eq!(made[0].is.as_deref(), Some("ab… (2 times)"));
        assert_eq!((made[2].name.as_str(), made[2].is.as_deref()), ("", changed.body.as_deref()));
    }

    #[test]
    fn a_token_keeps_its_signature() {
        let token = |header: &str, claims: &str| {
            format!("Bearer {}.{}.c2ln", base64url(header.as_bytes()), base64url(claims.as_bytes()))
        };
        let get = Request::get_json("https://mcp.example/mcp")
            .header("authorization", token(r#"{"alg":"RS256"}"#, r#"{"sub":"ada"}"#));
        let edits = [
            Set(Header, "authorization", JwtHeader("alg", "\"none\"")),
            Set(Header, "authorization", JwtClaim("sub", "\"grace\"")),
        ];
        let (changed, _) = request(get, &edits, &known).unwrap();
        let expected = token(r#"{"alg":"none"}"#, r#"{"sub":"grace"}"#);
        assert_eq!(changed.headers.last().unwrap().1, expected);
    }

    #[test]
    fn a_url_can_be_another_one() {
        let (address, made) = url(
            "https://as.example/a?b=c",
            &[To(Replace("as.", "evil.")), Set(Query, "b", Kept(Slot::AccessToken))],
            &known,
        )
        .unwrap();
        assert_eq!(address, "https://evil.example/a?b=token");
        assert_eq!(made.len(), 2);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        for (edit, reason) in [
            (Set(Form, "nothing", Flipped), CannotTamper::Nothing("nothing")),
            (Set(Form, "code", Kept(Slot::SessionId)), CannotTamper::Missing(Slot::SessionId)),
            (Drop(Query, "y"), CannotTamper::Nothing("y")),
            (Set(Form, "code", JwtClaim("sub", "1")), CannotTamper::Nothing("JWT")),
        ] {
            assert_eq!(request(form(), &[edit], &known), Err(reason));
        }
    }
}
