//! Floats of 8, 6 and 4 bits: tables from one plain formula.
//!
//! Sources: "OCP 8-bit Floating Point Specification" 1.0 (E4M3, E5M2), "OCP Microscaling Formats
//! (MX)" 1.0 (E8M0, E2M3, E3M2, E2M1), Noune et al. 2022, "8-bit numerical formats for deep neural
//! networks" (the FNUZ variants).

use crate::Dtype;

/// What the highest codes of a small float mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Special {
    /// All codes are numbers (6 and 4 bits).
    None,
    /// All ones is NaN, of either sign; no infinities (`fn`).
    AllOnesNan,
    /// An exponent of all ones is infinity or NaN, as in IEEE 754.
    Ieee,
    /// Negative zero is the only NaN (`fnuz`).
    NegativeZeroNan,
}

const fn table(exponent: u32, mantissa: u32, bias: i32, special: Special) -> [f32; 256] {
    let mut values = [0.0; 256];
    let mut code = 0;
    while code < 256 {
        values[code as usize] = value(code, exponent, mantissa, bias, special);
        code += 1;
    }
    values
}

/// The value of one code; bits above the format's own are ignored.
const fn value(code: u32, exponent: u32, mantissa: u32, bias: i32, special: Special) -> f32 {
    let ones = (1 << exponent) - 1;
    let steps = code & ((1 << mantissa) - 1);
    let power = code >> mantissa & ones;
    let negative = code >> (mantissa + exponent) & 1 == 1;
    let magnitude = match special {
        Special::Ieee if power == ones && steps == 0 => f64::INFINITY,
        Special::Ieee if power == ones => f64::NAN,
        Special::AllOnesNan if power == ones && steps == (1 << mantissa) - 1 => f64::NAN,
        Special::NegativeZeroNan if negative && power == 0 && steps == 0 => f64::NAN,
        _ if power == 0 => steps as f64 * power_of_two(1 - bias - mantissa as i32),
        _ => (steps + (1 << mantissa)) as f64 * power_of_two(power as i32 - bias - mantissa as i32),
    };
    (if negative { -magnitude } else { magnitude }) as f32
}

const fn powers() -> [f32; 256] {
    let mut values = [f32::NAN; 256];
    let mut code = 0;
    while code < 255 {
        values[code as usize] = power_of_two(code - 127) as f32;
        code += 1;
    }
    values
}

/// 2^`exponent` for the exponents of normal `f64`.
const fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

const fn signed() -> [f32; 256] {
    let mut values = [0.0; 256];
    let mut code = 0;
    while code < 256 {
        values[code] = code as u8 as i8 as f32;
        code += 1;
    }
    values
}

const fn unsigned() -> [f32; 256] {
    let mut values = [0.0; 256];
    let mut code = 0;
    while code < 256 {
        values[code] = code as f32;
        code += 1;
    }
    values
}

const fn truth() -> [f32; 256] {
    let mut values = [1.0; 256];
    values[0] = 0.0;
    values
}

static F8_E4M3: [f32; 256] = table(4, 3, 7, Special::AllOnesNan);
static F8_E5M2: [f32; 256] = table(5, 2, 15, Special::Ieee);
static F8_E4M3_FNUZ: [f32; 256] = table(4, 3, 8, Special::NegativeZeroNan);
static F8_E5M2_FNUZ: [f32; 256] = table(5, 2, 16, Special::NegativeZeroNan);
static F8_E8M0: [f32; 256] = powers();
static F6_E2M3: [f32; 256] = table(2, 3, 1, Special::None);
static F6_E3M2: [f32; 256] = table(3, 2, 3, Special::None);
static F4: [f32; 256] = table(2, 1, 1, Special::None);
static I8: [f32; 256] = signed();
static U8: [f32; 256] = unsigned();
static BOOL: [f32; 256] = truth();

/// The value of each code of a dtype of at most 8 bits (exact in `f32`); `None` for wider ones.
pub(crate) fn values(dtype: Dtype) -> Option<&'static [f32; 256]> {
    match dtype {
        Dtype::F8E4m3 => Some(&F8_E4M3),
        Dtype::F8E5m2 => Some(&F8_E5M2),
        Dtype::F8E4m3Fnuz => Some(&F8_E4M3_FNUZ),
        Dtype::F8E5m2Fnuz => Some(&F8_E5M2_FNUZ),
        Dtype::F8E8m0 => Some(&F8_E8M0),
        Dtype::F6E2m3 => Some(&F6_E2M3),
        Dtype::F6E3m2 => Some(&F6_E3M2),
        Dtype::F4 => Some(&F4),
        Dtype::I8 => Some(&I8),
        Dtype::U8 => Some(&U8),
        Dtype::Bool => Some(&BOOL),
        _ => None,
    }
}

