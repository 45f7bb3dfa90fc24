//! Golden films of charts: small, exact. `HINTON_BLESS=1 cargo test -p hinton --test it film_golden` makes the
//! hashes again; look at the films (`hinton animate`) before you commit them.

use crate::common;

use std::fmt::Write as _;
use std::path::Path;

use common::{Folder, put};
use hinton::animate::{Metric, Show};
use hinton::{
    AnimateRequest, DrawRequest, FilmSettings, Run, RunOptions, animate, film_output_for, open_run,
    output_named, render, save_film,
};

/// FNV-1a, 64 bits (Fowler, Noll and Vo).
fn hash(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
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

fn settings<'a>(settings: &[(&str, &str)]) -> AnimateRequest<'a> {
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
    let case = |words: &[(&str, &str)], change: &dyn Fn(&mut AnimateRequest<'_>)| {
        let mut request = settings(words);
        request.metric = Metric::Off;
        change(&mut request);
        request
    };
    let plain = |words: &[(&str, &str)]| case(words, &|_| {});
    let films: [(&str, &[Run], AnimateRequest<'_>); 12] = [
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
    let mut lines = String::new();
    for (name, runs, request) in films {
        let mut film = animate::<&str>(runs, &[], &request).unwrap();
        let strip = film.strip(3).unwrap();
        let strip = render(&strip, output_named("png").unwrap(), &strip.render_options()).unwrap();
        write!(lines, "{name}").unwrap();
        for extension in ["gif", "apng"] {
            let path = folder.path(&format!("film.{extension}"));
            let output = film_output_for(&path).unwrap();
            let settings = FilmSettings::default();
            let mut watch = |_| std::ops::ControlFlow::Continue(());
            let report = save_film(&mut film, &path, output, settings, &mut watch).unwrap();
            let bytes = std::fs::read(&path).unwrap();
            let (pictures, length) = (report.pictures, bytes.len());
            write!(lines, " {extension} {pictures} {length} {:016x}", hash(&bytes)).unwrap();
        }
        writeln!(lines, " strip {:016x}", hash(&strip)).unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/films.txt");
    if std::env::var_os("HINTON_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &lines).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), lines);
}
