//! Plans along files: what is read of which, and that parts are the whole whatever they are cut along.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex};

use hinton::errors::ReadError;
use hinton::summary::{Task, do_task, merge, part, plan};
use hinton::tensors::{Endian, View};
use hinton::{Bytes, Checkpoint, Dtype, Tensor, Work, open};
use hinton_tensor::FilePart;

const STRIPE: usize = 128 << 10;

/// The bytes of a matrix of bytes, which tell in which file those that are read lie.
struct Told {
    values: Vec<u8>,
    columns: usize,
    parts: Vec<FilePart>,
    read: Arc<Mutex<BTreeSet<String>>>,
}

impl Told {
    /// The file that has a value: looked for in each box.
    fn file(&self, number: usize) -> &str {
        let at = [(number / self.columns) as u64, (number % self.columns) as u64];
        let is_in = |part: &&FilePart| {
            at.iter().zip(&part.axes).all(|(at, (start, len))| (*start..start + len).contains(at))
        };
        &self.parts.iter().find(is_in).unwrap().file
    }
}

impl Bytes for Told {
    fn len(&self) -> u64 {
        self.values.len() as u64
    }

    fn slice(&self, _range: Range<u64>) -> Option<&[u8]> {
        None
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        let range = offset as usize..offset as usize + buf.len();
        let files: BTreeSet<&str> = range.clone().map(|number| self.file(number)).collect();
        self.read.lock().unwrap().extend(files.into_iter().map(str::to_owned));
        buf.copy_from_slice(&self.values[range]);
        Ok(())
    }
}

/// A matrix of `u8`, cut into boxes: first row, rows, first column, columns, and file.
struct Cut {
    shape: [usize; 2],
    boxes: Vec<([u64; 4], usize)>,
}

impl Cut {
    /// Rows shared out over files, the ends of the shares given.
    fn rows(columns: usize, ends: &[usize]) -> Cut {
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let boxes = starts.zip(ends).enumerate().map(|(file, (start, end))| {
            ([start as u64, (end - start) as u64, 0, columns as u64], file)
        });
        Cut { shape: [ends[ends.len() - 1], columns], boxes: boxes.collect() }
    }

    /// Columns shared out.
    fn columns(rows: usize, ends: &[usize]) -> Cut {
        let turned = Cut::rows(rows, ends);
        let boxes = turned.boxes.into_iter().map(|([a, b, c, d], file)| ([c, d, a, b], file));
        Cut { shape: [rows, turned.shape[0]], boxes: boxes.collect() }
    }
}

/// A checkpoint of these matrices, and the set of files that are read.
fn checkpoint(cuts: &[Cut]) -> (Checkpoint, Arc<Mutex<BTreeSet<String>>>) {
    let read = Arc::new(Mutex::new(BTreeSet::new()));
    let files: Vec<String> = (0..8).map(|rank| format!("__{rank}_0.distcp")).collect();
    let tensor = |(number, cut): (usize, &Cut)| {
        let parts: Vec<FilePart> = cut
            .boxes
            .iter()
            .map(|([row, rows, column, columns], file)| FilePart {
                file: files[*file].as_str().into(),
                axes: vec![(*row, *rows), (*column, *columns)],
            })
            .collect();
        let count = cut.shape[0] * cut.shape[1];
        let told = Told {
            values: (0..count).map(|value| (value * 7 % 251) as u8).collect(),
            columns: cut.shape[1],
            parts: parts.clone(),
            read: read.clone(),
        };
        let view = View::packed(&cut.shape);
        let (name, file) = (format!("w{number}"), files[0].as_str());
        let tensor =
            Tensor::new(name, file, Dtype::U8, Endian::Little, view, 0, Arc::new(told)).unwrap();
        tensor.with_file_parts(parts)
    };
    let tensors = cuts.iter().enumerate().map(tensor).collect();
    let checkpoint = Checkpoint {
        path: "model.test".to_owned(),
        format: "test",
        metadata: Vec::new(),
        tensors,
        files,
        warnings: Vec::new(),
    };
    (checkpoint, read)
}

fn done(file: &Checkpoint, task: &Task) -> Vec<u8> {
    let task = Task::parse(&task.to_json()).unwrap();
    do_task(file, &task, Work::on(2)).unwrap()
}

fn merged(parts: Vec<Vec<u8>>) -> Vec<u8> {
    let files = parts.into_iter().rev().map(|bytes| Ok(("p.hs".to_owned(), bytes)));
    merge(files, false).unwrap().bytes
}

/// Every plan is the whole, and every stripe is in one task.
fn is_whole(file: &Checkpoint, tasks: &[Task]) {
    let whole = done(file, &part(file, 1, 1).unwrap());
    assert_eq!(merged(tasks.iter().map(|task| done(file, task)).collect()), whole);
}

#[test]
fn a_task_reads_one_file_where_shares_begin_with_stripes() {
    // Rows of 1,024 values: 128 to a stripe.
    let ends: Vec<usize> = (1..=4).map(|rank| rank * 512).collect();
    let uneven = [128, 1152, 1280, 2048];
    let (file, read) = checkpoint(&[Cut::rows(1024, &ends), Cut::rows(1024, &uneven)]);
    for chunk in [200_000, 600_000, 1 << 20, 1 << 21] {
        let tasks = plan(&file, chunk).unwrap();
        let mut files = BTreeSet::new();
        for task in &tasks {
            read.lock().unwrap().clear();
            done(&file, task);
            let read: Vec<String> = read.lock().unwrap().iter().cloned().collect();
            match &task.file {
                Some(file) => assert_eq!(read, std::slice::from_ref(file), "{task:?}"),
                // Several whole files.
                None => assert!(read.len() > 1, "{task:?}"),
            }
            assert!(!task.pieces.is_empty());
            assert_eq!(task.elsewhere, 0);
            assert!(task.bytes <= chunk + (1 << 20), "{} of {chunk}", task.bytes);
            files.extend(task.file.clone());
        }
        assert!(chunk > 1 << 20 || files.len() == 4, "{chunk}: {files:?}");
        is_whole(&file, &tasks);
        // A part by its number is the task of a plan of as many.
        let of = tasks.len() as u64;
        let parts: Vec<Task> = (1..=of).map(|number| part(&file, number, of).unwrap()).collect();
        assert_eq!(parts, tasks);
    }
}

