//! A cache, of limited size, for the most recently used decoded chunks of a file's arrays.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use super::once::Once;

/// Bytes that are kept; more only where a row of chunks takes more.
const BYTES: usize = 64 << 20;

/// Chunks that are kept, however small they are.
const CHUNKS: usize = 1 << 14;

/// A decoded chunk, or why it could not be decoded: whoever needs it first decodes it; others wait.
pub(crate) type Slot = Arc<Once<Vec<u8>>>;

/// An array's number, and a chunk's number in it.
type Key = (u64, u64);

/// The chunks of all arrays of a file.
#[derive(Default)]
pub(crate) struct ChunkCache {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    slots: HashMap<Key, (Slot, u64, usize)>,
    /// When each was used last.
    ages: BTreeMap<u64, Key>,
    now: u64,
    bytes: usize,
}

impl ChunkCache {
    /// The slot of a chunk of `size` bytes; the oldest ones are let go to make room. `row` is the
    /// size of the chunks that lie side by side along all axes but the first, which reading
    /// in order comes back to.
    pub(crate) fn slot(&self, key: Key, size: usize, row: usize) -> Slot {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.now += 1;
        let now = inner.now;
        if let Some((slot, age, _)) = inner.slots.get_mut(&key) {
            let (slot, before) = (slot.clone(), std::mem::replace(age, now));
            inner.ages.remove(&before);
            inner.ages.insert(now, key);
            return slot;
        }
        let most = BYTES.max(row.saturating_add(size));
        while inner.slots.len() >= CHUNKS || inner.bytes.saturating_add(size) > most {
            let Some((_, oldest)) = inner.ages.pop_first() else { break };
            if let Some((_, _, size)) = inner.slots.remove(&oldest) {
                inner.bytes -= size;
            }
        }
        let slot = Slot::default();
        inner.slots.insert(key, (slot.clone(), now, size));
        inner.ages.insert(now, key);
        inner.bytes += size;
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_make_room() {
        let cache = ChunkCache::default();
        let size = BYTES / 2;
        let first = cache.slot((0, 0), size, 0);
        let second = cache.slot((0, 1), size, 0);
        assert!(Arc::ptr_eq(&first, &cache.slot((0, 0), size, 0)));
        cache.slot((1, 0), size, 0);
        assert!(Arc::ptr_eq(&first, &cache.slot((0, 0), size, 0)), "it was used again");
        assert!(!Arc::ptr_eq(&second, &cache.slot((0, 1), size, 0)), "it had to go");
        // Room for a whole row.
        for chunk in 0..8 {
            cache.slot((2, chunk), size, 8 * size);
        }
        let kept = cache.slot((2, 0), size, 8 * size);
        assert!(Arc::ptr_eq(&kept, &cache.slot((2, 0), size, 8 * size)));
        assert_eq!(cache.inner.lock().unwrap().slots.len(), 9);
    }
}
