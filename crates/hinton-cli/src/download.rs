//! Data sets that lie elsewhere: into the cache folder, once, checked, and resumed when cut.
//!
//! Besides `terminal.rs` and `remote.rs` only this file looks at the environment: at where caches belong, at
//! `HINTON_CACHE` (another cache folder) and `HINTON_MIRROR` (another place to download from).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hinton::train::{DataFile, DataRow};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ring::digest::{Context, SHA256};
use ureq::Agent;

use crate::failure::{Failure, note, plain};

/// How often a mirror is asked for what is left of a file.
const ATTEMPTS: usize = 4;
/// To wait for a connection, and for an answer.
const WAIT: Duration = Duration::from_secs(20);
/// How long one answer may take. What came until then is kept, and the next attempt asks for the rest.
const WHOLE: Duration = Duration::from_secs(300);
/// An attempt that gets less than this counts as one that failed.
const ENOUGH: u64 = 64 << 10;

/// The folder with the files of a data set; what is missing is downloaded unless that is not allowed.
pub(crate) fn folder(row: &'static DataRow, offline: bool) -> Result<PathBuf, Failure> {
    let Some(cache) = cache() else {
        return Err(Failure::usage(
            "there is no cache folder: neither HINTON_CACHE nor HOME is set",
            "say where the files are with --data FOLDER",
        ));
    };
    let folder = cache.join(row.name);
    let missing: Vec<&DataFile> =
        row.files.iter().filter(|file| !is_whole(&folder.join(file.name), file)).collect();
    if missing.is_empty() {
        return Ok(folder);
    }
    let names: Vec<&str> = missing.iter().map(|file| file.name).collect();
    if offline {
        let message = format!("{}: there is no {}", folder.display(), names.join(", no "));
        return Err(Failure::work(message).with_help(
            "without --offline they are downloaded; or say where they are with --data FOLDER",
        ));
    }
    fs::create_dir_all(&folder).map_err(|error| {
        Failure::work(format!("cannot make {}: {}", folder.display(), plain(&error)))
    })?;
    let bytes: u64 = missing.iter().map(|file| file.bytes).sum();
    note(&format!(
        "downloading {} ({:.1} MB) to {}",
        row.name,
        bytes as f64 / 1e6,
        folder.display()
    ));
    for file in missing {
        fetch(row, file, &folder)?;
    }
    Ok(folder)
}

fn is_whole(path: &Path, file: &DataFile) -> bool {
    fs::metadata(path).is_ok_and(|found| found.len() == file.bytes)
}

/// Where caches belong.
pub(crate) fn cache() -> Option<PathBuf> {
    let variable =
        |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(folder) = variable("HINTON_CACHE") {
        return Some(folder);
    }
    let folder = if cfg!(windows) {
        variable("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library/Caches"))
    } else {
        variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")))
    };
    folder.map(|folder| folder.join("hinton"))
}

/// Where a data set can be had from.
fn mirrors(row: &DataRow) -> Vec<String> {
    match std::env::var("HINTON_MIRROR").ok().filter(|base| !base.is_empty()) {
        Some(base) => vec![format!("{}/{}/", base.trim_end_matches('/'), row.name)],
        None => row.mirrors.iter().map(|base| (*base).to_owned()).collect(),
    }
}

/// A file into the folder, from the first mirror that has it.
fn fetch(row: &DataRow, file: &DataFile, folder: &Path) -> Result<(), Failure> {
    let config = Agent::config_builder()
        .timeout_connect(Some(WAIT))
        .timeout_recv_response(Some(WAIT))
        .timeout_recv_body(Some(WHOLE))
        .http_status_as_error(false)
        .build();
    let agent = Agent::new_with_config(config);
    // Half a file keeps its own name until it is whole and checked.
    let half = folder.join(format!("{}.part", file.name));
    let bar = bar(file);
    let mut faults = Vec::new();
    for base in mirrors(row) {
        let url = format!("{base}{}", file.name);
        match from_mirror(&agent, &url, file, &half, &bar) {
            Ok(()) => {
                bar.finish_and_clear();
                let target = folder.join(file.name);
                return fs::rename(&half, &target).map_err(|error| {
                    Failure::work(format!("cannot write {}: {}", target.display(), plain(&error)))
                });
            }
            Err(fault) => faults.push(format!("{url}: {fault}")),
        }
    }
    bar.finish_and_clear();
    let message = format!("cannot download {}: {}", row.name, faults.join("; "));
    Err(Failure::work(message).with_help(format!(
        "try again, which continues where it stopped; or put {} into {}, or name its folder with --data",
        file.name,
        folder.display()
    )))
}

