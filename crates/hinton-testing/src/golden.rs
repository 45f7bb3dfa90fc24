//! Golden files: what tests draw, compared with what was drawn before and looked at.

use std::path::{Path, PathBuf};

use crate::Pixels;

/// The environment variable that makes tests write golden files instead of comparing them.
/// `cargo xtask bless` sets it.
pub const BLESS: &str = "HINTON_BLESS";

/// The golden files of a crate, in its folder `tests/golden`. Pictures are compared by their pixels, so that another
/// encoder changes none of them; [`bytes`](Golden::bytes) and [`lines`](Golden::lines) compare the rest exactly.
///
/// All differences are collected, and [`end`](Golden::end) tells them together.
#[derive(Debug)]
#[must_use = "nothing is told before `end`"]
pub struct Golden {
    folder: PathBuf,
    /// Where what differs is written.
    drawn: PathBuf,
    bless: bool,
    compared: usize,
    wrong: Vec<String>,
    ended: bool,
}

impl Golden {
    /// Those of the crate whose folder is `package`: `env!("CARGO_MANIFEST_DIR")`. What differs is
    /// written to the folder `drawn`, to be looked at: `env!("CARGO_TARGET_TMPDIR")`.
    pub fn of(package: &str, drawn: &str) -> Self {
        let folder = Path::new(package).join("tests/golden");
        Golden::new(folder, drawn.into(), std::env::var_os(BLESS).is_some())
    }

    fn new(folder: PathBuf, drawn: PathBuf, bless: bool) -> Self {
        Golden { folder, drawn, bless, compared: 0, wrong: Vec::new(), ended: false }
    }

    /// Compares the pixels of a PNG file. Where they are the same, the golden file stays as it is, even
    /// if it was encoded differently.
    pub fn picture(&mut self, name: &str, png: &[u8]) {
        let drawn = Pixels::of_png(png);
        let told = match (self.known(name), drawn) {
            (_, Err(error)) => format!("is no PNG now: {error}"),
            (None, Ok(_)) => "is new".to_owned(),
            (Some(golden), Ok(drawn)) => match Pixels::of_png(&golden) {
                Err(error) => format!("was no PNG: {error}"),
                Ok(golden) => match golden.difference(&drawn) {
                    None => return,
                    Some(difference) => difference.to_string(),
                },
            },
        };
        self.differs(name, png, &told);
    }

    /// Compares a file byte by byte.
    pub fn bytes(&mut self, name: &str, bytes: &[u8]) {
        match self.known(name) {
            None => self.differs(name, bytes, "is new"),
            Some(golden) if golden != bytes => {
                let same = golden.iter().zip(bytes).take_while(|(a, b)| a == b).count();
                let (now, len) = (bytes.len(), golden.len());
                let told =
                    format!("differs from byte {same} on; it has {now} bytes, expected {len}");
                self.differs(name, bytes, &told);
            }
            Some(_) => {}
        }
    }

    /// Compares a text, and tells the lines that differ.
    pub fn lines(&mut self, name: &str, text: &str) {
        let golden = match self.known(name).map(String::from_utf8) {
            Some(Ok(golden)) if golden == text => return,
            Some(Ok(golden)) => golden,
            _ => String::new(),
        };
        let missing = |of: &str, from: &str, mark: &str| -> String {
            let lines = of.lines().filter(|line| !from.lines().any(|other| other == *line));
            lines.map(|line| format!("\n  {mark} {line}")).collect()
        };
        let told =
            format!("differs:{}{}", missing(&golden, text, "-"), missing(text, &golden, "+"));
        self.differs(name, text.as_bytes(), &told);
    }

    /// The golden file, if there is one.
    fn known(&mut self, name: &str) -> Option<Vec<u8>> {
        self.compared += 1;
        std::fs::read(self.folder.join(name)).ok()
    }

