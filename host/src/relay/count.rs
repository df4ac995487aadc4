use switch::server::{Cause, Load, Stats};

/// Brings the metrics up to date.
pub(super) fn count(load: Load, stats: &Stats) {
    for (standing, number) in [
        ("opening", load.opening),
        ("waiting", load.waiting),
        ("paired", load.paired),
    ] {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        metrics::gauge!("entrenous_relay_connections", "standing" => standing).set(number);
    }
    metrics::counter!("entrenous_relay_connected_total").absolute(stats.connected);
    for (how, number) in [("created", stats.created), ("joined", stats.joined)] {
        metrics::counter!("entrenous_relay_places_total", "how" => how).absolute(number);
    }
    metrics::counter!("entrenous_relay_messages_total").absolute(stats.messages);
    metrics::counter!("entrenous_relay_bytes_total").absolute(stats.bytes);
    for (why, number) in [
        ("unheard", stats.unheard),
        ("misplaced", stats.misplaced),
        ("unanswered", stats.unanswered),
    ] {
        metrics::counter!("entrenous_relay_dropped_total", "why" => why).absolute(number);
    }
    for cause in Cause::ALL {
        metrics::counter!("entrenous_relay_ended_total", "cause" => cause.name())
            .absolute(stats.ended(cause));
    }
}
