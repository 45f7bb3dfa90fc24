//! The settings of remote reading: limits, timeouts, and what the environment specifies.

use std::path::PathBuf;
use std::sync::Arc;

/// How remote files are read. This crate reads neither the environment nor the clock; everything is
/// given here.
#[derive(Clone)]
pub struct Settings {
    /// The name with which the program identifies itself to servers.
    pub user_agent: String,
    /// The Hugging Face Hub.
    pub hub: Hub,
    /// Buckets of clouds.
    pub buckets: Buckets,
    /// The proxy for requests.
    pub proxy: Option<ureq::Proxy>,
    /// Certificates in PEM to trust in place of Mozilla's built-in list.
    pub certificates: Option<Vec<u8>>,
    /// Maximum total number of bytes to download; `None` is unlimited.
    pub max_download: Option<u64>,
    /// Maximum size in bytes of a file that is downloaded completely, from a server without support
    /// for ranges.
    pub whole_bytes: u64,
    /// Maximum number of bytes cached in memory; at least 128 MiB are always allowed.
    pub cache_bytes: u64,
    /// A cache for parts of files that outlives the program. Files without a strong ETag are not
    /// cached in it.
    pub kept: Option<Arc<dyn Kept>>,
    /// Maximum number of concurrent requests.
    pub connections: usize,
    /// Timeouts, and the number of attempts.
    pub patience: Patience,
    /// How to wait.
    pub pause: Arc<dyn Pause>,
}

/// The Hugging Face Hub, or a mirror of it.
#[derive(Clone)]
pub struct Hub {
    /// Its address.
    pub endpoint: String,
    /// The user's token; sent only to the endpoint.
    pub token: Option<String>,
    /// Whether no requests are sent to it.
    pub is_offline: bool,
    /// The folder of its local cache, `…/huggingface/hub`. It is read, never written.
    pub cache: Option<PathBuf>,
}

/// Cloud buckets: credentials and endpoints. Used only with the feature `cloud`.
#[derive(Clone, Default)]
pub struct Buckets {
    /// Settings by the names of the environment variables that cloud tools use, such as
    /// `AWS_ACCESS_KEY_ID`; see the crate `object_store` for the full list.
    pub variables: Vec<(String, String)>,
    /// Whether to ask the cloud's metadata service on this machine for credentials if the variables
    /// contain none.
    pub asks_machine: bool,
}

/// Timeouts in milliseconds, and the number of attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Timeout for a connection.
    pub connect: u64,
    /// Timeout for the start of a response, and between two parts of its body.
    pub answer: u64,
    /// Rate in bytes per second below which reading a response is given up.
    pub slowest: u64,
    /// Maximum number of attempts for a request that fails temporarily.
    pub attempts: u32,
    /// Wait before the second attempt; doubled before each further one.
    pub first_wait: u64,
    /// The longest wait that a server may ask for; beyond it the request fails.
    pub longest_wait: u64,
}

/// A cache for parts of files that outlives the program, keyed by what identifies one state of a
/// file.
pub trait Kept: Send + Sync {
    /// The cached bytes of a file from `offset` on: at most `most` bytes, fewer if fewer are
    /// cached, `None` if there are none.
    fn get(&self, file: &str, offset: u64, most: u64) -> Option<Vec<u8>>;

    /// Caches a part of a file that begins at byte `offset`; it may decide not to.
    fn put(&self, file: &str, offset: u64, bytes: &[u8]);
}

/// Waits for a given time.
pub trait Pause: Send + Sync {
    /// Waits for `millis` milliseconds. Returns `false` if the work is to be cancelled.
    fn pause(&self, millis: u64) -> bool;
}

impl Settings {
    /// The default settings; `pause` waits.
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
