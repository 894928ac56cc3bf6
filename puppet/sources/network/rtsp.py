"""RTSP (RFC 2326): what a camera plays, interleaved in the one connection to the host that the user named.

Two conversations: ours with the camera, and the decoder's with a server of our own on loopback. The decoder never sees
what the camera answers, only the pictures' codec and packets, so nothing in it can lead anywhere else.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import socket
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urljoin

from puppet.core.addresses import Address
from puppet.core.errors import SourceError
from puppet.sources.network.connection import Line
from puppet.sources.network.http_authentication import Login
from puppet.sources.network.http_client import wants_password, wrong_password
from puppet.sources.network.mjpeg import Body
from puppet.sources.network.stream_decoder import Decoder

MOST_REDIRECTS = 5
LARGEST_HEAD = 1 << 16  # bytes
LARGEST_BODY = 1 << 20
CODECS = (
    "H264",
    "H265",
    "JPEG",
    "MP4V-ES",
    "MPV",
    "MP2T",
    "VP8",
    "VP9",
    "AV1",
    "H263",
    "H263-1998",
    "H263-2000",
    "H261",
)
STATIC = {26: "JPEG", 31: "H261", 32: "MPV", 33: "MP2T", 34: "H263"}  # RFC 3551, table 5
KEEP_ALIVE = 25.0  # s; servers forget a session after 60, unless they say something else


@dataclass(frozen=True)
class Track:
    """The video of a session. codec: as a=rtpmap has it, "H264/90000"."""

    payload: int
    codec: str
    parameters: str
    control: str


@dataclass
class Message:
    """A response, or a request that the camera makes. status: 0 for a request."""

    status: int = 0
    first: str = ""
    headers: dict[str, list[str]] = field(default_factory=dict)
    body: bytes = b""

    def get(self, name: str) -> str:
        return self.headers.get(name, [""])[0]


def open_rtsp(address: Address, line: Line) -> Decoder:
    """Raises SourceError, OSError."""
    camera = Camera(address, line)
    track = camera.describe()
    camera.set_up(track)
    player = Player(camera, track, line)
    # fmt: off
    return Decoder(line, [
        "-protocol_whitelist", "tcp", "-rtsp_transport", "tcp", "-allowed_media_types", "video", "-f", "rtsp",
        "-i", player.url,
    ])
    # fmt: on


class Camera:
    """Our side of the conversation with the camera."""

    def __init__(self, address: Address, line: Line) -> None:
        self._address, self._line = address, line
        self._login = None if address.password is None else Login(address.user, address.password)
        self._connection: socket.socket | None = None
        self._number = 0
        self._session = ""
        self._url = address.url
        self._said = time.monotonic()
        self.keep_alive = KEEP_ALIVE
        self.channel = 0  # on which the camera sends pictures; reports go to the one after it
        self._writing = threading.Lock()

    def describe(self) -> Track:
        """Ask what there is, at another path of the same host if the camera sends there."""
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._ask("DESCRIBE", self._address.url, {"Accept": "application/sdp"}, redirects=True)
            if answer.status == 200:
                base = answer.get("content-base") or answer.get("content-location")
                plain = re.fullmatch(r"[\x21-\x7e]{1,2048}", base) is not None
                self._url = urljoin(self._address.url, base) if plain else self._address.url
                return self._track(answer.body)
            self._address = self._address.followed(answer.get("location"))
            self._hang_up()
        raise SourceError(f"{self._address.shown}: sends from one address to another without end", "unreadable")

    def set_up(self, track: Track) -> None:
        answer = self._ask("SETUP", track.control, {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1"})
        transport = answer.get("transport")
        channels = re.search(r"interleaved=(\d{1,3})", transport)
        if "tcp" not in transport.lower() or channels is None or int(channels[1]) > 254:
            raise SourceError(
                f"{self._address.shown}: cannot send its video through the connection it is asked by (RTP over TCP); "
                "is there such a setting in the camera?",
                "unreadable",
            )
        self.channel = int(channels[1])
        session, _, rest = answer.get("session").partition(";")
        self._session = session.strip()
        self._line.hold(self._tear_down)
        if (told := re.search(r"timeout\s*=\s*(\d{1,5})", rest)) is not None:
            self.keep_alive = max(2.0, min(KEEP_ALIVE, int(told[1]) / 2))

    def play(self) -> None:
        self._ask("PLAY", self._url, {"Range": "npt=0.000-"})

    def packet(self) -> tuple[int, bytes] | None:
        """Channel and content of the next RTP packet; what else the camera says is passed over. None: it ended."""
        while True:
            if time.monotonic() - self._said > self.keep_alive:
                self._send("OPTIONS", self._url, {})
            first = self._body.exactly(1)
            if first is None:
                return None
            if first == b"$":
                head = self._body.exactly(3)
                data = None if head is None else self._body.exactly(int.from_bytes(head[1:], "big"))
                return None if head is None or data is None else (head[0], data)
            self._body.held[:0] = first
            if self._message() is None:
                return None

    def report(self, data: bytes) -> None:
        """Send what the decoder tells about the packets it got (RTCP)."""
        self._write(b"$" + bytes([self.channel + 1]) + len(data).to_bytes(2, "big") + data)

    def _ask(self, method: str, url: str, headers: dict[str, str], redirects: bool = False) -> Message:
        """The answer with 200 (or 3xx, `redirects`). Raises SourceError."""
        refusals = 0
        while True:
            self._send(method, url, headers)
            while (answer := self._answer()).status == 100:
                pass
            if answer.status == 200 or (redirects and 300 <= answer.status < 400):
                return answer
            if answer.status != 401:
                raise self._refusal(method, answer.status)
            refusals += 1
            if self._login is None:
                raise wants_password(self._address)
            challenges = answer.headers.get("www-authenticate", [])
            stale = any(re.search(r'(?i)stale\s*=\s*"?true', challenge) for challenge in challenges)
            if refusals > (2 if stale else 1):
                raise wrong_password(self._address)
            if not self._login.challenged(challenges):
                raise SourceError(f"{self._address.shown}: asks for a login of an unknown kind", "denied")
            if "close" in answer.get("connection").lower():
                self._hang_up()

    def _refusal(self, method: str, status: int) -> SourceError:
        shown = self._address.shown
        if status == 403:
            return SourceError(f"{shown}: access denied; may this user see the camera?", "denied")
        if status in (404, 410):
            return SourceError(f"{shown}: the device answers, but has nothing at this address ({status})", "absent")
        if status == 453:
            return SourceError(f"{shown}: serves as many as it can already; close another program's view of it", "busy")
        if status == 461:
            return SourceError(f"{shown}: cannot send its video through the connection it is asked by", "unreadable")
        if not status or 300 <= status < 400:
            return SourceError(f"{shown}: answers with something else than a video", "unreadable")
        return SourceError(f"{shown}: the device answers {method} with error {status}", "unreadable")

    def _send(self, method: str, url: str, headers: dict[str, str]) -> None:
        if self._connection is None:
            self._connection = self._line.connect(self._address)
            self._body = Body(self._connection.recv)
        self._number += 1
        self._said = time.monotonic()
        login = self._login and self._login.header(method, url)
        told = {"CSeq": str(self._number), "User-Agent": "puppet", **headers}
        told |= {"Authorization": login} if login else {}
        told |= {"Session": self._session} if self._session else {}
        lines = [f"{method} {url} RTSP/1.0", *(f"{name}: {value}" for name, value in told.items()), "", ""]
        self._write("\r\n".join(lines).encode("ascii", "replace"))

    def _write(self, data: bytes) -> None:
        with self._writing:
            if self._connection is not None:
                self._connection.sendall(data)

    def _answer(self) -> Message:
        """The next response. Raises SourceError when there is none."""
        try:
            while (message := self._message()) is not None:
                if message.status:
                    return message
        except ValueError as problem:
            raise SourceError(
                f"{self._address.shown}: the device answers, but not with a video that can be read (no RTSP)",
                "unreadable",
            ) from problem
        except TimeoutError as problem:
            raise SourceError(
                f"{self._address.shown}: nobody answers there, though the port is open", "absent"
            ) from problem
        raise SourceError(f"{self._address.shown}: hung up when it was asked", "absent")

    def _message(self) -> Message | None:
        """None: the connection ended. Raises ValueError for what is no RTSP."""
        while self._body.held.startswith((b"$", b"\r", b"\n")) or not self._body.held:
            if self._body.held.startswith(b"$"):  # a packet before the answer to PLAY
                return self._skip_packet()
            self._body.take(1)
            if not self._body.held and not self._body.fill():
                return None
        return read_message(self._body)

    def _skip_packet(self) -> Message | None:
        head = self._body.exactly(4)
        if head is None or self._body.exactly(int.from_bytes(head[2:], "big")) is None:
            return None
        return Message()

    def _track(self, description: bytes) -> Track:
        """The first video of a session description (SDP, RFC 4566). Raises SourceError."""
        text = description.decode("latin-1")
        whole = re.search(r"^a=control:([\x21-\x7e]{1,1024})", text.partition("\nm=")[0], re.M)
        if whole is not None and "://" in whole[1]:
            self._url = whole[1]
        medium = re.search(r"^m=video \d+ RTP/\S+ (\d{1,3})\b(.*?)(?=^m=|\Z)", text, re.M | re.S)
        if medium is None or int(medium[1]) > 127:
            raise SourceError(f"{self._address.shown}: has no video", "unreadable")
        payload, lines = int(medium[1]), medium[2]
        codec = re.search(rf"^a=rtpmap:{payload} ([\w-]+)/(\d{{1,9}})", lines, re.M)
        name = codec[1] if codec else STATIC.get(payload, "")
        if name.upper() not in CODECS:
            raise SourceError(f"{self._address.shown}: its video ({name or payload}) cannot be read", "unreadable")
        parameters = re.search(rf"^a=fmtp:{payload} ([\x20-\x7e]{{1,8192}})", lines, re.M)
        control = re.search(r"^a=control:([\x21-\x7e]{1,1024})", lines, re.M)
        base = self._url if self._url.endswith("/") else self._url + "/"
        where = control[1] if control and control[1] != "*" else ""
        return Track(
            payload,
            f"{name}/{codec[2] if codec else 90000}",
            parameters[1] if parameters else "",
            where if "://" in where else (base + where if where else self._url),
        )

    def _tear_down(self) -> None:
        """A camera that is not told keeps a place for us for a while."""
        self._send("TEARDOWN", self._url, {})

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._line.drop(self._connection)
        self._connection = None


class Player:
    """The server that the decoder talks to: one client, one video, its packets interleaved."""

    def __init__(self, camera: Camera, track: Track, line: Line) -> None:
        self._camera, self._track = camera, track
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._path = f"/{secrets.token_hex(16)}"
        self._line = line
        self.url = f"rtsp://127.0.0.1:{self._listener.getsockname()[1]}{self._path}"
        self._listener.settimeout(line.open_within)
        line.keep(self._listener)
        threading.Thread(target=self._serve, name="rtsp", daemon=True).start()

    def _serve(self) -> None:
        try:
            with self._listener:
                while True:
                    client, _ = self._listener.accept()
                    client.settimeout(None)
                    self._line.keep(client)
                    with contextlib.suppress(ValueError):
                        if self._talk(client, Body(client.recv)):
                            break
                    self._line.drop(client)
        except SourceError as problem:
            self._line.trouble = str(problem)
        except OSError:  # either side went away, or was silent for too long
            pass
        self._line.hang_up()  # so that the other one goes, too

    def _talk(self, client: socket.socket, body: Body) -> bool:
        """False: that was not the decoder."""
        while True:
            request = read_message(body)
            if request is None or self._path not in request.first:
                return False
            method, number = request.first.split(" ")[0], request.get("cseq")
            if method == "PLAY":
                self._camera.play()
            client.sendall(self._answer(method, number))
            if method == "PLAY":
                threading.Thread(target=self._listen, args=(client, body), name="rtsp reports", daemon=True).start()
                while (packet := self._camera.packet()) is not None:
                    channel = packet[0] - self._camera.channel
                    if channel in (0, 1):
                        client.sendall(b"$" + bytes([channel]) + len(packet[1]).to_bytes(2, "big") + packet[1])
                return True

    def _listen(self, client: socket.socket, body: Body) -> None:
        """What the decoder says while it plays: reports for the camera; that it is still there, and when it goes."""
        with contextlib.suppress(OSError, ValueError):
            while (first := body.exactly(1)) is not None:
                if first == b"$":
                    head = body.exactly(3)
                    data = None if head is None else body.exactly(int.from_bytes(head[1:], "big"))
                    if data is None:
                        break
                    self._camera.report(data)
                else:
                    body.held[:0] = first
                    if read_message(body) is None:
                        break
        self._line.hang_up()

    def _answer(self, method: str, number: str) -> bytes:
        head, body = f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\nSession: 1\r\n", ""
        if method == "OPTIONS":
            head += "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
        elif method == "DESCRIBE":
            track = self._track
            body = (
                "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                f"m=video 0 RTP/AVP {track.payload}\r\na=rtpmap:{track.payload} {track.codec}\r\n"
                + (f"a=fmtp:{track.payload} {track.parameters}\r\n" if track.parameters else "")
                + "a=control:track\r\n"
            )
            head += f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n"
        elif method == "SETUP":
            head += "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
        return f"{head}\r\n{body}".encode()


def read_message(body: Body) -> Message | None:
    """A request or a response, either way. None: the connection ended. Raises ValueError for what is no RTSP."""
    first = body.through(b"\n", 8192)
    if first is None:
        return None
    words = first.decode("latin-1").strip()
    status = re.match(r"RTSP/\d\.\d (\d{3})\b", words)
    if status is None and not re.fullmatch(r"[A-Z_]+ \S+ RTSP/\d\.\d", words):
        raise ValueError("no RTSP")
    message, seen = Message(int(status[1]) if status else 0, words), 0
    while line := body.through(b"\n", 8192):
        seen += len(line)
        if seen > LARGEST_HEAD:
            raise ValueError("headers without end")
        if not line.strip():
            break
        name, _, value = line.decode("latin-1").partition(":")
        message.headers.setdefault(name.strip().lower(), []).append(value.strip())
    length = message.get("content-length") or "0"
    if not re.fullmatch(r"\d{1,9}", length) or int(length) > LARGEST_BODY:
        raise ValueError(f"a body of {length:.20} bytes")
    content = body.exactly(int(length))
    if content is None:
        return None
    message.body = content
    return message
