//! torch's storage classes and dtypes.

use hinton_tensor::Dtype;

/// What a storage class or dtype holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    /// Numbers.
    Plain(Dtype),
    /// Integers that stand for quantised numbers.
    Quantised(Dtype),
    /// Two 4-bit floats to each element.
    PairsOfF4,
    /// Bytes whose type the tensor itself says.
    Untyped,
}

impl Element {
    /// The dtype in which it is read.
    pub(super) fn dtype(self) -> Dtype {
        match self {
            Element::Plain(dtype) | Element::Quantised(dtype) => dtype,
            Element::PairsOfF4 => Dtype::F4,
            Element::Untyped => Dtype::U8,
        }
    }

    /// Values in one element as torch counts it.
    pub(super) fn values(self) -> u64 {
        if self == Element::PairsOfF4 { 2 } else { 1 }
    }

    /// Bytes of one element as torch counts it.
    pub(super) fn bytes(self) -> u64 {
        match self {
            Element::PairsOfF4 => 1,
            other => other.dtype().bits() / 8,
        }
    }
}

/// The elements of a storage class such as `torch.FloatStorage`.
pub(super) fn of_storage(module: &str, class: &str) -> Option<Element> {
    if !matches!(module, "torch" | "torch.cuda" | "torch.storage") {
        return None;
    }
    Some(match class {
        "DoubleStorage" => Element::Plain(Dtype::F64),
        "FloatStorage" => Element::Plain(Dtype::F32),
        "HalfStorage" => Element::Plain(Dtype::F16),
        "BFloat16Storage" => Element::Plain(Dtype::Bf16),
        "LongStorage" => Element::Plain(Dtype::I64),
        "IntStorage" => Element::Plain(Dtype::I32),
        "ShortStorage" => Element::Plain(Dtype::I16),
        "CharStorage" => Element::Plain(Dtype::I8),
        "ByteStorage" => Element::Plain(Dtype::U8),
        "BoolStorage" => Element::Plain(Dtype::Bool),
        "ComplexFloatStorage" => Element::Plain(Dtype::C64),
        "ComplexDoubleStorage" => Element::Plain(Dtype::C128),
        "QInt8Storage" => Element::Quantised(Dtype::I8),
        "QUInt8Storage" => Element::Quantised(Dtype::U8),
        "QInt32Storage" => Element::Quantised(Dtype::I32),
        "UntypedStorage" | "_UntypedStorage" => Element::Untyped,
        _ => return None,
    })
}

/// The elements of a dtype such as `torch.float8_e4m3fn`.
pub(super) fn of_dtype(module: &str, name: &str) -> Option<Element> {
    if module != "torch" {
        return None;
    }
    Some(Element::Plain(match name {
        "float64" | "double" => Dtype::F64,
        "float32" | "float" => Dtype::F32,
        "float16" | "half" => Dtype::F16,
        "bfloat16" => Dtype::Bf16,
        "float8_e4m3fn" => Dtype::F8E4m3,
        "float8_e5m2" => Dtype::F8E5m2,
        "float8_e4m3fnuz" => Dtype::F8E4m3Fnuz,
        "float8_e5m2fnuz" => Dtype::F8E5m2Fnuz,
        "float8_e8m0fnu" => Dtype::F8E8m0,
        "int64" | "long" => Dtype::I64,
        "int32" | "int" => Dtype::I32,
        "int16" | "short" => Dtype::I16,
        "int8" => Dtype::I8,
        "uint64" => Dtype::U64,
        "uint32" => Dtype::U32,
        "uint16" => Dtype::U16,
        "uint8" => Dtype::U8,
        "bool" => Dtype::Bool,
        "complex64" | "cfloat" => Dtype::C64,
        "complex128" | "cdouble" => Dtype::C128,
        "qint8" => return Some(Element::Quantised(Dtype::I8)),
        "quint8" => return Some(Element::Quantised(Dtype::U8)),
        "qint32" => return Some(Element::Quantised(Dtype::I32)),
        "float4_e2m1fn_x2" => return Some(Element::PairsOfF4),
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storages_have_their_elements() {
        let read_as = |module, class| of_storage(module, class).map(Element::dtype);
        assert_eq!(read_as("torch", "FloatStorage"), Some(Dtype::F32));
        assert_eq!(read_as("torch.cuda", "HalfStorage"), Some(Dtype::F16));
        assert_eq!(read_as("torch.storage", "UntypedStorage"), Some(Dtype::U8));
        assert_eq!(read_as("mine", "FloatStorage"), None);
    }
}
