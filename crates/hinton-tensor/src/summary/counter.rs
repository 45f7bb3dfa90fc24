//! The statistics that one thread collects about a tensor's values.

use super::Summary;
use super::distribution::{Distribution, KEYS, is_edge, key_of, key_of_upper_half, merged, rank};
use super::moments::{BLOCK, Block, Moments, block};
use super::table::Table;
use crate::Dtype;
use crate::decode::{half, le, small};

/// Counts and extremes of values; independent of the order in which they came.
pub(crate) struct Counter {
    dtype: Dtype,
    /// Counts of patterns; `None` where moments are all that is asked for.
    table: Option<Table>,
    /// Counts of the bins of values that `f32` does not hold as normal numbers; empty until there
    /// is one.
    extreme: Vec<u64>,
    seen: u64,
    nan: u64,
    pos_inf: u64,
    neg_inf: u64,
    zeros: u64,
    min: f64,
    max: f64,
    /// Whether the upper 16 bits of the `f32` were not all there is to some value.
    coarse: bool,
    scratch: Scratch,
}

/// What a [`Counter`] has counted, without the room it counts in.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Counts {
    /// Patterns in rising order, and how often each was seen.
    pub(super) table: Vec<(u16, u64)>,
    /// Bins of what `f32` has not as normal numbers, likewise.
    pub(super) extreme: Vec<(u32, u64)>,
    pub(super) seen: u64,
    pub(super) nan: u64,
    pub(super) pos_inf: u64,
    pub(super) neg_inf: u64,
    pub(super) zeros: u64,
    /// Of finite values; zero is never negative. Without any, infinities the other way round.
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) coarse: bool,
}

impl Counts {
    /// Adds what was counted elsewhere.
    pub(super) fn merge(&mut self, other: &Counts) {
        self.table = merged(&self.table, &other.table, u16::cmp);
        self.extreme = merged(&self.extreme, &other.extreme, u32::cmp);
        self.seen = self.seen.saturating_add(other.seen);
        self.nan = self.nan.saturating_add(other.nan);
        self.pos_inf = self.pos_inf.saturating_add(other.pos_inf);
        self.neg_inf = self.neg_inf.saturating_add(other.neg_inf);
        self.zeros = self.zeros.saturating_add(other.zeros);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.coarse |= other.coarse;
    }
}

/// The least and the largest magnitude that are normal numbers of `f32`.
const NORMAL: (f64, f64) = (f32::MIN_POSITIVE as f64, f32::MAX as f64);

/// How many patterns a dtype's table has; of those wider than 16 bits the upper half of them as `f32`.
pub(super) fn patterns(dtype: Dtype) -> usize {
    if dtype.bits() <= 8 { 1 << 8 } else { 1 << 16 }
}

#[derive(Default)]
struct Scratch {
    narrow: Vec<f32>,
    wide: Vec<f64>,
    patterns: Vec<u8>,
}

impl Counter {
    pub(crate) fn new(dtype: Dtype) -> Self {
        Counter { table: Some(Table::new(patterns(dtype))), ..Counter::of_moments(dtype) }
    }

    /// One that has counted so much.
    pub(super) fn of_counts(dtype: Dtype, counts: &Counts) -> Self {
        let mut extreme = Vec::new();
        for &(key, count) in &counts.extreme {
            extreme.resize(KEYS, 0);
            if let Some(sum) = extreme.get_mut(key as usize) {
                *sum = count;
            }
        }
        Counter {
            table: Some(Table::of_counts(patterns(dtype), &counts.table)),
            extreme,
            seen: counts.seen,
            nan: counts.nan,
            pos_inf: counts.pos_inf,
            neg_inf: counts.neg_inf,
            zeros: counts.zeros,
            min: counts.min,
            max: counts.max,
            coarse: counts.coarse,
            ..Counter::of_moments(dtype)
        }
    }

