//! Decoding against the definitions of the dtypes, for views of every kind.

use crate::common;

use std::sync::Arc;

use common::{Random, Readable, close, plain_elements, plain_values, tensor_of, view_of};
use hinton_tensor::{
    Bytes, Dtype, Endian, Memory, Tensor, TensorError, View, decode_f32, decode_f64,
};
use proptest::prelude::*;

const ENDIANS: [Endian; 2] = [Endian::Little, Endian::Big];

/// Checks every way to read a tensor against the plain one.
fn check(tensor: &Tensor, bytes: &[u8]) {
    let slow = plain_values(tensor, bytes);
    // `hypot` of the standard library may round the last digit the other way.
    let tolerance = if tensor.dtype().is_complex() { 1e-15 } else { 0.0 };
    let wide = tensor.to_f64().unwrap();
    assert_eq!(wide.len(), slow.len());
    for (index, (fast, slow)) in wide.iter().zip(&slow).enumerate() {
        assert!(close(*fast, *slow, tolerance), "{tensor:?} {index}: {fast} is not {slow}");
    }
    let narrow = tensor.to_f32().unwrap();
    for (index, (fast, wide)) in narrow.iter().zip(&wide).enumerate() {
        // Integers are rounded once, not by way of f64.
        let tolerance = if tensor.dtype().bits() == 64 { 1.2e-7 } else { 0.0 };
        let (fast, wide) = (f64::from(*fast), f64::from(*wide as f32));
        assert!(close(fast, wide, tolerance), "{tensor:?} {index}: {fast} is not {wide}");
    }
    let copy = tensor.to_memory().unwrap();
    assert_eq!(copy.endian(), Endian::Little);
    assert_eq!(copy.byte_len(), tensor.packed_bytes().unwrap().len() as u64);
    let again = copy.to_f64().unwrap();
    assert!(again.iter().zip(&wide).all(|(a, b)| close(*a, *b, 0.0)));
}

#[test]
fn every_dtype_and_byte_order() {
    let mut random = Random(1);
    for dtype in Dtype::ALL {
        for endian in ENDIANS {
            for count in [0usize, 1, 2, 7, 1000, 33_000] {
                let mut bytes = random.bytes(dtype.bytes_of(count as u64).unwrap() as usize + 3);
                let sources: [Arc<dyn Bytes>; 2] =
                    [Arc::new(Memory::new(bytes.clone())), Arc::new(Readable(bytes.clone()))];
                for data in sources {
                    let view = View::packed(&[count]);
                    check(&tensor_of(dtype, endian, view, 3, data), &bytes);
                }
                // The functions for plain bytes agree.
                bytes.drain(..3);
                let mut narrow = vec![0.0; count];
                let mut wide = vec![0.0; count];
                decode_f32(dtype, endian, &bytes, &mut narrow);
                decode_f64(dtype, endian, &bytes, &mut wide);
                let tensor = tensor_of(
                    dtype,
                    endian,
                    View::packed(&[count]),
                    0,
                    Arc::new(Memory::new(bytes)),
                );
                let same = |a: f64, b: f64| close(a, b, 0.0);
                assert!(tensor.to_f64().unwrap().iter().zip(&wide).all(|(a, b)| same(*a, *b)));
                let other = tensor.to_f32().unwrap();
                assert!(other.iter().zip(&narrow).all(|(a, b)| same(f64::from(*a), f64::from(*b))));
            }
        }
    }
}

#[test]
fn packed_parts_of_packed_dtypes() {
    for dtype in [Dtype::F4, Dtype::F6E2m3, Dtype::F6E3m2] {
        let bytes = Random(4).bytes(3 + dtype.bytes_of(4 * 700 * 50).unwrap() as usize);
        let sources: [Arc<dyn Bytes>; 2] =
            [Arc::new(Memory::new(bytes.clone())), Arc::new(Readable(bytes.clone()))];
        for data in sources {
            let whole = tensor_of(dtype, Endian::Little, View::packed(&[4, 700, 50]), 3, data);
            let all = plain_values(&whole, &bytes);
            for at in 0..4 {
                let part = whole.index_axis(0, at).unwrap();
                let values = part.to_f64().unwrap();
                assert_eq!(values, all[at * 35_000..][..35_000], "{dtype} {at}");
                assert_eq!(part.to_memory().unwrap().to_f64().unwrap(), values);
            }
            // 4 values of 4 or 6 bits fill whole bytes, 1 does not.
            let row = whole.slice(&"[0,0,4:]".parse().unwrap()).unwrap();
            assert_eq!(row.to_f64().unwrap(), all[4..50]);
            assert_eq!(row.to_memory().unwrap().to_f64().unwrap(), all[4..50]);
            let error = whole.slice(&"[0,0,1:]".parse().unwrap()).unwrap_err().to_string();
            assert!(error.contains("whole byte"), "{error}");
            assert!(whole.slice(&"[:,0]".parse().unwrap()).is_err());
        }
    }
}

#[test]
fn the_ends_of_integers() {
    let bytes = [u64::MAX.to_le_bytes(), (i64::MIN as u64).to_le_bytes()].concat();
    let of = |dtype| {
        let data = Arc::new(Memory::new(bytes.clone()));
        tensor_of(dtype, Endian::Little, View::packed(&[2]), 0, data).to_f64().unwrap()
    };
    assert_eq!(of(Dtype::U64), [18_446_744_073_709_551_615.0, 9_223_372_036_854_775_808.0]);
    assert_eq!(of(Dtype::I64), [-1.0, -9_223_372_036_854_775_808.0]);
}

