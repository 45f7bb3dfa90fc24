//! Measures reading from a server on loopback behind a way of 20 ms and 100 MB/s:
//! `cargo run --release -p hinton-remote --example measure`.
#![allow(clippy::disallowed_methods)] // A server has threads of its own, and is slow on purpose.

#[path = "../tests/support/server.rs"]
#[allow(dead_code, unreachable_pub)]
mod server;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hinton_format::source::open_addresses_with;
use hinton_format::{Checkpoint, Limits};
use hinton_remote::{Pause, Remote, Settings};
use hinton_tensor::{Fold, GridRequest, Work, reduce};
use server::{Reply, Seen, Server, Way};

/// What the way to the server is like.
const WAY: Way = Way { latency: 20, bandwidth: 100_000_000 };

struct Sleep;

impl Pause for Sleep {
    fn pause(&self, millis: u64) -> bool {
        std::thread::sleep(Duration::from_millis(millis));
        true
    }
}

/// A file that begins with a header; the rest is made when it is asked for.
struct Made {
    header: Vec<u8>,
    len: u64,
}

impl Made {
    /// A safetensors file of bf16 matrices.
    fn of(tensors: &[(String, u64, u64)]) -> Self {
        let mut end = 0;
        let entries: Vec<String> = tensors
            .iter()
            .map(|(name, rows, columns)| {
                let start = end;
                end += rows * columns * 2;
                format!(r#"{name:?}:{{"dtype":"BF16","shape":[{rows},{columns}],"data_offsets":[{start},{end}]}}"#)
            })
            .collect();
        let text = format!("{{{}}}", entries.join(","));
        let mut header = (text.len() as u64).to_le_bytes().to_vec();
        header.extend_from_slice(text.as_bytes());
        let len = header.len() as u64 + end;
        Made { header, len }
    }

    fn answer(&self, seen: &Seen) -> Reply {
        let text = seen.headers.get("range").and_then(|text| text.strip_prefix("bytes="));
        let Some((first, last)) = text.and_then(|text| text.split_once('-')) else {
            return Reply::status(500);
        };
        let (first, last): (u64, u64) = (first.parse().unwrap(), last.parse().unwrap());
        let end = self.len.min(last + 1);
        // Finite values of a bell shape, about: the top byte is that of numbers around one.
        let body = (first..end).map(|at| match self.header.get(at as usize) {
            Some(&byte) => byte,
            None if at % 2 == 1 => 0x3c + (at.wrapping_mul(0x9e37_79b9) >> 29) as u8 % 4,
            None => (at.wrapping_mul(0x9e37_79b9) >> 16) as u8,
        });
        Reply::status(206)
            .header("content-range", format!("bytes {first}-{}/{}", end - 1, self.len))
            .header("etag", "\"made\"")
            .body(body.collect::<Vec<u8>>())
    }
}

fn main() {
    let shards = 30;
    let mut files: BTreeMap<String, Made> = BTreeMap::new();
    let mut map = Vec::new();
    for shard in 1..=shards {
        let file = format!("model-{shard:05}-of-{shards:05}.safetensors");
        let tensors: Vec<_> = (0..25)
            .map(|number| (format!("model.layers.{shard}.part{number}.weight"), 8192, 8192))
            .collect();
        map.extend(tensors.iter().map(|(name, ..)| format!("{name:?}:{file:?}")));
        files.insert(file, Made::of(&tensors));
    }
    let whole: u64 = files.values().map(|file| file.len).sum();
    files.insert("one.safetensors".to_owned(), Made::of(&[("w".to_owned(), 8192, 8192)]));
    let index = format!(r#"{{"weight_map":{{{}}}}}"#, map.join(","));
    let server = Server::behind(WAY, move |seen| {
        let name = seen.path.trim_start_matches('/');
        match files.get(name) {
            Some(file) => file.answer(seen),
            None if name == "model.safetensors.index.json" => {
                server::ranged(index.as_bytes(), seen)
            }
            None => Reply::status(404),
        }
    });
    let remote = Arc::new(Remote::new(Settings::new("hinton-measure", Arc::new(Sleep))));
    assert!(open_addresses_with(remote.clone()), "nothing else opens addresses here");

    let open = |path: &str| -> Checkpoint {
        hinton_format::open(Path::new(&server.url(path)), &Limits::default()).expect("it opens")
    };
    let timed = |what: &str, todo: &mut dyn FnMut()| {
        let (begun, before) = (Instant::now(), remote.traffic());
        todo();
        let (time, after) = (begun.elapsed(), remote.traffic());
        let bytes = (after.bytes - before.bytes) as f64 / 1e6;
        let requests = after.requests - before.requests;
        println!("{what}: {:.3} s, {requests} requests, {bytes:.2} MB", time.as_secs_f64());
    };
    let listing = format!("listing {shards} shards of {:.0} GB in all", whole as f64 / 1e9);
    timed(&listing, &mut || {
        assert_eq!(open("/model.safetensors.index.json").tensors.len(), 25 * shards);
    });
    let mut matrix = None;
    timed("opening one file", &mut || matrix = open("/one.safetensors").tensors.pop());
    let matrix = matrix.expect("it has one");
    let tile = matrix.slice(&"[256:512,512:768]".parse().expect("a slice")).expect("it fits");
    timed("a tile of 256 x 256", &mut || drop(tile.to_f64().expect("it is read")));
    let work = || Work { threads: 2, ..Work::quiet() };
    let request = GridRequest::new(512, 512, Fold::Mean);
    timed("the picture of 8192 x 8192 bf16", &mut || {
        drop(reduce(&matrix, request, work()).expect("it is read"));
    });
    timed("the same again", &mut || drop(reduce(&matrix, request, work()).expect("it is read")));
}
