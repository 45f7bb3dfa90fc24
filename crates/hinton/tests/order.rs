//! Rows and columns in another order than the file's: what is drawn, what labels say.

use std::collections::BTreeSet;

use hinton::films::{AnimateRequest, animate};
use hinton::runs::{RunOptions, open_run};
use hinton::scene::Scene;
use hinton::{DrawRequest, Fault, Picture, draw, tensor_of};
use hinton_scene::{Cells, Color, Item};

use crate::common::{Folder, put};

const SHAPE: [usize; 2] = [3, 2];
/// Norms of the rows: 1, 5, 3; of the columns: the second is larger.
const VALUES: [f32; 6] = [1.0, 0.0, 3.0, -4.0, 0.0, 3.0];

fn drawn(order: Option<&str>, settings: &[(&str, &str)]) -> Picture {
    let mut request = DrawRequest::chart("heatmap");
    for (setting, value) in order.map(|order| ("order", order)).iter().chain(settings) {
        request = request.set(setting, value).unwrap();
    }
    draw([tensor_of("w", &SHAPE, &VALUES).unwrap()], &request).unwrap()
}

fn cells(scene: &Scene) -> &Cells {
    scene
        .items
        .iter()
        .find_map(|item| if let Item::Cells(cells) = item { Some(cells) } else { None })
        .unwrap()
}

fn color(cells: &Cells, row: usize, col: usize) -> Color {
    cells.palette[usize::from(cells.cells[row * cells.cols + col])]
}

/// The texts that stand side by side at one of these places, in order down the page.
fn labels(scene: &Scene, words: &[&str]) -> Vec<String> {
    let text = |item: &Item| match item {
        Item::Text(text) if words.contains(&text.content.as_str()) => {
            Some((text.y, text.content.clone()))
        }
        _ => None,
    };
    let mut found: Vec<(f64, String)> = scene.items.iter().filter_map(text).collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    found.into_iter().map(|(_, label)| label).collect()
}

#[test]
fn the_largest_rows_come_first_and_keep_their_labels() {
    let settings = [("row-labels", "row {}"), ("col-labels", "col {}")];
    let (plain, sorted) = (drawn(None, &settings), drawn(Some("rows"), &settings));
    let row = |scene: &Scene, row: usize| {
        let cells = cells(scene);
        (0..2).map(|col| color(cells, row, col)).collect::<Vec<_>>()
    };
    for (place, from) in [1, 2, 0].into_iter().enumerate() {
        assert_eq!(row(&sorted.scene, place), row(&plain.scene, from), "row {from}");
    }
    let names = ["row 0", "row 1", "row 2"];
    assert_eq!(labels(&sorted.scene, &names), ["row 1", "row 2", "row 0"]);
    assert!(sorted.scene.description.contains("rows by norm, largest first"));
    // Values and their statistics are those of the file.
    let figures = |picture: &Picture| picture.scene.description.contains("min −4 · max 3");
    assert!(figures(&plain) && figures(&sorted));
    let both = drawn(Some("both:norm"), &settings);
    assert_eq!(row(&both.scene, 0), [1, 0].map(|col| color(cells(&plain.scene), 1, col)));
}

