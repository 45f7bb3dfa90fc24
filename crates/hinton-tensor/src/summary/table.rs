//! A table of counts, one per bit pattern of 8 or 16 bits.

/// Copies of each count, side by side: equal neighbours in the data then add to different places,
/// and no addition waits for the one before it.
const LANES: usize = 2;

/// Counts of patterns. `u32` while counting, so that the hot part stays in the fastest cache.
pub(super) struct Table {
    counts: Vec<[u32; LANES]>,
    /// What was counted before `counts` began again at zero.
    earlier: Vec<u64>,
    /// Patterns in `counts`.
    pending: u32,
}

impl Table {
    /// For patterns below `size`: 256 or 65,536.
    pub(super) fn new(size: usize) -> Self {
        Table { counts: vec![[0; LANES]; size], earlier: Vec::new(), pending: 0 }
    }

    /// With what was counted elsewhere; patterns past `size` count for nothing.
    pub(super) fn of_counts(size: usize, counts: &[(u16, u64)]) -> Self {
        let mut earlier = vec![0; size];
        for &(pattern, count) in counts {
            if let Some(sum) = earlier.get_mut(usize::from(pattern)) {
                *sum = count;
            }
        }
        Table { counts: vec![[0; LANES]; size], earlier, pending: 0 }
    }

    /// The patterns that were seen, in rising order, and how often.
    pub(super) fn seen(&self) -> Vec<(u16, u64)> {
        let patterns = (0..=u16::MAX).take(self.counts.len());
        let counts = patterns.map(|pattern| (pattern, self.count(usize::from(pattern))));
        counts.filter(|&(_, count)| count > 0).collect()
    }

    /// Counts the bytes.
    pub(super) fn add_bytes(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        let Some(counts) = self.counts.first_chunk_mut::<256>() else { return };
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            for (lane, &byte) in word.iter().enumerate() {
                counts[usize::from(byte)][lane % LANES] += 1;
            }
        }
        for &byte in rest {
            counts[usize::from(byte)][0] += 1;
        }
    }

    /// Counts little-endian 16-bit patterns.
    pub(super) fn add_halves(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len() / 2);
        let Some(counts) = self.counts.first_chunk_mut::<65536>() else { return };
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            let word = u64::from_le_bytes(*word);
            counts[(word & 0xFFFF) as usize][0] += 1;
            counts[(word >> 16 & 0xFFFF) as usize][1] += 1;
            counts[(word >> 32 & 0xFFFF) as usize][0] += 1;
            counts[(word >> 48) as usize][1] += 1;
        }
        for half in rest.as_chunks::<2>().0 {
            counts[usize::from(u16::from_le_bytes(*half))][0] += 1;
        }
    }

    /// Counts the upper halves of little-endian 32-bit patterns; gives back the lower halves, or-ed.
    pub(super) fn add_upper_halves(&mut self, bytes: &[u8]) -> u64 {
        self.reserve(bytes.len() / 4);
        let Some(counts) = self.counts.first_chunk_mut::<65536>() else { return 0 };
        let mut low = 0;
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            let word = u64::from_le_bytes(*word);
            counts[(word >> 16 & 0xFFFF) as usize][0] += 1;
            counts[(word >> 48) as usize][1] += 1;
            low |= word;
        }
        for pattern in rest.as_chunks::<4>().0 {
            let pattern = u64::from(u32::from_le_bytes(*pattern));
            counts[(pattern >> 16) as usize][0] += 1;
            low |= pattern;
        }
        low & 0x0000_FFFF_0000_FFFF
    }

    /// Adds the counts of another table of the same size.
    pub(super) fn merge(&mut self, other: &Table) {
        self.flush();
        for (pattern, sum) in self.earlier.iter_mut().enumerate() {
            *sum += other.count(pattern);
        }
    }

    /// How often a pattern was seen.
    pub(super) fn count(&self, pattern: usize) -> u64 {
        let earlier = self.earlier.get(pattern).copied().unwrap_or(0);
        let lanes = self.counts.get(pattern).copied().unwrap_or_default();
        lanes.iter().fold(earlier, |sum, &lane| sum + u64::from(lane))
    }

    /// Makes sure that this many more fit.
    fn reserve(&mut self, more: usize) {
        match u32::try_from(more).ok().and_then(|more| self.pending.checked_add(more)) {
            Some(pending) => self.pending = pending,
            None => {
                self.flush();
                self.pending = u32::try_from(more).unwrap_or(u32::MAX);
            }
        }
    }

    fn flush(&mut self) {
        self.earlier.resize(self.counts.len(), 0);
        for (sum, lanes) in self.earlier.iter_mut().zip(&mut self.counts) {
            *sum += lanes.iter().map(|&lane| u64::from(lane)).sum::<u64>();
            *lanes = [0; LANES];
        }
        self.pending = 0;
    }
}
