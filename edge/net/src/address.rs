use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use hyper::Uri;
use kernel::Kind;
use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

/// The address of a server: `https://board.example.org`, `http://127.0.0.1:7447`, perhaps with a
/// path in front of its routes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Address {
    pub(crate) is_tls: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Without a slash at its end; often empty.
    pub(crate) path: String,
}

impl Address {
    /// Whether the connection is encrypted.
    #[must_use]
    pub const fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// The host: a name, or an IP address (IPv6 without brackets).
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, 1 to 65535.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// What stands in front of the routes: empty, or begins with a slash and ends with none.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Host and port as they stand in a request.
    pub(crate) fn authority(&self) -> String {
        let Self { host, port, .. } = self;
        let is_usual = *port == if self.is_tls { 443 } else { 80 };
        match (host.contains(':'), is_usual) {
            (true, true) => format!("[{host}]"),
            (true, false) => format!("[{host}]:{port}"),
            (false, true) => host.clone(),
            (false, false) => format!("{host}:{port}"),
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let uri: Uri = text.parse().map_err(|_| AddressError::Malformed)?;
        let (is_tls, usual) = match uri.scheme_str() {
            Some("https") => (true, 443),
            Some("http") => (false, 80),
            Some(_) => return Err(AddressError::Scheme),
            None => return Err(AddressError::NoScheme),
        };
        if uri.query().is_some() || text.contains(['@', '#']) {
            return Err(AddressError::Malformed);
        }
        Ok(Self {
            is_tls,
            host: host(&uri)?,
            port: port(&uri, usual)?,
            path: uri.path().trim_end_matches('/').to_owned(),
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

/// A SOCKS 5 proxy: `socks5h://127.0.0.1:9050`, perhaps with `user:password@` (Tor uses another
/// path for each), where `%40` stands for `@` and so on. Names are always resolved at the proxy,
/// also with `socks5://`.
///
/// Without a login, what must not be linked is asked with one of its own each (see
/// [`server`](crate::server)); with one, everything is asked with that one.
#[derive(Clone, Eq, PartialEq)]
pub struct Proxy {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) login: Option<Login>,
}

/// User and password at a proxy, 1 to 255 bytes each. Erased when dropped.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Login {
    pub(crate) user: Zeroizing<String>,
    pub(crate) password: Zeroizing<String>,
}

impl Proxy {
    /// Whether it came with user and password.
    #[must_use]
    pub const fn has_login(&self) -> bool {
        self.login.is_some()
    }

    /// The host: a name, or an IP address (IPv6 without brackets).
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, 1 to 65535.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// User and password, if it came with them.
    pub(crate) fn login(&self) -> Option<(&str, &str)> {
        let login = self.login.as_ref()?;
        Some((&login.user, &login.password))
    }
}

impl FromStr for Proxy {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let malformed = |_| AddressError::ProxyMalformed;
        let (scheme, rest) = text.split_once("://").ok_or(AddressError::ProxyScheme)?;
        if !matches!(scheme, "socks5" | "socks5h") {
            return Err(AddressError::ProxyScheme);
        }
        let (login, rest) = match rest.rsplit_once('@') {
            Some((login, rest)) => (Some(login.parse()?), rest),
            None => (None, rest),
        };
        // without the login, of which nothing else shall keep a copy
        let uri: Uri = format!("{scheme}://{rest}")
            .parse()
            .map_err(|_| AddressError::ProxyMalformed)?;
        Ok(Self {
            host: host(&uri).map_err(malformed)?,
            port: port(&uri, 1080).map_err(malformed)?,
            login,
        })
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("login", &self.login)
            .finish()
    }
}

impl FromStr for Login {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"@/?#".contains(&byte);
        let parts = text.split_once(':').filter(|_| text.bytes().all(is_plain));
        let (user, password) = parts.ok_or(AddressError::ProxyMalformed)?;
        Ok(Self {
            user: decoded(user)?,
            password: decoded(password)?,
        })
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login")
    }
}

/// User or password: 1 to 255 bytes of UTF-8, once `%` and two hex digits are read as a byte.
fn decoded(part: &str) -> Result<Zeroizing<String>, AddressError> {
    let text = percent_decode_str(part).decode_utf8();
    let text = text.map_err(|_| AddressError::ProxyMalformed)?;
    let text = Zeroizing::new(text.into_owned());
    match text.len() {
        1..=255 => Ok(text),
        _ => Err(AddressError::ProxyMalformed),
    }
}

fn host(uri: &Uri) -> Result<String, AddressError> {
    let host = uri.host().unwrap_or_default();
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let is_host = match inner {
        Some(inner) => inner.parse::<Ipv6Addr>().is_ok(),
        None => (1..=255).contains(&host.len()) && !host.contains(['[', ']', ':']),
    };
    match is_host {
        true => Ok(inner.unwrap_or(host).to_owned()),
        false => Err(AddressError::Malformed),
    }
}

fn port(uri: &Uri, usual: u16) -> Result<u16, AddressError> {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let after_host = authority.rsplit(['@', ']']).next().unwrap_or_default();
    match (uri.port_u16(), after_host.contains(':')) {
        (Some(0), _) | (None, true) => Err(AddressError::Malformed),
        (Some(port), _) => Ok(port),
        (None, false) => Ok(usual),
    }
}

/// Why a text is no address.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// It does not say how to connect.
    #[error("address has no https:// or http:// in front")]
    NoScheme,
    /// It is not a web address.
    #[error("address is neither https:// nor http://")]
    Scheme,
    /// It is not a proxy that we know how to use.
    #[error("proxy is neither socks5h:// nor socks5://")]
    ProxyScheme,
    /// The host, port or login of a proxy is missing, too long or not written as it should be.
    #[error(
        "proxy is not of the form socks5://HOST:PORT or socks5://USER:PASSWORD@HOST:PORT; \
         user and password have 1 to 255 bytes each, with %40 for @ and %3A for :"
    )]
    ProxyMalformed,
    /// Anything else.
    #[error("address is not of the form https://host:port")]
    Malformed,
}

