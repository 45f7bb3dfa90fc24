//! The UCI handwritten digits, embedded; source and licence: `assets/README.md`.

use super::{DataSet, Inputs};
use crate::Shape;

const FILE: &[u8] = include_bytes!("../../assets/digits.bin");
const COUNT: usize = 1797;
const PIXELS: usize = 64;
/// Bits of a pixel.
const BITS: usize = 5;

/// 1,797 handwritten digits of 8 x 8 pixels, from 0 to 1.
///
/// Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
/// Repository, 1998, CC BY 4.0. Their pixels are from 0 to 16 and are divided by 16.
pub fn digits() -> DataSet {
    let (labels, packed) = FILE.split_at(COUNT);
    let pixels: Vec<f32> =
        (0..COUNT * PIXELS).map(|index| f32::from(pixel(packed, index)) / 16.0).collect();
    DataSet {
        name: "digits".to_owned(),
        input: Shape::Image { channels: 1, height: 8, width: 8 },
        classes: (0..10).map(|digit| digit.to_string()).collect(),
        inputs: Inputs::new(PIXELS, pixels),
        labels: labels.iter().map(|label| u32::from(*label)).collect(),
    }
}

fn pixel(packed: &[u8], index: usize) -> u8 {
    let (byte, bit) = (index * BITS / 8, index * BITS % 8);
    let pair = [packed[byte], packed.get(byte + 1).copied().unwrap_or(0)];
    let shifted = u16::from_be_bytes(pair) >> (16 - BITS - bit);
    (shifted as u8) & ((1 << BITS) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_the_published_digits() {
        let digits = digits();
        assert_eq!((digits.len(), digits.inputs.len()), (COUNT, COUNT));
        // The first image, as scikit-learn's documentation shows it, and the sum of all pixels there.
        let first: Vec<f32> = digits.inputs.gather(&[0]).iter().map(|x| x * 16.0).collect();
        assert_eq!(
            first[..16],
            [0., 0., 5., 13., 9., 1., 0., 0., 0., 0., 13., 15., 10., 15., 5., 0.]
        );
        let all: Vec<u32> = (0..COUNT as u32).collect();
        let sum: f32 = digits.inputs.gather(&all).iter().map(|x| x * 16.0).sum();
        assert_eq!(sum, 561_718.0);
        let count = |digit| digits.labels.iter().filter(|label| **label == digit).count();
        assert_eq!(count(0), 178);
        assert_eq!(count(8), 174);
    }
}
