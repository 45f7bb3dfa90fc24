//! What the caller decides: limits, waits, and what the environment says.

use std::path::PathBuf;
use std::sync::Arc;

/// How files far away are read. This crate looks at no environment and no clock: all of it is
/// given.
#[derive(Clone)]
pub struct Settings {
    /// What the program calls itself to servers.
    pub user_agent: String,
    /// The Hugging Face Hub.
    pub hub: Hub,
    /// Buckets of clouds.
    pub buckets: Buckets,
    /// The proxy that requests go through.
    pub proxy: Option<ureq::Proxy>,
    /// Certificates in PEM that are trusted in place of the built-in list of Mozilla.
    pub certificates: Option<Vec<u8>>,
    /// Most bytes that are downloaded in all; no limit without one.
    pub max_download: Option<u64>,
    /// Most bytes of a file that is downloaded whole, from a server that gives no ranges.
    pub whole_bytes: u64,
    /// Most bytes that are kept in memory to be read again; never less than 128 MiB.
    pub cache_bytes: u64,
    /// What keeps parts of files from one program to the next; none of files without a strong ETag.
    pub kept: Option<Arc<dyn Kept>>,
    /// Requests at a time.
    pub connections: usize,
    /// How long it is waited, and how often it is tried.
    pub patience: Patience,
    /// How it is waited.
    pub pause: Arc<dyn Pause>,
}

/// The Hugging Face Hub, or a mirror of it.
#[derive(Clone)]
pub struct Hub {
    /// Where it is.
    pub endpoint: String,
    /// The token of its user; sent to the endpoint alone.
    pub token: Option<String>,
    /// Whether it is not asked at all.
    pub is_offline: bool,
    /// The folder of its local cache, `…/huggingface/hub`. It is read, never written.
    pub cache: Option<PathBuf>,
}

/// Buckets of clouds: who asks, and where. Heeded with the feature `cloud`.
#[derive(Clone, Default)]
pub struct Buckets {
    /// Settings by the names of the variables that the tools of the clouds know, such as
    /// `AWS_ACCESS_KEY_ID`; the crate `object_store` says which there are.
    pub variables: Vec<(String, String)>,
    /// Whether the cloud's service on this machine is asked for credentials where the variables name none.
    pub asks_machine: bool,
}

/// Times in milliseconds, and how often it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For a connection.
    pub connect: u64,
    /// For the beginning of an answer, and between two parts of its body.
    pub answer: u64,
    /// Bytes a second below which a body is given up.
    pub slowest: u64,
    /// How often a request is made that fails in a way that may pass.
    pub attempts: u32,
    /// Before the second attempt; twice as long before each one after that.
    pub first_wait: u64,
    /// The longest that a server may ask to be left alone before it is given up.
    pub longest_wait: u64,
}

/// Keeps parts of files from one program to the next, by what tells one state of a file from another.
pub trait Kept: Send + Sync {
    /// What is kept of a file from a byte on: at most so many bytes, fewer where no more are kept, `None` where there
    /// is nothing.
    fn get(&self, file: &str, offset: u64, most: u64) -> Option<Vec<u8>>;

    /// Keeps a part of a file that begins at that byte, or does not.
    fn put(&self, file: &str, offset: u64, bytes: &[u8]);
}

/// Waits.
pub trait Pause: Send + Sync {
    /// Waits so many milliseconds. `false` says that the work is to stop.
    fn pause(&self, millis: u64) -> bool;
}

impl Settings {
    /// The usual settings; `pause` waits.
    pub fn new(user_agent: impl Into<String>, pause: Arc<dyn Pause>) -> Self {
        Settings {
            user_agent: user_agent.into(),
            hub: Hub {
                endpoint: "https://huggingface.co".to_owned(),
                token: None,
                is_offline: false,
                cache: None,
            },
            buckets: Buckets::default(),
            proxy: None,
            certificates: None,
            max_download: None,
            whole_bytes: 64 << 20,
            cache_bytes: 256 << 20,
            kept: None,
            connections: 8,
            patience: Patience::default(),
            pause,
        }
    }
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            connect: 20_000,
            answer: 30_000,
            slowest: 16 << 10,
            attempts: 5,
            first_wait: 500,
            longest_wait: 120_000,
        }
    }
}
