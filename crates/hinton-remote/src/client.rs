//! Sends requests until they succeed or fail for good: follows redirects, retries temporary
//! failures, checks every response and counts every byte.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Traffic;
use crate::agent::{Asker, Broken, Reply};
#[cfg(feature = "cloud")]
use crate::agent::{Request, Response};
use crate::fault::{Fault, FaultKind};
use crate::head::{Identity, content_range, wait_of};
use crate::lock;
use crate::settings::Settings;
use crate::store::{BLOCK, Store};
use crate::url::Url;

/// Most redirects on the way to a file.
const REDIRECTS: usize = 8;

/// Asks servers, and remembers what they gave.
pub(crate) struct Client {
    asker: Asker,
    pub(crate) settings: Settings,
    pub(crate) store: Store,
    /// Where the Hub is.
    hub: Option<Url>,
    requests: AtomicU64,
    bytes: AtomicU64,
    /// Bytes that were asked for, whether they came or not yet.
    asked: AtomicU64,
    limit: Mutex<Option<Limit>>,
    /// Lengths of the files that something was read of.
    whole: AtomicU64,
    /// Bytes that were kept from an earlier time.
    kept: AtomicU64,
    notes: Mutex<Vec<String>>,
}

/// How much more may be downloaded.
#[derive(Clone, Copy)]
struct Limit {
    /// Bytes that had been asked for when it was set.
    before: u64,
    /// Most bytes after that.
    most: u64,
}

/// Most bytes of a file that is downloaded whole because this many were allowed.
const WHOLE: u64 = 1 << 30;

/// What is wanted of an address.
#[derive(Clone)]
pub(crate) enum Want {
    /// Exactly this range of a file.
    Range(Range<u64>),
    /// The beginning of a file, and how long the file is.
    Start(u64),
    /// All of it, at most this many bytes.
    Whole(u64),
}

/// A request for a range that is more than its address: signed, for a bucket.
pub(crate) struct Signed {
    pub(crate) url: Url,
    /// Sent to the host of that address alone.
    pub(crate) headers: Vec<(String, String)>,
}

/// Makes the requests for ranges of a file, each for one attempt.
pub(crate) trait Sign: Send + Sync {
    /// # Errors
    /// Why it cannot be made, for people.
    fn sign(&self, range: &Range<u64>) -> Result<Signed, String>;
}

/// What was given.
pub(crate) struct Answer {
    /// Where it came from in the end.
    pub(crate) url: Url,
    pub(crate) bytes: Vec<u8>,
    /// Whether the bytes are the whole file.
    pub(crate) is_whole: bool,
    pub(crate) identity: Identity,
    /// The `Link` header, which names the next page of a list.
    pub(crate) link: Option<String>,
}

/// Why one attempt gave nothing.
enum Miss {
    Final(Fault),
    /// It may pass; the server may have said after how many milliseconds.
    Passing(Fault, Option<u64>),
}

impl Client {
    pub(crate) fn new(settings: Settings) -> Self {
        Client {
            asker: Asker::new(&settings),
            store: Store::new(settings.cache_bytes),
            hub: Url::parse(&settings.hub.endpoint).ok(),
            limit: Mutex::new(settings.max_download.map(|most| Limit { before: 0, most })),
            settings,
            requests: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            asked: AtomicU64::new(0),
            whole: AtomicU64::new(0),
            kept: AtomicU64::new(0),
            notes: Mutex::new(Vec::new()),
        }
    }

    /// What was read so far.
    pub(crate) fn traffic(&self) -> Traffic {
        let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Traffic {
            requests: value(&self.requests),
            bytes: value(&self.bytes),
            of: value(&self.whole),
            kept: value(&self.kept),
        }
    }

    /// What an earlier program kept of a file, from a byte on; whole blocks alone count.
    pub(crate) fn kept(&self, file: &str, range: Range<u64>) -> Option<Vec<u8>> {
        let wanted = range.end - range.start;
        let mut bytes = self.settings.kept.as_ref()?.get(file, range.start, wanted)?;
        if (bytes.len() as u64) < wanted {
            bytes.truncate(bytes.len() / BLOCK as usize * BLOCK as usize);
        }
        self.kept.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        (!bytes.is_empty()).then_some(bytes)
    }

    /// Keeps a part of a file for the next program.
    pub(crate) fn keep(&self, file: &str, offset: u64, bytes: &[u8]) {
        if let Some(kept) = &self.settings.kept {
            kept.put(file, offset, bytes);
        }
    }

    /// From now on at most this many bytes more are downloaded.
    pub(crate) fn limit(&self, most: Option<u64>) {
        let before = self.asked.load(Ordering::Relaxed);
        *lock(&self.limit) = most.map(|most| Limit { before, most });
    }

