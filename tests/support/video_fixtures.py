"""Pictures that show a number, videos made of them, a network camera and an RTSP server on loopback."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np

from puppet.core.types import Frame, Image, Portrait, Result
from puppet.media.codecs import Codec
from puppet.media.ffmpeg_arguments import RecordingSettings, recording_arguments
from puppet.media.ffmpeg_child import find_ffmpeg
from puppet.media.sound_file import RATE

BITS = 12  # numbers up to 4095, as 4 x 3 black and white blocks, most significant first


def numbered(number: int, width: int = 160, height: int = 96) -> Image:
    """A picture uint8 (height, width, 3) that shows `number`."""
    bits = np.array([(number >> (BITS - 1 - i)) & 1 for i in range(BITS)], np.uint8).reshape(3, 4)
    blocks = cv2.resize(bits * 255, (width, height), interpolation=cv2.INTER_NEAREST)
    return cv2.cvtColor(blocks, cv2.COLOR_GRAY2BGR)  # pyright: ignore[reportReturnType]


def shown_number(image: Image) -> int:
    """The number that a picture shows."""
    height, width = image.shape[:2]
    rows = [int(height * (r + 0.5) / 3) for r in range(3)]
    columns = [int(width * (c + 0.5) / 4) for c in range(4)]
    bits = image[np.ix_(rows, columns)].mean(axis=2).ravel() > 127
    return int("".join("1" if bit else "0" for bit in bits), 2)


def result_of(image: Image, index: int = 0, captured_at: float = 0.0) -> Result:
    """A result that is recorded as `image`."""
    return Result(Frame(image, index, captured_at), None, None, None, None)


def played(number: int, at: float, side: int = 96) -> Result:
    """A result whose driver and actor both show `number`; the actor's picture is `side` px wide and high."""
    actor = Portrait(np.ascontiguousarray(numbered(number, side, side)))
    return Result(Frame(numbered(number), number, at), None, None, actor, None)


def write_video(path: Path, images: Sequence[Image], fps: float = 30.0) -> Path:
    """A constant-rate H.264 file."""
    height, width = images[0].shape[:2]
    arguments = recording_arguments(find_ffmpeg(), RecordingSettings(path, width, height, fps))
    subprocess.run(arguments, input=b"".join(image.tobytes() for image in images), check=True, timeout=60)
    return path


def ffmpeg(*arguments: str | Path) -> None:
    """Run ffmpeg and wait; fails when it does."""
    command = [find_ffmpeg(), "-hide_banner", "-loglevel", "error", "-nostdin", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, timeout=60)


def told(path: Path) -> str:
    """What ffmpeg says about a file."""
    done = subprocess.run([find_ffmpeg(), "-hide_banner", "-i", str(path)], capture_output=True, text=True, timeout=60)
    return done.stderr


def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for a condition; fails when it does not come."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "the condition never came"
        time.sleep(0.02)


def decode(path: Path) -> tuple[list[Image], list[float]]:
    """All pictures of a file and their time stamps, seconds, as ffmpeg sees them."""
    # fmt: off
    done = subprocess.run([
        find_ffmpeg(), "-hide_banner", "-nostats", "-nostdin", "-i", str(path), "-map", "0:v:0", "-vf", "showinfo",
        "-fps_mode", "passthrough", "-pix_fmt", "bgr24", "-f", "rawvideo", "-",
    ], capture_output=True, check=True, timeout=60)
    # fmt: on
    told = done.stderr.decode()
    stamps = [float(stamp) for stamp in re.findall(r"\bpts_time:(\S+)", told)]
    size = re.search(r"\bs:(\d+)x(\d+)", told)
    assert size is not None
    pictures = np.frombuffer(done.stdout, np.uint8).reshape(-1, int(size[2]), int(size[1]), 3)
    return list(pictures), stamps


def _raw(path: Path, codec: Codec, filters: str, pixel_format: str, channels: int) -> list[Image]:
    """All pictures of a file; ffmpeg's own decoder of VP9 would leave alpha out."""
    decoder = ["-c:v", "libvpx-vp9"] if codec is Codec.VP9_ALPHA else []
    # fmt: off
    done = subprocess.run([
        find_ffmpeg(), "-hide_banner", "-nostats", "-nostdin", *decoder, "-i", str(path), "-map", "0:v:0",
        "-vf", f"{filters},showinfo", "-fps_mode", "passthrough", "-pix_fmt", pixel_format, "-f", "rawvideo", "-",
    ], capture_output=True, check=True, timeout=60)
    # fmt: on
    size = re.search(r"\bs:(\d+)x(\d+)", done.stderr.decode())
    assert size is not None
    return list(np.frombuffer(done.stdout, np.uint8).reshape(-1, int(size[2]), int(size[1]), channels))


