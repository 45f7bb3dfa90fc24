//! What a checkpoint's parts are cut from: its values as a row of bytes, tensor behind tensor, or, where several
//! files hold a tensor together (as ranks write them), one row for each file, so that a part reads one file.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BinaryHeap};
use std::ops::Range;

use hinton_format::Checkpoint;
use hinton_format::summary::SummarySource;
use hinton_tensor::{Folding, Tensor, View};

/// All that is read, in the order in which it is cut.
pub(super) struct Rows {
    rows: Vec<Row>,
    bytes: u128,
    /// Of each tensor how it is folded, and its bytes.
    tensors: Vec<(Folding, u64)>,
}

/// What lies in one file, or everything.
struct Row {
    /// The file; `None` where files are of no account.
    file: Option<String>,
    runs: Vec<Run>,
    bytes: u128,
}

/// Stripes of a tensor that are read with one file.
struct Run {
    tensor: usize,
    stripes: Range<u64>,
    /// Where in the row it begins.
    at: u128,
    /// Stripes that have values in other files, and how many.
    elsewhere: Vec<(u64, u64)>,
}

/// What one part reads.
#[derive(Default)]
pub(super) struct Chosen {
    /// Tensors by number, and stripes.
    pub(super) stripes: Vec<(usize, Range<u64>)>,
    pub(super) bytes: u64,
    /// The file that it reads, where it is one of several.
    pub(super) file: Option<String>,
    /// Bytes that it reads of other files.
    pub(super) elsewhere: u64,
}

impl Rows {
    pub(super) fn of(checkpoint: &Checkpoint, source: &SummarySource) -> Self {
        let is_along_files = checkpoint.tensors.iter().any(|one| !one.file_parts().is_empty());
        let places = checkpoint.files.iter().zip(0..).map(|(file, place)| (file.as_str(), place));
        let places: BTreeMap<&str, usize> = places.collect();
        let mut rows: BTreeMap<(usize, Option<String>), Vec<Run>> = BTreeMap::new();
        let mut tensors = Vec::with_capacity(checkpoint.tensors.len());
        for ((index, tensor), facts) in checkpoint.tensors.iter().enumerate().zip(&source.tensors) {
            let folding = facts.folding();
            tensors.push((folding, bytes_of(tensor)));
            let found = match is_along_files {
                true => runs(tensor, index, &folding),
                false => {
                    vec![Found { file: None, stripes: 0..folding.stripes(), elsewhere: vec![] }]
                }
            };
            for Found { file, stripes, elsewhere } in found {
                let name = file.as_deref().unwrap_or_default();
                let place = places.get(name).copied().unwrap_or(usize::MAX);
                let run = Run { tensor: index, stripes, at: 0, elsewhere };
                rows.entry((place, file)).or_default().push(run);
            }
        }
        let mut all = Rows { rows: Vec::new(), bytes: 0, tensors };
        for ((_, file), mut runs) in rows {
            let mut bytes = 0;
            for run in &mut runs {
                run.at = bytes;
                bytes += all.bytes_of(run.tensor, &run.stripes);
            }
            all.bytes += bytes;
            all.rows.push(Row { file, runs, bytes });
        }
        all
    }

    /// The number of parts of a plan whose parts have about this many bytes. A part has at least one stripe.
    pub(super) fn count(&self, chunk: u64) -> u64 {
        let chunk = u128::from(chunk.max(1));
        let parts = |bytes: u128| u64::try_from(bytes.div_ceil(chunk)).unwrap_or(u64::MAX);
        let files = self.rows.len() as u64;
        let all = match self.rows.iter().all(|row| row.bytes <= chunk) {
            // Several files each.
            true => parts(self.bytes).min(files.max(1)),
            false => {
                let each = self.rows.iter().map(|row| parts(row.bytes).min(row.stripes()));
                each.fold(0, u64::saturating_add)
            }
        };
        all.max(1)
    }

