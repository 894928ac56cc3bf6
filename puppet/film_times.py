"""When the pictures of a video file are due, asked of ffmpeg without decoding; and the steady rate that suits them."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from puppet.ffmpeg import film_input
from puppet.recorder import CREATION_FLAGS, find_ffmpeg

LARGEST_RATE = 120.0  # pictures per second
UNEVEN = 0.25  # of the usual distance: more than rounded time stamps do
READ_SECONDS = 300.0  # to go through the file's packets


@dataclass(frozen=True)
class FilmTimes:
    """times: of every picture, seconds, in order; start: how much later than the file (its sound) the first one is."""

    times: tuple[float, ...] = ()
    start: float = 0.0


def film_times(path: Path) -> FilmTimes:
    """Nothing when ffmpeg cannot tell: then the file's own word on its rate has to do."""
    try:
        done = subprocess.run(
            times_arguments(find_ffmpeg(), path),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=READ_SECONDS,
            creationflags=CREATION_FLAGS,
        )
    except (OSError, subprocess.SubprocessError):
        return FilmTimes()
    return read_times(done.stdout, done.stderr)


def times_arguments(executable: str, path: Path) -> list[str]:
    """A line of numbers for every packet of the first video stream, on the file's own time scale."""
    # fmt: off
    return [
        executable, "-hide_banner", "-nostats", "-nostdin", "-copyts", *film_input(path),
        "-map", "0:v:0", "-c", "copy", "-f", "framecrc", "-",
    ]
    # fmt: on


def read_times(packets: str, told: str) -> FilmTimes:
    """framecrc's lines ("#tb 0: 1/600", then "stream, dts, pts, ...") and ffmpeg's words on the file."""
    base = re.search(r"^#tb 0: (\d+)/(\d+)", packets, re.M)
    stamps = sorted(int(pts) for pts in re.findall(r"^0,\s*-?\d+,\s*(-?\d+),", packets, re.M))
    if base is None or not stamps:
        return FilmTimes()
    unit = int(base[1]) / int(base[2])
    begin = re.search(r"Duration: .*, start: (-?[\d.]+)", told)
    start = stamps[0] * unit - float(begin[1]) if begin else 0.0
    return FilmTimes(tuple((stamp - stamps[0]) * unit for stamp in stamps), max(0.0, start))


def steady_rate(times: ArrayLike, nominal: float) -> float:
    """Pictures per second at which every picture finds a place: `nominal` where they come evenly, else that of the
    stretches where they come fastest. An isolated short distance does not count: `FrameClock` lets it pass."""
    gaps = np.diff(np.asarray(times, float))
    gaps = gaps[gaps > 1e-6]
    if len(gaps) < 2:
        return nominal
    usual = float(np.median(gaps))
    if np.quantile(np.abs(gaps - usual), 0.95) < UNEVEN * usual:
        return nominal
    fastest = 1 / float(np.quantile(gaps, 0.05))
    whole = round(fastest)
    return min(LARGEST_RATE, float(whole) if whole and abs(fastest / whole - 1) < 0.02 else fastest)
