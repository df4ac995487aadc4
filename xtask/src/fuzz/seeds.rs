//! First inputs for the fuzz targets, from the vectors and by hand: a fuzzer does not guess a curve.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::steps;

/// Writes the seeds of `target` into its corpus.
///
/// # Errors
///
/// A vector file has lost what is taken from it, or the corpus cannot be written.
pub(crate) fn sow(target: &str, corpus: &Path) -> Result<()> {
    fs::create_dir_all(corpus)?;
    let mut count = 0_usize;
    for (_, file, pointer) in SEEDS.iter().filter(|(name, ..)| *name == target) {
        let text = fs::read_to_string(steps::root().join("vectors").join(file))?;
        let vectors: Value = serde_json::from_str(&text)?;
        let part = vectors.pointer(pointer);
        let part = part.with_context(|| format!("{file} has no {pointer}"))?;
        let mut seeds = Vec::new();
        gather(part, &mut seeds);
        ensure!(!seeds.is_empty(), "{file} has no bytes at {pointer}");
        for seed in seeds {
            fs::write(corpus.join(format!("seed-{count:04}")), seed)?;
            count = count.saturating_add(1);
        }
    }
    for (_, start, round, rounds) in SCRIPTS.iter().filter(|(name, ..)| *name == target) {
        let script = format!("{start}{}", round.repeat(*rounds));
        let script = bytes(&script).context("a script is hexadecimal")?;
        fs::write(corpus.join(format!("script-{start}")), script)?;
    }
    let texts = TEXTS.iter().filter(|(name, _)| *name == target);
    for (number, (_, text)) in texts.enumerate() {
        fs::write(corpus.join(format!("text-{number}")), text)?;
    }
    Ok(())
}

