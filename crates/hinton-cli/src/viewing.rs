//! A viewer that listens: where, under which address, and who may ask.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use hinton::errors::{ErrorKind, FormatError};
use hinton::{Checkpoint, Error, Progress};
use hinton_serve::{Access, Limits, Stop, serve};
use hinton_view::{Refusal, Viewer};
use ring::rand::{SecureRandom, SystemRandom};

use crate::failure::plain;

/// A viewer of paths, which caches on disk what it computes ahead. Each question is answered on at
/// most `threads` threads; 0 means one per core.
///
/// # Errors
/// Returns an error if a path cannot be opened, or the size of the cache is not understood.
pub(crate) fn viewer(paths: &[PathBuf], threads: usize) -> Result<Viewer, Error> {
    let viewer = Viewer::open(paths, hinton::threads(threads))?;
    Ok(match crate::remote::kept()? {
        Some(cache) => viewer.with_cache(cache),
        None => viewer,
    })
}

/// Where a viewer listens.
#[derive(Debug, Clone)]
pub struct Listening {
    /// The address to listen on.
    pub host: IpAddr,
    /// The port; 0 means any free port.
    pub port: u16,
    /// Host names under which the server may be addressed, besides those of this machine.
    pub names: Vec<String>,
    /// The address under which a proxy provides the page.
    pub base_url: Option<String>,
}

impl Default for Listening {
    fn default() -> Self {
        let host = Ipv4Addr::LOCALHOST.into();
        Listening { host, port: 0, names: Vec::new(), base_url: None }
    }
}

/// A viewer, and the socket on which it will serve requests.
pub struct Viewing {
    viewer: Arc<Viewer>,
    listener: Mutex<Option<TcpListener>>,
    wanted: SocketAddr,
    access: Access,
    address: String,
    stop: Stop,
}

impl Viewing {
    /// Opens paths (weights files, folders that hold one, training runs) and a socket. Each
    /// question is answered on at most `threads` threads; 0 means one per core.
    ///
    /// # Errors
    /// Returns an error if a path cannot be opened, or the system does not allow listening.
    pub fn open(paths: &[PathBuf], threads: usize, at: &Listening) -> Result<Self, Error> {
        Viewing::new(viewer(paths, threads)?, at)
    }

    /// Opens a socket for a viewer of checkpoints that are already open.
    ///
    /// # Errors
    /// Returns the errors of [`Viewing::open`].
    pub fn of(checkpoints: Vec<Checkpoint>, threads: usize, at: &Listening) -> Result<Self, Error> {
        Viewing::new(Viewer::of(checkpoints, hinton::threads(threads)), at)
    }

    fn new(viewer: Viewer, at: &Listening) -> Result<Self, Error> {
        let base = at.base_url.as_deref().map(Base::read).transpose()?;
        let wanted = SocketAddr::new(at.host, at.port);
        let listener = TcpListener::bind(wanted).map_err(|error| no_listening(wanted, &error))?;
        let bound = listener.local_addr().map_err(|error| no_listening(wanted, &error))?;
        let key = key()?;
        let mut hosts: Vec<String> =
            ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned).to_vec();
        hosts.extend(at.names.iter().cloned());
        hosts.extend(base.as_ref().map(|base| base.host.clone()));
        let address = match &base {
            Some(base) => format!("{}#k={key}", base.url),
            None => format!("http://{}/#k={key}", shown(bound)),
        };
        let access = Access {
            key,
            hosts,
            by_number: !at.host.is_loopback(),
            base: base.map(|base| base.path).unwrap_or_default(),
        };
        Ok(Viewing {
            viewer: Arc::new(viewer),
            listener: Mutex::new(Some(listener)),
            wanted,
            access,
            address,
            stop: Stop::default(),
        })
    }

    /// Whether there are any tensors to view.
    pub fn has_tensors(&self) -> bool {
        self.viewer.bytes() > 0
    }

    /// The address of the page, including the key.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Size of all values that are viewed, in bytes.
    pub fn bytes(&self) -> u64 {
        self.viewer.bytes()
    }

    /// Exports the view as a page that needs no server, with about `budget` bytes of data, and one
    /// sentence about how much of the data it contains. Reads every tensor completely.
    ///
    /// # Errors
    /// Returns an error if the budget is too small for the map, values cannot be read, or the work
    /// was cancelled.
    pub fn page(&self, budget: u64, progress: &dyn Progress) -> Result<(Vec<u8>, String), Error> {
        exported(&self.viewer, budget, progress)
    }

    /// Serves requests until [`Viewing::stop`] is called; a second call returns immediately.
    ///
    /// # Errors
    /// Returns an error if the operating system does not allow listening.
    pub fn serve(&self) -> Result<(), Error> {
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(listener) = listener else { return Ok(()) };
        let (viewer, access) = (Arc::clone(&self.viewer), self.access.clone());
        serve(listener, viewer, access, Limits::default(), &self.stop)
            .map_err(|error| no_listening(self.wanted, &error))
    }

    /// Stops [`Viewing::serve`], or keeps it from starting.
    pub fn stop(&self) {
        self.listener.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.stop.stop();
    }
}

