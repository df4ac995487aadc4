"""Writes vectors/vault/vault.json: headers, rows, heads, marks and backups of spec 16, made here.

Run in the root of the repository: python3 vectors/gen/vault.py
Argon2id and ChaCha20-Poly1305 come from `cryptography`; XChaCha20 is built on the latter here.
"""

import hashlib
import hmac
import json
import struct

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

LABEL = b"entrenous/v1/vault/"


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def hkdf(ikm, salt, info):
    """One block is enough: 32 bytes."""
    return mac(mac(salt, ikm), info + b"\x01")


def hchacha20(key, nonce):
    state = list(struct.unpack("<16I", b"expand 32-byte k" + key + nonce))

    def rotate(n, by):
        return (n << by | n >> 32 - by) & 0xFFFFFFFF

    def quarter(a, b, c, d):
        for first, second, third, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            state[first] = state[first] + state[second] & 0xFFFFFFFF
            state[third] = rotate(state[third] ^ state[first], by)

    for _ in range(10):
        for column in range(4):
            quarter(column, column + 4, column + 8, column + 12)
        for shift in range(4):
            quarter(shift, 4 + (shift + 1) % 4, 8 + (shift + 2) % 4, 12 + (shift + 3) % 4)
    return struct.pack("<8I", *state[:4], *state[12:])


def seal(key, nonce, text, data=b""):
    box = ChaCha20Poly1305(hchacha20(key, nonce[:16]))
    return box.encrypt(bytes(4) + nonce[16:], text, data or None)


def fill(seed, length):
    return bytes((seed + i) % 256 for i in range(length))


def le16(n):
    return n.to_bytes(2, "little")


def le32(n):
    return n.to_bytes(4, "little")


def le64(n):
    return n.to_bytes(8, "little")


# 3.2
def wrap(store, number, key, salt, nonce):
    if "passphrase" in key:
        kind, (memory, passes) = 1, key["cost"]
        start = salt + le32(memory) + le32(passes)
        stretch = Argon2id(salt=salt, length=32, iterations=passes, lanes=1, memory_cost=memory)
        wrapping = stretch.derive(bytes.fromhex(key["passphrase"]))
    else:
        kind, start = 2, salt
        wrapping = hkdf(bytes.fromhex(key["key_file"]), salt, LABEL + b"key-file")
    data = LABEL + b"wrap" + store["id"] + le16(number) + bytes([kind]) + start
    return number, kind, start + nonce + seal(wrapping, nonce, store["key"], data)


# 3.1
def header(ident, next_number, wraps, count=None, magic=b"entrenous-vault\0", version=1, tail=b"", check=None):
    out = magic + le16(version) + ident + le16(next_number)
    out += bytes([len(wraps) if count is None else count])
    for number, kind, body in wraps:
        out += le16(number) + bytes([kind]) + le16(len(body)) + body
    out += tail
    return out + (hashlib.sha256(out).digest()[:16] if check is None else check)


store = {"key": fill(0xC0, 32), "id": fill(0x10, 16)}
sub = {name: hkdf(store["key"], store["id"], LABEL + name.encode()) for name in ("names", "records", "head", "set", "mark")}
passphrase = {"passphrase": "correct horse".encode().hex(), "cost": [64, 2]}
other = {"passphrase": "größer".encode().hex(), "cost": [8, 1]}
key_file = {"key_file": fill(0x70, 32).hex()}
wraps = [wrap(store, 1, passphrase, fill(1, 16), fill(2, 24)), wrap(store, 4, key_file, fill(3, 16), fill(4, 24))]
wraps += [(5, 3, le16(4) + b"here" + fill(9, 88)), wrap(store, 6, other, fill(5, 16), fill(6, 24))]
whole = header(store["id"], 9, wraps)


def refused(name, data):
    return {"name": name, "hex": data.hex()}


