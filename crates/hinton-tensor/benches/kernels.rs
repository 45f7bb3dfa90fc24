//! Speed of decoding, statistics and reduction, in memory: `cargo bench -p hinton-tensor`.
//! A word after `--` runs only the cases whose name holds it.
#![allow(missing_docs)]

use std::sync::Arc;
use std::time::Instant;

use hinton_tensor::{
    Dtype, Endian, Fold, GridRequest, Memory, Tensor, View, Work, reduce, summarize,
};

const SIDE: usize = 8192;

fn main() {
    let only = std::env::args().nth(1).filter(|word| !word.starts_with("--"));
    let only = only.as_deref().unwrap_or("");
    let normal = normal_values(SIDE * SIDE);
    for dtype in
        [Dtype::Bf16, Dtype::F16, Dtype::F32, Dtype::F64, Dtype::U8, Dtype::F8E4m3, Dtype::I64]
    {
        let tensor = matrix(dtype, Endian::Little, &normal);
        case(only, &format!("summarize {dtype}"), &tensor, |threads| {
            summarize(&tensor, Work::on(threads)).unwrap();
        });
    }
    for (dtype, count) in
        [(Dtype::F32, 64), (Dtype::F32, 4096), (Dtype::F32, 8192), (Dtype::Bf16, 8192)]
    {
        let whole = matrix(dtype, Endian::Little, &normal);
        let small = whole.reshape(&[SIDE * SIDE]).unwrap();
        let small = small.slice(&format!("[:{count}]").parse().unwrap()).unwrap();
        case(only, &format!("summarize {count} of {dtype}"), &small, |threads| {
            summarize(&small, Work::on(threads)).unwrap();
        });
    }
    let same = matrix(Dtype::Bf16, Endian::Little, &vec![0.0; SIDE * SIDE]);
    case(only, "summarize bf16, all zero", &same, |threads| {
        summarize(&same, Work::on(threads)).unwrap();
    });
    let same = matrix(Dtype::F32, Endian::Little, &vec![1.0; SIDE * SIDE]);
    case(only, "summarize f32, all one", &same, |threads| {
        summarize(&same, Work::on(threads)).unwrap();
    });
    let big = matrix(Dtype::F32, Endian::Big, &normal);
    case(only, "summarize f32 big-endian", &big, |threads| {
        summarize(&big, Work::on(threads)).unwrap();
    });
    for dtype in [Dtype::F32, Dtype::Bf16, Dtype::F16, Dtype::F64] {
        let tensor = matrix(dtype, Endian::Little, &normal);
        for (name, fold) in [("mean", Fold::Mean), ("extreme", Fold::Extreme), ("ink", Fold::Ink)] {
            case(only, &format!("reduce {dtype} {name}"), &tensor, |threads| {
                reduce(&tensor, GridRequest::new(2000, 2000, fold), Work::on(threads)).unwrap();
            });
        }
    }
    let tensor = matrix(Dtype::F32, Endian::Little, &normal);
    let turned = tensor.transpose().unwrap();
    case(only, "reduce f32 mean, Fortran", &turned, |threads| {
        reduce(&turned, GridRequest::new(2000, 2000, Fold::Mean), Work::on(threads)).unwrap();
    });
    let tall = tensor.reshape(&[SIDE * SIDE / 8, 8]).unwrap();
    case(only, "reduce f32 mean, 8 columns", &tall, |threads| {
        reduce(&tall, GridRequest::new(2000, 2000, Fold::Mean), Work::on(threads)).unwrap();
    });
    let long = tensor.reshape(&[1, SIDE * SIDE]).unwrap();
    case(only, "reduce f32 mean, 1 row", &long, |threads| {
        reduce(&long, GridRequest::new(2000, 2000, Fold::Mean), Work::on(threads)).unwrap();
    });
    case(only, "to_f32 of f32", &tensor, |_| drop(tensor.to_f32().unwrap()));
    case(only, "to_f32 of f32, Fortran", &turned, |_| drop(turned.to_f32().unwrap()));
    let half = matrix(Dtype::F16, Endian::Little, &normal);
    case(only, "to_f32 of f16", &half, |_| drop(half.to_f32().unwrap()));
}

/// The best of seven runs on one thread (its own time, where the system tells it) and on two (by
/// the clock, which other work on the machine disturbs).
fn case(only: &str, name: &str, tensor: &Tensor, run: impl Fn(usize)) {
    if !name.contains(only) {
        return;
    }
    let mut line = format!("{name:<26}");
    for threads in [1, 2] {
        let best = (0..7).map(|_| {
            let (start, busy) = (Instant::now(), busy());
            run(threads);
            let clock = start.elapsed().as_secs_f64();
            // The system's own count is too coarse for short runs.
            match self::busy().zip(busy).filter(|_| threads == 1 && clock > 0.01) {
                Some((after, before)) => (after - before) as f64 / 1e9,
                None => clock,
            }
        });
        let best = best.fold(f64::INFINITY, f64::min);
        let speed = tensor.byte_len() as f64 / best / 1e9;
        line += &format!("  {threads} thread: {:7.3} ms {speed:6.2} GB/s", best * 1e3);
    }
    println!("{line}");
}

/// Nanoseconds that this thread has run (Linux).
fn busy() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok()
}

/// Weights as they are: nearly normal, of standard deviation 0.02.
fn normal_values(count: usize) -> Vec<f32> {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut uniform = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 24) as f32
    };
    (0..count).map(|_| ((0..4).map(|_| uniform()).sum::<f32>() - 2.0) * 0.035).collect()
}

fn matrix(dtype: Dtype, endian: Endian, values: &[f32]) -> Tensor {
    let mut bytes = Vec::with_capacity(values.len() * (dtype.bits() / 8) as usize);
    for &value in values {
        match dtype {
            Dtype::Bf16 => bytes.extend(((value.to_bits() >> 16) as u16).to_le_bytes()),
            Dtype::F16 => bytes.extend(half(value).to_le_bytes()),
            Dtype::F32 if endian == Endian::Big => bytes.extend(value.to_be_bytes()),
            Dtype::F32 => bytes.extend(value.to_le_bytes()),
            Dtype::F64 => bytes.extend(f64::from(value).to_le_bytes()),
            Dtype::I64 => bytes.extend(((value * 1e6) as i64).to_le_bytes()),
            _ => bytes.push((value * 1000.0) as i8 as u8),
        }
    }
    let view = View::packed(&[SIDE, SIDE]);
    Tensor::new("w", "memory", dtype, endian, view, 0, Arc::new(Memory::new(bytes))).unwrap()
}

/// Cut, not rounded; normal range only.
fn half(value: f32) -> u16 {
    let bits = value.to_bits();
    let exponent = (bits >> 23 & 255) as i32 - 112;
    if exponent <= 0 {
        return (bits >> 16 & 0x8000) as u16;
    }
    (bits >> 16 & 0x8000) as u16 | (exponent as u16) << 10 | (bits >> 13 & 0x3FF) as u16
}
