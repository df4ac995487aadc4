use tokio::net::TcpStream;
use tokio_socks::Error;
use tokio_socks::tcp::Socks5Stream;

use crate::RequestError;
use crate::address::Login;

/// Asks the SOCKS 5 proxy at the other end of `stream` for a host by name, so that nobody else
/// learns it here.
pub(super) async fn ask(
    stream: TcpStream,
    login: Option<&Login>,
    target: (&str, u16),
) -> Result<TcpStream, RequestError> {
    let joined = match login {
        None => Socks5Stream::connect_with_socket(stream, target).await,
        Some(Login { user, password }) => {
            Socks5Stream::connect_with_password_and_socket(stream, target, user, password).await
        }
    };
    let joined = joined.map_err(|error| RequestError::Proxy {
        reason: refusal(&error),
    })?;
    Ok(joined.into_inner())
}

/// Why the proxy did not help, for a person.
fn refusal(error: &Error) -> &'static str {
    match error {
        Error::ConnectionNotAllowedByRuleset => "it does not allow this",
        Error::NetworkUnreachable => "it cannot reach the network",
        Error::HostUnreachable => "it cannot reach the server",
        Error::ConnectionRefused => "the server refuses the connection",
        Error::TtlExpired => "it gave up waiting",
        Error::PasswordAuthFailure(_) => "it refuses the login",
        Error::InvalidAuthValues(_) => "user and password have 1 to 255 bytes each",
        Error::InvalidTargetAddress(_) => "a name is too long for it",
        Error::GeneralSocksServerFailure
        | Error::CommandNotSupported
        | Error::AddressTypeNotSupported => "it does not say why",
        Error::Io(_) => "it closed the connection",
        _ => "it is not a SOCKS 5 proxy, or wants a login",
    }
}
