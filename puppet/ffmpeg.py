"""What ffmpeg is asked to do, and when a picture is due. Pure: no process, no clock, no file is touched here."""

from __future__ import annotations

import math
import statistics
from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

FRAGMENT_SECONDS = 0.5  # at most this much is missing from a file whose ffmpeg was killed, plus what x264 looks ahead
KEYFRAME_SECONDS = 1.0
LOOKAHEAD = 5  # frames x264 holds back: less to lose, hardly larger files at constant quality


@dataclass(frozen=True)
class RecordingSettings:
    """What is recorded, and how. `width`, `height` in px; 0: those of the first picture. A larger `crf` saves space."""

    path: Path
    width: int = 0
    height: int = 0
    fps: float = 30.0
    crf: int = 18
    preset: str = "veryfast"
    actor: str = ""  # told in the file's metadata


def recording_arguments(executable: str, s: RecordingSettings) -> list[str]:
    """Raw BGR pictures of s.width x s.height on standard input -> H.264 yuv420p in a fragmented MP4 at s.path.

    Fragmented (ISO 14496-12, 8.8): every half second stands for itself, so the file plays up to there whatever
    happens to ffmpeg. No B-frames: time starts at 0 in every player. BT.601 matrix, tagged: players that read
    tags and readers that do not (OpenCV) see the same colours. Overwrites: the caller has made the file.
    """
    filters = [
        "scale=out_color_matrix=smpte170m:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int",
        "format=yuv420p",
        "setparams=colorspace=smpte170m:color_primaries=bt709:color_trc=bt709",
    ]
    if s.width % 2 or s.height % 2:
        filters.insert(0, "pad=ceil(iw/2)*2:ceil(ih/2)*2")
    # fmt: off
    return [
        executable, "-hide_banner", "-loglevel", "error", "-nostats", "-y",
        "-f", "rawvideo", "-pixel_format", "bgr24", "-video_size", f"{s.width}x{s.height}", "-framerate", rate(s.fps),
        "-i", "pipe:0",
        "-vf", ",".join(filters),
        "-c:v", "libx264", "-preset", s.preset, "-crf", str(s.crf), "-pix_fmt", "yuv420p",
        "-bf", "0", "-rc-lookahead", str(LOOKAHEAD), "-g", str(max(1, round(s.fps * KEYFRAME_SECONDS))),
        *metadata(s.actor),
        "-movflags", "+frag_keyframe+empty_moov+default_base_moof",
        "-frag_duration", str(round(FRAGMENT_SECONDS * 1e6)), "-flush_packets", "1",
        "-f", "mp4", literal(s.path),
    ]
    # fmt: on


def remux_arguments(executable: str, source: Path, target: Path) -> list[str]:
    """A finished fragmented MP4 -> a plain one with its index in front, so that players can seek; not re-encoded."""
    # fmt: off
    return [
        executable, "-hide_banner", "-loglevel", "error", "-nostats", "-nostdin", "-y",
        "-i", literal(source), "-map", "0", "-c", "copy", "-map_metadata", "0",
        "-movflags", "+faststart", "-f", "mp4", literal(target),
    ]
    # fmt: on


def metadata(actor: str) -> list[str]:
    """Arguments that say in the file what it is."""
    title = f"{actor}, played with Puppet" if actor else "Played with Puppet"
    return ["-metadata", f"title={title}", "-metadata", f"comment={provenance(actor)}"]


def provenance(actor: str) -> str:
    """One sentence for a file's metadata: the performance is synthetic."""
    whose = f" of the actor '{actor}'" if actor else ""
    return f"Synthetic performance{whose}, made with Puppet: the face shown did not do or say this."


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

    A picture that comes late makes the one before it stay on (repeats); one that comes before its turn is skipped.
    Within `SLACK` of a frame either way it simply takes the next place, so that jitter costs nothing.
    """

    SLACK = 0.75  # frames; above 0.5 so that capture jitter does not make skip / repeat pairs, below 1 for +- 1 frame
    LONGEST_GAP = 60.0  # s; a longer silence (source changed, machine asleep) is cut out instead of filled

    def __init__(self, fps: float) -> None:
        self._fps = fps
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
        if self._start is None or not -1.0 < captured_at - self._last < self.LONGEST_GAP:
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
