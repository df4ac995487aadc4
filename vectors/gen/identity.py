#!/usr/bin/env python3
"""Known answers of chapter 15, by a second implementation of spec/15-identity.md.

    python3 vectors/gen/identity.py [--check]

Writes vectors/identity/*.json, or with --check says whether they are what it would write. Needs Python 3.11 and
`pip install cryptography==50.0.2 dilithium-py==1.5.1` (Ed25519 and X25519; ML-DSA-65). All else is written here.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from dilithium_py.ml_dsa import ML_DSA_65

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / "core/identity/data"
OUT = ROOT / "vectors/identity"
SOURCE = (
    "vectors/gen/identity.py, a second implementation of spec/15-identity.md in Python 3.11; "
    "Ed25519 and X25519 of cryptography 50.0.2, ML-DSA-65 of dilithium-py 1.5.1"
)


# --- section 1: primitives and encoding

def label(name):
    return b"entrenous/v1/identity/" + name.encode()


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def hkdf(ikm, info, length=32):
    prk = hmac.new(bytes(32), ikm, hashlib.sha256).digest()
    out, block, n = b"", b"", 1
    while len(out) < length:
        block = hmac.new(prk, block + info + bytes([n]), hashlib.sha256).digest()
        out, n = out + block, n + 1
    return out[:length]


def le16(n):
    return n.to_bytes(2, "little")


def le32(n):
    return n.to_bytes(4, "little")


def le64(n):
    return n.to_bytes(8, "little")


def bytes8(data):
    return bytes([len(data)]) + data


def bytes16(data):
    return le16(len(data)) + data


def seed(text):
    """Test seeds are hashes of a name, so that nobody takes one for a real key."""
    return sha256(b"test seed ", text.encode())


class Ed:
    def __init__(self, secret):
        self.secret = secret
        self.private = Ed25519PrivateKey.from_private_bytes(secret)
        self.public = self.private.public_key().public_bytes_raw()

    def sign(self, name, body):
        return self.private.sign(label(name) + b"\0" + body)


# --- section 2: keys

class Recovery:
    def __init__(self, secret):
        self.secret = secret
        self.seed = hkdf(secret, label("recovery-seed"))
        self.key = Ed(self.seed)
        self.public = self.key.public
        self.hash = sha256(label("recovery-hash"), self.public)

    def words(self):
        bits = int.from_bytes(self.secret + sha256(self.secret)[:1], "big")
        return " ".join(BIP39[bits >> (11 * (23 - i)) & 2047] for i in range(24))


class Identity:
    def __init__(self, name, pq=False):
        self.seed = seed(name)
        self.ed = Ed(self.seed)
        self.pq_seed = seed(name + " ml-dsa") if pq else None
        self.public = bytes([pq]) + self.ed.public
        if pq:
            self.pq_public, self.pq_secret = ML_DSA_65.key_derive(self.pq_seed)
            self.public += self.pq_public

    def sign(self, name, body):
        signature = self.ed.sign(name, body)
        if self.pq_seed is None:
            return b"\0" + signature
        message = label(name) + b"\0" + body
        return b"\1" + signature + ML_DSA_65.sign(self.pq_secret, message, deterministic=True)


class Device:
    def __init__(self, name):
        self.seed = seed(name)
        self.key = Ed(hkdf(self.seed, label("device-ed25519")))
        agreement = X25519PrivateKey.from_private_bytes(hkdf(self.seed, label("device-x25519")))
        self.public = self.key.public + agreement.public_key().public_bytes_raw()


class Server:
    def __init__(self, address):
        self.address = address
        self.key = Ed(seed(address))
        self.home = bytes8(address.encode()) + self.key.public


# --- section 3: identity chain

NONE = bytes(32)


def genesis(identity, recovery=None, server=None, time=0):
    flags = bytes([server is not None])
    home = server.home if server else b""
    recovery_hash = recovery.hash if recovery else NONE
    return b"\1\1" + flags + identity.public + recovery_hash + home + le64(time)


def statement(user_id, seq, prev, op, time=0):
    return b"\2\1" + user_id + le32(seq) + prev + le64(time) + op


def op_rotate(identity, recovery_hash=NONE):
    return b"\1" + identity.public + recovery_hash


def op_move(server):
    return b"\2" + server.home


OP_CLOSE = b"\3"


def signed(body, identity=None, server=None, recovery=None, accept=None):
    bits = (identity is not None) | (server is not None) << 1
    bits |= (recovery is not None) << 2 | (accept is not None) << 3
    out = bytes16(body) + bytes([bits])
    if identity:
        out += identity.sign("sign-statement", body)
    if server:
        out += server.key.sign("countersign-statement", body)
    if recovery:
        out += recovery.public + recovery.key.sign("recover-statement", body)
    if accept:
        out += accept.sign("accept-rotate", body)
    return out


class Chain:
    """Grows a chain without checking it, so that it makes wrong ones as well."""

    def __init__(self, identity, recovery=None, server=None, time=0):
        self.genesis = genesis(identity, recovery, server, time)
        self.signature = identity.sign("sign-genesis", self.genesis)
        self.user_id = sha256(label("user-id"), self.genesis)
        self.head = sha256(label("statement-hash"), self.genesis)
        self.signed = []
        self.key, self.server, self.closed = identity, server, False
        self.recovery_hash = recovery.hash if recovery else NONE

    def next(self, op, time=1_800_000_000_000):
        return statement(self.user_id, len(self.signed) + 1, self.head, op, time)

    def add(self, body, **signers):
        self.signed.append(signed(body, **signers))
        self.head = sha256(label("statement-hash"), body)
        return self

    def bytes(self, count=None):
        count = len(self.signed) if count is None else count
        head = b"\5\1" + bytes16(self.genesis) + self.signature + le16(count)
        return head + b"".join(self.signed)

    def case(self, name):
        return {
            "name": name,
            "bytes": self.bytes(),
            "user_id": self.user_id,
            "generation": len(self.signed),
            "head": self.head,
            "key": self.key.public,
            "recovery": None if self.recovery_hash == NONE else self.recovery_hash,
            "home": None if self.server is None else
            {"address": self.server.address, "key": self.server.key.public},
            "closed": self.closed,
        }


class Succession:
    """Former keys of an identity, the latest first; `then` is in the order of time, and checks nothing."""

    def __init__(self, first):
        self.key, self.steps = first, []

    def then(self, later, time=1_800_000_000_000, by=None, accepted=None, old=None):
        body = self.key.public + (old or later).public + le64(time)
        step = self.key.public + le64(time)
        step += (by or self.key).sign("sign-succession", body)
        step += (accepted or later).sign("accept-succession", body)
        self.steps.insert(0, step)
        self.key = later
        return self

    def bytes(self):
        return b"\10\1" + bytes([len(self.steps)]) + b"".join(self.steps)


# --- section 4: device chain

def device_statement(user_id, seq, prev, generation, op, time=0):
    return b"\3\1" + user_id + le32(seq) + prev + le32(generation) + le64(time) + op


def op_add(device, app=b"entrenous", sealed=b""):
    return b"\1" + device.public + bytes8(app) + bytes8(sealed)


def op_remove(device):
    return b"\2" + device.key.public


def signed_device(body, identity=None, device=None, recovery=None, accept=None):
    bits = (identity is not None) | (device is not None) << 1
    bits |= (recovery is not None) << 2 | (accept is not None) << 3
    out = bytes16(body) + bytes([bits])
    if identity:
        out += identity.sign("sign-device", body)
    if device:
        out += device.key.public + device.key.sign("countersign-device", body)
    if recovery:
        out += recovery.public + recovery.key.sign("recover-device", body)
    if accept:
        out += accept.key.sign("accept-device", body)
    return out


class Devices:
    def __init__(self, user_id):
        self.user_id, self.head, self.signed = user_id, NONE, []

    def next(self, op, generation=0, time=1_800_000_000_000):
        seq = len(self.signed) + 1
        return device_statement(self.user_id, seq, self.head, generation, op, time)

    def add(self, body, **signers):
        self.signed.append(signed_device(body, **signers))
        self.head = sha256(label("device-hash"), body)
        return self

    def bytes(self):
        return b"\6\1" + self.user_id + le16(len(self.signed)) + b"".join(self.signed)


# --- section 5: contact card

def card_body(user_id, generation, identity, name, server=None, token=bytes(16), fields=(), time=0):
    flags = bytes([server is not None])
    home = server.home if server else b""
    tags = b"".join(bytes([tag]) + bytes8(data) for tag, data in fields)
    head = b"\4\1" + flags + user_id + le32(generation) + identity.public
    return head + bytes8(name.encode()) + home + token + bytes([len(fields)]) + tags + le64(time)


def card(body, identity):
    return body + identity.sign("sign-card", body)


def card_text(data):
    return "entrenous:c/" + base64.urlsafe_b64encode(data).decode().rstrip("=")


def card_qr(data):
    return "ENTRENOUS:C/" + base64.b32encode(data).decode().rstrip("=")


# --- section 6: fingerprints

def fingerprint(public):
    spki = bytes.fromhex("302a300506032b6570032100") + public[1:33]
    h = sha256(spki)
    u32 = [int.from_bytes(h[4 * i:4 * i + 4], "big") for i in range(8)]
    w = sha256(label("fingerprint"), public)
    words = [int.from_bytes(w[4 * i:4 * i + 4], "big") % 1280 for i in range(8)]
    pseudonym = [ADJECTIVES[u32[0] % 221], ADJECTIVES[u32[1] % 221], NOUNS[u32[2] % 171], str(u32[3] % 99 + 1)]
    return {
        "public": public,
        "hex": ":".join(f"{byte:02X}" for byte in spki),
        "base64": base64.urlsafe_b64encode(spki).decode().rstrip("="),
        "sum": base64.urlsafe_b64encode(h).decode().rstrip("="),
        "emoji": " • ".join(EMOJI[n % 96] for n in u32),
        "pseudonym": " ".join(pseudonym),
        "words": " ".join(WORDS[n] for n in words),
    }


# --- section 7: words

def lines(name):
    return (DATA / name).read_text(encoding="utf-8").splitlines()


WORDS, BIP39, EMOJI = lines("words.txt"), lines("bip39.txt"), lines("emoji.txt")
ADJECTIVES, NOUNS = lines("adjectives.txt"), lines("nouns.txt")


def phrase(secret, count):
    stream = hkdf(secret, label("phrase"), 8 * count)
    numbers = (int.from_bytes(stream[8 * i:8 * i + 8], "big") % 1280 for i in range(count))
    return " ".join(WORDS[n] for n in numbers)


def near(word):
    """Everything at one edit from a word."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    cuts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    less = {a + b[1:] for a, b in cuts if b}
    more = {a + x + b for a, b in cuts for x in letters}
    other = {a + x + b[1:] for a, b in cuts if b for x in letters}
    swap = {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    return (less | more | other | swap) - {word}


def mean(typed):
    typed = typed.lower()
    if typed in WORDS:
        return typed
    begins = [word for word in WORDS if len(typed) >= 3 and word.startswith(typed)]
    if len(begins) == 1:
        return begins[0]
    close = [word for word in WORDS if len(typed) >= 4 and typed in near(word)]
    return close[0] if len(close) == 1 else None


# --- the files

ALICE, BOB, CAROL = Identity("alice"), Identity("bob"), Identity("carol")
STRONG, STRONGER = Identity("strong", pq=True), Identity("stronger", pq=True)
PAPER, OTHER_PAPER = Recovery(seed("paper")), Recovery(seed("other paper"))
HOME, AWAY = Server("home.example:7447"), Server("away.example")
PHONE, LAPTOP, TABLET = Device("phone"), Device("laptop"), Device("tablet")

# Points of order 1, 2 and 8, a second encoding of one, a y that is no point, y = p.
BAD_KEYS = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0200000000000000000000000000000000000000000000000000000000000000",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


def recovery_file():
    secrets = [bytes(32), b"\xff" * 32, PAPER.secret, OTHER_PAPER.secret, bytes(range(32))]
    keys = [Recovery(secret) for secret in secrets]
    words = PAPER.words()
    split = words.split()
    swapped = " ".join([split[1], split[0], *split[2:]])
    read = [words.upper(), "  " + words.replace(" ", "\n\t"), " ".join(word[:4] for word in split)]
    refused = [
        ("", "count", None), ("abandon", "count", None), (words + " abandon", "count", None),
        (" ".join(split[:23]), "count", None), (swapped, "checksum", None),
        ("abandon " * 24, "checksum", None),
        (" ".join(["abandonn", *split[1:]]), "unknown", 1),
        (" ".join([*split[:5], "xyz", *split[6:]]), "unknown", 6),
        (" ".join([*split[:23], "aba"]), "unknown", 24),
        (words.replace(" ", "-"), "unknown", 1),
    ]
    return {
        "README": "keys: 2.1; seed is the Ed25519 seed, public its public key. read: other spellings of a key. "
                  "refused: what is no key, and which word is at fault, from 1.",
        "source": SOURCE,
        "keys": [{"secret": k.secret, "words": k.words(), "seed": k.seed, "public": k.public, "hash": k.hash}
                 for k in keys],
        "read": [{"typed": typed, "secret": PAPER.secret} for typed in read],
        "refused": [{"typed": t, "why": why, "position": at} for t, why, at in refused],
    }


def keys_file():
    people = [ALICE, BOB, STRONG]
    return {
        "README": "identities: 2.2; signature is over the body under the label sign-card, 1.2. devices: 2.3. "
                  "refused: bytes that are no Ed25519 public key.",
        "source": SOURCE,
        "identities": [{"ed25519_seed": p.seed, "ml_dsa_seed": p.pq_seed, "public": p.public, "body": body,
                        "signature": p.sign("sign-card", body)}
                       for p, body in zip(people, [b"", b"body", b"a longer body"])],
        "devices": [{"seed": d.seed, "ed25519": d.public[:32], "x25519": d.public[32:]} for d in (PHONE, LAPTOP)],
        "refused": [bytes.fromhex(key) for key in BAD_KEYS],
    }


def founded():
    return Chain(ALICE, PAPER, HOME)


def chain_file():
    good, bad, merges = [], [], []

    good.append(founded().case("genesis with all"))
    good.append(Chain(ALICE).case("genesis with nothing"))
    good.append(Chain(STRONG, PAPER, AWAY, time=2**64 - 1).case("genesis with ML-DSA"))

    moved = founded()
    moved.add(moved.next(op_move(AWAY)), identity=ALICE, server=HOME)
    moved.server = AWAY
    good.append(moved.case("moved by identity and home"))

    full = founded()
    full.add(full.next(op_move(AWAY)), recovery=PAPER)
    full.add(full.next(op_rotate(STRONG, PAPER.hash)), identity=ALICE, server=AWAY, accept=STRONG)
    full.add(full.next(op_rotate(BOB, OTHER_PAPER.hash), time=0), recovery=PAPER, accept=BOB)
    full.add(full.next(OP_CLOSE), recovery=OTHER_PAPER)
    full.server, full.key, full.recovery_hash, full.closed = AWAY, BOB, OTHER_PAPER.hash, True
    good.append(full.case("moved, rotated to ML-DSA and back, closed"))

    first = Chain(ALICE)
    first.add(first.next(op_move(HOME)), identity=ALICE)
    first.add(first.next(op_rotate(BOB, PAPER.hash)), identity=ALICE, server=HOME, accept=BOB)
    first.server, first.key, first.recovery_hash = HOME, BOB, PAPER.hash
    good.append(first.case("a first home by the identity alone, then a recovery key"))

    dropped = founded()
    dropped.add(dropped.next(op_rotate(BOB)), recovery=PAPER, accept=BOB)
    dropped.key, dropped.recovery_hash = BOB, NONE
    good.append(dropped.case("the recovery key ends itself"))

    def refuse(name, why, data):
        bad.append({"name": name, "bytes": data, "why": why})

    def one(name, why, op, chain=None, **signers):
        chain = chain or founded()
        refuse(name, why, chain.add(chain.next(op), **signers).bytes())

    one("identity alone moves", "signers", op_move(AWAY), identity=ALICE)
    one("identity alone closes", "signers", OP_CLOSE, identity=ALICE)
    one("identity alone rotates", "signers", op_rotate(BOB, PAPER.hash), identity=ALICE, accept=BOB)
    one("home alone moves", "signers", op_move(AWAY), server=HOME)
    one("nobody closes", "signers", OP_CLOSE)
    one("recovery and identity", "signers", OP_CLOSE, recovery=PAPER, identity=ALICE)
    one("recovery and home", "signers", OP_CLOSE, recovery=PAPER, server=HOME)
    one("all three", "signers", OP_CLOSE, recovery=PAPER, identity=ALICE, server=HOME)
    one("rotate without acceptance", "signers", op_rotate(BOB, PAPER.hash), recovery=PAPER)
    one("close with acceptance", "signers", OP_CLOSE, recovery=PAPER, accept=BOB)
    one("acceptance alone", "signers", op_rotate(BOB, PAPER.hash), accept=BOB)
    one("first home cannot close", "signers", OP_CLOSE, chain=Chain(ALICE), identity=ALICE)
    one("first home with a countersignature", "signers", op_move(HOME), chain=Chain(ALICE), identity=ALICE, server=HOME)
    one("another recovery key", "other_recovery_key", OP_CLOSE, recovery=OTHER_PAPER)
    one("a recovery key where there is none", "other_recovery_key", OP_CLOSE, chain=Chain(ALICE), recovery=PAPER)
    one("another identity", "signature", OP_CLOSE, identity=BOB, server=HOME)
    one("another home", "signature", OP_CLOSE, identity=ALICE, server=AWAY)
    one("accepted by another", "signature", op_rotate(BOB, PAPER.hash), recovery=PAPER, accept=CAROL)
    one("accepted by the old key", "signature", op_rotate(BOB, PAPER.hash), recovery=PAPER, accept=ALICE)
    one("half of a strong key", "signature", OP_CLOSE, chain=Chain(STRONG, PAPER, HOME), identity=ALICE, server=HOME)
    one("a strong key for a plain one", "signature", OP_CLOSE, identity=STRONG, server=HOME)
    one("recovery key dropped by identity and home", "recovery_changed", op_rotate(BOB),
        identity=ALICE, server=HOME, accept=BOB)
    one("recovery key replaced by identity and home", "recovery_changed", op_rotate(BOB, OTHER_PAPER.hash),
        identity=ALICE, server=HOME, accept=BOB)
    one("rotate to the same key", "nothing_new", op_rotate(ALICE, OTHER_PAPER.hash), recovery=PAPER, accept=ALICE)
    one("move to the same home", "nothing_new", op_move(HOME), recovery=PAPER)

    chain = Chain(STRONG, PAPER, HOME)
    body = chain.next(OP_CLOSE)
    half = b"\0" + STRONG.ed.sign("sign-statement", body)
    chain.signed = [bytes16(body) + b"\3" + half + HOME.key.sign("countersign-statement", body)]
    refuse("the Ed25519 half alone", "signature", chain.bytes())

    for name, base in [("wrong account", {"user_id": NONE}), ("number 0", {"seq": 0}), ("number 2", {"seq": 2}),
                       ("wrong link", {"prev": NONE})]:
        chain = founded()
        parts = {"user_id": chain.user_id, "seq": 1, "prev": chain.head} | base
        refuse(name, "not_next", chain.add(statement(op=OP_CLOSE, **parts), recovery=PAPER).bytes())

    chain = founded().add(founded().next(OP_CLOSE), recovery=PAPER)
    refuse("after a close", "closed", chain.add(chain.next(op_move(AWAY)), recovery=PAPER).bytes())

    chain = founded()
    chain.signature = BOB.sign("sign-genesis", chain.genesis)
    refuse("genesis signed by another", "signature", chain.bytes())
    chain.signature = ALICE.sign("sign-card", chain.genesis)
    refuse("genesis signed for another purpose", "signature", chain.bytes())

    chain = founded()
    body = chain.next(op_rotate(BOB, PAPER.hash))
    swapped = signed(body, recovery=PAPER)
    swapped = bytes16(body) + b"\x0c" + swapped[-96:] + BOB.sign("sign-statement", body)
    chain.signed = [swapped]
    refuse("acceptance under the label of another signer", "signature", chain.bytes())

    whole = moved.bytes()
    refuse("one byte too many", "decode", whole + b"\0")
    refuse("one byte too few", "decode", whole[:-1])
    refuse("a count too high", "decode", moved.bytes(2))
    refuse("a count too low", "decode", moved.bytes(0))
    refuse("257 statements", "too_long", moved.bytes(257))
    refuse("another kind", "decode", b"\6" + whole[1:])
    refuse("version 2", "decode", b"\5\2" + whole[2:])
    refuse("nothing", "decode", b"")

    def regenesis(name, data):
        chain = founded()
        chain.genesis, chain.signature = data, ALICE.sign("sign-genesis", data)
        refuse("genesis: " + name, "decode", chain.bytes())

    start = founded().genesis
    regenesis("unknown flag", start[:2] + b"\3" + start[3:])
    regenesis("home without its flag", start[:2] + b"\0" + start[3:])
    regenesis("unknown flag of the key", start[:3] + b"\2" + start[4:])
    regenesis("ML-DSA flag without a key", start[:3] + b"\1" + start[4:])
    regenesis("version 2", b"\1\2" + start[2:])
    regenesis("a byte after the end", start + b"\0")
    for n, key in enumerate(BAD_KEYS):
        regenesis(f"bad key {n}", start[:4] + bytes.fromhex(key) + start[36:])
    for address in ["", "Home.example", "home example", "home.example/", "höme.example", "h" * 129]:
        server = Server(address)
        regenesis(f"address {address[:14]!r}", genesis(ALICE, PAPER, server))

    def restatement(name, op):
        one("statement: " + name, "decode", op, recovery=PAPER)

    restatement("unknown op", b"\4")
    restatement("op 0", b"\0")
    restatement("close with a byte", b"\3\0")
    restatement("move without a home", b"\2")
    restatement("rotate without a recovery hash", b"\1" + BOB.public)
    chain = founded()
    body = chain.next(OP_CLOSE)
    chain.signed = [bytes16(body) + b"\x14" + PAPER.public + PAPER.key.sign("recover-statement", body)]
    refuse("statement: unknown signer", "decode", chain.bytes())
    chain.signed = [bytes16(body) + b"\4" + bytes.fromhex(BAD_KEYS[0]) + bytes(64)]
    refuse("statement: recovery key of low order", "decode", chain.bytes())
    chain.signed = [bytes16(body) + b"\3\2" + bytes(64) + bytes(64)]
    refuse("statement: unknown flag of a signature", "decode", chain.bytes())

    # 3.4
    thief = moved
    owner = founded().add(founded().next(op_rotate(BOB, PAPER.hash)), recovery=PAPER, accept=BOB)
    longer = founded()
    longer.add(longer.next(op_move(AWAY)), identity=ALICE, server=HOME)
    longer.add(longer.next(op_rotate(CAROL, PAPER.hash)), recovery=PAPER, accept=CAROL)
    other_thief = founded().add(founded().next(OP_CLOSE), identity=ALICE, server=HOME)
    for name, held, other, result in [
        ("the same", moved, moved, "unchanged"),
        ("longer", founded(), moved, "extended"),
        ("longer by recovery", moved, longer, "extended"),
        ("shorter", moved, founded(), "unchanged"),
        ("recovery against a thief", thief, owner, "recovered"),
        ("a thief against recovery", owner, thief, "fork 0"),
        ("recovery against recovery", longer, owner, "fork 0"),
        ("recovery against recovery, the other way", owner, longer, "fork 0"),
        ("two thieves", moved, other_thief, "fork 0"),
        ("another account", moved, Chain(ALICE), "other_account"),
    ]:
        merges.append({"name": name, "held": held.bytes(), "other": other.bytes(), "result": result})

    return {
        "README": "good: chains that replay, and what they say at the end (3.1 to 3.3). refused: chains that do not, and "
                  "why. merges: what becomes of a held chain that is shown another one (3.4).",
        "source": SOURCE,
        "good": good, "refused": bad, "merges": merges,
    }


def devices_file():
    good, bad = [], []
    identity = founded()
    rotated = founded().add(founded().next(op_rotate(BOB, PAPER.hash)), recovery=PAPER, accept=BOB)
    closed = founded().add(founded().next(OP_CLOSE), recovery=PAPER)

    def new():
        return Devices(identity.user_id)

    def phone():
        chain = new()
        return chain.add(chain.next(op_add(PHONE)), identity=ALICE, accept=PHONE)

    def both():
        chain = phone()
        return chain.add(chain.next(op_add(LAPTOP)), identity=ALICE, device=PHONE, accept=LAPTOP)

    def accept(name, chain, devices, live, account=identity):
        good.append({"name": name, "identity": account.bytes(), "bytes": chain.bytes(), "head": chain.head,
                     "devices": [d.public for d in devices], "live": [d.key.public for d in live]})

    accept("none", new(), [], [])
    accept("one", phone(), [PHONE], [PHONE])
    chain = new()
    body = chain.next(op_add(PHONE, b"a" * 32, b"s" * 128), time=2**64 - 1)
    accept("one by recovery too, longest", chain.add(body, identity=ALICE, recovery=PAPER, accept=PHONE), [PHONE], [PHONE])
    accept("two", both(), [PHONE, LAPTOP], [PHONE, LAPTOP])
    chain = both()
    chain.add(chain.next(op_remove(PHONE)), identity=ALICE, device=LAPTOP)
    accept("one removed by the other", chain, [PHONE, LAPTOP], [LAPTOP])
    chain.add(chain.next(op_remove(LAPTOP)), identity=ALICE, recovery=PAPER)
    chain.add(chain.next(op_add(TABLET)), identity=ALICE, recovery=PAPER, accept=TABLET)
    accept("the last removed, another by recovery", chain, [PHONE, LAPTOP, TABLET], [TABLET])
    chain = phone()
    chain.add(chain.next(op_add(LAPTOP), 1), identity=BOB, device=PHONE, accept=LAPTOP)
    accept("a second under a rotated identity", chain, [PHONE, LAPTOP], [PHONE, LAPTOP], rotated)
    accept("under an identity closed since", both(), [PHONE, LAPTOP], [PHONE, LAPTOP], closed)

    def refuse(name, why, data, account=identity):
        bad.append({"name": name, "identity": account.bytes(), "bytes": data, "why": why})

    def one(name, why, chain, op, account=identity, generation=0, **signers):
        refuse(name, why, chain.add(chain.next(op, generation), **signers).bytes(), account)

    tablet = op_add(TABLET)
    one("identity alone adds a second", "signers", phone(), tablet, identity=ALICE, accept=TABLET)
    one("a live device alone", "signers", phone(), tablet, device=PHONE, accept=TABLET)
    one("recovery alone", "signers", phone(), tablet, recovery=PAPER, accept=TABLET)
    one("recovery and a device", "signers", phone(), tablet, identity=ALICE, device=PHONE, recovery=PAPER, accept=TABLET)
    one("vouched by itself", "signers", phone(), tablet, identity=ALICE, device=TABLET, accept=TABLET)
    one("without acceptance", "signers", phone(), tablet, identity=ALICE, device=PHONE)
    one("a first without an identity", "signers", new(), tablet, accept=TABLET)
    one("a first by a device", "signers", new(), tablet, identity=ALICE, device=PHONE, accept=TABLET)
    one("identity alone removes", "signers", both(), op_remove(PHONE), identity=ALICE)
    one("a device removes itself", "signers", both(), op_remove(PHONE), identity=ALICE, device=PHONE)
    one("a removal with acceptance", "signers", both(), op_remove(PHONE), identity=ALICE, device=LAPTOP, accept=PHONE)
    one("vouched by a stranger", "device_unknown", both(), tablet, identity=ALICE, device=Device("x"), accept=TABLET)
    one("removes a stranger", "device_unknown", both(), op_remove(TABLET), identity=ALICE, device=PHONE)
    one("a first that removes", "device_unknown", new(), op_remove(TABLET), identity=ALICE)
    chain = both()
    chain.add(chain.next(op_remove(PHONE)), identity=ALICE, device=LAPTOP)
    gone = chain.bytes()
    one("vouched by one removed", "device_unknown", chain, tablet, identity=ALICE, device=PHONE, accept=TABLET)
    chain = both()
    chain.add(chain.next(op_remove(PHONE)), identity=ALICE, device=LAPTOP)
    one("removed twice", "device_unknown", chain, op_remove(PHONE), identity=ALICE, recovery=PAPER)
    chain = both()
    chain.add(chain.next(op_remove(PHONE)), identity=ALICE, device=LAPTOP)
    one("added again", "device_known", chain, op_add(PHONE), identity=ALICE, device=LAPTOP, accept=PHONE)
    one("another recovery key", "other_recovery_key", phone(), tablet, identity=ALICE, recovery=OTHER_PAPER, accept=TABLET)
    one("another identity", "signature", phone(), tablet, identity=BOB, device=PHONE, accept=TABLET)
    one("accepted by another", "signature", phone(), tablet, identity=ALICE, device=PHONE, accept=LAPTOP)
    one("an old identity under a new generation", "signature", phone(), tablet, rotated, 1,
        identity=ALICE, device=PHONE, accept=TABLET)
    one("a generation to come", "generation", phone(), tablet, rotated, 2, identity=BOB, device=PHONE, accept=TABLET)
    chain = phone()
    chain.add(chain.next(op_add(LAPTOP), 1), identity=BOB, device=PHONE, accept=LAPTOP)
    one("a generation that falls", "generation", chain, tablet, rotated, 0, identity=ALICE, device=PHONE, accept=TABLET)
    one("under a closed identity", "closed", phone(), tablet, closed, 1, identity=ALICE, device=PHONE, accept=TABLET)

    for name, base in [("wrong account", {"user_id": NONE}), ("number 1 again", {"seq": 1}), ("number 3", {"seq": 3}),
                       ("wrong link", {"prev": NONE})]:
        chain = phone()
        parts = {"user_id": chain.user_id, "seq": 2, "prev": chain.head, "generation": 0} | base
        body = device_statement(op=tablet, **parts)
        refuse(name, "not_next", chain.add(body, identity=ALICE, device=PHONE, accept=TABLET).bytes())
    refuse("a chain of another account", "not_next", Devices(NONE).bytes())

    chain = both()
    for n in range(14):
        more = Device(f"device {n}")
        chain.add(chain.next(op_add(more)), identity=ALICE, device=PHONE, accept=more)
    assert len(chain.signed) == 16
    one("a seventeenth", "too_many_devices", chain, tablet, identity=ALICE, device=PHONE, accept=TABLET)

    whole = both().bytes()
    refuse("one byte too many", "decode", whole + b"\0")
    refuse("one byte too few", "decode", whole[:-1])
    refuse("another kind", "decode", b"\5" + whole[1:])
    refuse("version 2", "decode", b"\6\2" + whole[2:])
    refuse("257 statements", "too_long", whole[:34] + le16(257) + whole[36:])
    one("unknown op", "decode", phone(), b"\3", identity=ALICE, device=PHONE)
    one("app of 33 bytes", "decode", phone(), op_add(TABLET, b"a" * 33), identity=ALICE, device=PHONE, accept=TABLET)
    one("app with a new line", "decode", phone(), op_add(TABLET, b"a\n"), identity=ALICE, device=PHONE, accept=TABLET)
    one("app that is not UTF-8", "decode", phone(), op_add(TABLET, b"\xff"), identity=ALICE, device=PHONE, accept=TABLET)
    one("label of 129 bytes", "decode", phone(), op_add(TABLET, b"", bytes(129)), identity=ALICE, device=PHONE, accept=TABLET)
    for low in (0, 1):
        op = b"\1" + TABLET.key.public + bytes([low]) + bytes(31) + b"\0\0"
        one(f"agreement key {low}", "decode", phone(), op, identity=ALICE, device=PHONE, accept=TABLET)
    assert gone != whole
    return {
        "README": "good: device chains that replay under their identity chain: every device ever, and the signing keys of "
                  "the live ones (4). refused: chains that do not, and why.",
        "source": SOURCE,
        "good": good, "refused": bad,
    }


def card_file():
    user = founded().user_id
    token = seed("token")[:16]
    good = []

    def accept(identity, name, server=None, token=bytes(16), fields=(), generation=0, time=1_800_000_000_000):
        data = card(card_body(user, generation, identity, name, server, token, fields, time), identity)
        good.append({
            "bytes": data, "text": card_text(data), "qr": card_qr(data), "user_id": user, "generation": generation,
            "key": identity.public, "name": name,
            "home": None if server is None else {"address": server.address, "key": server.key.public},
            "token": token, "fields": [{"tag": tag, "bytes": data} for tag, data in fields], "issued_ms": time,
        })
        return data

    accept(ALICE, "A")
    plain = accept(ALICE, "Alice", HOME, token)
    accept(BOB, "Боб 👋", AWAY, token, [(1, b"call me"), (2, b"\0"), (255, b"x" * 20)], 7, 0)
    accept(STRONG, "Strong", HOME, token, generation=2**32 - 1, time=2**64 - 1)
    room = 512 - len(card(card_body(user, 0, ALICE, "n" * 64, HOME, token, [(9, b"")]), ALICE))
    accept(ALICE, "n" * 64, HOME, token, [(9, b"y" * room)])
    assert len(good[-1]["bytes"]) == 512

    bad = []

    def refuse(name, why, data):
        bad.append({"name": name, "bytes": data, "why": why})

    def build(title, why="decode", identity=ALICE, **parts):
        parts = {"user_id": user, "generation": 0, "identity": identity, "name": "Alice"} | parts
        refuse(title, why, card(card_body(**parts), identity))

    refuse("nothing", "decode", b"")
    refuse("one byte too many", "decode", plain + b"\0")
    refuse("one byte too few", "decode", plain[:-1])
    refuse("another kind", "decode", b"\1" + plain[1:])
    refuse("version 2", "decode", b"\4\2" + plain[2:])
    refuse("too long for any card", "decode", plain + bytes(6_000))
    build("513 bytes", server=HOME, name="n" * 64, fields=[(9, b"y" * (room + 1))])
    build("513 bytes less ML-DSA", identity=STRONG, server=HOME, name="n" * 64, fields=[(9, b"y" * (room + 1))])
    build("no name", name="")
    build("a name of 65 bytes", name="n" * 65)
    for name in [" Alice", "Alice ", "Al\nice", "Al\u202eice", "Al\u200bice", "\ufeffAlice", "Al\u0085ice", "Al\u2066ice", "\x7f",
                 "Al\u061cice"]:
        build(f"the name {name!r}", name=name)
    build("tags that fall", fields=[(2, b"a"), (1, b"b")])
    build("a tag twice", fields=[(2, b"a"), (2, b"b")])
    build("an empty field", fields=[(2, b"")])
    build("a note of 65 bytes", fields=[(1, b"n" * 65)])
    build("a note that is not UTF-8", fields=[(1, b"\xff")])
    build("a note that turns text around", fields=[(1, "a\u202eb".encode())])
    build("an address with a capital", server=Server("Home.example"))

    body = card_body(user, 0, ALICE, "Alice")
    for name, changed in [
        ("unknown flag", body[:2] + b"\2" + body[3:]),
        ("unknown flag of the key", body[:39] + b"\2" + body[40:]),
        ("a name that is not UTF-8", body[:72] + b"\1\xff" + body[78:]),
        ("one field less than counted", body[:-9] + b"\1" + body[-8:]),
    ]:
        refuse(name, "decode", card(changed, ALICE))
    for n, key in enumerate(BAD_KEYS):
        refuse(f"bad key {n}", "decode", card(body[:40] + bytes.fromhex(key) + body[72:], ALICE))

    refuse("signed by another", "signature", card(body, BOB))
    refuse("signed for another purpose", "signature", body + ALICE.sign("sign-genesis", body))
    refuse("signed with more than the key", "decode", card(body, STRONG))
    strong = card_body(user, 0, STRONG, "Strong")
    whole = card(strong, STRONG)
    refuse("the Ed25519 half alone", "signature", strong + b"\0" + STRONG.ed.sign("sign-card", strong))
    refuse("the ML-DSA half of another", "signature", whole[:-3309] + STRONGER.sign("sign-card", strong)[65:])
    refuse("the Ed25519 half of another", "signature",
           strong + b"\1" + STRONGER.ed.sign("sign-card", strong) + whole[-3309:])
    order = 2**252 + 27742317777372353535851937790883648493
    signature = card(body, ALICE)[-64:]
    s = int.from_bytes(signature[32:], "little") + order
    refuse("the scalar plus the order", "signature", body + b"\0" + signature[:32] + s.to_bytes(32, "little"))

    text, qr = card_text(plain), card_qr(plain)
    texts = [
        "", "entrenous:c/", "ENTRENOUS:C/", text + "=", text[:-1], text + "A", text.upper(), qr.lower(), qr + "A",
        "Entrenous:c/" + text[12:], text.replace("/", "/ ", 1), "entrenous:r/" + text[12:],
        "entrenous:c/" + qr[12:], "ENTRENOUS:C/" + text[12:],
        "entrenous:c/" + base64.b64encode(b"\xff" * 200).decode().rstrip("="),
    ]
    left = next(item for item in good if len(item["bytes"]) % 3 == 1)["text"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    texts.append(left[:-1] + alphabet[alphabet.index(left[-1]) + 1])
    return {
        "README": "good: cards in their three forms, and what they say (5). refused: bytes that are no card, and why. "
                  "refused_text: texts that are none.",
        "source": SOURCE,
        "good": good, "refused": bad, "refused_text": texts,
    }


def fingerprint_file():
    ones = Identity("alice")
    ones.public = b"\0" + Ed(b"\1" * 32).public
    return {
        "README": "6; the first key is the one whose fingerprints a re-implementation of Kamune gave.",
        "source": SOURCE,
        "keys": [fingerprint(p.public) for p in (ones, ALICE, BOB, CAROL, STRONG, STRONGER)],
    }


def words_file():
    drawn = [(bytes(32), 3), (bytes(32), 8), (bytes(32), 12), (seed("phrase"), 8), (seed("other phrase"), 4)]
    typed = [
        "tiger zebra yogurt", "TIGER Zebra yoGURT", "tig zeb yog", "tigr-zebr_yogu,", "  tiger\tzebra\nyogurt. ",
        "tigre zbera yogrut", "tigerr zzebra yoogurt", "tigr zebr ygurt", "tiger zebra yogurt" + " tiger" * 9,
        "aardvaark abandonde abbrevvate", "oat oatt elk",
    ]
    read = []
    for text in typed:
        marks = str.maketrans("-_,.", "    ")
        words = [mean(word) for word in text.translate(marks).split()]
        assert all(words), (text, words)
        read.append({"typed": text, "text": " ".join(words)})
    refused = [
        ("", "count", None), ("tiger", "count", None), ("tiger zebra", "count", None), ("tiger " * 13, "count", None),
        ("tiger zebra xx", "unknown", 3), ("ti zebra yogurt", "unknown", 1), ("tiger tgr yogurt", "unknown", 2),
        ("tiger zebra kaffee", "unknown", 3), ("tiger zébra zoo", "unknown", 2), ("tiger zebra tigress", "unknown", 3),
        ("tiger zebra 123", "unknown", 3), ("badass zebra tiger", "unknown", 1), ("tiger imbecile tiger", "unknown", 2),
    ]
    for text, why, at in refused:
        if why == "unknown":
            assert mean(text.split()[at - 1]) is None, text
    return {
        "README": "drawn: phrases from seeds. read: what is typed, and the phrase it stands for. refused: what stands for none, "
                  "and which word is at fault, from 1 (7).",
        "source": SOURCE,
        "drawn": [{"seed": s, "count": n, "text": phrase(s, n)} for s, n in drawn],
        "read": read,
        "refused": [{"typed": t, "why": why, "position": at} for t, why, at in refused],
    }


def plain(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def succession_file():
    def case(name, *people):
        it = Succession(people[0])
        for n, person in enumerate(people[1:]):
            it.then(person, 1_800_000_000_000 + n)
        former = [person.public for person in reversed(people[:-1])]
        return {"name": name, "key": people[-1].public, "former": former, "bytes": it.bytes()}

    good = [
        case("one", ALICE, BOB), case("two", ALICE, BOB, CAROL), case("three", CAROL, ALICE, BOB, Identity("dave")),
        case("to ML-DSA", ALICE, STRONG), case("from ML-DSA", STRONG, ALICE), case("both", STRONG, STRONGER),
        case("mixed", ALICE, STRONG, BOB, STRONGER),
    ]
    one = Succession(ALICE).then(BOB).bytes()
    step = one[3:]
    half = Identity("strong")
    bare = Succession(STRONG).then(BOB, by=half).bytes()
    wrong = [
        ("empty", b"", BOB, "decode"), ("no step", b"\10\1\0", BOB, "decode"),
        ("another kind", b"\4" + one[1:], BOB, "decode"), ("another version", b"\10\2" + one[2:], BOB, "decode"),
        ("four steps", b"\10\1\4" + 4 * step, BOB, "decode"), ("a step too few", b"\10\1\2" + step, BOB, "decode"),
        ("cut", one[:-1], BOB, "decode"), ("a byte more", one + b"\0", BOB, "decode"),
        ("no key", b"\10\1\1\0" + bytes.fromhex(BAD_KEYS[0]) + step[33:], BOB, "decode"),
        ("a flag", b"\10\1\1\2" + step[1:], BOB, "decode"),
        ("of another key", one, CAROL, "signature"), ("of the former key", one, ALICE, "signature"),
        ("not by the former key", Succession(ALICE).then(BOB, by=CAROL).bytes(), BOB, "signature"),
        ("not by the later key", Succession(ALICE).then(BOB, accepted=CAROL).bytes(), BOB, "signature"),
        ("about another key", Succession(ALICE).then(BOB, old=CAROL).bytes(), BOB, "signature"),
        ("another time", one[:36] + le64(1) + one[44:], BOB, "signature"),
        ("half a signature", bare, BOB, "signature"),
        ("half a key", Succession(ALICE).then(STRONG).bytes(), half, "signature"),
        ("a step left out", b"\10\1\1" + step, CAROL, "signature"),
        ("the wrong order", b"\10\1\2" + step + Succession(BOB).then(CAROL).bytes()[3:], CAROL, "signature"),
        ("onto itself", Succession(ALICE).then(ALICE).bytes(), ALICE, "signature"),
        ("in a circle", Succession(ALICE).then(BOB).then(ALICE).bytes(), ALICE, "signature"),
        ("twice", Succession(ALICE).then(BOB).then(ALICE).then(CAROL).bytes(), CAROL, "signature"),
    ]
    return {
        "README": "3.5. good: of key; former keys, the latest first. refused: why decode, it cannot be read; "
                  "signature, it is not one of key.",
        "source": SOURCE,
        "good": good,
        "refused": [{"name": name, "bytes": data, "key": person.public, "why": why} for name, data, person, why in wrong],
    }


def main():
    files = {
        "recovery": recovery_file, "keys": keys_file, "chain": chain_file, "devices": devices_file, "card": card_file,
        "fingerprint": fingerprint_file, "words": words_file, "succession": succession_file,
    }
    stale = []
    for name, make in files.items():
        text = json.dumps(plain(make()), indent=1, ensure_ascii=False) + "\n"
        path = OUT / f"{name}.json"
        if "--check" in sys.argv:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(path.name)
        else:
            OUT.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if stale:
        sys.exit("not what this program writes: " + ", ".join(stale))


if __name__ == "__main__":
    main()
