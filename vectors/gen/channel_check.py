"""Derives vectors/channel/go.json a second time: every key and token from the secrets that it
gives, and every frame, envelope and packet opened with them. Nothing is written.

Run in the root of the repository: python3 vectors/gen/channel_check.py (needs `cryptography`)
"""

import hashlib
import hmac
import json
import struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

TO_SERVER = b"kamune/handshake/client-to-server/v1/"
TO_CLIENT = b"kamune/handshake/server-to-client/v1/"
raw = bytes.fromhex


def extract(salt, secret):
    return hmac.new(salt or bytes(64), secret, "sha512").digest()


def expand(key, info, length=32):
    out = block = b""
    while len(out) < length:
        block = hmac.new(key, block + info + bytes([len(out) // 64 + 1]), "sha512").digest()
        out += block
    return out[:length]


def hkdf(secret, salt, info):
    return expand(extract(salt, secret), info)


def rotate(x, n):
    return (x << n | x >> 32 - n) & 0xFFFFFFFF


def hchacha(key, nonce):
    x = list(struct.unpack("<16I", b"expand 32-byte k" + key + nonce))
    columns = [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)]
    diagonals = [(0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]
    for _ in range(10):
        for a, b, c, d in columns + diagonals:
            for to, other, mixed, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                x[to] = (x[to] + x[other]) & 0xFFFFFFFF
                x[mixed] = rotate(x[mixed] ^ x[to], by)
    return struct.pack("<8I", *x[:4], *x[12:])


def xchacha_open(key, sealed, context=None):
    inner = ChaCha20Poly1305(hchacha(key, sealed[:16]))
    return inner.decrypt(bytes(4) + sealed[16:24], sealed[24:], context)


def hpke_keys(shared):
    suite = b"HPKE" + raw("647a00030003")

    def labelled(salt, label, secret):
        return extract(salt, b"HPKE-v1" + suite + label + secret)

    context = b"\0" + labelled(b"", b"psk_id_hash", b"") + labelled(b"", b"info_hash", b"")
    secret = labelled(shared, b"secret", b"")
    return [
        expand(secret, struct.pack(">H", n) + b"HPKE-v1" + suite + label + context, n)
        for label, n in ((b"key", 32), (b"base_nonce", 12))
    ]


def hpke_open(keys, sequence, sealed):
    nonce = bytes(a ^ b for a, b in zip(keys[1], struct.pack(">IQ", 0, sequence)))
    return ChaCha20Poly1305(keys[0]).decrypt(nonce, sealed, None)


def fields(data):
    """The last value of each field of a protobuf message."""
    found, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            value |= (data[at] & 127) << shift
            shift += 7
            at += 1
            if data[at - 1] < 128:
                return value

    while at < len(data):
        tag = varint()
        value = varint()
        if tag & 7 == 2:
            value, at = data[at : at + value], at + value
        found[tag >> 3] = value
    return found


def uvarint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def envelope(opened, expected, key):
    got = fields(opened)
    data, signature, metadata = got.get(1, b""), got[2], got[3]
    assert [data.hex(), metadata.hex(), signature.hex()] == [
        expected["data"], expected["metadata"], expected["signature"]
    ]
    assert len(got.get(4, b"")) == expected["padding_bytes"]
    assert len(opened) == expected["envelope_bytes"]
    signed = b"kamune/transport-sign/v1" + uvarint(len(metadata)) + metadata + data
    Ed25519PublicKey.from_public_bytes(raw(key)[12:]).verify(signature, signed)


def connection(c, keys, public, session_id):
    """Both handshakes and all frames; `keys` are the HPKE keys of who sends."""
    secret, asked, answered = raw(c["mlkem_secret"]), c["request"], c["answer"]
    transcript = hashlib.sha256(b"kamune/handshake/v1")
    for half in (asked, answered):
        for part in (raw(half["key"]), raw(half["salt"]), half["session_key"].encode()):
            transcript.update(struct.pack(">I", len(part)) + part)
    transcript = transcript.digest()
    assert transcript.hex() == c["transcript"]
    session = {}
    for who, half, label in (("initiator", asked, TO_SERVER), ("responder", answered, TO_CLIENT)):
        session[who] = hkdf(secret, raw(half["salt"]), label + session_id)
        challenge = hkdf(secret, b"", session_id + b"|" + label + b"|" + transcript)
        assert session[who].hex() == c["key_" + who]
        assert challenge.hex() == c["challenge_" + who]
    root = hkdf(secret, session_id, b"kamune/resumption-root/v1")
    assert root.hex() == c["resumption_root"]
    for i, token in enumerate(c["resumption_tokens"]):
        assert hkdf(root, b"", b"kamune/resumption/token/v1/" + struct.pack(">I", i)).hex() == token
    assert len(c["resumption_tokens"]) == 20
    sequence = {"initiator": 0, "responder": 0}
    for f in c["frames"][3:]:
        opened, who = raw(f["frame"]), f["from"]
        if f["number"] <= 11:
            opened = hpke_open(keys[who], sequence[who], opened)
            sequence[who] += 1
        if f["number"] >= 8:
            opened = xchacha_open(session[who], opened)
        envelope(opened, f["envelope"], public[who])
    return len(c["frames"])


def main():
    with open("vectors/channel/go.json", encoding="utf-8") as file:
        v = json.load(file)
    c = v["connection"]
    public = {who: c[who]["public_key"] for who in ("initiator", "responder")}
    keys = {}
    for who, hpke in (("initiator", c["hpke_to_responder"]), ("responder", c["hpke_to_initiator"])):
        keys[who] = hpke_keys(raw(hpke["shared_secret"]))
        assert [key.hex() for key in keys[who]] == [hpke["key"], hpke["base_nonce"]]
    frames = connection(c, keys, public, c["session_id"].encode())
    for case in v["envelopes"]["cases"]:
        envelope(raw(case["envelope"]), case, public["initiator"])
    pool = v["pool"]
    own, other = raw(pool["secrets"][0]), raw(pool["public_keys"][1])
    shared = X25519PrivateKey.from_private_bytes(own).exchange(X25519PublicKey.from_public_bytes(other))
    assert shared.hex() == pool["shared"]
    for i, token in enumerate(pool["tokens"]):
        assert expand(shared, b"kamune/relay-reconnect/v1/" + struct.pack(">I", i)).hex() == token
    for case in v["static_tokens"]:
        both = b"".join(sorted(map(raw, case["keys"])))
        assert hashlib.sha256(both).hexdigest() == case["token"]
    for case in v["broker"]:
        if "key" in case:
            packet, own = raw(case["packet"]), raw(case["recipient_secret"])
            theirs = X25519PublicKey.from_public_bytes(packet[6:38])
            shared = X25519PrivateKey.from_private_bytes(own).exchange(theirs)
            key = hashlib.sha256(shared).digest()
            assert key.hex() == case["key"]
            assert xchacha_open(key, packet[38:], packet[:38]).hex() == case["opened"]
    print(f"{frames} frames and all else derived alike")


main()
