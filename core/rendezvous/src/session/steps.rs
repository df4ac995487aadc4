//! The steps that answers are made of, by their own name so that tests can write them down.

#[cfg(not(test))]
pub(crate) use primitives::{Prk, Prp, hash_secret, open, opens_empty};
#[cfg(test)]
pub(crate) use traced::{Prk, Prp, hash_secret, open, opens_empty};

/// The same steps, each leaving a line in this thread's trace.
#[cfg(test)]
pub(crate) mod traced {
    extern crate std;

    use alloc::string::String;
    use alloc::vec::Vec;
    use core::cell::RefCell;

    use primitives::{Choice, OpenError, Secret, TAG_LEN};

    std::thread_local! {
        static TRACE: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    /// What was done since the last call.
    pub(crate) fn take() -> Vec<String> {
        TRACE.take()
    }

    fn step(name: &str, length: usize) {
        TRACE.with_borrow_mut(|trace| trace.push(alloc::format!("{name} {length}")));
    }

    pub(crate) fn hash_secret(parts: &[&[u8]]) -> Secret<32> {
        step("hash", parts.concat().len());
        primitives::hash_secret(parts)
    }

    pub(crate) fn opens_empty(key: &Secret<32>, tag: &[u8; TAG_LEN], data: &[u8]) -> Choice {
        step("opens_empty", data.len());
        primitives::opens_empty(key, tag, data)
    }

    pub(crate) fn open(key: &Secret<32>, sealed: &[u8], data: &[u8]) -> Result<Vec<u8>, OpenError> {
        step("open", sealed.len());
        primitives::open(key, sealed, data)
    }

    pub(crate) struct Prp(primitives::Prp);

    impl Prp {
        pub(crate) fn new(key: &Secret<32>) -> Self {
            step("prp", 32);
            Self(primitives::Prp::new(key))
        }

        pub(crate) fn encrypt(&self, block: &[u8; 32]) -> [u8; 32] {
            step("encrypt", 32);
            self.0.encrypt(block)
        }

        pub(crate) fn decrypt(&self, block: &[u8; 32]) -> [u8; 32] {
            step("decrypt", 32);
            self.0.decrypt(block)
        }
    }

    pub(crate) struct Prk(primitives::Prk);

    impl Prk {
        pub(crate) fn extract(ikm: &[u8], salt: &[u8]) -> Self {
            step("extract", salt.len());
            Self(primitives::Prk::extract(ikm, salt))
        }

        pub(crate) fn expand<const N: usize>(&self, info: &[&[u8]]) -> Secret<N> {
            step("expand", info.concat().len());
            self.0.expand(info)
        }
    }
}
