"""Opening addresses as sources, with limits for tests, and pictures that servers send."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
from hostile_servers import Answer, header, http
from video_fixtures import numbered, shown_number

from puppet.core.errors import SourceError
from puppet.core.protocols import Source
from puppet.sources.devices import Devices
from puppet.sources.registry import open_source

QUICK = Devices(open_within=20.0, frozen_after=3.0)
HASTY = Devices(open_within=0.6, frozen_after=0.5)
MULTIPART = "multipart/x-mixed-replace; boundary=cut"


def jpeg(number: int) -> bytes:
    return cv2.imencode(".jpg", numbered(number))[1].tobytes()


JPEGS = [jpeg(n) for n in range(40)]


def numbers_from(source: Source, most: int) -> list[int]:
    source.open()
    try:
        return [shown_number(frame.image) for frame in (source.read() for _ in range(most)) if frame is not None]
    finally:
        source.close()


def trouble(url: str, devices: Devices = QUICK) -> SourceError:
    """What opening says."""
    with pytest.raises(SourceError) as caught:
        _open(url, devices)
    return caught.value


def _open(url: str, devices: Devices) -> None:
    source = open_source(url, devices=devices)
    try:
        source.open()
    finally:
        source.close()


PARTS: dict[str, Callable[[bytes], bytes]] = {
    "as they should be": lambda data: b"--cut\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(data), data),
    "no length": lambda data: b"--cut\r\nContent-Type: image/jpeg\r\n\r\n" + data + b"\r\n",
    "line feeds alone": lambda data: b"--cut\nContent-Type: image/jpeg\n\n" + data + b"\n",
    "no headers": lambda data: b"--cut\r\n\r\n" + data + b"\r\n",
    "length of nothing": lambda data: b"--cut\r\nContent-Length: 0\r\n\r\n" + data + b"\r\n",
    "length too small": lambda data: b"--cut\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(data) - 9, data),
    "other boundary than told": lambda data: b"--other\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(data), data),
    "boundary without dashes": lambda data: b"cut\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(data), data),
    "bare pictures": lambda data: data,
    "pictures with something between": lambda data: b"\r\n\r\n" + data + b"junk",
}


def stream_of_parts(
    part: Callable[[bytes], bytes] | None = None, kind: str = MULTIPART, pause: float = 0.005, first: bytes = b""
) -> Answer:
    """Pictures 0, 1, 2 ... as parts; `part` makes one of a JPEG."""
    made = part or PARTS["as they should be"]

    def answer(request: str, connection: socket.socket) -> None:
        connection.sendall(http(first, kind, sized=False))
        for n in range(100_000):
            connection.sendall(made(JPEGS[n % 40]))
            time.sleep(pause)

    return answer


def file_server(path: Path, ranges: bool = True, then: bytes = b"") -> Answer:
    """Serves a file, in parts where it is asked to. then: answers every request but the first."""
    data = path.read_bytes()
    asked: list[str] = []

    def answer(request: str, connection: socket.socket) -> None:
        asked.append(request)
        if then and len(asked) > 1:
            connection.sendall(then)
            return
        part = re.fullmatch(r"bytes=(\d+)-(\d*)", header(request, "Range"))
        if not (part and ranges):
            connection.sendall(http(data, "video/mp4", "200 OK", *(["Accept-Ranges: bytes"] if ranges else [])))
            return
        begin, end = int(part[1]), int(part[2] or len(data) - 1)
        told = f"Content-Range: bytes {begin}-{end}/{len(data)}"
        connection.sendall(http(data[begin : end + 1], "video/mp4", "206 Part", told))

    return answer


BASIC = 'Basic realm="cam"'


def dripping(first: bytes, drop: bytes) -> Answer:
    def answer(request: str, connection: socket.socket) -> None:
        connection.sendall(first)
        while True:
            connection.sendall(drop)
            time.sleep(0.05)

    return answer


def flooding(first: bytes, flood: bytes) -> Answer:
    def answer(request: str, connection: socket.socket) -> None:
        connection.sendall(first)
        for _ in range(3000):
            connection.sendall(flood)

    return answer
