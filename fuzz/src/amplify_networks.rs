//! As `amplify.rs`, for the formats of engines and of programs with networks of their own.

use super::{Numbers, crc, varint};

/// A FlatBuffer whose tables share what they point to: a vector of many offsets to one table, which has
/// such vectors in all its fields. A few levels are a tree that nobody can walk.
pub(super) fn flat(numbers: &mut Numbers, size: usize, mark: &[u8; 4]) -> Vec<u8> {
    let levels = 1 + numbers.below(6);
    let fields = 1 + numbers.below(20);
    let mut out = vec![0; 4];
    out.extend(mark);
    // Each level is a list of fields, a table, and a vector; what it points to lies behind it.
    let mut waiting: Vec<usize> = vec![0];
    for level in 0..levels {
        let directory = out.len();
        let row = |value: usize| (value as u16).to_le_bytes();
        out.extend([row(4 + 2 * fields), row(4 + 4 * fields)].concat());
        (0..fields).for_each(|field| out.extend(row(4 + 4 * field)));
        out.resize(out.len().next_multiple_of(4), 0);
        let table = out.len();
        for place in std::mem::take(&mut waiting) {
            point(&mut out, place, table);
        }
        out.extend(((table - directory) as i32).to_le_bytes());
        let slots: Vec<usize> = (0..fields).map(|field| table + 4 + 4 * field).collect();
        out.resize(out.len() + 4 * fields, 0);
        let vector = out.len();
        slots.into_iter().for_each(|slot| point(&mut out, slot, vector));
        let is_last = level + 1 == levels;
        let count = if is_last { size / 4 } else { 1 + numbers.below(20) };
        out.extend((count as u32).to_le_bytes());
        waiting = (0..count).map(|at| vector + 4 + 4 * at).collect();
        out.resize(out.len() + 4 * count, 0);
    }
    // What the last point to: a text, or where numbers stand.
    let end = out.len();
    waiting.into_iter().for_each(|place| point(&mut out, place, end));
    out.extend([&3u32.to_le_bytes()[..], b"abc\0"].concat());
    out
}

fn point(out: &mut [u8], from: usize, to: usize) {
    out[from..from + 4].copy_from_slice(&((to - from) as u32).to_le_bytes());
}

/// A field of a message, with its length.
fn field(number: u32, body: &[u8]) -> Vec<u8> {
    [varint(u64::from(number << 3 | 2)), varint(body.len() as u64), body.to_vec()].concat()
}

pub(super) fn mindspore(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let dims = match numbers.below(3) {
        0 => [8, 0].repeat(size / 2),
        1 => field(1, &vec![1; size]),
        _ => [vec![8], varint(numbers.claim())].concat(),
    };
    let tensor = [dims, field(2, b"Float32"), field(3, &[0; 8])].concat();
    let value = field(1, &[field(1, b"a"), field(2, &tensor)].concat());
    value.repeat(size / value.len() + 1)
}

pub(super) fn leela(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let inner = 1 + numbers.below(40) as u32;
    let unit = match numbers.below(2) {
        0 => field(inner, &[]),
        _ => field(inner, &field(1, &[0; 9])),
    };
    let weights = unit.repeat(size / unit.len() + 1);
    [vec![0x0d, 0xc0, 1, 0, 0], field(10, &weights)].concat()
}

pub(super) fn caffe2(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let shape = match numbers.below(2) {
        0 => [0x38, 1].repeat(size / 2),
        _ => [vec![0x38], varint(numbers.claim())].concat(),
    };
    let of = |name: &[u8], values: &[u8]| field(5, &[field(1, name), values.to_vec()].concat());
    let values = of(b"values", &[0x35, 0, 0, 0, 0].repeat(1 + numbers.below(size / 5 + 1)));
    let fill =
        [field(2, b"a"), field(4, b"GivenTensorFill"), of(b"shape", &shape), values].concat();
    let op = field(2, &fill);
    [field(1, b"net"), op.repeat(size / op.len() + 1)].concat()
}

pub(super) fn thinc(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let count = (size as u32).to_be_bytes();
    let list = |unit: &[u8]| [vec![0xdd], count.to_vec(), unit.repeat(size)].concat();
    let nodes = [b"\x82\xa5nodes".to_vec(), list(b"\x80")].concat();
    match numbers.below(3) {
        0 => [nodes, b"\xa6params".to_vec(), list(b"\x80")].concat(),
        1 => [b"\x82\xa5nodes\x91\x80\xa6params".to_vec(), b"\x91\x81\xa1W".repeat(size / 4)]
            .concat(),
        _ => [nodes, b"\xa5attrs".to_vec(), list(b"\xc0")].concat(),
    }
}

