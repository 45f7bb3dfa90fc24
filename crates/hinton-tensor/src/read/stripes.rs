//! Distributes numbered stripes of work over threads.

use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{Cancelled, Progress, TensorError, Work};

/// A stripe to do. While it is held, no other thread takes one: whoever reads a sequential source
/// holds it until the stripe's bytes are read, so that bytes are read in order.
pub(crate) struct Turn<'m> {
    /// Which stripe.
    pub(crate) index: u64,
    guard: Option<MutexGuard<'m, u64>>,
    progress: &'m dyn Progress,
}

impl Turn<'_> {
    /// The stripe's bytes are read; the next thread may go on.
    pub(crate) fn pass(&mut self) {
        self.guard = None;
    }

    /// Reports bytes of a stripe while it is done: one row of cells of a long matrix may have
    /// gigabytes, and whoever cancels should not wait for its end. What is reported here is not
    /// returned again by the work on the stripe.
    pub(crate) fn advance(&self, bytes: u64) -> Result<(), TensorError> {
        match self.progress.advance(bytes) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Cancelled.into()),
        }
    }
}

/// Does `count` stripes on the threads of `work`; `todo` gets the thread's own state and a turn,
/// and returns the bytes it did and has not reported yet. Gives back the states, in no particular order.
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
            let guard = in_order.then_some(guard);
            let mut turn = Turn { index, guard, progress: work.progress };
            let result = todo(&mut mine, &mut turn);
            turn.pass();
            let result = result.and_then(|bytes| turn.advance(bytes));
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

/// Runs each piece of work on at most `threads` threads, and returns the results in the order of
/// the pieces. Which thread runs which piece is arbitrary, so a result must not depend on it.
/// Pieces that are disjoint parts of one slice, from `chunks_mut`, satisfy this.
pub fn share_out<P: Send, T: Send>(
    pieces: Vec<P>,
    threads: usize,
    todo: impl Fn(P) -> T + Sync,
) -> Vec<T> {
    let helpers = threads.clamp(1, pieces.len().max(1)) - 1;
    if helpers == 0 {
        return pieces.into_iter().map(todo).collect();
    }
    let mut done: Vec<Option<T>> = pieces.iter().map(|_| None).collect();
    let left = Mutex::new(pieces.into_iter().zip(&mut done));
    let worker = || {
        loop {
            let next = left.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((piece, place)) = next else { return };
            *place = Some(todo(piece));
        }
    };
    std::thread::scope(|scope| {
        // Where the system gives no more threads, fewer do the work.
        let started: Vec<_> = (0..helpers)
            .map_while(|_| std::thread::Builder::new().spawn_scoped(scope, worker).ok())
            .collect();
        worker();
        for helper in started {
            if let Err(panic) = helper.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
    drop(left);
    done.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_work_comes_back_in_order() {
        let mut values = vec![0u64; 1000];
        for threads in [0, 1, 2, 7, 5000] {
            let pieces: Vec<_> = values.chunks_mut(7).enumerate().collect();
            let done = share_out(pieces, threads, |(index, piece): (usize, &mut [u64])| {
                piece.iter_mut().for_each(|value| *value += index as u64);
                index
            });
            assert_eq!(done, (0..1000usize.div_ceil(7)).collect::<Vec<_>>(), "{threads}");
        }
        assert!(values.iter().enumerate().all(|(at, value)| *value == 5 * (at as u64 / 7)));
        assert!(share_out(Vec::<u8>::new(), 4, |piece| piece).is_empty());
    }
}
