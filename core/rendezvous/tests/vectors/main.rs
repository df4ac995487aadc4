//! Every case of `vectors/rendezvous/reunion.json`, made by the reference program, named on
//! failure. The other primitives of that file are tested in `primitives`.
#![cfg(test)]

mod behaviours;
mod captures;
mod ctidh1024;
mod file;
mod room;
mod sessions;
