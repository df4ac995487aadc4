use std::ffi::OsStr;

use clap::builder::TypedValueParser;
use clap::{Arg, Command};
use net::board::{AddressError, Proxy};

/// Reads a proxy. What is wrong with it is said without repeating it, for it may hold a password.
#[derive(Clone)]
pub(crate) struct Unrepeated;

impl TypedValueParser for Unrepeated {
    type Value = Proxy;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Proxy, clap::Error> {
        let proxy = value.to_str().unwrap_or_default().parse();
        let parser = move |_: &str| -> Result<Proxy, AddressError> { proxy.clone() };
        parser.parse_ref(command, arg, OsStr::new("..."))
    }
}

/// As people read it, without its login.
pub(crate) fn shown(proxy: &Proxy) -> String {
    let login = if proxy.has_login() { "...@" } else { "" };
    match proxy.host() {
        host if host.contains(':') => format!("socks5://{login}[{host}]:{}", proxy.port()),
        host => format!("socks5://{login}{host}:{}", proxy.port()),
    }
}
