//! The pickle machine by itself: opcodes, bounds, hostile streams.

use crate::python_support;

use hinton_format::container::pickle::{Node, Pickle, load};
use hinton_format::{Error, ErrorKind, Limits};
use python_support::{Numbers, open_with, read_all};

fn run(stream: &[u8]) -> Result<Pickle<'_>, Error> {
    load(stream, 0, &Limits::default())
}

fn fails(stream: &[u8]) -> Error {
    match run(stream) {
        Ok(_) => panic!("{stream:?} was read"),
        Err(error) => error,
    }
}

/// The value as text, a few levels deep.
fn shown(pickle: &Pickle<'_>, id: hinton_format::container::pickle::Id, depth: usize) -> String {
    if depth == 0 {
        return "…".to_owned();
    }
    let list = |items: &[_]| -> String {
        let parts: Vec<String> = items.iter().map(|&item| shown(pickle, item, depth - 1)).collect();
        parts.join(" ")
    };
    let pairs = |pairs: &[(_, _)]| -> String {
        let parts: Vec<String> = pairs
            .iter()
            .map(|&(key, value)| {
                format!("{}={}", shown(pickle, key, depth - 1), shown(pickle, value, depth - 1))
            })
            .collect();
        parts.join(" ")
    };
    match pickle.node(id) {
        Node::None => "None".to_owned(),
        Node::Bool(value) => value.to_string(),
        Node::Int(value) => value.to_string(),
        Node::HugeInt => "huge".to_owned(),
        Node::Float(value) => format!("{value:?}"),
        Node::Bytes(blob) => format!("b{:?}", pickle.blob(blob)),
        Node::ByteArray(blob) => format!("a{:?}", pickle.blob(blob)),
        Node::Str(_) | Node::ByteStr(_) => format!("{:?}", pickle.text(id).unwrap()),
        Node::List(items) => format!("[{}]", list(items)),
        Node::Tuple(items) => format!("({})", list(items)),
        Node::Dict(items) => format!("{{{}}}", pairs(items)),
        Node::Set(items) => format!("set({})", list(items)),
        Node::FrozenSet(items) => format!("frozenset({})", list(items)),
        Node::Global(_) => pickle.global(id).unwrap().shown(),
        Node::Persid(inner) => format!("persid({})", shown(pickle, *inner, depth - 1)),
        Node::Object(object) => format!(
            "{:?}<{}{} state[{}] items[{}] pairs[{}]>",
            object.how,
            shown(pickle, object.callable, depth - 1),
            shown(pickle, object.args, depth - 1),
            list(&object.state),
            list(&object.items),
            pairs(&object.pairs),
        ),
    }
}

fn value(stream: &[u8]) -> String {
    let pickle = run(stream).unwrap_or_else(|error| panic!("{stream:?}: {error}"));
    shown(&pickle, pickle.root(), 6)
}

