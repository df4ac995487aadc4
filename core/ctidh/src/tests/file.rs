//! The whole of `vectors/ctidh/ctidh.json` as types: a member that nobody knows is refused.

#![expect(
    dead_code,
    reason = "tests that run on every field read most members by name"
)]

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(rename = "README")]
    readme: BTreeMap<String, String>,
    pub(super) ctidh511: Section,
    pub(super) ctidh1024: Section,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    pub(super) bits: usize,
    params: Params,
    pub(super) sqrtvelu_steps_per_batch_lowest_prime: Vec<Steps>,
    pub(super) keygen: Vec<Keygen>,
    shared: Vec<Shared>,
    action_special: Vec<Special>,
    field: Vec<FieldCase>,
    curve: CurveCases,
    pub(super) public_key_checks: Vec<PublicKeyCheck>,
    private_key_checks: Vec<PrivateKeyCheck>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    p_be_hex: String,
    p_limbs_le_u64: Vec<String>,
    cofactor: u64,
    primes: Vec<u64>,
    #[serde(rename = "R_log2")]
    r_log2: u64,
    one_mont: String,
    two_mont: String,
    minus_p_inv_mod_2_64: String,
    #[serde(rename = "R2_mod_p_le")]
    r2_mod_p_le: String,
    four_sqrt_p_floor_be_hex: String,
    batch_size: Vec<u64>,
    batch_start: Vec<u64>,
    batch_stop: Vec<u64>,
    batch_bound: Vec<u64>,
    batch_max_chain_len: Vec<u64>,
    chain_bits: Vec<u64>,
    chain_len: Vec<u64>,
    sk_len: u64,
    pk_len: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Steps {
    pub(super) l: u16,
    pub(super) bs: u16,
    pub(super) gs: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Keygen {
    pub(super) seed: String,
    pub(super) context: u64,
    pub(super) sk: String,
    pk: String,
    pub(super) rng_calls: usize,
    pub(super) rng_bytes: usize,
    pub(super) rng_transcript: Option<Vec<Call>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    pub(super) len: usize,
    pub(super) out: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shared {
    #[serde(rename = "skA")]
    sk_a: String,
    #[serde(rename = "pkA")]
    pk_a: String,
    #[serde(rename = "skB")]
    sk_b: String,
    #[serde(rename = "pkB")]
    pk_b: String,
    shared_curve: String,
    dh: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Special {
    label: String,
    #[serde(rename = "in")]
    start: String,
    sk: String,
    out: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldCase {
    a: String,
    b: String,
    add: String,
    sub: String,
    mul: String,
    sqr_a: String,
    inv_a: String,
    a_is_square: u64,
    sqrt_a: Option<String>,
    a_plain_be_hex: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CurveCases {
    #[serde(rename = "A")]
    coefficient: String,
    #[serde(rename = "xDBL")]
    doublings: Vec<Doubling>,
    #[serde(rename = "xMUL")]
    multiples: Vec<Multiple>,
    isogeny: Vec<Isogeny>,
    elligator: Vec<Elligator>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Doubling {
    #[serde(rename = "P")]
    point: String,
    #[serde(rename = "2P")]
    double: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Multiple {
    l: u64,
    #[serde(rename = "P")]
    point: String,
    #[serde(rename = "lP")]
    multiple: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Isogeny {
    l: u64,
    #[serde(rename = "K")]
    kernel: String,
    #[serde(rename = "K_on_curve_not_twist")]
    on_curve: bool,
    #[serde(rename = "P")]
    point: String,
    #[serde(rename = "A_new")]
    end: String,
    #[serde(rename = "P_image")]
    image: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Elligator {
    #[serde(rename = "A")]
    coefficient: String,
    u: String,
    x_on_curve: String,
    x_on_twist: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PublicKeyCheck {
    pub(super) label: String,
    pub(super) pk: String,
    pub(super) frombytes: String,
    /// Missing where the length is wrong.
    pub(super) c_validate: Option<bool>,
    pub(super) dh_without_frombytes_check: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PrivateKeyCheck {
    label: String,
    sk: String,
    frombytes: String,
}
