"""Command lines of ffmpeg, and when a frame is due. No process, clock or file is touched here."""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from puppet.media.codecs import X264, Encoder, Quality, device_arguments, pixel_filters, quality_arguments
from puppet.media.video_formats import FORMATS
from puppet.provenance.xmp import Provenance, metadata_arguments

MOST_PIXELS = 7680 * 4320  # of a stream's picture
FRAGMENT_SECONDS = 0.5  # at most this much is missing from a file whose ffmpeg was killed, plus what encoders hold back


@dataclass(frozen=True)
class RecordingSettings:
    """What is recorded, and how.

    path: its ending must suit the encoder's codec (`Codec.suffixes`). width, height: px; 0: those of the first picture.
    fps: frames per second. about: said in the file's metadata. patient: a rendering, for which encoders may be slower.
    """

    path: Path
    width: int = 0
    height: int = 0
    fps: float = 30.0
    encoder: Encoder = X264
    quality: Quality = Quality.HIGH
    about: Provenance = Provenance()
    patient: bool = False


def recording_arguments(executable: str, s: RecordingSettings) -> list[str]:
    """Raw pictures of s.width x s.height on standard input -> a file at s.path that plays while it grows.

    They are BGR, or BGRA with straight alpha where the codec takes alpha.

    MP4 and MOV are fragmented (ISO 14496-12, 8.8): every half second can be decoded by itself, so the file plays up to
    there whatever happens to ffmpeg. Matroska and WebM are made of clusters anyway. Overwrites: the caller has made the
    file.
    """
    filters = pixel_filters(s.encoder)
    if (s.width % 2 or s.height % 2) and not s.encoder.lossless:
        filters.insert(0, "pad=ceil(iw/2)*2:ceil(ih/2)*2" + (":color=black@0" if s.encoder.codec.alpha else ""))
    # fmt: off
    return [
        executable, "-hide_banner", "-loglevel", "error", "-nostats", "-y", *device_arguments(s.encoder),
        "-f", "rawvideo", "-pixel_format", "bgra" if s.encoder.codec.alpha else "bgr24",
        "-video_size", f"{s.width}x{s.height}", "-framerate", rate(s.fps), "-i", "pipe:0",
        "-vf", ",".join(filters),
        *quality_arguments(s.encoder, s.quality, s.fps, s.patient),
        *metadata_arguments(s.about, container(s.path)),
        *growing_arguments(s.path), "-flush_packets", "1",
        "-f", container(s.path), literal(s.path),
    ]
    # fmt: on


CLUSTERED = ("matroska", "webm")  # made of clusters, which can be read one by one


def container(path: Path) -> str:
    """Ffmpeg's name of the format that a file name asks for."""
    return {".mov": "mov", ".mkv": "matroska", ".webm": "webm"}.get(path.suffix.lower(), "mp4")


def growing_arguments(path: Path) -> list[str]:
    """The arguments that make a file readable while it grows."""
    if container(path) in CLUSTERED:
        return ["-cluster_time_limit", str(round(FRAGMENT_SECONDS * 1e3))]
    fragments = str(round(FRAGMENT_SECONDS * 1e6))
    return ["-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-frag_duration", fragments]


def remux_arguments(
    executable: str,
    source: Path,
    target: Path,
    about: Provenance,
    sound: Path | None = None,
    start: float = 0.0,
    seconds: float = 0.0,
    track: str = "a:0",
) -> list[str]:
    """A finished recording -> a plain file with its index in front, so that players can seek.

    Pictures are not encoded again. sound: another file, whose stream `track` is added, from `start` on, `seconds` long;
    ffmpeg fails when there is none.
    """
    heard, other = [], []
    if sound is not None:  # gaps become silence, also one before the first sound
        heard = ["-af", "aresample=async=1:first_pts=0", *SOUND_CODECS[container(target)], "-t", f"{seconds:.6f}"]
        other = ["-ss", f"{start:.6f}", *NO_STAMP_CORRECTION, *video_input(sound)]
    # fmt: off
    return [
        executable, "-hide_banner", "-loglevel", "error", "-nostats", "-nostdin", "-y", "-i", literal(source),
        *other, "-map", "0:v" if sound else "0", *(["-map", f"1:{track}"] if sound else []),
        "-c", "copy", *heard,
        "-map_metadata", "0", *metadata_arguments(about, container(target)),
        *([] if container(target) in CLUSTERED else ["-movflags", "+faststart"]),
        "-f", container(target), literal(target),
    ]
    # fmt: on