#[test]
fn every_opcode_does_what_pickletools_says() {
    for (stream, wanted) in [
        (&b"N."[..], "None"),
        (b"I01\n.", "true"),
        (b"I00\n.", "false"),
        (b"I-12\n.", "-12"),
        (b"L12345678901234567890L\n.", "12345678901234567890"),
        (b"\x80\x02\x88.", "true"),
        (b"\x89.", "false"),
        (b"J\xff\xff\xff\xff.", "-1"),
        (b"K\xff.", "255"),
        (b"M\x00\x01.", "256"),
        (b"\x8a\x00.", "0"),
        (b"\x8a\x02\x00\x80.", "-32768"),
        (b"\x8b\x01\x00\x00\x00\x7f.", "127"),
        (b"F1e-3\n.", "0.001"),
        (b"Fnan\n.", "NaN"),
        (b"G\xbf\xf0\x00\x00\x00\x00\x00\x00.", "-1.0"),
        (b"S'a\\x41'\n.", "\"aA\""),
        (b"T\x02\x00\x00\x00ab.", "\"ab\""),
        (b"U\x01\xe9.", "\"é\""),
        (b"V\\u20ac\n.", "\"€\""),
        (b"X\x02\x00\x00\x00\xc3\xa9.", "\"é\""),
        (b"\x8c\x01x.", "\"x\""),
        (b"\x8d\x01\0\0\0\0\0\0\0y.", "\"y\""),
        (b"B\x01\0\0\0z.", "b[122]"),
        (b"C\x01z.", "b[122]"),
        (b"\x8e\x01\0\0\0\0\0\0\0z.", "b[122]"),
        (b"\x96\x01\0\0\0\0\0\0\0z.", "a[122]"),
        (b").", "()"),
        (b"K\x01\x85.", "(1)"),
        (b"K\x01K\x02\x86.", "(1 2)"),
        (b"K\x01K\x02K\x03\x87.", "(1 2 3)"),
        (b"(K\x01K\x02t.", "(1 2)"),
        (b"(K\x01K\x02l.", "[1 2]"),
        (b"(K\x01K\x02d.", "{1=2}"),
        (b"]K\x01a.", "[1]"),
        (b"](K\x01K\x02e.", "[1 2]"),
        (b"}K\x01K\x02s.", "{1=2}"),
        (b"}(K\x01K\x02K\x03Nu.", "{1=2 3=None}"),
        (b"\x8f(K\x01\x90.", "set(1)"),
        (b"(K\x01\x91.", "frozenset(1)"),
        (b"NN0.", "None"),
        (b"N(0.", "None"),
        (b"K\x07(NN1.", "7"),
        (b"]2a.", "[[[[[[…]]]]]]"),
        (b"]q\x00K\x01ah\x00\x86.", "([1] [1])"),
        (b"K\x05r\x00\x00\x00\x010j\x00\x00\x00\x01.", "5"),
        (b"K\x05p300\n0g300\n.", "5"),
        (b"K\x05\x940K\x06\x940h\x01.", "6"),
        (b"cm\nf\n.", "m.f"),
        (b"\x8c\x01m\x8c\x01f\x93.", "m.f"),
        (b"cm\nf\nK\x01\x85R.", "Call<m.f(1) state[] items[] pairs[]>"),
        (b"cm\nf\n)\x81.", "New<m.f() state[] items[] pairs[]>"),
        (b"cm\nf\n)}\x92.", "New<m.f() state[] items[] pairs[]>"),
        (b"(K\x01im\nf\n.", "Call<m.f(1) state[] items[] pairs[]>"),
        (b"(cm\nf\nK\x01o.", "Call<m.f(1) state[] items[] pairs[]>"),
        (b"cm\nf\n)RK\x01b.", "Call<m.f() state[1] items[] pairs[]>"),
        (b"cm\nf\n)RK\x01a.", "Call<m.f() state[] items[1] pairs[]>"),
        (b"cm\nf\n)RK\x01K\x02s.", "Call<m.f() state[] items[] pairs[1=2]>"),
        (b"P7\n.", "persid(\"7\")"),
        (b"K\x07Q.", "persid(7)"),
        (b"\x80\x04\x95\x02\0\0\0\0\0\0\0N.", "None"),
    ] {
        assert_eq!(value(stream), wanted, "{stream:?}");
    }
}

#[test]
fn faults_name_byte_and_opcode() {
    for (stream, byte, part) in [
        (&b""[..], 0, "an opcode wants STOP, 0 are left"),
        (b"N", 1, "wants STOP"),
        (b".", 0, "STOP finds nothing on the stack"),
        (b"(.", 1, "STOP finds nothing on the stack"),
        (b"N0a", 2, "APPEND finds nothing on the stack"),
        (b"K", 0, "BININT1 wants 1 more bytes, 0 are left"),
        (b"Nt", 1, "TUPLE finds no MARK"),
        (b"h\x05.", 0, "uses memo 5 before it is set"),
        (b"NK\x01a.", 3, "APPEND cannot add to None"),
        (b"(Nd.", 2, "DICT finds 1 values, which are not pairs"),
        (b"NNR.", 2, "wants a tuple of arguments, not None"),
        (b"N)R.", 2, "REDUCE calls None"),
        (b"Nb.", 1, "BUILD finds nothing"),
        (b"NNb.", 2, "BUILD cannot set the state of None"),
        (b"X\xff\xff\xff\xff.", 0, "BINUNICODE wants 4294967295 more bytes, 1 are left"),
        (b"\x8e\xff\xff\xff\xff\xff\xff\xff\xffab", 0, "wants 18446744073709551615 more bytes"),
        (b"\x8b\xff\xff\xff\x7f.", 0, "LONG4 wants 2147483647 more bytes"),
        (b"\x8b\xff\xff\xff\xff.", 0, "negative length, -1"),
        (b"T\xff\xff\xff\xff.", 0, "negative length, -1"),
        (b"X\x01\0\0\0\xff.", 0, "not UTF-8"),
        (b"Ixyz\n.", 0, "INT is not followed"),
        (b"I12", 0, "INT wants a line's end"),
        (b"\xff.", 0, "no pickle opcode 0xff"),
        (b"NN\x93.", 2, "STACK_GLOBAL wants two str"),
        (b"\x95\xff\0\0\0\0\0\0\0N.", 0, "FRAME wants 255"),
    ] {
        let error = fails(stream);
        assert_eq!(error.kind(), ErrorKind::Malformed, "{stream:?}: {error}");
        assert_eq!(error.byte(), Some(byte), "{stream:?}: {error}");
        assert!(error.message().contains(part), "{stream:?}: {error}");
    }
}

