//! The number types that networks compute in: `f32` and `f64`.

use std::fmt::{Debug, Display};
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

use hinton_tensor::Dtype;

use crate::layers::{BuildFn, Builders};

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// `f32` or `f64`.
///
/// The functions give the same bits on every machine, and are accurate to a few units in the last
/// place.
pub trait Real:
    sealed::Sealed
    + Copy
    + Send
    + Sync
    + Debug
    + Display
    + Default
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + 'static
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// The type as it is written to files.
    const DTYPE: Dtype;

    /// The nearest number of this type.
    fn of(x: f64) -> Self;
    /// The same number as `f64`.
    fn f64(self) -> f64;
    /// Square root, correctly rounded.
    fn sqrt(self) -> Self;
    /// Magnitude.
    fn abs(self) -> Self;
    /// Neither NaN nor infinite.
    fn is_finite(self) -> bool;
    /// e to this power.
    fn exp(self) -> Self;
    /// Hyperbolic tangent.
    fn tanh(self) -> Self;
    /// The error function.
    fn erf(self) -> Self;
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// The bytes as they are written to files, little-endian, added to the end.
    fn push_bytes(values: &[Self], bytes: &mut Vec<u8>);

    #[doc(hidden)]
    fn pick(builders: &Builders) -> BuildFn<Self>;
}

macro_rules! real {
    ($type:ident, $dtype:ident, $exp:path, $tanh:path, $erf:path, $ln:path) => {
        impl Real for $type {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const DTYPE: Dtype = Dtype::$dtype;

            #[inline(always)]
            fn of(x: f64) -> Self {
                x as $type
            }
            #[inline(always)]
            fn f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                // IEEE 754 fixes every bit of it.
                $type::sqrt(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $type::abs(self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                $type::is_finite(self)
            }
            #[inline(always)]
            fn exp(self) -> Self {
                $exp(self)
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                $tanh(self)
            }
            fn erf(self) -> Self {
                $erf(self)
            }
            fn ln(self) -> Self {
                $ln(self)
            }
            fn push_bytes(values: &[Self], bytes: &mut Vec<u8>) {
                bytes.reserve(size_of_val(values));
                values.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
            }
            fn pick(builders: &Builders) -> BuildFn<Self> {
                builders.$type
            }
        }
    };
}

real!(f32, F32, crate::math::exp_f32, crate::math::tanh_f32, libm::erff, libm::logf);
real!(f64, F64, crate::math::exp_f64, crate::math::tanh_f64, libm::erf, libm::log);
