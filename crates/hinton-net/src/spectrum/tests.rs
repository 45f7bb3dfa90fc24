//! Against matrices whose singular values are known, and on any number of threads.
#![allow(clippy::needless_range_loop)] // Indices are those of the formulas.

use hinton_tensor::{Tensor, Work};

use super::*;

fn values(rows: usize, columns: usize, of: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    (0..rows * columns).map(|at| of(at / columns, at % columns)).collect()
}

fn singular(rows: usize, columns: usize, of: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    of_values(&mut values(rows, columns, of), rows, columns, Work::quiet()).unwrap()
}

/// Numbers between -1 and 1 that look random.
fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut random = crate::random::Random::new(seed);
    move || random.between(-1.0, 1.0)
}

/// The values of a small matrix by one-sided Jacobi rotations: slow, plain and accurate.
fn jacobi(rows: usize, columns: usize, values: &[f64]) -> Vec<f64> {
    let column = |c: usize| -> Vec<f64> { (0..rows).map(|r| values[r * columns + c]).collect() };
    let mut all: Vec<Vec<f64>> = (0..columns).map(column).collect();
    for _ in 0..40 {
        for p in 0..columns {
            for q in p + 1..columns {
                let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
                let (a, b, c) =
                    (dot(&all[p], &all[p]), dot(&all[q], &all[q]), dot(&all[p], &all[q]));
                if c == 0.0 {
                    continue;
                }
                let zeta = (b - a) / (2.0 * c);
                let t = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
                let cos = 1.0 / (1.0 + t * t).sqrt();
                let sin = cos * t;
                for row in 0..rows {
                    let (x, y) = (all[p][row], all[q][row]);
                    all[p][row] = cos * x - sin * y;
                    all[q][row] = sin * x + cos * y;
                }
            }
        }
    }
    let norm = |column: &Vec<f64>| column.iter().map(|x| x * x).sum::<f64>().sqrt();
    let mut found: Vec<f64> = all.iter().map(norm).collect();
    found.sort_by(|a, b| b.total_cmp(a));
    found.truncate(rows.min(columns));
    found
}

fn near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    assert!(found.windows(2).all(|pair| pair[0] >= pair[1]));
    let largest = expected.first().copied().unwrap_or(0.0);
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        let off = (found - expected).abs();
        assert!(off <= 2e-14 * largest * (1.0 + at as f64).sqrt(), "{at}: {found} {expected}");
    }
}

#[test]
fn values_are_those_of_plain_rotations() {
    for (rows, columns) in [
        (1, 1),
        (1, 7),
        (5, 1),
        (3, 3),
        (16, 16),
        (17, 16),
        (16, 17),
        (33, 20),
        (20, 70),
        (50, 49),
        (100, 37),
    ] {
        let mut next = noise((rows * 1000 + columns) as u64);
        let all: Vec<f64> = (0..rows * columns).map(|_| next()).collect();
        let found = of_values(&mut all.clone(), rows, columns, Work::quiet()).unwrap();
        let tall = if rows >= columns {
            jacobi(rows, columns, &all)
        } else {
            jacobi(columns, rows, &values(columns, rows, |r, c| all[c * columns + r]))
        };
        near(&found, &tall);
    }
}

#[test]
fn known_matrices_have_their_values() {
    near(&singular(40, 40, |r, c| f64::from(u8::from(r == c))), &[1.0; 40]);
    near(&singular(30, 50, |_, _| 0.0), &[0.0; 30]);
    // Rank one: the product of two norms.
    let one = singular(60, 45, |r, c| (r as f64 + 1.0) * (c as f64 - 20.0));
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>().sqrt();
    let first =
        norm(&mut (1..=60).map(f64::from)) * norm(&mut (0..45).map(|c| f64::from(c) - 20.0));
    assert!((one[0] / first - 1.0).abs() < 1e-14 && one[1] < first * 1e-14, "{one:?}");
    // A diagonal from 1 down to 1e-40: small values beside large ones keep their digits.
    let graded = singular(41, 41, |r, c| if r == c { libm::exp10(-(r as f64)) } else { 0.0 });
    for (at, value) in graded.iter().enumerate() {
        assert!((value * libm::exp10(at as f64) - 1.0).abs() < 1e-10, "{at}: {value}");
    }
    // The second difference, whose values are known in a formula.
    let side = 100;
    let second = singular(side, side, |r, c| match r.abs_diff(c) {
        0 => 2.0,
        1 => -1.0,
        _ => 0.0,
    });
    let mut expected: Vec<f64> = (1..=side)
        .map(|k| 2.0 - 2.0 * libm::cos(std::f64::consts::PI * k as f64 / (side + 1) as f64))
        .collect();
    expected.sort_by(|a, b| b.total_cmp(a));
    near(&second, &expected);
}

