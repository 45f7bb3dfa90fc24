//! A viewer as a page asks it.

use std::path::{Path, PathBuf};

use hinton_view::{Answer, Quiet, Refusal, Viewer};
use proptest::prelude::*;
use serde_json::Value;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("hinton-view-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    fn model(&self, name: &str, shift: f32) -> PathBuf {
        let path = self.0.join(name);
        let wave = |count: usize| -> Vec<f32> {
            (0..count).map(|at| ((at * 37 % 101) as f32 - 50.0) / 70.0 + shift).collect()
        };
        let mut broken = wave(600 * 300);
        broken[5 * 300 + 7] = f32::NAN;
        let mut tensors = vec![
            hinton::tensor_of("embed.weight", &[600, 300], &broken).unwrap(),
            hinton::tensor_of("step", &[], &[3.0f32]).unwrap(),
            hinton::tensor_of("empty", &[0, 4], &[] as &[f32]).unwrap(),
            hinton::tensor_of("conv.weight", &[8, 3, 5, 5], &wave(600)).unwrap(),
            hinton::tensor_of("optimizer.state.0.exp_avg", &[4, 4], &wave(16)).unwrap(),
        ];
        for layer in 0..3 {
            for kind in ["attn.weight", "mlp.weight"] {
                let name = format!("layers.{layer}.{kind}");
                tensors.push(hinton::tensor_of(name, &[40, 30], &wave(1200)).unwrap());
            }
        }
        hinton::export(tensors, &path).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn open(paths: &[&Path]) -> Viewer {
    let paths: Vec<PathBuf> = paths.iter().map(|path| path.to_path_buf()).collect();
    Viewer::open(&paths, 2).unwrap()
}

fn json(viewer: &Viewer, route: &str, query: &str) -> Value {
    let Answer { bytes, .. } = viewer.answer(route, query, &Quiet).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn refusal(viewer: &Viewer, route: &str, query: &str) -> String {
    match viewer.answer(route, query, &Quiet) {
        Err(Refusal::Question(message)) => message,
        other => panic!("{route}?{query}: {other:?}"),
    }
}

fn id(viewer: &Viewer, name: &str) -> usize {
    let catalogue = json(viewer, "catalogue", "");
    let tensors = catalogue["tensors"].as_array().unwrap();
    tensors.iter().position(|tensor| tensor["name"] == name).unwrap()
}

#[test]
fn every_tensor_has_one_place_on_the_map_and_none_overlap() {
    let folder = Folder::new("map");
    let (one, two) = (folder.model("a.safetensors", 0.0), folder.model("b.safetensors", 0.1));
    let viewer = open(&[&one, &two]);
    let catalogue = json(&viewer, "catalogue", "");
    let tensors = catalogue["tensors"].as_array().unwrap();
    let tiles = catalogue["layout"]["tiles"].as_array().unwrap();
    let mut seen: Vec<usize> =
        tiles.iter().map(|tile| tile["tensor"].as_u64().unwrap() as usize).collect();
    seen.sort_unstable();
    // Differences are not on the map: they are shown in the place of what they are of.
    let placed = (0..tensors.len()).filter(|&id| tensors[id]["made"].is_null());
    assert_eq!(seen, placed.collect::<Vec<_>>());
    let number = |tile: &Value, name: &str| tile[name].as_f64().unwrap();
    for (at, a) in tiles.iter().enumerate() {
        assert!(number(a, "x") + number(a, "w") <= number(&catalogue["layout"], "width"));
        assert!(number(a, "y") + number(a, "h") <= number(&catalogue["layout"], "height"));
        for b in &tiles[at + 1..] {
            let apart = |place: &str, size: &str| {
                number(a, place) + number(a, size) <= number(b, place) + 1e-6
                    || number(b, place) + number(b, size) <= number(a, place) + 1e-6
            };
            assert!(apart("x", "w") || apart("y", "h"), "{a} {b}");
        }
    }
    let texts: Vec<&str> = catalogue["layout"]["labels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|label| label["text"].as_str().unwrap())
        .collect();
    for text in
        ["a.safetensors", "b.safetensors", "attn", "not weights: states of the optimizer, buffers"]
    {
        assert!(texts.contains(&text), "{text} in {texts:?}");
    }
    assert_eq!(catalogue["sources"].as_array().unwrap().len(), 2);
    let conv = &tensors[id(&viewer, "conv.weight")];
    assert_eq!((&conv["rows"], &conv["cols"]), (&8.into(), &75.into()));
    assert!(conv["offset"].as_u64().is_some() && conv["skipped"].is_null());
    assert_eq!(tensors[id(&viewer, "empty")]["skipped"], "it has no values");
}

#[test]
fn values_know_their_index_and_their_byte() {
    let folder = Folder::new("values");
    let path = folder.model("a.safetensors", 0.0);
    let viewer = open(&[&path]);
    let conv = id(&viewer, "conv.weight");
    let value = json(&viewer, "value", &format!("t={conv}&r=3&c=31"));
    assert_eq!(value["index"], serde_json::json!([3, 1, 1, 1]));
    let byte = value["byte"].as_u64().unwrap() as usize;
    let file = std::fs::read(&path).unwrap();
    let stored = f32::from_le_bytes(file[byte..byte + 4].try_into().unwrap());
    assert_eq!(value["value"].as_f64().unwrap(), f64::from(stored));
    let exact = json(&viewer, "exact", &format!("t={conv}&r0=3&r1=4&c0=30&c1=33"));
    assert_eq!(exact["values"][0][1], value["value"]);
    let profile = json(&viewer, "profile", &format!("t={conv}&row=3"));
    assert_eq!(profile["values"][31], value["value"]);
    let folded = json(&viewer, "profile", &format!("t={conv}&col=31&cells=2"));
    let (low, high) = (folded["low"][0].as_f64().unwrap(), folded["high"][0].as_f64().unwrap());
    assert!(low <= stored.into() && f64::from(stored) <= high, "{folded}");
    let embed = id(&viewer, "embed.weight");
    assert_eq!(json(&viewer, "value", &format!("t={embed}&r=5&c=7"))["value"], "NaN");
    assert!(refusal(&viewer, "value", &format!("t={embed}&r=600&c=0")).contains("600 x 300"));
    assert!(
        refusal(&viewer, "exact", &format!("t={embed}&r0=0&r1=600&c0=0&c1=300")).contains("65536")
    );
    assert!(refusal(&viewer, "profile", &format!("t={embed}")).contains("row= or col="));
}

#[test]
fn statistics_fill_up_one_tensor_at_a_time_and_faults_follow() {
    let folder = Folder::new("ahead");
    let viewer = open(&[&folder.model("a.safetensors", 0.0)]);
    assert_eq!(json(&viewer, "statistics", "")["done"], 0);
    let embed = id(&viewer, "embed.weight");
    let tile = format!("q={embed}.r.4.0.0,{embed}.e.5.0.0,{embed}.i.3:4.0.0");
    let before = viewer.answer("tiles", &tile, &Quiet).unwrap().bytes;
    assert!(viewer.work_ahead(&Quiet));
    assert_eq!(json(&viewer, "statistics", "")["done"], 1);
    while viewer.work_ahead(&Quiet) {}
    let all = json(&viewer, "statistics", "");
    assert_eq!((&all["done"], &all["checked"]), (&all["of"], &all["of"]));
    let row = &all["rows"][embed];
    let alone = json(&viewer, "stats", &format!("t={embed}"));
    for name in ["nan", "min", "max", "zeros", "inf"] {
        assert_eq!(row[name], alone[name], "{name}");
    }
    assert!((row["rms"].as_f64().unwrap() - alone["rms"].as_f64().unwrap()).abs() < 1e-12);
    let faults = all["faults"].as_array().unwrap();
    let nan = faults.iter().find(|fault| fault["code"] == "nan").unwrap();
    assert_eq!((&nan["t"], &nan["at"]), (&embed.into(), &serde_json::json!([5, 7])));
    // Tiles of what is kept now are those that were read.
    assert_eq!(viewer.answer("tiles", &tile, &Quiet).unwrap().bytes, before);
    assert_eq!(json(&viewer, "statistics", "from=1&to=3")["rows"].as_array().unwrap().len(), 2);
}

#[test]
fn the_whole_map_comes_in_one_answer() {
    let folder = Folder::new("overview");
    let viewer = open(&[&folder.model("a.safetensors", 0.0)]);
    let room = "aspect=1.5&w=900&h=600&ratio=1";
    let all = viewer.answer("overview", room, &Quiet).unwrap().bytes;
    let number = |at: usize| u32::from_le_bytes(all[at..at + 4].try_into().unwrap()) as usize;
    let catalogue = json(&viewer, "catalogue", "aspect=1.5");
    let tiles = catalogue["layout"]["tiles"].as_array().unwrap();
    let (mut at, mut seen) = (0, 0);
    while at < all.len() {
        let (tensor, levels, length) = (number(at), (all[at + 4], all[at + 5]), number(at + 8));
        let body = &all[at + 12..at + 12 + length];
        // The very tile that a page would ask for.
        let name = format!("q={tensor}.r.{}:{}.0.0", levels.0, levels.1);
        let alone = viewer.answer("tiles", &name, &Quiet).unwrap().bytes;
        assert_eq!(&alone[4..], body, "{name}");
        // No cell is smaller than a pixel, and none of half their number would do.
        let place = tiles.iter().find(|tile| tile["tensor"] == tensor).unwrap();
        let zoom = (900.0 / catalogue["layout"]["width"].as_f64().unwrap())
            .min(600.0 / catalogue["layout"]["height"].as_f64().unwrap());
        let cols = f64::from(u16::from_le_bytes(body[2..4].try_into().unwrap()));
        assert!(cols <= (place["w"].as_f64().unwrap() * zoom * 1.01).ceil().max(1.0), "{place}");
        (at, seen) = (at + 12 + length, seen + 1);
    }
    let skipped = catalogue["tensors"].as_array().unwrap();
    let skipped = skipped.iter().filter(|tensor| tensor["skipped"].is_string()).count();
    assert_eq!(seen, tiles.len() - skipped);
    for wrong in
        ["", "w=900&h=600", "w=0&h=600&ratio=1", "w=900&h=NaN&ratio=1", "w=9&h=6&ratio=1&fold=x"]
    {
        refusal(&viewer, "overview", wrong);
    }
}

/// A checkpoint of so many square bf16 matrices whose values are holes of the file.
#[cfg(unix)]
fn holes(path: &Path, count: u64, side: u64) {
    use std::io::Write;
    let bytes = side * side * 2;
    let tensors = (0..count).map(|at| {
        let (first, end) = (at * bytes, (at + 1) * bytes);
        format!(
            r#""layers.{at}.w":{{"dtype":"BF16","shape":[{side},{side}],"data_offsets":[{first},{end}]}}"#
        )
    });
    let header = format!("{{{}}}", tensors.collect::<Vec<_>>().join(","));
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(&(header.len() as u64).to_le_bytes()).unwrap();
    file.write_all(header.as_bytes()).unwrap();
    file.set_len(8 + header.len() as u64 + count * bytes).unwrap();
}

#[cfg(unix)]
#[test]
fn what_is_known_ahead_of_thousands_of_tensors_is_bounded() {
    let folder = Folder::new("many");
    let path = folder.0.join("many.safetensors");
    holes(&path, 4000, 128);
    let viewer = open(&[&path]);
    while viewer.work_ahead(&Quiet) {}
    let all = json(&viewer, "statistics", "from=3999");
    assert_eq!((&all["done"], &all["checked"]), (&4000.into(), &4000.into()));
    assert_eq!((&all["rows"][0]["zeros"], &all["note"]), (&16_384.into(), &Value::Null));
    // 40 MiB of cells, and less than a kibibyte for each tensor.
    assert!(viewer.kept_bytes() < 44 << 20, "{} bytes are kept", viewer.kept_bytes());
    // The map is drawn from what is kept.
    let tile = viewer.answer("tiles", "q=3999.r.4.0.0", &Quiet).unwrap().bytes;
    assert_eq!(&tile[4..12], [8, 0, 8, 0, 2, 0, 0, 0]);
}

#[cfg(unix)]
#[test]
fn what_is_too_large_to_be_read_whole_is_sampled_and_says_so() {
    let folder = Folder::new("huge");
    let path = folder.0.join("huge.safetensors");
    holes(&path, 20, 24_576);
    let viewer = open(&[&path]);
    while viewer.work_ahead(&Quiet) {}
    let all = json(&viewer, "statistics", "");
    assert_eq!((&all["done"], &all["checked"]), (&20.into(), &20.into()));
    let row = &all["rows"][7];
    let (sampled, zeros) = (row["sampled"].as_u64().unwrap(), row["zeros"].as_u64().unwrap());
    assert!((10..100).contains(&sampled), "{row}");
    assert!(zeros > 0 && zeros * (sampled - 1) < 24_576 * 24_576, "{row}");
    assert!(all["note"].as_str().unwrap().contains("samples"), "{all}");
    assert!(viewer.kept_bytes() < 1 << 16, "{} bytes are kept", viewer.kept_bytes());
}

#[test]
fn colours_are_those_of_the_heat_map() {
    let folder = Folder::new("colours");
    let viewer = open(&[&folder.model("a.safetensors", 0.0)]);
    let attn = id(&viewer, "layers.0.attn.weight");
    let colours = json(&viewer, "colours", &format!("t={attn}&range=-0.5,0.5"));
    assert_eq!((&colours["low"], &colours["high"]), (&(-0.5).into(), &0.5.into()));
    let table = colours["one"]["table"].as_str().unwrap();
    let thresholds = colours["one"]["thresholds"].as_array().unwrap();
    assert_eq!(table.len(), 6 * (thresholds.len() + 1));
    assert_eq!(colours["map"], "hinton");
    let two = &colours["two"];
    let count = |name: &str| two[name].as_array().unwrap().len() + 1;
    assert_eq!(two["table"].as_str().unwrap().len(), 6 * count("strength") * count("balance"));
    let list = json(&viewer, "colours", &format!("t={attn},{}", attn + 1));
    assert_eq!(list["list"][1]["t"], attn + 1);
    let all = json(&viewer, "colours", "t=-&dark=1");
    assert_eq!(all["map"], "hinton_dark");
    for wrong in
        ["t=x", "t=0&range=1,0", "t=0&range=q:2", "t=0&scale=cube", "t=0&fold=z", "t=0&dark=yes"]
    {
        refusal(&viewer, "colours", wrong);
    }
    for fine in ["t=0&range=q:0.99", "t=0&range=data&map=viridis&scale=log", "t=0&fold=i&map=PuOr"]
    {
        json(&viewer, "colours", fine);
    }
}

#[test]
fn a_file_that_is_written_anew_is_noticed_and_one_that_shrinks_is_an_error() {
    let folder = Folder::new("events");
    let path = folder.model("a.safetensors", 0.0);
    let viewer = open(&[&path]);
    let embed = id(&viewer, "embed.weight");
    let value =
        |viewer: &Viewer| json(viewer, "value", &format!("t={embed}&r=0&c=0"))["value"].clone();
    let first = value(&viewer);
    assert_eq!(json(&viewer, "events", "since=0"), serde_json::json!({ "now": 0, "events": [] }));
    folder.model("a.safetensors", 1.0);
    let events = json(&viewer, "events", "since=0");
    assert_eq!(events["events"][0]["kind"], "changed", "{events}");
    assert_ne!(value(&viewer), first);
    // Cut short where it lies, as a program does that begins to write it again.
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(100).unwrap();
    let answer = viewer.answer("stats", &format!("t={embed}"), &Quiet);
    assert!(matches!(answer, Err(Refusal::Work(_))), "{answer:?}");
    assert_eq!(json(&viewer, "events", "since=1")["events"][0]["kind"], "broken");
    assert_eq!(json(&viewer, "events", "since=2")["now"], 2);
}

#[test]
fn a_run_has_steps_and_curves() {
    let folder = Folder::new("run");
    let run = folder.0.join("run");
    let mut writer = hinton::RunWriter::create(&run, "a test", "{}").unwrap();
    let append = |writer: &mut hinton::RunWriter, number: u64| {
        let bytes = (number as f32).to_le_bytes().repeat(4);
        let (name, dtype, shape) = ("w", hinton::Dtype::F32, [2, 2]);
        let tensors = [hinton::NewTensor { name, dtype, shape: &shape, bytes: &bytes }];
        let metrics = [("loss", 1.0 / (number + 1) as f64)];
        let step = hinton::NewStep { number, time: None, tensors: &tensors, metrics: &metrics };
        writer.append(&step).unwrap();
    };
    append(&mut writer, 0);
    append(&mut writer, 10);
    let viewer = open(&[&run]);
    let steps = json(&viewer, "catalogue", "")["sources"][0]["steps"].clone();
    assert_eq!((&steps[0]["number"], &steps[1]["number"]), (&0.into(), &10.into()));
    let value = |query: &str| json(&viewer, "value", query)["value"].as_f64().unwrap();
    assert_eq!((value("t=0&r=0&c=0&s=0"), value("t=0&r=0&c=0&s=10")), (0.0, 10.0));
    assert_eq!(value("t=0&r=0&c=0"), 10.0, "the last, where none is named");
    assert!(refusal(&viewer, "value", "t=0&r=0&c=0&s=5").contains("no step 5"));
    let series = json(&viewer, "series", "");
    assert_eq!(series["curves"][0]["name"], "loss");
    assert_eq!(series["curves"][0]["steps"], serde_json::json!([0.0, 10.0]));
    while viewer.work_ahead(&Quiet) {}
    append(&mut writer, 20);
    let events = json(&viewer, "events", "since=0")["events"].clone();
    assert_eq!(events[0], serde_json::json!({ "kind": "step", "source": 0, "number": 20 }));
    assert_eq!(value("t=0&r=0&c=0&s=20"), 20.0);
}

#[test]
fn nothing_that_can_be_asked_panics() {
    let folder = Folder::new("odd");
    let viewer = open(&[&folder.model("a.safetensors", 0.0)]);
    let numbers = ["", "0", "1", "2", "3", "99", "-1", "18446744073709551615", "1e3", "NaN", "%00"];
    for row in hinton_view::ROUTES {
        for name in [
            "t", "s", "r", "c", "q", "v", "row", "col", "from", "to", "since", "cells", "range",
            "box",
        ] {
            for number in numbers {
                for rest in
                    ["", "&t=0", "&t=2", "&t=0&r=0", "&t=1&row=0", "&r0=0&r1=1&c0=0&c1=1&t=1"]
                {
                    let _ = viewer.answer(row.name, &format!("{name}={number}{rest}"), &Quiet);
                }
            }
        }
    }
}

/// Queries as a page asks them, and as someone would who tries what breaks.
fn queries() -> impl Strategy<Value = String> {
    const NAMES: [&str; 25] = [
        "t", "s", "q", "v", "r", "c", "r0", "c0", "r1", "c1", "row", "col", "from", "to", "since",
        "cells", "range", "box", "scale", "fold", "map", "aspect", "w", "h", "ratio",
    ];
    let number = prop_oneof![0u64..4, Just(u64::from(u32::MAX)), Just(u64::MAX)];
    let value = prop_oneof![
        number.prop_map(|number| number.to_string()),
        prop::num::f64::ANY.prop_map(|number| number.to_string()),
        "[0-9]{1,3}\\.[rmei]\\.[0-9]{1,2}(:[0-9]{1,2})?\\.[0-9]{1,3}\\.[0-9]{1,3}",
        "\\[[-0-9:, ]{0,12}\\]",
        "([0-9]:)?(\\[[-0-9:,.]{1,12}\\])?([0-3.]{0,5}/[0-3.]{0,5})?",
        "[0-9]{1,2}:[0-9]{1,2},[0-9]{1,2}:[0-9]{1,2}",
        "(g[0-9]{1,2},?){1,3}",
        "[%+&=.,:0-9a-zé]{0,12}",
        Just("q:0.99".to_owned()),
    ];
    let pair = (prop::sample::select(&NAMES[..]), value)
        .prop_map(|(name, value)| format!("{name}={value}"));
    prop::collection::vec(pair, 0..6).prop_map(|pairs| pairs.join("&"))
}

#[test]
fn whatever_is_asked_has_an_answer_or_a_reason() {
    let folder = Folder::new("asked");
    let viewer = open(&[&folder.model("a.safetensors", 0.0)]);
    let routes: Vec<&str> = hinton_view::ROUTES.iter().map(|row| row.name).collect();
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) };
    proptest!(config, |(route in prop::sample::select(routes), query in queries())| {
        match viewer.answer(route, &query, &Quiet) {
            Ok(answer) if answer.media_type.starts_with("application/json") => {
                let read: Result<Value, _> = serde_json::from_slice(&answer.bytes);
                prop_assert!(read.is_ok(), "{route}?{query}");
            }
            Ok(answer) => prop_assert!(!answer.media_type.is_empty()),
            Err(refusal) => {
                let read: Value = serde_json::from_slice(&refusal.as_json()).unwrap();
                prop_assert!(!read["error"].as_str().unwrap().is_empty(), "{route}?{query}");
            }
        }
    });
}

#[test]
fn two_checkpoints_are_compared_tensor_by_tensor() {
    let folder = Folder::new("compare");
    let (one, two) = (folder.model("a.safetensors", 0.0), folder.model("b.safetensors", 0.125));
    let viewer = open(&[&one, &two]);
    let catalogue = json(&viewer, "catalogue", "");
    let (tensors, pairs) = (&catalogue["tensors"], catalogue["pairs"].as_array().unwrap());
    let name = |id: &Value| tensors[id.as_u64().unwrap() as usize]["name"].clone();
    assert_eq!(catalogue["title"], "a.safetensors and b.safetensors");
    let pair = pairs.iter().find(|pair| name(&pair["a"]) == "conv.weight").unwrap();
    assert_eq!((name(&pair["b"]), name(&pair["difference"])), (name(&pair["a"]), name(&pair["a"])));
    let of = |role: &str| pair[role].as_u64().unwrap();
    assert_eq!(tensors[of("a") as usize]["source"], 0);
    assert_eq!(tensors[of("b") as usize]["source"], 1);
    assert_eq!(tensors[of("difference") as usize]["made"], true);
    // Read in every way: one value, a window, a tile, statistics.
    let at =
        |role: &str| json(&viewer, "value", &format!("t={}&r=3&c=17", of(role)))["value"].clone();
    let difference = at("b").as_f64().unwrap() - at("a").as_f64().unwrap();
    assert!((at("difference").as_f64().unwrap() - difference).abs() < 1e-6);
    let stats = json(&viewer, "stats", &format!("t={}", of("difference")));
    assert!((stats["mean"].as_f64().unwrap() - 0.125).abs() < 1e-6);
    let tile = format!("q={}.r.1.0.0", of("difference"));
    assert!(viewer.answer("tiles", &tile, &Quiet).unwrap().bytes.len() > 4 + 12);
    // Colours: those that are compared share theirs, differences have others.
    let group = |role: &str| tensors[of(role) as usize]["group"].as_u64().unwrap();
    assert_eq!(group("a"), group("b"));
    assert_ne!(group("a"), group("difference"));
    let colours = json(&viewer, "colours", &format!("t=g0,g{}", group("difference")));
    assert!(colours["list"][1]["high"].as_f64() < colours["list"][0]["high"].as_f64());
    let refused = refusal(&viewer, "command", &format!("t={}", of("difference")));
    assert!(refused.contains("hinton diff"), "{refused}");
    // Three are shown and not compared.
    let three = open(&[&one, &two, &one]);
    assert_eq!(json(&three, "catalogue", "")["pairs"], Value::Array(Vec::new()));
}

#[test]
fn rows_that_another_program_reordered_are_compared_in_the_first_ones_order() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hinton/tests/fixtures/diff");
    let viewer = open(&[&fixtures.join("base.safetensors"), &fixtures.join("rotary_q8_b.gguf")]);
    let catalogue = json(&viewer, "catalogue", "");
    let (tensors, pairs) = (&catalogue["tensors"], catalogue["pairs"].as_array().unwrap());
    let tensor = |id: &Value| &tensors[id.as_u64().unwrap() as usize];
    let query = "model.layers.0.self_attn.q_proj.weight";
    let pair = pairs.iter().find(|pair| tensor(&pair["a"])["name"] == query).unwrap();
    for role in ["a", "b", "difference"] {
        let one = tensor(&pair[role]);
        assert_eq!((&one["rows"], &one["cols"]), (&Value::from(32), &Value::from(32)), "{role}");
    }
    // Row 5 of the first is another row of the second's file; what is left is rounding.
    let value = |role: &str| {
        let asked = format!("t={}&r=5&c=7", pair[role]);
        json(&viewer, "value", &asked)["value"].as_f64().unwrap()
    };
    let (a, b, difference) = (value("a"), value("b"), value("difference"));
    assert!(a.abs() > 1e-3 && (b - a).abs() < 0.02 * a.abs().max(0.03), "{a} {b}");
    assert!((difference - (b - a)).abs() < 1e-6, "{difference}");
    assert_eq!(catalogue["unpaired"], Value::Null);
}

