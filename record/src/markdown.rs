//! A run as a sheet for a workshop: what happens and why, the messages, the checks with their rules, and room for notes.

use flow::lessons::steps::Step;
use protocol::check::{Check, Outcome};
use protocol::observation::Finding;

use crate::date::iso_8601;
use crate::hop::Hop;
use crate::message::{Got, Sent};
use crate::run::Record;

/// What is longer is cut: the sheet is read, not parsed.
const MAX_BODY_CHARS: usize = 2_000;

impl Record {
    /// The run as Markdown.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut sheet = Sheet { text: String::new(), record: self };
        sheet.opening();
        let mut steps: Vec<Step> = Vec::new();
        let mut chapter = None;
        for (at, hop) in self.hops.iter().enumerate() {
            let step = hop.step;
            if at == 0 || self.hops[at - 1].step != step {
                if chapter.replace(step.chapter()) != Some(step.chapter()) {
                    sheet.line(&["## ", step.chapter().title()]);
                }
                // A step that comes back is told of once.
                sheet.step(step, steps.contains(&step));
                steps.push(step);
            }
            sheet.hop(at + 1, hop);
            if self.hops.get(at + 1).is_none_or(|next| next.step != step) {
                sheet.line(&["**My notes:**"]);
                sheet.line(&["&nbsp;"]);
            }
        }
        sheet.text
    }
}

struct Sheet<'a> {
    text: String,
    record: &'a Record,
}

impl Sheet<'_> {
    /// A paragraph.
    fn line(&mut self, parts: &[&str]) {
        self.text.extend(parts.iter().copied());
        self.text.push_str("\n\n");
    }

    fn opening(&mut self) {
        let Record { revision, registration, started_at_ms, hops, .. } = self.record;
        self.line(&["# MCP authorization, hop by hop"]);
        let (began, count) = (iso_8601(*started_at_ms), hops.len().to_string());
        self.line(&[
            "A run of MCP Auth Lab: revision ",
            revision.as_str(),
            ", registration `",
            &registration.replace('`', ""),
            "`, ",
            &count,
            " hops, begun at ",
            &began,
            ". Every message was really sent.",
        ]);
        self.line(&["Name: ______________________  Date: ______________"]);
    }

    fn step(&mut self, step: Step, is_known: bool) {
        self.line(&["### ", step.title()]);
        if is_known {
            return;
        }
        let revision = self.record.revision;
        self.line(&[step.what(revision)]);
        self.line(&["*Look at:* ", step.look_at(revision)]);
        if let Some(deviation) = step.deviation() {
            self.line(&["*Only in the lab:* ", deviation]);
        }
    }

    fn hop(&mut self, number: usize, hop: &Hop) {
        let number = number.to_string();
        let title = inline(&hop.title);
        if hop.from == hop.to {
            self.line(&["**", &number, ". ", hop.from.name(), "**: ", &title]);
        } else {
            self.line(&["**", &number, ". ", hop.from.name(), " → ", hop.to.name(), "**: ", &title]);
        }
        if let Some(sent) = hop.sent() {
            self.request(&sent);
        }
        for decoded in hop.decoded.iter().filter(|_| hop.sent().is_none()) {
            for (name, value, meaning) in &decoded.rows {
                let meaning =
                    if meaning.is_empty() { String::new() } else { format!(": {}", inline(meaning)) };
                self.text.extend(["- ", &inline(name), " = ", &code(value), &meaning, "\n"]);
            }
            self.text.push('\n');
        }
        if let Some(answer) = &hop.answer {
            self.line(&["*Answer:* ", &inline(answer)]);
        }
        if let Some(got) = hop.got() {
            self.response(&got);
        }
        self.checks(hop);
    }

    fn request(&mut self, sent: &Sent<'_>) {
        self.fenced(&[sent.method, " ", sent.url].concat(), sent.headers, sent.body);
    }

    fn response(&mut self, got: &Got<'_>) {
        self.fenced(&got.status.to_string(), got.headers, got.body);
    }

    fn fenced(&mut self, first: &str, headers: &[(String, String)], body: Option<&str>) {
        let mut message = first.to_owned();
        for (name, value) in headers {
            message.extend(["\n", name, ": ", value]);
        }
        if let Some(body) = body.filter(|body| !body.is_empty()) {
            message.push_str("\n\n");
            match body.char_indices().nth(MAX_BODY_CHARS) {
                Some((end, _)) => message.extend([&body[..end], "…"]),
                None => message.push_str(body),
            }
        }
        let fence = fence(&message);
        self.line(&[&fence, "http\n", &message, "\n", &fence]);
    }

    fn checks(&mut self, hop: &Hop) {
        let by_server = hop.seen.as_ref().map(|seen| (seen.party.name(), &seen.findings));
        let by_server = by_server.into_iter().flat_map(|(name, findings)| {
            findings.iter().filter_map(move |finding| match finding {
                Finding::Checked(check) => Some((name, check)),
                _ => None,
            })
        });
        let own = hop.checks.iter().map(|check| ("Client", check));
        let all: Vec<_> = own.chain(by_server).collect();
        if all.is_empty() {
            return;
        }
        self.text.push_str("| | who | checked | expected | found | rule |\n|---|---|---|---|---|---|\n");
        for (who, check) in all {
            let Check { title, clause, outcome, expected, found } = check;
            let sign = match outcome {
                Outcome::Passed => "✓",
                Outcome::Warning => "!",
                Outcome::Failed => "✗",
            };
            let rule = ["[", clause.source(), "](", clause.url_in(self.record.revision), ")"].concat();
            let (title, expected, found) = (cell(&inline(title)), cell(&code(expected)), cell(&code(found)));
            for part in ["| ", sign, " | ", who, " | ", &title, " | ", &expected, " | ", &found, " | ", &rule]
            {
                self.text.push_str(part);
            }
            self.text.push_str(" |\n");
        }
        self.text.push('\n');
    }
}

