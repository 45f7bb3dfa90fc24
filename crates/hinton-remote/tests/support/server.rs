//! A web server on loopback that does what a test says, well or badly.
#![allow(clippy::disallowed_methods)] // A server has threads of its own, and is slow on purpose.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    /// Names in small letters.
    pub(crate) headers: BTreeMap<String, String>,
    /// How many requests for the same path came before it.
    pub(crate) before: usize,
}

impl Seen {
    /// The range asked for in a file of `len` bytes.
    pub(crate) fn range(&self, len: usize) -> Option<std::ops::Range<usize>> {
        let (first, last) = self.headers.get("range")?.strip_prefix("bytes=")?.split_once('-')?;
        let last = last.parse().unwrap_or(usize::MAX - 1);
        Some(first.parse().ok()?..len.min(last + 1))
    }
}

/// What is sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// What `Content-Length` says where it is not the body's length.
    pub(crate) says: Option<u64>,
    /// No `Content-Length` at all: the body ends with the connection.
    pub(crate) says_nothing: bool,
    /// The body is sent over and over.
    pub(crate) is_endless: bool,
    /// Milliseconds between two bytes of the body.
    pub(crate) drip: u64,
    /// The connection is closed without an answer.
    pub(crate) is_nothing: bool,
}

impl Reply {
    pub(crate) fn status(status: u16) -> Self {
        Reply { status, ..Reply::default() }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Reply { body: body.into(), ..self }
    }

    pub(crate) fn redirect(to: &str) -> Self {
        Reply::status(302).header("location", to)
    }
}

/// What a server that knows ranges answers.
pub(crate) fn ranged(file: &[u8], seen: &Seen) -> Reply {
    let etag = format!("\"{:x}-{}\"", file.len(), file.iter().map(|&b| u64::from(b)).sum::<u64>());
    match seen.range(file.len()) {
        Some(range) if range.start >= range.end => {
            Reply::status(416).header("content-range", format!("bytes */{}", file.len()))
        }
        Some(range) => Reply::status(206)
            .header(
                "content-range",
                format!("bytes {}-{}/{}", range.start, range.end - 1, file.len()),
            )
            .header("etag", etag)
            .body(&file[range]),
        None => Reply::status(200).header("etag", etag).body(file),
    }
}

type Handler = dyn Fn(&Seen) -> Reply + Send + Sync;

/// A server that runs until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    is_over: Arc<AtomicBool>,
}

/// How slow the way to the server is.
#[derive(Clone, Copy, Default)]
pub(crate) struct Way {
    /// Milliseconds before an answer begins.
    pub(crate) latency: u64,
    /// Bytes a second of all connections together; no limit where it is 0.
    pub(crate) bandwidth: u64,
}

impl Server {
    pub(crate) fn new(handler: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Server::behind(Way::default(), handler)
    }

    /// A server behind a way of that latency and bandwidth.
    pub(crate) fn behind(
        way: Way,
        handler: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let is_over = Arc::new(AtomicBool::new(false));
        let (log, over) = (seen.clone(), is_over.clone());
        let handler: Arc<Handler> = Arc::new(handler);
        let free = Arc::new(Mutex::new(Instant::now()));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let (log, handler, free) = (log.clone(), handler.clone(), free.clone());
                thread::spawn(move || {
                    // A client that goes away is no fault of the test.
                    let _ = serve(stream, way, &log, &*handler, &free);
                });
            }
        });
        Server { address, seen, is_over }
    }

    /// The address of a path, which begins with `/`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Forgets the requests so far.
    pub(crate) fn forget(&self) {
        self.seen.lock().unwrap().clear();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // Wakes the listener.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(
    stream: TcpStream,
    way: Way,
    log: &Mutex<Vec<Seen>>,
    handler: &Handler,
    free: &Mutex<Instant>,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut out = stream;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut words = line.split_whitespace();
        let method = words.next().unwrap_or_default().to_owned();
        let path = words.next().unwrap_or_default().to_owned();
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            reader.by_ref().read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let seen = {
            let mut log = log.lock().unwrap();
            let before = log.iter().filter(|seen| seen.path == path).count();
            log.push(Seen { method, path, headers, before });
            log.last().unwrap().clone()
        };
        thread::sleep(Duration::from_millis(way.latency));
        let reply = handler(&seen);
        if reply.is_nothing {
            return Ok(());
        }
        let closes = send(&mut out, &reply, way, free)?;
        if closes {
            return Ok(());
        }
    }
}

/// Sends an answer; says whether the connection ends with it.
fn send(
    out: &mut TcpStream,
    reply: &Reply,
    way: Way,
    free: &Mutex<Instant>,
) -> std::io::Result<bool> {
    let mut head = format!("HTTP/1.1 {} X\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let closes = reply.says_nothing || reply.is_endless || reply.says.is_some();
    if !reply.says_nothing && !reply.is_endless {
        let len = reply.says.unwrap_or(reply.body.len() as u64);
        head.push_str(&format!("content-length: {len}\r\n"));
    }
    if closes {
        head.push_str("connection: close\r\n");
    }
    out.write_all(head.as_bytes())?;
    out.write_all(b"\r\n")?;
    if reply.drip > 0 {
        for byte in &reply.body {
            out.write_all(&[*byte])?;
            thread::sleep(Duration::from_millis(reply.drip));
        }
        return Ok(closes);
    }
    loop {
        for part in reply.body.chunks(64 << 10) {
            pace(part.len(), way, free);
            out.write_all(part)?;
        }
        if !reply.is_endless {
            return Ok(closes);
        }
    }
}

/// Waits for the turn of this many bytes on the way that all connections share.
fn pace(bytes: usize, way: Way, free: &Mutex<Instant>) {
    if way.bandwidth == 0 {
        return;
    }
    let time = Duration::from_secs_f64(bytes as f64 / way.bandwidth as f64);
    let until = {
        let mut free = free.lock().unwrap();
        *free = (*free).max(Instant::now()) + time;
        *free
    };
    thread::sleep(until.saturating_duration_since(Instant::now()));
}
