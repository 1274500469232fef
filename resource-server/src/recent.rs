//! A map that forgets what was not used for long, and never holds more than it may.

use std::collections::HashMap;
use std::mem;

/// Keys are hashes of tokens: whoever cannot make a hash collide cannot make the map slow.
pub(crate) type TokenHash = [u8; 32];

/// Two generations: what is used moves to the young one; when that is half of all, the old one goes.
pub(crate) struct Recent<V> {
    young: HashMap<TokenHash, V>,
    old: HashMap<TokenHash, V>,
    half: usize,
}

impl<V> Recent<V> {
    /// A map with at most `capacity` entries.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), half: (capacity / 2).max(1) }
    }

    pub(crate) fn get(&mut self, key: &TokenHash) -> Option<&V> {
        if let Some(value) = self.old.remove(key) {
            self.insert(*key, value);
        }
        self.young.get(key)
    }

    pub(crate) fn insert(&mut self, key: TokenHash, value: V) {
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = mem::take(&mut self.young);
        }
        self.old.remove(&key);
        self.young.insert(key, value);
    }

    pub(crate) fn remove(&mut self, key: &TokenHash) {
        self.young.remove(key);
        self.old.remove(key);
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
            assert!(map.young.len() + map.old.len() <= 8, "{n}");
        }
        assert_eq!(map.get(&key(0)), None);
        assert_eq!(map.get(&key(99)), Some(&"passing"));
    }

    #[test]
    fn the_last_value_of_a_key_counts() {
        let mut map = Recent::new(2);
        map.insert(key(1), 1);
        map.insert(key(2), 2);
        map.insert(key(1), 3);
        assert_eq!(map.get(&key(1)), Some(&3));
        map.remove(&key(1));
        assert_eq!(map.get(&key(1)), None);
    }
}
