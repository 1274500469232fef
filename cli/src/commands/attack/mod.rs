//! `attack`: performs what the catalogue has, in a lab or at a server of one's own, and says what came of it.

mod card;
mod catalogue;
mod ground;
mod junit;
mod own;
mod result;
mod table;

use std::io::{self, IsTerminal as _, Write as _};

use flow::lessons::attacks::{self, Attack, Elsewhere};
use protocol::revision::Revision;
use serde_json::{Value, json};

use super::{CommandError, print_json};
use crate::args::AttackArgs;
use crate::exit::Exit;
use crate::report::{Palette, harmless};
use ground::Ground;
use result::Performed;
use walker::http::Http;

/// Shows the catalogue, or performs what of it is wanted.
///
/// # Errors
/// [`CommandError`].
pub async fn run(args: &AttackArgs) -> Result<Exit, CommandError> {
    match args.attack.as_deref() {
        Some("list") => {
            catalogue::print(args)?;
            Ok(Exit::Done)
        }
        Some(id) => {
            let attack = Attack::find(id).ok_or_else(|| catalogue::unknown(id))?;
            let (ground, performed) = perform(args, &[attack]).await?;
            conclude(args, &ground, &performed, || {
                card::print(&mut io::stdout(), Palette::for_stdout(), attack, &performed)
            })
        }
        None => {
            let (ground, performed) = perform(args, &attacks::all().collect::<Vec<_>>()).await?;
            conclude(args, &ground, &performed, || {
                table::print(&mut io::stdout(), Palette::for_stdout(), &ground.name(), &performed)
            })
        }
    }
}

/// Performs each of these in each revision in which it is wanted and can be done.
async fn perform(
    args: &AttackArgs,
    attacks: &[&'static Attack],
) -> Result<(Ground, Vec<Performed>), CommandError> {
    let mut wanted = plan(args, attacks)?;
    let ground = Ground::of(args, Http::new()?).await?;
    wanted.retain(|(_, revision)| ground.speaks(*revision));
    let mut performed = Vec::with_capacity(wanted.len());
    for (done, (attack, revision)) in wanted.iter().enumerate() {
        say_progress(done, wanted.len(), attack, *revision);
        performed.push(ground.perform(attack, *revision).await);
    }
    end_progress();
    Ok((ground, performed))
}

fn plan(
    args: &AttackArgs,
    attacks: &[&'static Attack],
) -> Result<Vec<(&'static Attack, Revision)>, CommandError> {
    if let ([attack], Some(_)) = (attacks, &args.server)
        && let Elsewhere::No(why) = attack.elsewhere()
    {
        return Err(CommandError::Usage(format!("{} is for the lab alone: {why}", attack.id)));
    }
    let can_be_done = |attack: &&Attack| args.server.is_none() || attack.elsewhere() == Elsewhere::Yes;
    let is_wanted = |revision: &Revision| args.revision.is_none_or(|wanted| wanted == *revision);
    let each = |attack: &'static Attack| attack.revisions.iter().map(move |revision| (attack, *revision));
    let attacks_to_do = attacks.iter().copied().filter(can_be_done);
    let wanted: Vec<_> = attacks_to_do.flat_map(each).filter(|(_, revision)| is_wanted(revision)).collect();
    if let ([], [attack], Some(revision)) = (wanted.as_slice(), attacks, args.revision) {
        let why = format!("{} cannot be done in {}", attack.id, revision.as_str());
        return Err(CommandError::Usage(why));
    }
    Ok(wanted)
}

/// Prints and writes what came of it.
fn conclude(
    args: &AttackArgs,
    ground: &Ground,
    performed: &[Performed],
    print: impl FnOnce() -> io::Result<()>,
) -> Result<Exit, CommandError> {
    if let Some(file) = &args.junit {
        std::fs::write(file, junit::document(&ground.name(), performed)).map_err(|reason| {
            CommandError::Usage(format!("--junit {}: {reason}", harmless(&file.to_string_lossy())))
        })?;
    }
    if args.json {
        print_json(&json!(performed.iter().map(Performed::to_json).collect::<Vec<Value>>()))?;
    } else {
        print()?;
    }
    Ok(result::exit(performed))
}

/// On a terminal a line says how far it is. Elsewhere the results say it all.
fn say_progress(done: usize, all: usize, attack: &Attack, revision: Revision) {
    if all > 2 && io::stderr().is_terminal() {
        eprint!("\r\x1b[K[{}/{all}] {} {}", done + 1, attack.id, revision.as_str());
        // A terminal that is gone needs no progress.
        let _ = io::stderr().flush();
    }
}

fn end_progress() {
    if io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
}
