//! What survives a reload and the way to the authorization server: the walk, in this tab's session storage.

use flow::Recorded;
use protocol::revision::Revision;
use record::Record;
use serde::{Deserialize, Serialize};

use crate::choice::Choice;
use crate::observatory::Place;
use crate::walk::{At, Until};

const KEY: &str = "mcp-auth-lab";

/// A walk as it is put away.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Saved {
    pub(crate) choice: Choice,
    /// Where the MCP server was.
    pub(crate) server: String,
    /// All that the client was told, secrets included: it is replayed.
    pub(crate) recording: Vec<Recorded>,
    /// What was looked at.
    pub(crate) at: At,
    /// How far it was going by itself.
    pub(crate) running: Option<Until>,
    pub(crate) pauses: bool,
    /// Whether it was told to a room, which goes on when the browser is back.
    pub(crate) presents: bool,
    /// Where in the servers' reports the run began.
    pub(crate) since: Option<Place>,
}

/// What was found in the storage.
#[derive(Debug)]
pub(crate) enum Found {
    /// Nothing.
    Nothing,
    /// A walk.
    Walk(Box<Saved>),
    /// Something that this version cannot read. It was thrown away.
    Unreadable,
}

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.session_storage().ok()?
}

/// Reads what an earlier page put away.
pub(crate) fn load() -> Found {
    let Some(text) = storage().and_then(|storage| storage.get_item(KEY).ok()?) else { return Found::Nothing };
    if let Ok(saved) = protocol::json::read(&text) {
        return Found::Walk(Box::new(saved));
    }
    clear();
    Found::Unreadable
}

/// Puts a walk away; whether it is kept. A full or forbidden storage costs the way back: after a reload, and from the
/// authorization server.
pub(crate) fn save(saved: &Saved) -> bool {
    match (storage(), serde_json::to_string(saved)) {
        (Some(storage), Ok(text)) => storage.set_item(KEY, &text).is_ok(),
        _ => false,
    }
}

/// Forgets the walk.
pub(crate) fn clear() {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(KEY);
    }
}

/// The finished run of a revision, without its secrets, for a comparison.
pub(crate) fn finished_run(revision: Revision) -> Option<Record> {
    let text = storage()?.get_item(&finished_key(revision)).ok()??;
    Record::parse(&text).ok()
}

/// Keeps one. The next of the same revision takes its place.
pub(crate) fn keep_finished_run(record: &Record) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(&finished_key(record.revision), &record.to_json());
    }
}

fn finished_key(revision: Revision) -> String {
    [KEY, "-finished-", revision.as_str()].concat()
}