#[test]
fn rows_of_two_kinds_are_parted_by_similarity() {
    let (rows, cols) = (30, 40);
    let value = |row: usize, col: usize| {
        let phase = if row.is_multiple_of(3) { 0.0 } else { 1.5 };
        ((col as f32) * 0.4 + phase).sin() + 0.1 * ((row * 31 + col * 17) % 11) as f32 / 11.0
    };
    let values: Vec<f32> = (0..rows * cols).map(|at| value(at / cols, at % cols)).collect();
    let mut request = DrawRequest::chart("heatmap").set("order", "rows:clustered").unwrap();
    request = request.set("row-labels", "{}").unwrap().set("col-labels", "off").unwrap();
    let picture = draw([tensor_of("w", &[rows, cols], &values).unwrap()], &request).unwrap();
    let names: Vec<String> = (0..rows).map(|row| row.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let left = cells(&picture.scene).rect.x;
    let mut found: Vec<(f64, usize)> = Vec::new();
    for item in &picture.scene.items {
        if let Item::Text(text) = item
            && text.x < left
            && names.contains(&text.content.as_str())
        {
            found.push((text.y, text.content.parse().unwrap()));
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let order: Vec<usize> = found.into_iter().map(|(_, row)| row).collect();
    assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), rows, "each row once");
    let kinds: Vec<bool> = order.iter().map(|row| row.is_multiple_of(3)).collect();
    assert_eq!(kinds.windows(2).filter(|pair| pair[0] != pair[1]).count(), 1, "{order:?}");
}

#[test]
fn what_cannot_be_sorted_says_why() {
    let request = || DrawRequest::chart("heatmap").set("order", "rows").unwrap();
    let one = || tensor_of("w", &SHAPE, &VALUES).unwrap();
    let colours = tensor_of("w", &[20, 20, 3], &[0.5; 1200]).unwrap();
    let as_picture = request().set("each", "0").unwrap();
    assert!(draw([colours], &as_picture).is_ok(), "each row of it is a matrix");
    // Beside one another each is sorted for itself.
    draw([one(), one()], &request()).unwrap();
    let long = tensor_of("w", &[2_050, 2], &vec![0.5; 4_100]).unwrap();
    let clustered = DrawRequest::chart("heatmap").set("order", "rows:clustered").unwrap();
    let error = draw([long.clone()], &clustered).unwrap_err();
    assert!(error.to_string().contains("at most 2,048 rows"), "{error}");
    assert!(error.help().unwrap().contains("norm"));
    draw([long], &request()).unwrap();
    // Other charts say that nothing is sorted.
    let histogram = DrawRequest::chart("histogram").set("order", "rows").unwrap();
    let notes = draw([one()], &histogram).unwrap().notes;
    assert!(notes.iter().any(|note| note.contains("`order` has no effect")), "{notes:?}");
    // A film would show rows that change places.
    let folder = Folder::new();
    for step in 1..=2 {
        put(&folder, &format!("run/epoch_{step}.safetensors"), &SHAPE, &VALUES);
    }
    let run = open_run(&[folder.path("run")], &RunOptions::default()).unwrap();
    let error = animate(&[run], &["w"], &AnimateRequest::of(request())).err().unwrap();
    assert_eq!(error.fault(), Fault::Request);
    assert!(error.to_string().contains("change places"), "{error}");
}

#[test]
fn rows_and_columns_of_a_table_have_the_names_of_its_file() {
    let folder = Folder::new();
    let file = folder.path("words.csv");
    std::fs::write(&file, "word,north,east\nsun,1,0\nrain,3,-4\nwind,0,3\n").unwrap();
    let opened = hinton::open(&file).unwrap();
    let words = ["sun", "rain", "wind", "north", "east"];
    let labels_of = |request: &DrawRequest, patterns: &[&str]| {
        let selected = hinton::select(&opened, patterns).unwrap();
        labels(&draw(selected, request).unwrap().scene, &words)
    };
    let all: &[&str] = &[];
    for chart in ["heatmap", "hinton"] {
        let request = DrawRequest::chart(chart);
        let found = labels_of(&request, all);
        assert_eq!(found.len(), 5, "{chart}: {found:?}");
        assert_eq!(found[2..], ["sun", "rain", "wind"], "{chart}");
        // Turned over, the words stand above.
        let found = labels_of(&request.transposed(), all);
        assert_eq!(found[3..], ["north", "east"], "{chart}");
    }
    // Sorted by norm, each keeps its name.
    let sorted = DrawRequest::chart("heatmap").set("order", "rows").unwrap();
    assert_eq!(labels_of(&sorted, all)[2..], ["rain", "wind", "sun"]);
    // What someone asked for stands, and of a slice the file names nothing.
    let own = DrawRequest::chart("heatmap").set("row-labels", "none").unwrap();
    assert_eq!(labels_of(&own, all).len(), 2);
    assert!(labels_of(&DrawRequest::chart("heatmap"), &["[1:3]"]).is_empty());
}

/// The vocabulary of Llama as llama.cpp keeps it.
#[test]
fn tokens_inside_a_gguf_are_names() {
    let file = "../../../shared/data/gguf/ggml-vocab-llama-spm.gguf";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if !path.is_file() {
        println!("skipped: there is no {}", path.display());
        return;
    }
    let names = hinton::files::names_beside(&path, &hinton::Limits::default());
    let [tokens] = names.as_slice() else { panic!("{} lists of names", names.len()) };
    assert_eq!(tokens.of, hinton::tensors::NamesOf::Tokens);
    let name = |token: usize| tokens.name("token_embd.weight", &[32_000, 64], 0, token);
    assert_eq!([0, 1, 2].map(name), [Some("<unk>"), Some("<s>"), Some("</s>")]);
    assert_eq!(name(32_000), None);
}
