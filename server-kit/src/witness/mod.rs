//! What a server says about its own work while it answers a request: what it checked, fetched, stored.
//!
//! The code of the servers calls [`checked`], [`refused`], [`stored`] … wherever it decides something. Where nobody watches,
//! which is everywhere but in the lab, each of them is one look at a task-local variable that is not set: texts are made by
//! closures that are not called then.
//!
//! - [`Watcher`] puts a router under observation: for each request that it answers it gives one [`Observation`] to a sink.
//! - [`Handle`] goes with work that leaves the request's task: into a spawned task, onto a thread of the store.
//! - [`mask`] takes out what is secret before anything is handed on.
//!
//! [`Observation`]: protocol::observation::Observation

mod ahead;
mod json;
mod mask;
mod watcher;

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use protocol::check::{Check, Outcome};
use protocol::clause::Clause;
use protocol::observation::Finding;

pub use watcher::{Sink, Watcher};

/// The most that is written down about one request.
const MAX_FINDINGS: usize = 256;

tokio::task_local! {
    /// Whoever watches, in tasks that were told so: somebody, or nobody.
    static RECORDER: Option<Arc<Recorder>>;
}

/// What was said about one request so far.
#[derive(Debug, Default)]
struct Recorder(Mutex<Notes>);

#[derive(Debug, Default)]
struct Notes {
    visit: Option<String>,
    findings: Vec<Finding>,
}

impl Recorder {
    fn with<T>(&self, change: impl FnOnce(&mut Notes) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, finding: Finding) {
        self.with(|notes| {
            if notes.findings.len() < MAX_FINDINGS {
                notes.findings.push(finding);
            }
        });
    }

    /// What there is. Whoever reports later is not heard.
    fn take(&self) -> Notes {
        self.with(std::mem::take)
    }
}

/// Whether somebody watches this task.
#[must_use]
pub fn is_watched() -> bool {
    with_recorder(|_| ()).is_some()
}

/// Reports a check of something that MUST hold.
pub fn checked<E: Into<String>, F: Into<String>>(
    clause: Clause,
    title: &'static str,
    holds: bool,
    expected: impl FnOnce() -> E,
    found: impl FnOnce() -> F,
) {
    let outcome = if holds { Outcome::Passed } else { Outcome::Failed };
    check(clause, title, outcome, expected, found);
}

/// Reports a check that did not pass and stops nothing.
pub fn noticed<E: Into<String>, F: Into<String>>(
    clause: Clause,
    title: &'static str,
    expected: impl FnOnce() -> E,
    found: impl FnOnce() -> F,
) {
    check(clause, title, Outcome::Warning, expected, found);
}

fn check<E: Into<String>, F: Into<String>>(
    clause: Clause,
    title: &'static str,
    outcome: Outcome,
    expected: impl FnOnce() -> E,
    found: impl FnOnce() -> F,
) {
    report(|| {
        let (expected, found) = (expected().into(), found().into());
        Finding::Checked(Check { title: title.into(), clause, outcome, expected, found })
    });
}

/// Reports a refusal: its one name, its rule, and what the other side is told.
pub fn refused<N: Into<String>, S: Into<String>>(
    clause: Clause,
    name: impl FnOnce() -> N,
    says: impl FnOnce() -> S,
) {
    report(|| Finding::Refused { name: name().into(), clause, says: says().into() });
}

