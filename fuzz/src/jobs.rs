//! Jobs are pure, so their results are kept from one input to the next: a group action for each
//! input would leave no time for anything else.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use rendezvous::{Done, Job, JobKey};

/// The result of `job`. `None` for a T1 that was never worked on before, once a few such were
/// worked on in this process: the job is lost, as when a thread dies.
pub fn run(job: Job) -> Option<Done> {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let key = job.key();
    if let Some(done) = kept.get(&key) {
        return Some(done.clone());
    }
    if kept.len() >= MAX_KEPT {
        return None;
    }
    let done = job.run();
    kept.insert(key, done.clone());
    Some(done)
}

static KEPT: Mutex<BTreeMap<JobKey, Done>> = Mutex::new(BTreeMap::new());
/// How many results are kept, and so how many jobs are run.
pub const MAX_KEPT: usize = 20;

/// Does the oldest of `jobs`, if there is one and it can still be done.
pub fn run_oldest(jobs: &mut VecDeque<Job>) -> Option<Done> {
    jobs.pop_front().and_then(run)
}
