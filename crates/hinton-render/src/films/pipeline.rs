//! Distributes frames over several threads, and delivers the results in order.
//!
//! Each thread takes the next frame, draws it, waits for its turn to compare it with the previous
//! one (this step runs in order and is short), and encodes it. The calling thread delivers the
//! results.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::FilmError;

/// What is done with a frame. `W` is what a thread keeps between frames.
pub(super) struct Steps<Made, Draw, Order, Encode> {
    /// Makes what a thread keeps.
    pub(super) worker: Made,
    /// Builds and draws frame `index`.
    pub(super) draw: Draw,
    /// Sees the drawn frames one at a time and in order.
    pub(super) order: Order,
    /// Encodes.
    pub(super) encode: Encode,
}

struct State<O> {
    /// The frame that is taken next.
    next: usize,
    /// The frame whose turn it is.
    turn: usize,
    /// Frames that were handed to `deliver`.
    delivered: usize,
    /// No frame from here on is worked on.
    end: usize,
    /// The error of the first frame that failed.
    error: Option<(usize, FilmError)>,
    /// Encoded frames that wait for those before them.
    ready: BTreeMap<usize, O>,
}

struct Shared<O> {
    state: Mutex<State<O>>,
    changed: Condvar,
}

impl<O> Shared<O> {
    fn lock(&self) -> MutexGuard<'_, State<O>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(
        &self,
        guard: MutexGuard<'a, State<O>>,
        until: impl Fn(&State<O>) -> bool,
    ) -> MutexGuard<'a, State<O>> {
        let waited = self.changed.wait_while(guard, |state| !until(state));
        waited.unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State<O>)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    /// Ends the film at `frame`. The earliest frame that fails is the one that is told.
    fn fail(&self, frame: usize, error: FilmError) {
        self.change(|state| {
            state.end = state.end.min(frame);
            if state.error.as_ref().is_none_or(|(earlier, _)| frame < *earlier) {
                state.error = Some((frame, error));
            }
        });
    }
}

/// Frees the other threads when one panics; without it they would wait forever for its frame.
struct Release<'a, O>(&'a Shared<O>);

impl<O> Drop for Release<'_, O> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.change(|state| state.end = 0);
        }
    }
}