def alpha_of(path: Path, codec: Codec) -> list[Image]:
    """The alpha of every picture, uint8 (H, W), by ffmpeg's alphaextract."""
    return [picture[..., 0] for picture in _raw(path, codec, "alphaextract", "gray", 1)]


def decode_with_alpha(path: Path, codec: Codec) -> list[Image]:
    """Every picture, uint8 (H, W, 4) BGRA, straight alpha."""
    return _raw(path, codec, "null", "bgra", 4)


def clicks(sound: np.ndarray, rate: int = RATE) -> list[float]:
    """When clicks begin, seconds."""
    loud = np.flatnonzero(np.abs(sound.astype(int)) > 6000)
    starts = loud[np.insert(np.diff(loud) > rate // 20, 0, True)] if len(loud) else loud
    return [float(start) / rate for start in starts]


def sound_of(path: Path) -> np.ndarray:
    """A file's sound, from the time of its first picture on, as a player would play it."""
    # fmt: off
    done = subprocess.run([
        find_ffmpeg(), "-loglevel", "error", "-nostdin", "-i", str(path), "-map", "0:a:0",
        "-af", "aresample=async=1:first_pts=0", "-ac", "1", "-ar", str(RATE), "-f", "s16le", "-",
    ], capture_output=True, check=True, timeout=60)
    # fmt: on
    return np.frombuffer(done.stdout, np.int16)


def read_video(path: Path) -> list[Image]:
    """All pictures of a file, as a plain OpenCV user would read them."""
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    images = []
    while True:
        good, image = capture.read()
        if not good:
            capture.release()
            return images
        images.append(image)


class NetworkCamera:
    """MJPEG over HTTP at `url`, numbered pictures; `stop` ends the stream, `stall` keeps it open in silence."""

    def __init__(self) -> None:
        camera = self
        self.stop = threading.Event()
        self.stall = threading.Event()
        self.over = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path != "/video":
                    self.send_error(403 if self.path == "/secret" else 404)
                    return
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                with contextlib.suppress(OSError):
                    camera._stream(self.wfile)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.root = f"http://127.0.0.1:{self._server.server_port}"
        self.url = f"{self.root}/video"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def _stream(self, out) -> None:
        number = 0
        while not (self.stop.is_set() or self.over.is_set()):
            _, jpeg = cv2.imencode(".jpg", numbered(number % 4096))
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {jpeg.size}\r\n\r\n"
            out.write(head.encode() + jpeg.tobytes() + b"\r\n")
            number += 1
            if self.stall.is_set():
                self.over.wait()
            self.over.wait(0.01)  # the camera's frame rate

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()


class RtspServer:
    """As little RTSP (RFC 2326) as a player needs: one client, RTP inside the control connection, packets by ffmpeg."""

    def __init__(self, video: Path) -> None:
        self._video = video
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._packets = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)  # a busy machine must not lose any
        self._packets.bind(("127.0.0.1", 0))
        self._packets.settimeout(10)
        self._child: subprocess.Popen[bytes] | None = None
        self.url = f"rtsp://127.0.0.1:{self._listener.getsockname()[1]}/live"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            client, _ = self._listener.accept()
            with client, client.makefile("rb") as requests:
                for request in self._requests(requests):
                    client.sendall(self._answer(*request))
                    if request[0] == "PLAY":
                        self._play(client)

    @staticmethod
    def _requests(lines) -> Iterator[tuple[str, str, str]]:
        """Method, CSeq and Transport of every request."""
        while first := lines.readline().decode():
            headers: dict[str, str] = {}
            while (line := lines.readline().decode().strip()) != "":
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            yield first.split()[0], headers.get("cseq", ""), headers.get("transport", "")

    def _answer(self, method: str, number: str, transport: str) -> bytes:
        if method == "SETUP" and "TCP" not in transport:
            return f"RTSP/1.0 461 Unsupported Transport\r\nCSeq: {number}\r\n\r\n".encode()
        head = f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\nSession: 1\r\n"
        body = ""
        if method == "OPTIONS":
            head += "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
        elif method == "DESCRIBE":
            body = (
                "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=test\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                "m=video 0 RTP/AVP 26\r\na=control:track\r\n"
            )
            head += f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n"
        elif method == "SETUP":
            head += "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
        return f"{head}\r\n{body}".encode()

    def _play(self, client: socket.socket) -> None:
        port = self._packets.getsockname()[1]
        # fmt: off
        self._child = subprocess.Popen([
            find_ffmpeg(), "-loglevel", "quiet", "-nostdin", "-re", "-stream_loop", "-1", "-i", str(self._video),
            "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-huffman", "0", "-force_duplicated_matrix", "1",
            "-f", "rtp", f"rtp://127.0.0.1:{port}",
        ], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        # fmt: on
        while True:
            packet = self._packets.recv(65536)
            client.sendall(b"$\0" + len(packet).to_bytes(2, "big") + packet)

    def close(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.wait()
        self._listener.close()
        self._packets.close()
