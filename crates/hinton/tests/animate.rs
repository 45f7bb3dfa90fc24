//! From runs to films: frames, times, one scale and one layout, changes, what is left out.

use crate::common;

use std::ops::ControlFlow;
use std::path::Path;

use common::{Folder, put, safetensors};
use hinton::films::{
    AnimateRequest, Film, FilmSettings, FrameSource, Metric, Show, Timing, animate, animate_with,
    film_output_for, save_film_with,
};
use hinton::look::CHARTS;
use hinton::runs::{Run, RunOptions, open_run};
use hinton::scene::Scene;
use hinton::{DrawRequest, Work, render};
use hinton_scene::Item;

/// Values that grow tenfold a step and change their signs, with one NaN in step 3.
fn values(step: u32, count: usize) -> Vec<f32> {
    let one = |at: usize| match (step, at) {
        (3, 5) => f32::NAN,
        _ => (at as f32 - 3.0) * 10f32.powi(step as i32) / 1000.0,
    };
    (0..count).map(one).collect()
}

/// Steps 1 to `last`, each a matrix of that shape, and a log.
fn run_of(folder: &Folder, last: u32, shape: &[usize]) -> Run {
    let count = shape.iter().product();
    for step in 1..=last {
        put(folder, &format!("run/epoch_{step}.safetensors"), shape, &values(step, count));
    }
    let log: String = (1..=last)
        .map(|step| format!("{{\"epoch\":{step},\"loss\":{}}}\n", 1.0 / f64::from(step)))
        .collect();
    std::fs::write(folder.path("run/metrics.jsonl"), log).unwrap();
    open(&folder.path("run"))
}

fn open(path: &Path) -> Run {
    open_run(&[path], &RunOptions::default()).unwrap()
}

fn all() -> [&'static str; 0] {
    []
}

fn heatmap() -> AnimateRequest {
    AnimateRequest::of(DrawRequest::chart("heatmap"))
}

fn scenes(film: &Film) -> Vec<Scene> {
    (0..film.len()).map(|index| film.picture(index).unwrap().scene).collect()
}

/// Texts of a scene, with their places.
fn texts(scene: &Scene) -> Vec<(String, f64, f64)> {
    let text = |item: &Item| match item {
        Item::Text(text) => Some((text.content.clone(), text.x, text.y)),
        _ => None,
    };
    scene.items.iter().filter_map(text).collect()
}

/// The cells of the matrix (the first; the second is the colour bar).
fn cells(scene: &Scene) -> &hinton_scene::Cells {
    let mut items = scene.items.iter();
    let found = items.find_map(|item| match item {
        Item::Cells(cells) => Some(cells),
        _ => None,
    });
    found.unwrap()
}

#[test]
fn every_step_is_a_frame_and_has_its_time() {
    let folder = Folder::new();
    let runs = [run_of(&folder, 5, &[2, 3])];
    let film = animate(&runs, &all(), &heatmap()).unwrap();
    assert_eq!(film.steps(), [1, 2, 3, 4, 5]);
    assert_eq!(film.durations(), [200, 200, 200, 200, 1000]);
    let mut request = heatmap();
    (request.timing, request.hold) = (Timing::Fps(30.0), (0.5, 0.0));
    request.steps = "2..5:2".parse().unwrap();
    let film = animate(&runs, &all(), &request).unwrap();
    assert_eq!(film.steps(), [2, 4]);
    assert_eq!(film.durations(), [500, 33]);
    request.steps = "9..".parse().unwrap();
    let error = animate(&runs, &all(), &request).unwrap_err();
    assert!(error.to_string().contains("only 1 to 5"), "{error}");
}

