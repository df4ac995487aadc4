//! The schemas in `docs/daemon`, held against the code.