/// Exports the page of [`Viewing::page`] for checkpoints that are already open, without a socket.
///
/// # Errors
/// Returns the errors of [`Viewing::page`].
pub fn page_of(
    checkpoints: Vec<Checkpoint>,
    threads: usize,
    budget: u64,
    progress: &dyn Progress,
) -> Result<(Vec<u8>, String), Error> {
    exported(&Viewer::of(checkpoints, hinton::threads(threads)), budget, progress)
}

fn exported(
    viewer: &Viewer,
    budget: u64,
    progress: &dyn Progress,
) -> Result<(Vec<u8>, String), Error> {
    match viewer.export(budget, progress) {
        Ok(exported) => Ok((exported.page, exported.note)),
        Err(Refusal::Question(message) | Refusal::Work(message)) => {
            Err(Error::Request { message, help: None })
        }
        Err(Refusal::NoRoute) => {
            let message = "the page cannot be made".to_owned();
            Err(Error::Request { message, help: None })
        }
    }
}

fn no_listening(wanted: SocketAddr, error: &std::io::Error) -> Error {
    let failed =
        FormatError::new(ErrorKind::Io, format!("cannot listen on {wanted}: {}", plain(error)));
    failed.cure("choose another port, or 0 for any that is free").into()
}

/// The address that a browser on this machine can open.
fn shown(bound: SocketAddr) -> SocketAddr {
    match bound.ip().is_unspecified() {
        true => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), bound.port()),
        false => bound,
    }
}

/// 128 bits from the system as hexadecimal digits.
fn key() -> Result<String, Error> {
    let mut bytes = [0; 16];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| {
        FormatError::new(ErrorKind::Io, "the system gives no random numbers for a key")
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Where a proxy shows the page.
struct Base {
    url: String,
    host: String,
    /// The path without a slash at its end.
    path: String,
}

impl Base {
    fn read(url: &str) -> Result<Self, Error> {
        let wrong = || {
            let help = "write it as the browser shows it: https://hub.example/user/ada/proxy/8000/";
            let message = format!("base-url {url:?} is not the address of a page");
            Error::Request { message, help: Some(help.to_owned()) }
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
        let is_plain = !rest.contains(['#', '?', '@', ' ', '\\']);
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        if !matches!(scheme, "http" | "https") || host.is_empty() || !is_plain {
            return Err(wrong());
        }
        let path = path.trim_end_matches('/');
        let path = if path.is_empty() { String::new() } else { format!("/{path}") };
        Ok(Base { url: format!("{scheme}://{host}{path}/"), host: host.to_owned(), path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_long_and_never_the_same() {
        let (one, two) = (key().unwrap(), key().unwrap());
        assert!(one.len() == 32 && one.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(one, two);
    }

    #[test]
    fn addresses_of_proxies_are_taken_apart() {
        let base = Base::read("https://hub.example:8443/user/ada/proxy/8000").unwrap();
        assert_eq!(base.url, "https://hub.example:8443/user/ada/proxy/8000/");
        assert_eq!(base.host, "hub.example:8443");
        assert_eq!(base.path, "/user/ada/proxy/8000");
        assert_eq!(Base::read("http://lab/").unwrap().path, "");
        for wrong in ["lab", "ftp://lab/", "http:///x", "http://lab/#x", "http://a@b/"] {
            assert!(Base::read(wrong).is_err(), "{wrong}");
        }
    }
}