/// Sends frames `0..count` through the steps on `threads` threads and to `deliver`, in order. Where
/// the system gives fewer threads, those do the work; where there is none, this thread does.
///
/// # Errors
/// That of the earliest frame that failed in a step, or that of `deliver`. All threads have ended.
pub(super) fn run<W, D, J, O: Send>(
    count: usize,
    threads: usize,
    steps: Steps<
        impl Fn() -> W + Sync,
        impl Fn(&mut W, usize) -> Result<D, FilmError> + Sync,
        impl FnMut(usize, D) -> Result<J, FilmError> + Send,
        impl Fn(&mut W, J) -> Result<O, FilmError> + Sync,
    >,
    mut deliver: impl FnMut(usize, O) -> Result<(), FilmError>,
) -> Result<(), FilmError> {
    let threads = threads.min(count);
    // Enough that nobody waits for a frame that takes twice as long as the others.
    let window = 2 * threads + 1;
    let state =
        State { next: 0, turn: 0, delivered: 0, end: count, error: None, ready: BTreeMap::new() };
    let shared = Shared { state: Mutex::new(state), changed: Condvar::new() };
    let Steps { worker, draw, order, encode } = steps;
    let order = Mutex::new(order);
    let one = |worker: &mut W, frame: usize| -> Result<bool, FilmError> {
        let drawn = draw(worker, frame)?;
        let state = shared.lock();
        let state = shared.wait(state, |state| state.turn == frame || state.end <= frame);
        if state.end <= frame {
            return Ok(false);
        }
        drop(state);
        let job = {
            let mut order = order.lock().unwrap_or_else(PoisonError::into_inner);
            order(frame, drawn)?
        };
        shared.change(|state| state.turn = frame + 1);
        let ready = encode(worker, job)?;
        shared.change(|state| {
            state.ready.insert(frame, ready);
        });
        Ok(true)
    };
    let work = || {
        let _release = Release(&shared);
        let mut worker = worker();
        loop {
            let state = shared.lock();
            let mut state = shared.wait(state, |state| {
                state.next >= state.end || state.next < state.delivered + window
            });
            if state.next >= state.end {
                return;
            }
            let frame = state.next;
            state.next += 1;
            drop(state);
            match one(&mut worker, frame) {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => return shared.fail(frame, error),
            }
        }
    };
    std::thread::scope(|scope| {
        let _release = Release(&shared);
        let started = (0..threads)
            .map_while(|_| std::thread::Builder::new().spawn_scoped(scope, work).ok())
            .count();
        let mut own = (started == 0).then(&worker);
        for frame in 0..count {
            if let Some(Err(error)) = own.as_mut().map(|worker| one(worker, frame)) {
                shared.fail(frame, error);
            }
            let state = shared.lock();
            let ready = |state: &State<O>| state.ready.contains_key(&frame) || state.end <= frame;
            let mut state = shared.wait(state, ready);
            let Some(ready) = state.ready.remove(&frame) else { break };
            state.delivered = frame + 1;
            drop(state);
            shared.changed.notify_all();
            if let Err(error) = deliver(frame, ready) {
                shared.fail(0, error);
                break;
            }
        }
    });
    let state = shared.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    state.error.map_or(Ok(()), |(_, error)| Err(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(frames: &[usize], threads: usize) -> (Vec<usize>, Result<(), FilmError>) {
        let mut seen = Vec::new();
        let mut ordered = Vec::new();
        let steps = Steps {
            worker: || (),
            draw: |(): &mut (), at: usize| {
                if frames.contains(&at) {
                    let error = format!("{at} is broken").into();
                    return Err(FilmError::Source { frame: at, error });
                }
                Ok(at * 3)
            },
            order: |at, drawn: usize| {
                ordered.push(at);
                Ok(drawn + 1)
            },
            encode: |(): &mut (), job: usize| Ok(job * 2),
        };
        let result = run(40, threads, steps, |at, out| {
            assert_eq!(out, (at * 3 + 1) * 2);
            seen.push(at);
            Ok(())
        });
        assert!(ordered.iter().copied().eq(0..ordered.len()));
        (seen, result)
    }

    #[test]
    fn frames_come_out_in_order() {
        for threads in [0, 1, 2, 5, 64] {
            let (seen, result) = failing(&[], threads);
            assert!(seen.into_iter().eq(0..40));
            result.unwrap();
        }
    }

    #[test]
    fn the_first_frame_that_fails_is_told_and_those_before_it_are_delivered() {
        for threads in [0, 1, 2, 5] {
            let (seen, result) = failing(&[23, 17, 18], threads);
            assert!(seen.into_iter().eq(0..17), "{threads}");
            let error = result.unwrap_err();
            assert!(matches!(error, FilmError::Source { frame: 17, .. }), "{error}");
        }
    }

    #[test]
    fn what_deliver_refuses_ends_all() {
        for threads in [1, 3] {
            let steps = Steps {
                worker: || (),
                draw: |(): &mut (), at: usize| Ok(at),
                order: |_, drawn| Ok(drawn),
                encode: |(): &mut (), job| Ok(job),
            };
            let mut count = 0;
            let result = run(1_000_000, threads, steps, |at, _| {
                count += 1;
                if at == 5 { Err(FilmError::Cancelled) } else { Ok(()) }
            });
            assert!(matches!(result, Err(FilmError::Cancelled)));
            assert_eq!(count, 6);
        }
    }

    #[test]
    fn a_panic_ends_all_threads() {
        let steps = Steps {
            worker: || (),
            draw: |(): &mut (), at: usize| {
                assert!(at != 7, "frame 7");
                Ok(at)
            },
            order: |_, drawn| Ok(drawn),
            encode: |(): &mut (), job| Ok(job),
        };
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            run(100, 3, steps, |_, _| Ok(()))
        }));
        assert!(caught.is_err());
    }
}
