"""An RTSP client (RFC 2326): a camera's video, interleaved in the one socket to the host that the user named."""

from __future__ import annotations

import re
import socket
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urljoin

from puppet.core.addresses import Address
from puppet.core.errors import SourceError
from puppet.sources.network.byte_stream import ByteStream
from puppet.sources.network.connection import Connection
from puppet.sources.network.http_authentication import Login
from puppet.sources.network.http_client import wants_password, wrong_password

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
class RtspMessage:
    """A response or a request.

    status: 0 for a request. first: its first line. headers: by name in lower case, each as often as it came.
    """

    status: int = 0
    first: str = ""
    headers: dict[str, list[str]] = field(default_factory=dict)
    body: bytes = b""

    def get(self, name: str) -> str:
        """The first header of this name, in lower case; "" where there is none."""
        return self.headers.get(name, [""])[0]


class RtspClient:
    """Asks a camera for its video: `describe`, `set_up`, `play`, then `packet` until None."""

    def __init__(self, address: Address, connection: Connection) -> None:
        self._address, self._connection = address, connection
        self._login = None if address.password is None else Login(address.user, address.password)
        self._socket: socket.socket | None = None
        self._number = 0
        self._session = ""
        self._url = address.url
        self._said = time.monotonic()
        self.keep_alive = KEEP_ALIVE
        self.channel = 0  # on which the camera sends pictures; reports go to the one after it
        self._writing = threading.Lock()

    def describe(self) -> Track:
        """The video that the camera offers, at another path of the same host if it sends there. Raises SourceError."""
        for _ in range(MOST_REDIRECTS + 1):
            response = self._ask("DESCRIBE", self._address.url, {"Accept": "application/sdp"}, redirects=True)
            if response.status == 200:
                base = response.get("content-base") or response.get("content-location")
                plain = re.fullmatch(r"[\x21-\x7e]{1,2048}", base) is not None
                self._url = urljoin(self._address.url, base) if plain else self._address.url
                return self._track(response.body)
            self._address = self._address.followed(response.get("location"))
            self._disconnect()
        raise SourceError(f"{self._address.shown}: sends from one address to another without end", "unreadable")

    def set_up(self, track: Track) -> None:
        """Ask for the track through this socket. Raises SourceError."""
        response = self._ask("SETUP", track.control, {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1"})
        transport = response.get("transport")
        channels = re.search(r"interleaved=(\d{1,3})", transport)
        if "tcp" not in transport.lower() or channels is None or int(channels[1]) > 254:
            raise SourceError(
                f"{self._address.shown}: cannot send its video through the connection it is asked by (RTP over TCP); "
                "is there such a setting in the camera?",
                "unreadable",
            )
        self.channel = int(channels[1])
        session, _, rest = response.get("session").partition(";")
        self._session = session.strip()
        self._connection.on_close(self._tear_down)
        if (timeout := re.search(r"timeout\s*=\s*(\d{1,5})", rest)) is not None:
            self.keep_alive = max(2.0, min(KEEP_ALIVE, int(timeout[1]) / 2))

    def play(self) -> None:
        """Have the camera begin to send. Raises SourceError."""
        self._ask("PLAY", self._url, {"Range": "npt=0.000-"})

    def packet(self) -> tuple[int, bytes] | None:
        """Channel and content of the next RTP packet, None at the end; what else the camera sends is passed over."""
        while True:
            if time.monotonic() - self._said > self.keep_alive:
                self._send("OPTIONS", self._url, {})
            first = self._stream.exactly(1)
            if first is None:
                return None
            if first == b"$":
                head = self._stream.exactly(3)
                data = None if head is None else self._stream.exactly(int.from_bytes(head[1:], "big"))
                return None if head is None or data is None else (head[0], data)
            self._stream.held[:0] = first
            if self._message() is None:
                return None

    def report(self, data: bytes) -> None:
        """Send the decoder's report on the packets that it got (RTCP)."""
        self._write(b"$" + bytes([self.channel + 1]) + len(data).to_bytes(2, "big") + data)

    def _ask(self, method: str, url: str, headers: dict[str, str], redirects: bool = False) -> RtspMessage:
        """The response with status 200 (or 3xx, `redirects`). Raises SourceError."""
        refusals = 0
        while True:
            self._send(method, url, headers)
            while (response := self._response()).status == 100:
                pass
            if response.status == 200 or (redirects and 300 <= response.status < 400):
                return response
            if response.status != 401:
                raise self._refusal(method, response.status)
            refusals += 1
            if self._login is None:
                raise wants_password(self._address)
            challenges = response.headers.get("www-authenticate", [])
            stale = any(re.search(r'(?i)stale\s*=\s*"?true', challenge) for challenge in challenges)
            if refusals > (2 if stale else 1):
                raise wrong_password(self._address)
            if not self._login.challenged(challenges):
                raise SourceError(f"{self._address.shown}: asks for a login of an unknown kind", "denied")
            if "close" in response.get("connection").lower():
                self._disconnect()

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
        if self._socket is None:
            self._socket = self._connection.connect(self._address)
            self._stream = ByteStream(self._socket.recv)
        self._number += 1
        self._said = time.monotonic()
        login = self._login and self._login.header(method, url)
        fields = {"CSeq": str(self._number), "User-Agent": "puppet", **headers}
        fields |= {"Authorization": login} if login else {}
        fields |= {"Session": self._session} if self._session else {}
        lines = [f"{method} {url} RTSP/1.0", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        self._write("\r\n".join(lines).encode("ascii", "replace"))

    def _write(self, data: bytes) -> None:
        with self._writing:
            if self._socket is not None:
                self._socket.sendall(data)

    def _response(self) -> RtspMessage:
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

    def _message(self) -> RtspMessage | None:
        """None: the connection ended. Raises ValueError for what is no RTSP."""
        while self._stream.held.startswith((b"$", b"\r", b"\n")) or not self._stream.held:
            if self._stream.held.startswith(b"$"):  # a packet before the response to PLAY
                return self._skip_packet()
            self._stream.take(1)
            if not self._stream.held and not self._stream.fill():
                return None
        return read_message(self._stream)

    def _skip_packet(self) -> RtspMessage | None:
        head = self._stream.exactly(4)
        if head is None or self._stream.exactly(int.from_bytes(head[2:], "big")) is None:
            return None
        return RtspMessage()

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
        """End the session: a camera that gets no TEARDOWN keeps it for a while."""
        self._send("TEARDOWN", self._url, {})

    def _disconnect(self) -> None:
        if self._socket is not None:
            self._connection.drop(self._socket)
        self._socket = None


def read_message(body: ByteStream) -> RtspMessage | None:
    """The next request or response; None when the connection ended. Raises ValueError for what is no RTSP."""
    first = body.through(b"\n", 8192)
    if first is None:
        return None
    words = first.decode("latin-1").strip()
    status = re.match(r"RTSP/\d\.\d (\d{3})\b", words)
    if status is None and not re.fullmatch(r"[A-Z_]+ \S+ RTSP/\d\.\d", words):
        raise ValueError("no RTSP")
    message, seen = RtspMessage(int(status[1]) if status else 0, words), 0
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
