"""Reads a socket's bytes by size or up to a mark, with limits."""

from __future__ import annotations

from collections.abc import Callable

PIECE = 1 << 16  # bytes asked for at once


class ByteStream:
    """Bytes from a socket or response that come piece by piece, read by size or up to a mark.

    held: what has come and was not taken yet. A limit that is exceeded raises ValueError.
    """

    def __init__(self, receive: Callable[[int], bytes]) -> None:
        """receive: gives at most so many bytes, waits for the first, b"" at the end. What it raises goes through."""
        self.held = bytearray()
        self._receive, self._ended = receive, False

    def fill(self) -> bool:
        """Wait for more; False at the end."""
        data = b"" if self._ended else self._receive(PIECE)
        self._ended = not data
        self.held += data
        return bool(data)

    def take(self, size: int) -> bytes:
        """At most so many bytes of what is held, without waiting."""
        data = bytes(self.held[:size])
        del self.held[:size]
        return data

    def some(self) -> bytes:
        """What is held, waiting for something; b"" at the end."""
        if not self.held:
            self.fill()
        return self.take(len(self.held))

    def exactly(self, size: int) -> bytes | None:
        """Just so many bytes, waiting for them; None when the stream ended before."""
        while len(self.held) < size:
            if not self.fill():
                return None
        return self.take(size)

    def through(self, mark: bytes, most: int) -> bytes | None:
        """Up to and with `mark`, within the next `most` bytes; None when the stream ended before."""
        looked = 0
        while (place := self.held.find(mark, looked)) < 0:
            looked = max(0, len(self.held) - len(mark) + 1)
            if looked > most:
                raise ValueError(f"no {mark!r} within {most} bytes")
            if not self.fill():
                return None
        return self.take(place + len(mark))

    def rest(self, most: int) -> bytes:
        """Everything to the end, at most `most` bytes."""
        while self.fill():
            if len(self.held) > most:
                raise ValueError(f"more than {most} bytes")
        return self.take(len(self.held))