#[test]
fn all_frames_of_every_chart_have_one_layout() {
    let folder = Folder::new();
    let matrices = [run_of(&folder, 5, &[6, 7])];
    let other = Folder::new();
    let vectors = [run_of(&other, 5, &[42])];
    // Of square counts `runs.rs` makes a film; the other two show all steps at once.
    for chart in CHARTS.iter().filter(|chart| chart.plays && chart.name != "confusion") {
        for own_range in [false, true] {
            let mut draw = DrawRequest::chart(chart.name);
            draw.options.own_range = own_range;
            let mut request = AnimateRequest::of(draw);
            request.morph = 1;
            let runs = if chart.name == "bars" { &vectors } else { &matrices };
            let film = animate(runs, &all(), &request).unwrap();
            let scenes = scenes(&film);
            assert_eq!(scenes.len(), 9, "{}", chart.name);
            let first = &scenes[0];
            for scene in &scenes {
                let size = |scene: &Scene| (scene.width, scene.height);
                assert_eq!(size(scene), size(first), "{}", chart.name);
                assert_eq!(texts(scene)[0], texts(first)[0], "{}: the title", chart.name);
            }
            if own_range || chart.name == "hinton" {
                continue;
            }
            // Everything but the step, the metric and marks of what is odd stays where it is.
            let constant = |scene: &Scene| {
                let changes = |text: &str| {
                    text.starts_with("NaN")
                        || text.contains("not finite")
                        || text.contains("step ")
                        || text.starts_with("between ")
                        || text.starts_with("loss")
                };
                texts(scene).into_iter().filter(|text| !changes(&text.0)).collect::<Vec<_>>()
            };
            if chart.name != "heatmap" {
                scenes.iter().for_each(|scene| {
                    assert_eq!(constant(scene), constant(first), "{}", chart.name)
                });
            }
        }
    }
}

#[test]
fn values_in_cells_have_one_size_and_colours_one_range() {
    let folder = Folder::new();
    let runs = [run_of(&folder, 5, &[2, 3])];
    let mut request = heatmap();
    request.draw = request.draw.set("annotate", ".3f").unwrap();
    let film = animate(&runs, &all(), &request).unwrap();
    let scenes = scenes(&film);
    let sizes: Vec<f64> = scenes
        .iter()
        .flat_map(|scene| &scene.items)
        .filter_map(|item| match item {
            Item::Text(text) if text.content.contains('.') && text.content.len() >= 5 => {
                Some(text.style.size)
            }
            _ => None,
        })
        .collect();
    assert!(sizes.len() >= 25, "{}", sizes.len());
    // All but the titles, the ticks and the notes.
    let alike = |size: &f64| sizes.iter().filter(|other| *other == size).count();
    assert!(sizes.iter().map(alike).max() >= Some(25), "{sizes:?}");
    let palettes: Vec<_> = scenes.iter().map(|scene| &cells(scene).palette).collect();
    assert!(palettes.iter().all(|palette| *palette == palettes[0]));
    // Step 5 reaches the ends of the range; a thousandth of it is hardly a colour.
    let index = |step: usize| cells(&scenes[step]).cells[0];
    let white = cells(&scenes[4]).cells[3];
    assert!(index(4) < index(3) && index(3) < index(2));
    assert!(white.abs_diff(index(0)) <= 1, "{white} {}", index(0));
    request.draw.options.own_range = true;
    let film = animate(&runs, &all(), &request).unwrap();
    let first = film.picture(0).unwrap().scene;
    assert_eq!(cells(&first).cells, cells(&film.picture(1).unwrap().scene).cells);
}

#[test]
fn changes_are_differences() {
    let folder = Folder::new();
    for (step, value) in [(1, 1.0), (2, 1.5), (4, 3.25)] {
        put(&folder, &format!("c/s_{step}.safetensors"), &[1, 2], &[value, -value]);
    }
    let runs = [open(&folder.path("c"))];
    let frames = |show: Show| {
        let mut request = heatmap();
        request.draw = request.draw.set("annotate", "d={:.2f}").unwrap();
        request.show = show;
        let film = animate(&runs, &all(), &request).unwrap();
        assert!(film.notes().iter().any(|note| note == "step 1 is compared with, not shown"));
        let words = |scene: &Scene| {
            let texts = texts(scene);
            let keep = |text: &&(String, f64, f64)| {
                text.0.starts_with("d=") || text.0.starts_with("step ")
            };
            texts.iter().filter(keep).map(|text| text.0.clone()).collect::<Vec<_>>().join(" ")
        };
        scenes(&film).iter().map(words).collect::<Vec<_>>()
    };
    assert_eq!(
        frames(Show::Change),
        ["d=0.50 d=−0.50 step 2 − step 1", "d=1.75 d=−1.75 step 4 − step 2"]
    );
    assert_eq!(
        frames(Show::TotalChange),
        ["d=0.50 d=−0.50 step 2 − step 1", "d=2.25 d=−2.25 step 4 − step 1"]
    );
    let mut request = heatmap();
    request.show = Show::Change;
    request.steps = "4".parse().unwrap();
    let error = animate(&runs, &all(), &request).unwrap_err();
    assert!(error.to_string().contains("step 4 alone"), "{error}");
}

