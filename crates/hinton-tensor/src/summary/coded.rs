//! Encodes parts of statistics as bytes: little-endian, lists as columns, readable by any array
//! library.
//!
//! The encoding is documented in docs/summary-format.md; change both together.

use std::ops::Range;

use super::counter::{Counts, patterns};
use super::distribution::KEYS;
use super::part::{Folding, PartError, SeenPart, SummaryPart};
use super::{FEW, Moments};

/// What a record holds, by its first byte.
const FEW_VALUES: u8 = 1;
const PATTERNS: u8 = 2;
const BINS: u8 = 3;

impl SummaryPart {
    /// Appends its encoded statistics to `out`, without what a check needs in addition.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let kind = match self.seen {
            SeenPart::Few { .. } => FEW_VALUES,
            SeenPart::Many { .. } if self.folding.is_counted() => PATTERNS,
            SeenPart::Many { .. } => BINS,
        };
        out.push(kind);
        put_len(out, self.stripes.len());
        let ends = self.stripes.iter().flat_map(|range| [range.start, range.end]);
        ends.for_each(|end| out.extend(end.to_le_bytes()));
        match &self.seen {
            SeenPart::Few { values, nan, pos_inf, neg_inf } => {
                [nan, pos_inf, neg_inf].iter().for_each(|count| out.extend(count.to_le_bytes()));
                put_len(out, values.len());
                values.iter().for_each(|(value, _)| out.extend(value.to_le_bytes()));
                put_counts(out, values.iter().map(|one| one.1));
            }
            SeenPart::Many { counts, lead, later } => {
                put_len(out, counts.table.len());
                counts.table.iter().for_each(|one| out.extend(one.0.to_le_bytes()));
                put_counts(out, counts.table.iter().map(|one| one.1));
                if kind == BINS {
                    put_bins(out, counts, lead, later);
                }
            }
        }
    }

    /// Decodes the part at the start of `bytes`, for a tensor with this `folding`, and advances
    /// past it.
    ///
    /// # Errors
    /// Returns an error if the bytes are not such a part, or are inconsistent.
    pub fn decode(folding: Folding, bytes: &mut &[u8]) -> Result<Self, PartError> {
        let kind = take::<1>(bytes)?[0];
        let expected = match (folding.is_few(), folding.is_counted()) {
            (true, _) => FEW_VALUES,
            (_, true) => PATTERNS,
            _ => BINS,
        };
        if kind != expected {
            let message =
                format!("the record is of kind {kind}, its tensor's are of kind {expected}");
            return Err(PartError(message));
        }
        let stripes = stripes(bytes)?;
        let seen = match kind {
            FEW_VALUES => {
                let [nan, pos_inf, neg_inf] = [number(bytes)?, number(bytes)?, number(bytes)?];
                let values =
                    list(bytes, FEW as usize, |bytes| Ok(f64::from_le_bytes(take(bytes)?)))?;
                SeenPart::Few { values: with_counts(values, bytes)?, nan, pos_inf, neg_inf }
            }
            _ => {
                let table = list(bytes, patterns(folding.dtype), |bytes| {
                    Ok(u16::from_le_bytes(take(bytes)?))
                })?;
                let table = with_counts(table, bytes)?;
                match kind {
                    PATTERNS => {
                        let empty = SummaryPart::empty(folding).seen;
                        let seen = table.iter().fold(0u64, |sum, one| sum.saturating_add(one.1));
                        counted(empty, table, seen)
                    }
                    _ => bins(bytes, table)?,
                }
            }
        };
        let part = SummaryPart { folding, stripes, seen, looked: None };
        part.check()?;
        Ok(part)
    }
}

/// Nothing seen, but for a table of patterns.
fn counted(empty: SeenPart, table: Vec<(u16, u64)>, seen: u64) -> SeenPart {
    match empty {
        SeenPart::Many { counts, lead, later } => {
            SeenPart::Many { counts: Counts { table, seen, ..counts }, lead, later }
        }
        few => few,
    }
}

fn put_bins(out: &mut Vec<u8>, counts: &Counts, lead: &Moments, later: &[(u64, Moments)]) {
    put_len(out, counts.extreme.len());
    counts.extreme.iter().for_each(|one| out.extend(one.0.to_le_bytes()));
    put_counts(out, counts.extreme.iter().map(|one| one.1));
    let numbers = [counts.seen, counts.nan, counts.pos_inf, counts.neg_inf, counts.zeros];
    numbers.iter().for_each(|number| out.extend(number.to_le_bytes()));
    [counts.min, counts.max].iter().for_each(|end| out.extend(end.to_le_bytes()));
    out.push(u8::from(counts.coarse));
    put_moments(out, lead);
    put_len(out, later.len());
    for (index, moments) in later {
        out.extend(index.to_le_bytes());
        put_moments(out, moments);
    }
}