#[test]
fn stripes_of_several_files_go_where_most_of_them_lies() {
    // Rows of 1,000 values, so that shares begin inside stripes; and columns shared out, so that all stripes do.
    let rows = Cut::rows(1000, &[300, 700, 701, 1100]);
    let columns = Cut::columns(1000, &[250, 500, 750, 1000]);
    let uneven = Cut::columns(1000, &[100, 200, 300, 1000]);
    let (file, _) = checkpoint(&[rows, columns, uneven]);
    let tasks = plan(&file, 300_000).unwrap();
    is_whole(&file, &tasks);
    for of in [1, 2, 3, 4, 5, 9, 40] {
        let parts: Vec<Task> = (1..=of).map(|number| part(&file, number, of).unwrap()).collect();
        is_whole(&file, &parts);
    }
    // What is read elsewhere, and whether another file has more of a stripe: value by value.
    let mut of_file = std::collections::BTreeMap::new();
    for task in &tasks {
        let name = task.file.clone().unwrap();
        let mut elsewhere = 0;
        for piece in &task.pieces {
            let tensor = &file.tensors[piece.tensor];
            let told = Told {
                values: vec![0; tensor.elements() as usize],
                columns: tensor.shape()[1],
                parts: tensor.file_parts().to_vec(),
                read: Arc::default(),
            };
            for stripe in piece.stripes.clone() {
                let start = stripe as usize * STRIPE;
                let end = told.values.len().min(start + STRIPE);
                let mut counts = std::collections::BTreeMap::new();
                for number in start..end {
                    *counts.entry(told.file(number)).or_insert(0u64) += 1;
                }
                let own = counts.get(name.as_str()).copied().unwrap_or(0);
                let most = counts.values().max().unwrap();
                assert!(own * 16 >= most * 15, "{} {stripe}: {own} of {most}", piece.name);
                elsewhere += (end - start) as u64 - own;
            }
        }
        assert_eq!(task.elsewhere, elsewhere, "{task:?}");
        *of_file.entry(name).or_insert(0) += task.bytes;
    }
    // Columns of one width are shared out evenly: no file is left without work.
    assert_eq!(of_file.len(), 4, "{of_file:?}");
}

#[test]
fn plans_of_random_boxes_are_the_whole() {
    let mut state = 7u64;
    let mut below = |end: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % end.max(1)
    };
    for _ in 0..12 {
        let mut cuts = Vec::new();
        for _ in 0..1 + below(4) {
            let (rows, columns) = (1 + below(900), 1 + below(900));
            // Both axes cut, boxes dealt to files at random.
            let mut ends = |length: usize| {
                let mut ends: BTreeSet<usize> = (0..below(4)).map(|_| 1 + below(length)).collect();
                ends.insert(length);
                ends.into_iter().collect::<Vec<_>>()
            };
            let (of_rows, of_columns) = (ends(rows), ends(columns));
            let spans = |ends: &[usize]| {
                let starts = std::iter::once(0).chain(ends.iter().copied());
                let spans = starts.zip(ends.iter().copied());
                spans.map(|(start, end)| (start as u64, (end - start) as u64)).collect::<Vec<_>>()
            };
            let mut boxes = Vec::new();
            for (row, height) in spans(&of_rows) {
                for (column, width) in spans(&of_columns) {
                    boxes.push(([row, height, column, width], below(8)));
                }
            }
            cuts.push(Cut { shape: [rows, columns], boxes });
        }
        let (file, _) = checkpoint(&cuts);
        is_whole(&file, &plan(&file, 1 + below(1 << 20) as u64).unwrap());
        let of = 1 + below(12) as u64;
        let parts: Vec<Task> = (1..=of).map(|number| part(&file, number, of).unwrap()).collect();
        is_whole(&file, &parts);
    }
}

#[test]
fn folders_of_ranks_are_cut_along_their_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hinton-format/tests/fixtures/dcp");
    for (name, ranks) in [("", 4), ("ranks", 4), ("safe", 3), ("training", 1)] {
        let file = open(folder.join(name)).unwrap();
        for tensor in &file.tensors {
            let parts = tensor.file_parts();
            let among = |count| -> u64 {
                parts.iter().map(|part| part.among_first(tensor.shape(), count)).sum()
            };
            // Each value is in one file, and these are files of the folder.
            let all = if parts.is_empty() { 0 } else { tensor.elements() };
            assert!((0..=all).all(|count| among(count) == count), "{}", tensor.name());
            assert!(parts.iter().all(|part| part.file.ends_with("_0.distcp")), "{parts:?}");
            let row = tensor.slice(&"[0]".parse().unwrap());
            assert!(row.is_err() || row.unwrap().file_parts().is_empty());
        }
        let tasks = plan(&file, 1).unwrap();
        let files: BTreeSet<&str> = tasks.iter().filter_map(|task| task.file.as_deref()).collect();
        assert!(files.len() <= ranks && (ranks == 1 || !files.is_empty()), "{name}: {files:?}");
        is_whole(&file, &tasks);
    }
}
