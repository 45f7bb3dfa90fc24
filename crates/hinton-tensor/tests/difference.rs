//! How far tensors are from each other, against plain loops.

use hinton_tensor::{Tensor, Work, difference};

fn of(shape: &[usize], values: &[f32]) -> Tensor {
    Tensor::from_f32("w", shape, values).unwrap()
}

#[test]
fn differences_are_those_of_a_plain_loop_on_any_number_of_threads() {
    let a: Vec<f32> = (0..300_000).map(|at| (at % 101) as f32 * 0.25).collect();
    let mut b = a.clone();
    (0..300_000).step_by(7).for_each(|at| b[at] += (at % 3) as f32);
    b[11] = f32::NAN;
    let (a, b) = (of(&[300, 1000], &a), of(&[300, 1000], &b));
    let found = difference(&a, &b, Work::quiet()).unwrap();
    let expected = (0..300_000u32).step_by(7).filter(|at| at % 3 > 0).count() as u64 + 1;
    assert_eq!((found.differing, found.broken, found.largest), (expected, 1, 2.0));
    let squares: f64 = (0..300_000u32).step_by(7).map(|at| f64::from(at % 3).powi(2)).sum();
    assert!((found.l2 - squares.sqrt()).abs() < 1e-9);
    for threads in 2..4 {
        assert_eq!(difference(&a, &b, Work::on(threads)).unwrap(), found);
    }
    let turned = difference(&a.transpose().unwrap(), &b.transpose().unwrap(), Work::on(2)).unwrap();
    assert_eq!((turned.differing, turned.largest), (found.differing, found.largest));
}

#[test]
fn equal_is_equal_and_shapes_must_fit() {
    let odd = of(&[2, 2], &[f32::NAN, f32::INFINITY, 0.0, 1.0]);
    let same = of(&[2, 2], &[f32::NAN, f32::INFINITY, -0.0, 1.0]);
    assert_eq!(difference(&odd, &same, Work::quiet()).unwrap().differing, 0);
    let error = difference(&odd, &of(&[4], &[0.0; 4]), Work::quiet()).unwrap_err();
    assert!(error.to_string().contains("it is compared with the shape [2, 2]"), "{error}");
    let empty = of(&[0, 3], &[]);
    assert_eq!(difference(&empty, &empty, Work::on(2)).unwrap().differing, 0);
}