#[test]
fn a_view_is_the_same_matrix_whatever_is_asked() {
    let folder = Folder::new("views");
    let path = folder.model("a.safetensors", 0.0);
    let viewer = open(&[&path]);
    let conv = id(&viewer, "conv.weight");
    let whole = hinton::open(&path).unwrap();
    let stored = whole.tensors.iter().find(|tensor| tensor.name() == "conv.weight").unwrap();
    let values = stored.to_f32().unwrap();
    // Filters and rows of kernels down, channels and columns right, every second filter.
    let view = "v=[::2,:,:,:]0.2/1.3";
    let found = json(&viewer, "view", &format!("t={conv}&{view}"));
    assert_eq!((&found["rows"], &found["cols"]), (&20.into(), &15.into()));
    assert_eq!(found["view"], "[::2,:,:,:]0.2/1.3");
    assert_eq!(
        found["orientation"],
        "rows ↓ axes 0, 2 as one (4 × 5) · columns → axes 1, 3 as one (3 × 5)"
    );
    let of = |row: usize, col: usize| {
        let (filter, high, channel, wide) = (row / 5 * 2, row % 5, col / 5, col % 5);
        values[((filter * 3 + channel) * 5 + high) * 5 + wide]
    };
    let exact = json(&viewer, "exact", &format!("t={conv}&{view}&r0=0&r1=20&c0=0&c1=15"));
    for row in 0..20 {
        for col in 0..15 {
            assert_eq!(exact["values"][row][col].as_f64().unwrap() as f32, of(row, col));
        }
    }
    let value = json(&viewer, "value", &format!("t={conv}&{view}&r=8&c=6"));
    assert_eq!(value["index"], serde_json::json!([2, 1, 3, 1]));
    assert_eq!(value["value"].as_f64().unwrap() as f32, of(8, 6));
    let bytes = std::fs::read(&path).unwrap();
    let place = value["byte"].as_u64().unwrap() as usize;
    assert_eq!(f32::from_le_bytes(bytes[place..place + 4].try_into().unwrap()), of(8, 6));
    // A tile of it, and of another tensor that has no view.
    let other = id(&viewer, "layers.0.mlp.weight");
    let query = format!("q={conv}.r.0.0.0,{other}.r.0.0.0&v={conv}:[::2,:,:,:]0.2/1.3");
    let tiles = viewer.answer("tiles", &query, &Quiet).unwrap().bytes;
    let number = |place: usize| u16::from_le_bytes(tiles[place..place + 2].try_into().unwrap());
    assert_eq!((number(4), number(6)), (20, 15));
    let next = 4 + u32::from_le_bytes(tiles[..4].try_into().unwrap()) as usize + 4;
    assert_eq!((number(next), number(next + 2)), (40, 30));
    let stats = json(&viewer, "stats", &format!("t={conv}&{view}"));
    assert_eq!(stats["count"], 300);
    let profile = json(&viewer, "profile", &format!("t={conv}&{view}&col=6"));
    assert_eq!(profile["values"][8].as_f64().unwrap() as f32, of(8, 6));
    // The command names the slice, and a part of it.
    let command = |rest: &str| {
        let answer = json(&viewer, "command", &format!("t={conv}&as=heatmap&{rest}"));
        let words = answer["words"].as_array().unwrap();
        let words: Vec<&str> = words.iter().map(|word| word.as_str().unwrap()).collect();
        words[4..words.len() - 2].join(" ")
    };
    assert_eq!(
        command(view),
        "conv.weight[::2,:,:,:] --permute=0,2,1,3 --reshape=20x15 --as=heatmap"
    );
    assert_eq!(command("box=2:3,0:75"), "conv.weight[2:3,:,:,:] --reshape=1x75 --as=heatmap");
    assert_eq!(command("box=0:3,2:5"), "conv.weight[:3,:1,:1,2:] --as=heatmap");
    assert_eq!(command("v=[3,1]3/2"), "conv.weight[3,1,:,:] --transpose --as=heatmap");
    let refused = refusal(&viewer, "command", &format!("t={conv}&box=0:3,2:7"));
    assert!(refused.contains("no slice"), "{refused}");
}

