//! Whether the file that ffmpeg wrote is whole: where the disk is full it says nothing and ends as
//! if all were well.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{CODECS, PROGRAM, extension_of};
use crate::failure::{Failure, plain};

/// Reads the file again and counts its pictures, without decoding them. `given` is how many ffmpeg
/// was given; only where it was told what to do by a row of the table are as many expected, because
/// arguments of the user's own may drop some.
pub(super) fn check(file: &Path, given: u64, by_row: bool) -> Result<(), Failure> {
    if CODECS.iter().all(|row| !row.extensions.contains(&extension_of(file).as_str())) {
        // What the user's own arguments write is not known to be a film that can be read again.
        return Ok(());
    }
    if extension_of(file) == "webp" {
        // Not every ffmpeg reads films of WebP. The file says in its head how long it is.
        return match hinton::films::is_whole_webp(file) {
            true => Ok(()),
            false => Err(cut("it is shorter than its head says")),
        };
    }
    let path = match file.is_absolute() {
        true => file.to_owned(),
        false => Path::new(".").join(file),
    };
    let read = Command::new(PROGRAM)
        .args(["-hide_banner", "-v", "error", "-i"])
        .arg(path)
        .args(["-map", "0:v:0", "-c", "copy", "-f", "null", "-progress", "pipe:1", "-"])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Failure::work(format!("{PROGRAM}: {}", plain(&error))))?;
    let said = String::from_utf8_lossy(&read.stderr);
    if !read.status.success() {
        return Err(cut(said.lines().next_back().unwrap_or("it cannot be read")));
    }
    let found = pictures(&String::from_utf8_lossy(&read.stdout));
    let expected = if by_row { given } else { 1.min(given) };
    match found >= expected {
        true => Ok(()),
        false => Err(cut(&format!("{found} of {given} pictures are in it"))),
    }
}

fn cut(why: &str) -> Failure {
    Failure::work(format!(
        "{PROGRAM} wrote a film that is not whole, though it said nothing: {why}"
    ))
    .with_help("is the disk full? Make room, or write elsewhere")
}

/// The last `frame=` of what `-progress` tells.
fn pictures(progress: &str) -> u64 {
    let frames = progress.lines().filter_map(|line| line.strip_prefix("frame="));
    frames.filter_map(|count| count.trim().parse().ok()).next_back().unwrap_or(0)
}
