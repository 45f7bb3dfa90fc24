//! The data types of the values in weights files.

use std::fmt;

/// Byte order of multi-byte values in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Endian {
    /// Least significant byte first (nearly every file).
    #[default]
    Little,
    /// Most significant byte first.
    Big,
}

/// The data type of a tensor's values.
///
/// Complex values are shown by their magnitude, and wherever they are shown this is stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Dtype {
    /// IEEE 754 binary64.
    F64,
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary16.
    F16,
    /// bfloat16: the upper half of a binary32.
    Bf16,
    /// 8-bit float, 4 exponent and 3 mantissa bits, finite and NaN only (OCP `E4M3`, "fn").
    F8E4m3,
    /// 8-bit float, 5 exponent and 2 mantissa bits (OCP `E5M2`).
    F8E5m2,
    /// `E4M3` with bias 8, no negative zero: 0x80 is the only NaN.
    F8E4m3Fnuz,
    /// `E5M2` with bias 16, no negative zero: 0x80 is the only NaN.
    F8E5m2Fnuz,
    /// A power of two, 2^(byte - 127); 0xFF is NaN (OCP `E8M0`, scales).
    F8E8m0,
    /// 6-bit float, 2 exponent and 3 mantissa bits, packed without gaps, low bits first.
    F6E2m3,
    /// 6-bit float, 3 exponent and 2 mantissa bits, packed without gaps, low bits first.
    F6E3m2,
    /// 4-bit float, 2 exponent and 1 mantissa bit, two to a byte, low half first (OCP `E2M1`).
    F4,
    /// Signed 64-bit integer.
    I64,
    /// Signed 32-bit integer.
    I32,
    /// Signed 16-bit integer.
    I16,
    /// Signed 8-bit integer.
    I8,
    /// Unsigned 64-bit integer.
    U64,
    /// Unsigned 32-bit integer.
    U32,
    /// Unsigned 16-bit integer.
    U16,
    /// Unsigned 8-bit integer.
    U8,
    /// One byte: zero is false, anything else is true.
    Bool,
    /// A complex number: two `f32`, real and imaginary part.
    C64,
    /// A complex number: two `f64`, real and imaginary part.
    C128,
}

impl Dtype {
    /// Every dtype, in the order of the enum.
    pub const ALL: [Dtype; 23] = [
        Dtype::F64,
        Dtype::F32,
        Dtype::F16,
        Dtype::Bf16,
        Dtype::F8E4m3,
        Dtype::F8E5m2,
        Dtype::F8E4m3Fnuz,
        Dtype::F8E5m2Fnuz,
        Dtype::F8E8m0,
        Dtype::F6E2m3,
        Dtype::F6E3m2,
        Dtype::F4,
        Dtype::I64,
        Dtype::I32,
        Dtype::I16,
        Dtype::I8,
        Dtype::U64,
        Dtype::U32,
        Dtype::U16,
        Dtype::U8,
        Dtype::Bool,
        Dtype::C64,
        Dtype::C128,
    ];

    /// The name that is shown, in lower case: `f32`, `bf16`, `f8_e4m3`, `u8`, `bool`, `c64` …
    pub fn name(self) -> &'static str {
        match self {
            Dtype::F64 => "f64",
            Dtype::F32 => "f32",
            Dtype::F16 => "f16",
            Dtype::Bf16 => "bf16",
            Dtype::F8E4m3 => "f8_e4m3",
            Dtype::F8E5m2 => "f8_e5m2",
            Dtype::F8E4m3Fnuz => "f8_e4m3fnuz",
            Dtype::F8E5m2Fnuz => "f8_e5m2fnuz",
            Dtype::F8E8m0 => "f8_e8m0",
            Dtype::F6E2m3 => "f6_e2m3",
            Dtype::F6E3m2 => "f6_e3m2",
            Dtype::F4 => "f4",
            Dtype::I64 => "i64",
            Dtype::I32 => "i32",
            Dtype::I16 => "i16",
            Dtype::I8 => "i8",
            Dtype::U64 => "u64",
            Dtype::U32 => "u32",
            Dtype::U16 => "u16",
            Dtype::U8 => "u8",
            Dtype::Bool => "bool",
            Dtype::C64 => "c64",
            Dtype::C128 => "c128",
        }
    }

    /// The dtype with this [`name`](Dtype::name), ignoring case.
    pub fn from_name(name: &str) -> Option<Dtype> {
        Dtype::ALL.into_iter().find(|dtype| dtype.name().eq_ignore_ascii_case(name))
    }

    /// The size of one value in bits: 4, 6, 8, 16, 32, 64 or 128.
    pub fn bits(self) -> u64 {
        match self {
            Dtype::F4 => 4,
            Dtype::F6E2m3 | Dtype::F6E3m2 => 6,
            Dtype::F8E4m3
            | Dtype::F8E5m2
            | Dtype::F8E4m3Fnuz
            | Dtype::F8E5m2Fnuz
            | Dtype::F8E8m0
            | Dtype::I8
            | Dtype::U8
            | Dtype::Bool => 8,
            Dtype::F16 | Dtype::Bf16 | Dtype::I16 | Dtype::U16 => 16,
            Dtype::F32 | Dtype::I32 | Dtype::U32 => 32,
            Dtype::F64 | Dtype::I64 | Dtype::U64 | Dtype::C64 => 64,
            Dtype::C128 => 128,
        }
    }

    /// The size of `count` packed values in bytes; `None` if it does not fit in 64 bits.
    pub fn bytes_of(self, count: u64) -> Option<u64> {
        count.checked_mul(self.bits()).map(|bits| bits.div_ceil(8))
    }

    /// Whether the values are integers or booleans.
    pub fn is_integer(self) -> bool {
        matches!(
            self,
            Dtype::I64
                | Dtype::I32
                | Dtype::I16
                | Dtype::I8
                | Dtype::U64
                | Dtype::U32
                | Dtype::U16
                | Dtype::U8
                | Dtype::Bool
        )
    }

    /// Whether the values are complex; they are shown by their magnitude.
    pub fn is_complex(self) -> bool {
        matches!(self, Dtype::C64 | Dtype::C128)
    }

    /// Whether a value fills whole bytes, so that it can be addressed individually.
    pub fn is_byte_sized(self) -> bool {
        self.bits().is_multiple_of(8)
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_lead_back() {
        for dtype in Dtype::ALL {
            assert_eq!(Dtype::from_name(dtype.name()), Some(dtype));
            assert_eq!(Dtype::from_name(&dtype.name().to_uppercase()), Some(dtype));
        }
        assert_eq!(Dtype::from_name("f31"), None);
    }

    #[test]
    fn packed_sizes_round_up() {
        assert_eq!(Dtype::F4.bytes_of(3), Some(2));
        assert_eq!(Dtype::F6E2m3.bytes_of(4), Some(3));
        assert_eq!(Dtype::C128.bytes_of(2), Some(32));
        assert_eq!(Dtype::F64.bytes_of(u64::MAX), None);
    }
}
