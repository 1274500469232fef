//! A run as a sequence diagram of Mermaid, for a README or an issue.

use protocol::party::Party;

use crate::hop::{Hop, HopId};
use crate::run::Record;

impl Record {
    /// The run as a diagram. An answer stands behind everything that was asked for its sake.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        let mut diagram = String::from("sequenceDiagram\n");
        for party in Party::ALL {
            diagram.extend(["    participant ", id(party), " as ", party.name(), "\n"]);
        }
        let mut chapter = None;
        let mut open: Vec<&Hop> = Vec::new();
        for hop in &self.hops {
            while let Some(before) = open.pop_if(|before| !asked_for(hop, before)) {
                answer(&mut diagram, before);
            }
            if chapter.replace(hop.step.chapter()) != Some(hop.step.chapter()) {
                let title = escaped(hop.step.chapter().title());
                diagram.extend(["    Note over You,Host: ", &title, "\n"]);
            }
            let title = escaped(&hop.title);
            if hop.from == hop.to {
                diagram.extend(["    Note over ", id(hop.from), ": ", &title, "\n"]);
            } else {
                diagram.extend(["    ", id(hop.from), "->>", id(hop.to), ": ", &title, "\n"]);
                open.push(hop);
            }
        }
        while let Some(last) = open.pop() {
            answer(&mut diagram, last);
        }
        diagram
    }
}

/// Whether a server asked somebody for the sake of the message before.
fn asked_for(hop: &Hop, before: &Hop) -> bool {
    let HopId::Fetched(by, _) = hop.id else { return false };
    before.seen.as_ref().is_some_and(|seen| seen.seq == by)
}

fn answer(diagram: &mut String, hop: &Hop) {
    if let Some(text) = &hop.answer {
        diagram.extend(["    ", id(hop.to), "-->>", id(hop.from), ": ", &escaped(text), "\n"]);
    }
}

fn id(party: Party) -> &'static str {
    match party {
        Party::You => "You",
        Party::Client => "Client",
        Party::McpServer => "MCP",
        Party::AuthorizationServer => "AS",
        Party::ClientHost => "Host",
    }
}

/// A text of one line in which nothing is taken for a part of the diagram: Mermaid writes a character as `#59;`.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    // Words that mean something to Mermaid, at the beginning or before a colon.
    let is_tricky = ["wrap", "style", "classDef", "click"].iter().any(|word| text.contains(word));
    for (at, word) in text.split_whitespace().enumerate() {
        if at > 0 {
            safe.push(' ');
        }
        if word.eq_ignore_ascii_case("end") {
            safe.extend(["#", &u32::from(word.as_bytes()[0]).to_string(), ";", &word[1..]]);
            continue;
        }
        for c in word.chars() {
            let is_part = r#"#;%$&<>{}[]|\"'`"#.contains(c) || (is_tricky && c == ':');
            if is_part {
                safe.extend(["#", &u32::from(c).to_string(), ";"]);
            } else if !c.is_control() {
                safe.push(c);
            }
        }
    }
    // A message has a text.
    if safe.is_empty() { "#160;".into() } else { safe }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use protocol::revision::Revision;

    use super::*;
    use crate::{merge, samples};

    #[test]
    fn a_run_is_a_diagram() {
        let (entries, observations) = samples::run();
        let record = Record::new(Revision::V2025_11_25, "cimd", merge(&entries, &observations));
        assert_eq!(
            record.to_mermaid(),
            "sequenceDiagram
    participant You as You
    participant Client as Client
    participant MCP as MCP server
    participant AS as Authorization server
    participant Host as Metadata host
    Note over You,Host: Discovery
    Client->>MCP: initialize
    MCP-->>Client: 401
    Note over You,Host: Identity
    Client->>Host: GET the document
    Host-->>Client: 200
    Note over You,Host: Authorization
    Note over Client: authorization request
    You->>AS: the browser goes to /authorize
    AS->>Host: GET /client.json
    Host-->>AS: 200
    AS-->>You: 303 · to the sign-in page
    You->>AS: GET /sign-in
    AS-->>You: sign-in page
    You->>AS: signs in as ada
    AS-->>You: 303 · to the consent page
    You->>AS: GET /consent
    AS-->>You: consent page
    You->>AS: allows mcp:connect weather:read
    AS-->>You: 303 · code, state, iss
    You->>Client: the browser comes back
    Note over You,Host: Token
    Client->>AS: POST /token
    AS-->>Client: 200
    Note over You,Host: Use
    Client->>MCP: initialize with the token
    MCP->>AS: GET /jwks
    AS-->>MCP: 200
    MCP->>AS: POST /introspect
    AS-->>MCP: refused
    MCP-->>Client: 200
"
        );
    }

    #[test]
    fn no_text_is_taken_for_a_part_of_the_diagram() {
        for (text, expected) in [
            ("a; b # c\n%%{init}%%", "a#59; b #35; c #37;#37;#123;init#125;#37;#37;"),
            ("the end of End", "the #101;nd of #69;nd"),
            ("wrap: x", "wrap#58; x"),
            ("tools/call get_weather: 200 · ok", "tools/call get_weather: 200 · ok"),
            ("<b>\"it's\"</b>", "#60;b#62;#34;it#39;s#34;#60;/b#62;"),
            (" \u{0} \r\n ", "#160;"),
            ("", "#160;"),
        ] {
            assert_eq!(escaped(text), expected);
        }
    }
}