fn bins(bytes: &mut &[u8], table: Vec<(u16, u64)>) -> Result<SeenPart, PartError> {
    let extreme = list(bytes, KEYS, |bytes| Ok(u32::from_le_bytes(take(bytes)?)))?;
    let extreme = with_counts(extreme, bytes)?;
    let counts = Counts {
        table,
        extreme,
        seen: number(bytes)?,
        nan: number(bytes)?,
        pos_inf: number(bytes)?,
        neg_inf: number(bytes)?,
        zeros: number(bytes)?,
        min: f64::from_le_bytes(take(bytes)?),
        max: f64::from_le_bytes(take(bytes)?),
        coarse: match take::<1>(bytes)? {
            [0] => false,
            [1] => true,
            [other] => return Err(PartError(format!("a flag is {other}, expected 0 or 1"))),
        },
    };
    let lead = moments(bytes)?;
    // Each takes 52 bytes, so that their number is bounded by the bytes that are there.
    let later = list(bytes, usize::MAX, |bytes| Ok((number(bytes)?, moments(bytes)?)))?;
    Ok(SeenPart::Many { counts, lead, later })
}

fn put_moments(out: &mut Vec<u8>, moments: &Moments) {
    let (numbers, scale) = moments.parts();
    out.extend(moments.count.to_le_bytes());
    numbers.iter().for_each(|number| out.extend(number.to_le_bytes()));
    out.extend(scale.to_le_bytes());
}

fn moments(bytes: &mut &[u8]) -> Result<Moments, PartError> {
    let count = number(bytes)?;
    let mut numbers = [0.0; 4];
    for number in &mut numbers {
        *number = f64::from_le_bytes(take(bytes)?);
    }
    let scale = i32::from_le_bytes(take(bytes)?);
    Moments::of_parts(count, numbers, scale)
        .ok_or_else(|| PartError("moments are of no values that there are".to_owned()))
}

fn stripes(bytes: &mut &[u8]) -> Result<Vec<Range<u64>>, PartError> {
    list(bytes, usize::MAX, |bytes| Ok(number(bytes)?..number(bytes)?))
}

fn put_len(out: &mut Vec<u8>, len: usize) {
    // Lists are of at most a stripe for each entry, or of 2^19 bins.
    out.extend(u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes());
}

/// Counts in as few bytes as the largest takes: 1, 2, 4 or 8 each.
fn put_counts(out: &mut Vec<u8>, counts: impl Iterator<Item = u64> + Clone) {
    let width = match counts.clone().max().unwrap_or(0) {
        0..=0xFF => 1,
        0x100..=0xFFFF => 2,
        0x1_0000..=0xFFFF_FFFF => 4,
        _ => 8,
    };
    out.push(width as u8);
    counts.for_each(|count| out.extend_from_slice(&count.to_le_bytes()[..width]));
}

/// The counts of a list of things.
fn with_counts<T: Copy>(things: Vec<T>, bytes: &mut &[u8]) -> Result<Vec<(T, u64)>, PartError> {
    let [width] = take::<1>(bytes)?;
    if ![1, 2, 4, 8].contains(&width) {
        return Err(PartError(format!("counts are {width} bytes wide, expected 1, 2, 4 or 8")));
    }
    let width = usize::from(width);
    let mut counted = Vec::with_capacity(things.len());
    for thing in things {
        let (now, later) = bytes.split_at_checked(width).ok_or_else(cut)?;
        *bytes = later;
        let mut count = [0; 8];
        count[..width].copy_from_slice(now);
        let count = u64::from_le_bytes(count);
        if count == 0 {
            return Err(PartError("something is listed that was never seen".to_owned()));
        }
        counted.push((thing, count));
    }
    Ok(counted)
}

fn list<T>(
    bytes: &mut &[u8],
    most: usize,
    one: impl Fn(&mut &[u8]) -> Result<T, PartError>,
) -> Result<Vec<T>, PartError> {
    let len = u32::from_le_bytes(take(bytes)?) as usize;
    // Every entry takes two bytes or more: nothing is kept ready for what is not there.
    if len > most || len > bytes.len() / 2 {
        return Err(PartError(format!("a list has {len} entries, more than there can be")));
    }
    (0..len).map(|_| one(bytes)).collect()
}

fn number(bytes: &mut &[u8]) -> Result<u64, PartError> {
    Ok(u64::from_le_bytes(take(bytes)?))
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], PartError> {
    let (now, later) = bytes.split_first_chunk::<N>().ok_or_else(cut)?;
    *bytes = later;
    Ok(*now)
}

fn cut() -> PartError {
    PartError("it ends in the middle of a record".to_owned())
}
