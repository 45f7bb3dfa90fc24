//! What a viewer shows of one tensor and of several models: views, names, codes, layouts, samples.

use crate::common::{Folder, id, json, open, refusal};
use std::path::PathBuf;

use hinton_view::{Quiet, Refusal, Viewer};
use serde_json::Value;

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
    assert!(refused.contains("not a slice"), "{refused}");
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
