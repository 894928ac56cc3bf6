"""Videos that OpenCV would show wrongly (HDR, interlaced), decoded by an ffmpeg child."""

from __future__ import annotations

import contextlib
import re
import subprocess
import tempfile
import threading
from io import BufferedReader
from pathlib import Path
from queue import SimpleQueue
from typing import cast

import cv2
import numpy as np

from puppet.core.errors import RecordingError
from puppet.core.types import Image
from puppet.media import hdr
from puppet.media.ffmpeg_arguments import video_input
from puppet.media.ffmpeg_child import find_ffmpeg, run_ffmpeg, start_ffmpeg
from puppet.media.video_facts import PictureFacts

TABLE = "tone.cube"  # in the folder in which ffmpeg is started: a name that needs no escapes in a filter
SAMPLE = (64, 8)  # px, the side of the key frames that show how bright a video is; how many
SAMPLE_SECONDS = 120  # of the video in which they are looked for
ASK_SECONDS = 60.0
PIPE_BYTES = 1 << 20
SHOWN = re.compile(  # showinfo's line
    rb"\] n: *\d+ .*pts_time:(?P<time>\S+) .*sar:(?P<across>\d+)/(?P<down>\d+) s:(?P<width>\d+)x(?P<height>\d+)"
)


class FfmpegVideo:
    """A `VideoCapture` of a video file, decoded by ffmpeg; `isOpened` is False where ffmpeg cannot.

    start: time stamp of the file's first packet, whether that can be decoded or not.
    Raises OSError when the disk has no room for the tone table.
    """

    def __init__(self, path: Path, pictures: PictureFacts, start: float | None) -> None:
        self._claims: dict[int, float] = {}
        self._child: subprocess.Popen[bytes] | None = None
        self._shown: SimpleQueue[re.Match[bytes] | None] = SimpleQueue()  # of every picture; None: there is no more
        self._first: re.Match[bytes] | None = None
        self._image: Image | None = None
        self._zero = self._at = 0.0  # s
        with contextlib.suppress(RecordingError), tempfile.TemporaryDirectory(prefix="puppet-") as folder:
            executable, path = find_ffmpeg(), path.absolute()
            if pictures.hdr:
                white = _white(executable, path, pictures)
                table = hdr.cube(pictures.transfer, pictures.primaries, white)
                (Path(folder) / TABLE).write_text(table, encoding="ascii")
            self._start(decode_arguments(executable, path, pictures), folder)
        self._opened = self._first is not None
        if self._first is not None:
            self._zero = _seconds(self._first, 0.0) if start is None else start
            width, height, across, down = (int(self._first[name]) for name in ("width", "height", "across", "down"))
            self._size = width, height  # ffmpeg brings what changes on the way to this size
            self._claims |= {
                cv2.CAP_PROP_FRAME_WIDTH: width,
                cv2.CAP_PROP_FRAME_HEIGHT: height,
                cv2.CAP_PROP_SAR_NUM: across,
                cv2.CAP_PROP_SAR_DEN: down,
            }

    def _start(self, arguments: list[str], folder: str) -> None:
        with contextlib.suppress(OSError):
            self._child = start_ffmpeg(arguments, stderr=subprocess.PIPE, folder=folder, pipe_bytes=PIPE_BYTES)
            threading.Thread(target=self._listen, args=(self._child,), name="video decoder", daemon=True).start()
            self._first = self._shown.get()  # by then the table has been read, and its folder may go

    def _listen(self, child: subprocess.Popen[bytes]) -> None:
        assert child.stderr is not None
        with child.stderr:
            for line in child.stderr:
                if (shown := SHOWN.search(line)) is not None:
                    self._shown.put(shown)
        self._shown.put(None)

    def isOpened(self) -> bool:
        """Whether there are pictures left."""
        return self._opened

    def grab(self) -> bool:
        """Wait for the next picture and keep it."""
        if self._child is None or self._child.stdout is None or not self._opened:
            return False
        shown, self._first = self._first or self._shown.get(), None
        if shown is None:
            self._opened = False
            return False
        width, height = self._size
        image = np.empty((height, width, 3), np.uint8)
        if cast(BufferedReader, self._child.stdout).readinto(image.data.cast("B")) != image.nbytes:
            self._opened = False
            return False
        self._at = _seconds(shown, self._at + self._zero) - self._zero
        self._image = image
        return True

    def retrieve(self) -> tuple[bool, Image]:
        """The picture that was grabbed, once."""
        image, self._image = self._image, None
        return (False, np.empty((0, 0, 3), np.uint8)) if image is None else (True, image)

    def get(self, propId: int, /) -> float:
        """Size, pixel aspect, or the time of the last picture in ms; 0.0 for anything else."""
        return self._at * 1000 if propId == cv2.CAP_PROP_POS_MSEC else float(self._claims.get(propId, 0.0))

    def set(self, propId: int, value: float, /) -> bool:
        """False: nothing can be asked for."""
        return False

    def release(self) -> None:
        """End ffmpeg."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            assert child.stdout is not None
            child.stdout.close()


def needs_ffmpeg(pictures: PictureFacts) -> bool:
    """Whether OpenCV would show a stream wrongly."""
    return pictures.hdr or pictures.interlaced or pictures.hidden


def decode_arguments(executable: str, path: Path, pictures: PictureFacts) -> list[str]:
    """The command that gives every picture, upright, as raw BGR on standard output, with a line of showinfo for each.

    HDR needs `TABLE` in the working folder.
    """
    filters = ["bwdif=mode=send_frame:deint=interlaced"] if pictures.interlaced else []
    if pictures.hdr:
        filters += [_to_rgb(pictures), "format=gbrp10le", f"lut3d=file={TABLE}:interp=tetrahedral"]
    filters += ["scale=flags=bicubic+accurate_rnd+full_chroma_int", "format=bgr24", "showinfo=checksum=0"]
    # fmt: off
    return [
        executable, "-hide_banner", "-nostats", "-nostdin", *video_input(path), "-map", f"0:{pictures.index}",
        "-vf", ",".join(filters), "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1",
    ]
    # fmt: on


def size_at(path: Path, pictures: PictureFacts, moment: float) -> tuple[int, int] | None:
    """Width and height, px, of the upright picture at a moment, s from the beginning; None when ffmpeg cannot say."""
    with contextlib.suppress(OSError, subprocess.SubprocessError, RecordingError):
        # fmt: off
        done = run_ffmpeg([
            find_ffmpeg(), "-hide_banner", "-nostats", "-nostdin", "-ss", f"{moment:.3f}", *video_input(path),
            "-map", f"0:{pictures.index}", "-frames:v", "1", "-vf", "showinfo=checksum=0", "-f", "null", "-",
        ], ASK_SECONDS)
        # fmt: on
        if (shown := SHOWN.search(done.stderr)) is not None:
            return int(shown["width"]), int(shown["height"])
    return None


def sample_arguments(executable: str, path: Path, pictures: PictureFacts) -> list[str]:
    """The command that gives some key frames, small, as raw planes of 16 bits on standard output: green, blue, red."""
    side, count = SAMPLE
    # fmt: off
    return [
        executable, "-hide_banner", "-loglevel", "error", "-nostdin", "-skip_frame", "nokey", *video_input(path),
        "-map", f"0:{pictures.index}", "-t", str(SAMPLE_SECONDS), "-frames:v", str(count),
        "-vf", f"{_to_rgb(pictures)}:w={side}:h={side},format=gbrp16le", "-f", "rawvideo", "pipe:1",
    ]
    # fmt: on


def _to_rgb(pictures: PictureFacts) -> str:
    matrix = "bt709" if pictures.matrix == "bt709" else "bt2020"
    return f"scale=in_color_matrix={matrix}:flags=bicubic"


def _white(executable: str, path: Path, pictures: PictureFacts) -> float:
    """Diffuse white of the whole video, cd/m2: one value, so that the exposure does not change on the way."""
    side, _ = SAMPLE
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        done = run_ffmpeg(sample_arguments(executable, path, pictures), ASK_SECONDS)
        whole = len(done.stdout) // (side * side * 6)
        if whole:
            planes = np.frombuffer(done.stdout, "<u2", whole * side * side * 3).reshape(whole, 3, -1)
            signal = np.stack([planes[:, 2], planes[:, 0], planes[:, 1]], axis=-1) / 65535
            return hdr.white_of(signal, pictures.transfer)
    return hdr.WHITES[0]


def _seconds(shown: re.Match[bytes], otherwise: float) -> float:
    """A picture's time stamp; `otherwise` where it has none."""
    try:
        return float(shown["time"])
    except ValueError:
        return otherwise
