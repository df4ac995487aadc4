"""Known answers for spec/11-buckets.md, from the text of that page alone.

    python3 -m venv venv && venv/bin/pip install cryptography==50.0.2 argon2-cffi==25.1.0
    venv/bin/python vectors/gen/buckets.py

Writes vectors/buckets/*.json, the same bytes on every run. HChaCha20 and the layouts are written out here;
ChaCha20-Poly1305, HKDF and SHA-256 are those of `cryptography` (OpenSSL), Argon2id is the reference C code.
"""

import base64
import hashlib
import ipaddress
import json
import pathlib
import struct

from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

OUT = pathlib.Path(__file__).resolve().parent.parent / "buckets"
MADE_BY = "vectors/gen/buckets.py with cryptography 50.0.2 and argon2-cffi 25.1.0"


# 1. Primitives


def label(purpose):
    return b"entrenous/v1/bucket/" + purpose.encode()


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def drawn(name, count):
    """Bytes that stand for random ones."""
    return hashlib.shake_256(b"buckets vectors: " + name.encode()).digest(count)


def argon2id(passphrase, salt):
    return hash_secret_raw(passphrase, salt, time_cost=3, memory_cost=65536, parallelism=1, hash_len=32, type=Type.ID, version=0x13)


def hkdf(ikm, info, length):
    return HKDF(hashes.SHA512(), length, None, info).derive(ikm)


def hchacha20(key, nonce16):
    def rotate(word, by):
        return (word << by | word >> (32 - by)) & 0xFFFFFFFF

    state = list(struct.unpack("<16I", b"expand 32-byte k" + key + nonce16))

    def quarter(a, b, c, d):
        for x, y, z, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            state[x] = (state[x] + state[y]) & 0xFFFFFFFF
            state[z] = rotate(state[z] ^ state[x], by)

    for _ in range(10):
        quarter(0, 4, 8, 12), quarter(1, 5, 9, 13), quarter(2, 6, 10, 14), quarter(3, 7, 11, 15)
        quarter(0, 5, 10, 15), quarter(1, 6, 11, 12), quarter(2, 7, 8, 13), quarter(3, 4, 9, 14)
    return struct.pack("<8I", *state[:4], *state[12:])


def xseal(key, nonce, message):
    inner = ChaCha20Poly1305(hchacha20(key, nonce[:16]))
    return inner.encrypt(bytes(4) + nonce[16:], message, None)


# The example of draft-irtf-cfrg-xchacha-03, section 2.2.1.
assert hchacha20(bytes(range(32)), bytes.fromhex("000000090000004a0000000031415927")).hex() == (
    "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc"
)


# 2. Objects


def link(host, link_id, link_key, version=1, flags=0):
    name = host if isinstance(host, bytes) else host.encode()
    return bytes([version, len(name)]) + name + link_id + link_key + bytes([flags])


def entry_key(passphrase, host):
    salt = sha256(label("salt"), host.encode())
    stretched = argon2id(passphrase, salt)
    return salt, stretched, hkdf(stretched, label("entry"), 32)


def padded(content):
    return (bytes([len(content)]) + content).ljust(216, b"\0")


def seal(key, nonce, plain):
    entry = nonce + xseal(key, nonce, plain)
    assert len(entry) == 256
    return entry


def bucket_id(seconds, number):
    return struct.pack(">QI", seconds, number)


def bucket_hash(identity):
    return sha256(label("hash"), identity)


def line(host, hashed):
    return f"entrenous:r/{host}/{base64.urlsafe_b64encode(hashed).decode().rstrip('=')}"


PLAIN = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"


def words(passphrase):
    return "".join(chr(b) if b in PLAIN else "+" if b == 32 else f"%{b:02X}" for b in passphrase)


# 3.1 Slots


def arranged(secret, hashed, entries):
    block = hkdf(secret, label("filler") + hashed, 536)
    filler = xseal(block[:32], bytes(24), bytes(16384))[:16384]
    order = list(range(64))
    numbers = iter(struct.unpack(">63Q", block[32:]))
    for i in range(63, 0, -1):
        j = next(numbers) % (i + 1)
        order[i], order[j] = order[j], order[i]
    slots = [filler[256 * i : 256 * i + 256] for i in range(64)]
    for place, entry in zip(order, entries):
        slots[place] = entry
    return order, b"".join(slots)