/// All hexadecimal strings below `value`, as bytes.
fn gather(value: &Value, seeds: &mut Vec<Vec<u8>>) {
    match value {
        Value::String(text) => seeds.extend(bytes(text)),
        Value::Array(values) => values.iter().for_each(|value| gather(value, seeds)),
        Value::Object(fields) => fields.values().for_each(|value| gather(value, seeds)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

/// Target, file below `vectors/`, and where in it the bytes are.
const SEEDS: &[(&str, &str, &str)] = &[
    (
        "board_records",
        "rendezvous/reunion.json",
        "/http_captured/events",
    ),
    ("bucket_links", "buckets/links.json", "/good"),
    ("bucket_links", "buckets/links.json", "/refused"),
    ("bucket_links", "buckets/entries.json", "/good"),
    ("identity_decoders", "identity/card.json", "/good"),
    ("identity_decoders", "identity/card.json", "/refused"),
    ("identity_decoders", "identity/chain.json", "/good"),
    ("identity_decoders", "identity/chain.json", "/refused"),
    ("identity_decoders", "identity/devices.json", "/good"),
    ("identity_decoders", "identity/devices.json", "/refused"),
    (
        "identity_decoders",
        "identity/introductions.json",
        "/opened/0",
    ),
    (
        "identity_decoders",
        "identity/introductions.json",
        "/opened/1",
    ),
    (
        "ctidh_keys",
        "ctidh/ctidh.json",
        "/ctidh1024/public_key_checks",
    ),
    (
        "ctidh_keys",
        "ctidh/ctidh.json",
        "/ctidh1024/private_key_checks",
    ),
    (
        "ctidh_keys",
        "ctidh/ctidh.json",
        "/ctidh511/public_key_checks",
    ),
    (
        "ctidh_keys",
        "ctidh/ctidh.json",
        "/ctidh511/private_key_checks",
    ),
    (
        "hidden_key",
        "rendezvous/reunion.json",
        "/primitives/unelligator",
    ),
    (
        "session",
        "rendezvous/reunion.json",
        "/multicast_captured/events",
    ),
    ("hidden_key", "rendezvous/reunion.json", "/primitives/aead"),
    ("vault_formats", "vault/vault.json", "/store"),
    ("vault_formats", "vault/vault.json", "/headers_refused"),
    ("vault_formats", "vault/vault.json", "/backups"),
    ("vault_formats", "vault/vault.json", "/backups_refused"),
    ("wire", "wire/frames.json", "/good"),
    ("wire", "wire/frames.json", "/bad"),
];

/// Target, how its script starts, one round of steps, how many rounds: all goes well.
const SCRIPTS: &[(&str, &str, &str, usize)] = &[
    // The key is there, an id comes, then buckets with the entry and more and more others.
    (
        "bucket_people",
        "02",
        "000001020200022407FF0200060002F007ff0600",
        3,
    ),
    // A bucket with the entry, then the key.
    ("bucket_people", "01", "01000000", 1),
    // The four oldest datagrams arrive, a second passes; a fixed token, a random one.
    ("broker", "00", "02000200020002000008", 30),
    ("broker", "01", "02000200020002000008", 30),
    // All frames of an opening come; each side says something, and hears; four seconds pass. Two of ours,
    // then one who speaks Kamune, then one behind a relay.
    ("channel", "0000", CHANNEL, 6),
    ("channel", "0100", CHANNEL, 6),
    ("channel", "0203", CHANNEL, 3),
    // Two devices, a move, a rotation by recovery, a third device, one removed, closed by recovery.
    (
        "identity_chains",
        "01000000040400",
        "010001000004010001010000000404000001000404000101000201000402010100010104040002000004040004",
        1,
    ),
    // Both write, what is on the way arrives, both read, 80 ms pass.
    (
        "kcp",
        "0007",
        "000408aabbccddeeff0011010405aabbccddee0001000101000001000100010000050101050100000a010000",
        12,
    ),
    // The same with forgeries: a push, an ack, a changed byte.
    (
        "kcp",
        "0103",
        "000408aabbccddeeff0011000800200000000001aa01080105010100000006060100010100010100000a",
        8,
    ),
    // Each node works, the three oldest datagrams arrive, a second passes.
    ("lan", "", "000601060206000100000100000100000010", 12),
    // A place; a message, one of ours, a ping.
    (
        "relay_client",
        RELAY_CLIENT,
        "01020300010203050300000000010303ff",
        4,
    ),
    // The friend's T1, T2 and T3; the stranger's T2.
    ("session", "", "0000030005000b00", 1),
    // Two come, one creates, one joins; each says something, and reads.
    ("switch", SWITCH, "060110000900060020000901", 6),
    // One offers a file of one chunk, or of three.
    ("transfer", "00080500000000", TRANSFER_ONE, 2),
    ("transfer", "00081300000000", TRANSFER_THREE, 2),
    // One record and the end.
    (
        "vault_formats",
        "01020000000000000000ff0100010061050000006669727374",
        "0003000000000000000100000000000000",
        1,
    ),
    // Each node works, what it posts is taken, it gets the news, two seconds pass; both boards.
    ("visit", "00", VISIT, 40),
    ("visit", "01", VISIT, 12),
];

const CHANNEL: &str = "00000100000000000100000001000000010001000000\
     00070a01070a0008aa050108bb030000010000000100";

/// It is accepted, read, carried, written; the receiver starts again.
const TRANSFER_ONE: &str = "010905010001000003000000000105010001000107000000000100";
/// The same three times; the sender starts again.
const TRANSFER_THREE: &str = "01091301000100000300000000010501000100000300000000\
     0105010001000003000000000105010001000007010001000000";

/// Target, and a text that it takes.
const TEXTS: &[(&str, &str)] = &[
    ("addresses", "https://board.example.org:7447/a/b/"),
    ("addresses", "http://[::1]:80"),
    ("addresses", "socks5h://user:password@127.0.0.1:9050"),
    (
        "board_answers",
        "HTTP/1.1 200 OK\r\nentrenous-cursor: 7\r\ncontent-length: 4\r\n\r\nnews",
    ),
    (
        "board_answers",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nentrenous-cursor: 1\r\n\r\n1\r\nx\r\n0\r\n\r\n",
    ),
    (
        "board_answers",
        "HTTP/1.1 429 Too Many Requests\r\nretry-after: 60\r\n\r\n",
    ),
    ("board_answers", "HTTP/1.1 204 No Content\r\n\r\n"),
    (
        "bucket_lines",
        "entrenous:r/meet.example:7447/ZuFaoWfN7N433Q6mJL0brZeaUxBU1KelzH3bU-6uBAY",
    ),
    (
        "bucket_lines",
        "entrenous:r/[2001:db8::1]:443/ZuFaoWfN7N433Q6mJL0brZeaUxBU1KelzH3bU-6uBAY#gr%C3%BC+x",
    ),
    ("bucket_lines", "127.0.0.1:80"),
    (
        "share_links",
        "relay://a.example:80?token=000102030405060708090a0b0c0d0e0f&scheme=wss&password=1&insecure=true",
    ),
    (
        "share_links",
        "udp://[2001:db8::1]:9000?fp=_RENMB0vB33hQUuPmfRBsUA_qyB7IFL70sBl5O6OfcI",
    ),
    ("share_links", "tls://192.0.2.1?insecure=true"),
    (
        "server_config",
        "listen = [\"127.0.0.1:7447\", \"[::1]:80\"]\nadmin = \"\"\nbehind_proxy = true\n\
         trusted_proxies = [\"10.0.0.0/8\", \"::1\"]\ndrain = \"90s\"\n",
    ),
    (
        "server_config",
        "[tls]\ncert = \"a\"\nkey = 'b'\n[log]\nformat = \"json\"\nlevel = \"debug\"\n\
         [limits]\nlifetime = \"2h\"\nbody = \"64KiB\"\nboard.records = 7\nserver.size = \"2GiB\"\n",
    ),
];

/// A random token, no password; registered.
const RELAY_CLIENT: &str = "00000101100a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0000000000000000";
/// No password; two exchanges; a token of the first one's own, joined by the second.
const SWITCH: &str = "00000000010100000101010400010104010201";
const VISIT: &str = "000101010201000201020202000301030203000020010020020020";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_strings_are_found_wherever_they_are() {
        let value = serde_json::json!({"a": ["00ff", 7, {"b": "10"}], "c": "a name", "d": null});
        let mut seeds = Vec::new();
        gather(&value, &mut seeds);
        assert_eq!(seeds, [vec![0, 255], vec![16]]);
    }
}
