//! Files at addresses: what the environment says of how they are read, and what was read in the end.
//!
//! The variables are those of `huggingface_hub` (its docs, "Environment variables"), of proxies, and
//! `SSL_CERT_FILE` of OpenSSL.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use clap::{Arg, ArgMatches};
use hinton_remote::{Hub, Kept, Pause, Remote, Settings};

use crate::failure::{Failure, note};
use crate::kept::OnDisk;
use crate::{human, interrupt};

/// Longest token, and longest file of certificates.
const LONGEST: (u64, u64) = (4096, 16 << 20);

/// The variable for the size of what is kept on disk of files at addresses, and that size without it.
const KEEP: &str = "HINTON_KEEP";
const KEPT: u64 = 1 << 30;

/// What reads them, once there was an address to read.
static REMOTE: OnceLock<Option<Arc<Remote>>> = OnceLock::new();

/// Whether a word is the address of a file.
pub(crate) fn is_address(word: impl AsRef<Path>) -> bool {
    hinton::files::is_address(word)
}

/// `--max-download`.
pub(crate) fn max_download() -> Arg {
    Arg::new("max-download")
        .long("max-download")
        .value_name("SIZE")
        .value_parser(|text: &str| size(text))
        .help(
            "Stop before more is downloaded, of files at addresses: 500MB, 2GB [default: no limit]",
        )
}

/// Lets addresses open, where a word of the command line is one.
pub(crate) fn allow(words: &[OsString], matches: &ArgMatches) -> Result<(), Failure> {
    let is_asked = words.iter().any(|word| word.to_str().is_some_and(|word| word.contains("://")));
    if is_asked {
        let most = matches.try_get_one::<u64>("max-download").ok().flatten().copied();
        install(most)?;
    }
    Ok(())
}

/// Lets this process open addresses, with settings from the environment; for programs other than
/// the command. Only the first call has an effect.
///
/// # Errors
/// Returns an error if the environment names certificates that cannot be read.
pub fn open_addresses() -> Result<(), hinton::Error> {
    install(None)
}

/// Limits how many more bytes this process downloads of files at addresses, from now on, like
/// `--max-download` of the command. The size is a text such as `500MB` or `2GiB`, or a number of
/// bytes; `None` removes the limit.
///
/// # Errors
/// Returns an error if the text is not a size, and the errors of [`open_addresses`].
pub fn limit_downloads(most: Option<&str>) -> Result<(), hinton::Error> {
    let most = most.map(|text| size_of("max-download", text)).transpose()?;
    open_addresses()?;
    if let Some(Some(remote)) = REMOTE.get() {
        remote.limit(most);
    }
    Ok(())
}

/// Parses a size such as `256MB` or `1GiB`, as the command does, and returns it in bytes.
///
/// # Errors
/// Returns an error if the text is not a size, or the size is zero.
pub fn bytes_of(text: &str) -> Result<u64, hinton::Error> {
    match size_of("chunk", text)? {
        0 => Err(hinton::Error::Request {
            message: format!("chunk {text:?}: it is a size of nothing"),
            help: Some("give one such as 256MB".to_owned()),
        }),
        bytes => Ok(bytes),
    }
}

/// The size that an argument was given.
fn size_of(argument: &str, text: &str) -> Result<u64, hinton::Error> {
    size(text).map_err(|cure| hinton::Error::Request {
        message: format!("{argument} {text:?}: it is not a size"),
        help: Some(cure),
    })
}

/// Takes the notes for the user about addresses that were read since the last call.
pub fn notes_of_addresses() -> Vec<String> {
    match REMOTE.get() {
        Some(Some(remote)) => remote.take_notes(),
        _ => Vec::new(),
    }
}

fn install(max_download: Option<u64>) -> Result<(), hinton::Error> {
    if REMOTE.get().is_none() {
        let settings = settings(max_download)?;
        REMOTE.get_or_init(|| hinton_remote::install(settings));
    }
    Ok(())
}

/// Says what a person should know of what was read.
pub(crate) fn report() {
    notes_of_addresses().iter().for_each(|text| note(text));
    let Some(Some(remote)) = REMOTE.get() else { return };
    let traffic = remote.traffic();
    if traffic.bytes > 0 {
        let requests = human::several(traffic.requests, "request");
        let of = match traffic.of {
            0 => String::new(),
            of => format!(" of {}", human::bytes(of)),
        };
        let kept = match traffic.kept {
            0 => String::new(),
            kept => format!(", and {} that were kept from before", human::bytes(kept)),
        };
        note(&format!("read {}{of} in {requests}{kept}", human::bytes(traffic.bytes)));
    }
}

