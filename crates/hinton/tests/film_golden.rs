//! Golden films of charts: three frames of each side by side, and a hash of the pixels of all. `cargo xtask bless`
//! makes them again; look at them before you commit them.
//!
//! What the encoders of films write is compared in hinton-render.

use crate::common;

use std::fmt::Write as _;
use std::path::PathBuf;

use common::{Folder, put};
use hinton::films::{
    AnimateRequest, Film, FilmSettings, Metric, Show, animate, film_output_named, save_film_with,
};
use hinton::outputs::output_named;
use hinton::runs::{Run, RunOptions, open_run};
use hinton::{DrawRequest, render};
use hinton_testing::{Golden, Pixels, hash};

/// A hash of the pixels of every frame, and how many frames there are.
fn frames(film: &mut Film) -> (usize, u64) {
    let folder = Folder::new();
    let path = folder.path("frames");
    let mut watch = |_, _| std::ops::ControlFlow::Continue(());
    let output = film_output_named("frames").unwrap();
    save_film_with(film, &path, output, FilmSettings::default(), &mut watch).unwrap();
    let mut names: Vec<_> =
        std::fs::read_dir(&path).unwrap().map(|it| it.unwrap().path()).collect();
    names.sort();
    let pixels = |path: &PathBuf| Pixels::of_png(&std::fs::read(path).unwrap()).unwrap().rgba;
    let all: Vec<[u8; 4]> = names.iter().flat_map(pixels).collect();
    (names.len(), hash(all.as_flattened()))
}

/// Four steps of that shape, with a log; values of both signs grow, one is NaN in the third.
fn run(folder: &Folder, name: &str, shape: &[usize]) -> Run {
    let count: usize = shape.iter().product();
    let value = |step: usize, at: usize| match (step, at) {
        (2, 4) => f32::NAN,
        _ => ((at * 37 + 11) % 64) as f32 / 32.0 * (step + 1) as f32 - 1.5 * step as f32,
    };
    let mut log = String::new();
    for step in 0..4 {
        let values: Vec<f32> = (0..count).map(|at| value(step, at)).collect();
        put(folder, &format!("{name}/epoch_{step}.safetensors"), shape, &values);
        writeln!(log, "{{\"epoch\":{step},\"loss\":{},\"accuracy\":0.{step}5}}", 8 >> step)
            .unwrap();
    }
    std::fs::write(folder.path(name).join("metrics.jsonl"), log).unwrap();
    open_run(&[folder.path(name)], &RunOptions::default()).unwrap()
}

fn settings(settings: &[(&str, &str)]) -> AnimateRequest {
    let mut draw = DrawRequest::default();
    draw.options.dpi = 72.0;
    for (name, value) in settings {
        draw = draw.set(name, value).unwrap();
    }
    AnimateRequest::of(draw)
}

#[test]
fn films_of_charts_are_the_golden_ones() {
    let folder = Folder::new();
    let matrix = [run(&folder, "matrix", &[4, 6])];
    let stack = [run(&folder, "stack", &[6, 1, 3, 3])];
    let both = [run(&folder, "left", &[3, 4]), run(&folder, "right", &[3, 4])];
    let case = |words: &[(&str, &str)], change: &dyn Fn(&mut AnimateRequest)| {
        let mut request = settings(words);
        request.metric = Metric::Off;
        change(&mut request);
        request
    };
    let plain = |words: &[(&str, &str)]| case(words, &|_| {});
    let films: [(&str, &[Run], AnimateRequest); 12] = [
        ("heatmap", &matrix, plain(&[("as", "heatmap")])),
        ("heatmap-annotated", &matrix, plain(&[("as", "heatmap"), ("annotate", ".1f")])),
        ("heatmap-morph", &matrix, case(&[("as", "heatmap")], &|it| it.morph = 2)),
        ("heatmap-preset", &matrix, plain(&[("preset", "matplotlib-heatmap")])),
        ("hinton", &matrix, plain(&[("as", "hinton")])),
        ("hinton-change", &matrix, case(&[("as", "hinton")], &|it| it.show = Show::Change)),
        ("tiles", &stack, plain(&[])),
        ("tiles-total", &stack, case(&[], &|it| it.show = Show::TotalChange)),
        ("histogram", &matrix, plain(&[("as", "histogram")])),
        ("overview", &stack, plain(&[("as", "overview")])),
        ("metric-dark", &matrix, case(&[("theme", "dark")], &|it| it.metric = Metric::Auto)),
        ("two-runs", &both, case(&[], &|it| it.metric = Metric::Named("accuracy".to_owned()))),
    ];
    let mut golden = Golden::of(env!("CARGO_MANIFEST_DIR"), env!("CARGO_TARGET_TMPDIR"));
    let mut lines = String::new();
    for (name, runs, request) in films {
        let mut film = animate::<&str>(runs, &[], &request).unwrap();
        let strip = film.strip(3).unwrap();
        let strip = render(&strip, output_named("png").unwrap(), &strip.render_options()).unwrap();
        golden.picture(&format!("film-{name}.png"), &strip);
        let (count, pixels) = frames(&mut film);
        writeln!(lines, "{name} {count} frames {pixels:016x}").unwrap();
    }
    golden.lines("films.txt", &lines);
    golden.end();
}
