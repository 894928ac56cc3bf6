"""Finds JPEG pictures in what a camera sends: in parts of a multipart body, one after the other, or just one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from puppet.sources.network.byte_stream import ByteStream

LARGEST = 32 << 20  # bytes of one picture
BETWEEN = 1 << 16  # bytes of headers, and of whatever else lies between two pictures
BEGIN, END = b"\xff\xd8\xff", b"\xff\xd9"


def parts(stream: ByteStream, content_type: str) -> Iterator[bytes]:
    """The content of each part of a multipart body (RFC 2046, as cameras write it). Raises ValueError."""
    named = re.search(r'boundary\s*=\s*(?:"([^"]+)"|([^\s;]+))', content_type, re.I)
    name = (named[1] or named[2]).encode("latin-1", "replace").lstrip(b"-") if named else b""
    boundary = b""
    while True:
        line = stream.through(b"\n", BETWEEN)
        if line is None:
            return
        if not line.strip():
            continue
        if not line.startswith(b"--") and not (name and line.strip() == name):
            if not boundary:
                raise ValueError("no boundary where a part should begin")
            stream.held[:0] = line  # the length in its headers is not that of the part
            if stream.through(boundary, LARGEST) is None:
                return
            stream.held[:0] = boundary
            continue
        boundary = line.strip()
        if boundary.endswith(b"--") and boundary.strip(b"-") in (name, b""):
            return
        length = _length(stream)
        while len(stream.held) < len(BEGIN) and stream.fill():
            pass
        if length is None and stream.held.startswith(BEGIN):  # its end is known before the next boundary comes
            part = _headers(stream) + (stream.through(END, LARGEST) or stream.take(len(stream.held)))
        elif length is None:
            part = stream.through(b"\n" + boundary, LARGEST)
            if part is None:
                return
            part = part[: -len(boundary) - 1].removesuffix(b"\r")
            stream.held[:0] = boundary
        else:
            part = stream.exactly(length)
            if part is None:
                return
            if not part.rstrip(b"\0\r\n").endswith(END):  # the length in its headers may be wrong
                more = stream.through(b"\n" + boundary, LARGEST)
                part += (more or b"")[: -len(boundary) - 1]
                stream.held[:0] = boundary if more else b""
        yield part


def _length(stream: ByteStream) -> int | None:
    """Read a part's headers; the length that they tell."""
    length, seen = None, 0
    while (line := stream.through(b"\n", BETWEEN)) is not None and line.strip():
        seen += len(line)
        if seen > BETWEEN:
            raise ValueError("headers without end")
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and re.fullmatch(rb"\d{1,9}", value.strip()):
            length = int(value)
    if length is not None and length > LARGEST:
        raise ValueError(f"a part of {length} bytes")
    return length or None


def jpegs(stream: ByteStream) -> Iterator[bytes]:
    """JPEGs that follow each other, whatever lies between them. The last one may lack its end. Raises ValueError."""
    while True:
        while (place := stream.held.find(BEGIN)) < 0:
            if len(stream.held) > BETWEEN:
                raise ValueError("no picture")
            if not stream.fill():
                return
        stream.take(place)
        yield _headers(stream) + (stream.through(END, LARGEST) or stream.take(len(stream.held)))


def _headers(stream: ByteStream) -> bytes:
    """A JPEG's beginning up to its first scan: its headers may hold a smaller picture with an end of its own."""
    data = stream.take(2)
    while len(data) < LARGEST:
        marker = stream.exactly(4)
        if marker is None or marker[0] != 0xFF:
            stream.held[:0] = marker or b""
            break
        length = int.from_bytes(marker[2:], "big")
        rest = stream.exactly(max(0, length - 2))
        data += marker + (rest or b"")
        if rest is None or marker[1] == 0xDA:
            break
    return data
