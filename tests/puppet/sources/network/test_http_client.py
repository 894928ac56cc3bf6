"""Requests to a camera: redirects, and who is never asked."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from hostile_servers import Canary, always, header, http, target
from network_sources import JPEGS, QUICK, file_server, numbers_from, stream_of_parts, trouble

from puppet.sources.registry import open_source


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
@pytest.mark.parametrize("form", ["http://{}/video", "//{}/video", "https://{}/", "rtsp://{}/live", "http://a@{}/"])
def test_a_redirect_to_another_host_is_told(status: str, form: str, canary: Canary, serve):
    for place in canary.places:
        server = serve(always(http(b"", "", status, f"Location: {form.format(place)}")))
        error = trouble(f"http://me:secret@{server.place}/video")
        assert "redirects to" in str(error)
        assert place in str(error)
        assert "secret" not in str(error)


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/a", "udp://127.0.0.1:99", "data:,x", ""])
def test_a_redirect_to_something_else_is_told(location: str, serve):
    server = serve(always(http(b"", "", "302 Found", *([f"Location: {location}"] if location else []))))
    assert trouble(f"http://{server.place}/video").kind == "unreadable"


def test_a_redirect_to_another_path_is_followed_with_the_password(serve):
    def answer(request: str, connection: socket.socket) -> None:
        if target(request) == "/":
            connection.sendall(http(b"", "", "302 Found", "Location: /cam/1"))
        elif not header(request, "Authorization"):
            connection.sendall(http(b"", "", "401 No", 'WWW-Authenticate: Basic realm="cam"'))
        else:
            connection.sendall(http(JPEGS[len(server.requests) % 40], "image/jpeg"))

    server = serve(answer)
    assert len(numbers_from(open_source(f"http://me:secret@{server.place}/", devices=QUICK), 3)) == 3


def test_redirects_without_end(serve):
    server = serve(lambda request, to: to.sendall(http(b"", "", "302 Found", f"Location: {target(request)}x")))
    assert "without end" in str(trouble(f"http://{server.place}/"))
    assert len(server.requests) < 10


def test_no_proxy_is_asked(canary: Canary, serve, monkeypatch: pytest.MonkeyPatch, film: Path):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
        monkeypatch.setenv(name, f"http://{canary.places[0]}")
    for server, path in ((serve(stream_of_parts()), "/video"), (serve(file_server(film)), "/film.mp4")):
        assert numbers_from(open_source(f"http://{server.place}{path}", devices=QUICK), 2)