one = wraps[1:2]
flipped = bytes([whole[40] ^ 1])
heavy = (1, 1, fill(1, 16) + le32((1 << 20) + 1) + le32(1) + fill(0, 72))
light = (1, 1, fill(1, 16) + le32(7) + le32(1) + fill(0, 72))
lazy = (1, 1, fill(1, 16) + le32(8) + le32(0) + fill(0, 72))
eager = (1, 1, fill(1, 16) + le32(8) + le32(65) + fill(0, 72))
headers_refused = [
    refused("nothing", b""),
    refused("only a check", hashlib.sha256(b"").digest()[:16]),
    refused("a flipped byte", whole[:40] + flipped + whole[41:]),
    refused("another check", header(store["id"], 9, wraps, check=bytes(16))),
    refused("another magic", header(store["id"], 9, wraps, magic=b"entrenous-vault1")),
    refused("a later format", header(store["id"], 9, wraps, version=2)),
    refused("no wrap", header(store["id"], 9, [])),
    refused("nine wraps", header(store["id"], 99, [(n, 9, b"") for n in range(9)])),
    refused("fewer wraps than counted", header(store["id"], 9, one, count=2)),
    refused("more wraps than counted", header(store["id"], 9, wraps, count=3)),
    refused("a byte left over", header(store["id"], 9, one, tail=b"\0")),
    refused("a number twice", header(store["id"], 9, [one[0], one[0]])),
    refused("numbers that fall", header(store["id"], 9, [wraps[3], wraps[1]])),
    refused("a number that is still to come", header(store["id"], 4, one)),
    refused("too much memory", header(store["id"], 9, [heavy])),
    refused("too little memory", header(store["id"], 9, [light])),
    refused("no pass", header(store["id"], 9, [lazy])),
    refused("too many passes", header(store["id"], 9, [eager])),
    refused("a wrap that is short", header(store["id"], 9, [(1, 2, one[0][2][:-1])])),
    refused("a wrap that is long", header(store["id"], 9, [(1, 2, one[0][2] + b"\0")])),
    refused("4,097 bytes", header(store["id"], 9, [(1, 9, bytes(4097 - 16 - 2 - 16 - 2 - 1 - 5 - 16))])),
]
longest = header(store["id"], 9, [(1, 9, bytes(4096 - 16 - 2 - 16 - 2 - 1 - 5 - 16))])


# 4.1, 4.2
def row_name(kind, name):
    return mac(sub["names"], b"\0" + le16(kind))[:8] + mac(sub["names"], b"\1" + le16(kind) + name)[:24]


def record(revision, kind, version, name, body, nonce):
    text = le64(revision) + le16(kind) + le16(version) + le16(len(name)) + name + le32(len(body)) + body
    text += bytes(-len(text) % 64)
    row = row_name(kind, name)
    sealed = seal(sub["records"], nonce, text, row)
    return {
        "revision": revision,
        "kind": kind,
        "version": version,
        "name": name.hex(),
        "body": body.hex(),
        "nonce": nonce.hex(),
        "row_name": row.hex(),
        "seal": (nonce + sealed[-16:]).hex(),
        "sealed": sealed[:-16].hex(),
        "item": mac(sub["set"], row + nonce + sealed[-16:]).hex(),
    }


records = [
    record(2, 0xFF00, 1, b"a", b"first", fill(0x20, 24)),
    record(3, 0xFF00, 1, b"", b"", fill(0x21, 24)),
    record(3, 0xFF01, 7, b"a", fill(0, 46 - 1), fill(0x22, 24)),
    record(5, 0xFF01, 0xFFFF, "Zoë".encode(), fill(9, 300), fill(0x23, 24)),
    record(5, 0xFF02, 1, b"edge", fill(1, 64 - 18 - 4), fill(0x24, 24)),
]


# 4.3
def head(revision, restored, rows, header_bytes, nonce):
    total = bytes(32)
    for row in rows:
        total = bytes(a ^ b for a, b in zip(total, bytes.fromhex(row["item"])))
    text = le64(revision) + le64(restored) + le64(len(rows)) + total + hashlib.sha256(header_bytes).digest()
    return nonce + seal(sub["head"], nonce, text)


heads = [
    {
        "revision": revision,
        "restored": restored,
        "records": count,
        "nonce": nonce.hex(),
        "hex": head(revision, restored, records[:count], whole, nonce).hex(),
    }
    for revision, restored, count, nonce in [(1, 0, 0, fill(0x30, 24)), (5, 2, len(records), fill(0x31, 24))]
]

# 4.4
marks = [{"revision": n, "hex": (le64(n) + mac(sub["mark"], le64(n))).hex()} for n in (1, 0x0102030405060708)]


# 6
def backup(salt, revision, items, count=None, behind=b"", cut=0, kind_byte=b"\1"):
    start = b"entrenous-backup" + le16(1) + salt + le16(len(whole)) + whole
    key = hkdf(store["key"], salt, LABEL + b"backup" + hashlib.sha256(start).digest())
    text = b""
    for item_revision, kind, version, name, body in items:
        text += kind_byte + le64(item_revision) + le16(kind) + le16(version) + le16(len(name)) + name
        text += le32(len(body)) + body
    text += b"\0" + le64(revision) + le64(len(items) if count is None else count) + behind
    text = text[: len(text) - cut]
    chunks = [text[at : at + 65536] for at in range(0, len(text), 65536)]
    sealed = (
        seal(key, le64(i) + bytes([i == len(chunks) - 1]) + bytes(15), chunk) for i, chunk in enumerate(chunks)
    )
    return start + b"".join(sealed)