    /// What the part of that number reads, the first of which is 1.
    pub(super) fn part(&self, number: u64, of: u64) -> Chosen {
        let files = self.rows.len() as u64;
        if files <= 1 || of >= files {
            let mut before = 0;
            for (row, parts) in self.rows.iter().zip(self.shares(of)) {
                if number - before <= parts {
                    return self.cut(row, number - before, parts);
                }
                before += parts;
            }
            return Chosen::default();
        }
        // Whole files, by where their middle lies.
        let mut chosen = Chosen::default();
        let mut at = 0;
        let mut count = 0;
        for row in &self.rows {
            let middle = at + row.bytes / 2;
            at += row.bytes;
            let place = middle * u128::from(of) / self.bytes.max(1);
            if place.min(u128::from(of - 1)) == u128::from(number - 1) {
                let whole = self.cut(row, 1, 1);
                count += 1;
                chosen.stripes.extend(whole.stripes);
                chosen.bytes = chosen.bytes.saturating_add(whole.bytes);
                chosen.elsewhere = chosen.elsewhere.saturating_add(whole.elsewhere);
                chosen.file = whole.file;
            }
        }
        if count > 1 {
            chosen.file = None;
        }
        chosen
    }

    /// How many parts each row is cut into: so that the largest part is as small as can be.
    fn shares(&self, of: u64) -> Vec<u64> {
        let mut shares = vec![1; self.rows.len()];
        if let [share] = shares.as_mut_slice() {
            *share = of;
            return shares;
        }
        let size = |row: usize, parts: u64| Size {
            is_cut: parts >= self.rows[row].stripes(),
            bytes: self.rows[row].bytes,
            parts,
            row,
        };
        let mut largest: BinaryHeap<Size> = (0..shares.len()).map(|row| size(row, 1)).collect();
        for _ in self.rows.len() as u64..of {
            if let Some(Size { row, parts, .. }) = largest.pop() {
                shares[row] = parts + 1;
                largest.push(size(row, parts + 1));
            }
        }
        shares
    }

    /// A part of a row.
    fn cut(&self, row: &Row, number: u64, of: u64) -> Chosen {
        let mut chosen = Chosen { file: row.file.clone(), ..Chosen::default() };
        for run in &row.runs {
            let stripes = self.first(row, run, number - 1, of)..self.first(row, run, number, of);
            if stripes.is_empty() {
                continue;
            }
            let (folding, own) = self.tensors[run.tensor];
            let bytes = u64::try_from(self.bytes_of(run.tensor, &stripes)).unwrap_or(u64::MAX);
            chosen.bytes = chosen.bytes.saturating_add(bytes);
            let elsewhere = run.elsewhere.iter().filter(|(stripe, _)| stripes.contains(stripe));
            let values: u64 = elsewhere.map(|(_, values)| values).sum();
            let share = u128::from(own) * u128::from(values) / u128::from(folding.elements.max(1));
            chosen.elsewhere =
                chosen.elsewhere.saturating_add(u64::try_from(share).unwrap_or(u64::MAX));
            chosen.stripes.push((run.tensor, stripes));
        }
        chosen
    }

