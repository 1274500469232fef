//! However many ask the same question at once, it is asked once, and all get the answer.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

/// Questions that are being asked.
pub(super) struct SingleFlight<K, T>(Arc<Mutex<HashMap<K, watch::Receiver<Option<T>>>>>);

impl<K, T> Default for SingleFlight<K, T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K, T> SingleFlight<K, T>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// The answer to a question, failures included. It is asked by a task of its own: whoever came first may leave
    /// without taking the answer from the others. `None` if that task broke.
    pub(super) async fn ask(&self, key: K, question: impl Future<Output = T> + Send + 'static) -> Option<T> {
        let mut answer = self.join_or_begin(key, question);
        let answer = answer.wait_for(Option::is_some).await.ok()?;
        answer.clone()
    }

    fn join_or_begin(
        &self,
        key: K,
        question: impl Future<Output = T> + Send + 'static,
    ) -> watch::Receiver<Option<T>> {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get(&key) {
            return flight.clone();
        }
        let (tell, answer) = watch::channel(None);
        flights.insert(key.clone(), answer.clone());
        let landing = Landing { flights: Arc::clone(&self.0), key };
        tokio::spawn(async move {
            let value = question.await;
            // Whoever asks from now on asks anew.
            drop(landing);
            tell.send_replace(Some(value));
        });
        answer
    }
}

/// Ends a flight, also when its task breaks.
struct Landing<K: Eq + Hash, T> {
    flights: Arc<Mutex<HashMap<K, watch::Receiver<Option<T>>>>>,
    key: K,
}

impl<K: Eq + Hash, T> Drop for Landing<K, T> {
    fn drop(&mut self) {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn one_question_for_all_who_ask_at_once() {
        let flights = SingleFlight::default();
        let asked = Arc::new(AtomicUsize::new(0));
        let go = Arc::new(Notify::new());
        let question = || {
            let (asked, go) = (Arc::clone(&asked), Arc::clone(&go));
            async move {
                go.notified().await;
                asked.fetch_add(1, Ordering::SeqCst) + 1
            }
        };
        // The first one leaves at once; the flight goes on without it.
        assert!(
            tokio::time::timeout(std::time::Duration::ZERO, flights.ask("url", question())).await.is_err()
        );
        let (first, second, other, ()) = tokio::join!(
            flights.ask("url", question()),
            flights.ask("url", question()),
            flights.ask("other", async { 7 }),
            async { go.notify_one() },
        );
        assert_eq!((first, second, other), (Some(1), Some(1), Some(7)));
        go.notify_one();
        assert_eq!(flights.ask("url", question()).await, Some(2), "later ones ask anew");
        assert!(flights.0.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_broken_task_leaves_nobody_waiting() {
        let flights: SingleFlight<&str, ()> = SingleFlight::default();
        assert_eq!(flights.ask("url", async { panic!("broken, as this test wants it") }).await, None);
        assert_eq!(flights.ask("url", async {}).await, Some(()));
    }
}
