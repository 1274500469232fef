//! `docs/spec-coverage.md` is generated: every requirement, the attacks of the catalogue that prove it, and the tests that
//! cite it by `Req:`. A MUST that is neither proved nor answered with a reason fails the test.
//!
//! `UPDATE_DOCS=1 cargo test -p backend --test spec_coverage` writes it anew.

#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use flow::lessons::attacks;

const FOLDERS: [&str; 11] = [
    "protocol",
    "flow",
    "record",
    "server-kit",
    "resource-server",
    "backend",
    "walker",
    "attack",
    "cli",
    "web-client",
    "e2e/tests",
];

/// Groups of ids by their letters, in the order of the page.
const GROUPS: [(&[&str], &str); 15] = [
    (&["ALL"], "All parties"),
    (&["AS"], "Authorization server"),
    (&["RS"], "MCP server as resource server"),
    (&["CL"], "Client"),
    (&["MD"], "Metadata document host"),
    (&["X"], "Attacks"),
    (&["A"], "Hostile inputs: authorize endpoint"),
    (&["B"], "Hostile inputs: consent"),
    (&["C"], "Hostile inputs: fetch of metadata documents"),
    (&["D"], "Hostile inputs: token endpoint"),
    (&["E"], "Hostile inputs: refresh and revocation"),
    (&["F"], "Hostile inputs: access token at the MCP server"),
    (&["G"], "Hostile inputs: transport of the MCP server"),
    (&["H"], "Hostile inputs: client"),
    (&["P", "K", "L"], "Hostile inputs: persistence, keys, load"),
];

struct Requirement {
    id: String,
    level: String,
    revision: String,
    text: String,
}

impl Requirement {
    /// Attacks and hostile inputs have no level of their own; what they are about has one.
    fn is_must(&self) -> bool {
        self.level.starts_with("MUST")
    }

    fn letters(&self) -> &str {
        self.id.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-')
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read_table(path: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(root().join(path)).unwrap();
    text.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn requirements() -> Vec<Requirement> {
    let row = |cells: Vec<String>| {
        let [id, level, revision, text, _source] = <[String; 5]>::try_from(cells).unwrap();
        Requirement { id, level, revision, text }
    };
    read_table("docs/spec/requirements.tsv").into_iter().map(row).collect()
}

/// Which tests cite an id: file and name of the test.
fn citations() -> BTreeMap<String, Vec<String>> {
    let mut citations: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut files = Vec::new();
    for folder in FOLDERS {
        collect(&root().join(folder), &mut files);
    }
    files.sort();
    for file in files {
        let name = file.strip_prefix(root()).unwrap().display().to_string();
        let mut pending: Vec<String> = Vec::new();
        for line in fs::read_to_string(&file).unwrap().lines() {
            let line = line.trim();
            if let (true, Some((_, ids))) = (line.starts_with("//"), line.split_once("Req: ")) {
                pending.extend(ids.trim_end_matches('.').split(',').map(|id| id.trim().to_owned()));
            }
            if let (false, Some(test)) = (pending.is_empty(), test_name(line)) {
                for id in pending.drain(..) {
                    citations.entry(id).or_default().push(format!("`{name}`: {test}"));
                }
            }
        }
        assert!(pending.is_empty(), "{name}: the citation of {pending:?} belongs to no test");
    }
    citations
}

/// Which attacks prove an id. Each is performed by a test, in each of its revisions.
fn attacks() -> BTreeMap<String, Vec<String>> {
    let mut proofs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for attack in attacks::all() {
        for id in attack.proves {
            proofs.entry((*id).to_owned()).or_default().push(format!("attack `{}`", attack.id));
        }
    }
    proofs
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() && name != "node_modules" && name != "target" {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "ts")
            && name != "spec_coverage.rs"
        {
            files.push(path);
        }
    }
}

/// The name of the test that a line begins, in Rust or in Playwright.
fn test_name(line: &str) -> Option<String> {
    if let Some(playwright) = line.strip_prefix("test(") {
        let quote = playwright.chars().next()?;
        return Some(playwright[1..].split(quote).next()?.to_owned());
    }
    let (before, after) = line.split_once("fn ")?;
    let is_signature = before.split_whitespace().all(|word| matches!(word, "async" | "pub"));
    is_signature.then(|| after.split(['(', '<']).next().unwrap_or_default().replace('_', " "))
}

fn page() -> String {
    let requirements = requirements();
    let (attacks, citations) = (attacks(), citations());
    let reasons: BTreeMap<String, String> = read_table("docs/spec/reasons.tsv")
        .into_iter()
        .map(|cells| (cells[0].clone(), cells[1].clone()))
        .collect();
    for id in citations.keys().chain(attacks.keys()).chain(reasons.keys()) {
        assert!(requirements.iter().any(|requirement| requirement.id == *id), "{id} is cited, but unknown");
    }

    let mut page = String::from(
        "# Coverage of the specifications\n\n\
         Generated by `UPDATE_DOCS=1 cargo test -p backend --test spec_coverage`; a test fails when it is stale.\n\
         A row is *proved* when an attack of the catalogue proves it or a test cites it; otherwise it is answered with a reason,\n\
         or open. No MUST is open. Every attack is performed against the real servers by `backend/tests/journey/attacks.rs`, and\n\
         by `mcp-auth-lab attack`.\n\n\
         | part | rows | proved | of these by an attack | answered with a reason | open |\n|---|---|---|---|---|---|\n",
    );
    let mut tables = String::new();
    let mut shown = 0;
    for (letters, title) in GROUPS {
        let rows: Vec<_> =
            requirements.iter().filter(|requirement| letters.contains(&requirement.letters())).collect();
        shown += rows.len();
        let is_proved = |row: &Requirement| attacks.contains_key(&row.id) || citations.contains_key(&row.id);
        let proved = rows.iter().filter(|row| is_proved(row)).count();
        let attacked = rows.iter().filter(|row| attacks.contains_key(&row.id)).count();
        let answered = rows.iter().filter(|row| !is_proved(row) && reasons.contains_key(&row.id)).count();
        let open = rows.len() - proved - answered;
        writeln!(page, "| {title} | {} | {proved} | {attacked} | {answered} | {open} |", rows.len()).unwrap();
        writeln!(tables, "\n## {title}\n\n| id | level | rev | rule | answer |\n|---|---|---|---|---|")
            .unwrap();
        for row in rows {
            let proofs: Vec<_> = [&attacks, &citations]
                .into_iter()
                .filter_map(|proofs| proofs.get(&row.id))
                .flatten()
                .collect();
            let answer = match (proofs.as_slice(), reasons.get(&row.id)) {
                ([], Some(reason)) => reason.clone(),
                ([], None) => {
                    assert!(
                        !row.is_must(),
                        "{} is a MUST without test, attack or reason: {}",
                        row.id,
                        row.text
                    );
                    "open".to_owned()
                }
                (proofs, _) => proofs.iter().map(|proof| proof.as_str()).collect::<Vec<_>>().join("<br>"),
            };
            let text = row.text.replace('|', "\\|");
            writeln!(tables, "| {} | {} | {} | {text} | {answer} |", row.id, row.level, row.revision)
                .unwrap();
        }
    }
    assert_eq!(shown, requirements.len(), "every row belongs to a group");
    page + &tables
}

#[test]
fn the_coverage_page_is_current() {
    let path = root().join("docs/spec-coverage.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/spec-coverage.md is stale: UPDATE_DOCS=1 cargo test -p backend --test spec_coverage"
    );
}
