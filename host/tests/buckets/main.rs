//! The buckets of a rendezvous server over each store: what is left is fetched, whatever happens
//! between; and people who invite and join through them.
#![cfg(test)]

mod fetching;
mod leaving;
mod limits;
mod people;
mod several;
#[path = "../shared/store.rs"]
mod store;
mod stored;
mod world;
