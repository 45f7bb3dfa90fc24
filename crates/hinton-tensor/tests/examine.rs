//! What may be wrong with values, against plain loops.

use hinton_tensor::{
    Dtype, Endian, Memory, Tensor, View, Work, examine, find_first, same_bits, summarize,
};
use std::sync::Arc;

fn of(shape: &[usize], values: &[f32]) -> Tensor {
    Tensor::from_f32("w", shape, values).unwrap()
}

#[test]
fn rows_and_columns_of_zeros_are_found_on_any_number_of_threads() {
    let (rows, columns) = (700, 500);
    let is_zero = |row: usize, column: usize| row % 97 == 3 || column % 41 == 7;
    let value = |at: usize| if is_zero(at / columns, at % columns) { -0.0 } else { at as f32 };
    let mut values: Vec<f32> = (0..rows * columns).map(value).collect();
    values[1] = 1.0;
    let tensor = of(&[rows, columns], &values);
    let one = examine(&tensor, Work::quiet()).unwrap();
    assert_eq!(one.zero_rows, (0..rows).filter(|row| row % 97 == 3).collect::<Vec<_>>());
    assert_eq!(one.zero_columns, (0..columns).filter(|at| at % 41 == 7).collect::<Vec<_>>());
    for threads in 2..5 {
        assert_eq!(examine(&tensor, Work::on(threads)).unwrap(), one);
    }
    assert_eq!(one.summary, summarize(&tensor, Work::quiet()).unwrap());
    // The transposed view has the same rows and columns, exchanged.
    let turned = examine(&tensor.transpose().unwrap(), Work::on(2)).unwrap();
    assert_eq!((turned.zero_rows, turned.zero_columns), (one.zero_columns, one.zero_rows));
}

#[test]
fn a_tensor_of_zeros_has_no_dead_rows_and_filters_have_theirs() {
    let zeros = examine(&of(&[4, 5], &[0.0; 20]), Work::quiet()).unwrap();
    assert!(zeros.zero_rows.is_empty() && zeros.zero_columns.is_empty());
    // Two filters of three channels of 2 x 2; channel 1 is dead in both, filter 1 is not.
    let mut values = vec![1.0f32; 24];
    for filter in 0..2 {
        values[filter * 12 + 4..filter * 12 + 8].fill(0.0);
    }
    let filters = examine(&of(&[2, 3, 2, 2], &values), Work::quiet()).unwrap();
    assert!(filters.zero_rows.is_empty());
    assert_eq!(filters.zero_columns, [1]);
    let vector = examine(&of(&[3], &[0.0, 1.0, 0.0]), Work::quiet()).unwrap();
    assert!(vector.zero_rows.is_empty() && !vector.columns_seen);
}

#[test]
fn the_first_of_a_kind_is_found_in_c_order() {
    let mut values = vec![0.5f32; 300 * 1000];
    values[170_123] = f32::NAN;
    values[299_999] = f32::NAN;
    values[5] = f32::NEG_INFINITY;
    let tensor = of(&[300, 1000], &values);
    let first = |tensor: &Tensor, wanted: &dyn Fn(f64) -> bool| {
        find_first(tensor, wanted, Work::quiet()).unwrap()
    };
    assert_eq!(first(&tensor, &f64::is_nan), Some(vec![170, 123]));
    assert_eq!(first(&tensor, &|value| value == f64::NEG_INFINITY), Some(vec![0, 5]));
    assert_eq!(first(&tensor, &|value| value == 3.0), None);
    assert_eq!(first(&tensor.transpose().unwrap(), &f64::is_nan), Some(vec![123, 170]));
    assert_eq!(first(&of(&[], &[f32::NAN]), &f64::is_nan), Some(vec![]));
}