/// Reports what was written down or consumed. Of secret values the caller gives the [mask](protocol::observation::MASK).
pub fn stored<V>(what: &'static str, values: impl FnOnce() -> V)
where
    V: IntoIterator<Item = (&'static str, String)>,
{
    report(|| Finding::Stored {
        what: what.into(),
        values: values().into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    });
}

/// Reports an answer that was at hand, and how many seconds ago it came.
pub fn from_cache(what: &'static str, url: &str, age_seconds: u64) {
    report(|| Finding::FromCache { what: what.into(), url: url.to_owned(), age_seconds });
}

/// What was sent under some name, in words.
#[must_use]
pub fn or_absent(sent: Option<&str>) -> &str {
    sent.unwrap_or("absent")
}

/// Reports whatever else there is to say.
pub fn report(finding: impl FnOnce() -> Finding) {
    with_recorder(|recorder| recorder.write(finding()));
}

/// Says which authorization request this visit of a browser belongs to. `id` is not secret: a hash of the request's id.
pub fn visit(id: impl FnOnce() -> String) {
    with_recorder(|recorder| {
        let id = id();
        recorder.with(|notes| notes.visit = Some(id));
    });
}

/// Does something if somebody watches this task.
fn with_recorder<T>(report: impl FnOnce(&Arc<Recorder>) -> T) -> Option<T> {
    RECORDER.try_with(|recorder| recorder.as_ref().map(report)).ok().flatten()
}

/// Whoever watches this task, for work that leaves it.
#[must_use]
pub fn handle() -> Handle {
    Handle(with_recorder(Arc::clone))
}

/// Whoever watched the task that [`handle`] was called in: somebody, or nobody.
#[derive(Clone, Debug)]
pub struct Handle(Option<Arc<Recorder>>);

impl Handle {
    /// The same work, watched in whatever task it runs.
    pub fn scope<T>(self, work: impl Future<Output = T>) -> impl Future<Output = T> {
        RECORDER.scope(self.0, work)
    }

    /// The same for work that waits for nothing, on whatever thread it runs.
    pub fn within<T>(self, work: impl FnOnce() -> T) -> T {
        RECORDER.sync_scope(self.0, work)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(recorder: &Recorder) -> Vec<String> {
        let title = |finding| match finding {
            Finding::Checked(check) => check.title.into_owned(),
            other => panic!("{other:?}"),
        };
        recorder.take().findings.into_iter().map(title).collect()
    }

    fn check(title: &'static str) {
        checked(Clause::CodeOnce, title, true, || "a", || "b");
    }

    #[tokio::test]
    async fn where_nobody_watches_no_text_is_made() {
        let unheard = || -> String { panic!("made though nobody watches") };
        assert!(!is_watched());
        checked(Clause::CodeOnce, "a check", true, unheard, unheard);
        noticed(Clause::CodeOnce, "a check", unheard, unheard);
        refused(Clause::CodeOnce, unheard, unheard);
        stored("something", || [("name", unheard())]);
        report(|| panic!("made though nobody watches"));
        visit(unheard);
        // What carries a watcher carries nobody.
        handle().scope(async { assert!(!is_watched()) }).await;
        handle().within(|| assert!(!is_watched()));
    }

    #[tokio::test]
    async fn work_that_leaves_the_task_is_watched_with_its_handle_only() {
        let recorder = Arc::new(Recorder::default());
        let work = async {
            check("first");
            tokio::spawn(async { check("lost") }).await.unwrap();
            tokio::spawn(handle().scope(async { check("in a task") })).await.unwrap();
            let carried = handle();
            tokio::task::spawn_blocking(|| carried.within(|| check("on a thread"))).await.unwrap();
            visit(|| "a visit".into());
            assert!(is_watched());
        };
        Handle(Some(Arc::clone(&recorder))).scope(work).await;
        assert!(!is_watched());
        assert_eq!(recorder.with(|notes| notes.visit.clone()).as_deref(), Some("a visit"));
        assert_eq!(titles(&recorder), ["first", "in a task", "on a thread"]);
    }

    #[tokio::test]
    async fn what_is_written_down_is_bounded() {
        let recorder = Arc::new(Recorder::default());
        Handle(Some(Arc::clone(&recorder))).within(|| (0..2 * MAX_FINDINGS).for_each(|_| check("again")));
        assert_eq!(titles(&recorder).len(), MAX_FINDINGS);
    }
}
