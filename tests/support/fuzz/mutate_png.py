"""The mutator of PNG files; other pictures get edits of bytes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from random import Random

from fuzz.values import number, some_bytes


def png(random: Random, data: bytes) -> bytes:
    """Chunks dropped, doubled, moved, made up; sizes and frames changed; checksums mended."""
    if random.random() < 0.1:
        return some_bytes(random, data)
    chunks = list(_chunks(data))
    for _ in range(random.choice((1, 1, 2, 3))):
        at = random.randrange(len(chunks)) if chunks else 0
        kind = random.randrange(7)
        if kind == 0 and chunks:
            del chunks[at]
        elif kind == 1 and chunks:
            chunks.insert(at, random.choice(chunks))
        elif kind == 2 and chunks:
            name, content = chunks[at]
            chunks[at] = name, some_bytes(random, content)
        elif kind == 3 and chunks and len(chunks[0][1]) == 13:
            sides = [random.choice((0, 1, 64, 65535, 30000, 2**31 - 1, 2**32 - 1)) for _ in range(2)]
            tail = bytes(random.choice(range(17)) for _ in range(5)) if random.random() < 0.3 else chunks[0][1][8:]
            chunks[0] = b"IHDR", struct.pack(">II", *sides) + tail
        elif kind == 4:
            frames = struct.pack(">II", random.choice((0, 1, 2, 2**31)), 0)
            region = [random.choice((0, 1, 8, 64, 5000, 2**31 - 1)) for _ in range(4)]
            control = struct.pack(
                ">IIIIIHHBB", random.randrange(3), *region, 1, 10, random.randrange(4), random.randrange(3)
            )
            chunks[1:1] = [(b"acTL", frames), (b"fcTL", control)]
            picture = next((content for name, content in chunks if name == b"IDAT"), b"")
            chunks[-1:-1] = [(b"fcTL", control), (b"fdAT", struct.pack(">I", 2) + picture)]
        elif kind == 5:
            names = (
                b"tEXt",
                b"zTXt",
                b"iTXt",
                b"eXIf",
                b"iCCP",
                b"PLTE",
                b"tRNS",
                b"sBIT",
                b"gAMA",
                b"XXXX",
                b"\0\0\0\0",
            )
            content = random.choice(
                (b"", zlib.compress(bytes(10**6)), b"x\0\0" + zlib.compress(bytes(10**7)), b"\0" * 768)
            )
            chunks.insert(random.randrange(len(chunks) + 1), (random.choice(names), content))
        else:
            chunks = [
                (n, zlib.compress(bytes(random.choice((0, 10, 10**7)))) if n == b"IDAT" else c) for n, c in chunks
            ]
    made = bytearray(b"\x89PNG\r\n\x1a\n")
    for name, content in chunks:
        length = len(content) if random.random() < 0.97 else number(random) & 0xFFFFFFFF
        crc = zlib.crc32(name + content) if random.random() < 0.97 else random.getrandbits(32)
        made += struct.pack(">I", length) + name + content + struct.pack(">I", crc)
    return bytes(made)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at + 12 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length


def picture(random: Random, data: bytes) -> bytes:
    return png(random, data) if data.startswith(b"\x89PNG") else some_bytes(random, data)
