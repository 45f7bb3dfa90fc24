//! Pictures of one tensor or of all, by the renderer of the command line, with the command that
//! makes them.

use std::path::Path;

use hinton::arrange::{Arrangement, arrange, draw_arrangement_with};
use hinton::outputs::output_named;
use hinton::tensors::Slice;
use hinton::{Checkpoint, DrawRequest, Selected, render};
use hinton_tensor::Work;
use serde_json::json;

use crate::query::Query;
use crate::sources::{Holds, Sources};
use crate::view::{Frame, Views};
use crate::{Answer, Refusal};

/// What can be said of a picture besides tensor and step: words of the query that are settings of
/// `hinton draw`.
const SETTINGS: [(&str, &str); 6] = [
    ("as", "as"),
    ("map", "cmap"),
    ("range", "range"),
    ("scale", "scale"),
    ("theme", "theme"),
    ("fold", "reduce"),
];
/// Every word that a picture understands; `box=R0:R1,C0:C1` is a part of the matrix that is seen.
pub(crate) const NAMES: [&str; 13] = [
    "t", "s", "v", "box", "as", "map", "range", "scale", "theme", "fold", "dark", "format", "size",
];
/// Outputs by the word for them, and their media types.
const FORMATS: [(&str, &str); 3] =
    [("png", "image/png"), ("svg", "image/svg+xml"), ("pdf", "application/pdf")];

/// A picture of a tensor as it is asked for: settings of the command, in their order.
struct Wish {
    settings: Settings,
    /// What is drawn of which tensor, and how it is laid out.
    tensor: usize,
    frame: Frame,
}

impl Wish {
    fn read(sources: &Sources, query: &Query) -> Result<Self, Refusal> {
        let tensor = query.need("t")?;
        let mut frame = sources.frame(tensor, Views::read(query)?.of(tensor))?;
        if let Some(text) = query.text("box") {
            let (rows, cols) = read_box(text)?;
            frame = frame.part(rows, cols)?;
        }
        let mut settings = Settings(frame.settings());
        settings.read(query)?;
        Ok(Wish { settings, tensor, frame })
    }
}