#[test]
fn rows_have_the_names_that_lie_beside_the_model() {
    let folder = Folder::new("names");
    let path = folder.model("a.safetensors", 0.0);
    let words: Vec<String> = (0..590).map(|number| format!("word{number}")).collect();
    std::fs::write(folder.0.join("vocab.txt"), words.join("\n")).unwrap();
    let viewer = open(&[&path]);
    let embed = id(&viewer, "embed.weight");
    let value = |query: &str| json(&viewer, "value", &format!("t={embed}&{query}"));
    assert_eq!(value("r=7&c=2")["row"], serde_json::json!({ "of": "token", "name": "word7" }));
    assert_eq!(value("r=7&c=2")["col"], Value::Null);
    assert_eq!(value("r=595&c=2")["row"], Value::Null, "rows that are padding");
    // In any view it is the name of the position in the file.
    let turned = value("v=[::-1,:]1/0&r=2&c=590");
    assert_eq!((&turned["row"], &turned["col"]["name"]), (&Value::Null, &"word9".into()));
    let other = id(&viewer, "layers.0.attn.weight");
    assert_eq!(json(&viewer, "value", &format!("t={other}&r=0&c=0"))["row"], Value::Null);
}

#[test]
fn a_folder_of_models_is_one_map() {
    let folder = Folder::new("pipeline");
    for name in ["unet", "vae", "tokenizer", "cut"] {
        std::fs::create_dir_all(folder.0.join(name)).unwrap();
    }
    folder.model("unet/model.safetensors", 0.0);
    folder.model("vae/model.safetensors", 1.0);
    std::fs::write(folder.0.join("tokenizer/tokenizer.json"), "{}").unwrap();
    let whole = std::fs::read(folder.0.join("vae/model.safetensors")).unwrap();
    std::fs::write(folder.0.join("cut/model.safetensors"), &whole[..1000]).unwrap();
    let viewer = open(&[&folder.0]);
    let catalogue = json(&viewer, "catalogue", "");
    let names: Vec<&str> = catalogue["sources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|source| source["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["unet", "vae"]);
    let notes = catalogue["sources"][0]["notes"].to_string();
    assert!(notes.contains("not shown: ") && notes.contains("cut"), "{notes}");
    // A folder without any is refused as before.
    std::fs::remove_dir_all(folder.0.join("unet")).unwrap();
    std::fs::remove_dir_all(folder.0.join("vae")).unwrap();
    std::fs::remove_dir_all(folder.0.join("cut")).unwrap();
    assert!(Viewer::open(std::slice::from_ref(&folder.0), 1).is_err());
}