/// Tables of tables, each of which is written once and named many times.
pub(super) fn torch7(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let word = |value: usize| (value as u32).to_le_bytes();
    let number = |value: usize| [word(1).to_vec(), (value as f64).to_le_bytes().to_vec()].concat();
    let levels = 2 + numbers.below(60);
    let mut out = Vec::new();
    for level in 1..levels {
        // A table of two or more that are all the one below.
        let count = 1 + numbers.below(12);
        out.extend([word(3), word(level), word(count)].concat());
        for key in 2..=count {
            out.extend([number(key), [word(3), word(level + 1)].concat()].concat());
        }
        out.extend(number(1));
    }
    let claim = numbers.claim() as usize;
    let count = [size / 24, claim][numbers.below(2)];
    out.extend([word(3), word(levels), word(count)].concat());
    for key in 0..size / 24 {
        out.extend([number(key), number(key)].concat());
    }
    out
}

pub(super) fn mxnet(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let long = |value: u64| value.to_le_bytes();
    let mut out = [long(0x112), long(0)].concat();
    let array = match numbers.below(2) {
        // Without axes: nothing follows.
        0 => [0xf993_fac9u32.to_le_bytes(), [0; 4], [0; 4]].concat(),
        _ => {
            let head = [0xf993_fac9u32, 0, 1].map(u32::to_le_bytes).concat();
            [head, long(numbers.claim()).to_vec(), vec![1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]
                .concat()
        }
    };
    let count = size / array.len();
    let claimed = [count as u64, numbers.claim()][numbers.below(2)];
    out.extend([long(claimed).to_vec(), array.repeat(count)].concat());
    let names = [long(1).to_vec(), b"a".to_vec()].concat();
    out.extend([long(claimed).to_vec(), names.repeat(count)].concat());
    out
}

pub(super) fn pdiparams(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let dims = match numbers.below(3) {
        0 => [0x10, 0].repeat(size / 2),
        1 => field(2, &vec![1; size / 4]),
        _ => [vec![0x10], varint(numbers.claim())].concat(),
    };
    let about = [vec![8, 5], dims].concat();
    let len = (about.len() as u32).to_le_bytes();
    let tensor = [vec![0; 16], len.to_vec(), about].concat();
    tensor.repeat(size / tensor.len() + 1)
}

pub(super) fn ncnn(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let line = numbers.pick(&[
        "Input a 0 1 a 0=1\n",
        "Convolution c 1 1 a b 0=2147483647 6=1\n",
        "X x 0 0\n",
    ]);
    let count = size / line.len() + 1;
    let claim = numbers.claim();
    let many = [count as u64, claim][numbers.below(2)];
    format!("7767517\n{many} {many}\n{}", line.repeat(count)).into_bytes()
}

pub(super) fn nnue(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let claim = (numbers.claim() as u32).to_le_bytes();
    let len = [(size as u32).to_le_bytes(), claim][numbers.below(2)];
    let head = [0x7af3_2f20u32.to_le_bytes(), [0; 4], len].concat();
    [head, vec![b'a'; size], b"COMPRESSED_LEB128".to_vec(), claim.to_vec(), vec![0x80; size]]
        .concat()
}

pub(super) fn katago(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let claim = numbers.claim();
    let words = "1 ".repeat(1 + numbers.below(size / 2 + 1));
    let run = format!("conv {claim} {claim} {words}\n@BIN@");
    let mut out = format!("net 8 22 1 trunk {claim} ").into_bytes();
    let many = size / (run.len() + 4) + 1;
    (0..many).for_each(|_| out.extend([run.as_bytes(), &[0; 4]].concat()));
    out
}

pub(super) fn opencv(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let claim = numbers.claim();
    let matrix = format!(
        "<a type_id=\"opencv-matrix\"><rows>{claim}</rows><cols>1</cols><dt>f</dt><data>0 0</data></a>"
    );
    let unit = numbers.pick(&[matrix.as_str(), "<a>", "<a>1</a>", "<_>1 1</_>", "1 "]);
    let yaml = numbers.pick(&["a: [", "- 1\n", "a: 1\n", " ", "a:\n  - [1, 2]\n"]);
    let json = numbers.pick(&["[", "{\"a\":", "[1],", "1,", "\"a\": 1,"]);
    let many = |unit: &str| unit.repeat(size / unit.len() + 1);
    match numbers.below(3) {
        0 => format!("<?xml version=\"1.0\"?>\n<opencv_storage>\n{}", many(unit)),
        1 => format!("%YAML:1.0\n---\n{}", many(yaml)),
        _ => format!("{{\"opencv\": {{\"type_id\":\"opencv-matrix\",\"a\":[{}", many(json)),
    }
    .into_bytes()
}

pub(super) fn pmml(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let unit = numbers.pick(&[
        "<NeuralLayer><Neuron id=\"1\"><Con from=\"0\" weight=\"1\"/></Neuron></NeuralLayer>",
        "<Neuron id=\"1\" bias=\"0\">",
        "<NumericPredictor name=\"a\" coefficient=\"1\"/>",
        "<Array type=\"real\" n=\"999999999\">1 1</Array>",
        "<a>",
        "<DataField name=\"a\"/>",
    ]);
    let root =
        numbers.pick(&["NeuralNetwork", "RegressionModel", "ClusteringModel", "DataDictionary"]);
    let body = unit.repeat(size / unit.len() + 1);
    format!("<?xml version=\"1.0\"?>\n<PMML version=\"4.4\"><{root}>{body}").into_bytes()
}

pub(super) fn llama2c(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let head =
        [[0x616b_3432u32, 1], [20_240_326, 3]][numbers.below(2)].map(u32::to_le_bytes).concat();
    let claims: Vec<u8> =
        (0..8).flat_map(|_| (numbers.claim() as u32 >> numbers.below(31)).to_le_bytes()).collect();
    [head, claims, vec![0; size]].concat()
}

pub(super) fn fasttext(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let head =
        [[793_712_314u32, 12].map(u32::to_le_bytes).concat(), vec![1; 48], vec![0; 8]].concat();
    let word = match numbers.below(2) {
        0 => [b"a\0".to_vec(), vec![0; 9]].concat(),
        _ => [vec![b'a'; 4000], vec![0; 10]].concat(),
    };
    let count = size / word.len() + 1;
    let claim = (numbers.claim() as u32).to_le_bytes();
    let counts = [(count as u32).to_le_bytes(), claim][numbers.below(2)];
    let table = [counts, counts, [0; 4]].concat();
    [head, table, vec![0; 16], word.repeat(count), vec![0; 64]].concat()
}

pub(super) fn ggjt(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let claim = (numbers.claim() as u32).to_le_bytes();
    let count = ((size / 8) as u32).to_le_bytes();
    let vocabulary = [count, claim][numbers.below(2)];
    let head = [b"tjgg".to_vec(), 3u32.to_le_bytes().to_vec(), vocabulary.to_vec()].concat();
    let settings = [64u32, 32, 4, 4, 16, 0].map(u32::to_le_bytes).concat();
    [head, settings, vec![0; size]].concat()
}

pub(super) fn darknet(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let head = [0u32, 2, 5].map(u32::to_le_bytes).concat();
    [head, vec![0; 8], vec![0; size / 4 * 4 + numbers.below(5)]].concat()
}

/// The head of a summary that names many tensors or files, or claims much; checked by its CRC-32.
pub(super) fn summary(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let claim = numbers.claim() >> 2;
    let facts = |shape: &str, values: u64| {
        format!(
            r#"{{"name":"a","file":0,"dtype":"f32","shape":[{shape}],"values":{values},"repeats":1}}"#
        )
    };
    let (tensor, file) = match numbers.below(3) {
        0 => (facts("0", 0), r#"{"name":"a"}"#),
        1 => (facts(&format!("{claim},1"), claim), r#"{"name":"a","bytes":1}"#),
        _ => (facts("1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", 1), r#"{"name":"a"}"#),
    };
    let many = |unit: &str, count: usize| vec![unit; count].join(",");
    let head = format!(
        r#"{{"path":"a","format":"npy","sample":"","stripe":131072,"files":[{}],"tensors":[{}]}}"#,
        many(file, 1 + numbers.below(size / file.len() + 1)),
        many(&tensor, size / tensor.len() + 1),
    );
    let mut out = b"HINTONHS\x01\0\0\0".to_vec();
    out.extend((head.len() as u32).to_le_bytes());
    out.extend(head.as_bytes());
    out.extend([(numbers.claim() as u32).to_le_bytes().to_vec(), vec![0; size]].concat());
    let sum = crc(&out).to_le_bytes();
    [out, sum.to_vec()].concat()
}
