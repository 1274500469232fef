//! `attack list`: what there is.

use std::io::{self, Write as _};

use flow::lessons::attacks::{self, Attack, Elsewhere, Kind};
use protocol::revision::Revision;
use serde_json::{Value, json};

use crate::args::AttackArgs;
use crate::commands::{CommandError, print_json};
use crate::report::{Palette, harmless};

/// Prints the catalogue, or those of one revision.
pub(super) fn print(args: &AttackArgs) -> io::Result<()> {
    let is_listed =
        |attack: &&Attack| args.revision.is_none_or(|revision| attack.revisions.contains(&revision));
    let listed: Vec<_> = attacks::all().filter(is_listed).collect();
    if args.json {
        return print_json(&json!(listed.iter().map(|attack| to_json(attack)).collect::<Vec<Value>>()));
    }
    let (mut out, palette) = (io::stdout(), Palette::for_stdout());
    let width = |text: fn(&Attack) -> &str| listed.iter().map(|attack| text(attack).chars().count()).max();
    let ids = width(|attack| attack.id).unwrap_or_default();
    let titles = width(|attack| attack.title).unwrap_or_default();
    for kind in Kind::ALL {
        writeln!(out, "{}", palette.paint("1", kind.title()))?;
        for attack in listed.iter().filter(|attack| attack.kind() == kind) {
            let (id, title, step) = (attack.id, attack.title, attack.step.title());
            writeln!(out, "  {id:<ids$}  {title:<titles$}  {}  {step}", revisions(attack))?;
        }
        writeln!(out)?;
    }
    writeln!(out, "{} attacks. Next: mcp-auth-lab attack ID, or attack --all", listed.len())
}

fn to_json(attack: &Attack) -> Value {
    json!({
        "id": attack.id,
        "kind": kind_id(attack.kind()),
        "title": attack.title,
        "step": attack.step.id(),
        "revisions": attack.revisions,
        "proves": attack.proves,
        "story": attack.story,
        "change": attack.change,
        "cost": attack.cost,
        "remedy": attack.remedy,
        "elsewhere": attack.elsewhere() == Elsewhere::Yes,
    })
}

/// For machines.
pub(super) fn kind_id(kind: Kind) -> &'static str {
    match kind {
        Kind::Client => "client",
        Kind::Server => "server",
        Kind::Document => "document",
    }
}

/// In a column: one that is missing leaves its place free.
fn revisions(attack: &Attack) -> String {
    let dates = Revision::ALL
        .map(|revision| if attack.revisions.contains(&revision) { revision.as_str() } else { "          " });
    dates.join(" ")
}

/// There is no such attack; perhaps another one is meant.
pub(super) fn unknown(id: &str) -> CommandError {
    let similar = attacks::all()
        .max_by_key(|attack| common_prefix(attack.id, id))
        .filter(|attack| common_prefix(attack.id, id) > 2)
        .map(|attack| format!(" Is {} meant?", attack.id))
        .unwrap_or_default();
    CommandError::Usage(format!("there is no attack {:?}; `attack list` shows all.{similar}", harmless(id)))
}

fn common_prefix(one: &str, other: &str) -> usize {
    one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count()
}
