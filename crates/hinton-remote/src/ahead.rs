//! Decides what else to fetch with a missing block: ranges that were announced, or what a
//! sequential reader will need next.

use std::collections::VecDeque;
use std::ops::Range;

use crate::store::BLOCK;

/// Bytes of one request.
const CHUNK: u64 = 4 << 20;
/// Bytes that are fetched at once, at first and later.
const WINDOW: (u64, u64) = (16 << 20, 32 << 20);
/// A gap of fewer bytes is read rather than asked around.
pub(crate) const GAP: u64 = 1 << 20;
/// A range with gaps may be this many times as long as what is wanted of it, unless it is short.
const WASTE: u64 = 4;
/// Lists of ranges, and readers that go forwards, that are remembered.
const REMEMBERED: usize = 8;

/// What is known of how a file will be read.
#[derive(Default)]
pub(crate) struct Ahead {
    /// Ranges that were told, merged, the latest list first; with the window of each.
    told: VecDeque<(Vec<Range<u64>>, u64)>,
    /// Where readers that go forwards are expected next, and how far ahead they are fetched for.
    streams: VecDeque<(u64, u64)>,
}

impl Ahead {
    /// These ranges will be read, in their order.
    pub(crate) fn tell(&mut self, ranges: &[Range<u64>]) {
        let ranges = merged(ranges.to_vec());
        if ranges.is_empty() || self.told.front().is_some_and(|(last, _)| *last == ranges) {
            return;
        }
        self.told.push_front((ranges, WINDOW.0));
        self.told.truncate(REMEMBERED);
    }

    /// The ranges of blocks to fetch, each by one request, where the bytes `needed` of a file of
    /// `len` bytes are missing. What is needed comes first.
    pub(crate) fn plan(&mut self, needed: Range<u64>, len: u64) -> Vec<Range<u64>> {
        let told = self.told.iter_mut().find(|(ranges, _)| {
            // What is needed are whole blocks: they may begin before what was told.
            ranges.iter().any(|range| range.start < needed.end && needed.start < range.end)
        });
        let wanted = match told {
            Some((ranges, window)) => {
                let wanted = window_of(ranges, &needed, *window);
                *window = WINDOW.1;
                wanted
            }
            None => vec![self.forwards(needed, len)],
        };
        let mut requests: Vec<Range<u64>> = Vec::new();
        for range in wanted {
            let blocks = range.start / BLOCK..range.end.min(len).div_ceil(BLOCK);
            let first = requests.last().map_or(blocks.start, |last| blocks.start.max(last.end));
            let step = CHUNK / BLOCK;
            let starts = (first..blocks.end).step_by(step as usize);
            requests.extend(starts.map(|start| start..blocks.end.min(start + step)));
        }
        requests
    }

    /// What a reader is expected to want that nothing was told of.
    fn forwards(&mut self, needed: Range<u64>, len: u64) -> Range<u64> {
        let near = |next: u64| next.abs_diff(needed.start) <= BLOCK;
        let known = self.streams.iter().position(|&(next, _)| near(next));
        let ahead = known.and_then(|index| self.streams.remove(index));
        let ahead = ahead.map_or(0, |(_, ahead)| (2 * ahead).clamp(BLOCK, WINDOW.0));
        let end = needed.end.saturating_add(ahead).min(len);
        self.streams.push_front((end.div_ceil(BLOCK) * BLOCK, ahead));
        self.streams.truncate(REMEMBERED);
        needed.start..end
    }
}

/// The needed range, and what follows it in the list up to a window of bytes.
fn window_of(ranges: &[Range<u64>], needed: &Range<u64>, window: u64) -> Vec<Range<u64>> {
    let mut wanted = vec![needed.clone()];
    let mut left = window.saturating_sub(needed.end - needed.start);
    for range in ranges {
        let start = range.start.max(needed.end);
        if start >= range.end || left == 0 {
            continue;
        }
        let end = range.end.min(start.saturating_add(left));
        left -= end - start;
        match wanted.last_mut() {
            Some(last) if last.end == start => last.end = end,
            _ => wanted.push(start..end),
        }
    }
    wanted
}

