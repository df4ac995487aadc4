//! All that one server does.
