//! Numbered stripes of work, shared out to threads.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{Cancelled, TensorError, Work};

/// A stripe to do. While it is held, no other thread takes one: whoever reads a sequential source
/// holds it until the stripe's bytes are read, so that bytes are read in order.
pub(crate) struct Turn<'m> {
    /// Which stripe.
    pub(crate) index: u64,
    guard: Option<MutexGuard<'m, u64>>,
}

impl Turn<'_> {
    /// The stripe's bytes are read; the next thread may go on.
    pub(crate) fn pass(&mut self) {
        self.guard = None;
    }
}

/// Does `count` stripes on the threads of `work`; `todo` gets the thread's own state and a turn,
/// and returns the bytes it did. Gives back the states, in no particular order.
///
/// Of several errors, the one of the first stripe is returned.
pub(crate) fn for_each<S: Send>(
    count: u64,
    in_order: bool,
    work: Work<'_>,
    state: impl Fn() -> S + Sync,
    todo: impl Fn(&mut S, &mut Turn<'_>) -> Result<u64, TensorError> + Sync,
) -> Result<Vec<S>, TensorError> {
    let next = Mutex::new(0u64);
    let failed: Mutex<Option<(u64, TensorError)>> = Mutex::new(None);
    let fail = |index: u64, error: TensorError| {
        let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.as_ref().is_none_or(|(first, _)| index < *first) {
            *failed = Some((index, error));
        }
        // No new stripes.
        count
    };
    let worker = || {
        let mut mine = state();
        loop {
            let mut guard = next.lock().unwrap_or_else(PoisonError::into_inner);
            let index = *guard;
            if index >= count {
                return mine;
            }
            *guard += 1;
            let mut turn = Turn { index, guard: in_order.then_some(guard) };
            let result = todo(&mut mine, &mut turn);
            turn.pass();
            let result = result.and_then(|bytes| match work.progress.advance(bytes) {
                std::ops::ControlFlow::Continue(()) => Ok(()),
                std::ops::ControlFlow::Break(()) => Err(Cancelled.into()),
            });
            if let Err(error) = result {
                let stop = fail(index, error);
                *next.lock().unwrap_or_else(PoisonError::into_inner) = stop;
            }
        }
    };
    let helpers = work.threads.max(1).min(usize::try_from(count).unwrap_or(usize::MAX)) - 1;
    let states = std::thread::scope(|scope| {
        // Where the system gives no more threads, fewer do the work.
        let started: Vec<_> = (0..helpers)
            .map_while(|_| std::thread::Builder::new().spawn_scoped(scope, worker).ok())
            .collect();
        let mut states = vec![worker()];
        for helper in started {
            match helper.join() {
                Ok(state) => states.push(state),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        states
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some((_, error)) => Err(error),
        None => Ok(states),
    }
}

/// Does every item on the threads of `work`, each thread with a state of its own, and gives back the
/// states, in no particular order: whatever is made of them must not depend on who did what. `todo`
/// may stop the work, and so may its progress, which hears nothing of single items.
///
/// # Errors
/// [`Cancelled`] when the work was stopped.
pub fn share_out<T: Send, S: Send>(
    items: impl Iterator<Item = T> + Send,
    work: Work<'_>,
    state: impl Fn() -> S + Sync,
    todo: impl Fn(&mut S, T) -> std::ops::ControlFlow<()> + Sync,
) -> Result<Vec<S>, Cancelled> {
    let items = Mutex::new(Some(items));
    let stopped = std::sync::atomic::AtomicBool::new(false);
    let next = || {
        let mut items = items.lock().unwrap_or_else(PoisonError::into_inner);
        let item = items.as_mut()?.next();
        if item.is_none() {
            *items = None;
        }
        item
    };
    let worker = || {
        let mut mine = state();
        while let Some(item) = next() {
            let goes_on =
                todo(&mut mine, item).is_continue() && work.progress.advance(0).is_continue();
            if !goes_on {
                stopped.store(true, std::sync::atomic::Ordering::Relaxed);
                *items.lock().unwrap_or_else(PoisonError::into_inner) = None;
            }
        }
        mine
    };
    let states = std::thread::scope(|scope| {
        let started: Vec<_> = (1..work.threads.max(1))
            .map_while(|_| std::thread::Builder::new().spawn_scoped(scope, worker).ok())
            .collect();
        let mut states = vec![worker()];
        for helper in started {
            match helper.join() {
                Ok(state) => states.push(state),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        states
    });
    if stopped.into_inner() { Err(Cancelled) } else { Ok(states) }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;

    #[test]
    fn every_item_is_done_once() {
        for threads in [1, 2, 7] {
            let mut cells = vec![0u32; 1000];
            let states = share_out(
                cells.chunks_mut(7).enumerate(),
                Work::on(threads),
                || 0usize,
                |count, (at, chunk)| {
                    chunk.fill(at as u32 + 1);
                    *count += chunk.len();
                    ControlFlow::Continue(())
                },
            );
            assert_eq!(states.unwrap().into_iter().sum::<usize>(), 1000);
            assert!(cells.iter().enumerate().all(|(at, &cell)| cell as usize == at / 7 + 1));
        }
    }

    #[test]
    fn work_can_be_stopped() {
        let stopped = share_out(
            0..1_000_000_000u64,
            Work::on(2),
            || (),
            |(), at| if at > 100 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) },
        );
        assert_eq!(stopped.unwrap_err(), Cancelled);
    }
}
