use zeroize::Zeroizing;

use crate::address::Login;

/// What keeps the connections of one circuit apart from all others at a SOCKS proxy: a login that
/// no other circuit has. Tor takes another path for each. Erased when dropped.
///
/// # Spec
///
/// `spec/11-buckets.md` section 4, `spec/40-server.md` section 2.4.
#[derive(Clone, Debug)]
pub(crate) struct Circuit(Login);

impl Circuit {
    /// One of its own; `None` if the system has no random bytes.
    pub(crate) fn fresh() -> Option<Self> {
        let mut name = [0; 16];
        getrandom::fill(&mut name).ok()?;
        Some(Self(Login {
            user: Zeroizing::new(hex::encode(name)),
            // Proxies want one; the user tells circuits apart.
            password: Zeroizing::new("-".to_owned()),
        }))
    }

    pub(crate) const fn login(&self) -> &Login {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_circuit_has_a_user_name_of_its_own() {
        let [one, two] = [Circuit::fresh(), Circuit::fresh()].map(Option::unwrap);
        assert_ne!(one.login().user, two.login().user);
        assert_eq!(one.login().user.len(), 32);
    }
}
