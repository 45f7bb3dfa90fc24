//! Sends one request and reads its response: the only file that accesses the network. It neither
//! follows redirects nor retries.

use std::io::Read;
use std::ops::Range;
use std::time::Duration;

use ureq::http::HeaderMap;
/// Requests and answers as types, which `object_store` shares.
#[cfg(feature = "cloud")]
pub(crate) use ureq::http::{Request, Response};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};

use crate::settings::{Patience, Settings};
use crate::url::Url;

/// Makes requests.
pub(crate) struct Asker {
    agent: Agent,
    patience: Patience,
}

/// Why there is no answer.
pub(crate) struct Broken {
    /// For people.
    pub(crate) why: String,
    /// Whether it may pass.
    pub(crate) may_pass: bool,
    /// What to do.
    pub(crate) cure: &'static str,
}

/// The beginning of an answer; its body is read or let go.
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: HeaderMap,
    body: Body,
}

impl Asker {
    pub(crate) fn new(settings: &Settings) -> Self {
        let patience = settings.patience;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(settings.user_agent.as_str())
            .accept_encoding("identity")
            .proxy(settings.proxy.clone())
            .max_response_header_size(64 << 10)
            .max_idle_connections(settings.connections.max(1) * 2)
            .max_idle_connections_per_host(settings.connections.max(1))
            .timeout_connect(Some(Duration::from_millis(patience.connect)))
            .timeout_per_read(Some(Duration::from_millis(patience.answer)))
            .timeout_recv_response(Some(Duration::from_millis(patience.answer)));
        let config = match settings.certificates.as_deref().map(trusted) {
            Some(roots) => config.tls_config(TlsConfig::builder().root_certs(roots).build()),
            None => config,
        };
        Asker { agent: Agent::new_with_config(config.build()), patience }
    }

    /// Asks for a range of what lies at an address, or for all of it, with these headers.
    pub(crate) fn get(
        &self,
        url: &Url,
        range: Option<&Range<u64>>,
        token: Option<&str>,
        headers: &[(String, String)],
        most: u64,
    ) -> Result<Reply, Broken> {
        let for_body = self.for_body(most);
        let mut request = self.agent.get(url.whole());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(range) = range {
            let last = range.end.saturating_sub(1);
            request = request.header("range", format!("bytes={}-{last}", range.start));
        }
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let sent = request.config().timeout_recv_body(Some(for_body)).build().call();
        let (parts, body) = sent.map_err(broken)?.into_parts();
        Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    /// Makes a request as it is given, and reads its answer whole: at most this many bytes.
    #[cfg(feature = "cloud")]
    pub(crate) fn send(
        &self,
        request: Request<Vec<u8>>,
        most: u64,
    ) -> Result<Response<Vec<u8>>, Broken> {
        let for_body = self.for_body(most);
        let request = self.agent.configure_request(request);
        let request = request.timeout_recv_body(Some(for_body)).build();
        let (parts, body) = self.agent.run(request).map_err(broken)?.into_parts();
        let reply = Reply { status: parts.status.as_u16(), headers: parts.headers.clone(), body };
        let body = reply.at_most(most)?.ok_or_else(|| Broken {
            why: format!("the body is longer than {most} bytes"),
            may_pass: false,
            cure: "the server is broken: tell its owner",
        })?;
        Ok(Response::from_parts(parts, body))
    }

    /// How long a body of at most this many bytes may take.
    fn for_body(&self, most: u64) -> Duration {
        let for_body = most.saturating_mul(1000) / self.patience.slowest.max(1);
        Duration::from_millis(self.patience.answer.saturating_add(for_body))
    }
}

/// These certificates alone, as OpenSSL takes SSL_CERT_FILE.
fn trusted(pem: &[u8]) -> RootCerts {
    let given = parse_pem(pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    RootCerts::from(given)
}

impl Reply {
    /// A header, where there is one that is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
    }

    /// The body, which must have exactly this many bytes.
    pub(crate) fn exactly(self, count: u64) -> Result<Vec<u8>, Broken> {
        let cut = |why: String| Broken { why, may_pass: true, cure: "try again later" };
        let bytes = self.at_most(count)?;
        match bytes {
            None => Err(Broken {
                why: format!("the body is longer than the {count} bytes that it should have"),
                may_pass: false,
                cure: "the server is broken: tell its owner, or download the file",
            }),
            Some(bytes) if (bytes.len() as u64) < count => {
                Err(cut(format!("the body ended after {} of {count} bytes", bytes.len())))
            }
            Some(bytes) => Ok(bytes),
        }
    }

    /// The body; `None` where it has more bytes than that.
    pub(crate) fn at_most(mut self, most: u64) -> Result<Option<Vec<u8>>, Broken> {
        let known = self.body.content_length().unwrap_or(0).min(most).min(8 << 20);
        let mut bytes = Vec::with_capacity(usize::try_from(known).unwrap_or(0));
        let mut reader = self.body.as_reader().take(most.saturating_add(1));
        reader.read_to_end(&mut bytes).map_err(|error| {
            let error = ureq::Error::from(error);
            Broken { why: format!("after {} bytes {}", bytes.len(), said(&error)), ..broken(error) }
        })?;
        Ok((bytes.len() as u64 <= most).then_some(bytes))
    }

    /// The beginning of the body as text, for the error that it explains; empty where there is
    /// none.
    pub(crate) fn words(mut self) -> String {
        const MOST: u64 = 4096;
        let mut bytes = Vec::new();
        // What cannot be read says nothing.
        let _ = self.body.as_reader().take(MOST).read_to_end(&mut bytes);
        words_of(&bytes)
    }
}

/// What a body says of an error, in few words; nothing where it is a page for browsers.
pub(crate) fn words_of(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let plain: Vec<&str> = text.split_whitespace().collect();
    let text = plain.join(" ");
    // What a bucket says: <Error><Code>NoSuchKey</Code><Message>The key does not exist</Message>.
    if let Some(code) = between(&text, "<Code>", "</Code>") {
        let message = between(&text, "<Message>", "</Message>").unwrap_or_default();
        return format!("{code}: {message}").chars().take(200).collect();
    }
    if text.starts_with('<') && !text.starts_with("<?xml") {
        return String::new();
    }
    text.chars().take(200).collect()
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(inner, _)| inner)
}

