//! Two people behind networks that rewrite addresses, with a broker and a relay between them: real networks, made of Linux
//! network namespaces, which vanish with the process that made them. Nothing leaves them.
#![cfg(target_os = "linux")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at what does not hold"
)]

mod network;
mod part;
#[path = "../call/people.rs"]
#[expect(dead_code, reason = "other tests need more of it")]
mod people;
#[path = "../call/servers.rs"]
mod servers;

use network::{Kind, Nat, between};

/// What both say when they met by knocking, and what when a relay carries it.
const KNOCKED: &str = "UDP, by a broker";
const RELAYED: &str = "relay tcp://203.0.113.1";

#[test]
fn two_whose_networks_let_anybody_in_meet_by_a_broker() {
    between(Nat::Open, Nat::Open, Kind::Four, KNOCKED);
}

#[test]
fn two_whose_networks_let_in_whom_they_spoke_to_meet_by_a_broker() {
    between(Nat::Restricted, Nat::Restricted, Kind::Four, KNOCKED);
}

#[test]
fn two_whose_networks_show_another_port_to_each_need_a_relay() {
    between(Nat::Symmetric, Nat::Symmetric, Kind::Four, RELAYED);
}

#[test]
fn one_with_another_port_for_each_calls_one_who_lets_anybody_in() {
    between(Nat::Symmetric, Nat::Open, Kind::Four, KNOCKED);
}

#[test]
fn one_who_lets_anybody_in_calls_one_with_another_port_for_each() {
    between(Nat::Open, Nat::Symmetric, Kind::Four, KNOCKED);
}

#[test]
fn one_with_another_port_for_each_needs_a_relay_to_one_who_lets_in_whom_they_spoke_to() {
    between(Nat::Symmetric, Nat::Restricted, Kind::Four, RELAYED);
}

#[test]
fn and_so_does_the_other() {
    between(Nat::Restricted, Nat::Symmetric, Kind::Four, RELAYED);
}

#[test]
fn by_ipv6_two_whose_networks_let_in_whom_they_spoke_to_meet_by_a_broker() {
    between(Nat::Symmetric, Nat::Symmetric, Kind::Six, KNOCKED);
}

/// One program of a network.
#[test]
#[ignore = "no test: the program that the others start inside their network namespaces; alone it has nobody to talk to"]
fn part() {
    part::run();
}
