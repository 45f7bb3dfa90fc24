//! A remote file as bytes: read by range, in cached blocks, all from one state of the file.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use hinton_tensor::{Bytes, Memory, ReadError, range_end, share_out};

use crate::ahead::{Ahead, GAP};
use crate::client::{Answer, Client, Sign, Want};
use crate::fault::{Fault, FaultKind};
use crate::head::Identity;
use crate::lock;
use crate::store::{BLOCK, Turn};
use crate::url::Url;

/// Bytes of one read that are asked for together.
const PIECE: u64 = 16 << 20;

/// Numbers of files, so that the blocks of two are never taken for one another.
static NUMBERS: AtomicU64 = AtomicU64::new(0);

/// Where a file is asked for.
#[derive(Clone)]
pub(crate) struct Origin {
    /// The address that was named.
    pub(crate) url: Url,
    /// What makes the requests where the address is not enough.
    pub(crate) sign: Option<Arc<dyn Sign>>,
}

impl From<Url> for Origin {
    fn from(url: Url) -> Self {
        Origin { url, sign: None }
    }
}

impl Origin {
    fn ask(&self, client: &Client, want: &Want) -> Result<Answer, Fault> {
        client.ask_signed(&self.url, self.sign.as_deref(), want)
    }
}

/// A file at an address.
pub(crate) struct RemoteFile {
    client: Arc<Client>,
    number: u64,
    /// What people call it.
    name: String,
    origin: Origin,
    len: u64,
    known: Mutex<Known>,
    ahead: Mutex<Ahead>,
    is_begun: AtomicBool,
    explain: Option<Box<Explain>>,
}

/// Says a fault in the words of whose file it is.
type Explain = dyn Fn(Fault) -> Fault + Send + Sync;

/// What is known of where the file lies and which state of it is read.
#[derive(Default)]
struct Known {
    /// Where the address led to; asked directly until it says no.
    storage: Option<Url>,
    identity: Option<Identity>,
}

impl RemoteFile {
    /// Looks at the beginning of a file, which says how long it is. A file that a server without
    /// ranges gives whole lies in memory from then on.
    pub(crate) fn open(
        client: &Arc<Client>,
        origin: impl Into<Origin>,
        name: &str,
    ) -> Result<Arc<dyn Bytes>, Fault> {
        let origin = origin.into();
        let answer = match origin.ask(client, &Want::Start(BLOCK)) {
            // An empty file has no range at all.
            Err(fault) if fault.kind == FaultKind::PastEnd => {
                return Ok(Arc::new(Memory::new(Vec::new())));
            }
            answer => answer?,
        };
        client.begun(answer.identity.total);
        if answer.is_whole {
            return Ok(Arc::new(Memory::new(answer.bytes)));
        }
        let file = RemoteFile::sized(client, origin, name, answer.identity.total);
        file.is_begun.store(true, Ordering::Relaxed);
        let whole_blocks = answer.bytes.len() as u64 / BLOCK;
        client.store.put(file.number, 0..whole_blocks, &answer.bytes);
        file.pin(answer, None)?;
        Ok(Arc::new(file))
    }

    /// A file whose length is known; nothing is asked yet.
    pub(crate) fn sized(
        client: &Arc<Client>,
        origin: impl Into<Origin>,
        name: &str,
        len: u64,
    ) -> Self {
        RemoteFile {
            client: client.clone(),
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            name: name.to_owned(),
            origin: origin.into(),
            len,
            known: Mutex::default(),
            ahead: Mutex::default(),
            is_begun: AtomicBool::new(false),
            explain: None,
        }
    }

    /// Its faults in these words.
    pub(crate) fn explained_by(
        self,
        explain: impl Fn(Fault) -> Fault + Send + Sync + 'static,
    ) -> Self {
        RemoteFile { explain: Some(Box::new(explain)), ..self }
    }

    /// Fetches a range of blocks into the store: what is kept from an earlier time, and the rest from where
    /// the file lies.
    fn fetch(&self, blocks: Range<u64>) -> Result<(), Fault> {
        let mut blocks = blocks;
        let mut range = blocks.start * BLOCK..(blocks.end * BLOCK).min(self.len);
        let kept = self.key().and_then(|key| self.client.kept(&key, range.clone()));
        if let Some(bytes) = kept {
            let end = blocks.start + (bytes.len() as u64).div_ceil(BLOCK);
            self.client.store.put(self.number, blocks.start..end, &bytes);
            range.start += bytes.len() as u64;
            blocks.start = end;
        }
        if range.is_empty() {
            return Ok(());
        }
        match self.asked(range.clone()) {
            Ok(bytes) => {
                self.client.store.put(self.number, blocks, &bytes);
                if let Some(key) = self.key() {
                    self.client.keep(&key, range.start, &bytes);
                }
                Ok(())
            }
            Err(fault) => {
                self.client.store.give_up(self.number, blocks);
                Err(fault)
            }
        }
    }

