//! The threads that compute RSA signatures: as many as there are processors, more would only take turns.
//!
//! They are threads of their own because `spawn_blocking` costs each signature a tenth of its own time in wake-ups;
//! these stay awake while there is work.

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, available_parallelism};

use protocol::secret::Secret;
use tokio::sync::oneshot;

use super::error::KeyError;
use super::signing_key::SigningKey;

struct Job {
    key: Arc<SigningKey>,
    input: String,
    caller: oneshot::Sender<Result<Secret, KeyError>>,
}

/// The threads. They end when this is dropped and their queue is done.
pub(super) struct SigningThreads {
    queue: mpsc::Sender<Job>,
}

impl SigningThreads {
    pub(super) fn start() -> Result<Self, KeyError> {
        let (queue, jobs) = mpsc::channel();
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..available_parallelism().map_or(1, usize::from) {
            let jobs = Arc::clone(&jobs);
            thread::Builder::new()
                .name("signer".to_owned())
                .spawn(move || work(&jobs))
                .map_err(|_| KeyError::NotSigned)?;
        }
        Ok(Self { queue })
    }

    /// The signature, computed on one of the threads.
    pub(super) async fn sign(&self, key: Arc<SigningKey>, input: String) -> Result<Secret, KeyError> {
        let (caller, answer) = oneshot::channel();
        self.queue.send(Job { key, input, caller }).map_err(|_| KeyError::NotSigned)?;
        answer.await.map_err(|_| KeyError::NotSigned)?
    }
}

fn work(jobs: &Mutex<mpsc::Receiver<Job>>) {
    loop {
        // The lock is held while waiting, not while working.
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { key, input, caller }) = job else { return };
        // Nobody waits for it any more: a client that has gone costs no signature.
        if !caller.is_closed() {
            let _ = caller.send(key.sign(input));
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::base64url_decode;
    use protocol::jwks::TokenAlgorithm;

    use super::*;

    #[tokio::test]
    async fn of_many_at_once_each_gets_the_signature_of_its_own_input() {
        let threads = SigningThreads::start().unwrap();
        let (key, _) = SigningKey::generate(TokenAlgorithm::Rs256).unwrap();
        let key = Arc::new(key);
        let threads = Arc::new(threads);
        let jobs: Vec<_> = (0..32)
            .map(|i| {
                let (threads, key) = (Arc::clone(&threads), Arc::clone(&key));
                tokio::spawn(async move { threads.sign(key, format!("input {i}")).await })
            })
            .collect();
        for (i, job) in jobs.into_iter().enumerate() {
            let token = job.await.unwrap().unwrap();
            let (input, signature) = token.reveal().rsplit_once('.').unwrap();
            assert_eq!(input, format!("input {i}"));
            assert!(key.verifies(input.as_bytes(), &base64url_decode(signature).unwrap()));
        }
    }
}
