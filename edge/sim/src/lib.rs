//! A whole network in one thread, with seeded faults (tests only).
