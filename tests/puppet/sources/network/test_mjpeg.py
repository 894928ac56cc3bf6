"""MJPEG and single JPEGs, as cameras send them and as nobody should."""

from __future__ import annotations

import socket

import cv2
import pytest
from hostile_servers import always, http, target
from network_sources import JPEGS, PARTS, QUICK, numbers_from, stream_of_parts, trouble
from video_fixtures import numbered, shown_number

from puppet.sources.registry import open_source


@pytest.mark.parametrize("kind", list(PARTS))
def test_pictures_as_cameras_write_them(kind: str, serve):
    server = serve(stream_of_parts(PARTS[kind]))
    numbers = numbers_from(open_source(f"http://{server.place}/video", devices=QUICK), 8)
    assert len(numbers) == 8
    assert all(0 < (b - a) % 40 < 30 for a, b in zip(numbers, numbers[1:], strict=False))


@pytest.mark.parametrize("kind", ["text/html", "video/mp4", "application/octet-stream", "image/jpeg", ""])
def test_the_bytes_tell_not_the_content_type(kind: str, serve):
    server = serve(stream_of_parts(kind=kind))
    assert len(numbers_from(open_source(f"http://{server.place}/video", devices=QUICK), 3)) == 3


@pytest.mark.parametrize("keeps", [True, False], ids=["keep-alive", "closes"])
def test_single_pictures_are_asked_for_again_and_again(keeps: bool, serve):
    def answer(request: str, connection: socket.socket) -> None:
        connection.sendall(http(JPEGS[len(server.requests) % 40], "image/jpeg", sized=keeps))
        if not keeps:
            connection.shutdown(socket.SHUT_RDWR)

    server = serve(answer)
    numbers = numbers_from(open_source(f"http://{server.place}/shot.jpg", devices=QUICK), 6)
    assert len(numbers) == 6
    assert all(0 < (b - a) % 40 < 30 for a, b in zip(numbers, numbers[1:], strict=False))
    assert all(target(request) == "/shot.jpg" for request in server.requests)
    assert (server.connections == 1) is keeps


def test_a_thumbnail_within_a_picture_is_not_the_picture(serve):
    small = cv2.imencode(".jpg", numbered(4000, 32, 24))[1].tobytes()
    segment = b"\xff\xe2" + (len(small) + 2).to_bytes(2, "big") + small
    server = serve(lambda request, to: to.sendall(http(JPEGS[7][:2] + segment + JPEGS[7][2:], "image/jpeg")))
    source = open_source(f"http://{server.place}/shot.jpg", devices=QUICK)
    source.open()
    frame = source.read()
    source.close()
    assert frame is not None
    assert shown_number(frame.image) == 7


def with_size(data: bytes, width: int, height: int) -> bytes:
    """A JPEG that says it is larger than it is."""
    place = data.index(b"\xff\xc0") + 5
    return data[:place] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + data[place + 4 :]


@pytest.mark.parametrize(("width", "height"), [(65500, 65500), (65500, 600), (0, 0)])
def test_a_giant_picture_is_not_decoded(width: int, height: int, serve):
    giant = with_size(JPEGS[3], width, height)
    for answer in (always(http(giant, "image/jpeg")), stream_of_parts(lambda _: PARTS["no length"](giant))):
        server = serve(answer)
        assert trouble(f"http://{server.place}/shot.jpg").kind == "unreadable"


@pytest.mark.parametrize(
    "other", [b"\x89PNG\r\n\x1a\n" + b"\0" * 99, b"GIF89a" + b"\0" * 99, b"RIFF\0\0\0\0WEBPVP8 ", b"BM"]
)
def test_parts_that_are_other_pictures_are_not_decoded(other: bytes, serve, monkeypatch: pytest.MonkeyPatch):
    decoded: list[int] = []
    monkeypatch.setattr(cv2, "imdecode", lambda *_: decoded.append(1))
    server = serve(stream_of_parts(lambda _: PARTS["no length"](other)))
    assert trouble(f"http://{server.place}/video").kind == "unreadable"
    server = serve(always(http(other, "image/jpeg")))
    assert trouble(f"http://{server.place}/shot.jpg").kind == "unreadable"
    assert decoded == []
