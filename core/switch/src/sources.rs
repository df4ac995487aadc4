use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use core::fmt;
use core::net::IpAddr;
use core::time::Duration;

use kernel::Time;

/// Where somebody comes from, as far as limits care: an IPv4 address, or the first 64 bits of an IPv6
/// one, since whoever has one of those has all of them.
///
/// # Spec
///
/// `spec/22-switch.md` 3.2.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub struct Source(Network);

#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Network {
    Four(u32),
    Six(u64),
}

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => Network::Four(address.into()),
            IpAddr::V6(address) => {
                let prefix = u128::from(address) >> 64;
                Network::Six(u64::try_from(prefix).unwrap_or_default())
            }
        })
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source")
    }
}

/// What is remembered of sources. When there is no room for another one, the one that has been quiet
/// for longest is forgotten.
pub(crate) struct Sources {
    seen: BTreeMap<Source, Seen>,
    order: BTreeSet<(Time, Source)>,
    most: usize,
}

struct Seen {
    last: Time,
    starts: VecDeque<Time>,
    spent: u64,
    /// When `spent` was last zero.
    since: Time,
}

impl Sources {
    /// Remembers `most` sources.
    pub(crate) const fn new(most: usize) -> Self {
        Self {
            seen: BTreeMap::new(),
            order: BTreeSet::new(),
            most,
        }
    }

    /// Whether `source` may begin something that it may begin `times` times in any `within`.
    pub(crate) fn may_start(
        &mut self,
        now: Time,
        source: Source,
        times: usize,
        within: Duration,
    ) -> bool {
        let seen = self.touch(now, source);
        while let Some(first) = seen.starts.front()
            && now.since(*first) >= within
        {
            seen.starts.pop_front();
        }
        let may = seen.starts.len() < times;
        if may {
            seen.starts.push_back(now);
        }
        may
    }

    /// Whether `source` may have `bytes` more carried, of `most` in each `within`. If it may not, they are
    /// not counted.
    pub(crate) fn may_spend(
        &mut self,
        now: Time,
        source: Source,
        bytes: u64,
        most: u64,
        within: Duration,
    ) -> bool {
        let seen = self.touch(now, source);
        if now.since(seen.since) >= within {
            (seen.spent, seen.since) = (0, now);
        }
        let spent = seen.spent.saturating_add(bytes);
        let may = spent <= most;
        if may {
            seen.spent = spent;
        }
        may
    }

    /// How many are remembered.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.seen.len()
    }

    fn touch(&mut self, now: Time, source: Source) -> &mut Seen {
        match self.seen.get(&source) {
            Some(seen) => {
                self.order.remove(&(seen.last, source));
            }
            None if self.seen.len() >= self.most => {
                if let Some((_, quietest)) = self.order.pop_first() {
                    self.seen.remove(&quietest);
                }
            }
            None => {}
        }
        self.order.insert((now, source));
        let seen = self.seen.entry(source).or_insert_with(|| Seen {
            last: now,
            starts: VecDeque::new(),
            spent: 0,
            since: now,
        });
        seen.last = now;
        seen
    }
}

#[cfg(test)]
mod tests {
    use core::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    fn source(number: u32) -> Source {
        IpAddr::from(Ipv4Addr::from(number)).into()
    }

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_source_begins_so_often_in_any_minute() {
        let mut sources = Sources::new(10);
        let mut may = |ms| sources.may_start(Time::from_ms(ms), source(1), 2, MINUTE);
        assert!(may(0) && may(30_000));
        assert!(!may(30_001) && !may(59_999));
        assert!(may(60_000) && !may(60_001) && !may(89_999));
        assert!(may(90_000));
        assert!(sources.may_start(Time::from_ms(90_000), source(2), 2, MINUTE));
    }

    #[test]
    fn a_source_spends_so_much_in_a_minute() {
        let mut sources = Sources::new(10);
        let mut may =
            |ms, bytes| sources.may_spend(Time::from_ms(ms), source(1), bytes, 100, MINUTE);
        assert!(may(0, 60) && !may(1, 41) && may(2, 40) && !may(59_999, 1));
        assert!(may(60_000, 100));
        assert!(!may(60_001, u64::MAX));
    }

    #[test]
    fn the_quietest_is_forgotten_when_there_is_no_room() {
        let mut sources = Sources::new(2);
        let mut may = |ms, number| sources.may_start(Time::from_ms(ms), source(number), 1, MINUTE);
        assert!(may(0, 1) && may(1, 2) && !may(2, 1));
        // 2 goes, and comes as somebody new
        assert!(may(3, 3) && !may(4, 1) && may(5, 2));
        assert_eq!((sources.len(), sources.order.len()), (2, 2));
    }

    #[test]
    fn an_ipv6_network_is_one_source() {
        let six = |last| -> Source {
            IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, 0, last, 1, 2, 3, last)).into()
        };
        let neighbour = IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 9, 9, 9, 9));
        assert_eq!(six(1), neighbour.into());
        assert_ne!(six(1), six(2));
        let mapped = IpAddr::from(Ipv4Addr::from(7).to_ipv6_mapped());
        assert_eq!(source(7), mapped.into());
    }
}