def in_backup(items):
    """Records by the rule that their body is `fill(seed, length)`."""
    return [
        {"revision": revision, "kind": kind, "version": version, "name": name.hex(), "seed": seed, "length": length}
        for revision, kind, version, name, seed, length in items
    ]


def backup_case(name, salt, revision, items):
    rows = sorted(items, key=lambda item: row_name(item[1], item[3]))
    data = backup(salt, revision, [(*item[:4], fill(*item[4:])) for item in rows])
    return {
        "name": name,
        "salt": salt.hex(),
        "revision": revision,
        "records": in_backup(rows),
        "length": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "hex": data.hex() if len(data) < 2_000 else "",
    }


end = 1 + 8 + 8
per = 1 + 8 + 2 + 2 + 2 + 4
few = [(2, 0xFF00, 1, b"a", 1, 5), (3, 0xFF01, 2, b"", 2, 0)]
backups = [
    backup_case("empty", fill(0x40, 32), 1, []),
    backup_case("two records", fill(0x41, 32), 3, few),
    backup_case("a record over three chunks", fill(0x42, 32), 9, [(2, 0xFF00, 1, b"long", 3, 140_000)]),
    backup_case("exactly two chunks", fill(0x43, 32), 9, [(2, 0xFF00, 1, b"", 4, 2 * 65_536 - end - per)]),
    backup_case("one byte in the second chunk", fill(0x44, 32), 9, [(2, 0xFF00, 1, b"", 5, 65_537 - end - per)]),
]
item = [(2, 0xFF00, 1, b"a", b"first")]
salt = fill(0x50, 32)
good = backup(salt, 3, item)
backups_refused = [
    refused("one record too many counted", backup(salt, 3, item, count=2)),
    refused("one record too few counted", backup(salt, 3, item, count=0)),
    refused("a byte behind the end", backup(salt, 3, item, behind=b"\0")),
    refused("no end", backup(salt, 3, item, cut=end)),
    refused("half an end", backup(salt, 3, item, cut=1)),
    refused("an item of another sort", backup(salt, 3, item, kind_byte=b"\2")),
    refused("a name over its limit", backup(salt, 3, [(2, 0xFF00, 1, bytes(1025), b"")])),
    refused("no chunk", good[: 52 + len(whole)]),
    refused("cut", good[:-1]),
    refused("lengthened", good + b"\0"),
    refused("another magic", b"entrenous-vault\0" + good[16:]),
    refused("a later format", good[:16] + le16(2) + good[18:]),
    refused("another salt", good[:18] + fill(0x51, 32) + good[50:]),
]

file = {
    "README": "Spec 16. `store` is one store: data key, id, the keys derived from them, and its header with all its wraps; `keys` opens it, each by "
    "the wrap with that number. `salts` are salt and nonce of the wraps 1, 4 and 6; wrap 5 is of a kind not known. `records` are rows; `sealed` is "
    "the body in the database, `item` what the row adds to the hash of all rows. `heads` are over the first `records` of them. A `body` in `backups` "
    "is `length` bytes that count up from `seed`, modulo 256; `hex` is left out where it is long. `refused`: what a reader must take for damage.",
    "store": {
        "data_key": store["key"].hex(),
        "id": store["id"].hex(),
        "subkeys": {name: key.hex() for name, key in sub.items()},
        "header": whole.hex(),
        "next": 9,
        "longest_header": longest.hex(),
    },
    "keys": [{"number": 1, **passphrase}, {"number": 4, **key_file}, {"number": 6, **other}],
    "salts": [
        {"number": 1, "salt": fill(1, 16).hex(), "nonce": fill(2, 24).hex()},
        {"number": 4, "salt": fill(3, 16).hex(), "nonce": fill(4, 24).hex()},
        {"number": 6, "salt": fill(5, 16).hex(), "nonce": fill(6, 24).hex()},
    ],
    "headers_refused": headers_refused,
    "records": records,
    "heads": heads,
    "marks": marks,
    "backups": backups,
    "backups_refused": backups_refused,
}
with open("vectors/vault/vault.json", "w", encoding="utf-8", newline="\n") as out:
    json.dump(file, out, indent=1, ensure_ascii=False)
    out.write("\n")
