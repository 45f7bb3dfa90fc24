//! The whole story on data that ships inside: every chart, drawn from small trained classifiers of
//! handwritten digits, with the command that makes each picture.
//!
//! Data and licence: `assets/demo/README.md`, which is written beside the pictures.

mod exhibits;
mod page;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hinton_format::{Checkpoint, Input, Limits};
use hinton_tensor::Memory;

use crate::space::{self, NetworkRequest, PointRequest, Show, ShowRequest};
use crate::{
    DrawRequest, Error, ThemeName, draw, make_folder, output_for, render, select, write_bytes,
};
use exhibits::{EXHIBITS, Exhibit};

/// Softmax regression on 8 x 8 digits: `weight` of 64 x 10, `bias` of 10, and Adam's moments.
pub const SOFTMAX: &[u8] = include_bytes!("../../assets/demo/digits_softmax.safetensors");

/// The data that ships inside: file name and bytes.
pub const FILES: &[(&str, &[u8])] = &[
    ("digits_softmax.safetensors", SOFTMAX),
    ("digits_mlp.safetensors", include_bytes!("../../assets/demo/digits_mlp.safetensors")),
    ("digits_conv.safetensors", include_bytes!("../../assets/demo/digits_conv.safetensors")),
    ("digits_images.npy", include_bytes!("../../assets/demo/digits_images.npy")),
    ("hinton_demo.npy", include_bytes!("../../assets/demo/hinton_demo.npy")),
    ("README.md", include_bytes!("../../assets/demo/README.md")),
];

/// Opens one of the [`FILES`] from memory.
///
/// # Errors
/// When there is no such file.
pub fn open(name: &str) -> Result<Checkpoint, Error> {
    let (_, bytes) = FILES
        .iter()
        .find(|(file, _)| *file == name)
        .ok_or_else(|| Error::missing(format!("the demo has no file {name:?}"), ""))?;
    let data = Arc::new(Memory::new(*bytes));
    let input = Input { name: name.to_owned(), path: None, data };
    Ok(hinton_format::open_input(&input, &Limits::default())?)
}

/// Writes the gallery: the data, every picture, light and dark, and an `index.html` that shows them
/// with the command that made each. Returns the files written, in order, relative to the folder.
///
/// # Errors
/// When a picture cannot be drawn or a file cannot be written.
pub fn gallery(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    make_folder(folder)?;
    let mut written = Vec::new();
    let mut write = |name: String, bytes: &[u8]| {
        write_bytes(&folder.join(&name), bytes)?;
        written.push(PathBuf::from(name));
        Ok::<(), Error>(())
    };
    for (name, bytes) in FILES {
        write((*name).to_owned(), bytes)?;
    }
    let mut widths = BTreeMap::new();
    for drawn in pictures()? {
        if !drawn.dark {
            widths.insert(drawn.exhibit.name, drawn.css_width);
        }
        for (name, bytes) in drawn.files {
            write(name, &bytes)?;
        }
    }
    write("index.html".to_owned(), page::html(EXHIBITS, &widths).as_bytes())?;
    Ok(written)
}

/// One exhibit, drawn.
struct Drawn {
    exhibit: &'static Exhibit,
    dark: bool,
    /// Width in CSS pixels, 96 to the inch.
    css_width: u32,
    /// Names and bytes of its outputs.
    files: Vec<(String, Vec<u8>)>,
}

/// Every exhibit, in order; they are shared out to the cores.
fn pictures() -> Result<Vec<Drawn>, Error> {
    let jobs: Vec<(&'static Exhibit, bool)> = EXHIBITS
        .iter()
        .flat_map(|exhibit| [(exhibit, false), (exhibit, true)])
        .filter(|(exhibit, dark)| !dark || exhibit.has_dark())
        .collect();
    let share = jobs.len().div_ceil(crate::draw::threads(0)).max(1);
    let draw_all = |part: &[(&'static Exhibit, bool)]| -> Result<Vec<Drawn>, Error> {
        part.iter().map(|(exhibit, dark)| drawn(exhibit, *dark)).collect()
    };
    let parts: Vec<Result<Vec<Drawn>, Error>> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            jobs.chunks(share).map(|part| scope.spawn(move || draw_all(part))).collect();
        let parts = threads.into_iter().map(|thread| match thread.join() {
            Ok(part) => part,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        parts.collect()
    });
    let mut pictures = Vec::new();
    for part in parts {
        pictures.extend(part?);
    }
    Ok(pictures)
}

/// A network in a line, and the mesh that it is sent.
fn network_drawn(exhibit: &'static Exhibit, dark: bool) -> Result<Drawn, Error> {
    let mut network = NetworkRequest::default();
    for (word, value) in exhibit.settings {
        let number = || value.parse::<f64>().unwrap_or(1.0);
        match *word {
            "scale" => network.scale = number(),
            "seed" => network.seed = number() as u64,
            other => return Err(Error::request(format!("the demo cannot set {other}"), "")),
        }
    }
    let model = space::model(exhibit.file, &network)?;
    let set = space::points(&PointRequest::default(), model.input_width())?;
    let mut request = ShowRequest::default();
    if dark {
        request.options.theme = ThemeName::Dark;
    }
    let show = Show::new(&model, set, request)?;
    let picture = show.page()?;
    let options = picture.render_options();
    let mut files = Vec::new();
    for extension in exhibit.extensions(dark) {
        let name = exhibit.picture(dark, extension);
        let bytes = match extension {
            "html" => show.html(None),
            _ => render(&picture, output_for(Path::new(&name))?, &options)?,
        };
        files.push((name, bytes));
    }
    let css_width = (picture.scene.width * 96.0 / 72.0).round() as u32;
    Ok(Drawn { exhibit, dark, css_width, files })
}

/// One exhibit in each of its outputs.
fn drawn(exhibit: &'static Exhibit, dark: bool) -> Result<Drawn, Error> {
    if exhibit.is_network() {
        return network_drawn(exhibit, dark);
    }
    let file = open(exhibit.file)?;
    let mut request = DrawRequest { threads: 1, ..DrawRequest::default() };
    for (setting, value) in exhibit.settings {
        request = request.set(setting, value)?;
    }
    if dark {
        request = request.set("theme", "dark")?;
    }
    let selected = select(&file, exhibit.tensors)?;
    let picture = draw(selected, &request)?;
    let options = picture.render_options();
    let mut files = Vec::new();
    for extension in exhibit.extensions(dark) {
        let name = exhibit.picture(dark, extension);
        let bytes = render(&picture, output_for(Path::new(&name))?, &options)?;
        files.push((name, bytes));
    }
    let css_width = (picture.scene.width * 96.0 / 72.0).round() as u32;
    Ok(Drawn { exhibit, dark, css_width, files })
}