    /// Most bytes of a file that is downloaded whole, from a server that gives no ranges. Who allows this many
    /// bytes to be downloaded allows a file of this many.
    fn whole_bytes(&self) -> u64 {
        let allowed = lock(&self.limit).map_or(0, |limit| limit.most.min(WHOLE));
        self.settings.whole_bytes.max(allowed)
    }

    /// Something was read of a file of that length for the first time.
    pub(crate) fn begun(&self, len: u64) {
        self.whole.fetch_add(len, Ordering::Relaxed);
    }

    /// Something that a person should know, once.
    pub(crate) fn note(&self, text: String) {
        let mut notes = lock(&self.notes);
        if !notes.contains(&text) {
            notes.push(text);
        }
    }

    /// What a person should know since the last call.
    pub(crate) fn take_notes(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.notes))
    }

    /// Asks until there is an answer, or none can be hoped for.
    pub(crate) fn ask(&self, url: &Url, want: &Want) -> Result<Answer, Fault> {
        self.ask_signed(url, None, want)
    }

    /// As [`Client::ask`]; `sign` makes the requests where there is one, and `url` is what people see.
    pub(crate) fn ask_signed(
        &self,
        url: &Url,
        sign: Option<&dyn Sign>,
        want: &Want,
    ) -> Result<Answer, Fault> {
        let range = want.range();
        self.reserve(url, want)?;
        let patience = self.settings.patience;
        let mut wait = patience.first_wait;
        let mut attempt = 1;
        loop {
            let (fault, asked_to_wait) = match self.attempt(url, sign, want) {
                Ok(answer) => return Ok(answer),
                Err(Miss::Final(fault)) => return Err(fault.of_range(range)),
                Err(Miss::Passing(fault, wait)) => (fault, wait),
            };
            if attempt >= patience.attempts.max(1) {
                let what = format!("{}, after {attempt} attempts", fault.what);
                return Err(Fault { what, ..fault }.of_range(range));
            }
            let millis = asked_to_wait.unwrap_or(wait);
            if millis > patience.longest_wait {
                let seconds = millis.div_ceil(1000);
                let what = format!("{}, and asks to be left alone for {seconds} s", fault.what);
                let cure = format!("try again in {seconds} s");
                return Err(Fault { what, cure: cure.into(), ..fault }.of_range(range));
            }
            if !self.settings.pause.pause(millis) {
                return Err(Fault { what: "stopped while waiting".to_owned(), ..fault });
            }
            wait = wait.saturating_mul(2);
            attempt += 1;
        }
    }

    /// Counts what will be downloaded before it is.
    fn reserve(&self, url: &Url, want: &Want) -> Result<(), Fault> {
        let bytes = match want {
            Want::Range(range) => range.end - range.start,
            Want::Start(bytes) => *bytes,
            // Its length is not known yet: it is counted when it is.
            Want::Whole(_) => 0,
        };
        self.count(url, bytes).map_err(|fault| fault.of_range(want.range()))
    }

    fn count(&self, url: &Url, bytes: u64) -> Result<(), Fault> {
        let limit = *lock(&self.limit);
        let asked = self.asked.fetch_add(bytes, Ordering::Relaxed);
        let before = asked - limit.map_or(0, |limit| limit.before.min(asked));
        match limit {
            Some(Limit { most, .. }) if before.saturating_add(bytes) > most => {
                self.asked.fetch_sub(bytes, Ordering::Relaxed);
                Err(Fault::new(
                    FaultKind::Limit,
                    url,
                    format!(
                        "{before} bytes were downloaded and {bytes} more are needed, past the \
                         {most} of max-download"
                    ),
                    "allow more with max-download, or choose a tensor or a slice of it",
                ))
            }
            _ => Ok(()),
        }
    }

    /// One attempt: redirects are followed, the answer is checked.
    fn attempt(&self, start: &Url, sign: Option<&dyn Sign>, want: &Want) -> Result<Answer, Miss> {
        let range = want.range();
        let most = want.most();
        let signed = sign.zip(range.as_ref()).map(|(sign, range)| sign.sign(range)).transpose();
        let Signed { mut url, headers } = match signed.map_err(|why| unsigned(start, why))? {
            Some(signed) => signed,
            None => Signed { url: start.clone(), headers: Vec::new() },
        };
        let asked = url.clone();
        let mut seen = vec![url.clone()];
        loop {
            self.requests.fetch_add(1, Ordering::Relaxed);
            let headers = if url.has_origin_of(&asked) { headers.as_slice() } else { &[] };
            let token = self.token_for(&url);
            let reply = self.asker.get(&url, range.as_ref(), token, headers, most);
            let reply = reply.map_err(|broken| unreachable(&url, broken))?;
            let Some(location) = redirect(&reply) else {
                return self.judge(url, reply, want);
            };
            url = self.follow(&url, location, &mut seen).map_err(Miss::Final)?;
        }
    }

    /// The token goes to the Hub alone, and nowhere where others can listen.
    fn token_for(&self, url: &Url) -> Option<&str> {
        let hub = self.hub.as_ref()?;
        let is_safe = url.is_secure() || url.is_loopback();
        self.settings.hub.token.as_deref().filter(|_| is_safe && url.has_origin_of(hub))
    }

    fn follow(&self, from: &Url, location: &str, seen: &mut Vec<Url>) -> Result<Url, Fault> {
        let refused = |kind, what: String, cure: &str| Err(Fault::new(kind, from, what, cure));
        let cure = "name the address that it should lead to, if you trust it";
        let target = match from.join(location) {
            Ok(target) => target,
            Err(why) => {
                let what = format!("it redirects to an address that is not followed: {why}");
                return refused(FaultKind::Refused, what, cure);
            }
        };
        if from.is_secure() && !target.is_secure() {
            let what = format!("it redirects from https to {target}, where others can listen");
            return refused(FaultKind::Refused, what, cure);
        }
        if seen.contains(&target) {
            let what = format!("it redirects in a circle, back to {target}");
            return refused(FaultKind::Failed, what, "check the address");
        }
        if seen.len() > REDIRECTS {
            let what = format!("it redirects more than {REDIRECTS} times");
            return refused(FaultKind::Failed, what, "check the address");
        }
        seen.push(target.clone());
        Ok(target)
    }

    /// Makes a request that is no part of a file, once, and counts it.
    #[cfg(feature = "cloud")]
    pub(crate) fn send(
        &self,
        request: Request<Vec<u8>>,
        most: u64,
    ) -> Result<Response<Vec<u8>>, String> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let reply = self.asker.send(request, most).map_err(|broken| broken.why)?;
        self.bytes.fetch_add(reply.body().len() as u64, Ordering::Relaxed);
        Ok(reply)
    }

    /// A header of the answer to an address, whatever its status.
    #[cfg(feature = "cloud")]
    pub(crate) fn header_of(&self, url: &Url, name: &str) -> Option<String> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let reply = self.asker.get(url, None, None, &[], 1 << 16).ok()?;
        reply.header(name).map(str::to_owned)
    }

    /// What an answer that is no redirect is worth.
    fn judge(&self, url: Url, reply: Reply, want: &Want) -> Result<Answer, Miss> {
        let status = reply.status;
        let is_coded = reply
            .header("content-encoding")
            .is_some_and(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity"));
        if (200..300).contains(&status) && is_coded {
            let coding = reply.header("content-encoding").unwrap_or_default();
            return Err(Miss::Final(Fault::new(
                FaultKind::Unsupported,
                &url,
                format!(
                    "status {status}: the body is packed with {coding}, asked was for the file as \
                     it is"
                ),
                "switch compression off in the server, or download the file",
            )));
        }
        match (status, want) {
            (206, Want::Range(_) | Want::Start(_)) => self.part(url, reply, want),
            (200, Want::Whole(most)) => self.whole(url, reply, *most),
            (200, Want::Start(start)) => {
                let most = self.whole_bytes().max(*start);
                self.whole(url, reply, most)
            }
            (200, Want::Range(_)) => Err(Miss::Passing(
                Fault::new(
                    FaultKind::Failed,
                    &url,
                    "status 200: the whole file was sent, asked was for a range of it",
                    "try again later, or download the file",
                ),
                None,
            )),
            _ => Err(refusal(&url, reply)),
        }
    }

    /// The body of a range.
    fn part(&self, url: Url, reply: Reply, want: &Want) -> Result<Answer, Miss> {
        let wrong = |found: &str| {
            Miss::Final(Fault::new(
                FaultKind::Failed,
                &url,
                format!("status 206: Content-Range is {found:?}, which is not the range asked for"),
                "the server is broken: tell its owner, or download the file",
            ))
        };
        let asked = want.range().unwrap_or_default();
        let text = reply.header("content-range").unwrap_or_default();
        let Some((given, Some(total))) = content_range(text) else { return Err(wrong(text)) };
        if given.start != asked.start || given.end != asked.end.min(total) || given.is_empty() {
            return Err(wrong(text));
        }
        let identity = Identity::of(total, |name| reply.header(name));
        let link = reply.header("link").map(str::to_owned);
        let count = given.end - given.start;
        let bytes = reply.exactly(count).map_err(|broken| unreachable(&url, broken))?;
        self.asked.fetch_sub((asked.end - asked.start).saturating_sub(count), Ordering::Relaxed);
        self.bytes.fetch_add(count, Ordering::Relaxed);
        Ok(Answer { url, bytes, is_whole: count == total, identity, link })
    }

    /// The body of everything.
    fn whole(&self, url: Url, reply: Reply, most: u64) -> Result<Answer, Miss> {
        let too_long = |len: Option<u64>| {
            let len = len.map_or_else(|| "more".to_owned(), |len| len.to_string());
            Miss::Final(Fault::new(
                FaultKind::Unsupported,
                &url,
                format!(
                    "status 200: the server gives no ranges, and the whole file of {len} bytes is \
                     past the {most} that are downloaded at once"
                ),
                "download the file, or have it served by a server that knows ranges",
            ))
        };
        let len = reply.header("content-length").and_then(|text| text.parse::<u64>().ok());
        if len.is_some_and(|len| len > most) {
            return Err(too_long(len));
        }
        self.count(&url, len.unwrap_or(0)).map_err(Miss::Final)?;
        let link = reply.header("link").map(str::to_owned);
        let mut identity = Identity::of(0, |name| reply.header(name));
        let body = match len {
            Some(len) => reply.exactly(len).map(Some),
            None => reply.at_most(most),
        };
        let body = body.map_err(|broken| unreachable(&url, broken))?;
        let Some(bytes) = body else { return Err(too_long(None)) };
        let count = bytes.len() as u64;
        self.bytes.fetch_add(count, Ordering::Relaxed);
        if len.is_none() {
            self.count(&url, count).map_err(Miss::Final)?;
        }
        identity.total = count;
        Ok(Answer { url, bytes, is_whole: true, identity, link })
    }
}

