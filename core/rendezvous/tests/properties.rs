//! What holds for every order of messages, every limit, and bytes from anyone.
#![cfg(test)]

#[path = "properties/hostile.rs"]
mod hostile;
#[path = "properties/limits.rs"]
mod limits;
#[path = "properties/orders.rs"]
mod orders;
#[path = "properties/people.rs"]
mod people;
