//! The real binary: every command, exit codes, messages, files.

use crate::support;

use std::io::Read as _;
use std::process::Stdio;

use serde_json::Value;
use support::{Folder, safetensors, said};

const MLP: &str = "digits_mlp.safetensors";

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn help_shows_commands_options_and_examples() {
    let folder = Folder::new();
    let help = folder.ok(&["--help"]).out;
    for command in ["inspect", "check", "draw", "animate", "export", "demo", "list", "completions"]
    {
        assert!(help.contains(&format!("\n  {command} ")), "{command}");
        let long = folder.ok(&[command, "--help"]).out;
        assert!(long.contains("Examples:"), "{command}");
        let short = folder.ok(&[command, "-h"]).out;
        assert!(short.len() <= long.len());
    }
    let draw = folder.ok(&["draw", "--help"]).out;
    for row in hinton::settings::SETTINGS {
        assert!(draw.contains(&format!("--{}", row.name)), "{}", row.name);
    }
    for chart in hinton::look::CHARTS {
        assert!(draw.contains(chart.name), "{}", chart.name);
    }
    assert_eq!(folder.ok(&["--version"]).out, format!("hinton {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn mistakes_on_the_command_line_end_with_2_and_a_cure() {
    let folder = Folder::new();
    assert!(folder.fails(2, &["drw"]).contains("'draw'"));
    assert!(folder.fails(2, &["draw", MLP, "--cmpa", "x"]).contains("'--cmap'"));
    assert!(folder.fails(2, &["draw"]).contains("PATH"));
    let text = folder.fails(2, &["draw", MLP, "--cmap", "virdis", "-o", "x.png"]);
    assert!(text.contains("\nhelp: the nearest are \"viridis\""), "{text}");
    let text = folder.fails(2, &["draw", MLP, "--as", "histgram", "-o", "x.png"]);
    assert!(text.contains("\nhelp: did you mean histogram?"), "{text}");
    let text = folder.fails(2, &["draw", MLP, "-o", "x.bmp"]);
    assert!(text.contains("\nhelp: there are .png, .svg, .pdf"), "{text}");
    let text = folder.fails(2, &["draw", MLP, "--range", "3..1", "-o", "x.png"]);
    assert!(text.contains("--range"), "{text}");
    assert!(folder.fails(2, &["draw", MLP, "--size", "15", "-o", "x.png"]).contains("15x10in"));
    assert!(folder.fails(2, &["draw", MLP, "-t", "0.weight[a]", "-o", "x.png"]).contains("slice"));
    assert!(folder.fails(2, &["export", MLP, "-o", "x.doc"]).contains(".npy, .npz, .csv"));
    let text = folder.fails(2, &["draw", MLP, "-o", "x.gif"]);
    assert!(text.contains("gif is a film") && text.contains("hinton animate"), "{text}");
    let text = folder.fails(2, &["animate", MLP, "-o", "x.gif"]);
    assert!(text.contains("one step") && text.contains("hinton draw"), "{text}");
    // Without a word the help is the answer; a file alone is drawn.
    let said = folder.run(&[]);
    assert_eq!(said.code, 0);
    assert!(said.err.contains("hinton draw") || said.out.contains("hinton draw"));
    assert_eq!(folder.ok(&[MLP]).out, folder.ok(&["draw", MLP]).out);
    assert!(folder.made().is_empty(), "{:?}", folder.made());
}

#[test]
fn work_that_fails_ends_with_1_and_a_cure() {
    let folder = Folder::new();
    let text = folder.fails(1, &["inspect", "nope.npy"]);
    assert!(text.starts_with("error: nope.npy: "), "{text}");
    let text = folder.fails(1, &["draw", MLP, "-t", "0.wieght", "-o", "x.png"]);
    assert_eq!(
        text,
        format!(
            "error: {MLP}: there is no tensor \"0.wieght\"\n\
             help: the nearest names are \"0.weight\", \"2.weight\", \"0.bias\"\n"
        )
    );
    let text = folder.fails(1, &["draw", MLP, "-t", "0.weight", "-o", "no/x.png"]);
    assert!(text.contains("cannot write no/x.png: there is no such folder"), "{text}");
    folder.write(
        "lfs.safetensors",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
    );
    let text = folder.fails(1, &["inspect", "lfs.safetensors"]);
    assert!(text.contains("git lfs pull"), "{text}");
    let text = folder.fails(1, &["export", MLP, "-o", "x.npy"]);
    assert!(text.contains("4 were asked for"), "{text}");
    assert!(folder.made() == ["lfs.safetensors"], "{:?}", folder.made());
}

#[test]
fn inspect_lists_tensors_and_totals() {
    let folder = Folder::new();
    let text = folder.ok(&["inspect", MLP]).out;
    assert!(
        text.starts_with(&format!("{MLP}: safetensors, 4 tensors, 2,410 parameters, 9.64 kB\n"))
    );
    assert!(text.contains("\n0.weight  f32    32 × 64  8.19 kB\n"), "{text}");
    let part = folder.ok(&["inspect", MLP, "-t", "*.bias"]).out;
    assert!(part.contains("2 tensors, 42 parameters") && !part.contains("weight"), "{part}");
    let stats = folder.ok(&["inspect", MLP, "--stats", "-t", "2.bias"]).out;
    assert!(stats.contains("-0.247"), "{stats}");
    let two = folder.ok(&["inspect", MLP, "digits_images.npy"]).out;
    assert!(two.contains("100 × 8 × 8"), "{two}");
}

#[test]
fn json_has_the_keys_that_were_promised() {
    let folder = Folder::new();
    let text = folder.ok(&["inspect", MLP, "--json"]).out;
    assert!(
        text.starts_with(&format!("{{\"path\":\"{MLP}\",\"format\":\"safetensors\",\"metadata\":"))
    );
    let report = json(&text);
    let keys =
        |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    let mut top = keys(&report);
    top.sort();
    assert_eq!(
        top,
        [
            "architecture_guess",
            "by_dtype",
            "by_kind",
            "format",
            "metadata",
            "path",
            "tensors",
            "warnings"
        ]
    );
    let first = &report["tensors"][0];
    let mut of_tensor = keys(first);
    of_tensor.sort();
    assert_eq!(of_tensor, ["bytes", "dtype", "elements", "file", "name", "shape"]);
    assert_eq!(first["shape"], serde_json::json!([32, 64]));
    assert_eq!((first["elements"].as_u64(), first["bytes"].as_u64()), (Some(2048), Some(8192)));

    let report = json(&folder.ok(&["inspect", MLP, "--json", "--stats"]).out);
    let stats = &report["tensors"][1]["stats"];
    let mut of_stats = keys(stats);
    of_stats.sort();
    let promised =
        ["l2", "max", "mean", "min", "nan", "neg_inf", "pos_inf", "quantiles", "std", "zeros"];
    assert_eq!(of_stats, promised);
    assert_eq!(keys(&stats["quantiles"]).len(), 7);
    assert!(stats["quantiles"]["0.5"].is_f64());

    let both = json(&folder.ok(&["inspect", MLP, "hinton_demo.npy", "--json"]).out);
    assert_eq!(both.as_array().unwrap().len(), 2);
}

#[test]
fn json_is_null_where_nothing_is_finite() {
    let folder = Folder::new();
    let mut file = safetensors(&["w"]);
    let values = file.len() - 24;
    for value in file[values..].chunks_exact_mut(4) {
        value.copy_from_slice(&f32::NAN.to_le_bytes());
    }
    folder.write("nan.safetensors", &file);
    let report = json(&folder.ok(&["inspect", "nan.safetensors", "--json", "--stats"]).out);
    let stats = &report["tensors"][0]["stats"];
    assert!(stats["min"].is_null() && stats["quantiles"]["0.01"].is_null());
    assert_eq!(stats["nan"], 6);
}

#[test]
fn hostile_names_stay_names() {
    let folder = Folder::new();
    let names = [
        "\u{1b}[2J\u{1b}]0;title\u{7}",
        "<script>&\"'\n\t",
        "\u{202e}\u{9b}31m\u{7f}\u{e0041}txt.exe",
        "",
        "日本語",
    ];
    folder.write("hostile.safetensors", &safetensors(&names));
    let report = json(&folder.ok(&["inspect", "hostile.safetensors", "--json", "--stats"]).out);
    let found: Vec<&str> =
        report["tensors"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    assert_eq!(found, names);
    let harmless =
        |text: &str| text.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}');
    for args in [
        &["inspect", "hostile.safetensors"][..],
        &["inspect", "hostile.safetensors", "--stats"],
        &["inspect", "hostile.safetensors", "--json"],
        &["draw", "hostile.safetensors"],
        &["draw", "hostile.safetensors", "-t", "nope"],
        &["draw", "hostile.safetensors", "-o", "-", "--format", "svg"],
    ] {
        let said = folder.run(args);
        assert!(harmless(&said.out), "{args:?}: {:?}", said.out);
        assert!(harmless(&said.err), "{args:?}: {:?}", said.err);
        assert!(!args.contains(&"svg") || !said.out.contains("<script>"), "{args:?}");
    }
    let each = folder.run(&["draw", "hostile.safetensors", "-t", "*", "-o", "{}.png"]);
    assert_eq!(each.code, 0, "{}", each.err);
    let made = folder.made();
    assert_eq!(made.iter().filter(|name| name.ends_with(".png")).count(), 5, "{made:?}");
    assert!(made.iter().all(|name| harmless(name) && !name.contains('\n')), "{made:?}");
}

#[test]
fn draw_writes_what_the_extension_says() {
    let folder = Folder::new();
    for (name, magic) in
        [("a.png", &b"\x89PNG"[..]), ("a.svg", b"<svg"), ("a.pdf", b"%PDF"), ("A.PNG", b"\x89PNG")]
    {
        folder.ok(&["draw", MLP, "-t", "2.weight", "-o", name]);
        let bytes = folder.read(name);
        let start = &bytes[..bytes.len().min(200)];
        assert!(start.windows(magic.len()).any(|window| window == magic), "{name}");
    }
    let piped = folder.ok(&["draw", MLP, "-t", "2.weight", "-o", "-"]);
    assert_eq!(piped.bytes, folder.read("a.png"));
    let svg = folder.ok(&["draw", MLP, "-t", "2.weight", "-o", "-", "--format", "svg"]);
    assert_eq!(svg.bytes, folder.read("a.svg"));
    folder.ok(&["draw", MLP, "-t", "2.weight", "-o", "noextension", "--format", "pdf"]);
    assert!(folder.read("noextension").starts_with(b"%PDF"));
    let again = folder.ok(&["draw", MLP, "-t", "2.weight", "--threads", "7", "-o", "-"]);
    assert_eq!(again.bytes, piped.bytes);
}

#[test]
fn a_glob_makes_facets_or_a_file_each() {
    let folder = Folder::new();
    folder.ok(&["draw", MLP, "-t", "*.weight", "--as", "heatmap", "-o", "both.svg"]);
    let both = String::from_utf8(folder.read("both.svg")).unwrap();
    assert!(both.contains("0.weight") && both.contains("2.weight"));
    folder.ok(&["draw", MLP, "-t", "*.weight", "-o", "w-{}.png"]);
    assert_eq!(folder.made(), ["both.svg", "w-0.weight.png", "w-2.weight.png"]);
}

#[test]
fn a_file_each_leaves_out_what_is_empty() {
    let folder = Folder::new();
    let mut file = safetensors(&["a", "b", "c"]);
    // The second tensor becomes empty, in a header of the same length.
    for (from, to) in [
        ("[2,3],\"data_offsets\":[24,48]", "[0,3],\"data_offsets\":[24,24]"),
        ("[48,72]", "[24,48]"),
    ] {
        let at = file.windows(from.len()).position(|bytes| bytes == from.as_bytes()).unwrap();
        file[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
    file.truncate(file.len() - 24);
    folder.write("some.safetensors", &file);
    let said = folder.run(&["draw", "some.safetensors", "-o", "{}.png"]);
    assert_eq!((said.code, said.err.as_str()), (0, "note: b has no values: no file is written\n"));
    assert_eq!(folder.made(), ["a.png", "c.png", "some.safetensors"]);
    let none = folder.run(&["draw", "some.safetensors", "-t", "b", "-o", "{}.svg"]);
    assert_eq!(none.code, 1);
    assert!(none.err.contains("error: some.safetensors: there is nothing to draw"), "{}", none.err);
}

#[test]
fn a_file_of_labels_is_a_list() {
    let folder = Folder::new();
    folder.write("labels.txt", b"unit {}\nfirst\nsecond\n");
    let args = ["draw", MLP, "-t", "2.weight[:3,:3]", "--as", "heatmap", "-o", "-"];
    let all = [&args[..], &["--format", "svg", "--row-labels", "labels.txt"]].concat();
    let svg = folder.ok(&all).out;
    assert!(svg.contains("unit {}<") && svg.contains("second<"), "{svg}");
    assert!(!svg.contains("unit 0"));
}

#[test]
fn what_has_no_effect_is_said() {
    let folder = Folder::new();
    let draw = ["draw", MLP, "-t", "2.weight", "-o", "x.svg", "--cmap", "viridis"];
    folder.ok(&draw);
    let said = folder.run(&[&draw[..], &["--as", "histogram"]].concat());
    assert_eq!((said.code, said.err.as_str()), (0, "note: --cmap has no effect on a histogram\n"));
}

#[test]
fn every_option_changes_the_picture() {
    let folder = Folder::new();
    let draw = |options: &[&str]| {
        let mut args = vec!["draw", MLP, "-t", "2.weight[:,:8]", "--as", "heatmap", "-o", "-"];
        args.extend(options);
        folder.ok(&args).bytes
    };
    let plain = draw(&["--format", "svg"]);
    folder.write("labels.txt", b"zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n");
    for options in [
        &["--cmap", "viridis"][..],
        &["--range", "-0.5..0.5"],
        &["--range", "data"],
        &["--scale", "symlog"],
        &["--annotate=.3f"],
        &["--no-annotate"],
        &["--row-labels", "class {}"],
        &["--row-labels", "labels.txt"],
        &["--col-labels", "a,b,c,d,e,f,g,h"],
        &["--col-labels", "off"],
        &["--title", "A title"],
        &["--title", ""],
        &["--no-legend"],
        &["--size", "8cm"],
        &["--theme", "dark"],
        &["--transpose"],
        &["--reshape", "8x10"],
        &["--preset", "matplotlib-heatmap"],
    ] {
        let mut all = vec!["--format", "svg"];
        all.extend(options);
        assert!(draw(&all) != plain, "{options:?}");
    }
    assert!(draw(&["--dpi", "50"]).len() < draw(&["--dpi", "300"]).len());
    let labelled = draw(&["--format", "svg", "--row-labels", "labels.txt"]);
    assert!(String::from_utf8(labelled).unwrap().contains("seven"));
    let text = folder.fails(2, &["draw", MLP, "--row-labels", "no.txt", "-o", "x.png"]);
    assert!(text.contains("cannot read the labels in no.txt"), "{text}");
    let histogram = |options: &[&str]| {
        let mut args = vec!["draw", MLP, "-t", "0.weight", "--as", "histogram", "-o", "-"];
        args.extend(options);
        folder.ok(&args).bytes
    };
    assert!(histogram(&["--log"]) != histogram(&[]));
    assert!(histogram(&["--bins", "7"]) != histogram(&[]));
    // Said twice, the last counts.
    assert!(draw(&["--legend", "--no-legend"]) == draw(&["--no-legend"]));
    assert!(draw(&["--no-legend", "--legend"]) == draw(&["--legend"]));
    assert!(draw(&["--cmap", "gray", "--cmap", "viridis"]) == draw(&["--cmap", "viridis"]));
}

#[test]
fn without_a_terminal_pictures_are_plain_letters() {
    let folder = Folder::new();
    let text = folder.ok(&["draw", MLP, "-t", "2.weight"]).out;
    assert!(text.is_ascii() && !text.contains('\u{1b}'), "{text:?}");
    assert!(text.contains("2.weight"));
    assert!(text.lines().all(|line| line.len() <= 80));
    let narrow = folder.command(&["draw", MLP, "-t", "2.weight"]).env("COLUMNS", "40").output();
    assert!(said(narrow.unwrap()).out.lines().all(|line| line.len() <= 40));
    let colored = folder.ok(&["draw", MLP, "-t", "2.weight", "--graphics", "truecolor"]).out;
    assert!(colored.contains("\u{1b}["));
    let told = folder.command(&["draw", MLP]).env("HINTON_GRAPHICS", "256").output().unwrap();
    assert!(said(told).out.contains("\u{1b}[38;5;"));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let folder = Folder::new();
    let names: Vec<String> = (0..20_000).map(|at| format!("layers.{at}.weight")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    folder.write("long.safetensors", &safetensors(&names));
    for args in [
        &["inspect", "long.safetensors"][..],
        &["inspect", "long.safetensors", "--json"],
        &["export", "long.safetensors", "-o", "-", "--format", "safetensors"],
        &["list", "colormaps"],
    ] {
        let mut child =
            folder.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = [0u8; 10];
        child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
        drop(child.stdout.take());
        let said = said(child.wait_with_output().unwrap());
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{args:?}");
    }
}

#[test]
fn a_failure_leaves_the_old_file() {
    let folder = Folder::new();
    folder.write("old.png", b"old");
    folder.fails(1, &["draw", MLP, "-t", "nope", "-o", "old.png"]);
    folder.fails(2, &["draw", MLP, "-t", "0.weight", "--dpi", "-3", "-o", "old.png"]);
    // A picture of 2.5 million pixels a side cannot be drawn.
    let text = folder.fails(
        1,
        &["draw", MLP, "-t", "0.weight", "--size", "254in", "--dpi", "9999", "-o", "old.png"],
    );
    assert!(text.contains("cannot be drawn"), "{text}");
    assert!(text.contains("help: ask for another --size or --dpi"), "{text}");
    assert_eq!(folder.read("old.png"), b"old");
    assert_eq!(folder.made(), ["old.png"]);
}

#[test]
#[cfg(unix)]
fn an_interrupted_run_leaves_the_old_file() {
    let folder = Folder::new();
    folder.write("old.npy", b"old");
    // Half a gigabyte of zeros that takes no room on the disk, but time to copy.
    let columns = 1usize << 27;
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({columns},), }}");
    header.push_str(&" ".repeat(117 - header.len()));
    let mut file = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    file.extend_from_slice(header.as_bytes());
    file.push(b'\n');
    folder.write("large.npy", &file);
    let large = std::fs::OpenOptions::new().write(true).open(folder.path().join("large.npy"));
    large.unwrap().set_len(128 + 4 * columns as u64).unwrap();
    let mut child = folder.command(&["export", "large.npy", "-o", "old.npy"]).spawn().unwrap();
    // Until the work has begun.
    while !folder.made().iter().any(|name| name.ends_with(".hinton-tmp")) {
        assert!(child.try_wait().unwrap().is_none(), "it was done before it could be interrupted");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success());
    assert_eq!(folder.read("old.npy"), b"old");
}

#[test]
fn export_writes_the_values() {
    let folder = Folder::new();
    folder.ok(&["export", MLP, "-t", "0.weight[0:2]", "-o", "w.npy"]);
    let report = json(&folder.ok(&["inspect", "w.npy", "--json"]).out);
    assert_eq!(report["tensors"][0]["shape"], serde_json::json!([2, 64]));
    let csv = folder.ok(&["export", "hinton_demo.npy", "-o", "-", "--format", "csv"]).out;
    assert_eq!(csv.lines().count(), 20);
    let first: f64 = csv.split(',').next().unwrap().parse().unwrap();
    assert!(first.abs() <= 0.5);
    folder.ok(&["export", MLP, "-o", "all.safetensors"]);
    let copy = json(&folder.ok(&["inspect", "all.safetensors", "--json", "--stats"]).out);
    let original = json(&folder.ok(&["inspect", MLP, "--json", "--stats"]).out);
    for (one, two) in
        copy["tensors"].as_array().unwrap().iter().zip(original["tensors"].as_array().unwrap())
    {
        assert_eq!(one["name"], two["name"]);
        assert_eq!(one["stats"], two["stats"]);
    }
}

#[test]
fn one_bad_file_does_not_hide_the_others() {
    let folder = Folder::new();
    let said = folder.run(&["inspect", "nope", MLP, "--json"]);
    assert_eq!(said.code, 1);
    assert!(said.err.starts_with("error: nope: "), "{}", said.err);
    assert_eq!(json(&said.out).as_array().unwrap().len(), 1);
}

#[test]
fn lists_print_every_row() {
    let folder = Folder::new();
    let rows: [(&str, Vec<&str>); 5] = [
        ("formats", hinton::files::FORMATS.iter().map(|row| row.name).collect()),
        ("charts", hinton::look::CHARTS.iter().map(|row| row.name).collect()),
        ("outputs", hinton::outputs::OUTPUTS.iter().map(|row| row.name).collect()),
        ("colormaps", hinton::look::colormaps().map(|row| row.name).collect()),
        ("presets", hinton::look::PRESETS.iter().map(|row| row.name).collect()),
    ];
    for (what, names) in rows {
        let text = folder.ok(&["list", what]).out;
        let markdown = folder.ok(&["list", what, "--markdown"]).out;
        let listed = json(&folder.ok(&["list", what, "--json"]).out);
        for name in &names {
            assert!(text.lines().any(|line| line.split(' ').next() == Some(name)), "{what} {name}");
            assert!(markdown.contains(&format!("## `{name}`\n")), "{what} {name}");
        }
        let listed = listed.as_array().unwrap();
        assert_eq!(listed.len(), names.len());
        assert!(listed.iter().zip(&names).all(|(row, name)| row["name"] == *name));
    }
    let options = folder.ok(&["list", "options", "--markdown"]).out;
    assert!(options.contains("## `--range RANGE`"), "{options}");
    assert!(options.contains("Charts: heatmap, tiles, overview."), "{options}");
    assert!(folder.ok(&["list", "commands"]).out.contains("inspect"));
    assert!(folder.fails(2, &["list", "chart"]).contains("charts"));
}

#[test]
fn completions_know_the_options() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = folder.ok(&["completions", shell]).out;
        for word in ["max-weight", "graphics", "inspect"] {
            assert!(script.contains(word), "{shell} {word}");
        }
        // The other two complete no values.
        if ["bash", "zsh", "fish"].contains(&shell) {
            assert!(script.contains("viridis") && script.contains("matplotlib-hinton"), "{shell}");
        }
    }
}

/// Each command that the gallery shows makes the picture beside it, to the byte.
#[test]
#[cfg(unix)]
fn the_gallerys_commands_work_as_they_stand() {
    let folder = Folder::new();
    let said = folder.ok(&["demo", "gallery"]);
    assert!(said.out.contains("gallery/index.html"), "{}", said.out);
    let page = String::from_utf8(folder.read("gallery/index.html")).unwrap();
    let mut checked = 0;
    for shown in page.split("<pre>").skip(1) {
        let shown = shown.split("</pre>").next().unwrap();
        let command = shown.replace("<span>", "").replace("</span>", "").replace("&amp;", "&");
        let picture = command.rsplit(' ').next().unwrap().to_owned();
        let original = folder.read(&format!("gallery/{picture}"));
        // A run is recorded into a folder that has none.
        let run = command.lines().next().and_then(|line| line.split_once("--record "));
        if let Some((_, run)) = run.filter(|_| command.lines().count() > 1) {
            std::fs::remove_dir_all(folder.path().join("gallery").join(run)).unwrap();
        }
        std::fs::remove_file(folder.path().join("gallery").join(&picture)).unwrap();
        let status = std::process::Command::new("/bin/sh")
            .arg("-c")
            .arg(format!("hinton() {{ '{}' \"$@\"; }}; {command}", env!("CARGO_BIN_EXE_hinton")))
            .current_dir(folder.path().join("gallery"))
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{command}");
        assert!(folder.read(&format!("gallery/{picture}")) == original, "{command}");
        checked += 1;
    }
    assert!(checked >= 15, "{checked}");
}

#[test]
fn demo_refuses_what_is_no_folder() {
    let folder = Folder::new();
    folder.write("taken", b"x");
    let text = folder.fails(1, &["demo", "taken"]);
    assert!(text.contains("there is a file of that name"), "{text}");
}

#[test]
fn check_says_what_is_wrong_and_ends_with_1() {
    let folder = Folder::new();
    let sound = folder.ok(&["check", MLP]).out;
    assert!(sound.starts_with("digits_mlp.safetensors: nothing wrong"), "{sound}");
    let mut file = safetensors(&["a", "b"]);
    let end = file.len();
    file[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    folder.write("nan.safetensors", &file);
    let said = folder.run(&["check", "nan.safetensors", MLP]);
    assert_eq!((said.code, said.err.as_str()), (1, ""));
    let fault = "FAULT  nan           b: 1 of 6 values are NaN, the first at [1, 2]";
    assert!(said.out.contains(fault), "{}", said.out);
    assert!(
        folder.ok(&["check", "nan.safetensors", "--allow", "nan"]).out.contains("nothing wrong")
    );
    let report = json(&folder.run(&["check", "nan.safetensors", "--json"]).out);
    assert_eq!(report["faults"], 1);
    assert_eq!(report["findings"][0]["places"][0], serde_json::json!([1, 2]));

    folder.write("twice.safetensors", &safetensors(&["a", "b"]));
    assert!(folder.ok(&["check", "twice.safetensors"]).out.contains("b: equal to a"));
    assert_eq!(folder.run(&["check", "twice.safetensors", "--strict"]).code, 1);
    assert_eq!(
        folder.run(&["check", "twice.safetensors", "--strict", "--allow", "duplicate"]).code,
        0
    );
    let text = folder.fails(2, &["check", MLP, "--allow", "nans"]);
    assert!(text.contains("help: kinds are unreadable, refused"), "{text}");
}

#[test]
fn inspect_shows_modules_kinds_and_orders() {
    let folder = Folder::new();
    let text = folder.ok(&["inspect", MLP]).out;
    assert!(text.contains("  kinds: 2 matrices"), "{text}");
    assert!(text.contains("  guess: a network of 2 dense layers"), "{text}");
    let tree = folder.ok(&["inspect", "digits_softmax.safetensors", "--depth", "2"]).out;
    let lines: Vec<&str> = tree.lines().skip_while(|line| !line.starts_with("MODULE")).collect();
    assert!(lines.iter().any(|line| line.starts_with("optimizer ")), "{tree}");
    assert!(lines.iter().any(|line| line.starts_with("  exp_avg ")), "{tree}");
    assert!(!tree.contains("NAME"), "{tree}");

    let sorted = folder.ok(&["inspect", MLP, "--sort", "norm"]).out;
    let place = |name: &str| sorted.find(&format!("\n{name} ")).unwrap();
    assert!(place("0.weight") < place("0.bias") && sorted.contains("HISTOGRAM"), "{sorted}");
    let report = json(&folder.ok(&["inspect", MLP, "--sort", "name", "--json"]).out);
    assert_eq!(report["tensors"][0]["name"], "0.bias");
    assert_eq!(report["by_kind"]["matrices"]["tensors"], 2);
    assert_eq!(report["architecture_guess"], "a network of 2 dense layers");
}

#[test]
fn two_files_are_set_side_by_side() {
    let folder = Folder::new();
    let first = safetensors(&["a", "b"]);
    let mut second = safetensors(&["b", "c"]);
    let start = second.len() - 48;
    second[start..start + 4].copy_from_slice(&0.5f32.to_le_bytes());
    folder.write("first.safetensors", &first);
    folder.write("second.safetensors", &second);
    let args = ["inspect", "first.safetensors", "second.safetensors", "--compare"];
    let text = folder.ok(&args).out;
    assert!(text.contains("1 value of b changed: [0, 0] from 0 to 0.5"), "{text}");
    // The report of `hinton diff`, whose exit code says that they differ.
    let diff = folder.run(&["diff", "first.safetensors", "second.safetensors"]);
    assert_eq!((diff.code, &diff.out), (1, &text));
    let report = json(&folder.ok(&[&args[..], &["--stats", "--json"]].concat()).out);
    assert_eq!(report["matched"][1]["max_abs"], 0.5);
    assert!(folder.fails(2, &["inspect", MLP, "--compare"]).contains("for two files, not 1"));
}
