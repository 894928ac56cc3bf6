"""What an address sends: what is read, what is refused, and that nobody else is ever asked."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from pathlib import Path

import pytest
from hostile_servers import Answer, Canary, always, http
from network_sources import HASTY, JPEGS, MULTIPART, QUICK, dripping, flooding, numbers_from, trouble
from playlists import leading_to

from puppet.sources.registry import open_source


@pytest.mark.parametrize("kind", ["application/x-mpegurl", "image/jpeg", MULTIPART, "video/mp4", "video/mp2t", ""])
@pytest.mark.parametrize("name", ["/a.m3u8", "/video.mp4", "/video.mjpg"])
def test_lists_are_told_and_not_followed(kind: str, name: str, canary: Canary, serve):
    for text in leading_to(Path(f"http://{canary.places[0]}/x.ts")).values():
        body = text.replace(b"http:/1", b"http://1")
        server = serve(always(http(body, kind)))
        error = trouble(f"http://{server.place}{name}")
        assert error.kind == "unreadable"
        assert re.search("playlist|not with a video", str(error))


HEAD = b"HTTP/1.1 200 OK\r\n"
HOSTILE: dict[str, Answer] = {
    "says nothing": lambda request, connection: time.sleep(30),
    "hangs up": lambda request, connection: connection.shutdown(socket.SHUT_RDWR),
    "no HTTP": always(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "headers one by one": dripping(HEAD, b"X-A: b\r\n"),
    "a header byte by byte": dripping(HEAD, b"x"),
    "huge header": flooding(HEAD + b"X-A: ", b"x" * 65536),
    "many headers": flooding(HEAD, b"X-A: b\r\n" * 8192),
    "body byte by byte": dripping(HEAD + b"\r\n", b"-"),
    "a picture byte by byte": dripping(HEAD + b"Content-Type: image/jpeg\r\n\r\n" + JPEGS[0][:200], b"x"),
    "a part without end": flooding(HEAD + b"\r\n--cut\r\n\r\n" + JPEGS[0][:200], b"x" * 65536),
    "headers of a part without end": flooding(HEAD + b"\r\n--cut\r\n", b"X-A: b\r\n" * 8192),
    "a giant part": always(http(b"--cut\r\nContent-Length: 999999999\r\n\r\n" + JPEGS[0], MULTIPART, sized=False)),
    "bad chunks": always(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
    "compressed": always(http(b"\x1f\x8b\x08", "image/jpeg", "200 OK", "Content-Encoding: gzip")),
    "text": always(http(b"{}", "application/json")),
    "nothing": always(http(b"", "image/jpeg")),
    "zeros": flooding(HEAD + b"\r\n", b"\0" * 65536),
    "an error": always(http(b"", "", "500 No")),
    "mp4 of zeros": flooding(HEAD + b"\r\n\0\0\0\x18ftypisom\0\0\2\0isomiso2", b"\0" * 65536),
    "mpeg-ts of nothing": flooding(HEAD + b"\r\n", (b"\x47\x1f\xff\x10" + b"\xff" * 184) * 300),
}


@pytest.mark.parametrize("kind", list(HOSTILE))
def test_whatever_answers_it_is_told_in_time(kind: str, serve):
    server = serve(HOSTILE[kind])
    began = time.monotonic()
    error = trouble(f"http://me:secret@{server.place}/video", HASTY)
    assert time.monotonic() - began < 30
    assert error.kind in ("absent", "busy", "unreadable")
    assert server.place in str(error)
    assert "secret" not in str(error)
    assert str(error).isprintable()


def test_a_web_page_is_told(serve):
    server = serve(always(http(b"<!DOCTYPE html><html><img src=/video></html>", "text/html; charset=utf-8")))
    error = trouble(f"http://{server.place}/")
    assert "web page" in str(error)
    assert "/video" in str(error)


@pytest.mark.parametrize(
    "scheme", ["file", "ftp", "rtmp", "concat", "data", "pipe", "gopher", "subfile", "srt", "unix"]
)
def test_other_kinds_of_addresses(scheme: str):
    error = trouble(f"{scheme}:///etc/passwd")
    assert error.kind == "absent"
    assert "http://" in str(error)


@pytest.mark.parametrize(
    "url",
    ["http://", "http:///video", "http://[::1", "http://a:99999/", "http://a:b/", "http://a b/", "http://a\r\nX: y/",
     "tcp://127.0.0.1", "udp://", "http://" + "x" * 5000, "http://..../", "http://a\u2024b/", "http://\u00e9..x/"],
)  # fmt: skip
def test_what_is_no_address(url: str):
    assert str(trouble(url, HASTY)).isprintable()


@pytest.mark.parametrize("mark", [b"\0\0\0\x18ftypisom", b"G", b"\xff\xd8\xff"])
def test_what_only_begins_like_a_film(mark: bytes, canary: Canary, serve):
    text = f"\n#EXTM3U\n#EXTINF:9,\nhttp://{canary.places[0]}/x.ts\nc=IN IP4 127.0.0.2\nm=video 9 RTP/AVP 26\n"
    body = mark + b"".join(text.encode().ljust(187, b"x") + b"G" for _ in range(50))
    server = serve(always(http(body, "video/mp4")))
    assert trouble(f"http://{server.place}/film.mp4").kind in ("busy", "unreadable")


def test_a_transport_stream_over_tcp(film: Path):
    data = film.with_name("film.ts").read_bytes()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with contextlib.suppress(OSError), connection:
                while True:
                    for place in range(100, len(data), 5000):  # from the middle of a packet on
                        connection.sendall(data[place : place + 5000])
                        time.sleep(0.01)

        threading.Thread(target=serve, daemon=True).start()
        url = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        assert len(numbers_from(open_source(url, devices=QUICK), 5)) == 5


@pytest.mark.parametrize("host", ["127.0.0.1", "", "@"])
def test_a_transport_stream_by_udp(host: str, film: Path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data, over = film.with_name("film.ts").read_bytes(), threading.Event()

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while not over.is_set():
                for place in range(0, len(data), 1316):
                    with contextlib.suppress(OSError):  # nobody listens yet
                        sender.sendto(data[place : place + 1316], ("127.0.0.1", port))
                    time.sleep(0.005)

    threading.Thread(target=send, daemon=True).start()
    try:
        assert len(numbers_from(open_source(f"udp://{host}:{port}", devices=QUICK), 3)) == 3
    finally:
        over.set()


def test_nothing_comes_by_udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert trouble(f"udp://127.0.0.1:{port}", HASTY).kind == "absent"
