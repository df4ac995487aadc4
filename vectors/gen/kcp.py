"""Writes vectors/kcp/segments.json: segments and datagrams of spec 21, from its text alone.

Run in the root of the repository: python3 vectors/gen/kcp.py
"""

import json
import struct

HEADER = struct.Struct("<IBBHIIII")
COMMANDS = {"push": 81, "ack": 82, "ask": 83, "tell": 84}
LAST = 2**32 - 1


def segment(conv=0x01020304, command="push", fragment=0, window=32, time=0, number=0, next=0, data=b""):
    return {
        "conv": conv,
        "command": command,
        "fragment": fragment,
        "window": window,
        "time": time,
        "number": number,
        "next": next,
        "data": data.hex(),
    }


def encode(s):
    data = bytes.fromhex(s["data"])
    command = COMMANDS[s["command"]]
    head = (s["conv"], command, s["fragment"], s["window"], s["time"], s["number"], s["next"], len(data))
    return HEADER.pack(*head) + data


def decode(raw):
    """All segments of a datagram; the name of the fault, and what followed, if it is not well-formed."""
    found = []
    while raw:
        if len(raw) < HEADER.size:
            return found, "short"
        conv, command, fragment, window, time, number, next, length = HEADER.unpack_from(raw)
        names = [name for name, byte in COMMANDS.items() if byte == command]
        if not names:
            return found, "command"
        raw = raw[HEADER.size :]
        if length > len(raw):
            return found, "truncated"
        found.append(segment(conv, names[0], fragment, window, time, number, next, raw[:length]))
        raw = raw[length:]
    return found, None if found else "short"


def begins(raw):
    """Spec 21, section 7.1."""
    found, fault = decode(raw)
    if fault:
        return False
    first = found[0]
    return (
        all(one["conv"] == first["conv"] for one in found)
        and first["command"] == "push"
        and first["number"] == first["next"] == first["fragment"] == 0
        and first["window"] > 0
        and first["data"] != ""
    )


first = segment(time=1234, data=b"hello")
good = {
    "a first push": [first],
    "a push without data": [segment()],
    "an ack": [segment(command="ack", time=1234, number=0, next=1)],
    "an ask": [segment(command="ask", next=7)],
    "a tell of a closed window": [segment(command="tell", window=0, next=7)],
    "every field at its last value": [
        segment(LAST, "push", 255, 2**16 - 1, LAST, LAST, LAST, b"\xff"),
    ],
    "every byte of the header differs": [
        segment(0x04030201, "push", 5, 0x0706, 0x0B0A0908, 0x0F0E0D0C, 0x13121110, b"\x14"),
    ],
    "the longest segment of a datagram of 1400 bytes": [segment(data=bytes(i % 251 for i in range(1376)))],
    "two acks and a push": [
        segment(command="ack", time=9, number=3, next=3),
        segment(command="ack", time=10, number=5, next=3),
        segment(time=77, number=LAST, next=3, data=b"a"),
    ],
    "two first pushes": [first, segment(time=1234, number=1, data=b" there")],
    "a push after another connection's": [segment(conv=9, data=b"x"), first],
}
plain = encode(first)
bad = {
    "nothing": b"",
    "a byte that opens a NAT": b"\0",
    "23 bytes": plain[:23],
    "a header that announces data": plain[:24],
    "one byte of data missing": plain[:-1],
    "one byte more": plain + b"\0",
    "command 80": plain[:4] + b"\x50" + plain[5:],
    "command 85": plain[:4] + b"\x55" + plain[5:],
    "a length of 2^32 - 1": plain[:20] + b"\xff" * 4 + plain[24:],
    "a datagram with forward error correction": struct.pack("<IH", 1, 0xF1) + plain,
    "a packet of a broker": b"KBRK\x01\x03" + bytes(range(127)),
    "a bad segment after a good one": plain + plain[:4] + b"\x00" + plain[5:],
}
openings = {
    "number 1": [segment(number=1, data=b"x")],
    "next 1": [segment(next=1, data=b"x")],
    "fragment 1": [segment(fragment=1, data=b"x")],
    "window 0": [segment(window=0, data=b"x")],
    "window 1": [segment(window=1, data=b"x")],
    "conv 0": [segment(conv=0, data=b"x")],
}

cases = []
for name, segments in (good | openings).items():
    raw = b"".join(encode(one) for one in segments)
    assert decode(raw) == (segments, None), name
    cases.append({"name": name, "hex": raw.hex(), "segments": segments, "fault": None, "begins": begins(raw)})
for name, raw in bad.items():
    segments, fault = decode(raw)
    assert fault, name
    cases.append({"name": name, "hex": raw.hex(), "segments": segments, "fault": fault, "begins": begins(raw)})

with open("vectors/kcp/segments.json", "w", encoding="ascii") as out:
    json.dump(
        {
            "source": "vectors/gen/kcp.py, from spec/21-datagrams.md",
            "README": "hex: a datagram; segments: those before a fault; fault: why the rest is none (short, command, "
            "truncated), or null; begins: whether it begins a connection with a listener that knows none",
            "cases": cases,
        },
        out,
        indent=1,
    )
    out.write("\n")
