use kernel::Time;

/// What goes wrong on a link, and how long things take.
#[expect(clippy::exhaustive_structs, reason = "tests name every fault")]
#[derive(Clone, Debug)]
pub struct Faults {
    /// How many of a hundred datagrams are lost, per receiver.
    pub loss_percent: u64,
    /// How many of a hundred come twice, per receiver.
    pub duplicate_percent: u64,
    /// The shortest and longest way, in milliseconds; their difference reorders.
    pub delay_ms: (u64, u64),
    /// The shortest and longest job, in milliseconds.
    pub job_ms: (u64, u64),
    /// When the link falls apart.
    pub partitions: Vec<Partition>,
}

impl Faults {
    /// A link as it should be.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            loss_percent: 0,
            duplicate_percent: 0,
            delay_ms: (1, 1),
            job_ms: (100, 100),
            partitions: Vec::new(),
        }
    }

    pub(crate) fn separate(&self, now: Time, a: usize, b: usize) -> bool {
        let cut = |p: &Partition| p.from <= now && now < p.to && (a < p.split) != (b < p.split);
        self.partitions.iter().any(cut)
    }
}

/// A time in which the nodes below a number and the others do not hear each other.
#[expect(clippy::exhaustive_structs, reason = "tests name every field")]
#[derive(Clone, Copy, Debug)]
pub struct Partition {
    /// The beginning.
    pub from: Time,
    /// The end.
    pub to: Time,
    /// The first node of the second half.
    pub split: usize,
}