impl Want {
    fn range(&self) -> Option<Range<u64>> {
        match self {
            Want::Range(range) => Some(range.clone()),
            Want::Start(bytes) => Some(0..*bytes),
            Want::Whole(_) => None,
        }
    }

    /// Most bytes of its body.
    fn most(&self) -> u64 {
        match self {
            Want::Range(range) => range.end - range.start,
            Want::Start(most) | Want::Whole(most) => *most,
        }
    }
}

fn unsigned(url: &Url, why: String) -> Miss {
    let what = format!("the request cannot be signed: {why}");
    Miss::Final(Fault::new(FaultKind::Forbidden, url, what, "check your credentials"))
}

fn redirect(reply: &Reply) -> Option<&str> {
    matches!(reply.status, 301 | 302 | 303 | 307 | 308).then(|| reply.header("location")).flatten()
}

fn unreachable(url: &Url, broken: Broken) -> Miss {
    let Broken { why, may_pass, cure } = broken;
    let fault = Fault::new(FaultKind::Unreachable, url, why, cure);
    if may_pass { Miss::Passing(fault, None) } else { Miss::Final(fault) }
}

/// What a status other than success says.
fn refusal(url: &Url, reply: Reply) -> Miss {
    let status = reply.status;
    let code = reply.header("x-error-code").map(str::to_owned);
    let reason = reply.header("x-error-message").map(|text| text.chars().take(200).collect());
    let wait = wait_of(|name| reply.header(name));
    let words = reason.unwrap_or_else(|| reply.words());
    let (fault, may_pass) = refused(url, status, &words);
    let fault = Fault { code: code.map(String::into_boxed_str), ..fault };
    if may_pass { Miss::Passing(fault, wait) } else { Miss::Final(fault) }
}

/// A status other than success with what was said of it, as a fault; and whether it may pass.
pub(crate) fn refused(url: impl std::fmt::Display, status: u16, words: &str) -> (Fault, bool) {
    let (kind, cure) = match status {
        401 | 403 => (FaultKind::Forbidden, "check that you may read it"),
        404 | 410 => (FaultKind::Missing, "check the address"),
        416 => (FaultKind::PastEnd, "the file became shorter: start again"),
        429 => (FaultKind::Failed, "ask less, or later"),
        500.. => (FaultKind::Failed, "try again later"),
        _ => (FaultKind::Failed, "check the address"),
    };
    let said = match status {
        401 => "status 401: it is asked who you are",
        403 => "status 403: it may not be read",
        404 => "status 404: there is no such file",
        410 => "status 410: it is there no longer",
        416 => "status 416: there is no such range",
        429 => "status 429: it was asked too often",
        _ => "",
    };
    let mut what = match said {
        "" => format!("the server answered {status}"),
        said => said.to_owned(),
    };
    if !words.is_empty() {
        what.push_str(&format!(" ({words})"));
    }
    let may_pass = matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504);
    (Fault::new(kind, url, what, cure), may_pass)
}
