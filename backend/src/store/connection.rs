//! A thread that owns a connection. Whatever is queued while it works shares the next transaction and its one sync.

use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use tokio::sync::oneshot;

use super::StoreError;
use super::wal::Wal;

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

enum Message {
    Job(Box<dyn Job>),
    /// What was queued before is done; then the thread ends.
    End,
}

/// The thread. It ends when it is told to, or when the worker is dropped and its queue is done.
#[derive(Debug)]
pub(super) struct Worker {
    queue: SyncSender<Message>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Worker {
    /// Starts the thread. At most `queued` events wait for it. `wal` is what it tends after its transactions.
    pub(super) fn start(
        name: &str,
        connection: Connection,
        behavior: TransactionBehavior,
        queued: usize,
        wal: Option<Wal>,
    ) -> Result<Self, StoreError> {
        let (queue, messages) = mpsc::sync_channel(queued);
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || work(connection, behavior, wal, &messages))
            .map_err(|reason| StoreError::File { path: name.to_owned(), reason })?;
        Ok(Self { queue, thread: Mutex::new(Some(thread)) })
    }

    /// Runs the work in its turn. A full queue is said at once: a flood costs no more memory than the queue has places.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let event = Event { work: Some(work), outcome: None, caller };
        self.queue.try_send(Message::Job(Box::new(event))).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Disconnected(_) => StoreError::Closed,
        })?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Lets the thread do what is queued, and waits for its end. Later events are told that the store is closed.
    pub(super) fn end(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return };
        // If nobody receives, the thread has ended already.
        let _ = self.queue.send(Message::End);
        if thread.join().is_err() {
            tracing::error!("a thread of the store had panicked");
        }
    }
}

fn work(
    mut connection: Connection,
    behavior: TransactionBehavior,
    mut wal: Option<Wal>,
    messages: &Receiver<Message>,
) {
    let mut more = true;
    while more {
        let Ok(Message::Job(first)) = messages.recv() else { break };
        let mut batch = vec![first];
        // A commit costs more than a turn of the scheduler: whoever is about to queue up shall share this one.
        if wal.is_some() {
            thread::yield_now();
        }
        while more && batch.len() < MAX_BATCH {
            match messages.try_recv() {
                Ok(Message::Job(job)) => batch.push(job),
                Ok(Message::End) => more = false,
                Err(_) => break,
            }
        }
        let result = run_batch(&mut connection, behavior, &mut batch);
        if let Err(error) = &result {
            tracing::error!(%error, events = batch.len(), "transaction failed");
            // Whoever queued up meanwhile has waited for the lock, too, and is not made to wait for it again.
            if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) {
                batch.extend(messages.try_iter().filter_map(|message| match message {
                    Message::Job(job) => Some(job),
                    Message::End => {
                        more = false;
                        None
                    }
                }));
            }
        }
        let committed = result.map_err(|error| error.to_string());
        for job in batch {
            job.answer(committed.clone());
        }
        if let Some(wal) = &mut wal {
            wal.tend(&connection);
        }
    }
    if let Some(wal) = &mut wal {
        wal.fold_back(&connection);
    }
}

/// One transaction for all; where something can change, a savepoint each, so that the failure of one event undoes that
/// event alone.
fn run_batch(
    connection: &mut Connection,
    behavior: TransactionBehavior,
    batch: &mut [Box<dyn Job>],
) -> Result<(), rusqlite::Error> {
    let transaction = connection.transaction_with_behavior(behavior)?;
    // Prepared once: parsing these costs as much as what happens between them.
    let execute = |sql| transaction.prepare_cached(sql)?.execute([]).map(|_| ());
    let only_reads = matches!(behavior, TransactionBehavior::Deferred);
    for job in batch {
        if only_reads {
            job.run(&transaction);
            continue;
        }
        execute("SAVEPOINT event")?;
        let done = job.run(&transaction);
        // After some faults (disk full, input and output) SQLite rolls everything back by itself. What follows would
        // then be committed statement by statement.
        if transaction.is_autocommit() {
            break;
        }
        if !done {
            execute("ROLLBACK TO event")?;
        }
        execute("RELEASE event")?;
    }
    // Without a transaction this fails, and so does every event of the batch.
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker_with_queue(queued: usize) -> Worker {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (n INTEGER PRIMARY KEY)").unwrap();
        Worker::start("test", connection, TransactionBehavior::Immediate, queued, None).unwrap()
    }

    fn worker() -> Worker {
        worker_with_queue(16)
    }

    async fn insert(worker: &Worker, n: i64) -> Result<(), StoreError> {
        worker.run(move |c| Ok(c.execute("INSERT INTO t VALUES (?)", [n]).map(|_| ())?)).await
    }

    async fn count(worker: &Worker) -> i64 {
        worker.run(|c| Ok(c.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?)).await.unwrap()
    }

    #[tokio::test]
    async fn the_failure_of_one_event_undoes_only_that_event() {
        let worker = worker();
        let (first, twice, second) = tokio::join!(insert(&worker, 1), insert(&worker, 1), insert(&worker, 2));
        assert!(first.is_ok() && twice.is_err() && second.is_ok());
        assert_eq!(count(&worker).await, 2);
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

    #[tokio::test]
    async fn when_the_transaction_is_lost_nothing_of_the_batch_happens() {
        let worker = worker();
        let lost = worker.run(|c| Ok(c.execute_batch("INSERT INTO t VALUES (1); ROLLBACK")?));
        let (before, lost, after) = tokio::join!(insert(&worker, 2), lost, insert(&worker, 3));
        assert!(lost.is_err());
        // The three may or may not have shared a batch; whoever is told "done" is there, and nobody else.
        let told = [before, after].iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(count(&worker).await, i64::try_from(told).unwrap());
    }

    #[tokio::test]
    async fn a_full_queue_says_so_and_what_is_queued_is_done() {
        let worker = worker_with_queue(2);
        let (go, wait) = mpsc::channel::<()>();
        let (started, has_started) = oneshot::channel();
        let slow = worker.run(move |_| {
            let _ = started.send(());
            let _ = wait.recv();
            Ok(())
        });
        let others = async {
            has_started.await.unwrap();
            let first = insert(&worker, 1);
            let second = insert(&worker, 2);
            let third = async {
                let refused = insert(&worker, 3).await;
                go.send(()).unwrap();
                refused
            };
            tokio::join!(biased; first, second, third)
        };
        let (slow, (first, second, third)) = tokio::join!(slow, others);
        assert!(slow.is_ok() && first.is_ok() && second.is_ok());
        assert!(matches!(third, Err(StoreError::Busy)), "{third:?}");
    }

    #[tokio::test]
    async fn the_end_comes_after_what_was_queued() {
        let worker = worker();
        let (inserted, ()) = tokio::join!(biased; insert(&worker, 1), async { worker.end() });
        inserted.unwrap();
        assert!(matches!(insert(&worker, 2).await, Err(StoreError::Closed)));
        worker.end();
    }
}