impl AddressError {
    /// Always the user's to correct.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Kind::BadInput
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_back_as_they_were() {
        for (text, shown) in [
            ("https://board.example.org", "https://board.example.org"),
            ("https://board.example.org/", "https://board.example.org"),
            (
                "https://board.example.org:443/a/b/",
                "https://board.example.org/a/b",
            ),
            ("http://127.0.0.1:7447", "http://127.0.0.1:7447"),
            ("http://[::1]:7447/", "http://[::1]:7447"),
            ("http://[::1]", "http://[::1]"),
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), shown);
        }
        for (text, error) in [
            ("", AddressError::Malformed),
            ("board.example.org", AddressError::NoScheme),
            ("127.0.0.1:7447", AddressError::NoScheme),
            ("ftp://x", AddressError::Scheme),
            ("http://", AddressError::Malformed),
            ("http://a b", AddressError::Malformed),
            ("http://a:0", AddressError::Malformed),
            ("http://a[::1]", AddressError::Malformed),
            ("http://[a]", AddressError::Malformed),
            ("http://a:99999", AddressError::Malformed),
            ("http://me:pw@a", AddressError::Malformed),
            ("http://a/?x", AddressError::Malformed),
        ] {
            assert_eq!(text.parse::<Address>(), Err(error), "{text}");
        }
    }

    #[test]
    fn a_proxy_may_have_a_login_that_is_not_shown() {
        let proxy: Proxy = "socks5h://me:secret@127.0.0.1:9050".parse().unwrap();
        let login = |user: &str, password: &str| {
            let (user, password) = (user.to_owned().into(), password.to_owned().into());
            Some(Login { user, password })
        };
        assert_eq!(proxy.login, login("me", "secret"));
        let shown = r#"Proxy { host: "127.0.0.1", port: 9050, login: Some(Login) }"#;
        assert_eq!(format!("{proxy:?}"), shown);
        assert!(proxy.has_login());
        let odd: Proxy = "socks5://a%3Ab:%40%2F%25%C3%A9@x".parse().unwrap();
        assert_eq!(odd.login, login("a:b", "@/%é"));
        let long = |n| format!("socks5://{}:pw@x", "%41".repeat(n)).parse::<Proxy>();
        assert!(long(255).is_ok() && long(256).is_err());
        let plain: Proxy = "socks5://[::1]".parse().unwrap();
        assert_eq!(
            (plain.host.as_str(), plain.port, plain.login),
            ("::1", 1080, None)
        );
        for (bad, error) in [
            ("http://x", AddressError::ProxyScheme),
            ("x:1", AddressError::ProxyScheme),
            ("socks5://", AddressError::ProxyMalformed),
            ("socks5://:9050", AddressError::ProxyMalformed),
            ("socks5://x:0", AddressError::ProxyMalformed),
            ("socks5://me@x", AddressError::ProxyMalformed),
            ("socks5://:pw@x", AddressError::ProxyMalformed),
            ("socks5://me:@x", AddressError::ProxyMalformed),
            ("socks5://me:p@w@x", AddressError::ProxyMalformed),
            ("socks5://me:p w@x", AddressError::ProxyMalformed),
            ("socks5://me:p/w@x", AddressError::ProxyMalformed),
            ("socks5://me:%ff@x", AddressError::ProxyMalformed),
        ] {
            assert_eq!(bad.parse::<Proxy>(), Err(error), "{bad}");
        }
    }
}