    /// What it has counted.
    pub(super) fn counts(&self) -> Counts {
        let extreme = (0u32..).zip(&self.extreme).map(|(key, &count)| (key, count));
        Counts {
            table: self.table.as_ref().map(Table::seen).unwrap_or_default(),
            extreme: extreme.filter(|&(_, count)| count > 0).collect(),
            seen: self.seen,
            nan: self.nan,
            pos_inf: self.pos_inf,
            neg_inf: self.neg_inf,
            zeros: self.zeros,
            // Of the two zeros, which one comes out hangs on the order.
            min: self.min + 0.0,
            max: self.max + 0.0,
            coarse: self.coarse,
        }
    }

    /// Counts without a table of values, where one would be large: for thousands of small tensors it
    /// would cost more than reading them.
    pub(crate) fn without_quantiles(dtype: Dtype) -> Self {
        if dtype.bits() <= 8 { Counter::new(dtype) } else { Counter::of_moments(dtype) }
    }

    fn of_moments(dtype: Dtype) -> Self {
        Counter {
            dtype,
            table: None,
            extreme: Vec::new(),
            seen: 0,
            nan: 0,
            pos_inf: 0,
            neg_inf: 0,
            zeros: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            coarse: false,
            scratch: Scratch::default(),
        }
    }

    /// Whether it only counts patterns, so that it does not matter in which parts values are added.
    pub(crate) fn only_counts(&self) -> bool {
        self.table.is_some() && self.dtype.bits() <= 16
    }

    /// Counts little-endian values, whole bytes each. Their moments, where the table will not give
    /// them exactly (the caller merges them in a fixed order).
    pub(crate) fn add(&mut self, bytes: &[u8]) -> Moments {
        match (self.dtype.bits(), &mut self.table) {
            (0..=8, Some(table)) => {
                self.seen += bytes.len() as u64;
                table.add_bytes(bytes);
                Moments::default()
            }
            (16, Some(table)) => {
                self.seen += bytes.len() as u64 / 2;
                table.add_halves(bytes);
                Moments::default()
            }
            (..=16, _) => self.add_narrow(bytes),
            _ if self.dtype == Dtype::F32 => self.add_narrow(bytes),
            _ => self.add_wide(bytes),
        }
    }

    /// Values that `f32` holds exactly.
    fn add_narrow(&mut self, bytes: &[u8]) -> Moments {
        let mut moments = Moments::default();
        let mut narrow = std::mem::take(&mut self.scratch.narrow);
        let size = (self.dtype.bits().div_ceil(8)) as usize;
        for part in bytes.chunks(BLOCK * size) {
            narrow.resize(part.len() / size, 0.0);
            le::to_f32(self.dtype, part, &mut narrow);
            self.seen += narrow.len() as u64;
            let mut found = block(&narrow);
            if found.is_none() {
                narrow.retain(|&value| self.keep(f64::from(value)));
                found = block(&narrow);
            }
            // The table counts infinities and NaN too; their patterns are left out at the end.
            if let Some(table) = &mut self.table {
                self.coarse |= table.add_upper_halves(part) != 0;
            }
            self.note(found, &mut moments);
        }
        self.scratch.narrow = narrow;
        moments
    }

    fn add_wide(&mut self, bytes: &[u8]) -> Moments {
        let size = (self.dtype.bits() / 8) as usize;
        let mut moments = Moments::default();
        let mut wide = std::mem::take(&mut self.scratch.wide);
        let mut patterns = std::mem::take(&mut self.scratch.patterns);
        for part in bytes.chunks(BLOCK * size) {
            wide.resize(part.len() / size, 0.0);
            le::to_f64(self.dtype, part, &mut wide);
            self.seen += wide.len() as u64;
            let mut found = block(&wide);
            if found.is_none() {
                wide.retain(|&value| self.keep(value));
                found = block(&wide);
            }
            if let Some(table) = &mut self.table {
                patterns.clear();
                let mut is_coarse = false;
                for &value in &wide {
                    let size = value.abs();
                    if size == 0.0 || (NORMAL.0..=NORMAL.1).contains(&size) {
                        let narrow = value as f32;
                        is_coarse |= f64::from(narrow) != value;
                        patterns.extend(narrow.to_le_bytes());
                    } else {
                        self.extreme.resize(KEYS, 0);
                        self.extreme[key_of(value) as usize] += 1;
                        is_coarse |= !is_edge(value);
                    }
                }
                self.coarse |= is_coarse | (table.add_upper_halves(&patterns) != 0);
            }
            self.note(found, &mut moments);
        }
        self.scratch.wide = wide;
        self.scratch.patterns = patterns;
        moments
    }

