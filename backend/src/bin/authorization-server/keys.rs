//! The commands that add a signing key. The servers that run on the database notice by themselves.

use std::path::Path;

use backend::authorization_server::{KEY_WATCH_SECONDS, PublishedKey, Takeover, import_key, rotate_keys};
use backend::clock::{Clock as _, SystemClock};
use backend::store::Store;
use protocol::ids::UnixTime;

use crate::Outcome;
use crate::flags::{ImportKeyFlags, RotateKeysFlags};

/// `rotate-keys`: a key that is made here.
pub(crate) async fn rotate(flags: &RotateKeysFlags) -> Outcome {
    let settings = flags.keys.settings()?;
    let store = open(&flags.keys.database).await?;
    let now = SystemClock.now();
    let published = rotate_keys(&store, &settings, takeover(flags.now), now).await;
    store.close().await;
    report(&published?, now);
    Ok(())
}

/// `import-key`: a key that the operator brings along.
pub(crate) async fn import(flags: &ImportKeyFlags) -> Outcome {
    let settings = flags.keys.settings()?;
    let store = open(&flags.keys.database).await?;
    let now = SystemClock.now();
    let published = import_key(&store, &settings, &flags.file, takeover(flags.now), now).await;
    store.close().await;
    report(&published?, now);
    Ok(())
}

/// A key in a new database, made because of a typing error in its name, would be of use to nobody.
async fn open(database: &Path) -> Result<Store, Box<dyn std::error::Error>> {
    if !database.is_file() {
        return Err(format!("--database {}: there is no such file", database.display()).into());
    }
    Ok(Store::open(database).await?)
}

fn takeover(now: bool) -> Takeover {
    if now { Takeover::AtOnce } else { Takeover::WhenKnown }
}

fn report(key: &PublishedKey, now: UnixTime) {
    let PublishedKey { kid, algorithm, signs_from } = key;
    println!(
        "{algorithm} key {kid} is added. Running servers publish it within {KEY_WATCH_SECONDS} seconds."
    );
    match signs_from.since(now) {
        0 => println!("They sign with it from then on."),
        seconds => {
            println!("They sign with it in {} minutes, when every verifier can know it.", seconds / 60);
        }
    }
}
