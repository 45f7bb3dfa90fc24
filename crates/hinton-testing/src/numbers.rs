//! Numbers that look random, the same on every machine.

/// The generator SplitMix64 (Steele, Lea and Flood, 2014, "Fast splittable pseudorandom number
/// generators"), from a seed.
#[derive(Debug, Clone)]
pub struct Numbers(pub u64);

impl Numbers {
    /// The next number: all 64 bits are random.
    #[allow(clippy::should_implement_trait, reason = "it never ends, and is no iterator")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `end` − 1; 0 where `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of seed 0, as the reference implementation in C prints them
    /// (<https://prng.di.unimi.it/splitmix64.c>).
    #[test]
    fn numbers_are_those_of_the_reference() {
        let mut numbers = Numbers(0);
        assert_eq!(numbers.next(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(numbers.next(), 0x6e78_9e6a_a1b9_65f4);
        assert!((0..100).all(|_| numbers.below(3) < 3));
        assert_eq!(numbers.below(0), 0);
    }
}
