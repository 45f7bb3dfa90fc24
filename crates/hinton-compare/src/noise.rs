//! The resolution of dtypes: the distance between neighbouring numbers, and the error of a cast.

use hinton_tensor::{Dtype, Tensor};

/// The error that a cast to a dtype causes: a change of this size has no meaning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    /// The coarser of the two types, as their files name them: `bf16`, `Q4_K`.
    pub name: &'static str,
    /// The norm of the rounding error of normally distributed values, divided by their norm; `None`
    /// if it is unknown.
    pub relative: Option<f64>,
}

/// Significant binary digits of a floating dtype, and its smallest step.
fn digits(dtype: Dtype) -> Option<(i32, i32)> {
    match dtype {
        Dtype::F64 | Dtype::C128 => Some((53, -1074)),
        Dtype::F32 | Dtype::C64 => Some((24, -149)),
        Dtype::F16 => Some((11, -24)),
        Dtype::Bf16 => Some((8, -133)),
        Dtype::F8E4m3 => Some((4, -9)),
        Dtype::F8E4m3Fnuz => Some((4, -10)),
        Dtype::F8E5m2 => Some((3, -16)),
        Dtype::F8E5m2Fnuz => Some((3, -17)),
        Dtype::F8E8m0 => Some((1, -127)),
        Dtype::F6E2m3 => Some((4, -3)),
        Dtype::F6E3m2 => Some((3, -4)),
        Dtype::F4 => Some((2, -1)),
        _ => None,
    }
}

/// Relative errors of casts of normally distributed values, as measured by
/// `tests/fixtures/measure_noise.py`. Types that are not here are not known.
const CASTS: &[(&str, f64)] = &[
    ("f32", 2.536e-08),
    ("f16", 2.077e-04),
    ("bf16", 1.662e-03),
    ("f8_e4m3", 2.655e-02),
    ("f8_e4m3fnuz", 2.655e-02),
    ("f8_e5m2", 5.283e-02),
    ("f8_e5m2fnuz", 5.283e-02),
    ("Q8_0", 5.353e-03),
    ("Q5_0", 4.269e-02),
    ("Q5_1", 3.785e-02),
    ("Q4_0", 8.595e-02),
    ("Q4_1", 7.821e-02),
];

/// The error of a cast to the coarser of the types of two tensors.
pub fn noise(a: &Tensor, b: &Tensor) -> Noise {
    let (a, b) = (of(a), of(b));
    // What is not known is a quantised type, coarser than any that is.
    let coarse = |noise: &Noise| noise.relative.unwrap_or(f64::INFINITY);
    if coarse(&b) > coarse(&a) { b } else { a }
}

fn of(tensor: &Tensor) -> Noise {
    let name = tensor.stored_type();
    let measured = CASTS.iter().find(|(cast, _)| *cast == name).map(|(_, relative)| *relative);
    // Integers hold what they hold, and the step of f64 is far below what sums in f64 tell.
    let is_exact = tensor.stored().is_none()
        && (tensor.dtype().is_integer() || matches!(tensor.dtype(), Dtype::F64 | Dtype::C128));
    Noise { name, relative: if is_exact { Some(0.0) } else { measured } }
}

/// The distance of neighbouring numbers of the coarser of two dtypes: at 1, and the smallest. 0 and
/// 1 for integers, whose steps are equal.
pub(crate) fn step(a: Dtype, b: Dtype) -> (f64, f64) {
    let both = (digits(a), digits(b));
    let coarser = match both {
        (Some(a), Some(b)) => Some(if b.0 < a.0 { b } else { a }),
        // Integers beside fractions: the fractions' step, as they can be compared at all.
        (one, other) => one.or(other),
    };
    match coarser {
        Some((digits, least)) => (libm::exp2(f64::from(1 - digits)), libm::exp2(f64::from(least))),
        None => (0.0, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_those_of_the_dtypes() {
        assert_eq!(step(Dtype::F32, Dtype::F32).0, f64::from(f32::EPSILON));
        assert_eq!(step(Dtype::F64, Dtype::F64), (f64::EPSILON, 5e-324));
        assert_eq!(
            step(Dtype::Bf16, Dtype::F32),
            (1.0 / 128.0, f64::from(f32::from_bits(1 << 16)))
        );
        assert_eq!(step(Dtype::F16, Dtype::Bf16).0, 1.0 / 128.0);
        assert_eq!(step(Dtype::I8, Dtype::U8), (0.0, 1.0));
        for dtype in Dtype::ALL {
            assert!(dtype.is_integer() != digits(dtype).is_some(), "{dtype}");
        }
    }

    #[test]
    fn the_coarser_type_makes_the_noise() {
        let f32s = Tensor::from_f32("a", &[2], &[0.0; 2]).unwrap();
        let found = noise(&f32s, &f32s);
        assert_eq!(found.name, "f32");
        assert_eq!(found.relative, Some(2.536e-08));
    }
}
