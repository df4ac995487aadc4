//! The boards over HTTP/1.1: public routes, an admin listener, TLS, limits, graceful stop.
//!
//! [`Config`] says what to run, [`Server`] runs it. [`Service`] is the same without sockets.
//!
//! Spec: `spec/10-rendezvous.md` sections 5.2 and 5.4.

mod admin;
mod config;
#[cfg(unix)]
mod control;
mod frames;
mod hub;
mod listen;
mod live;
mod proxy;
mod pulse;
mod reading;
mod refusal;
mod relay;
mod routes;
mod rpc;
mod server;
mod stream;
mod switch;
mod tls;
mod waiting;
mod well_known;

pub use admin::Render;
#[cfg(unix)]
pub use control::path as control_path;

pub use config::{Acme, Certificate, Config, ConfigError, Settings, Share, TlsFiles};
pub use pulse::Pulse;
pub use routes::Service;
pub use server::{Server, StartError, Stopped};
pub use tls::TlsError;
