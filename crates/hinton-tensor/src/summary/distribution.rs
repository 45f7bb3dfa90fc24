//! The distribution of finite values: exact, or in bins with a relative width of 2^-7.

/// Most different values that are kept exactly: what a 16-bit dtype has.
const MOST_EXACT: usize = 1 << 16;

/// Values or bins, in rising order, and how often each occurs.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Distribution {
    /// Each value.
    Values(Vec<(f64, u64)>),
    /// The [key](key_of) of each bin.
    Bins(Vec<(u32, u64)>),
}

impl Distribution {
    /// Of values in rising order.
    pub(super) fn of_sorted(counts: impl IntoIterator<Item = (f64, u64)>) -> Self {
        let mut values: Vec<(f64, u64)> = Vec::new();
        for (value, count) in counts {
            match values.last_mut() {
                Some(last) if last.0 == value => last.1 += count,
                // Negative zero becomes plain zero.
                _ => values.push((value + 0.0, count)),
            }
        }
        Distribution::Values(values)
    }

    /// Bins known to hold nothing but their edge nearest to zero.
    pub(super) fn lower_edges(self) -> Self {
        match self {
            Distribution::Bins(bins) => {
                Distribution::of_sorted(bins.into_iter().map(|(key, count)| (edge(key), count)))
            }
            values => values,
        }
    }

    /// Adds another. Bins stay bins; values stay values while they are few.
    pub(super) fn merge(&mut self, other: &Distribution) {
        let mine = std::mem::replace(self, Distribution::Values(Vec::new()));
        *self = match (mine, other) {
            (Distribution::Values(mine), Distribution::Values(theirs)) => {
                let merged = merged(&mine, theirs, |a, b| a.total_cmp(b));
                if merged.len() > MOST_EXACT {
                    Distribution::Bins(binned(&merged))
                } else {
                    Distribution::Values(merged)
                }
            }
            (mine, theirs) => {
                let order = |a: &u32, b: &u32| rank(*a).cmp(&rank(*b));
                Distribution::Bins(merged(&mine.bins(), &theirs.bins(), order))
            }
        };
    }

    pub(super) fn bins(&self) -> std::borrow::Cow<'_, [(u32, u64)]> {
        match self {
            Distribution::Values(values) => binned(values).into(),
            Distribution::Bins(bins) => bins.into(),
        }
    }

    /// The same values `times` over.
    pub(super) fn repeat(&mut self, times: u64) {
        match self {
            Distribution::Values(list) => {
                list.iter_mut().for_each(|(_, count)| *count = count.saturating_mul(times));
            }
            Distribution::Bins(list) => {
                list.iter_mut().for_each(|(_, count)| *count = count.saturating_mul(times));
            }
        }
    }

    /// The value at `rank` (from 0) of the sorted values; inside a bin, they count as evenly
    /// spread. `None` past the last.
    pub(super) fn at(&self, rank: u64) -> Option<f64> {
        let mut left = rank;
        for index in 0..self.len() {
            let (low, high, count) = self.span(index);
            if left < count {
                return Some(low + (high - low) * ((left as f64 + 0.5) / count as f64));
            }
            left -= count;
        }
        None
    }

    /// How many values have a magnitude below `limit`, zeros included; of a bin that holds the
    /// limit, the part below it.
    pub(super) fn within(&self, limit: f64) -> u64 {
        let part = |index: usize| {
            let (low, high, count) = self.span(index);
            let (near, far) = (low.abs().min(high.abs()), low.abs().max(high.abs()));
            if far < limit {
                count
            } else if near >= limit {
                0
            } else {
                ((limit - near) / (far - near) * count as f64) as u64
            }
        };
        (0..self.len()).map(part).sum()
    }

    /// The sum of what a function gives for each value (the middle of its bin), and how many there
    /// are.
    pub(super) fn sum_of(&self, of: impl Fn(f64) -> f64) -> (f64, u64) {
        (0..self.len()).fold((0.0, 0), |(sum, all), index| {
            let (low, high, count) = self.span(index);
            (sum + of(low / 2.0 + high / 2.0) * count as f64, all + count)
        })
    }

    /// Number of values or bins.
    fn len(&self) -> usize {
        match self {
            Distribution::Values(values) => values.len(),
            Distribution::Bins(bins) => bins.len(),
        }
    }

    /// From where to where a value or bin reaches, and its count.
    fn span(&self, index: usize) -> (f64, f64, u64) {
        match self {
            Distribution::Values(values) => {
                let (value, count) = values[index];
                (value, value, count)
            }
            Distribution::Bins(bins) => {
                let (key, count) = bins[index];
                let (low, high) = bounds(key);
                (low, high, count)
            }
        }
    }

    /// Counts in equal bins over `[low, high]`, both ends included. Values lie in `[min, max]`.
    pub(super) fn histogram(&self, (low, high): (f64, f64), into: &mut [u64], range: (f64, f64)) {
        let edges = Edges { low, high, bins: into.len() };
        for index in 0..self.len() {
            let (from, to, count) = self.span(index);
            let (from, to) = (from.max(range.0), to.min(range.1));
            if from < to {
                edges.spread(from, to, count, into);
            } else if let Some(bin) = edges.bin(from.min(range.1)) {
                into[bin] += count;
            }
        }
    }
}

