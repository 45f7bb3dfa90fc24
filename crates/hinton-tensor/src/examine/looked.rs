//! What a check needs to know about a part of a tensor besides its statistics. Parts merge, in any
//! order, to what one pass over the whole finds.
//!
//! All of it is exact and independent of order: where the first NaN and infinities are, which rows
//! and columns are zero in all covered values, and a digest of each stripe.

use std::ops::Range;

use super::lines::{MOST_COLUMNS, has_zero};
use super::ranges::{joined, without};
use crate::digest::{seed, with_stripe};
use crate::summary::PartError;
use crate::{Dtype, Folding, element_count};

/// The maximum number of rows for which rows are examined.
pub const MOST_ROWS: u64 = 1 << 20;

/// How the values of a tensor in C order make rows and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form {
    /// Values.
    elements: u64,
    /// Positions of axis 0; 0 where rows are not looked at.
    rows: u64,
    /// Positions of axis 1; 0 where columns are not looked at.
    columns: u64,
    /// Values at a position of axis 0.
    width: u64,
    /// What the digest begins with.
    seed: u128,
}

impl Form {
    /// That of a tensor.
    pub(crate) fn of(shape: &[usize], dtype: Dtype) -> Self {
        let elements = element_count(shape).unwrap_or(0);
        let (rows, columns) = match *shape {
            [rows, columns, ..] if has_zero(dtype) && elements > 0 => (rows as u64, columns as u64),
            _ => (0, 0),
        };
        let width = elements.checked_div(rows).unwrap_or(0);
        let columns = if width <= MOST_COLUMNS as u64 { columns } else { 0 };
        let rows = if rows <= MOST_ROWS { rows } else { 0 };
        Form { elements, rows, columns, width, seed: seed(shape, dtype) }
    }

    /// The values of stripes.
    fn values(&self, stripes: &Range<u64>) -> Range<u64> {
        let at = |stripe: u64| stripe.saturating_mul(Folding::STRIPE).min(self.elements);
        at(stripes.start)..at(stripes.end)
    }

    /// The rows of which stripes have a value.
    pub(crate) fn rows_of(&self, stripes: &[Range<u64>]) -> Vec<Range<u64>> {
        if self.rows == 0 {
            return Vec::new();
        }
        let rows = stripes.iter().map(|stripes| {
            let values = self.values(stripes);
            values.start / self.width..values.end.div_ceil(self.width)
        });
        joined(rows)
    }

    /// The columns of which stripes have a value.
    pub(crate) fn columns_of(&self, stripes: &[Range<u64>]) -> Vec<Range<u64>> {
        if self.columns == 0 {
            return Vec::new();
        }
        let behind = self.width / self.columns;
        let columns = stripes.iter().flat_map(|stripes| {
            let values = self.values(stripes);
            let (first, count) = (values.start % self.width, values.end - values.start);
            let end = first.saturating_add(count);
            match end <= self.width {
                // Around the end of a row, its beginning.
                false if count < self.width => {
                    let rest = (end - self.width).div_ceil(behind);
                    [first / behind..self.columns, 0..rest]
                }
                false => [0..self.columns, 0..0],
                true => [first / behind..end.div_ceil(behind), 0..0],
            }
        });
        joined(columns)
    }
}

/// What a check needs to know about some stripes of a tensor in C order.
#[derive(Debug, Clone, PartialEq)]
pub struct Looked {
    pub(super) form: Form,
    /// The numbers of the first values that are NaN, +∞ and −∞.
    pub(super) first: [Option<u64>; 3],
    /// The digest of the stripes from the first on, up to the first that is missing.
    pub(super) lead: u128,
    /// The digests of those behind, in order.
    pub(super) later: Vec<(u64, u128)>,
    /// Rows of which values are known and all that are known are zero.
    pub(super) zero_rows: Vec<Range<u64>>,
    /// Columns likewise.
    pub(super) zero_columns: Vec<Range<u64>>,
}

