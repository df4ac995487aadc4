"""Writes vectors/channel/ours.json: keys, confirmations and ratchets of spec 20, sections 13 to 15, made here.

Run in the root of the repository: python3 vectors/gen/channel_ours.py
X25519 and ChaCha20-Poly1305 come from `cryptography`; XChaCha20 is built on the latter here, and so is HKDF.
"""

import hashlib
import hmac
import json

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from vault import fill, seal as box

CALLER, CALLED = b"\x01", b"\x02"
LIGHT, HEAVY = b"\x01", b"\x02"


def label(name):
    return b"entrenous/v1/channel/" + name.encode()


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def hkdf(ikm, salt, info, length=32):
    prk = hmac.new(salt or bytes(64), ikm, hashlib.sha512).digest()
    # one block is enough
    return hmac.new(prk, info + b"\x01", hashlib.sha512).digest()[:length]


def seal(key, text):
    """`seal` of spec 10: a nonce of zeros, the tag first."""
    sealed = box(key, bytes(24), text)
    return sealed[-16:] + sealed[:-16]


def hexed(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {name: hexed(part) for name, part in value.items()}
    if isinstance(value, list):
        return [hexed(part) for part in value]
    return value


# 13.1
def binding(frames, data):
    return sha(label("binding"), *[sha(frame) for frame in frames], *[sha(part) for part in data])


def bindings():
    for name, start in [("a connection", 1), ("another", 77)]:
        frames = [fill(start, 1216), fill(start + 1, 2338), fill(start + 2, 1120)]
        data = [fill(start + 3, 120), fill(start + 4, 90)]
        yield {"name": name, "frames": frames, "data": data, "binding": binding(frames, data)}


# 14
def schedule(name, start):
    secret, exports = fill(start, 32), [fill(start + 50, 32), fill(start + 100, 32)]
    seen, data = fill(start + 150, 32), [fill(start + 9, 1300), fill(start + 10, 1200)]
    transcript = sha(label("transcript"), seen, *[sha(part) for part in data])
    master = hkdf(secret + exports[0] + exports[1], transcript, label("master"))

    def derive(purpose, side=b"", length=32):
        return hkdf(master, transcript, label(purpose) + side, length)

    root = derive("resumption")
    tokens = [hkdf(root, b"", b"kamune/resumption/token/v1/" + n.to_bytes(4, "big")) for n in range(20)]
    confirm = fill(start + 11, 70)
    sides = []
    for side in (CALLER, CALLED):
        chain = derive("chain", side, 64)
        key = derive("confirm-key", side)
        sides.append(
            {
                "signed": transcript + side,
                "confirm_key": key,
                "confirm_sealed": seal(key, confirm),
                "root": chain[:32],
                "chain": chain[32:],
            }
        )
    return {
        "name": name,
        "secret": secret,
        "exports": exports,
        "binding": seen,
        "data": data,
        "confirm": confirm,
        "transcript": transcript,
        "caller": sides[0],
        "called": sides[1],
        "tokens": tokens,
    }


# 15
def ratchet(name, side, plan):
    start = hkdf(fill(3, 32), b"", name.encode(), 64)
    root, chain = start[:32], start[32:]
    steps = []
    for what, value in plan:
        if what == "frame":
            key = hmac.new(chain, b"\x01", hashlib.sha256).digest()
            chain = hmac.new(chain, b"\x02", hashlib.sha256).digest()
            steps.append({"frame": {"plain": value, "sealed": seal(key, value)}})
            continue
        if what == "light":
            offered, sent = (X25519PrivateKey.from_private_bytes(part) for part in value)
            secret = sent.exchange(offered.public_key())
            public = sent.public_key().public_bytes_raw()
            assert secret == offered.exchange(X25519PublicKey.from_public_bytes(public))
            steps.append({"light": {"offered": value[0], "sent": public}})
        else:
            # the export of the encapsulation
            secret = value
            steps.append({"heavy": {"secret": value}})
        kind = LIGHT if what == "light" else HEAVY
        both = hkdf(secret, root, label("step") + kind + side, 64)
        root, chain = both[:32], both[32:]
    return {"name": name, "by": side[0], "start": start, "steps": steps}


def ratchets():
    texts = [("frame", fill(n, 20 * n)) for n in range(5)]
    light = [("light", (fill(n, 32), fill(n + 40, 32))) for n in (1, 2)]
    heavy = [("heavy", fill(n, 32)) for n in (200, 201)]
    yield ratchet("frames alone", CALLER, texts)
    yield ratchet("light steps", CALLED, [texts[1], light[0], texts[2], light[1], texts[3]])
    yield ratchet("heavy steps", CALLER, [texts[1], heavy[0], texts[2], texts[4], heavy[1], texts[0]])
    yield ratchet("both, the light one first", CALLED, [texts[1], light[0], heavy[0], texts[2]])


def main():
    out = {
        "README": {
            "bindings": "Section 13.1: the three frames of an exchange, the data of frames 4 and 5, and X.",
            "schedules": "Section 14: S, E1 and E2, X, the data of frames 6 and 7; T; per side what it signs (T and "
            "the side), its confirm key, a Confirm sealed under it, and how its direction begins; tokens.",
            "ratchets": "Section 15: a direction by side `by`, from root and chain; then frames and steps in order. A "
            "light step: the secret scalar that was offered, the key that was sent back. A heavy step: z.",
        },
        "bindings": list(bindings()),
        "schedules": [schedule("one", 1), schedule("two", 33)],
        "ratchets": list(ratchets()),
    }
    with open("vectors/channel/ours.json", "w") as file:
        json.dump(hexed(out), file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
