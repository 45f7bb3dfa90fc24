//! A viewer as a page asks it: the map, statistics, tiles, runs, comparisons.

use crate::common::{Folder, id, json, open, refusal};
use std::path::Path;

use hinton_testing::Outcomes;
use hinton_view::{Quiet, Refusal, Viewer};
use proptest::prelude::*;
use serde_json::Value;

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
    for text in ["a.safetensors", "b.safetensors", "attn", "not weights: state of the optimizer"] {
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
fn a_summary_shows_its_statistics_and_says_that_it_has_no_cells() {
    let folder = Folder::new("summary");
    let file = hinton::open(folder.model("m.safetensors", 0.0)).unwrap();
    let task = hinton::summary::part(&file, 1, 1).unwrap();
    let bytes = hinton::summary::do_task(&file, &task, hinton::Work::quiet()).unwrap();
    let path = folder.0.join("m.hs");
    std::fs::write(&path, bytes).unwrap();
    let viewer = open(&[&path]);
    while viewer.work_ahead(&Quiet) {}
    let found = json(&viewer, "statistics", "");
    assert_eq!(found["done"], found["of"]);
    let rows = found["rows"].as_array().unwrap();
    assert_eq!(rows.len(), file.tensors.len());
    let model = open(&[&folder.0.join("m.safetensors")]);
    while model.work_ahead(&Quiet) {}
    let expected = json(&model, "statistics", "");
    for (row, expected) in rows.iter().zip(expected["rows"].as_array().unwrap()) {
        for name in ["t", "histogram", "min", "max", "nan", "inf", "zeros", "sampled"] {
            assert_eq!(row[name], expected[name], "{name}");
        }
        // Sums of cells are folded in another order: the last bit may differ.
        let (rms, expected) = (row["rms"].as_f64(), expected["rms"].as_f64());
        assert!(rms.zip(expected).is_none_or(|(a, b)| (a - b).abs() < 1e-12), "{rms:?}");
        assert_eq!(rms.is_some(), expected.is_some());
    }
    let catalogue = json(&viewer, "catalogue", "");
    let note = catalogue["sources"][0]["notes"][0].as_str().unwrap();
    assert!(note.contains("no cells"), "{note}");
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

/// A checkpoint of this many square bf16 matrices whose values are holes of the file.
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
    let mut writer = hinton::runs::RunWriter::create(&run, "a test", "{}").unwrap();
    let append = |writer: &mut hinton::runs::RunWriter, number: u64| {
        let bytes = (number as f32).to_le_bytes().repeat(4);
        let (name, dtype, shape) = ("w", hinton::Dtype::F32, [2, 2]);
        let tensors = [hinton::runs::NewTensor { name, dtype, shape: &shape, bytes: &bytes }];
        let metrics = [("loss", 1.0 / (number + 1) as f64), ("epoch", number as f64 / 10.0)];
        let step =
            hinton::runs::NewStep { number, time: None, tensors: &tensors, metrics: &metrics };
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
    let pace = |index: usize| series["curves"][index]["pace"].clone();
    assert_eq!(
        (pace(0), pace(1)),
        (false.into(), true.into()),
        "an epoch is no measure of success"
    );
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
    let outcomes = Outcomes::default();
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
                    let query = format!("{name}={number}{rest}");
                    outcomes.count(viewer.answer(row.name, &query, &Quiet).is_ok());
                }
            }
        }
    }
    outcomes.at_least(100, 1000);
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
    let outcomes = Outcomes::default();
    proptest!(config, |(route in prop::sample::select(routes), query in queries())| {
        let answer = viewer.answer(route, &query, &Quiet);
        outcomes.count(answer.is_ok());
        match answer {
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
    outcomes.at_least(5, 100);
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