#[test]
fn what_is_not_read_is_unsupported() {
    for stream in [&b"\x82\x01."[..], b"\x83\x01\x01.", b"\x84\x01\0\0\0.", b"\x97.", b"\x80\x06N."]
    {
        assert_eq!(fails(stream).kind(), ErrorKind::Unsupported, "{stream:?}");
    }
    // Joblib before 0.10: the arrays lie in files beside it.
    let old = b"cjoblib.numpy_pickle\nNDArrayWrapper\n)\x81}b.";
    assert_eq!(fails(old).kind(), ErrorKind::Unsupported);
}

#[test]
fn a_mention_is_enough_to_refuse() {
    for stream in [
        &b"cos\nsystem\n."[..],
        b"cos\nsystem\n0N.",
        b"(ios\nsystem\n.",
        b"\x8c\x05posix\x8c\x06system\x93.",
        b"(S'true'\nios\nsystem\n.",
        b"\x8c\x13torch.serialization\x8c\x09os.system\x93.",
    ] {
        let error = fails(stream);
        assert_eq!(error.kind(), ErrorKind::Refused, "{stream:?}");
        assert!(error.message().contains("system: refused, nothing was executed"), "{error}");
        assert!(error.byte().is_some());
    }
}

/// Opcodes that call `getattr` for what stands on the stack; the name follows as UNICODE.
const GETATTR: &[u8] = b"cbuiltins\ngetattr\n(";

#[test]
fn attributes_stay_opaque_and_are_listed() {
    for (rest, wanted) in [
        (&b"cmodels\nOuter\nVInner\ntR."[..], "models.Outer.Inner"),
        // A class inside a class, made an instance of, as protocol 2 writes it.
        (b"cmodels\nOuter\nVInner\ntR)\x81.", "models.Outer.Inner"),
        (b"cmodels\nOuter\nVInner\ntR)R.", "models.Outer.Inner"),
        (b"cenums\nMode\nVTRAIN\ntR.", "enums.Mode.TRAIN"),
        (b"cfunctions\nSwish\nVapply\ntR.", "functions.Swish.apply"),
        // A bound method, which is kept and not called.
        (b"cm\nf\n)RVforward\ntR.", "….forward"),
        (b"cbuiltins\ngetattr\n(cm\nA\nVB\ntRVC\ntR.", "m.A.B.C"),
    ] {
        let stream = [GETATTR, rest].concat();
        let pickle = run(&stream).unwrap();
        let last = pickle.attributes().last().map(String::as_str);
        assert_eq!(last, Some(wanted), "{rest:?}");
    }
    let partial = run(b"cfunctools\npartial\n(cm\nf\ntR.").unwrap();
    assert!(partial.attributes().is_empty());
}