    /// The first stripe of a run that begins in part number `part` (from 0) of `of`, or behind it.
    fn first(&self, row: &Row, run: &Run, part: u64, of: u64) -> u64 {
        let begins_before = |stripe: u64| {
            let at = run.at + self.bytes_of(run.tensor, &(run.stripes.start..stripe));
            at * u128::from(of) < row.bytes * u128::from(part)
        };
        let (mut low, mut high) = (run.stripes.start, run.stripes.end);
        while low < high {
            let middle = low + (high - low) / 2;
            if begins_before(middle) { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// About how many bytes stripes of a tensor have.
    fn bytes_of(&self, tensor: usize, stripes: &Range<u64>) -> u128 {
        let (folding, own) = self.tensors[tensor];
        let values = folding.elements_of(stripes);
        u128::from(own) * u128::from(values) / u128::from(folding.elements.max(1))
    }
}

impl Row {
    fn stripes(&self) -> u64 {
        let stripes = self.runs.iter().map(|run| run.stripes.end - run.stripes.start);
        stripes.fold(0, u64::saturating_add).max(1)
    }
}

/// A row by the size of its parts, the largest last; rows that cannot be cut further first.
struct Size {
    is_cut: bool,
    bytes: u128,
    parts: u64,
    row: usize,
}

impl Ord for Size {
    fn cmp(&self, other: &Self) -> Ordering {
        let parts = |one: &Size| u128::from(one.parts);
        let sizes = (self.bytes * parts(other)).cmp(&(other.bytes * parts(self)));
        let is_cut = other.is_cut.cmp(&self.is_cut);
        is_cut.then(sizes).then_with(|| Reverse(self.row).cmp(&Reverse(other.row)))
    }
}

impl PartialOrd for Size {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Size {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Size {}

/// The bytes of a tensor's values. What is computed from other tensors is stored nowhere, and takes its time all the same.
fn bytes_of(tensor: &Tensor) -> u64 {
    match tensor.is_derived() {
        true => tensor.byte_len(),
        false => tensor.stored_len().max(u64::from(tensor.elements() > 0)),
    }
}

/// Stripes of one tensor that are read with one file.
struct Found {
    file: Option<String>,
    stripes: Range<u64>,
    elsewhere: Vec<(u64, u64)>,
}

/// Of the values that a file has of a stripe, what another may have less and count as much.
const NEARLY: u64 = 16;

/// The stripes of a tensor by the file that has most of their values. Where several have nearly as many (a matrix
/// whose columns are shared out), each takes as many of these stripes as the others, side by side.
fn runs(tensor: &Tensor, number: usize, folding: &Folding) -> Vec<Found> {
    let (parts, shape) = (tensor.file_parts(), tensor.shape());
    let is_plain = tensor.view().strides == View::packed(shape).strides;
    if parts.is_empty() || !is_plain || folding.repeats > 1 {
        let (file, stripes) = (Some(tensor.file().to_owned()), 0..folding.stripes());
        return vec![Found { file, stripes, elsewhere: Vec::new() }];
    }
    let mut values: Vec<BTreeMap<&str, u64>> = vec![BTreeMap::new(); folding.stripes() as usize];
    for part in parts {
        let (first, end) = part.reach(shape);
        let touched = first / Folding::STRIPE..end.div_ceil(Folding::STRIPE).min(folding.stripes());
        let mut before = part.among_first(shape, touched.start * Folding::STRIPE);
        for stripe in touched {
            let behind = (stripe + 1).saturating_mul(Folding::STRIPE).min(folding.elements);
            let upto = part.among_first(shape, behind);
            if upto > before {
                *values[stripe as usize].entry(&part.file).or_default() += upto - before;
            }
            before = upto;
        }
    }
    let mut found: Vec<Found> = Vec::new();
    let count = values.len();
    for (index, values) in values.iter().enumerate() {
        let most = values.values().copied().max().unwrap_or(0);
        let nearly = most - most / NEARLY;
        let best: Vec<(&str, u64)> =
            values.iter().map(|one| (*one.0, *one.1)).filter(|one| one.1 >= nearly).collect();
        // Tensors of one stripe take turns too.
        let turn = (index * best.len() / count + number) % best.len().max(1);
        let best = best.get(turn).copied();
        let file = best.map(|best| best.0.to_owned());
        let stripe = index as u64;
        let others = values.values().sum::<u64>() - best.map_or(0, |best| best.1);
        let elsewhere = (others > 0).then_some((stripe, others));
        match found.last_mut() {
            Some(last) if last.file == file => {
                last.stripes.end += 1;
                last.elsewhere.extend(elsewhere);
            }
            _ => {
                let elsewhere = elsewhere.into_iter().collect();
                found.push(Found { file, stripes: stripe..stripe + 1, elsewhere });
            }
        }
    }
    found
}
