//! The whole of `vectors/ctidh/ctidh.json` as types: a member that nobody knows is refused.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(rename = "README")]
    pub(super) readme: BTreeMap<String, String>,
    pub(super) ctidh511: Section,
    pub(super) ctidh1024: Section,
}

impl File {
    pub(super) fn read() -> Self {
        serde_json::from_str(include_str!("../../../../vectors/ctidh/ctidh.json")).unwrap()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    pub(super) bits: usize,
    pub(super) params: Params,
    pub(super) sqrtvelu_steps_per_batch_lowest_prime: Vec<Steps>,
    pub(super) keygen: Vec<Keygen>,
    pub(super) shared: Vec<Shared>,
    pub(super) action_special: Vec<Special>,
    pub(super) field: Vec<FieldCase>,
    pub(super) curve: CurveCases,
    pub(super) public_key_checks: Vec<PublicKeyCheck>,
    pub(super) private_key_checks: Vec<PrivateKeyCheck>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    pub(super) p_be_hex: String,
    pub(super) p_limbs_le_u64: Vec<String>,
    pub(super) cofactor: usize,
    pub(super) primes: Vec<usize>,
    #[serde(rename = "R_log2")]
    pub(super) r_log2: usize,
    pub(super) one_mont: String,
    pub(super) two_mont: String,
    pub(super) minus_p_inv_mod_2_64: String,
    #[serde(rename = "R2_mod_p_le")]
    pub(super) r2_mod_p_le: String,
    pub(super) four_sqrt_p_floor_be_hex: String,
    pub(super) batch_size: Vec<usize>,
    pub(super) batch_start: Vec<usize>,
    pub(super) batch_stop: Vec<usize>,
    pub(super) batch_bound: Vec<usize>,
    pub(super) batch_max_chain_len: Vec<usize>,
    pub(super) chain_bits: Vec<usize>,
    pub(super) chain_len: Vec<usize>,
    pub(super) sk_len: usize,
    pub(super) pk_len: usize,
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
    pub(super) pk: String,
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
pub(super) struct Shared {
    #[serde(rename = "skA")]
    pub(super) sk_a: String,
    #[serde(rename = "pkA")]
    pub(super) pk_a: String,
    #[serde(rename = "skB")]
    pub(super) sk_b: String,
    #[serde(rename = "pkB")]
    pub(super) pk_b: String,
    pub(super) shared_curve: String,
    pub(super) dh: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Special {
    pub(super) label: String,
    #[serde(rename = "in")]
    pub(super) start: String,
    pub(super) sk: String,
    pub(super) out: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldCase {
    pub(super) a: String,
    pub(super) b: String,
    pub(super) add: String,
    pub(super) sub: String,
    pub(super) mul: String,
    pub(super) sqr_a: String,
    pub(super) inv_a: String,
    pub(super) a_is_square: u64,
    pub(super) sqrt_a: Option<String>,
    pub(super) a_plain_be_hex: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CurveCases {
    #[serde(rename = "A")]
    pub(super) coefficient: String,
    #[serde(rename = "xDBL")]
    pub(super) doublings: Vec<Doubling>,
    #[serde(rename = "xMUL")]
    pub(super) multiples: Vec<Multiple>,
    pub(super) isogeny: Vec<Isogeny>,
    pub(super) elligator: Vec<Elligator>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Doubling {
    #[serde(rename = "P")]
    pub(super) point: String,
    #[serde(rename = "2P")]
    pub(super) double: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Multiple {
    pub(super) l: u64,
    #[serde(rename = "P")]
    pub(super) point: String,
    #[serde(rename = "lP")]
    pub(super) multiple: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Isogeny {
    pub(super) l: u64,
    #[serde(rename = "K")]
    pub(super) kernel: String,
    #[serde(rename = "K_on_curve_not_twist")]
    pub(super) on_curve: bool,
    #[serde(rename = "P")]
    pub(super) point: String,
    #[serde(rename = "A_new")]
    pub(super) end: String,
    #[serde(rename = "P_image")]
    pub(super) image: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Elligator {
    #[serde(rename = "A")]
    pub(super) coefficient: String,
    pub(super) u: String,
    pub(super) x_on_curve: String,
    pub(super) x_on_twist: String,
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
pub(super) struct PrivateKeyCheck {
    pub(super) label: String,
    pub(super) sk: String,
    pub(super) frombytes: String,
}