#[test]
fn too_few_bytes_leave_the_rest_alone() {
    let mut out = [7.0f32; 3];
    decode_f32(Dtype::Bf16, Endian::Big, &[0x3F, 0x80, 0x40], &mut out);
    assert_eq!(out, [1.0, 7.0, 7.0]);
    decode_f32(Dtype::F4, Endian::Little, &[0x12], &mut out);
    assert_eq!(out, [1.0, 0.5, 7.0]);
}

#[test]
fn a_number_without_axes() {
    let data = Arc::new(Memory::new(2.5f64.to_be_bytes().to_vec()));
    let tensor = tensor_of(Dtype::F64, Endian::Big, View::packed(&[]), 0, data);
    assert_eq!(tensor.to_f64().unwrap(), [2.5]);
    assert_eq!(tensor.packed_bytes().unwrap(), 2.5f64.to_le_bytes());
}

#[test]
fn strides_past_the_span_that_is_read_at_once() {
    let bytes = Random(2).bytes(3_000_000);
    for stride in [-700_000i64, -70_000, -9000, 5000, 300_000] {
        let (view, need) = view_of(&[4, 3], &[stride, 3]);
        assert!(need * 4 <= bytes.len() || stride.abs() > 200_000);
        if need * 4 <= bytes.len() {
            let data = Arc::new(Readable(bytes.clone()));
            check(&tensor_of(Dtype::F32, Endian::Big, view.clone(), 0, data), &bytes);
        }
        let data = Arc::new(Readable(bytes.clone()));
        let (view, need) = view_of(&[4], &[stride]);
        if need <= bytes.len() {
            check(&tensor_of(Dtype::U8, Endian::Little, view, 0, data), &bytes);
        }
    }
}

#[test]
fn a_view_that_claims_more_than_memory_is_an_error() {
    let view = View { shape: vec![1 << 58], strides: vec![0], offset: 0 };
    let data = Arc::new(Memory::new(vec![0; 4]));
    let tensor = tensor_of(Dtype::F32, Endian::Little, view, 0, data);
    assert!(matches!(tensor.to_f32(), Err(TensorError::OutOfMemory { .. })));
    assert!(matches!(tensor.to_f64(), Err(TensorError::OutOfMemory { .. })));
    assert!(matches!(tensor.packed_bytes(), Err(TensorError::OutOfMemory { .. })));
}

#[test]
fn an_unreadable_file_is_an_error_that_names_it() {
    struct Broken;
    impl Bytes for Broken {
        fn len(&self) -> u64 {
            1 << 20
        }
        fn slice(&self, _range: std::ops::Range<u64>) -> Option<&[u8]> {
            None
        }
        fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), hinton_tensor::ReadError> {
            let why = "the disk is gone".to_owned();
            Err(hinton_tensor::ReadError::system(offset, buf.len() as u64, why))
        }
    }
    let tensor = tensor_of(Dtype::F32, Endian::Little, View::packed(&[10]), 8, Arc::new(Broken));
    for error in [tensor.to_f32().unwrap_err(), tensor.packed_bytes().unwrap_err()] {
        let text = error.to_string();
        assert!(text.contains("\"w\" in test") && text.contains("at byte 8"), "{text}");
    }
}

fn any_dtype() -> impl Strategy<Value = Dtype> {
    let sized: Vec<Dtype> = Dtype::ALL.into_iter().filter(|dtype| dtype.is_byte_sized()).collect();
    proptest::sample::select(sized)
}

proptest! {
    #[test]
    fn any_view_of_any_dtype(
        dtype in any_dtype(),
        big in any::<bool>(),
        addressable in any::<bool>(),
        axes in proptest::collection::vec((0usize..6, -9i64..9), 0..5),
        start in 0u64..5,
        seed in any::<u64>(),
    ) {
        let shape: Vec<usize> = axes.iter().map(|axis| axis.0).collect();
        let strides: Vec<i64> = axes.iter().map(|axis| axis.1).collect();
        let (view, need) = view_of(&shape, &strides);
        let bytes = Random(seed).bytes(start as usize + need * (dtype.bits() / 8) as usize);
        let data: Arc<dyn Bytes> = if addressable {
            Arc::new(Memory::new(bytes.clone()))
        } else {
            Arc::new(Readable(bytes.clone()))
        };
        let tensor = tensor_of(dtype, ENDIANS[usize::from(big)], view, start, data);
        check(&tensor, &bytes);
        let size = (dtype.bits() / 8) as usize;
        if !big {
            let plain: Vec<u8> = plain_elements(tensor.view())
                .into_iter()
                .flat_map(|at| bytes[start as usize + at * size..][..size].to_vec())
                .collect();
            prop_assert_eq!(tensor.packed_bytes().unwrap(), plain);
        }
    }
}

#[test]
fn empty_tensors_with_huge_axes_are_empty() {
    let data = std::sync::Arc::new(hinton_tensor::Memory::new(vec![0u8; 8]));
    for shape in [[usize::MAX, usize::MAX, 0], [0, usize::MAX, 7], [usize::MAX, 0, usize::MAX]] {
        let view = hinton_tensor::View::packed(&shape);
        let tensor = hinton_tensor::Tensor::new(
            "e",
            "f",
            hinton_tensor::Dtype::F32,
            hinton_tensor::Endian::Little,
            view,
            0,
            data.clone(),
        )
        .unwrap();
        assert!(tensor.to_f32().unwrap().is_empty());
        assert!(tensor.packed_bytes().unwrap().is_empty());
        let summary = hinton_tensor::summarize(&tensor, hinton_tensor::Work::on(2)).unwrap();
        assert_eq!(summary.elements, 0);
    }
}
