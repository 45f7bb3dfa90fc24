//! Checks a file: one pass over all values, and a look at how the file is structured.

mod kinds;
mod log;
mod place;
mod row;
mod run;
mod siblings;
mod structure;
mod values;

use std::path::Path;

use hinton_format::{Checkpoint, ErrorKind};
use hinton_tensor::{SummaryPart, Tensor, Work};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::{Error, Selected, select};
pub use kinds::{CHECKS, named};
pub use log::{LOG, check_log};
pub use row::CheckRow;
pub use run::check_run;

/// One problem that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The kind of finding.
    pub kind: &'static CheckRow,
    /// The tensor concerned, exactly as the file names it; empty if it concerns the whole file.
    pub tensor: String,
    /// What was found, in one sentence with numbers.
    pub message: String,
    /// How many values, rows, columns or tensors are affected; 0 if a count has no meaning.
    pub count: u64,
    /// Where: the coordinates of the first affected value, or the indices of the affected rows or
    /// columns (the first [`MOST_PLACES`]).
    pub places: Vec<Vec<usize>>,
}

/// What is said of a summary that was made with checks.
const NO_PLACES: &str = "there are digests and no values: equal rows, blocks, shared bytes and where outliers \
                         lie were not looked at";
/// What is said of a summary, whose values are elsewhere.
const NO_VALUES: &str = "there are statistics and no values: rows, columns, blocks, equal tensors and where \
                         values lie were not looked at";

/// The maximum number of places that a finding lists.
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

/// All findings of one file.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckReport {
    /// The file, as it is shown to the user.
    pub path: String,
    /// Its format; empty if it could not be opened.
    pub format: &'static str,
    /// Number of tensors examined.
    pub tensors: usize,
    /// Number of values examined.
    pub values: u64,
    /// The findings: by kind in the order of [`CHECKS`], then in the file's order.
    pub findings: Vec<Finding>,
}

impl CheckReport {
    /// The findings that are faults.
    pub fn faults(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.kind.is_fault)
    }

    /// Removes the findings of these kinds.
    pub fn allow(&mut self, kinds: &[&'static CheckRow]) {
        self.findings.retain(|finding| !kinds.contains(&finding.kind));
    }
}

/// Opens a file and checks it.
///
/// If it cannot be opened, that is a finding, not an error.
///
/// # Errors
/// Returns an error if a pattern matches nothing in the file, or the work was cancelled.
pub fn check_path<S: AsRef<str>>(
    path: &Path,
    patterns: &[S],
    work: Work<'_>,
) -> Result<CheckReport, Error> {
    check_opened(path, crate::open(path), patterns, work)
}

/// Checks a file that the caller has already opened with [`crate::open`], which may take long.
///
/// Otherwise as [`check_path`].
///
/// # Errors
/// Returns the errors of [`check_path`].
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

/// Checks the tensors that match the patterns (all, without patterns), and how the file is
/// structured.
///
/// Reads every value once. Tensors with findings, or that may be equal to others, are read a second
/// time.
///
/// # Errors
/// Returns the errors of [`select`]; and an error if the work was cancelled. Values that cannot be
/// read are a finding.
pub fn check<S: AsRef<str>>(
    checkpoint: &Checkpoint,
    patterns: &[S],
    work: Work<'_>,
) -> Result<CheckReport, Error> {
    Ok(check_sized(checkpoint, patterns, work)?.0)
}

/// Checks the values of one tensor by itself.
///
/// Gives the findings of [`check`] except those that need other tensors for comparison. Reads every
/// value once or twice.
///
/// # Errors
/// Returns an error if the work was cancelled. Values that cannot be read are a finding.
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
    let known: Vec<&SummaryPart> = selected.iter().filter_map(|one| one.tensor.known()).collect();
    if !known.is_empty() {
        let has_checks = known.iter().all(|part| part.looked().is_some() && part.is_whole());
        let what = if has_checks { NO_PLACES } else { NO_VALUES };
        findings.push(Finding::of(kinds::SKIPPED, "", what));
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
