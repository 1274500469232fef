//! Mistakes that a client's metadata document can have, and its host: each is to be tried, and is refused for itself.

use std::fmt::Write as _;

use Change::{Add, As, Drop, Nothing, Put};

/// A document to try, with the one thing that is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Names it in the page; lower-case letters and hyphens.
    pub id: &'static str,
    /// What it is, in a few words.
    pub title: &'static str,
    /// Why it matters, in one sentence.
    pub why: &'static str,
    /// How the host of the document answers, as the query that the lab takes; empty: as it should.
    pub host: &'static str,
    /// What the authorization server's refusal is called; `None`: it accepts.
    pub refusal: Option<&'static str>,
    change: Change,
}

/// What is done to a good document. Values are JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Nothing,
    Put(&'static str, &'static str),
    Drop(&'static str),
    /// One more member, in front of the others, even if there is one of its name.
    Add(&'static str, &'static str),
    /// A member so long.
    Long(usize),
    /// Another text altogether.
    As(&'static str),
}

impl Mistake {
    /// The document of a client with this id, which is its own address, and this redirect URI.
    #[must_use]
    pub fn document(&self, client_id: &str, redirect_uri: &str) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let redirect_uris = ["[", &quoted(redirect_uri), "]"].concat();
        let mut members = vec![
            ("client_id", quoted(client_id)),
            ("client_name", quoted("My client")),
            ("redirect_uris", redirect_uris),
            ("grant_types", r#"["authorization_code", "refresh_token"]"#.to_owned()),
            ("token_endpoint_auth_method", r#""none""#.to_owned()),
        ];
        match self.change {
            Nothing => {}
            As(text) => return text.to_owned(),
            Drop(name) => members.retain(|(known, _)| *known != name),
            Add(name, value) => members.insert(0, (name, value.to_owned())),
            Change::Long(bytes) => members.push(("about", quoted(&"long ".repeat(bytes / 5)))),
            Put(name, value) => match members.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => value.clone_into(known),
                None => members.push((name, value.to_owned())),
            },
        }
        let mut text = String::from("{\n");
        for (index, (name, value)) in members.iter().enumerate() {
            let comma = if index + 1 < members.len() { "," } else { "" };
            // Writing to a string does not fail.
            let _ = writeln!(text, "  \"{name}\": {value}{comma}");
        }
        text.push_str("}\n");
        text
    }
}

const fn document(
    id: &'static str,
    title: &'static str,
    change: Change,
    refusal: &'static str,
    why: &'static str,
) -> Mistake {
    Mistake { id, title, why, host: "", refusal: Some(refusal), change }
}

const fn host(
    id: &'static str,
    title: &'static str,
    host: &'static str,
    refusal: &'static str,
    why: &'static str,
) -> Mistake {
    Mistake { id, title, why, host, refusal: Some(refusal), change: Nothing }
}

/// A document without a mistake, to begin with.
pub const GOOD: Mistake = Mistake {
    id: "none",
    title: "A good document",
    why: "Everything that is demanded is there, so the server goes on to ask the person.",
    host: "",
    refusal: None,
    change: Nothing,
};

/// A document that breaks no rule, and should not be trusted for it.
pub const TRUSTED_NAME: Mistake = Mistake {
    id: "trusted-name",
    title: "A name that inspires trust",
    why: "Anybody can choose any name, so the person is shown the host as well, and decides.",
    host: "",
    refusal: None,
    change: Put("client_name", r#""Trusted Editor""#),
};

/// Mistakes in the document.
pub const IN_THE_DOCUMENT: &[Mistake] = &[
    document(
        "other-client-id",
        "client_id of another URL",
        Put("client_id", r#""https://app.example/client.json""#),
        "OtherClientId",
        "Whoever copies the document of a known client must not be taken for that client.",
    ),
    document(
        "no-client-id",
        "client_id missing",
        Drop("client_id"),
        "Missing",
        "A document that does not name itself could be any JSON that happens to lie at that address.",
    ),
    document(
        "no-client-name",
        "client_name missing",
        Drop("client_name"),
        "Missing",
        "The person who is asked for consent would have nothing but a URL to go by.",
    ),
    document(
        "no-redirect-uris",
        "redirect_uris missing",
        Drop("redirect_uris"),
        "Missing",
        "Without a list, the server cannot know where this client's codes may go.",
    ),
    document(
        "other-redirect-uri",
        "another redirect URI",
        Put("redirect_uris", r#"["https://app.example/callback"]"#),
        "UnlistedRedirectUri",
        "The document is fine, but the request wants its code at an address that is not on the list.",
    ),
    document(
        "plain-http",
        "redirect URI over plain http",
        Put("redirect_uris", r#"["http://app.example/callback"]"#),
        "BadRedirectUri",
        "The code would cross the network in the open; plain http is for this machine alone.",
    ),
    document(
        "script",
        "redirect URI that is a script",
        Put("redirect_uris", r#"["javascript:alert(1)"]"#),
        "BadRedirectUri",
        "A browser that follows it would run the client's code as if it were the server's.",
    ),
    document(
        "secret",
        "a shared secret",
        Put("client_secret", r#""correct horse battery staple""#),
        "SharedSecret",
        "Everybody can read the document, so everybody would know the secret.",
    ),
    document(
        "basic",
        "client_secret_basic",
        Put("token_endpoint_auth_method", r#""client_secret_basic""#),
        "SharedSecret",
        "This method needs a secret that client and server share, and they never met to agree on one.",
    ),
    document(
        "private-key",
        "a private key",
        Put("jwks", r#"{"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "d": "AA"}]}"#),
        "PrivateKey",
        "The half of a key pair that must stay at home has been published; whoever read it can act as the client.",
    ),
    document(
        "twice",
        "client_id twice",
        Add("client_id", r#""https://app.example/client.json""#),
        "NotAnObject",
        "Parsers differ in which of two members of one name counts, so two servers could see two clients.",
    ),
    document(
        "not-json",
        "no JSON",
        As("<!doctype html>\n<title>My client</title>\n"),
        "NotAnObject",
        "A web server that answers everything with its start page is a common mistake.",
    ),
    document(
        "too-long",
        "longer than 5 kilobytes",
        Change::Long(6000),
        "DocumentTooLong",
        "Anybody can make the server fetch a document, so it reads no more of it than it needs.",
    ),
];

/// Mistakes of the server that hands the document out.
pub const OF_THE_HOST: &[Mistake] = &[
    host(
        "html",
        "sent as text/html",
        "content_type=text/html",
        "DocumentContentType",
        "A site where people upload pages would otherwise let each of them be a client.",
    ),
    host(
        "missing",
        "status 404",
        "status=404",
        "DocumentStatus",
        "Only a plain 200 counts; and the failure is not remembered, so a mended document counts at once.",
    ),
    host(
        "redirect",
        "a redirect",
        "redirect_to=/client.json",
        "DocumentStatus",
        "Redirects are not followed: they could lead the server to addresses inside its own network.",
    ),
    host(
        "slow",
        "an answer after 6 seconds",
        "delay_ms=6000",
        "DocumentUnavailable",
        "A host that lets others wait must not hold the server's attention; it hangs up after 5 seconds.",
    ),
];

/// All of them, those that nobody refuses first.
pub fn all() -> impl Iterator<Item = &'static Mistake> {
    [&GOOD, &TRUSTED_NAME].into_iter().chain(IN_THE_DOCUMENT).chain(OF_THE_HOST)
}

#[cfg(test)]
mod tests {
    use protocol::cimd::{ClientIdUrl, ClientMetadataDocument, MAX_DOCUMENT_BYTES};
    use protocol::loopback::LoopbackPolicy;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const ID: &str = "http://localhost:3000/clients/mine.json";
    const REDIRECT: &str = "http://localhost:3000/callback";

    #[test]
    fn a_document_breaks_the_rule_that_its_mistake_names() {
        let url = ClientIdUrl::parse(ID, LoopbackPolicy::AllowHttpOnLoopback).unwrap();
        for mistake in all() {
            let text = mistake.document(ID, REDIRECT);
            let verdict = ClientMetadataDocument::validate(&url, text.as_bytes());
            match mistake.refusal {
                Some("DocumentTooLong") => assert!(text.len() > MAX_DOCUMENT_BYTES),
                Some("UnlistedRedirectUri") => {
                    assert_ne!(verdict.unwrap().redirect_uris()[0].as_str(), REDIRECT);
                }
                Some(refusal) if mistake.host.is_empty() => {
                    let reason = format!("{:?}", verdict.unwrap_err());
                    assert!(reason.contains(refusal), "{}: {reason}", mistake.id);
                }
                _ => assert_eq!(verdict.unwrap().redirect_uris()[0].as_str(), REDIRECT, "{}", mistake.id),
            }
        }
    }

    #[test]
    fn each_has_a_name_of_its_own_and_a_sentence() {
        let mut ids: Vec<_> = all().map(|mistake| mistake.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all().count());
        assert!(all().all(|mistake| mistake.why.ends_with('.')));
    }
}
