//! The compression of GIF: LZW with codes of up to 12 bits, least significant bit first
//! (GIF89a specification, appendix F).

/// Codes a table can hold.
const MOST_CODES: usize = 4096;
/// Slots of the table that finds a longer phrase: four to a code, so that few share one.
const SLOTS: usize = 4 * MOST_CODES;
/// A slot without an entry; no code has children when it is the last that fits.
const EMPTY: u32 = u32::MAX;

/// Codes after which a full table is judged.
const BLOCK: usize = 64;
/// A full table is dropped when a block of codes stands for less than this share of what the best
/// block stood for, in hundredths. Measured on annotated and plain heat maps.
const KEEP: usize = 90;

/// Compresses; its tables are used again.
pub(super) struct Lzw {
    /// Phrase, next byte and code of the longer phrase: 12, 8 and 12 bits.
    slots: Vec<u32>,
    /// For each code that of the phrase that is longer by its own last byte; 0 is none. Pictures
    /// are mostly runs, and this is faster than to ask `slots`.
    same: Vec<u16>,
}

impl Default for Lzw {
    fn default() -> Self {
        Lzw { slots: vec![EMPTY; SLOTS], same: vec![0; MOST_CODES] }
    }
}

/// Bits, the first in the low bits.
struct Bits<'a> {
    out: &'a mut Vec<u8>,
    held: u64,
    count: u32,
}

impl Bits<'_> {
    fn push(&mut self, code: usize, width: u32) {
        self.held |= (code as u64) << self.count;
        self.count += width;
        if self.count >= 32 {
            self.out.extend_from_slice(&(self.held as u32).to_le_bytes());
            self.held >>= 32;
            self.count -= 32;
        }
    }

    fn finish(self) {
        let bytes = self.count.div_ceil(8) as usize;
        self.out.extend_from_slice(&self.held.to_le_bytes()[..bytes]);
    }
}

impl Lzw {
    fn clear(&mut self) {
        self.slots.fill(EMPTY);
        self.same.fill(0);
    }

    /// The slot of a phrase and a byte: that which holds it, or the empty one where it belongs.
    fn slot(&self, phrase: usize, byte: u8) -> usize {
        let key = (phrase as u32) << 8 | u32::from(byte);
        let mut at = (key.wrapping_mul(0x9E37_79B1) >> 18) as usize;
        while self.slots[at] != EMPTY && self.slots[at] >> 12 != key {
            at = (at + 1) % SLOTS;
        }
        at
    }

    /// Adds the smallest code size and the codes of `data` to `out`; `bits` are those of the
    /// largest value in it, 1 to 8.
    ///
    /// Where `before` has the same value as `data`, the value beside it, the hole, may stand for it ("as
    /// before"): whichever of the two makes the phrase longer is taken.
    ///
    /// A full table is kept as long as it serves: pictures repeat themselves, and a new table would
    /// have to learn the same phrases. It is dropped when its phrases get shorter than they were.
    pub(super) fn encode(
        &mut self,
        data: &[u8],
        before: Option<(&[u8], u8)>,
        bits: u8,
        out: &mut Vec<u8>,
    ) {
        let least = u32::from(bits.clamp(2, 8));
        out.push(least as u8);
        let clear = 1usize << least;
        let mut codes = Bits { out, held: 0, count: 0 };
        let (mut next, mut width) = (clear + 2, least + 1);
        self.clear();
        codes.push(clear, width);
        let Some(&first) = data.first() else {
            codes.push(clear + 1, width);
            return codes.finish();
        };
        let start = match before {
            Some((before, hole)) if before.first() == Some(&first) => hole,
            _ => first,
        };
        let (mut phrase, mut last) = (usize::from(start), start);
        // Where the present block began, how many codes it has, and the bytes of the best block.
        let (mut block, mut emitted, mut best) = (1, 0, 0);
        for (at, &byte) in data.iter().enumerate().skip(1) {
            let free = match before {
                Some((before, hole)) if before.get(at) == Some(&byte) => Some(hole),
                _ => None,
            };
            // Runs go on as they are.
            if byte == last || free == Some(last) {
                let longer = self.same[phrase];
                if longer != 0 {
                    phrase = usize::from(longer);
                    continue;
                }
            }
            let mut found = 0;
            let mut with = byte;
            if byte != last {
                found = self.child(phrase, byte);
            }
            if let Some(hole) = free
                && found == 0
                && hole != last
            {
                found = self.child(phrase, hole);
                with = hole;
            }
            if found != 0 {
                (phrase, last) = (found, with);
                continue;
            }
            codes.push(phrase, width);
            emitted += 1;
            let with = free.unwrap_or(byte);
            if next < MOST_CODES {
                if next >= 1 << width {
                    width += 1;
                }
                self.add(phrase, last, with, next);
                next += 1;
                (block, emitted, best) = (at, 0, 0);
            } else if emitted >= BLOCK {
                let bytes = at - block;
                if bytes * 100 < best * KEEP {
                    codes.push(clear, width);
                    self.clear();
                    (next, width) = (clear + 2, least + 1);
                }
                best = best.max(bytes);
                (block, emitted) = (at, 0);
            }
            (phrase, last) = (usize::from(with), with);
        }
        codes.push(phrase, width);
        if next < MOST_CODES && next >= 1 << width {
            width += 1;
        }
        codes.push(clear + 1, width);
        codes.finish();
    }

