//! The compression of GIF: LZW with codes of up to 12 bits, least significant bit first
//! (GIF89a specification, appendix F).

/// Codes a table can hold.
const MOST_CODES: usize = 4096;
/// Slots of the table that finds a longer phrase: four to a code, so that few share one.
const SLOTS: usize = 4 * MOST_CODES;
/// A slot without an entry; no code has children when it is the last that fits.
const EMPTY: u32 = u32::MAX;
/// Codes after which a full table is judged.
const BLOCK: u32 = 512;

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
    /// A full table is kept as long as it serves: pictures repeat themselves, and a new table would
    /// have to learn the same phrases. It is dropped when its phrases get shorter than they were.
    pub(super) fn encode(&mut self, data: &[u8], bits: u8, out: &mut Vec<u8>) {
        let least = u32::from(bits.clamp(2, 8));
        out.push(least as u8);
        let clear = 1usize << least;
        let mut codes = Bits { out, held: 0, count: 0 };
        let (mut next, mut width) = (clear + 2, least + 1);
        self.clear();
        codes.push(clear, width);
        let Some((&first, rest)) = data.split_first() else {
            codes.push(clear + 1, width);
            return codes.finish();
        };
        let (mut phrase, mut last) = (usize::from(first), first);
        // Where the present block began, how many codes it has, and the bytes of the best block.
        let (mut block, mut emitted, mut best) = (0, 0, 0);
        for (at, &byte) in rest.iter().enumerate() {
            if byte == last {
                let longer = self.same[phrase];
                if longer != 0 {
                    phrase = usize::from(longer);
                    continue;
                }
            }
            let slot = if byte == last { 0 } else { self.slot(phrase, byte) };
            if byte != last && self.slots[slot] != EMPTY {
                phrase = (self.slots[slot] & 0xFFF) as usize;
                last = byte;
                continue;
            }
            codes.push(phrase, width);
            emitted += 1;
            if next < MOST_CODES {
                if next >= 1 << width {
                    width += 1;
                }
                if byte == last {
                    self.same[phrase] = next as u16;
                } else {
                    let key = (phrase as u32) << 8 | u32::from(byte);
                    self.slots[slot] = key << 12 | next as u32;
                }
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
            (phrase, last) = (usize::from(byte), byte);
        }
        codes.push(phrase, width);
        if next < MOST_CODES && next >= 1 << width {
            width += 1;
        }
        codes.push(clear + 1, width);
        codes.finish();
    }
}

/// A full table is dropped when a block of codes stands for less than this share of what the best
/// block stood for, in hundredths.
const KEEP: usize = 60;