impl Looked {
    /// Of nothing seen but the digests of stripes, which are to be in order.
    pub(super) fn of_digests(form: Form, digests: Vec<(u64, u128)>) -> Self {
        let mut looked = Looked {
            form,
            first: [None; 3],
            lead: form.seed,
            later: digests,
            zero_rows: Vec::new(),
            zero_columns: Vec::new(),
        };
        let leads = looked.later.iter().zip(0..).take_while(|((index, _), at)| index == at);
        let leads = leads.count() as u64;
        looked.fold_lead(leads);
        looked
    }

    /// The digest of all bytes; every stripe must be covered.
    pub fn digest(&self) -> u128 {
        self.lead
    }

    /// Whether both have the same shape and dtype, cover the same stripes, and have equal digests of
    /// their bytes.
    pub fn has_digests_of(&self, other: &Looked) -> bool {
        self.form == other.form && self.lead == other.lead && self.later == other.later
    }

    /// The coordinates of the first NaN, +∞ and −∞ among the covered values.
    pub fn first(&self, shape: &[usize]) -> [Option<Vec<usize>>; 3] {
        self.first.map(|first| first.map(|number| super::coordinates(shape, number)))
    }

    /// Indices on axis 0 at which every covered value is zero; `None` if there are too many rows,
    /// or there is no second axis.
    pub fn zero_rows(&self) -> Option<impl Iterator<Item = usize>> {
        let rows = self.zero_rows.iter().cloned().flatten().map(|row| row as usize);
        (self.form.rows > 0).then_some(rows)
    }

    /// Indices on axis 1 at which every covered value is zero, likewise.
    pub fn zero_columns(&self) -> Option<impl Iterator<Item = usize>> {
        let columns = self.zero_columns.iter().cloned().flatten().map(|column| column as usize);
        (self.form.columns > 0).then_some(columns)
    }

    /// Adds what is known of other stripes; `leads` is how many stripes lead then.
    pub(crate) fn merge(
        &mut self,
        mine: &[Range<u64>],
        other: &Looked,
        theirs: &[Range<u64>],
        leads: u64,
    ) {
        for (mine, theirs) in self.first.iter_mut().zip(other.first) {
            *mine = [*mine, theirs].into_iter().flatten().min();
        }
        if theirs.first().is_some_and(|first| first.start == 0) {
            self.lead = other.lead;
        }
        self.later.extend_from_slice(&other.later);
        self.later.sort_unstable_by_key(|(index, _)| *index);
        self.fold_lead(leads);
        let form = self.form;
        let merged = |zero: [&[Range<u64>]; 2], known: [Vec<Range<u64>>; 2]| {
            let all = joined(zero.iter().copied().flatten().cloned());
            let [a, b] = [0, 1].map(|side| without(&known[side], zero[side]));
            without(&without(&all, &a), &b)
        };
        self.zero_rows =
            merged([&self.zero_rows, &other.zero_rows], [form.rows_of(mine), form.rows_of(theirs)]);
        self.zero_columns = merged(
            [&self.zero_columns, &other.zero_columns],
            [form.columns_of(mine), form.columns_of(theirs)],
        );
    }

    fn fold_lead(&mut self, leads: u64) {
        let count = self.later.partition_point(|(index, _)| *index < leads);
        for (_, digest) in self.later.drain(..count) {
            self.lead = with_stripe(self.lead, digest);
        }
    }

