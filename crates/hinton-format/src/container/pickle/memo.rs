//! The memo: what a pickle has kept to use again.

use std::collections::BTreeMap;

use super::Id;

/// Dense for the indexes that picklers use, sparse for all others.
#[derive(Default)]
pub(super) struct Memo {
    dense: Vec<Option<Id>>,
    sparse: BTreeMap<u64, Id>,
    count: u64,
}

/// Indexes that a dense memo may skip.
const GAP: u64 = 64;

/// What an entry of the sparse memo takes, its share of the tree included.
const SPARSE_BYTES: usize = 48;

impl Memo {
    /// Number of different indexes set: the index of the next MEMOIZE.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn get(&self, index: u64) -> Option<Id> {
        let dense = usize::try_from(index).ok().and_then(|index| self.dense.get(index).copied());
        dense.flatten().or_else(|| self.sparse.get(&index).copied())
    }

    /// Bytes by which [`put`](Self::put) at `index` makes the memo grow.
    pub(super) fn growth(&self, index: u64) -> usize {
        let len = self.dense.len() as u64;
        if index < len || self.sparse.contains_key(&index) {
            0
        } else if index < len + GAP {
            (index + 1 - len) as usize * size_of::<Option<Id>>()
        } else {
            SPARSE_BYTES
        }
    }

    pub(super) fn put(&mut self, index: u64, id: Id) {
        let len = self.dense.len() as u64;
        let is_sparse = self.sparse.contains_key(&index);
        let old = if is_sparse || index >= len + GAP {
            self.sparse.insert(index, id)
        } else {
            let index = index as usize;
            if index >= self.dense.len() {
                self.dense.resize(index + 1, None);
            }
            self.dense[index].replace(id)
        };
        self.count += u64::from(old.is_none());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_and_near_indexes_are_kept_and_counted_once() {
        let mut memo = Memo::default();
        for (index, id, grows) in [
            (0, 7, true),
            (1 << 40, 8, true),
            (70, 9, true),
            (60, 1, true),
            (70, 2, false),
            (0, 3, false),
            (69, 4, true),
        ] {
            assert_eq!(memo.growth(index) > 0, grows, "{index}");
            memo.put(index, Id(id));
            assert_eq!(memo.get(index), Some(Id(id)));
        }
        assert_eq!(memo.count(), 5);
        assert_eq!(memo.get(0), Some(Id(3)));
        assert_eq!(memo.get(1), None);
        assert_eq!(memo.get(1 << 40), Some(Id(8)));
    }
}