/// The ranges in the order of the file; those are one between which it is cheaper to read on.
fn merged(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.retain(|range| range.start < range.end);
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    // Each with the bytes that are wanted of it.
    let mut merged: Vec<(Range<u64>, u64)> = Vec::new();
    for range in ranges {
        let own = range.end - range.start;
        if let Some((last, wanted)) = merged.last_mut() {
            let gap = range.start.saturating_sub(last.end);
            let all = range.end.max(last.end) - last.start;
            let new = range.end.saturating_sub(range.start.max(last.end));
            if gap == 0 || gap < GAP && (all <= CHUNK || all / WASTE <= *wanted + new) {
                last.end = last.end.max(range.end);
                *wanted += new;
                continue;
            }
        }
        merged.push((range, own));
    }
    merged.into_iter().map(|(range, _)| range).collect()
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init)] // Lists of ranges may have one.
mod tests {
    use super::*;

    const MB: u64 = 1 << 20;

    fn bytes(requests: &[Range<u64>]) -> Vec<Range<u64>> {
        requests.iter().map(|range| range.start * BLOCK..range.end * BLOCK).collect()
    }

    #[test]
    fn what_was_told_is_fetched_in_large_requests() {
        let mut ahead = Ahead::default();
        ahead.tell(&[100 * MB..234 * MB]);
        let first = bytes(&ahead.plan(100 * MB..100 * MB + 5, 500 * MB));
        assert_eq!(
            first,
            [100 * MB..104 * MB, 104 * MB..108 * MB, 108 * MB..112 * MB, 112 * MB..116 * MB]
        );
        let next = bytes(&ahead.plan(116 * MB..117 * MB, 500 * MB));
        assert_eq!((next.len(), next[7].end), (8, 148 * MB));
        let last = bytes(&ahead.plan(233 * MB..234 * MB, 500 * MB));
        assert_eq!(last, [233 * MB..234 * MB], "nothing behind it was told");
    }

    #[test]
    fn ranges_that_begin_inside_a_block_are_known() {
        let mut ahead = Ahead::default();
        ahead.tell(&[0..400 * MB]);
        ahead.tell(&[3 * MB + 100..3 * MB + 900, 300 * MB + 5..300 * MB + 99]);
        let plan = bytes(&ahead.plan(3 * MB..3 * MB + BLOCK, 500 * MB));
        assert_eq!(plan, [3 * MB..3 * MB + BLOCK, 300 * MB..300 * MB + BLOCK]);
    }

    #[test]
    fn gaps_are_read_where_that_is_cheaper() {
        // The rows of a tile: 512 bytes of every 16 KiB.
        let rows: Vec<_> = (0..256).map(|row| row * 16384..row * 16384 + 512).collect();
        let mut ahead = Ahead::default();
        ahead.tell(&rows);
        assert_eq!(ahead.plan(0..512, 134 * MB).len(), 1);
        // One row of many is wanted: the rows between them would be most of the bytes.
        let rows: Vec<_> = (0..4000).map(|row| row * 512 * 1024..row * 512 * 1024 + 8192).collect();
        assert!(merged(rows).len() > 400);
        assert_eq!(merged(vec![0..5, 3 * MB..4 * MB]).len(), 2);
        assert_eq!(merged(vec![5..9, 0..7, 8..8]), [0..9]);
    }

    #[test]
    fn a_reader_that_goes_forwards_is_fetched_ahead_for() {
        let mut ahead = Ahead::default();
        let mut next = 0;
        let mut sizes = Vec::new();
        for _ in 0..6 {
            let plan = bytes(&ahead.plan(next..next + 100, 900 * MB));
            let end = plan.last().unwrap().end;
            sizes.push((end - next) / BLOCK);
            next = end;
        }
        assert_eq!(sizes, [1, 2, 3, 5, 9, 17]);
        // Somewhere else no more is fetched than is needed.
        assert_eq!(ahead.plan(800 * MB..800 * MB + 100, 900 * MB).len(), 1);
        // Two readers at once.
        let plan = bytes(&ahead.plan(next..next + 100, 900 * MB));
        assert!(plan.last().unwrap().end - next > MB);
        assert_eq!(
            ahead.plan(900 * MB - 5..900 * MB, 900 * MB),
            [900 * MB / BLOCK - 1..900 * MB / BLOCK]
        );
    }
}
