//! Compiles a kernel for several sets of vector instructions, and chooses one when the program
//! runs.
//!
//! All versions give the same bits: a kernel is plain code whose sums have a fixed order. Vectors
//! only compute several of them at once, and Rust never contracts `a * b + c` to a fused
//! multiply-add.
//!
//! ```
//! use hinton_tensor::simd::{Kernel, run};
//!
//! struct Doubled<'v>(&'v mut [f32]);
//!
//! impl Kernel for Doubled<'_> {
//!     type Output = ();
//!
//!     #[inline(always)]
//!     fn run<const WIDE: bool>(self) {
//!         self.0.iter_mut().for_each(|value| *value *= 2.0);
//!     }
//! }
//!
//! let mut values = [1.0, 2.0];
//! run(Doubled(&mut values));
//! assert_eq!(values, [2.0, 4.0]);
//! ```

/// Plain code that benefits from being compiled for wide vectors.
pub trait Kernel {
    /// The result of the kernel.
    type Output;

    /// Does the work. `WIDE` is true if there are 32 registers of 512 bits; it may change how work
    /// is grouped, but not the order of any sum. Implementations must be `#[inline(always)]`.
    fn run<const WIDE: bool>(self) -> Self::Output;
}

/// Runs the kernel with the widest vectors of this machine.
#[inline]
#[allow(unsafe_code)]
pub fn run<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        if has!("avx512f") && has!("avx512vl") && has!("avx512dq") && has!("avx512bw") {
            // SAFETY: the machine has what the function is compiled for.
            return unsafe { avx512(kernel) };
        }
        if has!("avx2") {
            // SAFETY: as above.
            return unsafe { avx2(kernel) };
        }
    }
    kernel.run::<false>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw")]
fn avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<true>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<false>()
}

/// Runs the kernel in every version that this machine supports, and returns their names and
/// results: for tests that compare them.
#[allow(unsafe_code)]
pub fn run_all<K: Kernel + Clone>(kernel: K) -> Vec<(&'static str, K::Output)> {
    let mut outputs = vec![("plain", kernel.clone().run::<false>())];
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        if has!("avx2") {
            // SAFETY: the machine has what the function is compiled for.
            outputs.push(("avx2", unsafe { avx2(kernel.clone()) }));
        }
        if has!("avx512f") && has!("avx512vl") && has!("avx512dq") && has!("avx512bw") {
            // SAFETY: as above.
            outputs.push(("avx512", unsafe { avx512(kernel) }));
        }
    }
    outputs
}