# Files

LONGEST = ".".join(["a" * 63, "b" * 63, "c" * 22]) + ":65535"  # 63 + 1 + 63 + 1 + 22 + 6 = 156
LINK_ID, LINK_KEY = drawn("link id", 24), drawn("link key", 32)
WORDS = b"able baker candle dove ember fable garden harbor"
AT = "meet.example:7447"
LINK = link("msg.example:443", LINK_ID, LINK_KEY)


def hosts():
    good = [
        "meet.example:7447", "msg.example:443", "a:1", "localhost:7447", "x.localhost:80", "127.0.0.1:7447", "127.9.8.7:1",
        "[::1]:7447", "[2001:db8::1]:65535", "192.0.2.7:8443", "xn--bcher-kva.example:443", "1.example:9", "0x7f.example:9",
        "expyuzz4wqqyqhjn.onion:80", "a-b.example:7447", LONGEST,
    ]

    def local(host):
        name = host.rsplit(":", 1)[0].strip("[]")
        try:
            address = ipaddress.ip_address(name)
            return address == ipaddress.ip_address("::1") or address.version == 4 and name.startswith("127.")
        except ValueError:
            return name == "localhost" or name.endswith((".localhost", ".onion"))

    typed = [
        ("Meet.Example", "meet.example:7447"), ("meet.example", AT), ("MEET.EXAMPLE:443", "meet.example:443"),
        ("[2001:DB8:0:0:0:0:0:1]", "[2001:db8::1]:7447"), ("[0:0::1]:80", "[::1]:80"), ("127.0.0.1", "127.0.0.1:7447"),
        ("meet.example:0443", None), ("meet.example:", None), ("meet.example:0", None), ("meet.example:65536", None),
        ("meet.example.:1", None), (".example:1", None), ("a..b:1", None), ("-a.example:1", None), ("a-.example:1", None),
        ("a_b.example:1", None), ("b\u00fccher.example:1", None), ("1.2.3:1", None), ("0x7f000001:1", None), ("example.1a:1", None), ("1.2.3.4.5:1", None), ("01.2.3.4:1", None),
        ("256.1.1.1:1", None), ("::1", None), ("[::1", None), ("[fe80::1%25eth0]:1", None), ("[1.2.3.4]:1", None), ("", None),
        (":7447", None), ("a b:1", None), ("http://meet.example", None), ("meet.example/x", None), ("me@meet.example", None),
        ("a" * 64 + ".example:1", None), ("c" + LONGEST, None), ("meet.example:+1", None),
    ]
    return {
        "good": [{"host": host, "local": local(host)} for host in good],
        "typed": [{"text": text, "host": host} for text, host in typed],
        "not_the_one_form": ["meet.example", "Meet.example:7447", "[::0001]:1", "[0::1]:1", "meet.example:07447"],
    }


def links():
    good = [("usual", "msg.example:443"), ("shortest", "a:1"), ("longest", LONGEST), ("ipv6", "[2001:db8::1]:7447"), ("onion", "expyuzz4wqqyqhjn.onion:80")]
    bad = [
        ("version 0", link("a:1", LINK_ID, LINK_KEY, version=0), "version"),
        ("version 2", link("a:1", LINK_ID, LINK_KEY, version=2), "version"),
        ("version 2, one byte", b"\x02", "version"),
        ("empty", b"", "length"),
        ("version only", b"\x01", "length"),
        ("a byte short", LINK[:-1], "length"),
        ("a byte long", LINK + b"\0", "length"),
        ("host runs past the end", b"\x01\xff" + LINK[2:], "length"),
        ("flag set", link("a:1", LINK_ID, LINK_KEY, flags=1), "flags"),
        ("no host", link("", LINK_ID, LINK_KEY), "host"),
        ("host without port", link("msg.example", LINK_ID, LINK_KEY), "host"),
        ("upper case", link("Msg.example:443", LINK_ID, LINK_KEY), "host"),
        ("not ascii", link(b"m\xff.example:1", LINK_ID, LINK_KEY), "host"),
        ("host of 157", link("c" + LONGEST, LINK_ID, LINK_KEY), "host"),
    ]
    return {
        "good": [{"name": n, "host": h, "link_id": LINK_ID, "link_key": LINK_KEY, "bytes": link(h, LINK_ID, LINK_KEY)} for n, h in good],
        "refused": [{"name": n, "bytes": b, "refusal": r} for n, b, r in bad],
    }