#[test]
fn maps_are_laid_out_for_the_window() {
    let folder = Folder::new("aspect");
    let viewer = open(&[&folder.model("a.safetensors", 0.0)]);
    let shape = |query: &str| {
        let layout = &json(&viewer, "catalogue", query)["layout"];
        layout["width"].as_f64().unwrap() / layout["height"].as_f64().unwrap()
    };
    assert!(shape("aspect=0.5") < shape("aspect=2.2"));
    assert_eq!(shape(""), shape("aspect=1.5"));
    for wrong in ["0", "-1", "NaN", "inf", "x"] {
        refusal(&viewer, "catalogue", &format!("aspect={wrong}"));
    }
}

#[test]
fn a_page_holds_its_data_within_its_budget() {
    let folder = Folder::new("export");
    let path = folder.model("a<b>.safetensors", 0.0);
    let viewer = open(&[&path]);
    let exported = viewer.export(40_000, &Quiet).unwrap();
    let text = String::from_utf8(exported.page.clone()).unwrap();
    assert!(
        text.contains("<title>a&lt;b&gt;.safetensors · hinton</title>"),
        "the title is escaped"
    );
    let data = text.split("id=\"data\">").nth(1).unwrap().split('<').next().unwrap();
    assert!(data.len() <= 40_000 && data.len() > 20_000, "{}", data.len());
    assert!(exported.note.contains("9 of 10 tensors"), "{}", exported.note);
    // The same on any number of threads.
    let again = Viewer::open(&[path], 7).unwrap().export(40_000, &Quiet).unwrap();
    assert!(again.page == exported.page);
    // With room enough nothing is folded; without any it is said what is needed.
    let all = viewer.export(2_000_000, &Quiet).unwrap();
    assert!(all.note.contains("every value"), "{}", all.note);
    let Err(Refusal::Question(message)) = viewer.export(1000, &Quiet) else { panic!("it fits") };
    assert!(message.starts_with("budget: the map of 10 tensors"), "{message}");
}