fn broken(error: ureq::Error) -> Broken {
    use std::io::ErrorKind::{ConnectionRefused, NotFound};
    let (may_pass, cure) = match &error {
        ureq::Error::HostNotFound => (false, "check the name of the host, and the network"),
        ureq::Error::Io(io) if is_lookup(io) => {
            (false, "check the name of the host, and the network")
        }
        ureq::Error::Io(io) if matches!(io.kind(), ConnectionRefused | NotFound) => {
            (false, "check the host and the port: nothing listens there")
        }
        ureq::Error::Io(_) | ureq::Error::Timeout(_) | ureq::Error::ConnectionFailed => {
            (true, "check the network, or try again later")
        }
        ureq::Error::Protocol(_) => (true, "the server is not a web server, or it is broken"),
        ureq::Error::Rustls(_) | ureq::Error::Tls(_) | ureq::Error::Pem(_) => (
            false,
            "where a proxy or a server of your own is behind this, name its certificate in a file \
             with SSL_CERT_FILE",
        ),
        _ => (false, "check the address"),
    };
    Broken { why: said(&error), may_pass, cure }
}

/// Whether the name of the host has no address. The system's error has no kind of its own.
fn is_lookup(error: &std::io::Error) -> bool {
    error.to_string().starts_with("failed to lookup address")
}

/// Why no encrypted connection was made, of what rustls says.
fn untrusted(theirs: &str) -> String {
    const WORDS: [(&str, &str); 5] = [
        ("UnknownIssuer", "nobody whom this computer trusts has signed it"),
        ("expired", "its time is over"),
        ("not valid yet", "its time has not come: is the clock of this computer right?"),
        ("not valid for name", "it is of another host"),
        ("Revoked", "it was withdrawn"),
    ];
    match WORDS.iter().find(|(word, _)| theirs.to_lowercase().contains(&word.to_lowercase())) {
        Some((_, ours)) => format!("its certificate is not trusted: {ours}"),
        None if theirs.contains("certificate") => "its certificate is not trusted".to_owned(),
        None => "the encrypted connection could not be made".to_owned(),
    }
}

/// What went wrong with a request, in hinton's words and without the address.
pub fn said(error: &ureq::Error) -> String {
    match error {
        ureq::Error::HostNotFound => "there is no such host".to_owned(),
        ureq::Error::Io(io) if is_lookup(io) => "the host's name has no address".to_owned(),
        ureq::Error::Timeout(kind) => format!("there was no answer in time ({kind})"),
        ureq::Error::Io(io) => {
            let text = io.to_string();
            format!("the connection failed: {}", text.split(" (os error").next().unwrap_or(&text))
        }
        ureq::Error::Rustls(error) => untrusted(&error.to_string()),
        ureq::Error::Tls(_) | ureq::Error::Pem(_) => {
            "the encrypted connection could not be made".to_owned()
        }
        ureq::Error::BadUri(_) => "the address cannot be asked".to_owned(),
        ureq::Error::StatusCode(code) => format!("the server answered {code}"),
        ureq::Error::Protocol(_) => "the answer is not HTTP".to_owned(),
        ureq::Error::ConnectionFailed => "the connection failed".to_owned(),
        ureq::Error::TooManyRedirects => "it leads from address to address without end".to_owned(),
        ureq::Error::BodyExceedsLimit(most) => format!("the answer has more than {most} bytes"),
        other => format!("the request failed: {other}"),
    }
}