#[test]
fn digests_are_those_of_the_values_however_they_lie() {
    let values: Vec<f32> = (0..200_000).map(|at| (at % 977) as f32).collect();
    let tensor = of(&[400, 500], &values);
    let digest = |tensor: &Tensor| examine(tensor, Work::on(2)).unwrap().digest;
    assert_eq!(digest(&tensor), digest(&of(&[400, 500], &values)));
    let back = tensor.transpose().unwrap().to_memory().unwrap().transpose().unwrap();
    assert_eq!(digest(&tensor), digest(&back));
    assert_ne!(digest(&tensor), digest(&of(&[500, 400], &values)), "the shape counts");
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_be_bytes()).collect();
    let view = View::packed(&[400, 500]);
    let data = Arc::new(Memory::new(bytes));
    let big = Tensor::new("w", "f", Dtype::F32, Endian::Big, view, 0, data).unwrap();
    assert_eq!(digest(&tensor), digest(&big), "the byte order does not");
    assert!(same_bits(&tensor, &back).unwrap() && same_bits(&tensor, &big).unwrap());
    let mut other = values;
    other[199_999] += 1.0;
    let other = of(&[400, 500], &other);
    assert_ne!(digest(&tensor), digest(&other));
    assert!(!same_bits(&tensor, &other).unwrap());
}

#[test]
fn magnitudes_are_counted_on_both_sides_of_a_limit() {
    let mut values = vec![1.0f32; 10_000];
    values[0] = 0.0;
    values[1] = 1e-40;
    values[2] = -1e-39;
    values[3] = 1e-38;
    values[4] = -300.0;
    let summary = examine(&of(&[100, 100], &values), Work::quiet()).unwrap().summary;
    let normal = Dtype::F32.smallest_normal().unwrap();
    assert_eq!(summary.smaller_than(normal), 3);
    assert_eq!(summary.at_least(256.0), 1);
    assert_eq!(summary.at_least(0.5), 9_996);
    let few = examine(&of(&[5], &values[..5]), Work::quiet()).unwrap().summary;
    assert_eq!((few.smaller_than(normal), few.at_least(299.0)), (3, 1));
}

#[test]
fn empty_tensors_have_nothing_wrong() {
    let found = examine(&of(&[0, 5], &[]), Work::on(2)).unwrap();
    assert_eq!(found.summary.elements, 0);
    assert!(found.zero_rows.is_empty() && found.zero_columns.is_empty());
    assert_eq!(find_first(&of(&[0, 5], &[]), |_| true, Work::quiet()).unwrap(), None);
}

#[test]
fn a_matrix_in_fortran_order_is_what_it_is_in_c_order() {
    let (rows, columns) = (1100, 1300);
    let value = |row: usize, column: usize| match (row, column) {
        (7, _) | (_, 900) => 0.0,
        _ => ((row * 31 + column * 17) % 1009) as f32 - 500.0,
    };
    let bytes = |of: &dyn Fn(usize) -> f32| {
        let values = (0..rows * columns).map(of);
        Arc::new(Memory::new(values.flat_map(f32::to_le_bytes).collect::<Vec<u8>>()))
    };
    let shape = [rows, columns];
    let made = |view: View, data: Arc<Memory>| {
        Tensor::new("w", "f", Dtype::F32, Endian::Little, view, 0, data).unwrap()
    };
    let c = made(View::packed(&shape), bytes(&|at| value(at / columns, at % columns)));
    let fortran = || bytes(&|at| value(at % rows, at / rows));
    let turned = made(View::packed_fortran(&shape), fortran());
    let one = examine(&c, Work::quiet()).unwrap();
    assert_eq!((one.zero_rows.as_slice(), one.zero_columns.as_slice()), (&[7][..], &[900][..]));
    for threads in 1..4 {
        assert_eq!(examine(&turned, Work::on(threads)).unwrap(), one, "{threads}");
    }
    let again = made(View::packed_fortran(&shape), fortran());
    assert!(same_bits(&turned, &again).unwrap() && same_bits(&turned, &c).unwrap());
    let other = bytes(&|at| value(at % rows, at / rows) + f32::from(u8::from(at == 1_400_000)));
    assert!(!same_bits(&turned, &made(View::packed_fortran(&shape), other)).unwrap());
}
