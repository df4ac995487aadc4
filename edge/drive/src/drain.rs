use std::ops::ControlFlow;

use kernel::Time;

/// A protocol as a value: inputs go in by its own `handle`, outputs come out here.
pub trait Machine {
    /// What the machine asks for; one of its variants says that it waits.
    type Output;

    /// The next thing to do.
    fn poll(&mut self) -> Self::Output;
}

impl Machine for rendezvous::lan::Lan {
    type Output = rendezvous::lan::Output;

    fn poll(&mut self) -> Self::Output {
        Self::poll(self)
    }
}

impl Machine for rendezvous::board::Visit {
    type Output = rendezvous::board::Output;

    fn poll(&mut self) -> Self::Output {
        Self::poll(self)
    }
}

impl Machine for rendezvous::bucket::invite::Invite {
    type Output = rendezvous::bucket::invite::Output;

    fn poll(&mut self) -> Self::Output {
        Self::poll(self)
    }
}

impl Machine for rendezvous::bucket::join::Join {
    type Output = rendezvous::bucket::join::Output;

    fn poll(&mut self) -> Self::Output {
        Self::poll(self)
    }
}

/// What a machine's outputs act on.
pub trait World<O> {
    /// Does what `output` says, without blocking. `Break` if it says to wait: until that time, or
    /// for the next input.
    fn perform(&mut self, output: O) -> ControlFlow<Option<Time>>;
}

/// Does everything `machine` asks for now, in its order; returns when to come back.
///
/// Call it after everything that changes the machine.
pub fn drain<M: Machine>(machine: &mut M, world: &mut impl World<M::Output>) -> Option<Time> {
    loop {
        if let ControlFlow::Break(until) = world.perform(machine.poll()) {
            return until;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Countdown(u64);

    impl Machine for Countdown {
        type Output = Option<u64>;

        fn poll(&mut self) -> Option<u64> {
            self.0 = self.0.checked_sub(1)?;
            Some(self.0)
        }
    }

    struct Record(Vec<u64>);

    impl World<Option<u64>> for Record {
        fn perform(&mut self, output: Option<u64>) -> ControlFlow<Option<Time>> {
            match output {
                Some(n) => {
                    self.0.push(n);
                    ControlFlow::Continue(())
                }
                None => ControlFlow::Break(Some(Time::from_ms(7))),
            }
        }
    }

    #[test]
    fn does_everything_in_order_and_says_when_to_come_back() {
        let mut world = Record(Vec::new());
        let until = drain(&mut Countdown(3), &mut world);
        assert_eq!(world.0, [2, 1, 0]);
        assert_eq!(until, Some(Time::from_ms(7)));
    }
}
