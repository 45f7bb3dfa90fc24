//! exp and tanh with the same bits on every machine, and without branches, so that loops over them
//! vectorise.
//!
//! x = k ln 2 + r with k whole and |r| ≤ ln 2 / 2; e^r − 1 by its Taylor series; the power of two by
//! the bits of the exponent. k is rounded by adding and subtracting a number so large that no digit
//! after the point is left (Hauser 1996, "Handling floating-point exceptions in numeric programs",
//! calls it the shifter).

macro_rules! functions {
    ($real:ident, $bits:ident, $exp:ident, $tanh:ident, $reduce:ident, $two_to:ident,
     shifter $shifter:expr, ln2 $high:expr, $low:expr, exponent $mantissa:expr, $bias:expr,
     limits $least:expr, $most:expr, tanh $flat:expr, series [$($term:expr),*]) => {
        /// k, shifted so that its lowest bits are those of the whole number, and e^r − 1.
        #[inline(always)]
        fn $reduce(x: $real) -> ($real, $real) {
            let shifted = x * std::$real::consts::LOG2_E + $shifter;
            let k = shifted - $shifter;
            let r = (x - k * $high) - k * $low;
            // e^r − 1 = r + r² (1/2! + r/3! + …)
            let mut sum: $real = 0.0;
            $(sum = sum * r + 1.0 / $term;)*
            (k, r + r * r * sum)
        }

        /// 2^k for a whole k among the exponents of normal numbers.
        #[inline(always)]
        fn $two_to(k: $real) -> $real {
            let bits = (k + ($shifter + $bias)).to_bits();
            $real::from_bits(bits << $mantissa)
        }

        /// e to the power of x, accurate to 2 units in the last place; 0 and ∞ outside the range of
        /// the type.
        #[inline(always)]
        pub fn $exp(x: $real) -> $real {
            // Written so that NaN goes through.
            let x = if x > $most { $most } else { x };
            let x = if x < $least { $least } else { x };
            let (k, less_one) = $reduce(x);
            // In two steps, for e^x may be beyond 2^k's range where it is subnormal or infinite.
            let half = (k * 0.5 + $shifter) - $shifter;
            (less_one + 1.0) * $two_to(half) * $two_to(k - half)
        }

        /// Hyperbolic tangent, accurate to 3 units in the last place.
        #[inline(always)]
        pub fn $tanh(x: $real) -> $real {
            // tanh |x| = d / (d + 2) with d = e^(2|x|) − 1, which keeps all digits near zero.
            let magnitude = x.abs();
            let magnitude = if magnitude > $flat { $flat } else { magnitude };
            let (k, less_one) = $reduce(magnitude + magnitude);
            let power = $two_to(k);
            let d = power * less_one + (power - 1.0);
            (d / (d + 2.0)).copysign(x)
        }
    };
}

functions!(
    f64, u64, exp_f64, tanh_f64, reduce_f64, two_to_f64,
    shifter 6_755_399_441_055_744.0,
    // The upper 32 bits of ln 2, so that k times it is exact, and the rest.
    ln2 f64::from_bits(0x3fe6_2e42_fee0_0000), f64::from_bits(0x3dea_39ef_3579_3c76),
    exponent 52, 1023.0,
    limits -746.0, 710.0,
    tanh 20.0,
    series [6_227_020_800.0, 479_001_600.0, 39_916_800.0, 3_628_800.0, 362_880.0, 40_320.0, 5_040.0,
            720.0, 120.0, 24.0, 6.0, 2.0]
);

functions!(
    f32, u32, exp_f32, tanh_f32, reduce_f32, two_to_f32,
    shifter 12_582_912.0,
    ln2 0.693_359_4, -2.121_944_4e-4,
    exponent 23, 127.0,
    limits -104.0, 89.0,
    tanh 10.0,
    series [5_040.0, 720.0, 120.0, 24.0, 6.0, 2.0]
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_and_tanh_are_near_the_truth() {
        let mut worst = (0.0f64, 0.0f64, 0.0f64, 0.0f64);
        for step in -750_000..750_000 {
            let x = f64::from(step) * 1e-3 + 1e-7;
            let off = |ours: f64, truth: f64| {
                if ours == truth { 0.0 } else { ((ours - truth) / truth).abs() / f64::EPSILON }
            };
            if (-708.0..709.7).contains(&x) {
                worst.0 = worst.0.max(off(exp_f64(x), x.exp()));
            }
            let t = x / 50.0;
            worst.1 = worst.1.max(off(tanh_f64(t), t.tanh()));
            let off = |ours: f32, truth: f64| {
                ((f64::from(ours) - truth) / truth).abs() / f64::from(f32::EPSILON)
            };
            let s = (x / 9.0) as f32;
            if (-87.0..88.7).contains(&s) {
                worst.2 = worst.2.max(off(exp_f32(s), f64::from(s).exp()));
            }
            worst.3 = worst.3.max(off(tanh_f32(s / 5.0), f64::from(s / 5.0).tanh()));
        }
        println!("{worst:?}");
        assert!(worst.0 <= 2.0 && worst.1 <= 3.0 && worst.2 <= 2.0 && worst.3 <= 3.0, "{worst:?}");
    }

    #[test]
    fn the_ends_are_right() {
        assert_eq!((exp_f64(0.0), exp_f64(-0.0), exp_f32(0.0)), (1.0, 1.0, 1.0));
        assert_eq!((exp_f64(1e9), exp_f64(f64::INFINITY)), (f64::INFINITY, f64::INFINITY));
        assert_eq!((exp_f64(-1e9), exp_f64(f64::NEG_INFINITY)), (0.0, 0.0));
        assert_eq!((exp_f32(1e9), exp_f32(-1e9)), (f32::INFINITY, 0.0));
        assert!(exp_f64(f64::NAN).is_nan() && exp_f32(f32::NAN).is_nan());
        assert!(tanh_f64(f64::NAN).is_nan() && tanh_f32(f32::NAN).is_nan());
        assert_eq!((tanh_f64(1e9), tanh_f64(f64::NEG_INFINITY)), (1.0, -1.0));
        assert_eq!((tanh_f32(1e9), tanh_f32(f32::NEG_INFINITY)), (1.0, -1.0));
        assert_eq!((tanh_f64(1e-300), tanh_f64(-1e-20)), (1e-300, -1e-20));
        assert!(tanh_f64(-0.0).is_sign_negative());
        assert!((exp_f64(-740.0) - (-740.0f64).exp()).abs() <= 5e-324);
        assert!((exp_f32(-100.0) - (-100.0f32).exp()).abs() <= 2e-45);
    }
}