#[test]
fn a_glance_at_a_very_large_checkpoint_is_a_sample_and_says_so() {
    let folder = Folder::new("large");
    let path = folder.0.join("large.safetensors");
    // Holes on disk: 60 matrices of 20 MiB.
    let (rows, cols, count) = (5_120u64, 2_048u64, 60u64);
    let bytes = rows * cols * 2;
    let entries: Vec<String> = (0..count)
        .map(|index| {
            let (start, end) = (index * bytes, (index + 1) * bytes);
            format!(
                r#""layers.{index}.w":{{"dtype":"BF16","shape":[{rows},{cols}],"data_offsets":[{start},{end}]}}"#
            )
        })
        .collect();
    let header = format!("{{{}}}", entries.join(","));
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    std::fs::write(&path, &file).unwrap();
    let whole = file.len() as u64 + count * bytes;
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(whole).unwrap();

    let viewer = open(&[&path]);
    let sampled = |tile: &str| {
        let answer = viewer.answer("tiles", &format!("q={tile}"), &Quiet).unwrap();
        let flags = u16::from_le_bytes([answer.bytes[10], answer.bytes[11]]);
        let every = u32::from_le_bytes(answer.bytes[12..16].try_into().unwrap());
        assert_eq!(flags & 1 == 1, every > 1, "{tile}");
        every
    };
    assert!(sampled("3.r.10.0.0") > 50, "a thumbnail");
    assert_eq!(sampled("3.r.0.0.0"), 1, "values");
    assert_eq!(sampled("3.r.2.0.0"), 1, "a part that fills the screen");
}

