"""Writes vectors/channel/files.json: files on a channel, spec 23, from its text alone.

Run in the root of the repository: python3 vectors/gen/files.py
"""

import hashlib
import json

PROTOCOL = 1
KINDS = ["list", "offer", "accept", "chunk", "written", "complete", "done", "withdraw", "decline"]
WINDOW = 1 << 20


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


def some(field, data):
    """A field of bytes or text; nothing is left out."""
    return raw(field, data) if data else b""


def frame(kind, body):
    return bytes([PROTOCOL]) + raw(KINDS.index(kind) + 1, body)


def listed(*ids):
    return frame("list", b"".join(raw(1, id) for id in ids))


def offer(id, name, size, media_type=""):
    return frame("offer", raw(1, id) + some(2, name.encode()) + num(3, size) + some(4, media_type.encode()))


def at(kind, id, offset):
    return frame(kind, raw(1, id) + num(2, offset))


def chunk(id, offset, data):
    return frame("chunk", raw(1, id) + num(2, offset) + some(3, data))


def complete(id, data):
    return frame("complete", raw(1, id) + raw(2, hashlib.sha256(data).digest()))


def done(id):
    return frame("done", raw(1, id))


def file(length):
    """Bytes that are not the same anywhere."""
    out = b""
    while len(out) < length:
        out += hashlib.sha256(len(out).to_bytes(8, "little")).digest()
    return out[:length]


def conversation(name, length, most, restart):
    """One file of which the connection is lost after `restart` chunks, if that is not None.

    Whatever is said is answered before the sender says more, but for the end, which it says with the last chunk. Frames of the sender begin with 0, those of the receiver
    with 1; a string says what happens otherwise.
    """
    id = bytes(range(32))
    data = file(length)
    said = []

    def connection(there, until):
        said.append([0, listed(id)])
        said.append([0, offer(id, "a file.bin", length, "application/octet-stream")])
        said.append([1, listed()])
        said.append([1, at("accept", id, there)])
        while there < length:
            piece = data[there : there + most - 64]
            said.append([0, chunk(id, there, piece)])
            there += len(piece)
            if there == length:
                break
            said.append([1, at("written", id, there)])
            if until is not None:
                until -= 1
                if until == 0:
                    return there
        said.append([0, complete(id, data)])
        if length:
            said.append([1, at("written", id, length)])
        said.append([1, done(id)])
        return there

    there = connection(0, restart)
    if restart is not None:
        said.append(["both start again", b""])
        connection(there, None)
    return {
        "name": name,
        "length": length,
        "most": most,
        # each frame by its beginning, its length and its hash, so that long ones stay short here
        "frames": [
            {
                "by": by,
                "head": bytes[:96].hex(),
                "length": len(bytes),
                "sha256": hashlib.sha256(bytes).hexdigest(),
            }
            for by, bytes in said
        ],
    }


def record(name, state, id, file=None, media_type="", size=0, note=b"", ended=0, outcome=0):
    """Spec 23, section 3.2."""
    body = raw(1, id) + num(2, state) + some(3, (file or "").encode()) + num(4, size) + some(5, media_type.encode())
    body += some(6, note) + num(7, ended) + num(8, outcome)
    return {"name": name, "hex": body.hex(), "stage": ["offered", "accepted", "whole", "over"][state - 1]}


DEVICES = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
DEVICES += [port + digit for port in ("COM", "LPT") for digit in "0123456789\u00b9\u00b2\u00b3"]


def hidden(letter):
    code = ord(letter)
    ranges = [(0, 0x1F), (0x7F, 0x9F), (0x61C, 0x61C), (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F)]
    return code == 0xFEFF or any(first <= code <= last for first, last in ranges)


def trimmed(name):
    name = name.rstrip(" .").lstrip(" ")
    return "_" + name[1:] if name.startswith(".") else name


def cut(name):
    return trimmed(name.encode()[:255].decode(errors="ignore"))


def clean(text):
    """Spec 23, section 4."""
    name = text.replace("\\", "/").split("/")[-1]
    name = "".join("_" if letter in '<>:"|?*' else letter for letter in name if not hidden(letter))
    name = cut(trimmed(name))
    if name.split(".")[0].rstrip(" ").upper() in DEVICES:
        name = cut("_" + name)
    return name or "file"


