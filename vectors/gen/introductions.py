#!/usr/bin/env python3
"""Known answers of chapter 12, by a second implementation of spec/12-introductions.md.

    python3 vectors/gen/introductions.py [--check]

Writes vectors/identity/introductions.json, or with --check says whether it is what it would write. Needs what
identity.py and buckets.py beside it need, whose keys, chains, cards and ciphers it uses.
"""

import hashlib
import hmac
import json
import sys

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

import buckets
import identity
from identity import bytes16, le16, seed, sha256

OUT = identity.OUT / "introductions.json"
SOURCE = (
    "vectors/gen/introductions.py, a second implementation of spec/12-introductions.md in Python 3.11, on those of "
    "chapters 11 and 15 beside it"
)
README = (
    "opened: introductions that open, from the same keys and nonces, by the same seeds, also to be sealed to the same bytes. "
    "`chain` is empty where it was left out; `agreement` is the offer's secret scalar. An answer belongs to the "
    "offer before it. refused: sealed objects that do not open, with the reason: length, sealed, padding, content. "
    "unchecked: introductions that open, but are not believed, with the reason: no_chain, old, foreign, chain."
)
SIZES = (1024, 2048, 4096, 8192, 16384)
KEY = seed("link key")
ID = seed("link id")[:24]


def label(name):
    return b"entrenous/v1/introduction/" + name.encode()


def hkdf512(ikm, info):
    prk = hmac.new(bytes(64), ikm, hashlib.sha512).digest()
    return hmac.new(prk, info + b"\1", hashlib.sha512).digest()[:32]


def xseal(key, nonce, message, data):
    inner = ChaCha20Poly1305(buckets.hchacha20(key, nonce[:16]))
    return inner.encrypt(bytes(4) + nonce[16:], message, data)


def public(scalar):
    return X25519PrivateKey.from_private_bytes(scalar).public_key().public_bytes_raw()


def agree(scalar, other):
    return X25519PrivateKey.from_private_bytes(scalar).exchange(X25519PublicKey.from_public_bytes(other))


def introduction(role, card, chain, agreement=b"", extras=()):
    fields = bytes([len(extras)]) + b"".join(bytes([tag]) + bytes16(data) for tag, data in extras)
    return bytes([7, 1, role]) + bytes16(card) + bytes16(chain) + agreement + fields


def padded(data, room, length=None, tail=b"\0"):
    size = next(size for size in SIZES if size >= len(data) + 2 + room) - room
    plain = le16(len(data) if length is None else length) + data
    return plain + tail * (size - len(plain))


def seal_offer(data, nonce, key=KEY, link=ID, **how):
    sealing = hkdf512(key, label("offer"))
    return nonce + xseal(sealing, nonce, padded(data, 40, **how), label("offer") + link)


def seal_answer(data, scalar, agreement, offer, nonce, key=KEY, link=ID, **how):
    ours = public(scalar)
    sealing = hkdf512(key + agree(scalar, agreement), label("answer") + ours + agreement)
    context = label("answer") + link + sha256(offer)
    return ours + nonce + xseal(sealing, nonce, padded(data, 72, **how), context)


def sign(who, name, body, *context):
    """The signature of somebody's identity key, under a label of this chapter."""
    message = label(name) + b"\0" + b"".join((body, *context))
    signature = who.identity.ed.private.sign(message)
    if who.identity.pq_seed is None:
        return b"\0" + signature
    return b"\1" + signature + identity.ML_DSA_65.sign(who.identity.pq_secret, message, deterministic=True)


class Someone:
    def __init__(self, name, pq=False, recovery=None, server=None):
        self.identity = identity.Identity(name, pq)
        self.chain = identity.Chain(self.identity, recovery, server)
        self.name = name

    def offer(self, agreement, link=ID, **more):
        """A signed offer; `more` replaces parts of what is signed."""
        parts = {"card": self.card(), "chain": self.chain.bytes(), "extras": ()} | more
        body = introduction(1, parts["card"], parts["chain"], agreement, parts["extras"])
        return body + sign(self, "sign-offer", body, link)

    def answer(self, offer, scalar, link=ID, **more):
        parts = {"card": self.card(), "chain": self.chain.bytes(), "extras": ()} | more
        body = introduction(2, parts["card"], parts["chain"], b"", parts["extras"])
        return body + sign(self, "sign-answer", body, link, sha256(offer), public(scalar))

    def card(self, generation=0, **more):
        user = self.chain.user_id
        return identity.card(identity.card_body(user, generation, self.identity, self.name, **more), self.identity)


def case(who, name, role, card, chain, data, sealed, scalar=b"", agreement=b"", offer=b"", nonce=b""):
    return {
        "name": name, "role": role, "seed": who.identity.seed, "ml_dsa_seed": who.identity.pq_seed, "card": card, "chain": chain, "introduction": data, "scalar": scalar,
        "agreement": agreement, "offer": offer, "nonce": nonce, "sealed": sealed,
    }