    /// Writes what was drawn: over the golden file when blessing, and beside the tests otherwise.
    fn differs(&mut self, name: &str, bytes: &[u8], told: &str) {
        let folder = if self.bless { &self.folder } else { &self.drawn };
        let path = folder.join(name);
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, bytes));
        written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if !self.bless {
            let golden = self.folder.join(name);
            self.wrong.push(format!(
                "{}: {told}\n  drawn now: {}",
                golden.display(),
                path.display()
            ));
        }
    }

    /// Ends the comparison.
    ///
    /// # Panics
    /// Panics if a file differs, or if none was compared.
    #[track_caller]
    pub fn end(mut self) {
        if let Err(told) = self.outcome() {
            panic!("{told}");
        }
    }

    fn outcome(&mut self) -> Result<(), String> {
        self.ended = true;
        if self.compared == 0 {
            return Err("no golden file was compared".to_owned());
        }
        if self.wrong.is_empty() {
            return Ok(());
        }
        let (wrong, all, files) = (self.wrong.len(), self.compared, self.wrong.join("\n"));
        Err(format!(
            "{files}\n{wrong} of {all} golden files differ; look at them, then: cargo xtask bless"
        ))
    }
}

/// A test that forgot [`Golden::end`] would compare nothing.
impl Drop for Golden {
    fn drop(&mut self) {
        assert!(self.ended || std::thread::panicking(), "Golden::end was not called");
    }
}

/// A number for bytes of which no copy is kept: FNV-1a, 64 bits (Fowler, Noll and Vo).
#[must_use]
pub fn hash(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Folder;

    fn golden(folder: &Folder, bless: bool) -> Golden {
        Golden::new(folder.path("golden"), folder.path("drawn"), bless)
    }

    fn white(count: usize) -> Pixels {
        Pixels { width: count, height: 1, rgba: vec![[255; 4]; count] }
    }

    #[test]
    fn what_is_blessed_is_golden_and_all_differences_are_told_together() {
        let folder = Folder::new();
        let mut blessing = golden(&folder, true);
        blessing.picture("a.png", &white(3).to_png());
        blessing.bytes("b.bin", b"12345");
        blessing.lines("c.txt", "one\ntwo\n");
        assert_eq!(blessing.outcome(), Ok(()));

        let mut same = golden(&folder, false);
        same.picture("a.png", &white(3).to_png());
        same.bytes("b.bin", b"12345");
        same.lines("c.txt", "one\ntwo\n");
        assert_eq!(same.outcome(), Ok(()));

        let mut other = white(3);
        other.rgba[1] = [0, 0, 0, 255];
        let mut changed = golden(&folder, false);
        changed.picture("a.png", &other.to_png());
        changed.bytes("b.bin", b"12-4");
        changed.lines("c.txt", "one\nthree\n");
        changed.bytes("d.bin", b"");
        let told = changed.outcome().unwrap_err();
        for part in [
            "a.png: 1 of 3 pixels differ, by up to 255",
            "b.bin: differs from byte 2 on; it has 4 bytes, expected 5",
            "c.txt: differs:\n  - two\n  + three",
            "d.bin: is new",
            "4 of 4 golden files differ",
        ] {
            assert!(told.contains(part), "{part:?} in {told}");
        }
        assert_eq!(std::fs::read(folder.path("drawn/b.bin")).unwrap(), b"12-4");
        assert_eq!(std::fs::read(folder.path("golden/b.bin")).unwrap(), b"12345");
    }

    #[test]
    fn a_picture_that_is_only_encoded_differently_is_left_alone() {
        let folder = Folder::new();
        let mut bytes = white(2).to_png();
        folder.put("golden/a.png", &bytes);
        // A chunk of text before the last one, which has 12 bytes.
        let end = bytes.len() - 12;
        let text = [0, 0, 0, 3, b't', b'E', b'X', b't', b'k', 0, b'v', 0, 0, 0, 0];
        bytes.splice(end..end, text);
        let mut blessing = golden(&folder, true);
        blessing.picture("a.png", &bytes);
        blessing.end();
        assert_eq!(std::fs::read(folder.path("golden/a.png")).unwrap(), white(2).to_png());
    }

    #[test]
    fn nothing_compared_and_nothing_told_are_failures() {
        let folder = Folder::new();
        let nothing = golden(&folder, false).outcome();
        assert_eq!(nothing, Err("no golden file was compared".to_owned()));
        let forgotten = golden(&folder, false);
        assert!(
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(forgotten))).is_err()
        );
    }
}
