//! Every way in which a server is known to misbehave: a row each. Each ends in the right bytes, or
//! in an error that names the address, the range, the status and the cure.
#![allow(clippy::disallowed_methods, clippy::single_range_in_vec_init)] // A server has threads of its own, and is slow on purpose.

use crate::support;

use std::sync::Arc;

use hinton_remote::Remote;
use support::server::{Reply, Seen, Server, ranged};
use support::{NoPause, bytes, open, read, settings};

/// Bytes of the file of these tests: three blocks and a bit.
const LEN: usize = 3 * (64 << 10) + 123;

struct Row {
    name: &'static str,
    /// Answers for a file.
    answer: fn(&[u8], &Seen) -> Reply,
    /// What the error says, all of it; nothing where the right bytes are read in the end.
    error: &'static [&'static str],
}

const fn row(
    name: &'static str,
    answer: fn(&[u8], &Seen) -> Reply,
    error: &'static [&'static str],
) -> Row {
    Row { name, answer, error }
}

const ROWS: &[Row] = &[
    row("a good server", ranged, &[]),
    row(
        "redirects in a circle",
        |_, _| Reply::redirect("/model.bin"),
        &["/model.bin: bytes 0-65535: it redirects in a circle", "check the address"],
    ),
    row(
        "redirects without end",
        |_, seen| Reply::redirect(&format!("{}x", seen.path)),
        &["redirects more than 8 times"],
    ),
    row(
        "redirects to another scheme",
        |_, _| Reply::redirect("ftp://127.0.0.1/model.bin"),
        &["ftp://", "not followed"],
    ),
    row(
        "redirects to a file",
        |_, _| Reply::redirect("file:///etc/passwd"),
        &["file://", "not followed"],
    ),
    row(
        "redirects with a password",
        |_, _| Reply::redirect("http://me:secret@127.0.0.1/x"),
        &["password"],
    ),
    row("a redirect without an address", |_, _| Reply::status(302), &["answered 302"]),
    row(
        "a good redirect",
        |file, seen| match seen.path.as_str() {
            "/model.bin" => Reply::redirect("elsewhere/model.bin?signature=secret"),
            _ => ranged(file, seen),
        },
        &[],
    ),
    row(
        "the whole file for a later range, once",
        |file, seen| match seen.range(file.len()) {
            Some(range) if range.start > 0 && seen.before == 1 => Reply::status(200).body(file),
            _ => ranged(file, seen),
        },
        &[],
    ),
    row(
        "the whole file for every later range",
        |file, seen| match seen.range(file.len()) {
            Some(range) if range.start > 0 => Reply::status(200).body(file),
            _ => ranged(file, seen),
        },
        &[
            "bytes 65536-",
            "status 200: the whole file was sent",
            "after 3 attempts",
            "download the file",
        ],
    ),
    row("no ranges at all", |file, _| Reply::status(200).body(file), &[]),
    row(
        "no ranges and no length",
        |file, _| Reply { says_nothing: true, ..Reply::status(200).body(file) },
        &[],
    ),
    row(
        "no ranges and a file that is too long",
        |_, _| Reply { says: Some(5 << 30), ..Reply::status(200).body("x") },
        &["status 200", "no ranges", "5368709120 bytes", "past the 1048576", "download the file"],
    ),
    row(
        "no ranges, no length, and a body without end",
        |file, _| Reply { is_endless: true, ..Reply::status(200).body(file) },
        &["no ranges", "past the 1048576"],
    ),
    row(
        "another range than the one asked for",
        |file, seen| ranged(file, seen).header("content-range", format!("bytes 5-65540/{LEN}")),
        &["bytes 0-65535: status 206", "\"bytes 5-65540/196731\"", "the server is broken"],
    ),
    row(
        "a range without Content-Range",
        |file, _| Reply::status(206).body(&file[..65536]),
        &["status 206", "Content-Range is \"\""],
    ),
    row(
        "a range of nobody knows how much",
        |file, seen| ranged(file, seen).header("content-range", "bytes 0-65535/*"),
        &["Content-Range is \"bytes 0-65535/*\""],
    ),
    row(
        "a length beyond all bounds",
        |file, seen| {
            let all = "bytes 0-65535/18446744073709551615";
            ranged(file, seen).header("content-range", all)
        },
        &["bytes 65536-"],
    ),
    row(
        "gzip where the file as it is was asked for",
        |file, seen| ranged(file, seen).header("content-encoding", "gzip"),
        &["status 206", "packed with gzip", "compression off"],
    ),
    row(
        "gzip of the whole file",
        |file, _| Reply::status(200).header("content-encoding", "gzip").body(file),
        &["status 200", "packed with gzip"],
    ),
    row(
        "a short body, once",
        |file, seen| match seen.before {
            0 => Reply { says: Some(65536), body: file[..100].into(), ..ranged(file, seen) },
            _ => ranged(file, seen),
        },
        &[],
    ),
    row(
        "short bodies",
        |file, seen| Reply { says: Some(65536), body: file[..100].into(), ..ranged(file, seen) },
        &["bytes 0-65535", "after 3 attempts"],
    ),
    row(
        "a body shorter than its range, said so",
        |file, seen| Reply { body: file[..100].into(), ..ranged(file, seen) },
        &["the body ended after 100 of 65536 bytes", "after 3 attempts"],
    ),
    row(
        "an endless body for a range",
        |file, seen| Reply { is_endless: true, ..ranged(file, seen) },
        &["is longer than the 65536 bytes", "the server is broken"],
    ),
    row(
        "a slow drip",
        |file, seen| Reply { drip: 20, ..ranged(file, seen) },
        &["no answer in time", "after 3 attempts"],
    ),
    row(
        "silence, once",
        |file, seen| {
            if seen.before == 0 {
                std::thread::sleep(std::time::Duration::from_millis(600));
            }
            ranged(file, seen)
        },
        &[],
    ),
    row(
        "a connection that closes, twice",
        |file, seen| Reply { is_nothing: seen.before < 2, ..ranged(file, seen) },
        &[],
    ),
    row(
        "connections that close",
        |_, _| Reply { is_nothing: true, ..Reply::default() },
        &["bytes 0-65535", "after 3 attempts"],
    ),
    row(
        "403",
        |_, _| Reply::status(403).body("<?xml?><Code>AccessDenied</Code>"),
        &["status 403", "AccessDenied", "check that you may read it"],
    ),
    row("401", |_, _| Reply::status(401), &["status 401"]),
    row("404", |_, _| Reply::status(404), &["there is no such file"]),
    row(
        "403 on the storage, once: the address had expired",
        |file, seen| match seen.path.as_str() {
            "/model.bin" => Reply::redirect(&format!("/storage?{}", seen.before)),
            "/storage?0" if seen.before > 0 => Reply::status(403).body("Request has expired"),
            _ => ranged(file, seen),
        },
        &[],
    ),
    row(
        "403 on the storage that is not expiry",
        |file, seen| match seen.path.as_str() {
            "/model.bin" => Reply::redirect(&format!("/storage?{}", seen.before)),
            "/storage?0" if seen.before == 0 => ranged(file, seen),
            _ => Reply::status(403).body("invalid range"),
        },
        &["/storage?…", "status 403", "(invalid range)"],
    ),
    row(
        "416 for a range that is there",
        |file, seen| match seen.range(file.len()) {
            Some(range) if range.start > 0 => {
                Reply::status(416).header("content-range", "bytes */70000")
            }
            _ => ranged(file, seen),
        },
        &["bytes 65536-", "status 416", "became shorter"],
    ),
    row(
        "429 with Retry-After, once",
        |file, seen| match seen.before {
            0 => Reply::status(429).header("retry-after", "2"),
            _ => ranged(file, seen),
        },
        &[],
    ),
    row(
        "429 for an hour",
        |_, _| Reply::status(429).header("retry-after", "3600"),
        &["status 429", "left alone for 3600 s", "try again in 3600 s"],
    ),
    row(
        "429 with the Hub's RateLimit, once",
        |file, seen| match seen.before {
            0 => Reply::status(429).header("ratelimit", "\"resolvers\";r=0;t=3"),
            _ => ranged(file, seen),
        },
        &[],
    ),
    row(
        "500, then right",
        |file, seen| match seen.before {
            0 | 1 => Reply::status(500 + 3 * seen.before as u16),
            _ => ranged(file, seen),
        },
        &[],
    ),
    row(
        "500 for ever",
        |_, _| Reply::status(500).body("it hurts"),
        &["bytes 0-65535: the server answered 500 (it hurts), after 3 attempts", "try again later"],
    ),
    row("501", |_, _| Reply::status(501), &["the server answered 501"]),
    row(
        "another ETag midway",
        |file, seen| match seen.range(file.len()) {
            Some(range) if range.start > 0 => ranged(file, seen).header("etag", "\"new\""),
            _ => ranged(file, seen),
        },
        &["the file changed while it was read", "its ETag was", "now it is \"new\"", "start again"],
    ),
    row(
        "another length midway",
        |file, seen| match seen.range(file.len()) {
            Some(range) if range.start > 0 => ranged(&file[..file.len() - 1], seen),
            _ => ranged(file, seen),
        },
        &["changed while it was read", "had 196731 bytes, now it has 196730"],
    ),
    row(
        "another date midway, without ETags",
        |file, seen| {
            let day = if seen.before > 0 { 2 } else { 1 };
            let date = format!("Sun, 0{day} Nov 2026 08:49:37 GMT");
            ranged(file, seen).header("etag", "W/\"weak\"").header("last-modified", date)
        },
        &["changed while it was read", "last modified Sun, 01 Nov"],
    ),
    row(
        "HEAD is refused",
        |file, seen| match seen.method.as_str() {
            "GET" => ranged(file, seen),
            _ => Reply::status(405),
        },
        &[],
    ),
    row(
        "no Content-Length for ranges",
        |file, seen| Reply { says_nothing: true, ..ranged(file, seen) },
        &[],
    ),
    row(
        "no answer that is HTTP",
        |_, _| Reply { says: Some(3), ..Reply::status(99) },
        &["bytes 0-65535"],
    ),
];

