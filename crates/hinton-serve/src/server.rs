//! Connections, and the threads that answer requests.

use std::convert::Infallible;
use std::io;
use std::net::TcpListener;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hinton_view::{Progress, Viewer};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{Notify, Semaphore};

use crate::Access;
use crate::respond::{Abandoned, Asked, Reply, answered, asked, trouble};

/// Limits on what a server does at the same time.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Maximum number of connections; further ones are closed immediately.
    pub connections: usize,
    /// Maximum number of questions being answered, each on one thread.
    pub answers: usize,
    /// Maximum number of questions waiting for a thread.
    pub waiting: usize,
    /// Maximum size of the head of a request in bytes; at least 8192.
    pub head: usize,
    /// How long the head of a request may take, and how long a connection may be idle.
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let patience = Duration::from_secs(60);
        Limits { connections: 64, answers: 4, waiting: 256, head: 32 << 10, patience }
    }
}

/// Stops a server from another thread.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<Notify>);

impl Stop {
    /// Asks the server to stop: it accepts no more connections and drops the existing ones.
    pub fn stop(&self) {
        self.0.notify_one();
    }
}

/// What all connections share.
struct Shared {
    viewer: Arc<Viewer>,
    access: Access,
    answers: Semaphore,
    waiting: AtomicUsize,
    limits: Limits,
    attention: Arc<Attention>,
}

/// Whether someone looks: a page asks for news every second or so, every ten where it is hidden.
struct Attention {
    since: Instant,
    /// When the last question came, milliseconds after `since`.
    last: AtomicU64,
}

impl Attention {
    fn new() -> Arc<Self> {
        // As if nobody ever had asked.
        Arc::new(Attention { since: Instant::now(), last: AtomicU64::new(0) })
    }

    fn now(&self) -> u64 {
        self.since.elapsed().as_millis() as u64
    }

    fn asked(&self) {
        self.last.store(self.now().max(1), Ordering::Relaxed);
    }

    fn is_paid(&self) -> bool {
        let last = self.last.load(Ordering::Relaxed);
        last > 0 && self.now().saturating_sub(last) < ATTENTION.as_millis() as u64
    }
}

/// Work ahead of questions ends where nobody looks, or the server does.
struct Watched(Arc<Attention>, Abandoned);

impl Progress for Watched {
    fn advance(&self, bytes: u64) -> ControlFlow<()> {
        match self.0.is_paid() {
            true => self.1.advance(bytes),
            false => ControlFlow::Break(()),
        }
    }
}

/// Serves requests on a listener until it is [stopped](Stop).
///
/// # Errors
/// Returns an error if the operating system does not allow listening.
pub fn serve(
    listener: TcpListener,
    viewer: Arc<Viewer>,
    access: Access,
    limits: Limits,
    stop: &Stop,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .max_blocking_threads(limits.answers + 1)
        .build()?;
    let answers = Semaphore::new(limits.answers);
    let (waiting, attention) = (AtomicUsize::new(0), Attention::new());
    let shared = Arc::new(Shared { viewer, access, answers, waiting, limits, attention });
    let result = runtime.block_on(accept(listener, shared, stop));
    // A question that is being answered is left alone, and so is its thread.
    runtime.shutdown_background();
    result
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, stop: &Stop) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let connections = Arc::new(Semaphore::new(shared.limits.connections));
    let all = Arc::clone(&shared);
    let accepting = async {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                // Out of files, say: those that are open will close.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let Ok(permit) = Arc::clone(&connections).try_acquire_owned() else { continue };
            // Small answers go out at once.
            let _ = stream.set_nodelay(true);
            let shared = Arc::clone(&all);
            tokio::spawn(async move {
                let limits = shared.limits;
                let service = service_fn(move |request| reply(Arc::clone(&shared), request));
                let connection = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(limits.patience)
                    .max_buf_size(limits.head.max(8192))
                    .serve_connection(TokioIo::new(stream), service);
                // Whatever ended it, there is nobody left to tell.
                let _ = connection.await;
                drop(permit);
            });
        }
    };
    tokio::spawn(work_ahead(Arc::clone(&shared)));
    let mut accepting = std::pin::pin!(accepting);
    let mut stopped = std::pin::pin!(stop.0.notified());
    std::future::poll_fn(|context| {
        use std::future::Future;
        use std::task::Poll;
        if stopped.as_mut().poll(context).is_ready() {
            return Poll::Ready(Ok(()));
        }
        let accepting: Poll<Infallible> = accepting.as_mut().poll(context);
        match accepting {
            Poll::Ready(never) => match never {},
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// How long a server waits before it looks again whether there is something to find out, and whether
/// those who asked have their answers.
const REST: Duration = Duration::from_millis(300);
const BREATH: Duration = Duration::from_millis(4);
/// For how long after a question someone is taken to look.
const ATTENTION: Duration = Duration::from_secs(15);

/// Finds out what will be asked for, as long as someone looks and nobody waits for an answer.
async fn work_ahead(shared: Arc<Shared>) {
    let abandoned = Abandoned::default();
    let _waits = Waits(abandoned.clone());
    loop {
        while !shared.attention.is_paid() {
            tokio::time::sleep(REST).await;
        }
        while shared.answers.available_permits() < shared.limits.answers {
            tokio::time::sleep(BREATH).await;
        }
        let viewer = Arc::clone(&shared.viewer);
        let watched = Watched(Arc::clone(&shared.attention), abandoned.clone());
        let more = tokio::task::spawn_blocking(move || viewer.work_ahead(&watched)).await;
        // What panicked once would panic again: nothing more is found out ahead.
        let Ok(more) = more else { return };
        if !more {
            tokio::time::sleep(REST).await;
        }
    }
}

/// Raises its flag when it is dropped: when the connection of a question is gone.
struct Waits(Abandoned);

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

/// Counts who waits, also when the wait is given up.
struct InLine<'a>(&'a AtomicUsize);

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn reply(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Reply, Infallible> {
    let (parts, _) = request.into_parts();
    let (route, query) = match asked(&shared.access, &parts) {
        Asked::Reply(reply) => return Ok(reply),
        Asked::Question(route, query) => (route, query),
    };
    shared.attention.asked();
    if shared.waiting.fetch_add(1, Ordering::Relaxed) >= shared.limits.waiting {
        shared.waiting.fetch_sub(1, Ordering::Relaxed);
        let busy = trouble(StatusCode::SERVICE_UNAVAILABLE, "too many questions wait already");
        return Ok(busy);
    }
    let line = InLine(&shared.waiting);
    let permit = shared.answers.acquire().await;
    drop(line);
    let abandoned = Abandoned::default();
    let waits = Waits(abandoned.clone());
    let viewer = Arc::clone(&shared.viewer);
    // A panic ends the work on one question; the answer says so, and the next goes on.
    let work = move || answered(&viewer, &route, &query, &abandoned);
    let answer = tokio::task::spawn_blocking(work).await;
    drop((permit, waits));
    let failed =
        |_| trouble(StatusCode::INTERNAL_SERVER_ERROR, "the answer failed: a bug of hinton");
    Ok(answer.unwrap_or_else(failed))
}