def video_input(path: Path) -> list[str]:
    """The input of a user's video: only as a container that holds its own pictures, and no other file is opened.

    Options of the input come before these arguments.
    """
    return ["-protocol_whitelist", "file", "-format_whitelist", ",".join((*FORMATS, "wav")), "-i", literal(path)]


def stream_arguments(executable: str, source: Sequence[str]) -> list[str]:
    """A stream -> pictures one after the other (PPM) on standard output, pixels made square.

    source: the arguments that name the input.
    """
    # fmt: off
    return [
        executable, "-hide_banner", "-loglevel", "quiet", "-nostats", "-threads", "2", "-flags", "low_delay",
        "-fflags", "+discardcorrupt", "-analyzeduration", "2000000", "-max_pixels", str(MOST_PIXELS),
        *source,
        "-map", "0:v:0", "-an", "-sn", "-dn", "-vf", "scale=w='if(between(sar,0.5,2),iw*sar,iw)':h=ih",
        "-fps_mode", "passthrough", "-flush_packets", "1", "-pix_fmt", "rgb24", "-c:v", "ppm", "-f", "image2pipe",
        "pipe:1",
    ]
    # fmt: on


SOUND_CODECS = {
    "mp4": ["-c:a", "aac", "-b:a", "160k"],
    "mov": ["-c:a", "pcm_s16le"],
    "matroska": ["-c:a", "flac"],
    "webm": ["-c:a", "libopus", "-b:a", "128k"],
}


NO_STAMP_CORRECTION = ["-dts_delta_threshold", "3600"]  # s; a pause in MPEG-TS is a pause, and sound goes on through it


def literal(path: Path) -> str:
    """A path that ffmpeg takes as a file, whatever its name looks like ("http:x.mp4", "-y")."""
    return f"file:{path}"


def rate(fps: float) -> str:
    """30.0 -> "30", 29.97 -> "30000/1001"."""
    nearest = Fraction(fps).limit_denominator(1001)
    broadcast = Fraction(round(fps * 1.001) * 1000, 1001)
    return str(broadcast if nearest.denominator > 1 and abs(float(broadcast) - fps) < 0.005 else nearest)


class FrameClock:
    """Capture times -> how often each picture is written at a constant rate, so that n frames / fps == elapsed time.

    A picture that comes late has the one before it repeated; one that comes too early is skipped.
    Within `SLACK` of a frame either way it simply takes the next place, so that jitter costs nothing.
    """

    SLACK = 0.75  # frames; above 0.5 so that capture jitter does not make skip / repeat pairs, below 1 for +- 1 frame
    LONGEST_GAP = 60.0  # s

    def __init__(self, fps: float, longest_gap: float = LONGEST_GAP) -> None:
        """longest_gap: s; a longer time without pictures (source changed, camera away) is cut out instead of filled."""
        self._fps, self._longest_gap = fps, longest_gap
        self._start: float | None = None  # capture time that place 0 stands for
        self._last = 0.0
        self._distances: deque[float] = deque(maxlen=31)  # s between the latest capture times
        self.written = 0  # places filled
        self.repeated = 0  # of those, with a picture that had been written already
        self.skipped = 0  # pictures for which there was no place

    @property
    def seconds(self) -> float:
        """Length of what was written."""
        return self.written / self._fps

    def advance(self, captured_at: float) -> tuple[int, bool]:
        """(how often the picture before this one is written again, whether this one is written)."""
        if self._start is None or not -1.0 < captured_at - self._last < self._longest_gap:
            self._start = captured_at - self.written / self._fps
        else:
            self._distances.append(captured_at - self._last)
        self._last = captured_at
        early = self.written - (captured_at - self._start) * self._fps  # in frames; negative: late
        if early > self.SLACK:
            self.skipped += 1
            return 0, False
        repeats = math.floor(0.5 - early) if early < -self.SLACK else 0
        self.written += repeats + 1
        self.repeated += repeats
        return repeats, True

    def finish(self) -> int:
        """How often the last picture is written again: it stays on for as long as they usually do."""
        if self._start is None or not self._distances:
            return 0
        end = self._last + statistics.median(self._distances)
        repeats = max(0, round((end - self._start) * self._fps) - self.written)
        self.written += repeats
        self.repeated += repeats
        return repeats
