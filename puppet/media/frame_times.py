"""When the frames of a video file are due, asked of ffmpeg without decoding; and the constant rate that suits them."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from puppet.core.errors import RecordingError
from puppet.media.ffmpeg_arguments import video_input
from puppet.media.ffmpeg_child import ask_ffmpeg, find_ffmpeg
from puppet.media.video_facts import VideoFacts, packet_spans

LARGEST_RATE = 120.0  # frames per second
USUAL_RATES = (24000 / 1001, 24, 25, 30000 / 1001, 30, 48, 50, 60000 / 1001, 60, 100, 120)
UNEVEN = 0.25  # of the usual distance: more than rounded time stamps do
READ_SECONDS = 300.0  # to go through the file's packets


@dataclass(frozen=True)
class FrameTimes:
    """Time stamps of a file's frames, in seconds.

    times: of every frame, in order, from 0 on; none where stamps run backwards (files joined end to end). start: how
    much later than the file's sound the first frame is. end: when the last frame is over; 0 when that is not known.
    """

    times: tuple[float, ...] = ()
    start: float = 0.0
    end: float = 0.0


def probe_frame_times(path: Path) -> FrameTimes:
    """The time stamps of a file's frames; empty when ffmpeg is missing or cannot read them."""
    try:
        done = ask_ffmpeg(times_arguments(find_ffmpeg(), path), READ_SECONDS)
    except (OSError, subprocess.SubprocessError, RecordingError):
        return FrameTimes()
    return parse_times(done.stdout, done.stderr)


def times_arguments(executable: str, path: Path) -> list[str]:
    """Ask for a line of numbers for every packet of the first video that is no cover, on the file's own time scale."""
    # fmt: off
    return [
        executable, "-hide_banner", "-nostats", "-nostdin", "-copyts", *video_input(path),
        "-map", "0:V:0", "-c", "copy", "-copyinkf", "-f", "framecrc", "-",
    ]
    # fmt: on


def parse_times(packets: str, words: str) -> FrameTimes:
    """What ffmpeg prints -> time stamps. packets: framecrc's lines; words: what it says of the file."""
    spans = packet_spans(packets)
    if not spans:
        return FrameTimes()
    first = spans[0][0]
    begin = re.search(r"^  Duration: .*, start: (-?[\d.]+)", words, re.M)
    start = first - float(begin[1]) if begin else 0.0
    if re.search("non.monoton", words, re.I):  # then ffmpeg has changed them
        return FrameTimes(start=max(0.0, start))
    end = sum(spans[-1]) - first
    return FrameTimes(tuple(begins - first for begins, _ in spans), max(0.0, start), end)


def steady_rate(times: ArrayLike, nominal: float) -> float:
    """Frames per second at which every frame finds a place.

    `nominal` where they come evenly at that rate (pauses aside), their own rate where that is another one, and where
    they come unevenly the rate of the parts where they come fastest. An isolated short distance does not count:
    `FrameClock` lets it pass.
    """
    gaps = _gaps(times)
    if len(gaps) < 2:
        return nominal
    own = usual_rate(times)
    if own is not None:
        return nominal if abs(nominal / own - 1) < 0.02 else min(LARGEST_RATE, own)
    fastest = 1 / float(np.quantile(gaps, 0.05))
    whole = round(fastest)
    return min(LARGEST_RATE, float(whole) if whole and abs(fastest / whole - 1) < 0.02 else fastest)


def usual_rate(times: ArrayLike) -> float | None:
    """Frames per second where nearly all come at one distance, whatever the pauses between; None otherwise."""
    gaps = _gaps(times)
    if len(gaps) < 2:
        return None
    usual = float(np.median(gaps))
    regular = np.abs(gaps - usual) < UNEVEN * usual
    if np.quantile(np.abs(gaps - usual), 0.95) >= UNEVEN * usual:
        return None
    rate = 1 / float(gaps[regular].mean())
    nearest = min(USUAL_RATES, key=lambda known: abs(known / rate - 1))
    return nearest if abs(nearest / rate - 1) < 0.003 else rate


def frame_rate(times: FrameTimes, facts: VideoFacts, nominal: float) -> float:
    """`steady_rate` of a file whose packets may be half a frame each (interlaced)."""
    rate = steady_rate(times.times, nominal)
    return nominal if is_of_fields(facts) and abs(2 * nominal / rate - 1) < 0.02 else rate


def nominal_rate(facts: VideoFacts, claimed: float) -> float:
    """Frames per second by a file's first frames, where what it claims is far off: it may count pauses as frames."""
    own = usual_rate(facts.stamps)
    if own is None or abs(claimed / own - 1) < 0.1 or (is_of_fields(facts) and abs(2 * claimed / own - 1) < 0.02):
        return claimed
    return min(LARGEST_RATE, own)


def is_of_fields(facts: VideoFacts) -> bool:
    """Whether a packet may be half a frame."""
    return facts.pictures is not None and facts.pictures.interlaced


def _gaps(times: ArrayLike) -> NDArray[np.float64]:
    """Distances between frames, s; frames that share a stamp share the time until the next one."""
    moments, counts = np.unique(np.round(np.asarray(times, float), 6), return_counts=True)
    return np.repeat(np.diff(moments) / counts[:-1], counts[:-1])
