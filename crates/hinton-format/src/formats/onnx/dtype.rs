//! `TensorProto.DataType`: how each type is named, and where its values lie.

use hinton_tensor::Dtype;

/// A type of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    /// As onnx.proto names it.
    pub(super) name: &'static str,
    /// How a value lies in the raw bytes.
    pub(super) layout: Layout,
    /// The field that holds the values where they are not raw.
    pub(super) typed: Typed,
}

/// How values lie in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// As the dtype says.
    Plain(Dtype),
    /// Integers of this many bits, several to a byte, low bits first.
    Packed { bits: u32, signed: bool },
    /// Texts.
    Text,
}

/// A field of `TensorProto` for values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Typed {
    /// `float_data`.
    Floats,
    /// `double_data`.
    Doubles,
    /// `int32_data`: anything of up to 32 bits, the bits of small floats too.
    Ints,
    /// `int64_data`.
    Longs,
    /// `uint64_data`.
    Unsigned,
    /// `string_data`.
    Texts,
}

const fn plain(name: &'static str, dtype: Dtype, typed: Typed) -> Kind {
    Kind { name, layout: Layout::Plain(dtype), typed }
}

const fn packed(name: &'static str, bits: u32, signed: bool) -> Kind {
    Kind { name, layout: Layout::Packed { bits, signed }, typed: Typed::Ints }
}

/// The types by their number; 0 is `UNDEFINED`.
const KINDS: [Kind; 26] = [
    plain("FLOAT", Dtype::F32, Typed::Floats),
    plain("UINT8", Dtype::U8, Typed::Ints),
    plain("INT8", Dtype::I8, Typed::Ints),
    plain("UINT16", Dtype::U16, Typed::Ints),
    plain("INT16", Dtype::I16, Typed::Ints),
    plain("INT32", Dtype::I32, Typed::Ints),
    plain("INT64", Dtype::I64, Typed::Longs),
    Kind { name: "STRING", layout: Layout::Text, typed: Typed::Texts },
    plain("BOOL", Dtype::Bool, Typed::Ints),
    plain("FLOAT16", Dtype::F16, Typed::Ints),
    plain("DOUBLE", Dtype::F64, Typed::Doubles),
    plain("UINT32", Dtype::U32, Typed::Unsigned),
    plain("UINT64", Dtype::U64, Typed::Unsigned),
    plain("COMPLEX64", Dtype::C64, Typed::Floats),
    plain("COMPLEX128", Dtype::C128, Typed::Doubles),
    plain("BFLOAT16", Dtype::Bf16, Typed::Ints),
    plain("FLOAT8E4M3FN", Dtype::F8E4m3, Typed::Ints),
    plain("FLOAT8E4M3FNUZ", Dtype::F8E4m3Fnuz, Typed::Ints),
    plain("FLOAT8E5M2", Dtype::F8E5m2, Typed::Ints),
    plain("FLOAT8E5M2FNUZ", Dtype::F8E5m2Fnuz, Typed::Ints),
    packed("UINT4", 4, false),
    packed("INT4", 4, true),
    plain("FLOAT4E2M1", Dtype::F4, Typed::Ints),
    plain("FLOAT8E8M0", Dtype::F8E8m0, Typed::Ints),
    packed("UINT2", 2, false),
    packed("INT2", 2, true),
];

/// The type of that number.
pub(super) fn kind(number: u64) -> Option<&'static Kind> {
    KINDS.get(usize::try_from(number.checked_sub(1)?).ok()?)
}

impl Layout {
    /// Bits of one value in the file; 0 for texts.
    pub(super) fn bits(self) -> u64 {
        match self {
            Layout::Plain(dtype) => dtype.bits(),
            Layout::Packed { bits, .. } => u64::from(bits),
            Layout::Text => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_schema() {
        for (number, name) in
            [(1, "FLOAT"), (8, "STRING"), (10, "FLOAT16"), (16, "BFLOAT16"), (22, "INT4")]
        {
            assert_eq!(kind(number).unwrap().name, name);
        }
        for number in [0, 27, u64::MAX] {
            assert_eq!(kind(number), None);
        }
    }
}
