//! Sends the requests of `object_store` through the client of this crate: lists and credentials.
//! For files, `object_store` creates and signs the requests, and the client sends them, so that
//! they are checked, retried and counted like all others.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use crate::agent::{Request, Response, words_of};
use crate::client::{Client, Signed};
use crate::lock;
use crate::url::Url;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService,
};

/// Most bytes of an answer: a list has at most 5,000 entries.
const LONGEST: u64 = 64 << 20;

/// Where a request for a file is put in place of being sent.
#[derive(Clone, Default)]
pub(super) struct Slot(Arc<Mutex<Option<Result<Signed, String>>>>);

impl Slot {
    pub(super) fn take(&self) -> Option<Result<Signed, String>> {
        lock(&self.0).take()
    }
}

/// Asks as the client does.
#[derive(Clone)]
pub(super) struct Service {
    client: Arc<Client>,
    /// Status and words of the last answer that was no success.
    refused: Arc<Mutex<Option<(u16, String)>>>,
}

impl Service {
    pub(super) fn new(client: Arc<Client>) -> Self {
        Service { client, refused: Arc::default() }
    }

    /// Status and words of the last answer that was no success, once.
    pub(super) fn take_refused(&self) -> Option<(u16, String)> {
        lock(&self.refused).take()
    }

    fn answer(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if let Some(slot) = request.extensions().get::<Slot>() {
            *lock(&slot.0) = Some(signed(&request));
            return Err(HttpError::new(HttpErrorKind::Unknown, NotSent("the request is ready")));
        }
        let (parts, body) = request.into_parts();
        let body = body.as_bytes().map(|bytes| bytes.to_vec()).unwrap_or_default();
        let failed = |why: String| HttpError::new(HttpErrorKind::Request, NotSent(why));
        let reply = self.client.send(Request::from_parts(parts, body), LONGEST).map_err(failed)?;
        let (parts, body) = reply.into_parts();
        if !parts.status.is_success() {
            *lock(&self.refused) = Some((parts.status.as_u16(), words_of(&body)));
        }
        Ok(Response::from_parts(parts, HttpResponseBody::from(body)))
    }
}

/// Why a request was not sent, or not answered.
#[derive(Debug)]
struct NotSent<T>(T);

impl<T: fmt::Display> fmt::Display for NotSent<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: fmt::Debug + fmt::Display> std::error::Error for NotSent<T> {}

/// A request as the client sends it; the range is the client's own.
fn signed(request: &HttpRequest) -> Result<Signed, String> {
    let url = Url::parse(&request.uri().to_string())?;
    let own = ["range", "host"];
    let headers = request.headers().iter().filter(|(name, _)| !own.contains(&name.as_str()));
    let headers = headers
        .map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect::<Option<Vec<_>>>()
        .ok_or("a header of the request is not text")?;
    Ok(Signed { url, headers })
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Service")
    }
}

impl HttpService for Service {
    fn call<'s, 'f>(
        &'s self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        let answer = self.answer(request);
        Box::pin(std::future::ready(answer))
    }
}

impl HttpConnector for Service {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}
