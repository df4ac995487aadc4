use std::io;
use std::sync::Arc;

use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Error, Identifier, NewAccount,
    NewOrder, Order, OrderStatus, Problem, RetryPolicy,
};
use primitives::Zeroizing;
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;

use super::web::Web;
use crate::http::Acme;
use crate::http::tls::leaf::Shelf;
use crate::http::tls::{TlsError, pair};

/// Makes an account.
pub(super) async fn register(
    web: &Web,
    acme: &Acme,
) -> Result<(Account, AccountCredentials), OrderError> {
    let contact = format!("mailto:{}", acme.contact);
    let wanted = NewAccount {
        contact: &[&contact],
        terms_of_service_agreed: true,
        only_return_existing: false,
    };
    let builder = Account::builder_with_http(Box::new(web.clone()));
    let made = builder.create(&wanted, acme.directory.clone(), None).await;
    Ok(made?)
}

/// An account that was made before.
pub(super) async fn known(
    web: &Web,
    credentials: AccountCredentials,
) -> Result<Account, OrderError> {
    let builder = Account::builder_with_http(Box::new(web.clone()));
    Ok(builder.from_credentials(credentials).await?)
}

/// A new certificate for `name`: its key and its chain, in PEM. Leaves the answer to the authority's
/// question on `shelf`.
pub(super) async fn order(
    account: &Account,
    name: &str,
    shelf: &Shelf,
) -> Result<Zeroizing<Vec<u8>>, OrderError> {
    let names = [Identifier::Dns(name.to_owned())];
    let mut order = account.new_order(&NewOrder::new(&names)).await?;
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let challenge = authorization.challenge(ChallengeType::TlsAlpn01);
        let mut challenge = challenge.ok_or(OrderError::NoChallenge)?;
        let digest = challenge.key_authorization().digest();
        let answer = answer(name, digest.as_ref()).map_err(OrderError::NoAnswer)?;
        shelf.answer(Some((name.to_owned(), answer)));
        challenge.set_ready().await?;
    }
    match order.poll_ready(&RETRIES).await {
        Ok(OrderStatus::Ready) => {}
        Ok(_) => return Err(refused(&mut order, None).await),
        Err(error) => return Err(refused(&mut order, Some(error)).await),
    }
    let key = Zeroizing::new(order.finalize().await?);
    let chain = order.poll_certificate(&RETRIES).await?;
    let pem = [key.as_bytes(), b"\n", chain.as_bytes()].concat();
    Ok(Zeroizing::new(pem))
}

/// The certificate that answers an authority's question about `name`.
///
/// # Spec
///
/// RFC 8737 section 3.
fn answer(name: &str, digest: &[u8]) -> Result<Arc<CertifiedKey>, TlsError> {
    let failed = |error: rcgen::Error| pair(&error);
    let mut params = CertificateParams::new([name.to_owned()]).map_err(failed)?;
    params.distinguished_name = DistinguishedName::new();
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let key = KeyPair::generate().map_err(failed)?;
    let signed = params.self_signed(&key).map_err(failed)?;
    let chain: Vec<CertificateDer<'static>> = vec![signed.into()];
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = aws_lc_rs::default_provider();
    let key = provider.key_provider.load_private_key(key);
    let key = key.map_err(|error| pair(&error))?;
    // Not looked at further: the extension is one that no client of ours would accept.
    Ok(Arc::new(CertifiedKey::new(chain, key)))
}

/// Why an order has come to nothing, as far as the authority says.
async fn refused(order: &mut Order, error: Option<Error>) -> OrderError {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let Ok(state) = authorization.refresh().await else {
            continue;
        };
        let problem = state.challenges.iter().find_map(|one| one.error.clone());
        if let Some(problem) = problem {
            return OrderError::Authority(Box::new(Error::Api(problem)));
        }
    }
    error.map_or(OrderError::Refused, OrderError::from)
}

/// A quarter of a second, then ever longer, for a minute.
const RETRIES: RetryPolicy = RetryPolicy::new().timeout(std::time::Duration::from_secs(60));

/// Why there is no certificate. What was in use goes on.
#[derive(Debug, thiserror::Error)]
pub(super) enum OrderError {
    /// The authority cannot be reached, or says no.
    #[error("{}", plain(.0))]
    Authority(Box<Error>),
    /// The authority does not ask in this way.
    #[error("it does not offer TLS-ALPN-01")]
    NoChallenge,
    /// The answer to its question could not be made.
    #[error("its question cannot be answered: {0}")]
    NoAnswer(TlsError),
    /// The order was refused without a word.
    #[error("it has refused, without a reason")]
    Refused,
    /// It took too long.
    #[error("it took too long")]
    Late,
    /// What came cannot be used.
    #[error("what came cannot be used: {0}")]
    Unusable(TlsError),
    /// What came is over, by our clock.
    #[error("the certificate that came is over already; is the clock right?")]
    Over,
    /// The account could not be kept.
    #[error("the account cannot be kept: {}", .0.kind())]
    Cache(io::Error),
}

impl OrderError {
    /// Whether the authority does not know the account.
    pub(super) fn is_of_account(&self) -> bool {
        let Self::Authority(error) = self else {
            return false;
        };
        let Error::Api(Problem { r#type, .. }) = error.as_ref() else {
            return false;
        };
        r#type.as_deref() == Some(NO_ACCOUNT)
    }
}

impl From<Error> for OrderError {
    fn from(error: Error) -> Self {
        Self::Authority(Box::new(error))
    }
}

/// What a peer says, on one line of bounded length.
fn plain(error: &Error) -> String {
    let text = error.to_string();
    let visible = text.chars().map(|letter| match letter.is_control() {
        true => ' ',
        false => letter,
    });
    visible.take(SAID).collect()
}

const NO_ACCOUNT: &str = "urn:ietf:params:acme:error:accountDoesNotExist";
/// Characters of what an authority says that are logged.
const SAID: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_authority_says_stays_on_one_line() {
        let problem = Problem {
            r#type: Some(NO_ACCOUNT.into()),
            detail: Some(format!("one\ntwo\u{1b}[31m{}", "x".repeat(1000))),
            status: None,
            subproblems: Vec::new(),
        };
        let error = OrderError::from(Error::Api(problem));
        let text = error.to_string();
        assert!(text.contains("one two [31m"), "{text}");
        assert_eq!(text.chars().count(), SAID);
        assert!(error.is_of_account() && !OrderError::Late.is_of_account());
    }
}
