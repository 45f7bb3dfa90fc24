//! Turns requests into responses.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};

use hinton_view::{Answer, Progress, Refusal, Viewer};

use crate::Access;
use crate::assets::ASSETS;
use crate::guard::Refused;

/// Headers of every response.
const HEADERS: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
         connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
];
const JSON: &str = "application/json; charset=utf-8";

pub(crate) type Reply = Response<Full<Bytes>>;

/// Raised when nobody waits for an answer any more.
#[derive(Clone, Default)]
pub(crate) struct Abandoned(pub(crate) Arc<AtomicBool>);

impl Progress for Abandoned {
    fn advance(&self, _bytes: u64) -> ControlFlow<()> {
        match self.0.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

/// What a request asks for.
pub(crate) enum Asked {
    /// It is answered without work.
    Reply(Reply),
    /// A question to the viewer: route and query.
    Question(String, String),
}

/// Looks at a request: who makes it, and what for.
pub(crate) fn asked(access: &Access, parts: &Parts) -> Asked {
    let asset = |path: &str| ASSETS.iter().find(|asset| asset.path == path);
    let path = match access.check(parts, |path| asset(path).is_some()) {
        Ok(path) => path,
        Err(Refused { status, message }) => {
            return Asked::Reply(reply(status, JSON, error(message)));
        }
    };
    if let Some(asset) = asset(path) {
        let bytes = Bytes::from_static(asset.bytes);
        return Asked::Reply(reply(StatusCode::OK, asset.media_type, bytes));
    }
    match path.strip_prefix("/api/") {
        Some(route) => {
            Asked::Question(route.to_owned(), parts.uri.query().unwrap_or_default().to_owned())
        }
        None => Asked::Reply(failed(&Refusal::NoRoute)),
    }
}

/// Answers a question.
pub(crate) fn answered(viewer: &Viewer, route: &str, query: &str, abandoned: &Abandoned) -> Reply {
    match viewer.answer(route, query, abandoned) {
        Ok(Answer { media_type, bytes }) => reply(StatusCode::OK, media_type, bytes.into()),
        Err(refusal) => failed(&refusal),
    }
}

fn failed(refusal: &Refusal) -> Reply {
    let status = match refusal {
        Refusal::NoRoute => StatusCode::NOT_FOUND,
        Refusal::Question(_) => StatusCode::BAD_REQUEST,
        Refusal::Work(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    reply(status, JSON, refusal.as_json().into())
}

/// A response that says why there is none.
pub(crate) fn trouble(status: StatusCode, message: &str) -> Reply {
    reply(status, JSON, error(message))
}

fn error(message: &str) -> Bytes {
    Refusal::Work(message.to_owned()).as_json().into()
}

fn reply(status: StatusCode, media_type: &'static str, bytes: Bytes) -> Reply {
    let mut response = Response::new(Full::new(bytes));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}
