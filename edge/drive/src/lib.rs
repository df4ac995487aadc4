//! Feeds a machine, does what it asks, in its order.
