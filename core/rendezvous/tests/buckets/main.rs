//! Every case of `vectors/buckets/*.json`, counted, and named when it fails.
#![cfg(test)]

mod file;
mod lines;
mod objects;
mod slots;