    /// Appends it to `out` as the record of kind 4 of docs/summary-format.md.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(KIND);
        let first = self.first.iter().map(|first| first.unwrap_or(u64::MAX));
        first.for_each(|first| out.extend(first.to_le_bytes()));
        out.extend(self.lead.to_le_bytes());
        // There are fewer than the stripes of 2^32 KB, and at most a range for each two of 2^20 lines.
        out.extend((self.later.len() as u32).to_le_bytes());
        for (index, digest) in &self.later {
            out.extend(index.to_le_bytes());
            out.extend(digest.to_le_bytes());
        }
        for lines in [&self.zero_rows, &self.zero_columns] {
            out.extend((lines.len() as u32).to_le_bytes());
            let ends = lines.iter().flat_map(|range| [range.start, range.end]);
            ends.for_each(|end| out.extend((end as u32).to_le_bytes()));
        }
    }

    /// Decodes the record at the start of the bytes, for these stripes of a tensor with this shape,
    /// and advances past it.
    ///
    /// # Errors
    /// Returns an error if the bytes are not such a record, or are inconsistent.
    pub fn decode(
        shape: &[usize],
        dtype: Dtype,
        stripes: &[Range<u64>],
        bytes: &mut &[u8],
    ) -> Result<Self, PartError> {
        let wrong = |what: &str| PartError::new(what);
        let [kind] = take::<1>(bytes)?;
        if kind != KIND {
            return Err(wrong(&format!("a record is of kind {kind}, expected {KIND}")));
        }
        let form = Form::of(shape, dtype);
        let mut first = [None; 3];
        for first in &mut first {
            *first = Some(number(bytes)?).filter(|number| *number != u64::MAX);
        }
        let lead = u128::from_le_bytes(take(bytes)?);
        let later = list(bytes, |bytes| Ok((number(bytes)?, u128::from_le_bytes(take(bytes)?))))?;
        let mut lines = || {
            list(bytes, |bytes| {
                let [start, end] = [take::<4>(bytes)?, take::<4>(bytes)?].map(u32::from_le_bytes);
                Ok(u64::from(start)..u64::from(end))
            })
        };
        let (zero_rows, zero_columns) = (lines()?, lines()?);
        let looked = Looked { form, first, lead, later, zero_rows, zero_columns };
        looked.check(stripes)?;
        Ok(looked)
    }

    /// Whether all of it is of those stripes.
    fn check(&self, stripes: &[Range<u64>]) -> Result<(), PartError> {
        let wrong = |what: &str| Err(PartError::new(what));
        let leads = stripes.first().filter(|first| first.start == 0).map_or(0, |first| first.end);
        let behind = stripes.iter().filter(|range| range.start > 0);
        let expected: u64 = behind.clone().map(|range| range.end - range.start).sum();
        let numbers = self.later.iter().map(|one| one.0);
        if self.later.len() as u64 != expected || !numbers.eq(behind.cloned().flatten()) {
            return wrong("its digests are not those of its stripes");
        }
        if leads == 0 && self.lead != self.form.seed {
            return wrong("its digest is of stripes that it does not know");
        }
        let is_known = |number: &u64| {
            let stripe = number / Folding::STRIPE;
            *number < self.form.elements && stripes.iter().any(|range| range.contains(&stripe))
        };
        if !self.first.iter().flatten().all(is_known) {
            return wrong("the first of its odd values is none that it knows");
        }
        let rows = (&self.zero_rows, self.form.rows_of(stripes));
        let columns = (&self.zero_columns, self.form.columns_of(stripes));
        for (zero, known) in [rows, columns] {
            let rising = zero.iter().all(|range| range.start < range.end)
                && zero.windows(2).all(|pair| pair[0].end < pair[1].start);
            if !rising || !without(zero, &known).is_empty() {
                return wrong("its zero rows or columns are out of order, or none that it knows");
            }
        }
        Ok(())
    }
}

/// The kind of the record.
const KIND: u8 = 4;

fn list<T>(
    bytes: &mut &[u8],
    one: impl Fn(&mut &[u8]) -> Result<T, PartError>,
) -> Result<Vec<T>, PartError> {
    let len = u32::from_le_bytes(take(bytes)?) as usize;
    // Every entry takes eight bytes or more: nothing is kept ready for what is not there.
    if len > bytes.len() / 8 {
        return Err(PartError::new(format!("a list has {len} entries, more than there can be")));
    }
    (0..len).map(|_| one(bytes)).collect()
}

fn number(bytes: &mut &[u8]) -> Result<u64, PartError> {
    Ok(u64::from_le_bytes(take(bytes)?))
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], PartError> {
    let (now, later) = bytes
        .split_first_chunk::<N>()
        .ok_or_else(|| PartError::new("it ends in the middle of a record"))?;
    *bytes = later;
    Ok(*now)
}
