use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rendezvous::{Done, Job, JobKey};

/// Results of jobs by their inputs. Any number of threads may share one.
#[derive(Debug, Default)]
pub struct Cache(Mutex<BTreeMap<JobKey, Arc<OnceLock<Done>>>>);

impl Cache {
    /// What `job` gives; runs it if nobody has, waits if somebody is.
    pub fn run(&self, job: Job) -> Done {
        let slot = {
            let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(slots.entry(job.key()).or_default())
        };
        slot.get_or_init(|| job.run()).clone()
    }

    /// How many jobs were really run.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether none was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