    /// The code of a phrase and a byte; 0 when there is none.
    fn child(&self, phrase: usize, byte: u8) -> usize {
        let entry = self.slots[self.slot(phrase, byte)];
        if entry == EMPTY { 0 } else { (entry & 0xFFF) as usize }
    }

    fn add(&mut self, phrase: usize, last: u8, byte: u8, code: usize) {
        if byte == last {
            self.same[phrase] = code as u16;
        } else {
            let slot = self.slot(phrase, byte);
            self.slots[slot] = ((phrase as u32) << 8 | u32::from(byte)) << 12 | code as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raster::testing::Random;

    /// LZW as the specification tells it to be read.
    fn decode(bytes: &[u8]) -> Vec<u8> {
        let least = u32::from(bytes[0]);
        let (clear, end) = (1usize << least, (1usize << least) + 1);
        let (mut at, mut width, mut out) = (0, least + 1, Vec::new());
        let fresh = || -> Vec<Vec<u8>> {
            (0..clear + 2)
                .map(|code| if code < clear { vec![code as u8] } else { vec![] })
                .collect()
        };
        let (mut table, mut before): (Vec<Vec<u8>>, Option<usize>) = (fresh(), None);
        loop {
            let bit = |bit: usize| usize::from(bytes[1 + (at + bit) / 8] >> ((at + bit) % 8) & 1);
            let code = (0..width as usize).fold(0, |code, at| code | bit(at) << at);
            at += width as usize;
            if code == end {
                return out;
            }
            if code == clear {
                (table, before, width) = (fresh(), None, least + 1);
                continue;
            }
            if let Some(before) = before
                && table.len() < MOST_CODES
            {
                let mut longer = table[before].clone();
                longer.push(table.get(code).map_or(longer[0], |phrase| phrase[0]));
                table.push(longer);
            }
            if table.len() == 1 << width && width < 12 {
                width += 1;
            }
            out.extend_from_slice(&table[code]);
            before = Some(code);
        }
    }

    fn samples() -> Vec<(Vec<u8>, u8)> {
        let mut random = Random::new(5);
        let mut samples = vec![(vec![], 2), (vec![1], 1), (vec![3; 100_000], 2)];
        for (bits, length) in [(1, 5_000), (2, 40_000), (5, 90_000), (8, 4_097), (8, 60_000)] {
            samples.push(((0..length).map(|_| random.below(1 << bits) as u8).collect(), bits));
            let mut runs = Vec::new();
            while runs.len() < length {
                let value = random.below(1 << bits) as u8;
                runs.extend(std::iter::repeat_n(value, 1 + random.below(90)));
            }
            samples.push((runs, bits));
        }
        // Half noise, half runs: the full table stops serving.
        let mut changes: Vec<u8> = (0..60_000).map(|_| random.below(250) as u8).collect();
        changes.extend((0..400_000).map(|at| (at / 37 % 11) as u8));
        samples.push((changes, 8));
        samples
    }

    #[test]
    fn what_was_compressed_comes_back() {
        let mut lzw = Lzw::default();
        for (data, bits) in samples() {
            let mut bytes = Vec::new();
            lzw.encode(&data, None, bits, &mut bytes);
            assert!(decode(&bytes) == data, "{bits} bits, {} values", data.len());
        }
    }

    #[test]
    fn a_hole_stands_only_for_what_was_there() {
        let (mut lzw, mut random) = (Lzw::default(), Random::new(6));
        for (data, _) in samples() {
            let data: Vec<u8> = data.iter().map(|&value| value.min(250)).collect();
            let before: Vec<u8> = data
                .iter()
                .map(|&value| if random.below(9) > 5 { value } else { random.below(251) as u8 })
                .collect();
            let mut bytes = Vec::new();
            lzw.encode(&data, Some((&before, 255)), 8, &mut bytes);
            let decoded = decode(&bytes);
            let shown = decoded.iter().zip(&before);
            let shown: Vec<u8> =
                shown.map(|(&new, &old)| if new == 255 { old } else { new }).collect();
            assert!(shown == data, "{} values", data.len());
        }
    }

    #[test]
    fn a_run_takes_few_bytes() {
        let mut bytes = Vec::new();
        Lzw::default().encode(&[7; 1_000_000], None, 8, &mut bytes);
        assert!(bytes.len() < 2_200, "{}", bytes.len());
    }
}
