//! Two people become contacts, over two real servers on the loopback interface.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers outside the test functions"
)]

mod contacts;
mod cuts;
mod homes;
mod links;
mod proxy;
mod world;
