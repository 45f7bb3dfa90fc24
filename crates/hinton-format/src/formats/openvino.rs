//! OpenVINO's intermediate representation: `model.xml`, which says where the constants lie in the
//! `model.bin` beside it.
//!
//! Layout: "Operation Set and IR" of <https://docs.openvino.ai>, `src/core/src/pass/serialize.cpp` of
//! <https://github.com/openvinotoolkit/openvino>.

use std::collections::BTreeMap;

use hinton_tensor::{Dtype, Endian, Tensor, View, element_count};

use super::FormatRow;
use super::beside::Beside;
use super::narrow::narrow;
use super::notes::{Skipped, check_path, distinct};
use crate::container::xml::{Tag, Tags};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "openvino",
    about: "models of OpenVINO (.xml with its .bin beside it)",
    help: "Read: every constant of an IR of version 10 and 11 under the name of its layer, every type of \
           numbers; integers of 4 bits are unpacked to a byte each. Open the .xml; the .bin of the same name \
           is next to it. Bodies of loops have their constants too. Skipped with a warning: texts, types \
           that are not read. Not read: IRs before version 10. Layout: the IR of OpenVINO's documentation",
    quantised: "integers as stored; their scales are constants beside them",
    extensions: &["xml"],
    sniff,
    open,
};

/// The root, `<net name=… version="11">`.
fn sniff(head: &Head<'_>) -> Sniff {
    let first = Tags::new(head.bytes).find(|tag| tag.name != "?xml");
    let is_net = first.is_some_and(|tag| {
        tag.name == "net" && tag.get("version").is_some_and(|version| !version.is_empty())
    });
    if is_net { Sniff::Certain } else { Sniff::No }
}

/// How values lie.
enum Kind {
    Plain(Dtype),
    /// Integers of this many bits, low bits first.
    Narrow {
        bits: u32,
        signed: bool,
    },
}

/// `element::Type` by its name in the file.
fn kind_of(name: &str) -> Option<Kind> {
    Some(Kind::Plain(match name {
        "f64" => Dtype::F64,
        "f32" => Dtype::F32,
        "f16" => Dtype::F16,
        "bf16" => Dtype::Bf16,
        "f8e4m3" => Dtype::F8E4m3,
        "f8e5m2" => Dtype::F8E5m2,
        "f8e8m0" => Dtype::F8E8m0,
        "f4e2m1" => Dtype::F4,
        "i64" => Dtype::I64,
        "i32" => Dtype::I32,
        "i16" => Dtype::I16,
        "i8" => Dtype::I8,
        "u64" => Dtype::U64,
        "u32" => Dtype::U32,
        "u16" => Dtype::U16,
        "u8" => Dtype::U8,
        "boolean" => Dtype::Bool,
        "i4" => return Some(Kind::Narrow { bits: 4, signed: true }),
        "u4" => return Some(Kind::Narrow { bits: 4, signed: false }),
        "u2" => return Some(Kind::Narrow { bits: 2, signed: false }),
        _ => return None,
    }))
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let text = input.whole("model", limits.header_bytes)?;
    if !text.trim_ascii_end().ends_with(b"</net>") {
        let message = "the text does not end with </net>";
        return Err(Error::malformed(message)
            .at_byte(text.len() as u64)
            .cure("the file is cut or damaged: download or copy it again"));
    }
    let mut reader = Reader {
        input,
        limits,
        bin: None,
        beside: Beside::new(input),
        tensors: Vec::new(),
        skipped: Skipped::default(),
    };
    let mut metadata = Vec::new();
    let mut layer: Option<String> = None;
    let mut steps = 0u64;
    for tag in Tags::new(&text) {
        steps += 1;
        if steps > limits.fields {
            return Err(Error::new(ErrorKind::Limit, "the model has too many tags").at_byte(tag.at));
        }
        match tag.name {
            "net" if metadata.is_empty() => {
                let version = tag.get("version").unwrap_or_default();
                if !matches!(&*version, "10" | "11") {
                    let message = format!("IR of version {version:?}: 10 and 11 are read");
                    return Err(Error::new(ErrorKind::Unsupported, message)
                        .at_byte(tag.at)
                        .cure("convert the original model again with ovc"));
                }
                metadata.push(("version".to_owned(), version.into_owned()));
                metadata.extend(tag.get("name").map(|name| ("name".to_owned(), name.into_owned())));
            }
            "layer" => {
                let is_constant = tag.get("type").is_some_and(|kind| kind == "Const");
                layer = is_constant.then(|| tag.get("name").unwrap_or_default().into_owned());
            }
            "data" => {
                if let Some(name) = layer.take() {
                    check_path(&name)?;
                    reader.constant(&tag, &name).map_err(|error| error.for_tensor(&*name))?;
                }
            }
            _ => {}
        }
    }
    if metadata.is_empty() {
        return Err(Error::malformed("expected <net version=…>, found none"));
    }
    let mut warnings = reader.skipped.warnings();
    distinct(&mut reader.tensors, &mut warnings);
    let mut files = vec![input.name.clone()];
    files.extend(reader.beside.files());
    Ok(Checkpoint {
        path: input.name.clone(),
        format: ROW.name,
        metadata,
        tensors: reader.tensors,
        files,
        warnings,
    })
}

