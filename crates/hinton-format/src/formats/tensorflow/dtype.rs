//! `DataType` of types.proto.

use hinton_tensor::Dtype;

/// What a type is called, and how its values lie; `None` where they are no numbers.
pub(super) fn dtype(number: u64) -> Option<Dtype> {
    // From 101 on: references to variables of the type.
    let number = if number > 100 { number - 100 } else { number };
    Some(match number {
        1 => Dtype::F32,
        2 => Dtype::F64,
        3 | 13 => Dtype::I32,
        4 | 12 => Dtype::U8,
        5 | 15 => Dtype::I16,
        6 | 11 => Dtype::I8,
        8 => Dtype::C64,
        9 => Dtype::I64,
        10 => Dtype::Bool,
        14 => Dtype::Bf16,
        16 | 17 => Dtype::U16,
        18 => Dtype::C128,
        19 => Dtype::F16,
        22 => Dtype::U32,
        23 => Dtype::U64,
        24 => Dtype::F8E5m2,
        25 => Dtype::F8E4m3,
        26 => Dtype::F8E4m3Fnuz,
        28 => Dtype::F8E5m2Fnuz,
        // Four and two bits: a byte each, sign and all.
        29 | 31 => Dtype::I8,
        30 | 32 => Dtype::U8,
        _ => return None,
    })
}

/// Why values of that type are skipped.
pub(super) fn skipped(number: u64) -> String {
    match number % 100 {
        7 => "skipped: it holds text".to_owned(),
        20 => "skipped: it holds a resource, no numbers".to_owned(),
        21 => "skipped: it holds a variant, no numbers".to_owned(),
        27 => "skipped: its type float8_e4m3b11fnuz is not read".to_owned(),
        _ => format!("skipped: its type {number} is not supported"),
    }
}
