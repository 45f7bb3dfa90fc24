//! A cache of file blocks in limited memory, least recently used first out, and of those being
//! fetched.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::lock;

/// Bytes of a block. The first request for a file asks for one.
pub(crate) const BLOCK: u64 = 64 << 10;

/// The least memory of a store: what is on its way at once, twice over.
const LEAST: u64 = 128 << 20;

/// A file's number, and a block's number in it.
type Key = (u64, u64);

enum Slot {
    /// Somebody fetches it.
    OnItsWay,
    Held(Arc<[u8]>, u64),
}

/// Blocks of all files.
pub(crate) struct Store {
    inner: Mutex<Inner>,
    changed: Condvar,
    most: u64,
}

#[derive(Default)]
struct Inner {
    slots: HashMap<Key, Slot>,
    /// When each was used last.
    ages: BTreeMap<u64, Key>,
    now: u64,
    bytes: u64,
}

/// What a reader should do now.
pub(crate) enum Turn {
    /// All blocks are here.
    Here(Vec<Arc<[u8]>>),
    /// These ranges of blocks are for the reader to fetch; each is marked as on its way.
    Fetch(Vec<Range<u64>>),
}

impl Store {
    pub(crate) fn new(most: u64) -> Self {
        Store { inner: Mutex::default(), changed: Condvar::new(), most: most.max(LEAST) }
    }

    /// The blocks `wanted` of a file. Waits for those on their way; where some are missing, `plan`
    /// says which ranges of blocks to fetch, and what is neither here nor on its way of them is
    /// the reader's to fetch.
    pub(crate) fn turn(
        &self,
        file: u64,
        wanted: Range<u64>,
        plan: impl Fn(Range<u64>) -> Vec<Range<u64>>,
    ) -> Turn {
        let mut inner = lock(&self.inner);
        loop {
            let state = |block| inner.slots.get(&(file, block));
            let missing = |block: &u64| state(*block).is_none();
            if let Some(first) = wanted.clone().find(missing) {
                let last = wanted.clone().rev().find(missing).unwrap_or(first);
                let absent: Vec<Range<u64>> = plan(first..last + 1)
                    .into_iter()
                    .flat_map(|range| inner.absent(file, range))
                    .collect();
                for block in absent.iter().cloned().flatten() {
                    inner.slots.insert((file, block), Slot::OnItsWay);
                }
                if !absent.is_empty() {
                    return Turn::Fetch(absent);
                }
            } else if wanted.clone().all(|block| matches!(state(block), Some(Slot::Held(..)))) {
                return Turn::Here(inner.take(file, wanted));
            }
            inner = self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The blocks of a range have come; `bytes` begin with the first of them.
    pub(crate) fn put(&self, file: u64, blocks: Range<u64>, bytes: &[u8]) {
        let mut inner = lock(&self.inner);
        for (block, part) in blocks.zip(bytes.chunks(BLOCK as usize)) {
            inner.hold((file, block), part.into(), self.most);
        }
        self.changed.notify_all();
    }

    /// The blocks of a range will not come.
    pub(crate) fn give_up(&self, file: u64, blocks: Range<u64>) {
        let mut inner = lock(&self.inner);
        for block in blocks {
            if matches!(inner.slots.get(&(file, block)), Some(Slot::OnItsWay)) {
                inner.slots.remove(&(file, block));
            }
        }
        self.changed.notify_all();
    }
}

impl Inner {
    /// The parts of a range that are neither here nor on their way.
    fn absent(&self, file: u64, range: Range<u64>) -> Vec<Range<u64>> {
        let mut found: Vec<Range<u64>> = Vec::new();
        for block in range.filter(|&block| !self.slots.contains_key(&(file, block))) {
            match found.last_mut() {
                Some(last) if last.end == block => last.end += 1,
                _ => found.push(block..block + 1),
            }
        }
        found
    }

    /// Blocks that are all held.
    fn take(&mut self, file: u64, blocks: Range<u64>) -> Vec<Arc<[u8]>> {
        let mut taken = Vec::new();
        for block in blocks {
            self.now += 1;
            let now = self.now;
            let key = (file, block);
            if let Some(Slot::Held(bytes, age)) = self.slots.get_mut(&key) {
                taken.push(bytes.clone());
                let before = std::mem::replace(age, now);
                self.ages.remove(&before);
                self.ages.insert(now, key);
            }
        }
        taken
    }

    fn hold(&mut self, key: Key, bytes: Arc<[u8]>, most: u64) {
        while self.bytes.saturating_add(bytes.len() as u64) > most {
            let Some((_, oldest)) = self.ages.pop_first() else { break };
            if let Some(Slot::Held(old, _)) = self.slots.remove(&oldest) {
                self.bytes -= old.len() as u64;
            }
        }
        self.now += 1;
        self.bytes += bytes.len() as u64;
        self.ages.insert(self.now, key);
        if let Some(Slot::Held(old, age)) = self.slots.insert(key, Slot::Held(bytes, self.now)) {
            self.bytes -= old.len() as u64;
            self.ages.remove(&age);
        }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, clippy::single_range_in_vec_init)] // One reader waits for another.
mod tests {
    use super::*;

    #[test]
    fn readers_fetch_what_nobody_fetches_and_wait_for_the_rest() {
        let store = Arc::new(Store::new(0));
        let as_is = |range: Range<u64>| vec![range];
        let Turn::Fetch(first) = store.turn(1, 2..4, as_is) else { panic!() };
        assert_eq!(first, [2..4]);
        let Turn::Fetch(second) = store.turn(1, 0..6, as_is) else { panic!() };
        assert_eq!(second, [0..2, 4..6]);
        let waiting = store.clone();
        let reader = std::thread::spawn(move || match waiting.turn(1, 1..3, |range| vec![range]) {
            Turn::Here(blocks) => blocks.len(),
            Turn::Fetch(_) => 0,
        });
        store.put(1, 2..4, &vec![0; 2 * BLOCK as usize]);
        store.put(1, 0..2, &vec![0; 2 * BLOCK as usize]);
        assert_eq!(reader.join().unwrap(), 2);
        store.give_up(1, 4..6);
        let Turn::Fetch(again) = store.turn(1, 3..5, as_is) else { panic!() };
        assert_eq!(again, [4..5], "what did not come is asked for again");
    }

    #[test]
    fn the_oldest_blocks_make_room() {
        let store = Store::new(0);
        let count = LEAST / BLOCK + 10;
        for block in 0..count {
            store.put(7, block..block + 1, &vec![1; BLOCK as usize]);
        }
        let inner = lock(&store.inner);
        assert_eq!(inner.bytes, LEAST);
        assert_eq!(inner.slots.len(), inner.ages.len());
        assert!(!inner.slots.contains_key(&(7, 9)) && inner.slots.contains_key(&(7, 10)));
    }
}