#[test]
fn any_scale_is_as_good() {
    let mut next = noise(5);
    let all: Vec<f64> = (0..30 * 20).map(|_| next()).collect();
    let plain = of_values(&mut all.clone(), 30, 20, Work::quiet()).unwrap();
    for scale in [f64::MAX, 1e300, 1e-290, f64::MIN_POSITIVE] {
        let mut scaled: Vec<f64> = all.iter().map(|value| value * scale).collect();
        let found = of_values(&mut scaled, 30, 20, Work::quiet()).unwrap();
        for (found, plain) in found.iter().zip(&plain) {
            let expected = plain * scale;
            assert!(
                found.is_infinite() && expected.is_infinite()
                    || (found / expected - 1.0).abs() < 1e-11,
                "{scale}: {found} {expected}"
            );
        }
    }
}

#[test]
fn threads_and_vectors_change_no_bit() {
    let mut next = noise(9);
    let all: Vec<f32> = (0..150 * 130).map(|_| next() as f32).collect();
    let matrix = Tensor::from_f32("w", &[150, 130], &all).unwrap();
    let alone = spectrum(&matrix, Work::quiet()).unwrap();
    for threads in [2, 3, 8] {
        assert_eq!(spectrum(&matrix, Work::on(threads)).unwrap(), alone);
    }
    let sketched = sketch::spectrum(&matrix, 150, 130, Work::quiet()).unwrap();
    for threads in [2, 3, 8] {
        assert_eq!(sketch::spectrum(&matrix, 150, 130, Work::on(threads)).unwrap(), sketched);
    }
}

#[test]
fn what_is_not_finite_is_counted_and_nothing_is_made_of_it() {
    let matrix = Tensor::from_f32("w", &[2, 2], &[1.0, f32::NAN, f32::INFINITY, 0.0]).unwrap();
    assert_eq!(spectrum(&matrix, Work::quiet()).unwrap(), Found::NotFinite(2));
    assert_eq!(sketch::spectrum(&matrix, 2, 2, Work::quiet()).unwrap(), Found::NotFinite(2));
    let vector = Tensor::from_f32("v", &[2], &[1.0, 2.0]).unwrap();
    assert!(spectrum(&vector, Work::quiet()).is_err());
}

#[test]
fn a_sketch_finds_what_stands_out_and_is_never_too_large() {
    let (rows, columns) = (400, 300);
    let mut next = noise(3);
    let mut all: Vec<f32> = (0..rows * columns).map(|_| next() as f32 * 0.02).collect();
    // Ten strong directions.
    for strong in 0..10 {
        let left: Vec<f64> = (0..rows).map(|_| next()).collect();
        let right: Vec<f64> = (0..columns).map(|_| next()).collect();
        for (at, value) in all.iter_mut().enumerate() {
            *value +=
                ((10 - strong) as f64 * 0.1 * left[at / columns] * right[at % columns]) as f32;
        }
    }
    let matrix = Tensor::from_f32("w", &[rows, columns], &all).unwrap();
    let Found::Spectrum(exact) = spectrum(&matrix, Work::quiet()).unwrap() else { panic!() };
    let Found::Spectrum(seen) = sketch::spectrum(&matrix, rows, columns, Work::quiet()).unwrap()
    else {
        panic!()
    };
    assert!(seen.is_sketch && !exact.is_sketch);
    assert!((seen.squares / exact.squares - 1.0).abs() < 1e-9);
    for (at, (seen, exact)) in seen.values.iter().zip(&exact.values).enumerate() {
        assert!(*seen <= exact * (1.0 + 1e-12), "{at}");
        assert!(*seen >= exact * if at < 10 { 0.9999 } else { 0.7 }, "{at}: {seen} {exact}");
    }
    // Zeros, and fewer values than vectors.
    let zeros = Tensor::from_f32("z", &[100, 90], &vec![0.0; 9000]).unwrap();
    let Found::Spectrum(none) = sketch::spectrum(&zeros, 100, 90, Work::quiet()).unwrap() else {
        panic!()
    };
    assert!(none.values.iter().all(|value| *value == 0.0) && none.squares == 0.0);
}

#[test]
fn work_that_is_stopped_stops() {
    struct Stop;
    impl hinton_tensor::Progress for Stop {
        fn advance(&self, _: u64) -> ControlFlow<()> {
            ControlFlow::Break(())
        }
    }
    let matrix = Tensor::from_f32("w", &[2, 2], &[1.0, 2.0, 3.0, 4.0]).unwrap();
    let work = Work { threads: 1, progress: &Stop };
    assert!(matches!(spectrum(&matrix, work), Err(TensorError::Cancelled(_))));
    assert!(matches!(sketch::spectrum(&matrix, 2, 2, work), Err(TensorError::Cancelled(_))));
}
