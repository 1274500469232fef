//! Notes that people keep here: each their own, few and short, as long as the program runs.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use protocol::ids::Subject;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest note, in characters.
pub(super) const MAX_CHARACTERS: usize = 280;
/// How many notes a person keeps; the oldest goes.
pub(super) const MAX_NOTES: usize = 20;
/// How many people keep notes; those of whoever did not touch them for longest go.
const MAX_PEOPLE: usize = 200;

/// Arguments of `write_note`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WriteNote {
    /// What to remember, at most 280 characters.
    #[schemars(length(min = 1, max = 280))]
    pub(super) text: String,
}

/// A note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Note {
    /// Its number among the person's notes: later ones have higher numbers.
    number: u64,
    /// What was written.
    text: String,
}

/// What `read_notes` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct AllNotes {
    /// The notes, the oldest first.
    notes: Vec<Note>,
}

/// What `write_note` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Written {
    /// The new note.
    note: Note,
    /// How many there are now.
    count: usize,
    /// The oldest note, if it had to go.
    dropped: Option<Note>,
}

/// Everybody's notes.
#[derive(Debug, Default)]
pub(super) struct Notes(Mutex<Everybody>);

#[derive(Debug, Default)]
struct Everybody {
    people: HashMap<Subject, Person>,
    /// Counts what happens, to know who was here last. Nobody sees it: it would tell how busy the others are.
    moment: u64,
}

#[derive(Debug, Default)]
struct Person {
    notes: VecDeque<Note>,
    /// How many were ever written.
    written: u64,
    last_here: u64,
}

impl Notes {
    /// One person's notes, and nobody else's.
    pub(super) fn of(&self, subject: &Subject) -> AllNotes {
        let mut everybody = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        everybody.moment += 1;
        let moment = everybody.moment;
        let person = everybody.people.get_mut(subject);
        let notes = person.map(|person| {
            person.last_here = moment;
            person.notes.iter().cloned().collect()
        });
        AllNotes { notes: notes.unwrap_or_default() }
    }

    /// Adds a note. The text was judged before.
    pub(super) fn write(&self, subject: &Subject, text: String) -> Written {
        let mut everybody = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        everybody.moment += 1;
        let moment = everybody.moment;
        everybody.make_room_for(subject);
        let person = everybody.people.entry(subject.clone()).or_default();
        person.last_here = moment;
        let dropped = if person.notes.len() < MAX_NOTES { None } else { person.notes.pop_front() };
        person.written += 1;
        let note = Note { number: person.written, text };
        person.notes.push_back(note.clone());
        Written { note, count: person.notes.len(), dropped }
    }
}

impl Everybody {
    fn make_room_for(&mut self, subject: &Subject) {
        if self.people.len() < MAX_PEOPLE || self.people.contains_key(subject) {
            return;
        }
        let longest_away = self.people.iter().min_by_key(|(_, person)| person.last_here);
        if let Some(gone) = longest_away.map(|(subject, _)| subject.clone()) {
            self.people.remove(&gone);
        }
    }
}

impl AllNotes {
    /// For people.
    pub(super) fn to_text(&self) -> String {
        if self.notes.is_empty() {
            return "You have no notes yet.".to_owned();
        }
        self.notes.iter().map(|note| format!("{}: {}", note.number, note.text)).collect::<Vec<_>>().join("\n")
    }
}

impl Written {
    /// For people.
    pub(super) fn to_text(&self) -> String {
        let kept =
            format!("Noted as number {}. You have {} of at most {MAX_NOTES}.", self.note.number, self.count);
        match &self.dropped {
            Some(note) => format!("{kept} The oldest, number {}, had to go.", note.number),
            None => kept,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str) -> Subject {
        Subject::parse(name).unwrap()
    }

    fn texts(notes: &Notes, name: &str) -> Vec<String> {
        notes.of(&person(name)).notes.into_iter().map(|note| note.text).collect()
    }

    #[test]
    fn the_oldest_note_goes_and_the_person_away_for_longest() {
        let notes = Notes::default();
        for n in 0..MAX_NOTES {
            assert_eq!(notes.write(&person("ada"), n.to_string()).dropped, None);
        }
        let dropped = notes.write(&person("ada"), "last".into()).dropped;
        assert_eq!(dropped.map(|note| note.text), Some("0".into()));
        assert_eq!(texts(&notes, "ada").len(), MAX_NOTES);
        notes.write(&person("grace"), "hers".into());
        for n in 0..MAX_PEOPLE - 2 {
            notes.write(&person(&n.to_string()), "x".into());
        }
        assert_eq!(texts(&notes, "ada").len(), MAX_NOTES, "she was here last");
        notes.write(&person("one-more"), "x".into());
        assert!(texts(&notes, "grace").is_empty());
        assert_eq!(texts(&notes, "ada").len(), MAX_NOTES);
    }
}