/// Equal bins.
struct Edges {
    low: f64,
    high: f64,
    bins: usize,
}

impl Edges {
    /// The lower edge of a bin, or the upper edge of the one before.
    fn edge(&self, bin: usize) -> f64 {
        if bin >= self.bins {
            return self.high;
        }
        // Divided first: the span of two f64 may pass what f64 holds.
        let share = bin as f64 / self.bins as f64;
        self.low * (1.0 - share) + self.high * share
    }

    /// The bin of a value; `None` outside. A span of one point has it in the middle, as numpy.
    fn bin(&self, value: f64) -> Option<usize> {
        if !(self.low <= value && value <= self.high) {
            return None;
        }
        if self.low == self.high {
            return Some(self.bins / 2);
        }
        let share = (value * 0.5 - self.low * 0.5) / (self.high * 0.5 - self.low * 0.5);
        let mut bin = ((share * self.bins as f64) as usize).min(self.bins - 1);
        // Rounding may have missed by one: the edges decide.
        while bin > 0 && value < self.edge(bin) {
            bin -= 1;
        }
        while bin + 1 < self.bins && value >= self.edge(bin + 1) {
            bin += 1;
        }
        Some(bin)
    }

    /// Shares `count` values evenly spread over `from..to` among the bins, in whole numbers whose
    /// sum is `count` where no part lies outside.
    fn spread(&self, from: f64, to: f64, count: u64, into: &mut [u64]) {
        if to < self.low || from > self.high {
            return;
        }
        let below = |edge: f64| -> u64 {
            if edge >= to {
                count
            } else if edge <= from {
                0
            } else {
                (((edge - from) / (to - from) * count as f64).round() as u64).min(count)
            }
        };
        let first = self.bin(from.max(self.low)).unwrap_or(0);
        let mut done = below(self.edge(first).max(self.low));
        for (bin, into) in into.iter_mut().enumerate().skip(first) {
            let upto = below(self.edge(bin + 1)).max(done);
            *into += upto - done;
            done = upto;
            if self.edge(bin + 1) >= to {
                break;
            }
        }
    }
}

/// Bits of an `f64` below those that are kept in the key of a bin.
const DROPPED: u32 = 45;
/// How many keys there are: a sign, 11 bits of exponent, 7 of mantissa.
pub(super) const KEYS: usize = 1 << (64 - DROPPED);
const SIGN: u32 = 1 << (63 - DROPPED);

/// The bin of a finite value: its sign, exponent and 7 bits of its mantissa, as `f64`. For what
/// `f32` holds as a normal number these are the upper 16 bits of it.
pub(super) fn key_of(value: f64) -> u32 {
    (value.to_bits() >> DROPPED) as u32
}

/// Whether a value is nothing but the edge of its bin.
pub(super) fn is_edge(value: f64) -> bool {
    value.to_bits() & ((1 << DROPPED) - 1) == 0
}

/// The bin of the upper 16 bits of an `f32`; what `f32` holds as a subnormal number counts with the
/// bin of the least such.
pub(super) fn key_of_upper_half(half: u16) -> u32 {
    key_of(f64::from(f32::from_bits(u32::from(half) << 16)))
}

/// The edge of a bin that is nearest to zero.
pub(super) fn edge(key: u32) -> f64 {
    f64::from_bits(u64::from(key) << DROPPED)
}

/// A bin's values lie between these. The bins next to zero count as zero itself.
fn bounds(key: u32) -> (f64, f64) {
    if key & !SIGN == 0 {
        return (0.0, 0.0);
    }
    let near = edge(key);
    let far = f64::from_bits(u64::from(key) << DROPPED | ((1 << DROPPED) - 1));
    if near < far { (near, far) } else { (far, near) }
}

/// Place of a bin among all in rising order.
pub(super) fn rank(key: u32) -> u32 {
    if key < SIGN { key | SIGN } else { !key & (SIGN - 1) }
}

fn binned(values: &[(f64, u64)]) -> Vec<(u32, u64)> {
    let mut bins: Vec<(u32, u64)> = Vec::new();
    for &(value, count) in values {
        let key = key_of(value);
        match bins.last_mut() {
            Some(last) if last.0 == key => last.1 += count,
            _ => bins.push((key, count)),
        }
    }
    bins
}

/// Two rising lists as one.
pub(super) fn merged<K: Copy>(
    a: &[(K, u64)],
    b: &[(K, u64)],
    order: impl Fn(&K, &K) -> std::cmp::Ordering,
) -> Vec<(K, u64)> {
    let mut all = Vec::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        match order(&a[i].0, &b[j].0) {
            std::cmp::Ordering::Less => {
                all.push(a[i]);
                i += 1;
            }
            std::cmp::Ordering::Greater => {
                all.push(b[j]);
                j += 1;
            }
            std::cmp::Ordering::Equal => {
                all.push((a[i].0, a[i].1.saturating_add(b[j].1)));
                i += 1;
                j += 1;
            }
        }
    }
    all.extend_from_slice(&a[i..]);
    all.extend_from_slice(&b[j..]);
    all
}