fn bar(file: &DataFile) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(file.bytes), ProgressDrawTarget::stderr());
    let template = "{wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

/// The whole file from one mirror; whenever the connection is cut, what is left of it.
fn from_mirror(
    agent: &Agent,
    url: &str,
    file: &DataFile,
    half: &Path,
    bar: &ProgressBar,
) -> Result<(), String> {
    let mut fault = String::new();
    let mut attempts = ATTEMPTS;
    while attempts > 0 {
        let before = length(half);
        match go_on(agent, url, file, half, bar) {
            Ok(()) if length(half) == file.bytes => {
                return match checksum(half) {
                    Ok(found) if found == file.sha256 => Ok(()),
                    Ok(found) => {
                        let _ = fs::remove_file(half);
                        Err(format!(
                            "its SHA-256 is {found}, expected {}: it is not the file it should be",
                            file.sha256
                        ))
                    }
                    Err(error) => Err(plain(&error)),
                };
            }
            Ok(()) => fault = format!("it ended after {} of {} bytes", length(half), file.bytes),
            Err(Fault::Final(why)) => return Err(why),
            Err(Fault::Cut(why)) => fault = why,
        }
        // Whoever still gets something goes on; a server that gives a byte at a time does not count.
        let got_some = length(half) >= before.saturating_add(ENOUGH);
        attempts = if got_some { ATTEMPTS } else { attempts - 1 };
    }
    Err(fault)
}

/// Why an attempt failed.
enum Fault {
    /// Another attempt will not help.
    Final(String),
    /// The connection was cut.
    Cut(String),
}

fn go_on(
    agent: &Agent,
    url: &str,
    file: &DataFile,
    half: &Path,
    bar: &ProgressBar,
) -> Result<(), Fault> {
    let mut have = length(half);
    if have > file.bytes {
        have = 0;
    }
    if have == file.bytes {
        return Ok(());
    }
    let mut request = agent.get(url);
    if have > 0 {
        request = request.header("range", format!("bytes={have}-"));
    }
    let mut response = request.call().map_err(|error| Fault::Cut(hinton_remote::said(&error)))?;
    match response.status().as_u16() {
        206 if have > 0 => {}
        // It does not know of ranges and begins again.
        200 => have = 0,
        416 => {
            let _ = fs::remove_file(half);
            return Err(Fault::Cut("it refused to continue".to_owned()));
        }
        status @ 500.. => return Err(Fault::Cut(format!("the server answered {status}"))),
        status => return Err(Fault::Final(format!("the server answered {status}"))),
    }
    let write = |error: io::Error| {
        Fault::Final(format!("cannot write {}: {}", half.display(), plain(&error)))
    };
    let mut out = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(have == 0)
        .open(half)
        .map_err(write)?;
    io::Seek::seek(&mut out, io::SeekFrom::Start(have)).map_err(write)?;
    // No more than the file has, whatever the server sends.
    let mut body = response.body_mut().as_reader().take(file.bytes - have);
    let mut buffer = vec![0; 1 << 16];
    loop {
        bar.set_position(have);
        match body.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                out.write_all(&buffer[..count]).map_err(write)?;
                have += count as u64;
            }
            Err(error) => return Err(Fault::Cut(cut(&error))),
        }
    }
}

/// Why an answer was cut, in no library's words.
fn cut(error: &io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>()) {
        Some(inner) => hinton_remote::said(inner),
        None => format!("the connection failed: {}", plain(error)),
    }
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |found| found.len())
}

/// SHA-256 of a file, in hexadecimal digits.
fn checksum(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            count => context.update(&buffer[..count]),
        }
    }
    Ok(context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}