fn settings(max_download: Option<u64>) -> Result<Settings, hinton::Error> {
    let agent = concat!("hinton/", env!("CARGO_PKG_VERSION"));
    let mut settings = Settings::new(agent, Arc::new(Sleep));
    settings.max_download = max_download;
    settings.buckets = crate::clouds::buckets();
    settings.kept = kept()?.map(|kept| -> Arc<dyn Kept> { kept });
    settings.proxy = ureq::Proxy::try_from_env();
    if let Some(path) = variable("SSL_CERT_FILE") {
        settings.certificates = Some(small_file(Path::new(&path), LONGEST.1).ok_or_else(|| {
            hinton::Error::Request {
                message: format!("SSL_CERT_FILE: cannot read {}", Path::new(&path).display()),
                help: Some("name a file with certificates in PEM, or unset it".to_owned()),
            }
        })?);
    }
    let home = variable("HF_HOME").map(PathBuf::from).or_else(|| {
        let cache = variable("XDG_CACHE_HOME").map(PathBuf::from);
        let own = || Some(PathBuf::from(variable("HOME").or_else(|| variable("USERPROFILE"))?));
        Some(cache.or_else(|| Some(own()?.join(".cache")))?.join("huggingface"))
    });
    let path = |name: &str, below: &str| {
        let own = variable(name).map(PathBuf::from);
        own.or_else(|| home.as_ref().map(|home| home.join(below)))
    };
    settings.hub = Hub {
        endpoint: text("HF_ENDPOINT").unwrap_or(settings.hub.endpoint),
        token: text("HF_TOKEN")
            .or_else(|| text("HUGGING_FACE_HUB_TOKEN"))
            .or_else(|| token_in(&path("HF_TOKEN_PATH", "token")?)),
        is_offline: is_on("HF_HUB_OFFLINE") || is_on("TRANSFORMERS_OFFLINE"),
        cache: path("HF_HUB_CACHE", "hub"),
    };
    Ok(settings)
}

/// The folder of parts that are kept, as large as `HINTON_KEEP` says; none where that is 0.
pub(crate) fn kept() -> Result<Option<Arc<OnDisk>>, hinton::Error> {
    let most = text(KEEP).map(|text| size_of(KEEP, &text)).transpose()?.unwrap_or(KEPT);
    let folder = crate::download::cache().filter(|_| most > 0);
    Ok(folder.map(|folder| Arc::new(OnDisk::new(folder.join("parts"), most))))
}

/// The token that `hf auth login` keeps, unless it is not to be sent by itself.
fn token_in(path: &Path) -> Option<String> {
    if is_on("HF_HUB_DISABLE_IMPLICIT_TOKEN") {
        return None;
    }
    let text = String::from_utf8(small_file(path, LONGEST.0)?).ok()?;
    Some(text.trim().to_owned()).filter(|token| !token.is_empty())
}

pub(crate) fn small_file(path: &Path, most: u64) -> Option<Vec<u8>> {
    let is_small = std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() <= most);
    is_small.then(|| std::fs::read(path).ok())?
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

fn text(name: &str) -> Option<String> {
    let text = variable(name)?.into_string().ok()?.trim().to_owned();
    Some(text).filter(|text| !text.is_empty())
}

pub(crate) fn is_on(name: &str) -> bool {
    let on = ["1", "on", "true", "yes"];
    text(name).is_some_and(|value| on.contains(&value.to_ascii_lowercase().as_str()))
}

/// Bytes of `500MB`, `1.5GiB`, `64k`, `1000`.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let wrong = || "a size is such as 500MB, 2GB or 64KiB".to_owned();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.trim().to_ascii_lowercase();
    let factor: u64 = match unit.trim_end_matches('b') {
        "" => 1,
        "k" => 1_000,
        "m" => 1_000_000,
        "g" => 1_000_000_000,
        "t" => 1_000_000_000_000,
        "ki" => 1 << 10,
        "mi" => 1 << 20,
        "gi" => 1 << 30,
        "ti" => 1 << 40,
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let bytes = number * factor as f64;
    if bytes.is_finite() && bytes < 1e18 { Ok(bytes as u64) } else { Err(wrong()) }
}

/// Waits, and stops when the program is asked to.
struct Sleep;

impl Pause for Sleep {
    fn pause(&self, millis: u64) -> bool {
        let until = Instant::now() + Duration::from_millis(millis);
        while !interrupt::asked() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            #[allow(clippy::disallowed_methods)] // A server asked for patience.
            std::thread::sleep(left.min(Duration::from_millis(100)));
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        let sizes = [
            ("0", 0),
            ("1000", 1000),
            ("500MB", 500_000_000),
            ("1.5 GiB", 3 << 29),
            ("64k", 64_000),
        ];
        for (text, bytes) in sizes {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for wrong in ["", "MB", "5 apples", "-1", "1e5", "99999999TB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn addresses_are_told_from_paths() {
        assert!(is_address("hf://org/name") && is_address("s3://bucket/x"));
        assert!(!is_address("model.safetensors") && !is_address("C:\\x"));
    }
}
