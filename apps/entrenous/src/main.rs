//! Meet, call, write and gather with people, over networks that nobody has to trust.
fn main() {}
