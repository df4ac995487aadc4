//! A day of a server in about a minute: every hour its operator does something to it, while people
//! make accounts, leave invitations, and leave and fetch entries of buckets. After each hour,
//! everything that was ever acknowledged must be there.

#![cfg(unix)]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test"
)]

#[expect(dead_code, reason = "of more tests than this one")]
#[path = "../shared/client.rs"]
mod client;
#[expect(dead_code, reason = "of more tests than this one")]
#[path = "../shared/home.rs"]
mod home;
#[path = "../shared/person.rs"]
mod person;

mod ledger;
mod load;
mod operator;

use std::thread;

use operator::Operator;

/// What an hour brings, after its backup.
#[derive(Clone, Copy, Debug)]
enum Event {
    Nothing,
    /// The backup is restored at another place, and a server is started there.
    RestoreElsewhere,
    WrongFile(&'static str),
    WrongKey,
    NewCertificate(&'static str),
    /// Stopped while people are at it, and started again.
    Drain,
    /// The disk is lost.
    Restore,
    PowerFailure,
}

use Event::{
    Drain, NewCertificate, Nothing, PowerFailure, Restore, RestoreElsewhere, WrongFile, WrongKey,
};

const DAY: [Event; 24] = [
    Nothing,
    RestoreElsewhere,
    WrongFile("drain = \"soon\""),
    NewCertificate("two"),
    Nothing,
    Drain,
    WrongFile("lisen = []"),
    RestoreElsewhere,
    WrongKey,
    PowerFailure,
    NewCertificate("one"),
    Restore,
    Nothing,
    WrongFile("listen = ["),
    Drain,
    NewCertificate("two"),
    WrongFile("limits.body = \"0B\""),
    RestoreElsewhere,
    Nothing,
    Restore,
    WrongFile("tls.cert = \"\""),
    NewCertificate("one"),
    PowerFailure,
    Drain,
];

#[test]
fn everything_acknowledged_outlives_a_day_of_backups_reloads_certificates_and_stops() {
    let mut operator = Operator::start();
    let people: Vec<_> = (0..PEOPLE)
        .map(|number| {
            let ledger = operator.ledger();
            thread::spawn(move || load::run(&ledger, number))
        })
        .collect();
    for (hour, event) in DAY.into_iter().enumerate() {
        operator.hour(hour, event);
        operator.check(hour);
    }
    operator.ledger().end();
    for person in people {
        person.join().unwrap();
    }
    operator.end();
}

/// Threads of people.
const PEOPLE: u32 = 4;