def ids():
    pairs = [(0, 0), (1795219200, 0), (1795219200, 1), (1795219200, 16), (1795219201, 0), (2**64 - 1, 2**32 - 1)]
    rows = [(seconds, number, bucket_id(seconds, number)) for seconds, number in pairs]
    return {"good": [{"seconds": str(s), "number": n, "id": i, "hash": bucket_hash(i)} for s, n, i in rows]}


def entries():
    cases = []
    for name, passphrase, host, content in [
        ("usual", WORDS, AT, LINK),
        ("other host", WORDS, "127.0.0.1:7447", LINK),
        ("longest link", WORDS, AT, link(LONGEST, LINK_ID, LINK_KEY)),
        ("shortest link, shortest passphrase", b"x", AT, link("a:1", LINK_ID, LINK_KEY)),
        ("passphrase of 512 bytes", "\u00e4".encode() * 256, LONGEST, LINK),
    ]:
        salt, stretched, key = entry_key(passphrase, host)
        nonce = drawn(f"nonce of {name}", 24)
        plain = padded(content)
        cases.append({
            "name": name, "passphrase": passphrase, "rendezvous_host": host, "salt": salt, "argon2id": stretched, "key": key,
            "nonce": nonce, "link": content, "plain": plain, "entry": seal(key, nonce, plain),
        })
    key, usual = cases[0]["key"], cases[0]["entry"]
    bad = []
    for name, plain, refusal in [
        ("length byte 216", b"\xd8" + padded(LINK)[1:], "padding"),
        ("length byte 0", bytes(216), "length"),
        ("a byte behind the link", padded(LINK)[:-1] + b"\x01", "padding"),
        ("a newer version", padded(b"\x02" + LINK[1:]), "version"),
        ("flag set", padded(link("a:1", LINK_ID, LINK_KEY, flags=128)), "flags"),
        ("host in upper case", padded(link("A:1", LINK_ID, LINK_KEY)), "host"),
    ]:
        bad.append({"name": name, "entry": seal(key, drawn(f"nonce of {name}", 24), plain), "refusal": refusal})
    for name, at in [("nonce altered", 0), ("ciphertext altered", 24), ("tag altered", 255)]:
        bad.append({"name": name, "entry": usual[:at] + bytes([usual[at] ^ 1]) + usual[at + 1 :], "refusal": None})
    bad.append({"name": "other key", "entry": cases[1]["entry"], "refusal": None})
    return {"good": cases, "refused_with_key_of_usual": bad}


