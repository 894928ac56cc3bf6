"""Opens a network address as a capture of pictures.

The format is recognised by its first bytes, and is one of a few: MJPEG, single JPEGs that are asked for again and
again, RTSP, MPEG-TS and MP4. Only the host that the user named is contacted: connections are made here, and ffmpeg,
where it decodes, is given bytes.
"""

from __future__ import annotations

import errno
import http.client
import re
import socket
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Literal

import numpy as np

from puppet.core.addresses import Address
from puppet.core.errors import PuppetError, SourceError
from puppet.core.texts import one_line
from puppet.core.types import Image
from puppet.media.video_capture import VideoCapture
from puppet.media.video_formats import format_of, index_comes_last, is_playlist
from puppet.pictures.decode import decode_jpeg
from puppet.sources.network.byte_stream import ByteStream
from puppet.sources.network.connection import Connection
from puppet.sources.network.http_client import HttpClient
from puppet.sources.network.mjpeg import jpegs, parts
from puppet.sources.network.relay import LoopbackRelay
from puppet.sources.network.rtsp_relay import open_rtsp
from puppet.sources.network.stream_capture import StreamCapture
from puppet.sources.network.stream_decoder import StreamDecoder

Kind = Literal["multipart", "mjpeg", "mpegts", "mov"]

ENOUGH = 1 << 12  # bytes by which a format is known
FROM_PIPE = ["-protocol_whitelist", "pipe", "-f", "mpegts", "-i", "pipe:0"]  # MPEG-TS that we write
ASK_EVERY = 1 / 30  # s between two single pictures, at least
ADVICE = "its own address is needed: MJPEG, JPEG, RTSP, MPEG-TS or MP4"


def open_stream(address: Address, connection: Connection) -> VideoCapture:
    """A capture of what `address` sends; all its sockets belong to `connection`. Raises SourceError."""
    try:
        if address.scheme in ("rtsp", "rtsps"):
            return open_rtsp(address, connection)
        if address.scheme in ("http", "https"):
            return _over_http(address, connection)
        return _over_socket(address, connection)
    except TimeoutError as problem:
        raise SourceError(f"{address.shown}: answers, but sends nothing", "busy") from problem
    except (OSError, http.client.HTTPException) as problem:
        raise SourceError(f"{address.shown}: the connection was lost ({problem})", "absent") from problem


class JpegStream(StreamCapture):
    """A `VideoCapture` of a stream of JPEGs, decoded here."""

    def __init__(self, pictures: Iterator[bytes], connection: Connection) -> None:
        super().__init__(connection)
        self._pictures = pictures
        self._data = b""

    def grab(self) -> bool:
        """Wait for the next picture. Raises SourceError when the camera says why there is none any more."""
        try:
            self._data = next(self._pictures, b"")
        except ValueError as problem:
            self._connection.problem, self._data = str(problem), b""
        except (OSError, http.client.HTTPException):  # lost: no picture comes any more
            self._data = b""
        return bool(self._data)

    def retrieve(self) -> tuple[bool, Image]:
        """The JPEG that was grabbed, decoded."""
        try:
            return True, decode_jpeg(self._data)
        except PuppetError as problem:
            self._connection.problem = str(problem)
            return False, np.empty(0, np.uint8)


def _over_http(address: Address, connection: Connection) -> VideoCapture:
    camera = HttpClient(address, connection)
    response = camera.get()
    body, content_type = ByteStream(response.read1), response.headers.get("Content-Type", "")
    kind = _kind(body, content_type, camera.address)
    if kind == "multipart":
        return JpegStream(parts(body, content_type), connection)
    if kind == "mjpeg":
        return JpegStream(_asked_again(camera, response, body), connection)
    paced = ["-re"] if response.length is not None else []  # a file, not what happens now
    if kind == "mpegts":
        return StreamDecoder(connection, [*paced, *FROM_PIPE], body.some)
    if index_comes_last(bytes(body.held)) and response.headers.get("Accept-Ranges", "none").lower() == "none":
        connection.problem = (
            "the video's index lies at its end, and its server gives no part of a file; save it, and open that"
        )
    camera.close()
    relay = LoopbackRelay(camera.address, connection)
    return StreamDecoder(connection, [*paced, "-protocol_whitelist", "http,tcp", "-f", "mov", "-i", relay.url])


