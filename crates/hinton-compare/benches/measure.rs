//! Speed of the comparison of two tensors in memory: `cargo bench -p hinton-compare`.
//! A word after `--` runs only the cases whose name holds it.
#![allow(missing_docs)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use hinton_compare::measure;
use hinton_tensor::{Dtype, Endian, Memory, Tensor, View, Work};

const SIDE: usize = 4096;

fn main() {
    let only = std::env::args().nth(1).filter(|word| !word.starts_with("--")).unwrap_or_default();
    let values = hashed();
    let tuned: Vec<f32> =
        values.iter().zip(&values[1..]).map(|(v, n)| v * (1.0 + 0.01 * n)).collect();
    let tuned: Vec<f32> = tuned.into_iter().chain([0.0]).collect();
    for dtype in [Dtype::Bf16, Dtype::F32] {
        let (a, b) = (matrix(dtype, &values), matrix(dtype, &tuned));
        case(&only, &format!("{dtype} tuned"), &a, &b);
        case(&only, &format!("{dtype} identical"), &a, &matrix(dtype, &values));
    }
    let (a, b) = (matrix(Dtype::F32, &values), matrix(Dtype::Bf16, &values));
    case(&only, "f32 cast to bf16", &a, &b);
}

fn case(only: &str, name: &str, a: &Tensor, b: &Tensor) {
    if !name.contains(only) {
        return;
    }
    for threads in [1, 2] {
        let mut best = f64::INFINITY;
        for _ in 0..10 {
            let start = Instant::now();
            black_box(measure(a, b, Work::on(threads)).unwrap());
            best = best.min(start.elapsed().as_secs_f64());
        }
        let per_value = best * 1e9 / (SIDE * SIDE) as f64;
        let bytes = (a.byte_len() + b.byte_len()) as f64 / best / 1e9;
        println!("{name:20} {threads} threads  {per_value:6.2} ns a value  {bytes:6.2} GB/s");
    }
}

/// About normally distributed, in a fixed order.
fn hashed() -> Vec<f32> {
    let mut state = 1u64;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    (0..SIDE * SIDE).map(|_| next() + next() + next()).collect()
}

fn matrix(dtype: Dtype, values: &[f32]) -> Tensor {
    let bytes: Vec<u8> = match dtype {
        Dtype::Bf16 => {
            values.iter().flat_map(|v| ((v.to_bits() >> 16) as u16).to_le_bytes()).collect()
        }
        _ => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
    };
    let view = View::packed(&[SIDE, SIDE]);
    let data = Arc::new(Memory::new(bytes));
    Tensor::new("w", "memory", dtype, Endian::Little, view, 0, data).unwrap()
}