/// A GGUF file of one tensor, 4 x 64 of Q4_0: codes go up from -8 to 7 twice, and block `b` has the scale
/// 2^b.
fn quantised(folder: &Folder) -> PathBuf {
    let mut file = b"GGUF\x03\0\0\0".to_vec();
    file.extend(1u64.to_le_bytes());
    file.extend(0u64.to_le_bytes());
    file.extend(1u64.to_le_bytes());
    file.push(b'w');
    file.extend(2u32.to_le_bytes());
    file.extend([64u64.to_le_bytes(), 4u64.to_le_bytes()].concat());
    file.extend(2u32.to_le_bytes());
    file.extend(0u64.to_le_bytes());
    file.resize(file.len().next_multiple_of(32), 0);
    for block in 0..8u16 {
        file.extend((0x3c00 + (block << 10)).to_le_bytes());
        file.extend((0..16u8).map(|at| at | at << 4));
    }
    let path = folder.0.join("w.gguf");
    std::fs::write(&path, file).unwrap();
    path
}

#[test]
fn codes_and_scales_are_views_of_a_quantised_tensor() {
    let folder = Folder::new("components");
    let viewer = open(&[&quantised(&folder)]);
    let tensor = &json(&viewer, "catalogue", "")["tensors"][0];
    assert_eq!(tensor["components"], serde_json::json!(["codes", "scales"]));
    assert_eq!(tensor["borders"], serde_json::json!([null, [0, 32]]));
    let view = |v: &str| json(&viewer, "view", &format!("t=0&v={v}"));
    let codes = view("@codes[1:,:]1/0");
    assert_eq!((&codes["view"], &codes["component"]), (&"@codes[1:,:]1/0".into(), &"codes".into()));
    assert_eq!(codes["borders"], serde_json::json!([[0, 32], null]));
    assert_eq!(view("[:,40:]")["borders"], serde_json::json!([null, [24, 32]]));
    assert_eq!(view("[:,::2]")["borders"], serde_json::json!([null, null]));
    let scales = view("@scales");
    assert_eq!((&scales["rows"], &scales["cols"]), (&4.into(), &2.into()));
    assert_eq!(scales["borders"], serde_json::json!([null, null]));

    let exact = |query: &str| json(&viewer, "exact", query)["values"].clone();
    assert_eq!(
        exact("t=0&v=@codes&r0=1&r1=2&c0=14&c1=18"),
        serde_json::json!([[6.0, 7.0, -8.0, -7.0]])
    );
    assert_eq!(
        exact("t=0&v=@scales&r0=2&r1=4&c0=0&c1=2"),
        serde_json::json!([[16.0, 32.0], [64.0, 128.0]])
    );
    let value = json(&viewer, "value", "t=0&v=@scales&r=3&c=1");
    assert_eq!((&value["value"], &value["index"]), (&128.0.into(), &serde_json::json!([3, 1])));
    let stats = json(&viewer, "stats", "t=0&v=@codes");
    assert_eq!((&stats["min"], &stats["max"]), (&(-8.0).into(), &7.0.into()));
    let command = json(&viewer, "command", "t=0&v=@codes[1:,:]");
    assert!(command["command"].as_str().unwrap().contains(" -t 'w@codes[1:,:]' "), "{command}");
    let refused = |query: &str| match viewer.answer("view", query, &Quiet) {
        Err(Refusal::Question(message)) => message,
        other => panic!("{other:?}"),
    };
    assert!(refused("t=0&v=@offsets").contains("\"w\" (Q4_0) has no offsets"));
    assert!(refused("t=0&v=@colours").contains("expected one of codes, scales, offsets"));
}
