//! The commands beside `serve`: each does one thing to the database or to a text, and ends.

use std::io::{BufRead as _, IsTerminal as _};
use std::sync::Arc;

use backend::authorization_server::{PublishedKey, Takeover, hash_password, import_key, rotate_keys};
use backend::store::Store;
use protocol::secret::Secret;
use server_kit::clock::{Clock as _, SystemClock};
use server_kit::entropy::SystemEntropy;

use crate::Outcome;
use crate::flags::{ImportKeyFlags, RotateKeysFlags, TakeoverFlags};

/// `rotate-keys`
pub(crate) async fn rotate(flags: &RotateKeysFlags) -> Outcome {
    let settings = flags.keys.settings()?;
    let store = Store::open(&flags.database).await?;
    let published = rotate_keys(&store, &settings, takeover(flags.takeover), SystemClock.now()).await;
    store.close().await;
    say(&published?, flags.takeover);
    Ok(())
}

/// `import-key`
pub(crate) async fn import(flags: &ImportKeyFlags) -> Outcome {
    let settings = flags.keys.settings()?;
    let store = Store::open(&flags.database).await?;
    let takeover_at = takeover(flags.takeover);
    let published = import_key(&store, &settings, &flags.file, takeover_at, SystemClock.now()).await;
    store.close().await;
    say(&published?, flags.takeover);
    Ok(())
}

/// `hash-password`: the password comes from standard input, so that it stands in no history and in no list of processes.
pub(crate) fn hash() -> Outcome {
    let input = std::io::stdin();
    if input.is_terminal() {
        eprintln!(
            "Type the password and press Enter. It is shown as you type; a pipe would keep it off the screen."
        );
    }
    let mut line = String::new();
    input.lock().read_line(&mut line)?;
    let password = Secret::new(line.trim_end_matches(['\r', '\n']));
    let hash = hash_password(&password, Arc::new(SystemEntropy).as_ref())?;
    println!("{}", hash.to_phc());
    Ok(())
}

fn takeover(flags: TakeoverFlags) -> Takeover {
    if flags.now { Takeover::AtOnce } else { Takeover::WhenKnown }
}

fn say(published: &PublishedKey, takeover: TakeoverFlags) {
    let PublishedKey { kid, algorithm, signs_from } = published;
    if takeover.now {
        println!("The key {kid} ({algorithm}) signs from now on. Running servers notice within a minute.");
    } else {
        println!(
            "The key {kid} ({algorithm}) is published: running servers notice within a minute. It signs from {} \
             (seconds since 1970) on, when every verifier can know it.",
            signs_from.0
        );
    }
}
