"""JPEG pictures out of what a camera sends: one in each part of a multipart body, one after the other, or just one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

LARGEST = 32 << 20  # bytes of one picture
BETWEEN = 1 << 16  # bytes of headers, and of whatever else lies between two pictures
BEGIN, END = b"\xff\xd8\xff", b"\xff\xd9"


class Body:
    """Bytes that come bit by bit. `held`: what has come and was not taken yet. Every limit raises ValueError."""

    def __init__(self, more: Callable[[int], bytes]) -> None:
        """more: at most so many bytes, waiting for the first; b"" at the end. What it raises goes through."""
        self.held = bytearray()
        self._more, self._ended = more, False

    def fill(self) -> bool:
        """Wait for more; False at the end."""
        data = b"" if self._ended else self._more(BETWEEN)
        self._ended = not data
        self.held += data
        return bool(data)

    def take(self, size: int) -> bytes:
        data = bytes(self.held[:size])
        del self.held[:size]
        return data

    def some(self) -> bytes:
        """What is there, waiting for something; b"" at the end."""
        if not self.held:
            self.fill()
        return self.take(len(self.held))

    def exactly(self, size: int) -> bytes | None:
        """None: the body ended before."""
        while len(self.held) < size:
            if not self.fill():
                return None
        return self.take(size)

    def through(self, mark: bytes, most: int) -> bytes | None:
        """Up to and with `mark`, which lies in the next `most` bytes. None: the body ended before."""
        looked = 0
        while (place := self.held.find(mark, looked)) < 0:
            looked = max(0, len(self.held) - len(mark) + 1)
            if looked > most:
                raise ValueError(f"no {mark!r} within {most} bytes")
            if not self.fill():
                return None
        return self.take(place + len(mark))

    def rest(self, most: int) -> bytes:
        """Everything to the end."""
        while self.fill():
            if len(self.held) > most:
                raise ValueError(f"more than {most} bytes")
        return self.take(len(self.held))


def parts(body: Body, content_type: str) -> Iterator[bytes]:
    """What each part of a multipart body holds (RFC 2046, as cameras write it). ValueError: it is none."""
    told = re.search(r'boundary\s*=\s*(?:"([^"]+)"|([^\s;]+))', content_type, re.I)
    name = (told[1] or told[2]).encode("latin-1", "replace").lstrip(b"-") if told else b""
    boundary = b""
    while True:
        line = body.through(b"\n", BETWEEN)
        if line is None:
            return
        if not line.strip():
            continue
        if not line.startswith(b"--") and not (name and line.strip() == name):
            if not boundary:
                raise ValueError("no boundary where a part should begin")
            body.held[:0] = line  # the length that was told is not that of the part
            if body.through(boundary, LARGEST) is None:
                return
            body.held[:0] = boundary
            continue
        boundary = line.strip()
        if boundary.endswith(b"--") and boundary.strip(b"-") in (name, b""):
            return
        length = _length(body)
        while len(body.held) < len(BEGIN) and body.fill():
            pass
        if length is None and body.held.startswith(BEGIN):  # its end is known before the next boundary comes
            part = _headers(body) + (body.through(END, LARGEST) or body.take(len(body.held)))
        elif length is None:
            part = body.through(b"\n" + boundary, LARGEST)
            if part is None:
                return
            part = part[: -len(boundary) - 1].removesuffix(b"\r")
            body.held[:0] = boundary
        else:
            part = body.exactly(length)
            if part is None:
                return
            if not part.rstrip(b"\0\r\n").endswith(END):  # the length that was told may be wrong
                more = body.through(b"\n" + boundary, LARGEST)
                part += (more or b"")[: -len(boundary) - 1]
                body.held[:0] = boundary if more else b""
        yield part


def _length(body: Body) -> int | None:
    """Read a part's headers; the length that they tell."""
    length, seen = None, 0
    while (line := body.through(b"\n", BETWEEN)) is not None and line.strip():
        seen += len(line)
        if seen > BETWEEN:
            raise ValueError("headers without end")
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and re.fullmatch(rb"\d{1,9}", value.strip()):
            length = int(value)
    if length is not None and length > LARGEST:
        raise ValueError(f"a part of {length} bytes")
    return length or None


def jpegs(body: Body) -> Iterator[bytes]:
    """JPEGs that follow each other, whatever lies between them. The last one may lack its end."""
    while True:
        while (place := body.held.find(BEGIN)) < 0:
            if len(body.held) > BETWEEN:
                raise ValueError("no picture")
            if not body.fill():
                return
        body.take(place)
        yield _headers(body) + (body.through(END, LARGEST) or body.take(len(body.held)))


def _headers(body: Body) -> bytes:
    """A JPEG's beginning up to its first scan: its headers may hold a smaller picture with an end of its own."""
    data = body.take(2)
    while len(data) < LARGEST:
        marker = body.exactly(4)
        if marker is None or marker[0] != 0xFF:
            body.held[:0] = marker or b""
            break
        length = int.from_bytes(marker[2:], "big")
        rest = body.exactly(max(0, length - 2))
        data += marker + (rest or b"")
        if rest is None or marker[1] == 0xDA:
            break
    return data
