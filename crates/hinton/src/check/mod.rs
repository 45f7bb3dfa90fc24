//! What is wrong with a file: one pass over all values, and a look at how it is put together.

mod kinds;
mod log;
mod place;
mod run;
mod siblings;
mod structure;
mod values;

use std::path::Path;

use hinton_format::{Checkpoint, ErrorKind};
use hinton_tensor::{Tensor, Work};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::{Error, Selected, select};
pub use kinds::{CHECKS, CheckRow, named};
pub use log::{LOG, check_log};
pub use run::check_run;

/// Something found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What kind of thing.
    pub kind: &'static CheckRow,
    /// The tensor concerned, exactly as the file names it; empty when it is the file.
    pub tensor: String,
    /// What is the matter, in one sentence, with figures.
    pub message: String,
    /// How many values, rows, columns or tensors are concerned; 0 where that means nothing.
    pub count: u64,
    /// Where: coordinates of the first value, or the positions of rows or columns (the first
    /// [`MOST_PLACES`]).
    pub places: Vec<Vec<usize>>,
}

/// What is said of a summary, whose values are elsewhere.
const NO_VALUES: &str = "there are statistics and no values: rows, columns, blocks, equal tensors and where \
                         values lie were not looked at";

/// Most places that a finding names.
pub const MOST_PLACES: usize = 8;

impl Finding {
    fn of(kind: &'static CheckRow, tensor: &str, message: impl Into<String>) -> Self {
        Finding {
            kind,
            tensor: tensor.to_owned(),
            message: message.into(),
            count: 0,
            places: Vec::new(),
        }
    }
}

/// What was found in one file.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckReport {
    /// The file, as people name it.
    pub path: String,
    /// Its format; empty where it could not be opened.
    pub format: &'static str,
    /// Tensors looked at.
    pub tensors: usize,
    /// Values looked at.
    pub values: u64,
    /// What was found: by kind in the order of [`CHECKS`], then in the file's order.
    pub findings: Vec<Finding>,
}

impl CheckReport {
    /// The findings that are faults.
    pub fn faults(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.kind.is_fault)
    }

    /// Leaves out findings of these kinds.
    pub fn allow(&mut self, kinds: &[&'static CheckRow]) {
        self.findings.retain(|finding| !kinds.contains(&finding.kind));
    }
}

/// Opens a file and checks it. That it cannot be opened is a finding, not an error.
///
/// # Errors
/// When a pattern means nothing in the file, or the work was stopped.
pub fn check_path<S: AsRef<str>>(
    path: &Path,
    patterns: &[S],
    work: Work<'_>,
) -> Result<CheckReport, Error> {
    check_opened(path, crate::open(path), patterns, work)
}

/// As [`check_path`], of a file that [`crate::open`] was called for already: opening may take long.
///
/// # Errors
/// As [`check_path`].
pub fn check_opened<S: AsRef<str>>(
    path: &Path,
    opened: Result<Checkpoint, Error>,
    patterns: &[S],
    work: Work<'_>,
) -> Result<CheckReport, Error> {
    match opened {
        Ok(checkpoint) => check(&checkpoint, patterns, work),
        Err(Error::Open(error)) => {
            let kind = match error.kind() {
                ErrorKind::Refused => kinds::REFUSED,
                _ => kinds::UNREADABLE,
            };
            let mut message = match error.byte() {
                Some(byte) => format!("at byte {byte}: {}", error.message()),
                None => error.message().to_owned(),
            };
            if let Some(cure) = error.cure_text() {
                message.push_str("; ");
                message.push_str(cure);
            }
            Ok(CheckReport {
                path: path.display().to_string(),
                format: "",
                tensors: 0,
                values: 0,
                findings: vec![Finding::of(kind, error.tensor().unwrap_or_default(), message)],
            })
        }
        Err(other) => Err(other),
    }
}

/// Checks the tensors that the patterns mean (all, without any), and how the file is put together.
/// Reads every value once; where there is something to be found, or two tensors may be equal, those
/// tensors once more.
///
/// # Errors
/// As [`select`], or when the work was stopped. Values that cannot be read are a finding.
pub fn check<S: AsRef<str>>(
    checkpoint: &Checkpoint,
    patterns: &[S],
    work: Work<'_>,
) -> Result<CheckReport, Error> {
    Ok(check_sized(checkpoint, patterns, work)?.0)
}

/// What the values of one tensor alone tell: what [`check`] finds by reading, but for what takes
/// other tensors to see. Reads every value once or twice.
///
/// # Errors
/// When the work was stopped. Values that cannot be read are a finding.
pub fn check_tensor(tensor: &Tensor, work: Work<'_>) -> Result<Vec<Finding>, Error> {
    let one = Selected::whole(tensor.clone());
    let mut findings = values::findings(&[one], work)?.found;
    sort(&mut findings);
    Ok(findings)
}

/// As [`check`], and how large the tensors are.
fn check_sized<S: AsRef<str>>(
    checkpoint: &Checkpoint,
    patterns: &[S],
    work: Work<'_>,
) -> Result<(CheckReport, Vec<values::Size>), Error> {
    let selected: Vec<Selected> = select(checkpoint, patterns)?;
    let mut findings = structure::findings(checkpoint, &selected);
    if selected.iter().any(|one| one.tensor.known().is_some()) {
        findings.push(Finding::of(kinds::SKIPPED, "", NO_VALUES));
    }
    let of_values = values::findings(&selected, work)?;
    findings.extend(of_values.found);
    findings.extend(siblings::findings(&of_values.sizes));
    sort(&mut findings);
    let report = CheckReport {
        path: checkpoint.path.clone(),
        format: checkpoint.format,
        tensors: selected.len(),
        values: selected.iter().map(|one| one.tensor.elements()).fold(0, u64::saturating_add),
        findings,
    };
    Ok((report, of_values.sizes))
}

/// By kind in the order of the table. Sorting is stable: within a kind the order stays the file's.
fn sort(findings: &mut [Finding]) {
    let place = |kind: &CheckRow| CHECKS.iter().position(|row| *row == kind);
    findings.sort_by_key(|finding| place(finding.kind));
}

impl Serialize for CheckReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(6))?;
        map.serialize_entry("path", &self.path)?;
        map.serialize_entry("format", &self.format)?;
        map.serialize_entry("tensors", &self.tensors)?;
        map.serialize_entry("values", &self.values)?;
        map.serialize_entry("faults", &self.faults().count())?;
        map.serialize_entry("findings", &self.findings)?;
        map.end()
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(6))?;
        map.serialize_entry("kind", self.kind.name)?;
        map.serialize_entry("fault", &self.kind.is_fault)?;
        map.serialize_entry("tensor", &self.tensor)?;
        map.serialize_entry("message", &self.message)?;
        map.serialize_entry("count", &self.count)?;
        map.serialize_entry("places", &self.places)?;
        map.end()
    }
}
