//! Several requests at a time: the only file that starts threads. Which comes back first changes no
//! byte that anybody reads.

use std::sync::Mutex;

use crate::lock;

/// Does each job, at most `most` at a time, and gives back what each gave, in the order of the jobs.
/// Jobs are begun in their order.
pub(crate) fn in_parallel<J: Send, T: Send>(
    jobs: Vec<J>,
    most: usize,
    todo: impl Fn(J) -> T + Sync,
) -> Vec<T> {
    let helpers = most.clamp(1, jobs.len().max(1)) - 1;
    if helpers == 0 {
        return jobs.into_iter().map(todo).collect();
    }
    let mut done: Vec<Option<T>> = jobs.iter().map(|_| None).collect();
    let left = Mutex::new(jobs.into_iter().zip(&mut done));
    let worker = || {
        loop {
            let next = lock(&left).next();
            let Some((job, place)) = next else { return };
            *place = Some(todo(job));
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
    fn answers_come_in_the_order_of_the_jobs() {
        for most in [0, 1, 3, 100] {
            let done = in_parallel((0..20).collect(), most, |job: u32| job * 2);
            assert_eq!(done, (0..20).map(|job| job * 2).collect::<Vec<_>>());
        }
    }
}
