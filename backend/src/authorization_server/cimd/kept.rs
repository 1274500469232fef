//! The documents that are kept: bounded in number and in bytes, and no host at the cost of the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use protocol::cimd::{ClientIdUrl, ClientMetadataDocument};
use protocol::ids::UnixTime;
use server_kit::witness;

use super::WHAT;

/// How many documents are kept at most, and how many bytes of them.
const MAX_DOCUMENTS: usize = 1000;
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// Validated documents. Nothing else has a way in.
#[derive(Default)]
pub(super) struct Kept(Mutex<Contents>);

#[derive(Default)]
struct Contents {
    entries: HashMap<ClientIdUrl, Entry>,
    bytes: usize,
}

struct Entry {
    document: Arc<ClientMetadataDocument>,
    host: String,
    bytes: usize,
    kept_at: UnixTime,
    fresh_until: UnixTime,
}

impl Kept {
    /// The document, while it is fresh.
    pub(super) fn find(&self, url: &ClientIdUrl, now: UnixTime) -> Option<Arc<ClientMetadataDocument>> {
        let contents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = contents.entries.get(url).filter(|entry| entry.fresh_until > now)?;
        witness::from_cache(WHAT, url.as_str(), now.since(entry.kept_at));
        Some(Arc::clone(&entry.document))
    }

    /// Whether there was a valid document at this URL lately, fresh or not.
    pub(super) fn knows(&self, url: &ClientIdUrl) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entries.contains_key(url)
    }

    /// Keeps a document of so many bytes until a moment.
    pub(super) fn keep(
        &self,
        document: &Arc<ClientMetadataDocument>,
        bytes: usize,
        fresh_until: UnixTime,
        now: UnixTime,
    ) {
        let url = document.client_id();
        let entry = Entry {
            document: Arc::clone(document),
            host: url.authority().to_ascii_lowercase(),
            bytes: bytes + url.as_str().len(),
            kept_at: now,
            fresh_until,
        };
        let mut contents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        contents.remove(url);
        contents.bytes += entry.bytes;
        contents.entries.insert(url.clone(), entry);
        if contents.is_full() {
            contents.entries.retain(|_, entry| entry.fresh_until > now);
            contents.bytes = contents.entries.values().map(|entry| entry.bytes).sum();
        }
        while contents.is_full() {
            let Some(url) = contents.next_to_go() else { break };
            contents.remove(&url);
        }
    }
}

impl Contents {
    fn is_full(&self) -> bool {
        self.entries.len() > MAX_DOCUMENTS || self.bytes > MAX_BYTES
    }

    fn remove(&mut self, url: &ClientIdUrl) {
        if let Some(entry) = self.entries.remove(url) {
            self.bytes -= entry.bytes;
        }
    }

    /// Of the host that takes the most room, the document that ends first: whoever invents a thousand URLs pushes out
    /// its own.
    fn next_to_go(&self) -> Option<ClientIdUrl> {
        let mut bytes: HashMap<&str, usize> = HashMap::new();
        for entry in self.entries.values() {
            *bytes.entry(&entry.host).or_default() += entry.bytes;
        }
        let (greediest, _) = bytes.into_iter().max_by_key(|(_, bytes)| *bytes)?;
        self.entries
            .iter()
            .filter(|(_, entry)| entry.host == greediest)
            .min_by_key(|(_, entry)| entry.fresh_until)
            .map(|(url, _)| url.clone())
    }
}

#[cfg(test)]
mod tests {
    use protocol::loopback::LoopbackPolicy;

    use super::*;

    const NOW: UnixTime = UnixTime(1000);

    fn document(url: &str) -> Arc<ClientMetadataDocument> {
        let url = ClientIdUrl::parse(url, LoopbackPolicy::HttpsOnly).unwrap();
        let body = serde_json::json!({
            "client_id": url.as_str(), "client_name": "C", "redirect_uris": ["https://c.example/cb"],
        });
        Arc::new(ClientMetadataDocument::validate(&url, body.to_string().as_bytes()).unwrap())
    }

    fn keep(kept: &Kept, url: &str, bytes: usize, seconds: u64) -> ClientIdUrl {
        let document = document(url);
        kept.keep(&document, bytes, NOW.plus(seconds), NOW);
        document.client_id().clone()
    }

    #[test]
    fn a_document_is_found_while_it_is_fresh_and_known_after_that() {
        let kept = Kept::default();
        let url = keep(&kept, "https://c.example/c", 200, 10);
        assert!(kept.find(&url, NOW.plus(9)).is_some());
        assert!(kept.find(&url, NOW.plus(10)).is_none());
        assert!(kept.knows(&url));
    }

    #[test]
    fn a_host_with_many_documents_pushes_out_its_own() {
        let kept = Kept::default();
        let honest = keep(&kept, "https://honest.example/c", 200, 30);
        for i in 0..MAX_DOCUMENTS + 100 {
            keep(&kept, &format!("https://greedy.example/{i}"), 200, 3600);
        }
        assert!(kept.find(&honest, NOW).is_some());
        assert!(kept.0.lock().unwrap().entries.len() <= MAX_DOCUMENTS);
    }

    #[test]
    fn bytes_are_bounded_too() {
        let kept = Kept::default();
        for i in 0..600 {
            keep(&kept, &format!("https://c.example/{i}"), 5000, 3600);
        }
        let contents = kept.0.lock().unwrap();
        assert_eq!(contents.bytes, contents.entries.values().map(|entry| entry.bytes).sum::<usize>());
        assert!(contents.bytes <= MAX_BYTES);
        assert!(contents.entries.len() > 400, "no more than needed goes: {}", contents.entries.len());
    }

    #[test]
    fn what_is_not_fresh_any_more_goes_first() {
        let kept = Kept::default();
        let stale = keep(&kept, "https://other.example/stale", 200, 0);
        for i in 0..MAX_DOCUMENTS {
            keep(&kept, &format!("https://c.example/{i}"), 200, 3600);
        }
        assert!(!kept.knows(&stale));
        assert_eq!(kept.0.lock().unwrap().entries.len(), MAX_DOCUMENTS);
    }
}
