//! Cards, statements, chains and introductions of anyone's, also with a good signature under wild contents: what is
//! accepted encodes to the same bytes.
#![no_main]

use identity::{
    Card, DeviceChain, DeviceStatement, IdentityChain, IdentityKey, Introduction, Statement,
    Succession,
};
use kernel::{Label, Time};
use libfuzzer_sys::fuzz_target;
use primitives::Secret;

fuzz_target!(|bytes: &[u8]| {
    card(bytes);
    Introduction::fuzz(bytes);
    let key = IdentityKey::from_seeds(&Secret::new([1; 32]), None);
    if bytes.len() >= KEY + 33 {
        let mut body = bytes.to_vec();
        body[KEY..KEY + 33].copy_from_slice(&key.public().to_bytes());
        let signature = key.sign(Label::SignCard, &body).to_bytes();
        card(&[body, signature].concat());
    }
    if let Ok(text) = str::from_utf8(bytes)
        && let Ok(card) = text.parse::<Card>()
    {
        assert!([card.to_text(), card.to_qr()].contains(&text.trim().to_owned()));
    }

    if let Ok(statement) = Statement::decode(bytes) {
        assert_eq!(statement.to_bytes(), bytes);
    }
    succession(&key, bytes);
    if let Ok(statement) = DeviceStatement::decode(bytes) {
        assert_eq!(statement.to_bytes(), bytes);
    }
    if let Ok(chain) = IdentityChain::replay(bytes) {
        assert_eq!(chain.to_bytes(), bytes);
    }
    let chain = IdentityChain::found(&key, None, None, Time::ZERO);
    if let Ok(devices) = DeviceChain::replay(bytes, &chain) {
        assert_eq!(devices.to_bytes(), bytes);
    }
});

fn card(bytes: &[u8]) {
    let Ok(card) = Card::decode(bytes) else {
        return;
    };
    assert_eq!(card.as_bytes(), bytes);
    assert!(bytes.len() <= Card::MAX_ML_DSA);
    assert_eq!(card.to_text().parse::<Card>().as_ref(), Ok(&card));
    assert_eq!(card.to_qr().parse::<Card>().as_ref(), Ok(&card));
}

/// Nothing that the fuzzer writes is signed by two keys, but what it does to one that is may be read.
fn succession(key: &IdentityKey, bytes: &[u8]) {
    if let Ok(succession) = Succession::decode(bytes) {
        assert_eq!(succession.to_bytes(), bytes);
        assert!(bytes.len() <= Succession::MAX_LEN);
        assert!((1..=Succession::MAX).contains(&succession.former().count()));
    }
    let former = IdentityKey::from_seeds(&Secret::new([2; 32]), None);
    let Ok(good) = Succession::found(&former, key, Time::ZERO) else {
        return;
    };
    let mut altered = good.to_bytes();
    for (byte, change) in altered.iter_mut().zip(bytes) {
        *byte ^= change;
    }
    if let Ok(read) = Succession::decode(&altered) {
        assert_eq!(read.verifies(key.public()), read == good);
    }
}

/// Where a card's identity key begins: after kind, version, flags, account and generation.
const KEY: usize = 39;
