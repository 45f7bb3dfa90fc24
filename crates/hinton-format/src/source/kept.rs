//! A cache of decompressed and decoded bytes, of limited size for all files together.
//!
//! There is one cache per process, because memory belongs to the process: a hundred members of an
//! archive, or a hundred compressed files, take no more of it than a few. Caching never changes the
//! bytes that are read, only how often they are computed.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use hinton_tensor::ReadError;

/// Most bytes that are kept at once. A single one may be larger; then nothing is beside it.
pub(crate) const MOST_KEPT: u64 =
    if cfg!(target_pointer_width = "32") { 128 << 20 } else { 512 << 20 };

/// A place in the pool. What lies there is let go with it.
pub(crate) struct Kept {
    id: u64,
    /// Held while the bytes are made: others wait instead of making them too.
    making: Mutex<()>,
    /// Why they cannot be made; this is found once.
    failed: OnceLock<ReadError>,
}

impl Kept {
    /// An empty place.
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Kept { id, making: Mutex::new(()), failed: OnceLock::new() }
    }

    /// A place with those bytes.
    pub(crate) fn with(bytes: Vec<u8>) -> Self {
        let kept = Kept::new();
        let mut pool = Pool::lock();
        pool.make_room(bytes.len() as u64);
        pool.put(kept.id, Arc::new(bytes));
        kept
    }

    /// The bytes, where they are kept.
    pub(crate) fn get(&self) -> Option<Arc<Vec<u8>>> {
        Pool::lock().get(self.id)
    }

    /// The bytes, of which there are `len`: made where they are not kept (any more), in the memory that
    /// others leave where that fits: a system takes as long for new memory as for unpacking zeros.
    ///
    /// # Errors
    /// What `make` says, also to those who come later.
    pub(crate) fn get_or_make(
        &self,
        len: u64,
        make: impl FnOnce(Vec<u8>) -> Result<Vec<u8>, ReadError>,
    ) -> Result<Arc<Vec<u8>>, ReadError> {
        if let Some(bytes) = self.get() {
            return Ok(bytes);
        }
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = self.get() {
            return Ok(bytes);
        }
        if let Some(error) = self.failed.get() {
            return Err(error.clone());
        }
        // Before they are made: the memory that they take is what others leave.
        let left = Pool::lock().make_room(len);
        match make(left.filter(|left| fits(left, len)).unwrap_or_default()) {
            Ok(bytes) => {
                let bytes = Arc::new(bytes);
                let mut pool = Pool::lock();
                pool.make_room(bytes.len() as u64);
                pool.put(self.id, bytes.clone());
                Ok(bytes)
            }
            Err(error) if error.kind.may_pass() => Err(error),
            Err(error) => Err(self.failed.get_or_init(|| error).clone()),
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        Pool::lock().remove(self.id);
    }
}

/// Whether memory is large enough for this many bytes and one more, and not much larger than is counted.
fn fits(left: &Vec<u8>, len: u64) -> bool {
    let room = left.capacity() as u64;
    room > len && room / 8 <= len / 7
}

/// All that is kept.
#[derive(Default)]
struct Pool {
    /// The bytes of a place, and when they were used last.
    bytes: HashMap<u64, (Arc<Vec<u8>>, u64)>,
    /// Places by when they were used last.
    ages: BTreeMap<u64, u64>,
    now: u64,
    total: u64,
}

impl Pool {
    fn lock() -> MutexGuard<'static, Pool> {
        static POOL: OnceLock<Mutex<Pool>> = OnceLock::new();
        POOL.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&mut self, id: u64) -> Option<Arc<Vec<u8>>> {
        let (bytes, age) = self.bytes.get_mut(&id)?;
        self.now += 1;
        self.ages.remove(age);
        *age = self.now;
        self.ages.insert(self.now, id);
        Some(bytes.clone())
    }

    fn put(&mut self, id: u64, bytes: Arc<Vec<u8>>) {
        self.remove(id);
        self.now += 1;
        self.total += bytes.len() as u64;
        self.bytes.insert(id, (bytes, self.now));
        self.ages.insert(self.now, id);
    }

    /// Lets the oldest go until `len` bytes have room. The last of them comes back, unless it is in use.
    fn make_room(&mut self, len: u64) -> Option<Vec<u8>> {
        let mut last = None;
        while self.total.saturating_add(len) > MOST_KEPT {
            let Some((_, &id)) = self.ages.first_key_value() else { break };
            // The one before is gone before this one is kept: memory for one alone.
            drop(last.take());
            last = self.remove(id);
        }
        last.and_then(Arc::into_inner)
    }

    fn remove(&mut self, id: u64) -> Option<Arc<Vec<u8>>> {
        let (bytes, age) = self.bytes.remove(&id)?;
        self.ages.remove(&age);
        self.total -= bytes.len() as u64;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_made_once_and_go_with_their_place() {
        let kept = Kept::new();
        assert!(kept.get().is_none());
        let mut made = 0;
        for _ in 0..3 {
            let bytes = kept.get_or_make(3, |_| {
                made += 1;
                Ok(b"abc".to_vec())
            });
            assert_eq!(**bytes.unwrap(), *b"abc");
        }
        assert_eq!(made, 1);
        let id = kept.id;
        drop(kept);
        assert!(Pool::lock().get(id).is_none());
        assert_eq!(**Kept::with(b"x".to_vec()).get().unwrap(), *b"x");
    }

    #[test]
    fn an_error_is_found_once() {
        let kept = Kept::new();
        let fails = |_: Vec<u8>| Err(ReadError::damaged(1, 2, "no".to_owned()));
        assert!(kept.get_or_make(1, fails).is_err());
        assert_eq!(kept.get_or_make(1, |_| Ok(vec![0])).unwrap_err().why, "no");
    }

    #[test]
    fn the_oldest_make_room() {
        let mut pool = Pool::default();
        let quarter = || Arc::new(vec![0; (MOST_KEPT / 4) as usize]);
        for id in 0..4 {
            pool.make_room(MOST_KEPT / 4);
            pool.put(id, quarter());
        }
        assert!(pool.get(0).is_some());
        pool.make_room(MOST_KEPT / 4);
        pool.put(4, quarter());
        let there: Vec<bool> = (0..5).map(|id| pool.bytes.contains_key(&id)).collect();
        assert_eq!(there, [true, false, true, true, true], "0 was used after 1");
        assert!(pool.make_room(MOST_KEPT * 2).is_some(), "the memory of the last is used again");
        assert_eq!((pool.total, pool.ages.len()), (0, 0), "what is larger than all lies alone");
    }
}
