//! Where the points come from: inside the program, a folder, the cache, the network, the user's file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hinton::train::{self, Columns, DataRow, DataSet, TrainRequest};
use hinton::{Checkpoint, Error};

use crate::download;

/// Points, and how they were come by.
pub(super) struct Source {
    pub(super) data: Arc<DataSet>,
    /// What was assumed.
    pub(super) notes: Vec<String>,
    /// What is to be kept with a recorded run so that it can be resumed.
    pub(super) about: Vec<(String, String)>,
}

/// The data that was named, or that a run was trained on.
pub(super) fn load(name: Option<&str>, asked: &TrainRequest) -> Result<Source, Error> {
    let Some(folder) = &asked.resume else {
        let name = name.unwrap_or("digits");
        return named(asked, name, asked.seed.unwrap_or(0), asked.columns.clone(), None);
    };
    let (name, settings) = train::data_of(folder)?;
    let about = |key: &str| {
        let found = settings.about_data.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.clone())
    };
    let columns = Columns { inputs: about("inputs"), labels: about("labels") };
    // Any run folder names any path: a pipe would wait forever, a share would be asked for.
    for path in [about("path"), about("labels").filter(|name| Path::new(name).exists())] {
        check_ordinary(path.as_deref(), folder)?;
    }
    let mut source = match about("path") {
        Some(path) => own(Path::new(&path), columns)?,
        None => {
            let folder = about("folder").map(PathBuf::from).filter(|folder| folder.is_dir());
            named(asked, &name, settings.seed, columns, folder)?
        }
    };
    // They were said when it began.
    source.notes.clear();
    Ok(source)
}

/// Points and labels that are open already.
pub(super) fn in_memory(asked: &TrainRequest, data: &Checkpoint) -> Result<Source, Error> {
    let own = train::own_of(data, &asked.columns)?;
    Ok(Source { data: own.data.into(), notes: own.notes, about: Vec::new() })
}

/// Refuses what a run was not trained on: anything but an ordinary file of this machine.
fn check_ordinary(path: Option<&str>, folder: &Path) -> Result<(), Error> {
    let Some(path) = path else { return Ok(()) };
    let is_share = path.starts_with("\\\\") || path.starts_with("//");
    if !is_share && Path::new(path).is_file() {
        return Ok(());
    }
    let message =
        format!("{}: it was trained on {path}, which is not a file here", folder.display());
    Err(Error::Missing { message, help: Some("put the data where it was".to_owned()) })
}

/// The data of that name; `recorded` is the folder that a run has it from.
fn named(
    asked: &TrainRequest,
    name: &str,
    seed: u64,
    columns: Columns,
    recorded: Option<PathBuf>,
) -> Result<Source, Error> {
    let inside = |data: DataSet| Source { data: data.into(), notes: Vec::new(), about: Vec::new() };
    match train::row(name) {
        Some(row) if row.files.is_empty() => Ok(inside(train::named(name, seed)?)),
        Some(row) => {
            let folder = match recorded.filter(|_| asked.folder.is_none()) {
                Some(folder) => folder,
                None => folder(asked, row)?,
            };
            let whole = std::path::absolute(&folder).unwrap_or_else(|_| folder.clone());
            let mut source = inside(train::in_folder(row, &folder)?);
            source.about.push(("folder".to_owned(), whole.to_string_lossy().into_owned()));
            Ok(source)
        }
        None if Path::new(name).exists() => own(Path::new(name), columns),
        None => Ok(inside(train::named(name, seed)?)),
    }
}

/// The folder with the files: the one that was named, or the cache, filled where it is allowed.
fn folder(asked: &TrainRequest, row: &'static DataRow) -> Result<PathBuf, Error> {
    if let Some(folder) = &asked.folder {
        // The folder of all data will do.
        let inner = folder.join(row.name);
        let has = |folder: &Path| row.files.iter().any(|file| folder.join(file.name).exists());
        return Ok(if !has(folder) && inner.is_dir() { inner } else { folder.clone() });
    }
    Ok(download::folder(row, asked.offline)?)
}

fn own(path: &Path, columns: Columns) -> Result<Source, Error> {
    let own = train::own(path, &columns)?;
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut about = vec![("path".to_owned(), whole.to_string_lossy().into_owned())];
    about.extend(columns.inputs.map(|inputs| ("inputs".to_owned(), inputs)));
    about.extend(columns.labels.map(|labels| {
        // A file of labels is found again from anywhere.
        let is_file = Path::new(&labels).is_file();
        let whole = std::path::absolute(&labels).ok().filter(|_| is_file);
        let labels = whole.map_or(labels, |whole| whole.to_string_lossy().into_owned());
        ("labels".to_owned(), labels)
    }));
    Ok(Source { data: own.data.into(), notes: own.notes, about })
}
