//! The shape of the files; nothing else may be in them.

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};

/// The file `name`, with its cases.
pub(crate) fn read<T: DeserializeOwned>(name: &str) -> T {
    let text = match name {
        "hosts" => include_str!("../../../../vectors/buckets/hosts.json"),
        "links" => include_str!("../../../../vectors/buckets/links.json"),
        "ids" => include_str!("../../../../vectors/buckets/ids.json"),
        "entries" => include_str!("../../../../vectors/buckets/entries.json"),
        "lines" => include_str!("../../../../vectors/buckets/lines.json"),
        "buckets" => include_str!("../../../../vectors/buckets/buckets.json"),
        other => panic!("no file {other}"),
    };
    serde_json::from_str(text).unwrap()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hosts {
    #[serde(rename = "README")]
    pub(crate) readme: [String; 2],
    pub(crate) good: Vec<GoodHost>,
    pub(crate) typed: Vec<TypedHost>,
    pub(crate) not_the_one_form: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GoodHost {
    pub(crate) host: String,
    pub(crate) local: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TypedHost {
    pub(crate) text: String,
    pub(crate) host: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Links {
    #[serde(rename = "README")]
    pub(crate) readme: [String; 2],
    pub(crate) good: Vec<GoodLink>,
    pub(crate) refused: Vec<RefusedLink>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GoodLink {
    pub(crate) name: String,
    pub(crate) host: String,
    pub(crate) link_id: Hex,
    pub(crate) link_key: Hex,
    pub(crate) bytes: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefusedLink {
    pub(crate) name: String,
    pub(crate) bytes: Hex,
    pub(crate) refusal: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ids {
    #[serde(rename = "README")]
    pub(crate) readme: [String; 2],
    pub(crate) good: Vec<GoodId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GoodId {
    pub(crate) seconds: String,
    pub(crate) number: u32,
    pub(crate) id: Hex,
    pub(crate) hash: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entries {
    #[serde(rename = "README")]
    pub(crate) readme: [String; 2],
    pub(crate) good: Vec<GoodEntry>,
    pub(crate) refused_with_key_of_usual: Vec<RefusedEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GoodEntry {
    pub(crate) name: String,
    pub(crate) passphrase: Hex,
    pub(crate) rendezvous_host: String,
    pub(crate) salt: Hex,
    pub(crate) argon2id: Hex,
    pub(crate) key: Hex,
    pub(crate) nonce: Hex,
    pub(crate) link: Hex,
    pub(crate) plain: Hex,
    pub(crate) entry: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefusedEntry {
    pub(crate) name: String,
    pub(crate) entry: Hex,
    pub(crate) refusal: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lines {
    #[serde(rename = "README")]
    pub(crate) readme: [String; 2],
    pub(crate) good: Vec<GoodLine>,
    pub(crate) also_read: Vec<AlsoLine>,
    pub(crate) refused: Vec<RefusedLine>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GoodLine {
    pub(crate) name: String,
    pub(crate) host: String,
    pub(crate) hash: Hex,
    pub(crate) passphrase: Hex,
    pub(crate) line: String,
    pub(crate) joined: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlsoLine {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) line: String,
    pub(crate) passphrase: Option<Hex>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefusedLine {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) refusal: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Buckets {
    #[serde(rename = "README")]
    pub(crate) readme: [String; 2],
    pub(crate) server_secret: Hex,
    pub(crate) key: Hex,
    pub(crate) cases: Vec<Bucket>,
    pub(crate) no_such_bucket: Nothing,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bucket {
    pub(crate) name: String,
    pub(crate) id: Hex,
    pub(crate) hash: Hex,
    pub(crate) entries: Vec<Hex>,
    pub(crate) order: Vec<usize>,
    pub(crate) bucket: Option<Hex>,
    pub(crate) bucket_sha256: Hex,
    pub(crate) link: Option<Hex>,
    pub(crate) refusal: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {
    pub(crate) hash: Hex,
    pub(crate) answer_sha256: Hex,
}

/// Bytes written as hexadecimal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Hex(pub(crate) Vec<u8>);

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(text).map(Self).map_err(Error::custom)
    }
}

impl Hex {
    pub(crate) fn array<const N: usize>(&self) -> [u8; N] {
        self.0.as_slice().try_into().unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.0).unwrap()
    }
}

#[test]
fn the_files_have_every_case() {
    let hosts: Hosts = read("hosts");
    let of_hosts = [
        hosts.good.len(),
        hosts.typed.len(),
        hosts.not_the_one_form.len(),
    ];
    let links: Links = read("links");
    let ids: Ids = read("ids");
    let entries: Entries = read("entries");
    let of_entries = [entries.good.len(), entries.refused_with_key_of_usual.len()];
    let lines: Lines = read("lines");
    let of_lines = [lines.good.len(), lines.also_read.len(), lines.refused.len()];
    let buckets: Buckets = read("buckets");
    assert_eq!(of_hosts, [16, 36, 5]);
    assert_eq!([links.good.len(), links.refused.len()], [5, 14]);
    assert_eq!(ids.good.len(), 6);
    assert_eq!(of_entries, [5, 10]);
    assert_eq!(of_lines, [4, 7, 22]);
    assert_eq!(buckets.cases.len(), 6);
    for readme in [
        hosts.readme,
        links.readme,
        ids.readme,
        entries.readme,
        lines.readme,
        buckets.readme,
    ] {
        assert!(readme[1].contains("spec/11-buckets.md"));
    }
}