    /// What tells the state that is read from all others, once something was read.
    fn key(&self) -> Option<String> {
        self.client.settings.kept.as_ref()?;
        lock(&self.known).identity.as_ref()?.key(&self.name)
    }

    /// The bytes of a range, from where the file lies.
    fn asked(&self, range: Range<u64>) -> Result<Vec<u8>, Fault> {
        if !self.is_begun.swap(true, Ordering::Relaxed) {
            self.client.begun(self.len);
        }
        let storage = lock(&self.known).storage.clone();
        let want = Want::Range(range.clone());
        let from_storage = storage.as_ref().map(|url| self.client.ask(url, &want));
        let answer = match from_storage {
            Some(Ok(answer)) => answer,
            // An address of a storage is signed for some time: a new one is asked for, once.
            Some(Err(fault)) if storage.as_ref() != Some(&self.origin.url) && is_stale(&fault) => {
                self.origin.ask(&self.client, &want)?
            }
            Some(Err(fault)) => return Err(fault),
            None => self.origin.ask(&self.client, &want)?,
        };
        self.pin(answer, Some(range))
    }

    /// Compares an answer with what is known of the file, and gives its bytes.
    fn pin(&self, answer: Answer, range: Option<Range<u64>>) -> Result<Vec<u8>, Fault> {
        let mut known = lock(&self.known);
        let Answer { url, bytes, identity, .. } = answer;
        let change = match &known.identity {
            Some(before) => before.change(&identity),
            None if identity.total != self.len => {
                Some(format!("it should have {} bytes, it has {}", self.len, identity.total))
            }
            None => None,
        };
        if let Some(change) = change {
            let what = format!("the file changed while it was read: {change}");
            let cure = "start again; for the Hub name a commit as the revision";
            return Err(Fault::new(FaultKind::Failed, &url, what, cure).of_range(range));
        }
        known.identity.get_or_insert(identity);
        // Every request of a bucket is signed for itself.
        known.storage = self.origin.sign.is_none().then_some(url);
        Ok(bytes)
    }

    /// Blocks that are all here.
    fn blocks(&self, wanted: Range<u64>) -> Result<Vec<Arc<[u8]>>, Fault> {
        loop {
            let plan = |missing: Range<u64>| {
                let bytes = missing.start * BLOCK..(missing.end * BLOCK).min(self.len);
                lock(&self.ahead).plan(bytes, self.len)
            };
            let requests = match self.client.store.turn(self.number, wanted.clone(), plan) {
                Turn::Here(blocks) => return Ok(blocks),
                Turn::Fetch(requests) => requests,
            };
            let connections = self.client.settings.connections;
            let done = share_out(requests, connections, |blocks| {
                let is_needed = blocks.start < wanted.end && wanted.start < blocks.end;
                (is_needed, self.fetch(blocks))
            });
            // What was only fetched ahead is asked for again when it is needed.
            for (is_needed, result) in done {
                if is_needed {
                    result?;
                }
            }
        }
    }
}

/// Whether an address that worked before should be asked for again.
fn is_stale(fault: &Fault) -> bool {
    matches!(fault.kind, FaultKind::Forbidden | FaultKind::Missing)
}

impl Bytes for RemoteFile {
    fn len(&self) -> u64 {
        self.len
    }

    fn slice(&self, _range: Range<u64>) -> Option<&[u8]> {
        None
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        let len = buf.len() as u64;
        range_end(offset, len, self.len)?;
        let mut offset = offset;
        for piece in buf.chunks_mut(PIECE as usize) {
            let end = offset + piece.len() as u64;
            let wanted = offset / BLOCK..end.div_ceil(BLOCK);
            let mut skip = (offset - wanted.start * BLOCK) as usize;
            let blocks = self.blocks(wanted).map_err(|fault| {
                let fault = self.explain.as_ref().map_or(fault.clone(), |explain| explain(fault));
                fault.into_read_error(&self.name, offset, piece.len() as u64)
            })?;
            let mut rest = piece;
            for block in blocks {
                let count = (block.len() - skip).min(rest.len());
                let (now, later) = rest.split_at_mut(count);
                now.copy_from_slice(&block[skip..skip + count]);
                rest = later;
                skip = 0;
            }
            offset = end;
        }
        Ok(())
    }

    fn file_byte(&self, offset: u64) -> Option<u64> {
        Some(offset)
    }

    fn jump(&self) -> u64 {
        GAP
    }

    fn will_read(&self, ranges: &[Range<u64>]) {
        let inside = ranges.iter().filter(|range| range.end <= self.len).cloned();
        lock(&self.ahead).tell(&inside.collect::<Vec<_>>());
    }
}