def lines():
    hashed = bucket_hash(bucket_id(1795219200, 1))
    usual = line(AT, hashed)
    tail = usual.rsplit("/", 1)[1]
    good = []
    for name, host, passphrase in [
        ("usual", AT, WORDS), ("ipv6", "[2001:db8::1]:443", WORDS), ("longest host", LONGEST, b"x"), ("chosen", AT, "gr\u00fc\u00df+dich 100% ~_.-#/".encode()),
    ]:
        text = line(host, hashed)
        good.append({"name": name, "host": host, "hash": hashed, "passphrase": passphrase, "line": text, "joined": f"{text}#{words(passphrase)}"})
    also = [
        ("white space around", f" \t{usual}\r\n", usual, None),
        ("scheme in upper case", usual.replace("entrenous:", "ENTRENOUS:"), usual, None),
        ("host in upper case", usual.replace("meet", "MEET"), usual, None),
        ("no port", usual.replace(":7447", ""), usual, None),
        ("small hexadecimal", usual + "#%c3%a4", usual, "\u00e4".encode()),
        ("needless escape", usual + "#%61b", usual, b"ab"),
        ("512 bytes", usual + "#" + "a" * 512, usual, b"a" * 512),
    ]
    bad = [
        ("empty", "", "scheme"), ("other scheme", "https://meet.example/", "scheme"), ("a contact card", "entrenous:c/AAAA", "scheme"),
        ("path in upper case", usual.replace(":r/", ":R/"), "scheme"), ("scheme only", "entrenous:r/", "hash"),
        ("no hash", "entrenous:r/" + AT, "hash"), ("no host", "entrenous:r//" + tail, "host"), ("bad host", "entrenous:r/a_b:1/" + tail, "host"),
        ("hash too short", usual[:-1], "hash"), ("hash too long", usual + "A", "hash"), ("padded hash", usual + "=", "hash"),
        ("spare bits", usual[:-1] + chr(ord(usual[-1]) + 1), "hash"), ("other alphabet", "entrenous:r/" + AT + "/+" + tail[1:], "hash"),
        ("empty words", usual + "#", "words"), ("space in words", usual + "#a b", "words"), ("cut escape", usual + "#%4", "words"),
        ("wrong escape", usual + "#%zz", "words"), ("not utf-8", usual + "#%ff", "words"), ("raw utf-8", usual + "#\u00e4", "words"),
        ("second mark", usual + "#a#b", "words"), ("513 bytes", usual + "#" + "a" * 513, "words"),
        ("2049 bytes", usual + "#" + "a" * (2049 - len(usual) - 1), "length"),
    ]
    return {
        "good": good,
        "also_read": [{"name": n, "text": t, "line": l, "passphrase": p} for n, t, l, p in also],
        "refused": [{"name": n, "text": t, "refusal": r} for n, t, r in bad],
    }


def buckets():
    secret = drawn("server secret", 32)
    _, _, key = entry_key(WORDS, AT)
    own = seal(key, drawn("nonce of a searched one", 24), padded(LINK))
    newer = seal(key, drawn("nonce of a newer one", 24), padded(b"\x02"))
    others = [drawn(f"other entry {n}", 256) for n in range(64)]
    cases = []
    for name, number, left, found, refusal in [
        ("one entry", 0, [own], LINK, None),
        ("three entries", 1, [*others[:2], own], LINK, None),
        ("full, last", 2, [*others[:63], own], LINK, None),
        ("full, without it", 3, others, None, "no_invitation"),
        ("only the others", 4, others[:7], None, "no_invitation"),
        ("a newer link", 5, [others[0], newer], None, "link_version"),
    ]:
        identity = bucket_id(1795219200, number)
        order, content = arranged(secret, bucket_hash(identity), left)
        cases.append({
            "name": name, "id": identity, "hash": bucket_hash(identity), "entries": left, "order": order,
            "bucket": content if len(left) == 1 else None, "bucket_sha256": sha256(content), "link": found, "refusal": refusal,
        })
    missing = drawn("unknown hash", 32)
    _, nothing = arranged(secret, missing, [])
    return {
        "server_secret": secret, "key": key, "cases": cases,
        "no_such_bucket": {"hash": missing, "answer_sha256": sha256(b"\2", nothing)},
    }


README = {
    "hosts": "Section 2.1. good: the one form, and whether the host is local. typed: what a person may type, and what it becomes; null: refused. not_the_one_form: refused inside a connection link.",
    "links": "Section 2.2. good: the parts and their bytes. refused: bytes, and the name of the refusal.",
    "ids": "Section 2: bucket ids and hashes. seconds is a decimal text, as it may not fit a double.",
    "entries": "Section 2.3, every step. refused_with_key_of_usual: entries tried with the key of the first case; refusal null: it does not open.",
    "lines": "Section 2.4. good: printed and read. also_read: read only, with the line as it would be printed; passphrase null: the line has no words. refused: with the name of the refusal.",
    "buckets": "Section 3.1 and 4.2. entries in order of arrival, the order of the slots, the bucket (whole for the first case, its SHA-256 for all), and what a search with key gives: link, or the name of the failure. no_such_bucket: the whole answer to fetch.",
}


def plain(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value


def main():
    for made in (hosts, links, ids, entries, lines, buckets):
        name = made.__name__
        whole = {"README": [README[name], f"spec/11-buckets.md. Bytes are hexadecimal. Made by {MADE_BY}."], **plain(made())}
        (OUT / f"{name}.json").write_text(json.dumps(whole, indent=1, ensure_ascii=True) + "\n")


main()