def _asked_again(camera: HttpClient, response: http.client.HTTPResponse, body: ByteStream) -> Iterator[bytes]:
    """The JPEGs of one response after the other, over the same socket where the camera keeps it."""
    while True:
        asked, got = time.monotonic(), 0
        for picture in jpegs(body):
            got += 1
            yield picture
        if not got:
            raise ValueError("it is no JPEG picture")
        time.sleep(max(0.0, asked + ASK_EVERY - time.monotonic()))
        response.close()
        response = camera.get()
        body = ByteStream(response.read1)


def _over_socket(address: Address, connection: Connection) -> VideoCapture:
    """MPEG-TS or JPEGs over plain TCP, or MPEG-TS that is sent to a port of this machine by UDP."""
    body = ByteStream(_listen(address, connection) if address.scheme == "udp" else connection.connect(address).recv)
    try:
        kind = _kind(body, "", address)
    except TimeoutError as problem:
        raise SourceError(f"{address.shown}: nothing is sent there", "absent") from problem
    if kind == "mjpeg":
        return JpegStream(jpegs(body), connection)
    if kind != "mpegts":
        raise _unreadable(address, "sends something else than MPEG-TS or JPEG")
    return StreamDecoder(connection, FROM_PIPE, body.some)


def _listen(address: Address, connection: Connection) -> Callable[[int], bytes]:
    """Receive at a UDP port: gives what `ByteStream` reads.

    The address's host: one of this machine, a multicast group, nothing for any of them; or another machine, and then
    only what that one sends is taken.
    """
    sender = ""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    connection.register(listener)
    listener.settimeout(connection.silent_for)
    try:
        host = socket.gethostbyname(address.host) if address.host else ""
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        if host and ip_address(host).is_multicast:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("", address.port))
            listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, ip_address(host).packed + b"\0\0\0\0")
        else:
            try:
                listener.bind((host, address.port))
            except OSError as problem:
                if problem.errno != errno.EADDRNOTAVAIL:
                    raise
                listener.bind(("", address.port))
                sender = host
    except OSError as problem:
        connection.drop(listener)
        raise SourceError(
            f"{address.shown}: nothing can be received there ({problem.strerror or problem})", "absent"
        ) from problem

    def receive(size: int) -> bytes:
        while not connection.closed:
            data, origin = listener.recvfrom(size)
            if data and sender in ("", origin[0]):
                return data
        return b""

    return receive


def _kind(body: ByteStream, content_type: str, address: Address) -> Kind:
    """The kind of a stream. content_type: the Content-Type, which counts only where the bytes do not tell."""
    while (kind := _guess(bytes(body.held), content_type)) is None and len(body.held) < ENOUGH and body.fill():
        pass
    head = bytes(body.held)
    if kind is not None:
        return kind
    if not head:
        raise SourceError(f"{address.shown}: answers, but sends nothing", "busy")
    if is_playlist(head):
        raise _unreadable(address, "sends a playlist, which names other addresses; those are not opened")
    if re.match(rb"(?i)\s*(<!doctype html|<html|<head|<body|<\?xml|<!--)", head) or "html" in content_type.lower():
        raise SourceError(
            f"{address.shown}: that is a web page; give the address of the picture in it, often "
            f"{address.scheme}://{address.place}/video (MJPEG), {address.scheme}://{address.place}/shot.jpg (JPEG) "
            "or rtsp://...",
            "unreadable",
        )
    known = format_of(head) or one_line(content_type.partition(";")[0])
    raise _unreadable(address, f"answers, but not with a video that can be read{f' ({known:.60})' if known else ''}")


def _guess(head: bytes, content_type: str) -> Kind | None:
    """The same by the first bytes that have come; None when they do not tell yet."""
    if is_playlist(head):
        return None
    if head.lstrip().startswith(b"--") and (content_type.lower().startswith("multipart/") or b"\n" in head.lstrip()):
        return "multipart"
    found = format_of(head.lstrip(b"\r\n")) if len(head) > 8 else None
    if found == "mjpeg" or found == "mpegts" or found == "mov":
        return found
    name = re.search(r'(?i)boundary\s*=\s*"?([^\s;"]+)', content_type)
    if (
        name
        and content_type.lower().startswith("multipart/")
        and head.lstrip().startswith(name[1].encode("latin-1", "replace"))
    ):
        return "multipart"
    return None


def _unreadable(address: Address, what: str) -> SourceError:
    return SourceError(f"{address.shown}: {what}; {ADVICE}", "unreadable")
