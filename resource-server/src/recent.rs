//! A map that forgets what was not used for long, and never holds more than it may.

use std::collections::{HashMap, VecDeque};

/// Keys are hashes of tokens: whoever cannot make a hash collide cannot make the map slow.
pub(crate) type TokenHash = [u8; 32];

/// Entries stand in a queue. When there is no room, the first one goes, unless it was used: then it stands at the end
/// again. So nothing is forgotten in masses, and no single addition takes long.
pub(crate) struct Recent<V> {
    entries: HashMap<TokenHash, Entry<V>>,
    /// Each entry once.
    queue: VecDeque<TokenHash>,
    capacity: usize,
}

struct Entry<V> {
    value: V,
    was_used: bool,
}

impl<V> Recent<V> {
    /// A map with at most `capacity` entries.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { entries: HashMap::new(), queue: VecDeque::new(), capacity: capacity.max(1) }
    }

    pub(crate) fn get(&mut self, key: &TokenHash) -> Option<&V> {
        let entry = self.entries.get_mut(key)?;
        entry.was_used = true;
        Some(&entry.value)
    }

    pub(crate) fn insert(&mut self, key: TokenHash, value: V) {
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.value = value;
            return;
        }
        while self.queue.len() >= self.capacity {
            self.forget_one();
        }
        self.queue.push_back(key);
        self.entries.insert(key, Entry { value, was_used: false });
    }

    /// Each step makes room, or makes an entry unused: so it ends.
    fn forget_one(&mut self) {
        let Some(first) = self.queue.pop_front() else { return };
        match self.entries.get_mut(&first) {
            Some(entry) if entry.was_used => {
                entry.was_used = false;
                self.queue.push_back(first);
            }
            _ => {
                self.entries.remove(&first);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> TokenHash {
        [n; 32]
    }

    #[test]
    fn it_never_holds_more_than_it_may_and_keeps_what_is_used() {
        let mut map = Recent::new(8);
        map.insert(key(255), "kept");
        for n in 0..100 {
            map.insert(key(n), "passing");
            assert_eq!(map.get(&key(255)), Some(&"kept"), "{n}");
            assert!(map.entries.len() <= 8 && map.queue.len() == map.entries.len(), "{n}");
        }
        assert_eq!(map.get(&key(0)), None);
        assert_eq!(map.get(&key(99)), Some(&"passing"));
    }

    #[test]
    fn all_may_be_used_and_there_is_room_nevertheless() {
        let mut map = Recent::new(3);
        for n in 0..3 {
            map.insert(key(n), n);
            map.get(&key(n));
        }
        map.insert(key(3), 3);
        assert_eq!(map.get(&key(0)), None);
        assert_eq!(map.get(&key(3)), Some(&3));
        assert_eq!(map.entries.len(), 3);
    }

    #[test]
    fn the_last_value_of_a_key_counts() {
        let mut map = Recent::new(2);
        map.insert(key(1), 1);
        map.insert(key(1), 3);
        map.insert(key(2), 2);
        assert_eq!(map.get(&key(1)), Some(&3));
        assert_eq!(map.queue.len(), 2);
    }
}
