"""Network cameras, friendly and hostile: what is read, what is refused, and that nobody else is ever asked."""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import pytest
from hostile_servers import Answer, Canary, Server, always, header, http, target
from playlists import leading_to
from video_fixtures import RtspServer, ffmpeg, numbered, shown_number, until, write_video

from puppet.core.errors import SourceError
from puppet.core.protocols import Source
from puppet.core.slot import LatestSlot
from puppet.core.types import Frame
from puppet.engine.capture import CaptureThread
from puppet.engine.status import Phase
from puppet.sources.devices import Devices
from puppet.sources.registry import open_source

QUICK = Devices(open_within=20.0, frozen_after=3.0)
HASTY = Devices(open_within=0.6, frozen_after=0.5)
MULTIPART = "multipart/x-mixed-replace; boundary=cut"


def jpeg(number: int) -> bytes:
    return cv2.imencode(".jpg", numbered(number))[1].tobytes()


JPEGS = [jpeg(n) for n in range(40)]


@pytest.fixture
def canary() -> Iterator[Canary]:
    """Nobody is asked but whom the user named."""
    canary = Canary()
    yield canary
    time.sleep(0.05)
    asked = canary.asked
    canary.close()
    assert asked == 0


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], Server]]:
    servers: list[Server] = []

    def make(answer: Answer) -> Server:
        servers.append(Server(answer))
        return servers[-1]

    yield make
    for server in servers:
        server.close()


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


# --------------------------------------------------------------------------------- other hosts


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


@pytest.mark.parametrize("kind", ["application/x-mpegurl", "image/jpeg", MULTIPART, "video/mp4", "video/mp2t", ""])
@pytest.mark.parametrize("name", ["/a.m3u8", "/video.mp4", "/video.mjpg"])
def test_lists_are_told_and_not_followed(kind: str, name: str, canary: Canary, serve):
    for text in leading_to(Path(f"http://{canary.places[0]}/x.ts")).values():
        body = text.replace(b"http:/1", b"http://1")
        server = serve(always(http(body, kind)))
        error = trouble(f"http://{server.place}{name}")
        assert error.kind == "unreadable"
        assert re.search("playlist|not with a video", str(error))


def test_no_proxy_is_asked(canary: Canary, serve, monkeypatch: pytest.MonkeyPatch, film: Path):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
        monkeypatch.setenv(name, f"http://{canary.places[0]}")
    for server, path in ((serve(stream_of_parts()), "/video"), (serve(file_server(film)), "/film.mp4")):
        assert numbers_from(open_source(f"http://{server.place}{path}", devices=QUICK), 2)


# --------------------------------------------------------------------------------- MJPEG and JPEG


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


# --------------------------------------------------------------------------------- what is no camera


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


def test_a_port_where_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = f"127.0.0.1:{listener.getsockname()[1]}"
    for scheme in ("http", "https", "rtsp", "tcp"):
        error = trouble(f"{scheme}://{place}/video")
        assert error.kind == "absent"
        assert "nobody answers at port" in str(error)


# --------------------------------------------------------------------------------- passwords


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


BASIC = 'Basic realm="cam"'
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


# --------------------------------------------------------------------------------- encrypted


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One that nobody has signed, as cameras have it."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    folder = tmp_path_factory.mktemp("certificate")
    # fmt: off
    subprocess.run([
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=camera", "-days", "2",
        "-keyout", "key.pem", "-out", "cert.pem",
    ], cwd=folder, check=True, capture_output=True, timeout=60)
    # fmt: on
    return folder / "cert.pem", folder / "key.pem"


def test_an_encrypted_camera(certificate: tuple[Path, Path]):
    """In the own network its certificate is not looked at."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = f"127.0.0.1:{listener.getsockname()[1]}"

        def serve() -> None:
            with (
                contextlib.suppress(OSError),
                context.wrap_socket(listener.accept()[0], server_side=True) as connection,
            ):
                for n in range(1000):
                    connection.recv(65536)
                    connection.sendall(http(JPEGS[n % 40], "image/jpeg"))

        threading.Thread(target=serve, daemon=True).start()
        assert len(numbers_from(open_source(f"https://{place}/shot.jpg", devices=QUICK), 3)) == 3


def test_a_camera_that_is_not_encrypted(serve):
    server = serve(always(http(JPEGS[0], "image/jpeg")))  # which waits for the end of a request
    for scheme, plain in (("https", "http://"), ("rtsps", "rtsp://")):
        error = trouble(f"{scheme}://{server.place}/video", replace(QUICK, frozen_after=0.3))
        assert error.kind == "unreadable"
        assert plain in str(error)


# --------------------------------------------------------------------------------- MPEG-TS and MP4


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures 0 to 89, 30 a second, the index at the end."""
    folder = tmp_path_factory.mktemp("film")
    write_video(folder / "made.mp4", [numbered(n) for n in range(90)])
    ffmpeg("-i", folder / "made.mp4", "-c", "copy", "-movflags", "-faststart", folder / "film.mp4")
    ffmpeg("-i", folder / "made.mp4", "-c", "copy", "-movflags", "+faststart", folder / "early.mp4")
    ffmpeg("-i", folder / "made.mp4", "-c:v", "libx264", "-g", "10", "-bf", "0", folder / "film.ts")
    return folder / "film.mp4"


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


@pytest.mark.parametrize(
    ("name", "ranges"), [("film.mp4", True), ("early.mp4", True), ("early.mp4", False), ("film.ts", False)]
)
def test_a_film_on_a_server_plays_at_its_own_pace(name: str, ranges: bool, film: Path, serve):
    server = serve(file_server(film.with_name(name), ranges))
    source = open_source(f"http://{server.place}/{name}", devices=QUICK)
    source.open()
    frames = [frame for frame in (source.read() for _ in range(40)) if frame is not None]
    source.close()
    numbers = [shown_number(frame.image) for frame in frames]
    assert numbers == sorted(set(numbers))
    assert frames[0].image.shape == (96, 160, 3)
    assert frames[-1].captured_at - frames[0].captured_at > 0.6  # 40 pictures last 1.3 s
    until(lambda: not any(thread.name in ("relay", "feed decoder") for thread in threading.enumerate()), 20)


def test_a_film_that_can_only_be_read_from_its_end(film: Path, tmp_path: Path, serve):
    data = film.read_bytes()  # small enough to be kept as a whole: more is put where its pictures lie
    place, more = data.index(b"mdat") - 4, 3 << 20
    end = place + int.from_bytes(data[place : place + 4], "big")
    longer = (end - place + more).to_bytes(4, "big") + data[place + 4 : end] + bytes(more)
    (tmp_path / "long.mp4").write_bytes(data[:place] + longer + data[end:])
    server = serve(file_server(tmp_path / "long.mp4", ranges=False))
    assert "index lies at its end" in str(trouble(f"http://{server.place}/film.mp4"))


@pytest.mark.parametrize("form", ["http://{}/film.mp4", "//{}/film.mp4", "https://{}/"])
def test_a_film_whose_parts_lie_elsewhere(form: str, film: Path, canary: Canary, serve):
    """The first request is answered well, those of the decoder are sent on."""
    moved = http(b"", "", "302 Found", f"Location: {form.format(canary.places[0])}")
    server = serve(file_server(film, then=moved))
    assert trouble(f"http://{server.place}/film.mp4").kind in ("busy", "unreadable")


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


# --------------------------------------------------------------------------------- RTSP

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
