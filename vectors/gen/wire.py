"""Writes vectors/wire/frames.json: messages of spec 40 in protobuf, encoded by hand here.

Run in the root of the repository: python3 vectors/gen/wire.py
"""

import json


def number(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def num(field, n):
    """A number field; zero is left out."""
    return number(field << 3) + number(n) if n else b""


def raw(field, data):
    """A field of bytes, text or a message, written even when empty."""
    return number(field << 3 | 2) + number(len(data)) + data


def case(name, message, *parts):
    return {"name": name, "message": message, "parts": [[what, data.hex()] for what, data in parts]}


def refused(name, message, data, fault):
    """A case to refuse; `zeros` more zero bytes follow `hex`, so that a long one stays short here."""
    zeros = len(data) - len(data.rstrip(b"\0")) if len(data) > 10_000 else 0
    head = data[: len(data) - zeros]
    return {"name": name, "message": message, "hex": head.hex(), "zeros": zeros, "fault": fault}


challenge = raw(1, b"")
take = raw(11, raw(1, bytes(range(24))))
identity = raw(16, raw(1, b"\x11" * 32))
change = raw(17, raw(1, b"statement"))
proof = b"".join(raw(i, bytes([0x10 * i]) * 32) for i in (1, 2, 3, 4)) + num(5, 2) + raw(6, b"\x60" * 64)

good = [
    case("a challenge on rpc", "Request", ("id 1", num(1, 1)), ("operation: challenge", raw(5, challenge))),
    case(
        "an invitation taken",
        "ClientFrame",
        (
            "request",
            raw(
                1,
                num(1, 300)
                + num(2, 5000)
                + raw(3, bytes(range(16)))
                + raw(5, take),
            ),
        ),
    ),
    case(
        "a request with a proof",
        "ClientFrame",
        ("request", raw(1, num(1, 2) + raw(4, proof) + raw(5, raw(2, b"")))),
    ),
    case("credit", "ClientFrame", ("credit 1000", raw(2, num(1, 1000)))),
    case("a ping", "ClientFrame", ("ping 2^64-1", raw(3, num(1, 2**64 - 1)))),
    case(
        "hello",
        "ServerFrame",
        (
            "hello",
            raw(
                1,
                raw(1, b"relay.example.org")
                + raw(2, b"\x07" * 32)
                + num(3, 1)
                + num(4, 1_800_000_000_000)
                + num(5, 32)
                + num(6, 262144)
                + raw(7, b"\x08" * 32),
            ),
        ),
    ),
    case(
        "a refusal",
        "ServerFrame",
        (
            "answer 7: exhausted, rate, slow down, 1500 ms",
            raw(2, num(1, 7) + raw(2, num(1, 4) + num(2, 10) + raw(3, b"slow down") + num(4, 1500))),
        ),
    ),
    case("done", "Answer", ("id 9", num(1, 9)), ("done", raw(3, b""))),
    case(
        "an event",
        "ServerFrame",
        ("push: event 5, an invitation answered", raw(3, raw(1, num(1, 5) + raw(2, raw(1, b"\x22" * 24))))),
    ),
    case(
        "an identity asked for",
        "Request",
        ("id 3", num(1, 3)),
        ("operation: identity", raw(5, identity)),
    ),
    case(
        "an identity changed by a device",
        "ClientFrame",
        ("request", raw(1, num(1, 5) + raw(4, proof) + raw(5, change))),
    ),
    case(
        "a nonce and the server's key",
        "Answer",
        ("id 4", num(1, 4)),
        ("challenged", raw(4, raw(1, b"\x09" * 32) + num(2, 60_000) + raw(3, b"\x08" * 32))),
    ),
    case("an identity chain", "Answer", ("id 3", num(1, 3)), ("identity", raw(13, raw(1, b"chain")))),
    case(
        "a statement in its chain",
        "Answer",
        ("id 5", num(1, 5)),
        ("identity changed", raw(14, raw(1, b"statement"))),
    ),
    case(
        "an identity chain that has grown",
        "ServerFrame",
        ("push: event 6, 3 statements", raw(3, raw(1, num(1, 6) + raw(4, num(1, 3))))),
    ),
    case("leaving", "ServerFrame", ("come back in 12 s", raw(5, num(1, 12000)))),
]

bad = [
    ("a length that points past the end", "Request", number(5 << 3 | 2) + number(9) + b"12345678", "cut"),
    ("a number cut short", "Request", b"\x08\x80", "cut"),
    ("a number of eleven bytes", "Request", b"\x08" + b"\x80" * 10 + b"\x00", "tag"),
    ("a number above 2^64", "Request", b"\x08" + b"\xff" * 9 + b"\x02", "tag"),
    ("field 0", "Request", b"\x00\x00", "tag"),
    ("a group", "Request", b"\x0b", "tag"),
    ("a key of 15 bytes", "Request", raw(3, bytes(15)) + raw(5, challenge), "length"),
    ("a key of no bytes, written", "Request", raw(3, b"") + raw(5, challenge), "length"),
    ("no operation", "Request", num(1, 1), "missing"),
    ("an operation too long", "Request", raw(5, bytes(261_121)), "length"),
    ("a number as bytes", "Request", raw(1, b"") + raw(5, challenge), "type"),
    ("an id twice", "Request", num(1, 1) + num(1, 1) + raw(5, challenge), "count"),
    ("two frames of one choice", "ClientFrame", raw(2, b"") + raw(3, b""), "choice"),
    ("seventeen unknown fields", "Answer", num(1, 1) + num(100, 1) * 17, "unknown"),
    ("a nonce of 31 bytes", "Answer", raw(4, raw(1, bytes(31))), "length"),
    ("an answer without what it must have", "Answer", raw(4, b""), "missing"),
    ("text that is no UTF-8", "Answer", raw(2, raw(3, b"\xff")), "text"),
    ("a hello without a key", "ServerFrame", raw(1, raw(1, b"x") + raw(2, bytes(32))), "missing"),
    ("a nonce without the server's key", "Answer", raw(4, raw(1, bytes(32))), "missing"),
    ("an account of 31 bytes", "Operation", raw(16, raw(1, bytes(31))), "length"),
    ("a statement too long", "Operation", raw(17, raw(1, bytes(16_385))), "length"),
    ("no statement", "Operation", raw(17, b""), "missing"),
    ("a chain too long", "Answer", raw(13, raw(1, bytes(114_689))), "length"),
    ("33 replies", "Answer", raw(9, raw(1, raw(3, b"x")) * 33), "count"),
]

binding = b"relay.example.org"
proofs = [
    {
        "name": "by name",
        "binding": 2,
        "value": binding.hex(),
        "operation": challenge.hex(),
        "signed": (
            b"entrenous/v1/server/proof"
            + bytes([2, len(binding)])
            + binding
            + b"\x01" * 32
            + b"\x02" * 32
            + b"\x03" * 32
            + b"\x04" * 32
            + challenge
        ).hex(),
    },
    {
        "name": "by exporter",
        "binding": 1,
        "value": (b"\x05" * 32).hex(),
        "operation": take.hex(),
        "signed": (
            b"entrenous/v1/server/proof"
            + bytes([1, 32])
            + b"\x05" * 32
            + b"\x01" * 32
            + b"\x02" * 32
            + b"\x03" * 32
            + b"\x04" * 32
            + take
        ).hex(),
    },
]

with open("vectors/wire/frames.json", "w", encoding="ascii") as out:
    json.dump(
        {
            "source": "vectors/gen/wire.py, from spec/40-server.md",
            "proof": "server nonce 01.., client nonce 02.., account 03.., device 04.., 32 bytes each",
            "good": good,
            "bad": [refused(*one) for one in bad],
            "proofs": proofs,
        },
        out,
        indent=1,
    )
    out.write("\n")
