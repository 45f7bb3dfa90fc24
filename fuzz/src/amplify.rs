//! Small files whose structure claims or repeats much, for every format: what a parser that trusts
//! counts, or keeps a little for every byte, pays for. No mutation finds these: they are well formed,
//! or nearly.
//!
//! A row makes a file of about so many bytes before it is packed; the test that runs them (hinton-cli,
//! `tests/amplify.rs`) packs some by gzip, so that a few kilobytes on disk are hundreds of megabytes.

#[path = "amplify_networks.rs"]
mod networks;

/// xorshift64* (Vigna 2016): the same files in every run.
pub struct Numbers(pub u64);

impl Numbers {
    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// One below `most`.
    pub fn below(&mut self, most: usize) -> usize {
        (self.next() % most.max(1) as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    /// A count that lies.
    fn claim(&mut self) -> u64 {
        let bits = 1 + self.below(63);
        (1u64 << bits) - self.below(2) as u64
    }
}

/// Makes a file of about `size` bytes.
pub type Make = fn(&mut Numbers, usize) -> Vec<u8>;

/// The name of a file, whose end says the format, and how it is made.
pub const ROWS: &[(&str, Make)] = &[
    ("x.safetensors", safetensors),
    ("model.safetensors.index.json", index),
    ("x.gguf", gguf),
    ("x.npy", npy),
    ("x.npz", |numbers, size| members(numbers, size, npy, "npy")),
    ("x.keras", |numbers, size| members(numbers, size, json, "json")),
    ("x.pt2", |numbers, size| members(numbers, size, json, "json")),
    ("x.pkl", pickle),
    ("x.pt", |numbers, size| zip(&[("a/data.pkl".to_owned(), pickle(numbers, size))])),
    ("x.csv", csv),
    ("x.json", json),
    ("x.txt", printed),
    ("model.json", tfjs),
    ("x.onnx", |numbers, size| message(numbers, size, &[7], &[1, 2, 5, 11, 12, 15])),
    ("x.pb", |numbers, size| message(numbers, size, &[1, 2], &[1, 2, 3, 5])),
    ("x.mlmodel", |numbers, size| message(numbers, size, &[500, 502], &[1, 2, 140, 100])),
    ("x.caffemodel", |numbers, size| message(numbers, size, &[2, 100], &[1, 4, 5, 6, 7])),
    ("x.mat", matlab),
    ("x.msgpack", msgpack),
    ("x.tar", tar),
    ("x.zip", |numbers, size| members(numbers, size, safetensors, "safetensors")),
    ("x.bin", |numbers, size| {
        let claim = numbers.claim();
        [format!("{claim} 300\n").into_bytes(), b"w ".repeat(size / 2)].concat()
    }),
    ("x-idx3-ubyte", |numbers, size| {
        let axes = numbers.below(255) as u8;
        let dims: Vec<u8> =
            (0..axes).flat_map(|_| (numbers.below(3) as u32).to_be_bytes()).collect();
        [vec![0, 0, 8, axes], dims, vec![0; size]].concat()
    }),
    ("imatrix.dat", |numbers, size| {
        let count = (size / 12) as u32;
        let entry = [1u32.to_le_bytes().to_vec(), vec![b'a'], vec![0; 8]].concat();
        [count.to_le_bytes().to_vec(), entry.repeat(size / 13 + numbers.below(2))].concat()
    }),
    ("x.xml", |numbers, size| {
        let layer = r#"<layer id="1" type="Const"><data offset="0" size="0" shape="0"/></layer>"#;
        let unit = numbers.pick(&[layer, "<a>", "<layer ", "<!-- -->"]);
        format!(r#"<net name="a" version="11"><layers>{}"#, unit.repeat(size / unit.len()))
            .into_bytes()
    }),
    ("x.tflite", |numbers, size| networks::flat(numbers, size, b"TFL3")),
    ("x.ort", |numbers, size| networks::flat(numbers, size, b"ORTM")),
    ("x.pte", |numbers, size| networks::flat(numbers, size, b"ET12")),
    ("x.mnn", |numbers, size| networks::flat(numbers, size, &[0; 4])),
    ("x.ckpt", networks::mindspore),
    ("net.pb", networks::leela),
    ("init_net.pb", networks::caffe2),
    ("x.thinc", networks::thinc),
    ("x.t7", networks::torch7),
    ("x.params", networks::mxnet),
    ("x.pdiparams", networks::pdiparams),
    ("x.param", networks::ncnn),
    ("x.nnue", networks::nnue),
    ("katago.bin", networks::katago),
    ("opencv.xml", networks::opencv),
    ("x.pmml", networks::pmml),
    ("llama2c.bin", networks::llama2c),
    ("fasttext.bin", networks::fasttext),
    ("ggml.bin", networks::ggjt),
    ("x.weights", networks::darknet),
    ("x.hs", networks::summary),
    (".metadata", pickle),
    (".zarray", |numbers, _| {
        let (dim, chunk) = (numbers.claim(), 1u64 << numbers.below(40));
        format!(
            r#"{{"zarr_format":2,"shape":[{dim}],"chunks":[{chunk}],"dtype":"<f4","compressor":null,"fill_value":{},"order":"C","filters":null}}"#,
            numbers.pick(&["0", "null", "\"NaN\"", "1.5"])
        )
        .into_bytes()
    }),
];

/// A file of another in which a stretch is repeated, and a number of which is a claim: for formats
/// whose files are not made by hand here.
pub fn repeated(numbers: &mut Numbers, file: &[u8], size: usize) -> Vec<u8> {
    let mut out = file.to_vec();
    if out.is_empty() {
        return out;
    }
    let start = numbers.below(out.len());
    let len = 1 + numbers.below((out.len() - start).min(256));
    let stretch = out[start..start + len].to_vec();
    let repeats = numbers.below(size / len + 1);
    out.splice(start..start, stretch.repeat(repeats));
    for _ in 0..numbers.below(3) {
        let width = [1, 2, 4, 8][numbers.below(4)];
        let at = numbers.below(file.len());
        let claim = numbers.claim().to_le_bytes();
        out.iter_mut().skip(at).zip(&claim[..width]).for_each(|(byte, claim)| *byte = *claim);
    }
    out
}

/// A unit over and over, with a comma between.
fn listed(unit: &str, size: usize) -> String {
    let mut text = format!("{unit},").repeat(size / (unit.len() + 1) + 1);
    text.pop();
    text
}

/// Names that differ, each with what stands behind it.
fn named(numbers: &mut Numbers, value: &str, size: usize) -> String {
    let pad = "n".repeat([0, 0, 0, 100, 4000][numbers.below(5)]);
    let each = pad.len() + value.len() + 12;
    let pairs: Vec<String> =
        (0..size / each + 1).map(|at| format!("\"{pad}{at}\":{value}")).collect();
    pairs.join(",")
}

fn safetensors(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let empty = r#"{"dtype":"F32","shape":[0],"data_offsets":[0,0]}"#;
    let text = match numbers.below(5) {
        0 => format!(
            r#"{{"__metadata__":{{"a":[{}]}}}}"#,
            listed(numbers.pick(&["0", "[]", "{}", "\"\""]), size)
        ),
        1 => format!(r#"{{"__metadata__":{{{}}}}}"#, named(numbers, "\"\"", size)),
        2 => format!("{{{}}}", named(numbers, empty, size)),
        3 => format!(
            r#"{{"a":{{"dtype":"F32","shape":[{}],"data_offsets":[0,0]}}}}"#,
            listed("0", size)
        ),
        _ => format!(r#"{{"__metadata__":{}"#, "[".repeat(size)),
    };
    [(text.len() as u64).to_le_bytes().to_vec(), text.into_bytes()].concat()
}

fn index(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let value = numbers.pick(&["\"model-00001-of-00002.safetensors\"", "\"\"", "[]", "{}"]);
    let key = numbers.pick(&["weight_map", "metadata"]);
    format!("{{\"{key}\":{{{}}},\"weight_map\":{{}}}}", named(numbers, value, size)).into_bytes()
}

fn gguf(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let mut out = b"GGUF\x03\0\0\0".to_vec();
    let text = |text: &str| [(text.len() as u64).to_le_bytes().to_vec(), text.into()].concat();
    match numbers.below(3) {
        0 => {
            // An array of texts, of bytes, or of arrays, with a count that may lie.
            let kind = [8u32, 0, 9][numbers.below(3)];
            let count = if numbers.below(2) == 0 { size as u64 / 8 } else { numbers.claim() };
            out.extend([0u64.to_le_bytes(), 1u64.to_le_bytes()].concat());
            out.extend(
                [text("a"), 9u32.to_le_bytes().to_vec(), kind.to_le_bytes().to_vec()].concat(),
            );
            out.extend(count.to_le_bytes());
            out.extend(vec![0; size]);
        }
        1 => {
            let count = size as u64 / 15;
            out.extend([0u64.to_le_bytes(), count.to_le_bytes()].concat());
            for at in 0..count {
                out.extend([text(&at.to_string()), 0u32.to_le_bytes().to_vec(), vec![0]].concat());
            }
        }
        _ => {
            let count = size as u64 / 40;
            out.extend([count.to_le_bytes(), 0u64.to_le_bytes()].concat());
            for at in 0..count {
                let name = text(&at.to_string());
                let dims = [1u32.to_le_bytes().to_vec(), numbers.claim().to_le_bytes().to_vec()];
                out.extend([name, dims.concat(), vec![0; 12]].concat());
            }
        }
    }
    out
}

fn npy(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let claim = numbers.claim();
    let descr = match numbers.below(4) {
        0 => format!(
            "[{}]",
            listed(numbers.pick(&["('', '<f4')", "('a', '|V0', (9, 9))", "0", "('a', [])"]), size)
        ),
        1 => "[('a', ".repeat(size / 7),
        2 => format!("[('a', '<f8', ({claim}, 1)), ('b', '|u1')]"),
        _ => format!("'{}'", numbers.pick(&["<f4", "<f16", "|O", "<c32"])),
    };
    let shape = match numbers.below(3) {
        0 => listed("1", size.min(1 << 20)),
        1 => format!("{claim},"),
        _ => "0, 5".to_owned(),
    };
    let text = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': ({shape}), }}");
    let start = [b"\x93NUMPY\x02\0".to_vec(), (text.len() as u32).to_le_bytes().to_vec()].concat();
    [start, text.into_bytes(), vec![0; numbers.below(64)]].concat()
}

fn members(numbers: &mut Numbers, size: usize, make: Make, end: &str) -> Vec<u8> {
    let count = 1 + numbers.below((size / 200).clamp(1, 50_000));
    let one = make(numbers, size / count / 2);
    let all: Vec<(String, Vec<u8>)> =
        (0..count).map(|at| (format!("a/{at}.{end}"), one.clone())).collect();
    zip(&all)
}

/// An archive of stored members.
pub fn zip(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let (mut out, mut central) = (Vec::new(), Vec::new());
    let mut known: (&[u8], u32) = (&[], 0);
    for (name, bytes) in members {
        if known.0 != &**bytes {
            known = (bytes, crc(bytes));
        }
        let len = (bytes.len() as u32).to_le_bytes();
        let mut head = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        head.extend([known.1.to_le_bytes(), len, len].concat());
        head.extend([name.len() as u8, (name.len() >> 8) as u8, 0, 0]);
        central.extend([&b"PK\x01\x02\x14\0"[..], &head, &[0; 10]].concat());
        central.extend((out.len() as u32).to_le_bytes());
        central.extend(name.as_bytes());
        out.extend([&b"PK\x03\x04"[..], &head, name.as_bytes(), bytes].concat());
    }
    let count = (members.len().min(65535) as u16).to_le_bytes();
    let (start, len) = ((out.len() as u32).to_le_bytes(), (central.len() as u32).to_le_bytes());
    let end = [&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &len, &start, &[0, 0]].concat();
    [out, central, end].concat()
}

fn crc(bytes: &[u8]) -> u32 {
    let sum = |mut crc: u32, byte: &u8| {
        crc ^= u32::from(*byte);
        (0..8).for_each(|_| crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 });
        crc
    };
    !bytes.iter().fold(!0, sum)
}

fn pickle(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let mut out = b"\x80\x02".to_vec();
    match numbers.below(6) {
        // A list of the same list, of the same list …: short to write, long to walk.
        0 => {
            out.extend(b"](K\x01K\x02eq\0");
            for level in 1..120u8.min((size / 20) as u8 + 2) {
                let before = level - 1;
                let items = [b'h', before].repeat(1 + numbers.below(20));
                out.extend([b"](".to_vec(), items, vec![b'e', b'q', level]].concat());
            }
        }
        1 => out.extend([b"](".to_vec(), b"K\x01".repeat(size / 2), vec![b'e']].concat()),
        2 => out.extend([b"](".to_vec(), b"]".repeat(size), vec![b'e']].concat()),
        3 => out.extend([b"}(".to_vec(), b"K\x01]".repeat(size / 3), vec![b'u']].concat()),
        // A long key, and dictionaries in dictionaries that have it.
        4 => {
            let key = vec![b'k'; size];
            out.extend([b"X".to_vec(), (size as u32).to_le_bytes().to_vec(), key].concat());
            out.extend(b"q\x000}q\x01");
            for _ in 0..numbers.below(100) {
                out.extend(b"}h\0h\x01sq\x01");
            }
        }
        _ => {
            out.extend([b"(".to_vec(), b"cnumpy\nndarray\n".repeat(size / 15), vec![b'l']].concat())
        }
    }
    out.push(b'.');
    out
}

fn csv(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let line = match numbers.below(5) {
        0 => "1,".repeat(size / 2) + "1\n",
        1 => "a,".repeat(size / 2) + "a\n1,1\n",
        2 => "1\n".repeat(size / 2),
        3 => "a,1,b\n".repeat(size / 6),
        _ => format!("\"{}\",1\n", "x".repeat(size)),
    };
    line.into_bytes()
}

fn json(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    match numbers.below(6) {
        0 => format!("[{}]", listed("[1]", size)),
        1 => format!("[{},[1,2]]", listed("[1]", size)),
        2 => format!("{{\"a\":[[1]],{}}}", named(numbers, "[1]", size)),
        3 => "[".repeat(size),
        4 => format!("[[1],{}", "{\"a\":[".repeat(size / 6)),
        _ => format!("[[{}]]", listed("null", size)),
    }
    .into_bytes()
}

fn printed(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let unit =
        numbers.pick(&["[1 2]\n", "array([1.])\n", "[[1.]\n [2.]]\n", "tensor([[1]], a=[])\n"]);
    let text = unit.repeat(size / unit.len() + 1);
    match numbers.below(2) {
        0 => format!("[{text}]"),
        _ => text,
    }
    .into_bytes()
}

fn tfjs(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let weight = r#"{"name":"a","shape":[],"dtype":"float32"}"#;
    let inside = match numbers.below(3) {
        0 => format!(r#"{{"paths":["a.bin"],"weights":[{}]}}"#, listed(weight, size)),
        1 => format!(r#"{{"paths":[{}],"weights":[{weight}]}}"#, listed("\"a.bin\"", size)),
        _ => listed(r#"{"paths":[],"weights":[]}"#, size),
    };
    format!(r#"{{"modelTopology":{{}},"weightsManifest":[{inside}]}}"#).into_bytes()
}

/// A message of protocol buffers: fields in fields, the innermost repeated.
fn message(numbers: &mut Numbers, size: usize, outer: &[u32], inner: &[u32]) -> Vec<u8> {
    let key = |field: u32| varint(u64::from(field << 3 | 2));
    let unit = match numbers.below(4) {
        0 => vec![0],
        1 => [varint(5), b"\x0a\x03abc".to_vec()].concat(),
        2 => [varint(4), vec![8, 255, 255, 3]].concat(),
        _ => [varint(200), vec![b'n'; 200]].concat(),
    };
    let field = [key(inner[numbers.below(inner.len())]), unit].concat();
    let mut body = field.repeat(size / field.len() + 1);
    for depth in 0..1 + numbers.below(30) {
        let field = match depth {
            0 => outer[numbers.below(outer.len())],
            _ => inner[numbers.below(inner.len())],
        };
        let name = [vec![0x0a], varint(50), vec![b'm'; 50]].concat();
        body = [name, key(field), varint(body.len() as u64), body].concat();
    }
    let first = outer[numbers.below(outer.len())];
    [vec![8, 8], key(first), varint(body.len() as u64), body].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

fn matlab(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let mut out = format!("{:<124}", "MATLAB 5.0 MAT-file").into_bytes();
    out.extend(b"\0\x01IM");
    let tag = |kind: u32, len: u32| [kind.to_le_bytes(), len.to_le_bytes()].concat();
    // A matrix of a class, with dimensions and a name; cells hold more of the kind.
    let class = [1u32, 2, 6, 9, 12][numbers.below(5)];
    let flags = [tag(6, 8), class.to_le_bytes().to_vec(), vec![0; 4]].concat();
    let dims = [tag(5, 8), (size as u32 / 64).to_le_bytes().to_vec(), 1u32.to_le_bytes().to_vec()];
    let head = [flags, dims.concat(), tag(1, 0)].concat();
    let inner = [tag(14, head.len() as u32), head.clone()].concat();
    let body = [head, inner.repeat(size / inner.len() + 1)].concat();
    match numbers.below(2) {
        0 => out.extend([tag(14, body.len() as u32), body].concat()),
        _ => out.extend(body.repeat(2)),
    }
    out
}

fn msgpack(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let count = (size as u32).to_be_bytes();
    match numbers.below(4) {
        0 => [vec![0x81, 0xa1, b'a', 0xdd], count.to_vec(), vec![0xc0; size]].concat(),
        1 => [vec![0x81, 0xa1, b'a', 0xdf], count.to_vec(), [0xa0, 0x80].repeat(size / 2)].concat(),
        2 => [0x81, 0xa1, b'a'].repeat(size / 3),
        _ => {
            let key = [vec![0x81, 0xd9, 200], vec![b'k'; 200]].concat();
            [key.repeat(20), vec![0xdd], count.to_vec(), [0xc7, 0, 1].repeat(size / 3)].concat()
        }
    }
}

fn tar(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let kind = numbers.pick(&["0", "L", "x", "5"]);
    for at in 0..size / 512 + 1 {
        let mut head = vec![0u8; 512];
        let name = format!("a/{at}.npy");
        head[..name.len()].copy_from_slice(name.as_bytes());
        head[100..108].copy_from_slice(b"0000644\0");
        head[124..136].copy_from_slice(b"00000000000\0");
        head[156] = kind.as_bytes()[0];
        head[257..265].copy_from_slice(b"ustar\x0000");
        head[148..156].fill(b' ');
        let sum: u32 = head.iter().map(|byte| u32::from(*byte)).sum();
        head[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        out.extend(head);
    }
    out.extend([0; 1024]);
    out
}