fn outcome(row: &Row) -> (Result<Vec<u8>, String>, Vec<Seen>, Arc<NoPause>) {
    let file = bytes(LEN);
    let answer = row.answer;
    let server = Server::new(move |seen| answer(&file, seen));
    let (settings, pause) = settings();
    let remote = Remote::new(settings);
    let url = server.url("/model.bin");
    let opened = open(&remote, &url);
    let opened =
        opened.map_err(|error| format!("{error}; {}", error.cure_text().unwrap_or_default()));
    let result = opened.and_then(|data| {
        // Where the length is beyond all bounds, the end is far away.
        let part = data.len().min(LEN as u64);
        let mut all = vec![0; part as usize];
        data.read_at(0, &mut all).map_err(|error| format!("{url}: {error}"))?;
        Ok(all)
    });
    (result, server.seen(), pause)
}

#[test]
fn every_misbehaviour_ends_in_right_bytes_or_a_plain_error() {
    let file = bytes(LEN);
    let mut wrong = Vec::new();
    for row in ROWS {
        let (result, seen, _) = outcome(row);
        assert!(seen.iter().all(|seen| seen.method == "GET"), "{}", row.name);
        match result {
            Ok(bytes) if row.error.is_empty() && bytes == file => {}
            Ok(bytes) => {
                wrong.push(format!("{}: {} bytes, right: {}", row.name, bytes.len(), bytes == file))
            }
            Err(error) => {
                let named = error.contains("http://127.0.0.1") && !error.contains("secret");
                let all =
                    !row.error.is_empty() && row.error.iter().all(|part| error.contains(part));
                if !named || !all {
                    wrong.push(format!("{}: {error}", row.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_server_that_asks_to_be_left_alone_is() {
    for (name, waits) in [
        ("429 with Retry-After, once", vec![2000]),
        ("429 with the Hub's RateLimit, once", vec![4000]),
        ("500, then right", vec![10, 20]),
        ("429 for an hour", vec![]),
    ] {
        let row = ROWS.iter().find(|row| row.name == name).unwrap();
        let (_, _, pause) = outcome(row);
        assert_eq!(*pause.0.lock().unwrap(), waits, "{name}");
    }
}

#[test]
fn lengths_around_blocks_are_read_whole() {
    for len in [0, 1, 65535, 65536, 65537, 99_994, 100_000, 131_072, 131_073] {
        let file = bytes(len);
        let served = file.clone();
        let server = Server::new(move |seen| ranged(&served, seen));
        let remote = Remote::new(settings().0);
        match open(&remote, &server.url("/a b.bin")) {
            Ok(data) => {
                assert_eq!(data.len(), len as u64);
                for part in [1000, 65536, len.max(1)] {
                    assert!(read(&*data, part).unwrap() == file, "{len} in parts of {part}");
                }
                assert!(data.read_at(len as u64, &mut [0]).is_err());
                let most = 1 + len.div_ceil(65536);
                assert!(server.seen().len() <= most, "{len}: {} requests", server.seen().len());
                assert_eq!(server.seen()[0].path, "/a%20b.bin");
            }
            Err(error) => {
                assert_eq!(len, 0);
                assert!(error.to_string().contains("the file is empty"), "{error}");
            }
        }
    }
}

#[test]
fn no_more_is_downloaded_than_is_allowed() {
    let file = bytes(LEN);
    let served = file.clone();
    let server = Server::new(move |seen| ranged(&served, seen));
    let (mut settings, _) = settings();
    settings.max_download = Some(100_000);
    let remote = Remote::new(settings);
    let data = open(&remote, &server.url("/model.bin")).unwrap();
    let error = read(&*data, LEN).unwrap_err().to_string();
    assert!(error.contains("65536 bytes were downloaded"), "{error}");
    assert!(error.contains("past the 100000 of max-download"), "{error}");
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn what_was_told_is_read_in_few_requests_and_only_once() {
    let file = bytes(30 << 20);
    let served = file.clone();
    let server = Server::new(move |seen| ranged(&served, seen));
    let remote = Remote::new(settings().0);
    let data = open(&remote, &server.url("/model.bin")).unwrap();
    data.will_read(&[100..30 << 20]);
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let data = data.clone();
            std::thread::spawn(move || read(&*data, 300_000).unwrap())
        })
        .collect();
    for reader in readers {
        assert!(reader.join().unwrap() == file);
    }
    let count = server.seen().len();
    assert!((5..=20).contains(&count), "{count} requests");
    let traffic = remote.traffic();
    assert_eq!((traffic.requests, traffic.bytes, traffic.of), (count as u64, 30 << 20, 30 << 20));
}

#[test]
fn a_limit_counts_from_when_it_was_set() {
    let file = bytes(LEN);
    let served = file.clone();
    let server = Server::new(move |seen| ranged(&served, seen));
    let remote = Remote::new(settings().0);
    let data = open(&remote, &server.url("/model.bin")).unwrap();
    let mut start = vec![0; 1000];
    data.read_at(0, &mut start).unwrap();
    remote.limit(Some(1000));
    let error = read(&*data, LEN).unwrap_err().to_string();
    assert!(error.contains("past the 1000 of max-download"), "{error}");
    assert!(error.contains("0 bytes were downloaded"), "{error}");
    remote.limit(None);
    assert!(read(&*data, LEN).unwrap() == file);
}

#[test]
fn who_asks_again_after_a_failure_tries_again() {
    let file = bytes(LEN);
    let served = file.clone();
    let server = Server::new(move |seen| ranged(&served, seen));
    let remote = Remote::new(settings().0);
    remote.limit(Some(1000));
    let error = open(&remote, &server.url("/model.bin")).err().unwrap().to_string();
    assert!(error.contains("max-download"), "{error}");
    remote.limit(None);
    let data = open(&remote, &server.url("/model.bin")).unwrap();
    assert!(read(&*data, LEN).unwrap() == file);
}
