//! A thread that owns a connection. Whatever is queued while it works shares the next transaction and its one sync.

use std::sync::mpsc;
use std::thread;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use super::StoreError;

/// How many events share a transaction at most, so that none waits long for the others.
const MAX_BATCH: usize = 256;

/// An event that waits for its turn, with the place for its answer.
trait Job: Send {
    /// Runs the statements inside a savepoint of the shared transaction. `false`: undo them.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Tells the caller, after the commit or its failure.
    fn answer(self: Box<Self>, committed: Result<(), String>);
}

struct Event<T, F> {
    work: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    caller: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Event<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        // Nobody waits any more: then it does not happen at all.
        if self.caller.is_closed() {
            return false;
        }
        let outcome = self.work.take().map(|work| work(connection));
        let done = matches!(outcome, Some(Ok(_)));
        self.outcome = outcome;
        done
    }

    fn answer(self: Box<Self>, committed: Result<(), String>) {
        let outcome = match (self.outcome, committed) {
            (Some(Err(error)), _) => Err(error),
            (Some(Ok(_)) | None, Err(reason)) => Err(StoreError::Commit(reason)),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(StoreError::Closed),
        };
        // A caller that has gone needs no answer.
        let _ = self.caller.send(outcome);
    }
}

/// The thread. It ends when the worker is dropped and its queue is done.
#[derive(Debug)]
pub(super) struct Worker {
    queue: mpsc::Sender<Box<dyn Job>>,
}

impl Worker {
    pub(super) fn start(
        name: &str,
        mut connection: Connection,
        behavior: TransactionBehavior,
    ) -> Result<Self, StoreError> {
        let (queue, jobs) = mpsc::channel::<Box<dyn Job>>();
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                while let Ok(first) = jobs.recv() {
                    let mut batch = vec![first];
                    batch.extend(jobs.try_iter().take(MAX_BATCH - 1));
                    let committed = run_batch(&mut connection, behavior, &mut batch).map_err(|error| {
                        tracing::error!(%error, events = batch.len(), "transaction failed");
                        error.to_string()
                    });
                    for job in batch {
                        job.answer(committed.clone());
                    }
                }
            })
            .map_err(|reason| StoreError::File { path: name.to_owned(), reason })?;
        Ok(Self { queue })
    }

    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let event = Event { work: Some(work), outcome: None, caller };
        self.queue.send(Box::new(event)).map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

/// One transaction for all; a savepoint each, so that the failure of one event undoes that event alone.
fn run_batch(
    connection: &mut Connection,
    behavior: TransactionBehavior,
    batch: &mut [Box<dyn Job>],
) -> Result<(), rusqlite::Error> {
    let mut transaction = connection.transaction_with_behavior(behavior)?;
    for job in batch {
        let savepoint = transaction.savepoint()?;
        if job.run(&savepoint) {
            savepoint.commit()?;
        } else {
            // Dropping a savepoint rolls it back.
            drop(savepoint);
        }
    }
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker() -> Worker {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (n INTEGER PRIMARY KEY)").unwrap();
        Worker::start("test", connection, TransactionBehavior::Immediate).unwrap()
    }

    async fn insert(worker: &Worker, n: i64) -> Result<(), StoreError> {
        worker.run(move |c| Ok(c.execute("INSERT INTO t VALUES (?)", [n]).map(|_| ())?)).await
    }

    #[tokio::test]
    async fn the_failure_of_one_event_undoes_only_that_event() {
        let worker = worker();
        let (first, twice, second) = tokio::join!(insert(&worker, 1), insert(&worker, 1), insert(&worker, 2));
        assert!(first.is_ok() && twice.is_err() && second.is_ok());
        let count: i64 =
            worker.run(|c| Ok(c.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?)).await.unwrap();
        assert_eq!(count, 2);
    }

    #[tokio::test]
    async fn an_event_with_several_statements_happens_whole_or_not_at_all() {
        let worker = worker();
        let half: Result<(), StoreError> = worker
            .run(|c| {
                c.execute("INSERT INTO t VALUES (7)", [])?;
                Err(StoreError::Unreadable("test"))
            })
            .await;
        assert!(half.is_err());
        insert(&worker, 7).await.unwrap();
    }
}