/// Settings of `hinton draw` by their names.
struct Settings(Vec<(&'static str, String)>);

impl Settings {
    /// Adds those that a query has words for.
    fn read(&mut self, query: &Query) -> Result<(), Refusal> {
        for (word, name) in SETTINGS {
            let Some(text) = query.text(word) else { continue };
            let text = match (word, text) {
                (_, "auto") | ("fold", "r") => continue,
                ("fold", "m") => "mean",
                ("fold", "e") => "extreme",
                ("scale", "log") => "symlog",
                ("fold", _) => {
                    return Err(Refusal::question(format!("a picture has no fold {text:?}")));
                }
                (_, text) => text,
            };
            let text = if word == "range" { range(text)? } else { text.to_owned() };
            self.0.push((name, text));
        }
        if query.switch("dark", false)? && query.text("theme").is_none() {
            self.0.push(("theme", "dark".to_owned()));
        }
        if let Some(size) = query.text("size") {
            self.0.push(("size", size.to_owned()));
        }
        Ok(())
    }

    fn request(&self) -> Result<DrawRequest, Refusal> {
        let mut request = DrawRequest::default();
        for (name, value) in &self.0 {
            request = request.set(name, value)?;
        }
        Ok(request)
    }

    /// As words of the command line.
    fn words(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(name, value)| match value.is_empty() {
            true => format!("--{name}"),
            false => format!("--{name}={value}"),
        })
    }
}

/// The name and the media type of the output that is asked for.
fn format_of(query: &Query) -> Result<(&'static str, &'static str), Refusal> {
    let format = query.text("format").unwrap_or("png");
    let found = FORMATS.into_iter().find(|(name, _)| *name == format);
    found.ok_or_else(|| Refusal::question(format!("format={format:?}: expected png, svg or pdf")))
}

/// `0:4,2:9`: rows and columns, ends excluded.
fn read_box(text: &str) -> Result<(std::ops::Range<usize>, std::ops::Range<usize>), Refusal> {
    let range = |part: &str| {
        let (start, end) = part.split_once(':')?;
        Some(start.parse().ok()?..end.parse().ok()?)
    };
    let found = text.split_once(',').and_then(|(rows, cols)| Some((range(rows)?, range(cols)?)));
    found.ok_or_else(|| Refusal::question(format!("box={text:?}: expected R0:R1,C0:C1")))
}

/// `-0.5,0.5` as the command has it: `-0.5..0.5`.
fn range(text: &str) -> Result<String, Refusal> {
    if text.starts_with("q:") {
        return Err(Refusal::question("a picture takes a range as numbers: range=LOW,HIGH"));
    }
    Ok(text.replacen(',', "..", 1))
}

/// The picture: of a tensor, or of all where none is named.
pub(crate) fn picture(sources: &Sources, query: &Query, work: Work<'_>) -> Result<Answer, Refusal> {
    let (name, media_type) = format_of(query)?;
    let (arrangement, request) = match query.text("t") {
        Some(_) => of_tensor(sources, query)?,
        None => of_all(sources, query)?,
    };
    let picture = draw_arrangement_with(&arrangement, &request, work)?;
    let bytes = render(&picture, output_named(name)?, &picture.render_options())?;
    Ok(Answer { media_type, bytes })
}

fn of_tensor(sources: &Sources, query: &Query) -> Result<(Arrangement, DrawRequest), Refusal> {
    let wish = Wish::read(sources, query)?;
    let tensor = sources.stored(wish.tensor, query.get("s")?, wish.frame.component())?;
    let slice = wish.frame.slice().map(|text| text.parse::<Slice>());
    let selected = match slice.transpose().map_err(|error| Refusal::question(error.to_string()))? {
        None => Selected::whole(tensor),
        Some(slice) => Selected::sliced(&tensor, &slice)?,
    };
    let request = wish.settings.request()?;
    Ok((arrange(&[selected], &request)?, request))
}

/// All tensors of the files, as `hinton draw` without a tensor draws them.
fn of_all(sources: &Sources, query: &Query) -> Result<(Arrangement, DrawRequest), Refusal> {
    let files = files(sources)?;
    let mut settings = Settings(Vec::new());
    settings.read(query)?;
    let request = settings.request()?;
    let none: [&str; 0] = [];
    let mut arrangement = arrange(&hinton::tensors::select_from(&files, &none)?, &request)?;
    // What was named, rather than the file beside it in which the values lie.
    if let ([source], Some(title)) = (sources.all.as_slice(), &mut arrangement.title)
        && let Some(name) = source.path.file_name()
    {
        *title = name.to_string_lossy().into_owned();
    }
    Ok((arrangement, request))
}

/// The files, where all sources are some: the page of a run is another picture than its map.
fn files(sources: &Sources) -> Result<Vec<Checkpoint>, Refusal> {
    let files = sources.all.iter().map(|source| match &source.holds {
        Holds::File(file) => Ok(file.clone()),
        _ => Err(Refusal::question("of a run tensors are drawn one by one: choose one first")),
    });
    files.collect()
}

/// The command that makes the picture.
pub(crate) fn command(sources: &Sources, query: &Query) -> Result<Answer, Refusal> {
    let mut words = vec!["hinton".to_owned(), "draw".to_owned()];
    if query.text("t").is_none() {
        files(sources)?;
        words.extend(sources.all.iter().map(|source| operand(&source.path)));
        let mut settings = Settings(Vec::new());
        settings.read(query)?;
        settings.request()?;
        words.extend(settings.words());
    } else {
        words.extend(words_of_tensor(sources, query)?);
    }
    words.extend(["-o".to_owned(), format!("picture.{}", format_of(query)?.0)]);
    let text = words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    Ok(Answer::json(&json!({ "command": text, "words": words })))
}

fn words_of_tensor(sources: &Sources, query: &Query) -> Result<Vec<String>, Refusal> {
    let wish = Wish::read(sources, query)?;
    // What the command would refuse is refused here.
    wish.settings.request()?;
    let entry = sources.entry(wish.tensor)?;
    let Some(source) = sources.all.get(entry.source) else {
        let why = "a difference is drawn by no command; hinton diff A B tells how large it is";
        return Err(Refusal::question(why));
    };
    let mut words = vec![operand(&source.path)];
    let slice = wish.frame.slice().unwrap_or_default();
    let component = wish.frame.component().map_or(String::new(), |one| format!("@{}", one.word()));
    words.extend(["-t".to_owned(), format!("{}{component}{slice}", entry.name)]);
    if let (Holds::Run(run), Some(step)) =
        (&source.holds, sources.step(entry.source, query.get("s")?)?)
    {
        words.extend(["--step".to_owned(), run.steps[step].number.to_string()]);
    }
    words.extend(wish.settings.words());
    Ok(words)
}

/// A path that no program takes for an option.
fn operand(path: &Path) -> String {
    let text = path.display().to_string();
    if text.starts_with('-') { format!("./{text}") } else { text }
}

/// A word as a POSIX shell reads it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-+=,/:@%".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted("a/b-1.npy"), "a/b-1.npy");
        assert_eq!(quoted("w[0,:]"), "'w[0,:]'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted(""), "''");
        assert_eq!(operand(Path::new("-t")), "./-t");
    }
}