    /// Whether a value is finite; counts it where it is not.
    fn keep(&mut self, value: f64) -> bool {
        self.nan += u64::from(value.is_nan());
        self.pos_inf += u64::from(value == f64::INFINITY);
        self.neg_inf += u64::from(value == f64::NEG_INFINITY);
        value.is_finite()
    }

    fn note(&mut self, block: Option<Block>, moments: &mut Moments) {
        if let Some(block) = block {
            self.min = self.min.min(block.min);
            self.max = self.max.max(block.max);
            self.zeros += block.zeros;
            moments.merge(&block.moments);
        }
    }

    /// Adds what another thread has seen of the same tensor.
    pub(crate) fn merge(&mut self, other: &Counter) {
        if let (Some(table), Some(other)) = (&mut self.table, &other.table) {
            table.merge(other);
        }
        if self.extreme.is_empty() {
            self.extreme.clone_from(&other.extreme);
        } else {
            self.extreme.iter_mut().zip(&other.extreme).for_each(|(sum, more)| *sum += more);
        }
        self.seen += other.seen;
        self.nan += other.nan;
        self.pos_inf += other.pos_inf;
        self.neg_inf += other.neg_inf;
        self.zeros += other.zeros;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.coarse |= other.coarse;
    }

    /// The statistics; `moments` are those that [`add`](Counter::add) gave, merged.
    pub(crate) fn summary(self, moments: Moments) -> Summary {
        let distribution = match &self.table {
            Some(table) if self.dtype.bits() <= 16 => return self.exact_summary(table),
            Some(table) => {
                let keys = (0x8000..=0xFF7Fu16).rev().chain(0..=0x7F7F);
                let bins = keys.map(|key| (key_of_upper_half(key), table.count(usize::from(key))));
                let mut bins: Vec<(u32, u64)> = bins.filter(|&(_, count)| count > 0).collect();
                if !self.extreme.is_empty() {
                    let extreme = self.extreme.iter().enumerate().filter(|(_, count)| **count > 0);
                    bins.extend(extreme.map(|(key, &count)| (key as u32, count)));
                    bins.sort_by_key(|&(key, _)| rank(key));
                }
                let bins = Distribution::Bins(bins);
                if self.coarse { bins } else { bins.lower_edges() }
            }
            None => Distribution::of_sorted([]),
        };
        Summary {
            elements: self.seen,
            nan: self.nan,
            pos_inf: self.pos_inf,
            neg_inf: self.neg_inf,
            zeros: self.zeros,
            // Negative zero becomes plain zero.
            min: self.min + 0.0,
            max: self.max + 0.0,
            moments,
            distribution,
        }
    }

    /// Everything from the table.
    fn exact_summary(&self, table: &Table) -> Summary {
        let counts = (0..=u16::MAX).map(|index| {
            let (pattern, value) = self.pattern(index);
            (value, table.count(usize::from(pattern)))
        });
        Summary::of_counts(counts.filter(|&(_, count)| count > 0))
    }

    /// A pattern and its value: numbers in rising order for rising `index`.
    fn pattern(&self, index: u16) -> (u16, f64) {
        // Patterns with the upper bit set are negative, and for floats they fall.
        let float = |value: fn(u16) -> f32| {
            let pattern = if index < 0x8000 { 0xFFFF - index } else { index - 0x8000 };
            (pattern, f64::from(value(pattern)))
        };
        match self.dtype {
            Dtype::F16 => float(half::f16),
            Dtype::Bf16 => float(half::bf16),
            Dtype::I16 => {
                let pattern = index ^ 0x8000;
                (pattern, f64::from(pattern as i16))
            }
            Dtype::U16 => (index, f64::from(index)),
            _ => {
                match small::values(self.dtype).and_then(|values| values.get(usize::from(index))) {
                    Some(&value) => (index, f64::from(value)),
                    None => (u16::MAX, 0.0),
                }
            }
        }
    }
}