NAMES = [
    "photo.jpg",
    "Bericht \u00fcber \u65e5\u672c\u8a9e.pdf",
    "two  spaces.txt",
    "a/b",
    "../../etc/passwd",
    "C:\\Windows\\System32\\cmd.exe",
    "C:name",
    "name:stream",
    "/",
    "\\",
    "a/",
    "",
    ".",
    "..",
    "...",
    ". .",
    " ",
    ".bashrc",
    " .bashrc",
    "..name",
    "name.",
    "name. . .",
    " name ",
    "a\x00b\nc\x7fd\x85e",
    "invoice\u202egnp.exe",
    "zero\u200bwidth\ufeff\u2066",
    "<>:\"|?*",
    "con",
    "CON.txt",
    "Con .tar.gz",
    "con .",
    "a/nul",
    "NUL.",
    "conin$.log",
    "console",
    "com1",
    "COM\u00b9.x",
    "com10",
    "com",
    "comx",
    "lpt0.y",
    "auxiliary",
    "_con",
    "-rf",
    "~",
    "n" * 255,
    "n" * 256,
    "n" * 250 + ".....x",
    "\u00e9" * 128,
    "x" + "\u65e5" * 85,
    "con" + " " * 252 + "x",
    "con." + "x" * 251,
    "lpt1." + "x" * 248 + ". x",
]

ids = [bytes([one]) * 32 for one in range(1, 18)]
good = [
    ("an empty list", listed()),
    ("a list of sixteen", listed(*ids[:16])),
    ("an offer", offer(ids[0], "photo.jpg", 1_000_000, "image/jpeg")),
    ("an offer of nothing", offer(ids[0], "empty", 0)),
    ("an offer of all that a number holds", offer(ids[0], "n" * 255, 2**64 - 1, "a/" + "b" * 125)),
    ("an accept from the beginning", at("accept", ids[0], 0)),
    ("an accept from further on", at("accept", ids[0], 300)),
    ("a chunk of one byte", chunk(ids[0], 0, b"\x00")),
    ("a chunk further on", chunk(ids[0], 1 << 32, b"abc")),
    ("written", at("written", ids[0], 16384)),
    ("complete", complete(ids[0], b"abc")),
    ("done", done(ids[0])),
    ("withdrawn", frame("withdraw", raw(1, ids[0]) + num(2, 1))),
    ("declined", frame("decline", raw(1, ids[0]) + num(2, 5))),
    ("declined for a reason of later", frame("decline", raw(1, ids[0]) + num(2, 77))),
    ("an accept with a field of later", frame("accept", raw(1, ids[0]) + num(9, 1))),
]
bad = [
    ("nothing", b""),
    ("the byte alone", b"\x01"),
    ("another protocol", b"\x02" + done(ids[0])[1:]),
    ("a kind of later", b"\x01" + raw(10, b"")),
    ("two kinds", done(ids[0]) + done(ids[1])[1:]),
    ("a byte missing", done(ids[0])[:-1]),
    ("seventeen in a list", listed(*ids)),
    ("an id of 31 bytes", done(bytes(31))),
    ("no id", frame("done", b"")),
    ("an offer without a name", offer(ids[0], "", 1)),
    ("a name of 256 bytes", offer(ids[0], "n" * 256, 1)),
    ("a name that is no UTF-8", frame("offer", raw(1, ids[0]) + raw(2, b"\xff"))),
    ("a media type of 128 bytes", offer(ids[0], "n", 1, "a/" + "b" * 126)),
    ("a chunk without bytes", chunk(ids[0], 0, b"")),
    ("a hash of 31 bytes", frame("complete", raw(1, ids[0]) + raw(2, bytes(31)))),
]
records = [
    record("offered", 1, ids[0], "photo.jpg", "image/jpeg", 1_000_000, b"/home/x/photo.jpg"),
    record("accepted", 2, ids[1], "empty"),
    record("whole", 3, ids[2], "n" * 255, "a/" + "b" * 125, 2**64 - 1, bytes(4096)),
    record("over, and there", 4, ids[3], ended=0),
    record("over, and not there", 4, ids[4], ended=300, outcome=4),
]
conversations = [
    conversation("an empty file", 0, 61_435, None),
    conversation("one chunk, directly", 61_371, 61_435, None),
    conversation("one byte more", 61_372, 61_435, None),
    conversation("four chunks through a relay", 100_000, 30_000, None),
    conversation("lost after the second of four", 100_000, 30_000, 2),
    conversation("the shortest asides", 5000, 1024, 3),
]

with open("vectors/channel/files.json", "w", encoding="ascii") as out:
    json.dump(
        {
            "source": "vectors/gen/files.py, from spec/23-files.md",
            "README": "good: frames, and bad: what is none; records: what is kept; names: what a sender says, what a receiver makes "
            "of it; conversations: one file with the id 00..1f, named `a file.bin`, of type application/octet-stream, whose bytes are "
            "SHA-256 of 0, 32, 64.. as 8 bytes little-endian, one after the other; `most`: bytes of an aside. Each frame, in order, by who "
            "says it (0: the sender, 1: the receiver, text: what happens), its first 96 bytes, its length and its SHA-256; what one says is "
            "answered before it says more, except list and offer, and the last chunk and its end",
            "good": [{"name": name, "hex": data.hex()} for name, data in good],
            "bad": [{"name": name, "hex": data.hex()} for name, data in bad],
            "records": records,
            "names": [[text, clean(text)] for text in NAMES],
            "conversations": conversations,
        },
        out,
        indent=1,
    )
    out.write("\n")
