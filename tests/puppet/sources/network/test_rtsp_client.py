"""RTSP: cameras that lead elsewhere, cannot do what is asked, or want a password."""

from __future__ import annotations

import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hostile_servers import Answer, Canary, always, http
from network_sources import BASIC, HASTY, QUICK, dripping, flooding, numbers_from, trouble
from video_fixtures import RtspServer

from puppet.sources.registry import open_source

SDP = (
    "v=0\r\no=- 0 0 IN IP4 {0}\r\ns=x\r\nc=IN IP4 {0}\r\nt=0 0\r\na=control:{1}\r\n"
    "m=video {2} RTP/AVP 26\r\na=control:{1}\r\n"
)


def rtsp(status: str, *headers: str, body: str = "") -> bytes:
    length = [f"Content-Length: {len(body)}", "Content-Type: application/sdp"] if body else []
    return "\r\n".join([f"RTSP/1.0 {status}", "CSeq: 1", *length, *headers, "", body]).encode()


@pytest.mark.parametrize(
    "form", ["rtsp://{}/live", "rtsps://{}/live", "http://{}/", "rtsp://a:b@{}/live", "file:///etc/passwd"]
)
def test_rtsp_that_sends_on_to_another_host(form: str, canary: Canary, serve):
    for place in canary.places:
        server = serve(always(rtsp("302 Moved", f"Location: {form.format(place)}")))
        error = trouble(f"rtsp://me:hush@{server.place}/live")
        assert "redirects to" in str(error)
        assert "hush" not in str(error)


@pytest.mark.parametrize("status", ["301", "302", "303", "305 Use Proxy"])
@pytest.mark.parametrize("at", ["DESCRIBE", "SETUP", "PLAY"])
def test_rtsp_that_leads_elsewhere_at_any_step(status: str, at: str, canary: Canary, serve):
    """Every name in what it says is another host's."""
    other = canary.places[-1]
    host, _, port = other.partition(":")

    def answer(request: str, connection: socket.socket) -> None:
        method = request.split(" ")[0]
        if method == at:
            connection.sendall(rtsp(status, f"Location: rtsp://{other}/live"))
        elif method == "DESCRIBE":
            body = SDP.format(host, f"rtsp://{other}/track", port)
            connection.sendall(rtsp("200 OK", f"Content-Base: rtsp://{other}/", body=body))
        else:
            transport = (
                f"RTP/AVP/TCP;unicast;destination={host};source={host};interleaved=0-1;server_port={port}-{port}"
            )
            connection.sendall(rtsp("200 OK", f"Transport: {transport}", "Session: 1"))

    server = serve(answer)
    error = trouble(f"rtsp://{server.place}/live")
    assert error.kind in ("busy", "unreadable")


def test_rtsp_that_would_send_by_udp(serve):
    def answer(request: str, connection: socket.socket) -> None:
        if request.startswith("DESCRIBE"):
            connection.sendall(rtsp("200 OK", body=SDP.format("127.0.0.1", "track", 0)))
        else:
            connection.sendall(rtsp("200 OK", "Transport: RTP/AVP;unicast;client_port=5000-5001;source=127.0.0.2"))

    server = serve(answer)
    assert "RTP over TCP" in str(trouble(f"rtsp://{server.place}/live"))


RTSP_HOSTILE: dict[str, Answer] = {
    "says nothing": lambda request, connection: time.sleep(30),
    "hangs up": lambda request, connection: connection.shutdown(socket.SHUT_RDWR),
    "HTTP": always(http(b"<html></html>", "text/html")),
    "headers without end": flooding(b"RTSP/1.0 200 OK\r\n", b"X-A: b\r\n" * 8192),
    "a line without end": flooding(b"RTSP/1.0 200 OK\r\nX-A: ", b"x" * 65536),
    "byte by byte": dripping(b"RTSP/1.0 200 OK\r\n", b"x"),
    "a giant body": always(b"RTSP/1.0 200 OK\r\nContent-Length: 999999999\r\n\r\n"),
    "a body of less than nothing": always(b"RTSP/1.0 200 OK\r\nContent-Length: -5\r\n\r\n"),
    "packets without end": flooding(b"", b"$\0\0\4abcd" * 8192),
    "no video": always(rtsp("200 OK", body="v=0\r\nm=audio 0 RTP/AVP 0\r\n")),
    "a strange codec": always(rtsp("200 OK", body="v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 X-PN/90000\r\n")),
    "a list": always(rtsp("200 OK", body="#EXTM3U\r\nhttp://127.0.0.2/\r\n")),
    "not there": always(rtsp("404 Not Found")),
    "an error": always(rtsp("500 No")),
}


@pytest.mark.parametrize("kind", list(RTSP_HOSTILE))
def test_whatever_answers_to_rtsp(kind: str, serve):
    server = serve(RTSP_HOSTILE[kind])
    error = trouble(f"rtsp://me:hush@{server.place}/live", HASTY)
    assert error.kind in ("absent", "busy", "unreadable")
    assert "hush" not in str(error)
    assert str(error).isprintable()


@pytest.mark.parametrize("challenge", [BASIC, 'Digest realm="cam", nonce="n1"'])
@pytest.mark.parametrize("login", ["me:hush@", ""])
def test_rtsp_and_passwords(challenge: str, login: str, serve):
    def answer(request: str, connection: socket.socket) -> None:
        connection.sendall(rtsp("401 Unauthorized", f"WWW-Authenticate: {challenge}"))

    server = serve(answer)
    error = trouble(f"rtsp://{login}{server.place}/live")
    assert error.kind == "denied"
    assert ("refuses the password" if login else "put user and password") in str(error)
    assert "hush" not in str(error)
    assert len(server.requests) == (2 if login else 1)


def test_rtsp_that_was_sent_on_within_the_host_and_asks_for_a_password(film: Path):
    class Guarded(RtspServer):
        """Two answers before the first one that counts; its names are those of another host."""

        def _answer(self, method: str, number: str, transport: str) -> bytes:
            self.answered = getattr(self, "answered", 0) + 1
            if self.answered == 1:
                return f"RTSP/1.0 401 No\r\nCSeq: {number}\r\nWWW-Authenticate: {BASIC}\r\n\r\n".encode()
            return super()._answer(method, number, transport).replace(b"IN IP4 127.0.0.1", b"IN IP4 127.0.0.2")

    server = Guarded(film)
    try:
        url = server.url.replace("rtsp://", "rtsp://me:pw@")
        assert len(numbers_from(open_source(url, devices=replace(QUICK, frozen_after=10)), 5)) == 5
    finally:
        server.close()
