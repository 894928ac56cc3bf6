"""Passwords: Basic and Digest, right, wrong and missing."""

from __future__ import annotations

import contextlib
import hashlib
import re
import socket
from collections.abc import Callable

import pytest
from hostile_servers import Answer, always, header, http, target
from network_sources import BASIC, HASTY, JPEGS, QUICK, numbers_from, trouble
from video_fixtures import until

from puppet.core.errors import SourceError
from puppet.core.slot import LatestSlot
from puppet.core.types import Frame
from puppet.engine.capture_thread import CaptureThread
from puppet.engine.status import Phase
from puppet.sources.registry import open_source


def guarded(check: Callable[[str], bool], *challenges: str) -> Answer:
    """A camera whose requests need an Authorization that `check` takes."""
    count = iter(range(1_000_000))

    def answer(request: str, connection: socket.socket) -> None:
        if header(request, "Authorization") and check(request):
            connection.sendall(http(JPEGS[next(count) % 40], "image/jpeg"))
        else:
            connection.sendall(http(b"", "", "401 No", *(f"WWW-Authenticate: {one}" for one in challenges)))

    return answer


def digest(request: str, password: str, name: str = "md5", realm: str = "cam", nonce: str = "n1") -> bool:
    """RFC 7616, as a server checks it."""
    words = dict(re.findall(r'(\w+)="?([^",]*)"?', header(request, "Authorization")))
    of = lambda text: hashlib.new(name, text.encode()).hexdigest()  # noqa: E731
    secret, asked = of(f"me:{realm}:{password}"), of(f"GET:{target(request)}")
    middle = f"{words['nc']}:{words['cnonce']}:auth:" if words.get("qop") == "auth" else ""
    return words["nonce"] == nonce and words["response"] == of(f"{secret}:{nonce}:{middle}{asked}")


LOGINS = {
    "basic": ([BASIC], lambda r: header(r, "Authorization") == "Basic bWU6cCBAc3M="),  # me:p @ss
    "digest": (['Digest realm="cam", nonce="n1", qop="auth,auth-int"'], lambda r: digest(r, "p @ss")),
    "old digest": (['Digest realm="cam", nonce="n1"'], lambda r: digest(r, "p @ss")),
    "sha-256": (
        ['Digest realm="cam", nonce="n1", qop="auth", algorithm=SHA-256'],
        lambda r: digest(r, "p @ss", "sha256"),
    ),
    "both in one line": ([f'{BASIC}, Digest realm="cam", nonce="n1", qop="auth"'], lambda r: digest(r, "p @ss")),
    "both in two": ([BASIC, 'Digest realm="cam", nonce="n1", qop="auth"'], lambda r: digest(r, "p @ss")),
}


@pytest.mark.parametrize("kind", list(LOGINS))
def test_the_right_password(kind: str, serve):
    challenges, check = LOGINS[kind]
    server = serve(guarded(check, *challenges))
    url = f"http://me:p%20%40ss@{server.place}/shot.jpg?a=b"
    assert len(numbers_from(open_source(url, devices=QUICK), 4)) == 4


@pytest.mark.parametrize("kind", list(LOGINS))
def test_the_wrong_password(kind: str, serve):
    challenges, check = LOGINS[kind]
    server = serve(guarded(check, *challenges))
    error = trouble(f"http://me:wrongsecret@{server.place}/shot.jpg")
    assert error.kind == "denied"
    assert f"The camera at {server.place} refuses the password" in str(error)
    assert "wrongsecret" not in str(error)
    assert len(server.requests) == 2  # cameras lock who tries often


def test_a_wrong_password_is_not_tried_again(serve):
    server = serve(guarded(lambda _: False, BASIC))
    problems: list[BaseException | None] = []
    frames: LatestSlot[Frame] = LatestSlot()
    url = f"http://me:hush@{server.place}/shot.jpg"
    capture = CaptureThread(url, open_source, frames, problems.append, reopen_delays=(0.01,))
    assert "hush" not in capture.name
    capture.start()
    until(lambda: capture.phase is Phase.FAILED, 20)
    assert "refuses the password" in str(problems[-1])
    assert len(server.requests) == 2


def test_no_password_where_one_is_asked_for(serve):
    server = serve(guarded(lambda _: True, BASIC))
    error = trouble(f"http://{server.place}/shot.jpg")
    assert error.kind == "denied"
    assert "put user and password into the address" in str(error)


def test_a_password_is_not_sent_in_the_clear_where_better_is_asked_for(serve):
    challenges, check = LOGINS["both in one line"]
    server = serve(guarded(check, *challenges))
    numbers_from(open_source(f"http://me:p%20%40ss@{server.place}/", devices=QUICK), 1)
    assert not any("Basic" in request for request in server.requests)


def test_a_nonce_that_ran_out_is_no_wrong_password(serve):
    nonces = iter(f"n{n // 3}" for n in range(1_000_000))

    def answer(request: str, connection: socket.socket) -> None:
        nonce = next(nonces)
        if header(request, "Authorization") and digest(request, "pw", nonce=nonce):
            connection.sendall(http(JPEGS[len(server.requests) % 40], "image/jpeg"))
        else:
            connection.sendall(
                http(
                    b"", "", "401 No", f'WWW-Authenticate: Digest realm="cam", nonce="{nonce}", qop="auth", stale=true'
                )
            )

    server = serve(answer)
    assert len(numbers_from(open_source(f"http://me:pw@{server.place}/", devices=QUICK), 6)) == 6


@pytest.mark.parametrize(
    "url",
    ["http://me:hush@{}/v", "http://{}/v?user=me&pwd=hush", "rtsp://{}/user=me&password=hush&channel=1",
     "http://me:hu/hush@{}/v", "http://me:a@hush@{}/v", "https://me:hush@{}/?token=hush", "tcp://me:hush@{}"],
)  # fmt: skip
def test_no_message_holds_a_password(url: str, serve):
    server = serve(always(http(b"", "", "404 No")))
    assert "hush" not in str(trouble(url.format(server.place), HASTY))
    with contextlib.suppress(SourceError):
        assert "hush" not in open_source(url.format(server.place)).name
