//! `hinton export`: the values themselves.

use std::io::BufWriter;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches};
use hinton::Error;
use hinton::export::{EXPORTS, Export, named};

use super::CommandRow;
use super::steps::open_one;
use crate::args::{output, path, patterns, tensors};
use crate::failure::{Failure, note, warnings};
use crate::interrupt;
use crate::progress::Bar;
use crate::remote::max_download;

pub(super) const ROW: CommandRow =
    CommandRow {
        name: "export",
        about: "Write the values of tensors to .npy, .npz, .csv or .safetensors",
        help: "Writes the values of a tensor, or of a slice of one, to a file that other programs \
           read. The extension selects the format. dtypes are unchanged if the format has them; \
           if not, a note says so. For a quantised tensor, the decoded values are written; with \
           --stored, what the file has instead: for GGUF's blocks their bytes (u8, rows by bytes \
           per row), for a weight that hinton computes its codes and scales, for a dtype that \
           numpy does not have its bits. The type is reported, and stored in the metadata of \
           .safetensors under stored.",
        examples: "Examples:
  hinton export model.pt -t fc.weight -o fc.npy
  hinton export model.pt -t 'conv1.weight[0,0,:,:]' -o kernel.csv
  hinton export model.pt -t 'encoder.*' -o encoder.safetensors
  hinton export w.npz -t W -o - --format csv | head
  hinton export model.gguf --stored -o blocks.safetensors",
        args: |command| {
            command
                .arg(path())
                .arg(tensors())
                .arg(max_download())
                .arg(output().required(true).help("The file to write; - is standard output"))
                .arg(Arg::new("format").long("format").value_name("FORMAT").help(
                    "npy, npz, csv or safetensors, where the file's name does not say [- : npy]",
                ))
                .arg(
                    Arg::new("stored")
                        .long("stored")
                        .action(ArgAction::SetTrue)
                        .help("Quantised tensors as the file stores them, not decoded"),
                )
        },
        run,
    };

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let (Some(path), Some(target)) =
        (matches.get_one::<PathBuf>("path"), matches.get_one::<PathBuf>("output"))
    else {
        return Ok(());
    };
    let format = matches.get_one::<String>("format");
    let row = match format {
        Some(name) => named(name)?,
        None if target == Path::new("-") => named(EXPORTS[0].name)?,
        None => hinton::export::export_for(target)?,
    };
    let checkpoint = open_one(path)?;
    warnings(&checkpoint);
    let selected = hinton::select(&checkpoint, &patterns(matches))?;
    let bar = Bar::new();
    if selected.is_empty() {
        let message = format!("{}: the file holds no tensors", path.display());
        return Err(Failure::work(message));
    }
    let export = match matches.get_flag("stored") {
        true => Export::stored(&selected, row)?,
        false => Export::values(&selected, row),
    };
    bar.expect(export.bytes());
    let notes = if target == Path::new("-") {
        if row.name != "csv" {
            crate::out::refuse_terminal()?;
        }
        let mut out = BufWriter::new(std::io::stdout().lock());
        match export.write(&mut out, &bar) {
            Err(Error::Write { source: Some(source), .. })
                if source.kind() == std::io::ErrorKind::BrokenPipe =>
            {
                // What is left in the buffer has no reader.
                let _ = out.into_parts();
                return Ok(());
            }
            result => {
                let notes = result?;
                crate::out::finish(std::io::Write::flush(&mut out))?;
                notes
            }
        }
    } else {
        let _gently = interrupt::gently();
        export.save(target, &bar)?
    };
    drop(bar);
    notes.iter().for_each(|text| note(text));
    Ok(())
}
