//! What commands are told of relays and brokers.

use std::path::Path;

use node::call::{Address, Link, Password, Relay};

use crate::failure::{Failure, failed};
use crate::message::read_source;
use crate::stop::Stop;

/// Whether there is a password if one of `links` wants it.
pub(crate) fn check(links: &[Link], password: Option<&Password>) -> Result<(), Failure> {
    match password.is_none() && links.iter().any(Link::wants_password) {
        true => Err(no_password()),
        false => Ok(()),
    }
}

/// The password of a relay, from a file.
pub(crate) async fn password(
    path: Option<&Path>,
    stop: &mut Stop,
) -> Result<Option<Password>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let bytes = read_source(path, "password of the relay", Password::MAX, stop).await?;
    let password = Password::new(bytes.to_vec());
    let password = password.map_err(|error| failed(&error, error.kind()));
    password.map(Some)
}

/// The link says that a password is needed.
fn no_password() -> Failure {
    Failure::usage("their relay wants a password, which is not in the link").hint(
        "ask them for it, put it into a file, and give that with `--relay-password-file PATH`",
    )
}

/// A relay, as a person writes it.
pub(crate) fn relay(text: &str) -> Result<Relay, &'static str> {
    text.parse()
        .map_err(|_| "write it like wss://relay.example, or tcp://relay.example:8889")
}

/// A broker, as a person writes it.
pub(crate) fn broker(text: &str) -> Result<Address, &'static str> {
    let read = text.parse().ok();
    let read = read.filter(|address: &Address| address.port().is_some());
    read.ok_or("write it like broker.example:7449")
}
