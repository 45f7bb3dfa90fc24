//! What the kernels' tests share.

use hinton_scene::Point;

/// A small generator of numbers (xorshift), the same on every run.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn below(&mut self, most: usize) -> usize {
        (self.next() >> 20) as usize % most
    }
}

/// How often a polygon goes round (x, y).
pub(crate) fn winding(points: &[Point], x: f64, y: f64) -> i32 {
    let mut winding = 0;
    for (at, one) in points.iter().enumerate() {
        let two = points[(at + 1) % points.len()];
        if (one.y <= y) != (two.y <= y) {
            let crossing = one.x + (y - one.y) / (two.y - one.y) * (two.x - one.x);
            if crossing > x {
                winding += if one.y < two.y { 1 } else { -1 };
            }
        }
    }
    winding
}

/// The share of each pixel that is inside, by `samples` x `samples` points.
pub(crate) fn coverage_by_samples(
    width: usize,
    height: usize,
    samples: usize,
    inside: impl Fn(f64, f64) -> bool,
) -> Vec<f64> {
    let at = |pixel: usize, k: usize| pixel as f64 + (k as f64 + 0.5) / samples as f64;
    let mut shares = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let hits = (0..samples * samples)
                .filter(|k| inside(at(x, k % samples), at(y, k / samples)))
                .count();
            shares.push(hits as f64 / (samples * samples) as f64);
        }
    }
    shares
}