#[test]
fn attributes_that_lead_to_danger_are_refused() {
    for (rest, wanted) in [
        (&b"ctorch.serialization\nos\nVsystem\ntR."[..], "torch.serialization.os.system"),
        (b"ctorch\nhub\nVload\ntR.", "torch.hub.load"),
        (b"cm\nA\nV__globals__\ntR.", "m.A.__globals__"),
        (b"cm\nf\n)RV__class__\ntR.", "getattr for ….__class__"),
        (b"cm\nA\ncm\nname\n)RtR.", "a name that is made"),
        // What is found on an object is called.
        (b"cm\nf\n)RVrun\ntR(Vx\ntR.", "run.(…)"),
        // The function itself is handed on.
        (b"0cm\nmap\n(cbuiltins\ngetattr\ntR.", "builtins.getattr as a value"),
    ] {
        let error = fails(&[GETATTR, rest].concat());
        assert_eq!(error.kind(), ErrorKind::Refused, "{rest:?}");
        assert!(error.message().contains(wanted), "{error}");
        assert!(error.byte().is_some());
    }
    let mut chain = b"cm\nA\n".to_vec();
    for _ in 0..12 {
        chain = [GETATTR, &chain, b"Va\ntR"].concat();
    }
    assert_eq!(fails(&[&chain[..], b"."].concat()).kind(), ErrorKind::Refused);
    let called = fails(b"cfunctools\npartial\n(cm\nf\ntR)R.");
    assert!(called.message().contains("functools.partial(…)(…)"), "{called}");
    assert_eq!(fails(b"cfunctools\nreduce\n.").kind(), ErrorKind::Refused);
}

/// `]` doubled `times` times: a list of two of the list before.
fn doubled(times: usize) -> Vec<u8> {
    let mut stream = b"\x80\x02]q\x00".to_vec();
    for index in 0..times {
        stream.extend([b'h', index as u8, b'h', index as u8, 0x86, b'q', index as u8 + 1]);
    }
    stream.push(b'.');
    stream
}

