"""RTSP for the decoder: a server of our own on loopback, which plays what the camera sends.

Two conversations: ours with the camera (`rtsp_client`), and the decoder's with this server. The decoder never sees what
the camera says, only the video's codec and packets, so nothing in it can make the decoder open anything else.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import threading

from puppet.core.addresses import Address
from puppet.core.errors import SourceError
from puppet.sources.network.byte_stream import ByteStream
from puppet.sources.network.connection import Connection
from puppet.sources.network.rtsp_client import RtspClient, Track, read_message
from puppet.sources.network.stream_decoder import StreamDecoder


def open_rtsp(address: Address, connection: Connection) -> StreamDecoder:
    """The video of an RTSP address, asked for and decoded. Raises SourceError, OSError."""
    camera = RtspClient(address, connection)
    track = camera.describe()
    camera.set_up(track)
    relay = RtspRelay(camera, track, connection)
    # fmt: off
    return StreamDecoder(connection, [
        "-protocol_whitelist", "tcp", "-rtsp_transport", "tcp", "-allowed_media_types", "video", "-f", "rtsp",
        "-i", relay.url,
    ])
    # fmt: on


class RtspRelay:
    """The server that the decoder connects to, at `url`: one client, one video, its packets interleaved."""

    def __init__(self, camera: RtspClient, track: Track, connection: Connection) -> None:
        self._camera, self._track = camera, track
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._path = f"/{secrets.token_hex(16)}"
        self._connection = connection
        self.url = f"rtsp://127.0.0.1:{self._listener.getsockname()[1]}{self._path}"
        self._listener.settimeout(connection.open_within)
        connection.register(self._listener)
        threading.Thread(target=self._serve, name="rtsp", daemon=True).start()

    def _serve(self) -> None:
        try:
            with self._listener:
                while True:
                    client, _ = self._listener.accept()
                    client.settimeout(None)
                    self._connection.register(client)
                    with contextlib.suppress(ValueError):
                        if self._talk(client, ByteStream(client.recv)):
                            break
                    self._connection.drop(client)
        except SourceError as problem:
            self._connection.problem = str(problem)
        except OSError:  # either side went away, or was silent for too long
            pass
        self._connection.close()  # so that the other one goes, too

    def _talk(self, client: socket.socket, body: ByteStream) -> bool:
        """Serve a client to its end; False when it was not the decoder."""
        while True:
            request = read_message(body)
            if request is None or self._path not in request.first:
                return False
            method, number = request.first.split(" ")[0], request.get("cseq")
            if method == "PLAY":
                self._camera.play()
            client.sendall(self._reply(method, number))
            if method == "PLAY":
                threading.Thread(target=self._listen, args=(client, body), name="rtsp reports", daemon=True).start()
                while (packet := self._camera.packet()) is not None:
                    channel = packet[0] - self._camera.channel
                    if channel in (0, 1):
                        client.sendall(b"$" + bytes([channel]) + len(packet[1]).to_bytes(2, "big") + packet[1])
                return True

    def _listen(self, client: socket.socket, body: ByteStream) -> None:
        """Pass the decoder's reports on to the camera while it plays, and end with it."""
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
        self._connection.close()

    def _reply(self, method: str, number: str) -> bytes:
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