struct Reader<'a> {
    input: &'a Input,
    limits: &'a Limits,
    /// The name of the file with the values.
    bin: Option<String>,
    beside: Beside<'a>,
    tensors: Vec<Tensor>,
    skipped: Skipped,
}

impl Reader<'_> {
    /// `<data element_type="f32" shape="64, 3, 7, 7" offset="0" size="37632"/>`.
    fn constant(&mut self, tag: &Tag<'_>, name: &str) -> Result<(), Error> {
        let wrong = |why: String| Error::malformed(why).at_byte(tag.at);
        let number = |key: &str| {
            let text = tag.get(key).unwrap_or_default();
            text.parse::<u64>().map_err(|_| wrong(format!("its {key} is {text:?}")))
        };
        let (offset, size) = (number("offset")?, number("size")?);
        let shape = tag.get("shape").unwrap_or_default();
        let dims = shape.split(',').map(str::trim).filter(|dim| !dim.is_empty());
        let shape: Vec<usize> = dims
            .map(|dim| dim.parse().map_err(|_| wrong(format!("its shape is {shape:?}"))))
            .collect::<Result<_, _>>()?;
        if shape.len() > self.limits.axes || self.tensors.len() >= self.limits.tensors {
            let message = format!("more than {} axes or tensors", self.limits.axes);
            return Err(Error::new(ErrorKind::Limit, message).at_byte(tag.at));
        }
        let element = tag.get("element_type").unwrap_or_default();
        let Some(kind) = kind_of(&element) else {
            self.skipped.add(name, format!("skipped: its type {element:?} is not supported"));
            return Ok(());
        };
        let bits = match &kind {
            Kind::Plain(dtype) => dtype.bits(),
            Kind::Narrow { bits, .. } => u64::from(*bits),
        };
        let elements = element_count(&shape);
        let needs = elements.and_then(|count| count.checked_mul(bits)).map(|bits| bits.div_ceil(8));
        let (Some(elements), Some(needs)) = (elements, needs) else {
            return Err(wrong(format!("its shape {shape:?} cannot be counted")));
        };
        // Values that are all equal may be stored once.
        let is_one = size * 8 == bits && elements > 1;
        if size != needs && !is_one {
            return Err(wrong(format!("shape {shape:?} needs {needs} bytes, {size} are given")));
        }
        let bin = self.bin.get_or_insert_with(|| format!("{}.bin", self.input.stem())).clone();
        let place = BTreeMap::from([
            ("location".to_owned(), bin),
            ("offset".to_owned(), offset.to_string()),
            ("length".to_owned(), size.to_string()),
        ]);
        let place = self.beside.place(&place.into_iter().collect::<Vec<_>>())?;
        let view = match is_one {
            true => View { shape: shape.clone(), strides: vec![0; shape.len()], offset: 0 },
            false => View::packed(&shape),
        };
        let endian = Endian::Little;
        let tensor = match kind {
            Kind::Plain(dtype) => {
                Tensor::new(name, place.file, dtype, endian, view, place.start, place.data)?
            }
            Kind::Narrow { bits, signed } => {
                let (dtype, data) = narrow(place.data, place.start, elements, bits, signed);
                Tensor::new(name, place.file, dtype, endian, view, 0, data)?
            }
        };
        self.tensors.push(tensor);
        Ok(())
    }
}