def main():
    alice, bob, long = Someone("Alice"), Someone("Bob"), Someone("Carol", pq=True)
    e, j = seed("agreement"), seed("answer")
    nonces = [seed(f"nonce {number}")[:24] for number in range(8)]
    opened, chains = [], {who.name: who.chain.bytes() for who in (alice, bob, long)}

    def offered(name, who, number, with_chain=True):
        chain = chains[who.name] if with_chain else b""
        data = who.offer(public(e), chain=chain)
        sealed = seal_offer(data, nonces[number])
        opened.append(case(who, name, "offer", who.card(), chain, data, sealed, agreement=e, nonce=nonces[number]))
        return sealed

    def answered(name, who, offer, number, with_chain=True):
        chain = chains[who.name] if with_chain else b""
        data = who.answer(offer, j, chain=chain)
        sealed = seal_answer(data, j, public(e), offer, nonces[number])
        opened.append(
            case(who, name, "answer", who.card(), chain, data, sealed, j, e, offer=offer, nonce=nonces[number])
        )
        return sealed

    offer = offered("an offer", alice, 0)
    answer = answered("its answer", bob, offer, 1)
    large = offered("an offer with ML-DSA-65", long, 2)
    answered("an answer with ML-DSA-65", long, large, 3)
    data = alice.offer(public(e))
    own = bob.answer(offer, j)

    def offer_of(data, **how):
        return seal_offer(data, nonces[4], **how)

    def answer_of(data, **how):
        return seal_answer(data, j, public(e), offer, nonces[4], **how)

    refused = [
        ("offer", "cut", "length", offer[:-1]),
        ("offer", "longer", "length", offer + b"\0"),
        ("offer", "empty", "length", b""),
        ("offer", "of another key", "sealed", offer_of(data, key=seed("other"))),
        ("offer", "of another link id", "sealed", offer_of(data, link=seed("other")[:24])),
        ("offer", "altered", "sealed", offer[:500] + bytes([offer[500] ^ 1]) + offer[501:]),
        ("offer", "an answer", "sealed", answer),
        ("offer", "with a tail", "padding", offer_of(data, tail=b"\1")),
        ("offer", "longer than it is", "padding", offer_of(data, length=983)),
        ("offer", "in the other role", "content", offer_of(own)),
        ("offer", "of another version", "content", offer_of(b"\7\2" + data[2:])),
        ("offer", "of another kind", "content", offer_of(alice.card())),
        ("offer", "with an agreement key of low order", "content",
         offer_of(alice.offer(bytes(32)))),
        ("offer", "with a card that was altered", "content",
         offer_of(alice.offer(public(e), card=alice.card()[:-1] + b"\0"))),
        ("offer", "with a byte behind it", "content", offer_of(data + b"\0")),
        ("offer", "with fields out of order", "content",
         offer_of(alice.offer(public(e), extras=[(2, b"x"), (1, b"x")]))),
        ("offer", "with an empty field", "content",
         offer_of(alice.offer(public(e), extras=[(1, b"")]))),
        ("offer", "with somebody else's card", "content",
         offer_of(bob.offer(public(e), card=alice.card(), chain=chains["Alice"]))),
        ("offer", "signed for another link id", "content", offer_of(alice.offer(public(e), link=seed("other")[:24]))),
        ("offer", "signed as an answer", "content",
         offer_of(data[:-65] + sign(alice, "sign-answer", data[:-65], ID))),
        ("answer", "cut", "length", answer[:-1]),
        ("answer", "of another key", "sealed", answer_of(own, key=seed("other"))),
        ("answer", "of another link id", "sealed", answer_of(own, link=seed("other")[:24])),
        ("answer", "to another offer", "sealed", seal_answer(own, j, public(e), large, nonces[4])),
        ("answer", "to another agreement key", "sealed",
         seal_answer(own, j, public(seed("other")), offer, nonces[4])),
        ("answer", "with a key of low order", "sealed", bytes(32) + answer[32:]),
        ("answer", "an offer", "sealed", offer),
        ("answer", "with a tail", "padding", answer_of(own, tail=b"\1")),
        ("answer", "in the other role", "content", answer_of(data)),
        ("answer", "with somebody else's card", "content",
         answer_of(alice.answer(offer, j, card=bob.card(), chain=chains["Bob"]))),
        ("answer", "signed for another offer", "content", answer_of(bob.answer(large, j))),
        ("answer", "signed for another key", "content", answer_of(bob.answer(offer, seed("other")))),
    ]
    refused = [
        {"role": role, "name": name, "why": why, "offer": offer if role == "answer" else b"", "sealed": sealed}
        for role, name, why, sealed in refused
    ]
    paper = identity.Recovery(seed("paper"))
    moved = Someone("Dora", recovery=paper)
    old = moved.card()
    later = identity.Identity("Dora 2")
    rotate = moved.chain.next(identity.op_rotate(later, paper.hash))
    moved.chain.add(rotate, recovery=paper, accept=later)
    unchecked = [
        ("no_chain", bob.answer(offer, j, chain=b"")),
        ("foreign", bob.answer(offer, j, chain=chains["Alice"])),
        ("old", moved.answer(offer, j, card=old)),
        ("chain", bob.answer(offer, j, chain=chains["Bob"][:-1] + b"\1")),
    ]
    unchecked = [{"why": why, "offer": offer, "sealed": answer_of(data)} for why, data in unchecked]
    text = json.dumps(
        identity.plain({
            "README": README, "source": SOURCE, "link_key": KEY, "link_id": ID, "agreement": e,
            "opened": opened, "refused": refused, "unchecked": unchecked,
        }),
        indent=1,
    ) + "\n"
    if "--check" in sys.argv:
        same = OUT.read_text() == text
        print("as it would be written" if same else f"{OUT} differs")
        sys.exit(not same)
    OUT.write_text(text)


if __name__ == "__main__":
    main()
