//! Numbers and times of 32 bits that start again after their last: spec `21-datagrams` 2.

/// Whether `a` comes before `b`: the way from `b` forward to `a` is the longer one.
pub(crate) const fn is_before(a: u32, b: u32) -> bool {
    a.wrapping_sub(b).cast_signed() < 0
}

/// How far `later` is behind `earlier`; `None` if it comes before it.
pub(crate) fn distance(later: u32, earlier: u32) -> Option<u32> {
    let distance = later.wrapping_sub(earlier);
    (distance.cast_signed() >= 0).then_some(distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_survives_the_last_number() {
        assert!(is_before(u32::MAX, 0));
        assert!(is_before(u32::MAX - 5, 3));
        assert!(!is_before(3, u32::MAX - 5));
        assert!(!is_before(7, 7));
    }

    #[test]
    fn distance_is_counted_across_the_last_number() {
        assert_eq!(distance(2, u32::MAX), Some(3));
        assert_eq!(distance(u32::MAX, 2), None);
        assert_eq!(distance(0x8000_0000, 1), Some(0x7fff_ffff));
        assert_eq!(distance(0x8000_0001, 1), None);
    }
}