#[test]
fn doubling_bombs_stay_small() {
    let stream = doubled(200);
    let pickle = run(&stream).unwrap();
    assert!(pickle.len() < 300);
    assert!(open_with("bomb.pkl", &stream, &Limits::default()).is_err());

    // The same with a number at the bottom: 2^40 numbers, described in 300 bytes.
    let mut numbers = b"\x80\x02]K\x01aq\x00".to_vec();
    for index in 0..40u8 {
        numbers.extend([b'(', b'h', index, b'h', index, b'l', b'q', index + 1]);
    }
    numbers.push(b'.');
    let error = open_with("bomb.pkl", &numbers, &Limits::default()).unwrap_err();
    assert!(error.message().contains("repeat their parts too often"), "{error}");

    // And with an array at the bottom.
    let mut arrays =
        b"\x80\x02]cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\nU\x02f4K\x00K\x01\x87RU\x04"
            .to_vec();
    arrays.extend([0, 0, 0x80, 0x3f, b't', b'R', b'a', b'q', 0]);
    for index in 0..40u8 {
        arrays.extend([b'h', index, b'h', index, 0x86, b'q', index + 1]);
    }
    arrays.push(b'.');
    let error = open_with("bomb.pkl", &arrays, &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
}

#[test]
fn deep_nesting_needs_no_stack() {
    let deep = |open: &[u8], close: &[u8], count: usize| {
        let mut stream = open.repeat(count);
        stream.extend(b"K\x01");
        stream.extend(close.repeat(count));
        stream.push(b'.');
        stream
    };
    for stream in [
        deep(b"(", b"t", 100_000),
        deep(b"(", b"l", 100_000),
        deep(b"", b"\x85", 100_000),
        deep(b"]", b"a", 100_000),
        deep(b"}K\x01", b"s", 100_000),
        deep(b"cm\nf\n", b"\x85R", 100_000),
        [b"(".repeat(100_000), b".".to_vec()].concat(),
    ] {
        let _ = run(&stream);
        assert!(open_with("deep.pkl", &stream, &Limits::default()).is_err());
    }
}

#[test]
fn steps_and_memory_are_limited() {
    let mut limits = Limits::default();
    limits.pickle_steps = 10;
    let error = load(b"NNNNNNNNNNNNNN.", 0, &limits).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(error.message().contains("more than 10 steps"), "{error}");
    limits = Limits::default();
    limits.header_bytes = 1000;
    let stream = [b"]".repeat(1000), b".".to_vec()].concat();
    let error = load(&stream, 0, &limits).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(error.message().contains("more than 4000 bytes of memory"), "{error}");
    // A far memo index must not size anything.
    assert_eq!(value(b"Nr\xff\xff\xff\xffp99999999999999999\n."), "None");
}

/// A `BINUNICODE` of this many letters, kept as memo `index`.
fn long_text(index: u8, count: usize) -> Vec<u8> {
    let mut out = b"X".to_vec();
    out.extend((count as u32).to_le_bytes());
    out.extend(b"x".repeat(count));
    out.extend([b'q', index, b'0']);
    out
}

const SCALAR: &[u8] =
    b"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\nU\x02f4K\x00K\x01\x87RU\x04\0\0\x80?tR";

/// Every stream says much with few bytes, by using one large part again and again. Opening must take
/// time and memory for the bytes there are, not for what they say.
#[test]
fn parts_used_often_are_not_paid_often() {
    const SIZE: usize = 200_000;
    const TIMES: usize = 20_000;
    let start = [b"\x80\x02", &long_text(0, SIZE)[..]].concat();
    let finish = |middle: Vec<u8>| [&start[..], &middle, b"."].concat();

    // One text decoded to bytes for many arrays.
    let array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R\
        (K\x01J\x40\x0d\x03\x00\x85cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R\x89\
        c_codecs\nencode\nh\x00U\x06latin1\x86Rtb";
    let arrays = finish([b"(".to_vec(), array.repeat(TIMES / 10), b"l".to_vec()].concat());
    let opened = open_with("a.pkl", &arrays, &Limits::default()).unwrap();
    assert_eq!(opened.tensors.len(), TIMES / 10);
    assert_eq!(opened.tensors[1].shape(), [SIZE]);

    // One list of numbers in many lists.
    let list = [b"(".to_vec(), b"K\x01".repeat(SIZE), b"lq\x010".to_vec()].concat();
    let lists = [b"(".to_vec(), b"(h\x01l".repeat(TIMES), b"N".to_vec(), b"l".to_vec()].concat();
    let opened = open_with("b.pkl", &finish([list, lists].concat()), &Limits::default()).unwrap();
    assert!(opened.tensors.len() < 10, "{}", opened.tensors.len());
    assert!(opened.warnings.len() > TIMES / 2);

    // One long name before many arrays.
    let pair = [b"}h\x00", SCALAR, b"s"].concat();
    let deep = [pair, b"q\x02".to_vec(), b"}h\x00h\x02s".to_vec()].concat();
    let names = [b"(".to_vec(), deep, b"h\x02".repeat(TIMES), b"l".to_vec()].concat();
    let error = open_with("c.pkl", &finish(names), &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");

    // One large dictionary as the state of many objects.
    let entries: Vec<u8> =
        (0..SIZE as u32).flat_map(|at| [&b"J"[..], &at.to_le_bytes(), b"N"].concat()).collect();
    let dict = [b"}(".to_vec(), entries, b"uq\x030".to_vec()].concat();
    let objects = [b"(".to_vec(), b"cm\nf\n)Rh\x03b".repeat(TIMES), b"l".to_vec()].concat();
    let error = open_with("d.pkl", &finish([dict, objects].concat()), &Limits::default());
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Limit);

    // One long text as many settings.
    let settings = [b"(".to_vec(), SCALAR.to_vec(), b"h\x00".repeat(TIMES), b"l".to_vec()].concat();
    let opened = open_with("e.pkl", &finish(settings), &Limits::default()).unwrap();
    assert_eq!((opened.tensors.len(), opened.metadata.len()), (1, 300));
}

#[test]
fn random_streams_end() {
    const OPCODES: &[u8] = b"(.012FIJKLMNPQRSTUVXabcdeghijlopqrstuG])}\x80\x81\x82\x83\x84\x85\x86\
        \x87\x88\x89\x8a\x8bBC\x8c\x8d\x8e\x8f\x90\x91\x92\x93\x94\x95\x96\x97\x98";
    let mut numbers = Numbers(1);
    let mut read = 0;
    for round in 0..60_000 {
        let len = numbers.below(60);
        let mut stream: Vec<u8> = (0..len)
            .map(|_| match numbers.below(4) {
                0 => numbers.next() as u8,
                1 => b'0' + numbers.below(10) as u8,
                _ => OPCODES[numbers.below(OPCODES.len())],
            })
            .collect();
        if round % 2 == 0 {
            stream.push(b'.');
        }
        read += u32::from(run(&stream).is_ok());
        read_all(open_with("random.pkl", &stream, &Limits::default()));
    }
    assert!(read > 50, "too few random streams were pickles: {read}");
}
