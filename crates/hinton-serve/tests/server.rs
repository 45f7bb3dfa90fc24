//! The server over a real socket: what a browser and what an attacker would send.
#![allow(clippy::disallowed_methods)] // A server has threads of its own, and is slow on purpose.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hinton_serve::{Access, Limits, Stop, serve};
use hinton_view::Viewer;

const KEY: &str = "00112233445566778899aabbccddeeff";

struct Served {
    address: SocketAddr,
    stop: Stop,
    thread: Option<std::thread::JoinHandle<()>>,
    folder: PathBuf,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.stop();
        self.thread.take().unwrap().join().unwrap();
        std::fs::remove_dir_all(&self.folder).unwrap();
    }
}

fn served(name: &str, limits: Limits) -> Served {
    let folder = std::env::temp_dir().join(format!("hinton-serve-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("model.safetensors");
    let values: Vec<f32> = (0..300 * 70).map(|value| value as f32 - 9000.0).collect();
    let tensors = [
        hinton::tensor_of("layer.0.weight", &[300, 70], &values).unwrap(),
        hinton::tensor_of("layer.0.bias", &[3], &[1.0f32, f32::NAN, -2.0]).unwrap(),
    ];
    hinton::export(tensors, &path).unwrap();
    let viewer = Arc::new(Viewer::open(&[path], 2).unwrap());
    let access = Access {
        key: KEY.to_owned(),
        hosts: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
        by_number: false,
        base: String::new(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let stop = Stop::default();
    let own = stop.clone();
    let thread = std::thread::spawn(move || serve(listener, viewer, access, limits, &own).unwrap());
    Served { address, stop, thread: Some(thread), folder }
}

/// Status, head and body of the answer to raw bytes.
fn raw(address: SocketAddr, request: &[u8]) -> (u16, String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    // A server that has heard enough closes while we write.
    let _ = stream.write_all(request);
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") else {
        return (0, String::new(), bytes);
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    (status, head, bytes[end + 4..].to_vec())
}

fn get(address: SocketAddr, path: &str, headers: &str) -> (u16, String, Vec<u8>) {
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n");
    raw(address, request.as_bytes())
}

fn ask(address: SocketAddr, path: &str) -> (u16, Vec<u8>) {
    let (status, _, body) = get(address, path, &format!("X-Hinton-Key: {KEY}\r\n"));
    (status, body)
}

#[test]
fn the_page_needs_no_key_and_everything_else_does() {
    let served = served("key", Limits::default());
    for (path, kind) in
        [("/", "text/html"), ("/viewer.js", "text/javascript"), ("/viewer.css", "text/css")]
    {
        let (status, head, body) = get(served.address, path, "");
        assert_eq!(status, 200, "{path}");
        assert!(head.contains(&format!("content-type: {kind}")) && !body.is_empty(), "{head}");
    }
    for row in hinton_view::ROUTES {
        let path = format!("/api/{}", row.name);
        assert_eq!(get(served.address, &path, "").0, 401, "{path}");
        let foreign = format!("X-Hinton-Key: {KEY}\r\nSec-Fetch-Site: cross-site\r\n");
        assert_eq!(get(served.address, &path, &foreign).0, 403, "{path}");
    }
    assert_eq!(get(served.address, "/nothing", "").0, 401);
    assert_eq!(ask(served.address, "/nothing").0, 404);
    assert_eq!(ask(served.address, "/api/nothing").0, 404);
    assert_eq!(ask(served.address, "/api/../../etc/passwd").0, 404);
    assert_eq!(ask(served.address, "/api/catalogue").0, 200);
}

#[test]
fn every_response_bears_the_headers_that_shut_it_in() {
    let served = served("headers", Limits::default());
    for (path, key) in [("/", ""), ("/api/catalogue", KEY), ("/api/nothing", KEY), ("/x", "")] {
        let (_, head, _) = get(served.address, path, &format!("X-Hinton-Key: {key}\r\n"));
        for header in [
            "content-security-policy: default-src 'none'; script-src 'self'",
            "frame-ancestors 'none'",
            "x-content-type-options: nosniff",
            "cross-origin-resource-policy: same-origin",
            "cross-origin-opener-policy: same-origin",
            "referrer-policy: no-referrer",
            "cache-control: no-store",
        ] {
            assert!(head.contains(header), "{path}: {header}\n{head}");
        }
        assert!(!head.contains("access-control"), "{head}");
    }
}

#[test]
fn questions_are_answered_or_refused_in_words() {
    let served = served("words", Limits::default());
    let (status, body) = ask(served.address, "/api/value?t=0&r=2&c=3");
    let text = String::from_utf8(body).unwrap();
    assert!(status == 200 && text.contains("\"value\":-8857.0"), "{text}");
    for (path, why) in [
        ("/api/value?t=9&r=0&c=0", "no tensor 9"),
        ("/api/value?t=0&r=300&c=0", "outside"),
        ("/api/value?t=0&r=0", "c= is missing"),
        ("/api/value?t=0&r=0&c=0&path=/etc/passwd", "not understood"),
        ("/api/tiles?q=x", "makes no sense"),
        ("/api/colours?t=0&map=nothing", "no map"),
        ("/api/exact?t=0&r0=0&r1=300&c0=0&c1=71", "not within"),
        ("/api/catalogue?a=%zz", "encoded"),
    ] {
        let (status, body) = ask(served.address, path);
        let text = String::from_utf8(body).unwrap();
        assert!(status == 400 && text.contains(why) && text.contains("error"), "{path}: {text}");
    }
}

#[test]
fn what_is_no_request_ends_its_connection_alone() {
    let served = served("hostile", Limits { head: 8192, ..Limits::default() });
    let long = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(20_000));
    let many: String = (0..400).map(|at| format!("X-{at}: y\r\n")).collect();
    let many = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n");
    for (request, expected) in [
        (long.as_bytes(), [414, 431].as_slice()),
        (many.as_bytes(), &[431]),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", &[0, 400]),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &[0, 400, 505]),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", &[400]),
        (b"GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n", &[400]),
    ] {
        let (status, _, _) = raw(served.address, request);
        assert!(expected.contains(&status), "{status} for {:?}", &request[..20.min(request.len())]);
    }
    assert_eq!(ask(served.address, "/api/catalogue").0, 200);
}

#[test]
fn connections_beyond_the_limit_are_closed_and_slow_ones_given_up() {
    let limits =
        Limits { connections: 2, patience: Duration::from_millis(300), ..Limits::default() };
    let served = served("limits", limits);
    let idle: Vec<TcpStream> =
        (0..2).map(|_| TcpStream::connect(served.address).unwrap()).collect();
    // Both are known to be accepted once a third is closed without an answer.
    let refused = || get(served.address, "/", "").0 == 0;
    assert!((0..100).any(|_| refused()));
    // They said nothing for too long: there is room again.
    let answered = || {
        std::thread::sleep(Duration::from_millis(20));
        get(served.address, "/", "").0 == 200
    };
    assert!((0..500).any(|_| answered()));
    drop(idle);
}

#[test]
fn tiles_come_as_they_are_described() {
    let served = served("tiles", Limits::default());
    let (status, body) =
        ask(served.address, "/api/tiles?q=0.r.0.1.0,0.r.3.0.0,0.r.0.7.7,1.r.0.0.0");
    assert_eq!(status, 200);
    let mut rest = &body[..];
    let mut take = |count: usize| {
        let (part, behind) = rest.split_at(count);
        rest = behind;
        part.to_vec()
    };
    let number = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap()) as usize;
    let half = |bytes: &[u8]| u16::from_le_bytes(bytes[..2].try_into().unwrap());
    let mut tile = || {
        let len = number(&take(4));
        if len == 0 {
            let len = number(&take(4));
            return Err(String::from_utf8(take(len)).unwrap());
        }
        let tile = take(len);
        let head: Vec<u16> = tile[..8].chunks(2).map(half).collect();
        let cells: Vec<u16> = tile[12..].chunks(2).map(half).collect();
        assert_eq!(cells.len(), usize::from(head[0]) * usize::from(head[1]) * usize::from(head[2]));
        Ok((head, cells))
    };
    let (head, cells) = tile().unwrap();
    assert_eq!(head[..3], [44, 70, 1]);
    let first = f32::from_bits(u32::from(cells[0]) << 16);
    assert!((first - (256.0 * 70.0 - 9000.0)).abs() < 64.0, "{first}");
    assert_eq!(tile().unwrap().0[..3], [38, 9, 2]);
    assert!(tile().unwrap_err().contains("2 x 1 tiles"));
    let (head, cells) = tile().unwrap();
    assert_eq!(head, [1, 3, 1, 2], "one row, and all values survive");
    assert_eq!(cells, [0x3F80, 0x7FC1, 0xC000]);
}
