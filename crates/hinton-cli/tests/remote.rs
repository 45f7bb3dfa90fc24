//! Every command on files at addresses, as on the same files on disk.

use crate::hub;
use crate::server;
use crate::support;

use std::collections::BTreeMap;

use hub::{COMMIT, Files, Manner, answer};
use server::{Reply, Server, ranged};
use support::{Folder, Said, said};

/// A safetensors file of f32 matrices: name, rows, columns and what their values begin with.
fn safetensors(tensors: &[(&str, usize, usize, u32)]) -> Vec<u8> {
    let (mut header, mut data) = (Vec::new(), Vec::new());
    for (name, rows, columns, seed) in tensors {
        let start = data.len();
        let mut state = *seed;
        for _ in 0..rows * columns {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let value = (state >> 8) as f32 / 8_388_608.0 - 1.0;
            data.extend_from_slice(&value.to_le_bytes());
        }
        let end = data.len();
        header.push(format!(
            r#""{name}":{{"dtype":"F32","shape":[{rows},{columns}],"data_offsets":[{start},{end}]}}"#
        ));
    }
    let header = format!("{{{}}}", header.join(","));
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    file.extend_from_slice(&data);
    file
}

/// A repository with a model in two shards, its settings, and what else lies beside one.
fn repository(seed: u32) -> Files {
    let shard = |number: u32| format!("model-0000{number}-of-00002.safetensors");
    let mut weights = BTreeMap::new();
    let mut files = Files::new();
    for number in 1..=2u32 {
        let names = ["up", "down"].map(|kind| format!("model.layers.{number}.{kind}.weight"));
        let tensors =
            [(&*names[0], 300, 200, seed + number), (&*names[1], 200, 300, 2 * seed + number)];
        files.insert(shard(number), safetensors(&tensors));
        for name in &names {
            weights.insert(name.clone(), shard(number));
        }
    }
    let map: Vec<String> =
        weights.iter().map(|(name, file)| format!("{name:?}:{file:?}")).collect();
    let index = format!(r#"{{"metadata":{{}},"weight_map":{{{}}}}}"#, map.join(","));
    files.insert("model.safetensors.index.json".to_owned(), index.into_bytes());
    files.insert("config.json".to_owned(), br#"{"model_type":"llama"}"#.to_vec());
    files.insert("README.md".to_owned(), b"# A model".to_vec());
    files
}

/// The repository on disk too, in a folder of the same name.
fn on_disk(folder: &Folder, name: &str, files: &Files) {
    std::fs::create_dir_all(folder.path().join(name)).unwrap();
    for (file, bytes) in files {
        folder.write(&format!("{name}/{file}"), bytes);
    }
}

fn far(folder: &Folder, server: &Server, args: &[&str]) -> Said {
    let mut command = folder.command(args);
    command.env("HF_ENDPOINT", server.url("")).env("HF_TOKEN", "hf_secret");
    said(command.output().unwrap())
}

#[test]
fn commands_say_of_a_repository_what_they_say_of_the_folder() {
    let files = repository(7);
    let folder = Folder::new();
    on_disk(&folder, "name", &files);
    let served = files.clone();
    let server = Server::new(move |seen| answer(&served, Manner::default(), seen));
    let commands: [&[&str]; 6] = [
        &["inspect", "PATH"],
        &["inspect", "PATH", "--stats"],
        &["inspect", "PATH", "--json", "--stats"],
        &["check", "PATH"],
        &["check", "PATH", "--json"],
        &["diff", "PATH", "name"],
    ];
    for args in commands {
        let with =
            |path: &str| args.iter().map(|arg| arg.replace("PATH", path)).collect::<Vec<_>>();
        let run = |path: &str| {
            let words = with(path);
            far(&folder, &server, &words.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let (near, away) = (run("name"), run("hf://org/name"));
        assert_eq!(away.code, near.code, "{args:?}: {}", away.err);
        assert_eq!(away.out.replace("hf://org/name", "name"), near.out, "{args:?}");
        assert!(away.err.contains(" requests\n"), "{}", away.err);
        assert!(!away.err.contains("secret"), "{}", away.err);
        assert!(!near.err.contains("requests"), "{}", near.err);
    }
    let pictures: [&[&str]; 4] = [
        &["draw", "PATH", "-o"],
        &["draw", "PATH", "-t", "model.layers.1.up.weight", "-o"],
        &["draw", "PATH", "-t", "model.layers.2.down.weight[:50,::3]", "--as", "hinton", "-o"],
        &["draw", "PATH/model-00001-of-00002.safetensors", "--as", "histogram", "-o"],
    ];
    for (number, args) in pictures.into_iter().enumerate() {
        let draw = |path: &str, file: &str| {
            let mut words: Vec<String> = args.iter().map(|arg| arg.replace("PATH", path)).collect();
            words.push(file.to_owned());
            far(&folder, &server, &words.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let (near, away) = (format!("near{number}.png"), format!("far{number}.png"));
        assert_eq!(draw("name", &near).code, 0);
        let said = draw("hf://org/name", &away);
        assert_eq!(said.code, 0, "{}", said.err);
        assert!(folder.read(&near) == folder.read(&away), "{args:?}");
    }
    let export = ["export", "hf://org/name", "-t", "model.layers.1.up.weight", "-o", "far.npy"];
    assert_eq!(far(&folder, &server, &export).code, 0);
    let near = ["export", "name", "-t", "model.layers.1.up.weight", "-o", "near.npy"];
    assert_eq!(far(&folder, &server, &near).code, 0);
    assert!(folder.read("near.npy") == folder.read("far.npy"));
    // `hinton ADDRESS` is short for `hinton draw ADDRESS`.
    let short = far(&folder, &server, &["hf://org/name", "-o", "short.png"]);
    assert_eq!(short.code, 0, "{}", short.err);
    assert!(folder.read("short.png") == folder.read("near0.png"));
}

#[test]
fn listing_a_model_asks_for_headers_alone() {
    let files = repository(3);
    let whole: usize = files.values().map(Vec::len).sum();
    let folder = Folder::new();
    let manner = Manner { has_no_storage: true, ..Manner::default() };
    let server = Server::new(move |seen| answer(&files, manner, seen));
    let said = far(&folder, &server, &["inspect", "hf://org/name"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let paths: Vec<String> = server.seen().into_iter().map(|seen| seen.path).collect();
    let start = format!("/org/name/resolve/{COMMIT}");
    let mut expected = vec![
        "/api/models/org/name/revision/main?blobs=true".to_owned(),
        format!("{start}/config.json"),
        format!("{start}/model-00001-of-00002.safetensors"),
        format!("{start}/model-00002-of-00002.safetensors"),
        format!("{start}/model.safetensors.index.json"),
    ];
    let mut asked = paths.clone();
    asked.sort();
    expected.sort();
    assert_eq!(asked, expected);
    assert!(said.err.contains("in 5 requests"), "{}", said.err);
    assert!(whole > 900_000);
}

#[test]
fn an_index_on_a_plain_web_server_finds_its_shards() {
    let files = repository(5);
    let folder = Folder::new();
    on_disk(&folder, "name", &files);
    let server = Server::new(move |seen| match files.get(seen.path.trim_start_matches("/m/")) {
        Some(file) => ranged(file, seen),
        None => Reply::status(404),
    });
    let url = server.url("/m/model.safetensors.index.json");
    let said = folder.run(&["inspect", &url, "--stats"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let near = folder.run(&["inspect", "name/model.safetensors.index.json", "--stats"]);
    let base = server.url("/m");
    assert_eq!(said.out.replace(&base, "name"), near.out);
    // Nothing was asked for that nothing names.
    for seen in server.seen() {
        assert!(!seen.path.contains("README"), "{}", seen.path);
    }
}

#[test]
fn steps_of_a_film_may_be_addresses() {
    let steps: Files = (0..3)
        .map(|step| (format!("step_{step}.safetensors"), safetensors(&[("w", 8, 8, step)])))
        .collect();
    let folder = Folder::new();
    on_disk(&folder, "run", &steps);
    let server = Server::new(move |seen| match steps.get(seen.path.trim_start_matches('/')) {
        Some(file) => ranged(file, seen),
        None => Reply::status(404),
    });
    let urls: Vec<String> =
        (0..3).map(|step| server.url(&format!("/step_{step}.safetensors"))).collect();
    let mut args = vec!["animate"];
    args.extend(urls.iter().map(String::as_str));
    args.extend(["-o", "far.gif"]);
    let said = folder.run(&args);
    assert_eq!(said.code, 0, "{}", said.err);
    let near = [
        "animate",
        "run/step_0.safetensors",
        "run/step_1.safetensors",
        "run/step_2.safetensors",
        "-o",
        "near.gif",
    ];
    assert_eq!(folder.run(&near).code, 0);
    assert!(folder.read("far.gif") == folder.read("near.gif"));
}

#[test]
fn what_was_read_is_kept_for_the_next_command() {
    let file = safetensors(&[("w", 1000, 1000, 3)]);
    let folder = Folder::new();
    let served = file.clone();
    let server = Server::new(move |seen| ranged(&served, seen));
    let url = server.url("/model.safetensors");
    let draw = |out: &str, keep: &str| {
        let mut command = folder.command(&["draw", &url, "-o", out]);
        command.env("HINTON_CACHE", folder.path().join("cache")).env("HINTON_KEEP", keep);
        let said = said(command.output().unwrap());
        assert_eq!(said.code, 0, "{}", said.err);
        said.err
    };
    assert!(!draw("one.png", "1GB").contains("kept"));
    let again = draw("two.png", "1GB");
    assert!(again.contains("in 1 request, and ") && again.contains("kept from before"), "{again}");
    assert!(folder.read("one.png") == folder.read("two.png"));
    let requests = server.seen().len();
    assert!(!draw("three.png", "0").contains("kept"), "0 keeps and takes nothing");
    assert!(server.seen().len() > requests + 1);
    let parts = std::fs::read_dir(folder.path().join("cache/parts")).unwrap();
    assert_eq!(parts.count(), 1);
}

#[test]
fn a_folder_of_steps_far_away_is_a_run_as_on_disk() {
    let steps: Files = (0..3)
        .map(|step| (format!("step_{step}.safetensors"), safetensors(&[("w", 8, 8, step)])))
        .collect();
    let folder = Folder::new();
    on_disk(&folder, "name", &steps);
    let server = Server::new(move |seen| answer(&steps, Manner::default(), seen));
    let near = folder.run(&["inspect", "name"]);
    let away = far(&folder, &server, &["inspect", "hf://org/name"]);
    assert!(near.out.contains("3 steps"), "{}", near.out);
    assert_eq!(away.out.replace("hf://org/name", "name"), near.out, "{}", away.err);
    for (path, file) in [("name", "near.png"), ("hf://org/name", "far.png")] {
        let drawn = far(&folder, &server, &["draw", path, "-o", file, "--title", "run"]);
        assert_eq!(drawn.code, 0, "{}", drawn.err);
    }
    assert!(folder.read("far.png") == folder.read("near.png"));
}

#[test]
fn mistakes_are_answered_in_plain_words() {
    let files = repository(1);
    let folder = Folder::new();
    let server = Server::new(move |seen| answer(&files, Manner::default(), seen));
    for (args, code, words) in [
        (vec!["inspect", "hf://org/name/model.safetensor"], 1, "there is no such file"),
        (vec!["inspect", "hf://org/name@v2/x"], 1, "there is no revision \"v2\""),
        (vec!["inspect", "s3://bucket/x"], 1, "built without buckets (s3://)"),
        (vec!["inspect", "hf://org/name", "--max-download", "much"], 2, "a size is such as 500MB"),
        (
            vec!["draw", "hf://org/name", "-o", "x.png", "--max-download", "300k"],
            1,
            "past the 300000 of max-download",
        ),
        (vec!["inspect", "http://127.0.0.1:1/x.npy"], 1, "nothing listens there"),
    ] {
        let said = far(&folder, &server, &args);
        assert_eq!(said.code, code, "{args:?}: {}", said.err);
        assert!(said.err.contains(words), "{args:?}: {}", said.err);
        assert!(said.err.contains("error: "), "{}", said.err);
    }
    assert!(folder.made().is_empty(), "{:?}", folder.made());
}