/// Code `index` of codes of 4 or 6 bits packed low bits first. Bits past the end read as zero.
pub(crate) fn packed_code(packed: &[u8], bits: u64, index: u64) -> u8 {
    let bit = index.saturating_mul(bits);
    let byte = |at: u64| {
        usize::try_from(at).ok().and_then(|at| packed.get(at)).copied().map_or(0u16, u16::from)
    };
    let pair = byte(bit / 8) | byte(bit / 8 + 1) << 8;
    (pair >> (bit % 8) & ((1 << bits) - 1)) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(dtype: Dtype, code: usize) -> f32 {
        values(dtype).unwrap()[code]
    }

    // Figures from the specifications' own tables.
    #[test]
    fn ocp_e4m3() {
        assert_eq!(at(Dtype::F8E4m3, 0x7E), 448.0);
        assert_eq!(at(Dtype::F8E4m3, 0x08), 2f32.powi(-6));
        assert_eq!(at(Dtype::F8E4m3, 0x07), 0.875 * 2f32.powi(-6));
        assert_eq!(at(Dtype::F8E4m3, 0x01), 2f32.powi(-9));
        assert_eq!(at(Dtype::F8E4m3, 0xB8), -1.0);
        assert!(at(Dtype::F8E4m3, 0x7F).is_nan() && at(Dtype::F8E4m3, 0xFF).is_nan());
        assert_eq!(values(Dtype::F8E4m3).unwrap().iter().filter(|v| !v.is_finite()).count(), 2);
    }

    #[test]
    fn ocp_e5m2() {
        assert_eq!(at(Dtype::F8E5m2, 0x7B), 57344.0);
        assert_eq!(at(Dtype::F8E5m2, 0x04), 2f32.powi(-14));
        assert_eq!(at(Dtype::F8E5m2, 0x03), 0.75 * 2f32.powi(-14));
        assert_eq!(at(Dtype::F8E5m2, 0x01), 2f32.powi(-16));
        assert_eq!(at(Dtype::F8E5m2, 0x7C), f32::INFINITY);
        assert_eq!(at(Dtype::F8E5m2, 0xFC), f32::NEG_INFINITY);
        assert_eq!(values(Dtype::F8E5m2).unwrap().iter().filter(|v| v.is_nan()).count(), 6);
        // E5M2 is the upper half of a binary16.
        for code in 0..=255u16 {
            let half = crate::decode::half::f16(code << 8);
            let small = at(Dtype::F8E5m2, usize::from(code));
            assert!(half.to_bits() == small.to_bits() || (half.is_nan() && small.is_nan()));
        }
    }

    #[test]
    fn fnuz() {
        assert_eq!(at(Dtype::F8E4m3Fnuz, 0x7F), 240.0);
        assert_eq!(at(Dtype::F8E4m3Fnuz, 0x01), 2f32.powi(-10));
        assert_eq!(at(Dtype::F8E5m2Fnuz, 0x7F), 57344.0);
        assert_eq!(at(Dtype::F8E5m2Fnuz, 0x01), 2f32.powi(-17));
        for dtype in [Dtype::F8E4m3Fnuz, Dtype::F8E5m2Fnuz] {
            let odd: Vec<usize> = (0..256).filter(|&code| !at(dtype, code).is_finite()).collect();
            assert_eq!(odd, [0x80]);
        }
    }

    #[test]
    fn e8m0() {
        assert_eq!(at(Dtype::F8E8m0, 127), 1.0);
        assert_eq!(at(Dtype::F8E8m0, 0), 2f32.powi(-127));
        assert_eq!(at(Dtype::F8E8m0, 254), 2f32.powi(127));
        assert!(at(Dtype::F8E8m0, 255).is_nan());
    }

    #[test]
    fn six_and_four_bits() {
        assert_eq!(at(Dtype::F6E2m3, 0x1F), 7.5);
        assert_eq!(at(Dtype::F6E2m3, 0x01), 0.125);
        assert_eq!(at(Dtype::F6E3m2, 0x1F), 28.0);
        assert_eq!(at(Dtype::F6E3m2, 0x01), 0.0625);
        let all: Vec<f32> = (0..16).map(|code| at(Dtype::F4, code)).collect();
        let half = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0];
        assert_eq!(all[..8], half);
        assert_eq!(all[8..], half.map(|value| -value));
    }

    #[test]
    fn codes_unpack_low_bits_first() {
        assert_eq!(
            (0..4).map(|i| packed_code(&[0x21, 0x43], 4, i)).collect::<Vec<_>>(),
            [1, 2, 3, 4]
        );
        // 0b000001, 0b000010, 0b000011, 0b111111 in three bytes.
        let packed = [0b1000_0001, 0b0011_0000, 0b1111_1100];
        let codes: Vec<u8> = (0..4).map(|i| packed_code(&packed, 6, i)).collect();
        assert_eq!(codes, [1, 2, 3, 63]);
        assert_eq!(packed_code(&[], 6, u64::MAX), 0);
    }
}