/// A text of one line in which nothing is taken for Markdown.
fn inline(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for (at, word) in text.split_whitespace().enumerate() {
        if at > 0 {
            safe.push(' ');
        }
        for c in word.chars().filter(|c| !c.is_control()) {
            if r"\`*_[]<>&#|!~".contains(c) {
                safe.push('\\');
            }
            safe.push(c);
        }
    }
    safe
}

/// A value of one line, as it is. Its quotes are longer than any in it.
fn code(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return text;
    }
    let quotes = "`".repeat(longest_run(&text) + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    [&quotes, space, &text, space, &quotes].concat()
}

/// In a table, a bar ends a cell, whatever it stands in.
fn cell(text: &str) -> String {
    text.replace("\\|", "|").replace('|', "\\|")
}

fn fence(text: &str) -> String {
    "`".repeat(longest_run(text).max(2) + 1)
}

/// How many backticks stand behind each other at most.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use protocol::clause::Clause;
    use protocol::revision::Revision;

    use super::*;
    use crate::{merge, samples};

    #[test]
    fn a_run_is_a_sheet_to_read_and_annotate() {
        let (mut entries, mut observations) = samples::run();
        let check = |title: &'static str, found: &str| Check {
            title: title.into(),
            clause: Clause::IssParameter,
            outcome: Outcome::Passed,
            expected: "a|b".into(),
            found: found.into(),
        };
        entries[0].checks.push(check("who *answers*", "`x`\ny"));
        observations[0].findings.push(Finding::Checked(check("on the other side", "")));
        let sheet = Record::new(Revision::V2026_07_28, "cimd", merge(&entries, &observations)).to_markdown();
        assert!(sheet.starts_with(
            "# MCP authorization, hop by hop\n\nA run of MCP Auth Lab: revision 2026-07-28, registration `cimd`, 14 hops, \
             begun at 1970-01-01T00:00:01.000Z."
        ));
        assert!(sheet.contains("## Discovery\n\n### The 401 challenge\n\n"));
        assert!(sheet.contains(Step::Challenge.what(Revision::V2026_07_28)));
        assert!(
            sheet.contains(
                "**1. Client → MCP server**: initialize\n\n```http\nPOST http://localhost:8001/mcp\n"
            )
        );
        assert!(sheet.contains("*Answer:* 401\n\n```http\n401\n"));
        let rule = format!("[RFC 9207 §2.4]({})", Clause::IssParameter.url_in(Revision::V2026_07_28));
        let own = format!("| ✓ | Client | who \\*answers\\* | `a\\|b` | ``` `x` y ``` | {rule} |\n");
        assert!(sheet.contains(&own.replace("```", "``")), "{sheet}");
        assert!(sheet.contains(&format!("| ✓ | MCP server | on the other side | `a\\|b` |  | {rule} |\n")));
        let notes = sheet.matches("**My notes:**").count();
        let steps = sheet.matches("\n### ").count();
        assert_eq!((notes, steps), (7, 7), "room behind each step");
    }

    #[test]
    fn no_text_is_taken_for_markdown() {
        assert_eq!(inline("# <b>a|b</b>\n[x](y) `z`"), r"\# \<b\>a\|b\</b\> \[x\](y) \`z\`");
        assert_eq!(code("a``b"), "```a``b```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(cell(&inline("a|b")), r"a\|b");
        assert_eq!(fence("a ```` b"), "`````");
        let long = "é".repeat(MAX_BODY_CHARS + 1);
        let (mut entries, _) = samples::run();
        entries[0] = samples::exchange(&samples::message(&long, None), 1, 0, 200);
        let sheet = Record::new(Revision::V2025_11_25, "`a`", merge(&entries[..1], &[])).to_markdown();
        assert!(sheet.contains(&format!("{}…\n```", "é".repeat(MAX_BODY_CHARS))));
    }
}