#[test]
fn pictures_between_steps_are_mixed_and_say_so() {
    let folder = Folder::new();
    put(&folder, "c/s_1.safetensors", &[1, 2], &[1.0, -2.0]);
    put(&folder, "c/s_3.safetensors", &[1, 2], &[3.0, 2.0]);
    let runs = [open(&folder.path("c"))];
    let mut request = heatmap();
    request.draw = request.draw.set("annotate", "v={:.2f}").unwrap();
    request.morph = 3;
    let film = animate(&runs, &all(), &request).unwrap();
    assert_eq!((film.len(), film.durations()[0]), (5, 50));
    let middle = texts(&film.picture(2).unwrap().scene);
    let has = |wanted: &str| middle.iter().any(|text| text.0 == wanted);
    assert!(has("v=2.00") && has("v=0.00") && has("between 1 and 3"), "{middle:?}");
    assert!(texts(&film.picture(4).unwrap().scene).iter().any(|text| text.0 == "step 3"));
}

#[test]
fn steps_that_cannot_be_shown_are_told() {
    let folder = Folder::new();
    run_of(&folder, 6, &[2, 3]);
    put(&folder, "run/epoch_3.safetensors", &[3, 2], &[0.0; 6]);
    let other = String::from_utf8_lossy(&safetensors(&[2, 3], &[0.0; 6])).replace("\"w\"", "\"v\"");
    std::fs::write(folder.path("run/epoch_4.safetensors"), other.as_bytes()).unwrap();
    std::fs::write(folder.path("run/epoch_5.safetensors"), b"no weights").unwrap();
    let runs = [open(&folder.path("run"))];
    let film = animate(&runs, &["w"], &heatmap()).unwrap();
    assert_eq!(film.steps(), [1, 2, 6]);
    let notes = film.notes().join("\n");
    assert!(notes.contains("step 3 is left out: w is 3 × 2 there, and 2 × 3 before"), "{notes}");
    assert!(notes.contains("step 4 is left out: "), "{notes}");
    assert!(notes.contains("step 5 is left out: "), "{notes}");
    let error = animate(&runs, &["nothing"], &heatmap()).unwrap_err();
    assert!(error.to_string().contains("there is no tensor"), "{error}");
}

#[test]
fn threads_and_memory_change_nothing() {
    let folder = Folder::new();
    let runs = [run_of(&folder, 6, &[12, 30])];
    let bytes = |threads: usize, memory: usize, show: Show| {
        let mut request = heatmap();
        (request.memory, request.show, request.morph) = (memory, show, 1);
        let work = Work::on(threads);
        let mut film = animate_with(&runs, &all(), &request, work).unwrap();
        let path = folder.path("film.gif");
        let output = film_output_for(&path).unwrap();
        let mut told = 0;
        let mut watch = |done: usize, _: u64| {
            told = done;
            ControlFlow::Continue(())
        };
        let report =
            save_film_with(&mut film, &path, output, FilmSettings::default(), &mut watch).unwrap();
        assert_eq!((report.frames, told), (film.len(), film.len()));
        std::fs::read(&path).unwrap()
    };
    for show in [Show::Value, Show::Change, Show::TotalChange] {
        let one = bytes(1, usize::MAX, show);
        assert_eq!(one, bytes(3, usize::MAX, show), "{show:?}");
        assert_eq!(one, bytes(3, 0, show), "{show:?}: read again for each frame");
    }
    assert_eq!(folder.names(), ["film.gif", "run"]);
}

#[test]
fn a_stopped_film_leaves_nothing() {
    let folder = Folder::new();
    let runs = [run_of(&folder, 6, &[4, 4])];
    let mut film = animate(&runs, &all(), &heatmap()).unwrap();
    let path = folder.path("film.gif");
    let output = film_output_for(&path).unwrap();
    let mut stop = |done: usize, _: u64| {
        if done >= 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let result = save_film_with(&mut film, &path, output, FilmSettings::default(), &mut stop);
    assert!(result.is_err());
    assert_eq!(folder.names(), ["run"]);
}

#[test]
fn folders_hold_numbered_pictures() {
    let folder = Folder::new();
    let runs = [run_of(&folder, 3, &[4, 4])];
    let mut film = animate(&runs, &all(), &heatmap()).unwrap();
    let path = folder.path("frames");
    let output = film_output_for(&path).unwrap();
    let mut watch = |_: usize, _: u64| ControlFlow::Continue(());
    save_film_with(&mut film, &path, output, FilmSettings::new(0, true), &mut watch).unwrap();
    let count = || std::fs::read_dir(&path).unwrap().count();
    assert_eq!(count(), 3);
    std::fs::write(path.join("frame_0003.png"), b"of a longer film").unwrap();
    let report =
        save_film_with(&mut film, &path, output, FilmSettings::default(), &mut watch).unwrap();
    assert!(report.notes.iter().any(|note| note.contains("1 pictures of an earlier film")));
}

#[test]
fn metrics_are_chosen_named_or_left_out() {
    let folder = Folder::new();
    let runs = [run_of(&folder, 4, &[2, 3])];
    let said = |metric: Metric| {
        let mut request = heatmap();
        request.metric = metric;
        let film = animate(&runs, &all(), &request)?;
        Ok::<_, hinton::Error>(film.picture(1)?.scene.description)
    };
    assert!(said(Metric::Auto).unwrap().starts_with("step 2 · loss 0.5 · "));
    assert!(said(Metric::Off).unwrap().starts_with("step 2 · 2 × 3"));
    let error = said(Metric::Named("accuracy".to_owned())).unwrap_err();
    assert_eq!(error.help(), Some("there are loss"));
}

#[test]
fn runs_and_tensors_play_beside_one_another() {
    let folder = Folder::new();
    let runs = [run_of(&folder, 3, &[2, 3])];
    let alone = animate(&runs, &all(), &heatmap()).unwrap().picture(0).unwrap().scene;
    for (step, value) in [(2, 500.0), (3, 5.0)] {
        put(&folder, &format!("b/e_{step}.safetensors"), &[2, 3], &[value; 6]);
    }
    let both = [runs.into_iter().next().unwrap(), open(&folder.path("b"))];
    let film = animate(&both, &all(), &heatmap()).unwrap();
    assert_eq!(film.steps(), [2, 3]);
    assert!(film.notes().iter().any(|note| note.starts_with("1 steps of run")), "{film:?}");
    let scene = film.picture(0).unwrap().scene;
    assert!(scene.width > alone.width * 1.9);
    // One range for both: 500 is at its end.
    let last = |item: &Item| matches!(item, Item::Cells(c) if c.rows == 2 && c.cells.iter().all(|&at| at > 200));
    assert!(scene.items.iter().any(last));
    let beside = animate(&both[..1], &["w[0:1]", "w[1:2]"], &AnimateRequest::default()).unwrap();
    let titles = texts(&beside.picture(0).unwrap().scene);
    assert!(
        titles.iter().any(|t| t.0.contains("w[0:1]"))
            && titles.iter().any(|t| t.0.contains("w[1:2]"))
    );
}

#[test]
fn strips_show_the_first_and_the_last_step() {
    let folder = Folder::new();
    let runs = [run_of(&folder, 5, &[2, 3])];
    let film = animate(&runs, &all(), &heatmap()).unwrap();
    let strip = film.strip(3).unwrap();
    let texts = texts(&strip.scene);
    let steps: Vec<_> =
        texts.iter().filter(|t| t.0.starts_with("step ")).map(|t| t.0.as_str()).collect();
    assert_eq!(steps, ["step 1", "step 3", "step 5"]);
    let svg = hinton::outputs::output_named("svg").unwrap();
    assert!(!render(&strip, svg, &strip.render_options()).unwrap().is_empty());
}

#[test]
fn a_film_knows_whether_it_begins_with_nothing() {
    let folder = Folder::new();
    let _ = run_of(&folder, 3, &[2, 4]);
    let full = [open(&folder.path("run"))];
    assert!(!animate(&full, &all(), &heatmap()).unwrap().begins_empty().unwrap());
    put(&folder, "run/epoch_0.safetensors", &[2, 4], &[0.0; 8]);
    let zeros = [open(&folder.path("run"))];
    let film = animate(&zeros, &all(), &heatmap()).unwrap();
    assert!(film.begins_empty().unwrap(), "{:?}", film.steps());
    // The change from zeros is something.
    let mut changes = heatmap();
    changes.show = Show::Change;
    assert!(!animate(&zeros, &all(), &changes).unwrap().begins_empty().unwrap());
}
