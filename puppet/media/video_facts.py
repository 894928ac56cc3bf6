"""What a video file holds: its video stream, colours, sound tracks and first time stamps, asked of ffmpeg.

OpenCV, which decodes ordinary files, says nothing of that.
"""

from __future__ import annotations

import functools
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from puppet.core.errors import RecordingError
from puppet.media.ffmpeg_arguments import literal, video_input
from puppet.media.ffmpeg_child import ask_ffmpeg, find_ffmpeg
from puppet.media.hdr import TRANSFERS

ASK_SECONDS = 30.0  # a network drive is slow
FIRST_PACKETS = 120  # whose time stamps give the usual distance
JUMPING = {"mpegts", "mpeg"}  # formats whose stamps start anew where recordings were joined
ONE_SIZE = {"mov", "avi"}  # formats that name one size for all pictures


@dataclass(frozen=True)
class PictureFacts:
    """The video stream of a file.

    index: among all streams. width, height: px, as coded. transfer, primaries, matrix: ffmpeg's names, "" when the file
    does not say. dolby: the profile of Dolby Vision where other decoders cannot use the base layer. hidden: a cover
    picture comes before it, which OpenCV might take instead.
    """

    index: int
    width: int = 0
    height: int = 0
    transfer: str = ""
    primaries: str = ""
    matrix: str = ""
    interlaced: bool = False
    dolby: int | None = None
    hidden: bool = False

    @property
    def hdr(self) -> bool:
        """Whether it needs tone mapping."""
        return self.transfer in TRANSFERS


@dataclass(frozen=True)
class VideoFacts:
    """What ffmpeg says of a file.

    known: it could read the file. refused: it says that it cannot. jumping: time stamps may start anew on the way.
    one_size: frames cannot change their size. seconds: length as the file states it; None when it does not. pictures:
    the video stream; None where there is none. cover: there is a still picture, as of an album. sounds: indices of the
    tracks that can be decoded; sound: the one to be heard. stamps: of the first frames, s.
    """

    known: bool = False
    refused: bool = False
    jumping: bool = False
    one_size: bool = False
    seconds: float | None = None
    pictures: PictureFacts | None = None
    cover: bool = False
    sounds: tuple[int, ...] = ()
    sound: int | None = None
    stamps: tuple[float, ...] = ()


def probe_video(path: Path) -> VideoFacts:
    """What a file holds; not `known` when ffmpeg is missing or cannot read it. Raises OSError for a missing file."""
    state = path.stat()
    return _asked(path.absolute(), state.st_size, state.st_mtime_ns)


@functools.lru_cache(maxsize=64)
def _asked(path: Path, _size: int, _changed: int) -> VideoFacts:
    try:
        done = ask_ffmpeg(facts_arguments(find_ffmpeg(), path), ASK_SECONDS)
    except (OSError, subprocess.SubprocessError, RecordingError):
        return VideoFacts()
    return parse_facts(done.stdout, done.stderr.replace(literal(path).encode(errors="replace").decode(), ""))


def facts_arguments(executable: str, path: Path) -> list[str]:
    """Ask for a description of every stream, and a line of numbers for the first packets of the first video."""
    # fmt: off
    return [
        executable, "-hide_banner", "-nostats", "-nostdin", *video_input(path),
        "-map", "0:V:0", "-c", "copy", "-copyinkf", "-frames:v", str(FIRST_PACKETS), "-f", "framecrc", "-",
    ]
    # fmt: on


def parse_facts(packets: str, description: str) -> VideoFacts:
    """What ffmpeg prints -> facts. packets: framecrc's lines; description: of the file, without its name.

    The name is left out because it may look like anything.
    """
    opened = re.search(r"^Input #0, (\S+), from", description, re.M)
    if opened is None:
        return VideoFacts(refused=True)
    formats = set(opened[1].split(","))
    words = description.partition("\nOutput #0")[0].partition("\nStream mapping:")[0]
    streams = re.split(r"^ +(?=Stream #0:\d)", words, flags=re.M)
    length = re.search(r"^  Duration: (\d+):(\d+):([\d.]+)", streams[0], re.M)
    videos = [s for s in streams[1:] if re.match(r"[^\n]*?: Video: ", s)]
    covers = [s for s in videos if re.search(r"\((attached pic|still image|timed thumbnails)\)", s.partition("\n")[0])]
    moving = [s for s in videos if s not in covers]
    sounds = [s for s in streams[1:] if re.match(r"[^\n]*?: Audio: (?!none\b)", s)]
    return VideoFacts(
        known=True,
        jumping=bool(formats & JUMPING),
        one_size=bool(formats & ONE_SIZE),
        seconds=int(length[1]) * 3600 + int(length[2]) * 60 + float(length[3]) if length else None,
        pictures=_pictures(moving[0], hidden=videos[0] not in moving) if moving else None,
        cover=bool(covers),
        sounds=tuple(map(_index, sounds)),
        sound=_index(min(sounds, key=_rank)) if sounds else None,
        stamps=packet_stamps(packets),
    )


def packet_stamps(packets: str) -> tuple[float, ...]:
    """Time stamps of framecrc's packets that are shown: seconds, in order."""
    return tuple(begin for begin, _ in packet_spans(packets))


def packet_spans(packets: str) -> list[tuple[float, float]]:
    """Framecrc's lines -> when each frame comes and for how long it stays, seconds, in order.

    The lines: "#tb 0: 1/600", then "stream, dts, pts, duration, size, checksum, flags". Frames before a cut that an
    edit list makes are left out, because they are not shown.
    """
    base = re.search(r"^#tb 0: (\d+)/(\d+)", packets, re.M)
    if base is None:
        return []
    unit = int(base[1]) / int(base[2])
    lines = re.findall(r"^0,\s*\S+,\s*(-?\d+),\s*(\d+),\s*\d+, \w+(?:, F=0x(\w+))?", packets, re.M)
    return sorted((int(pts) * unit, int(stays) * unit) for pts, stays, flags in lines if not int(flags or "0", 16) & 4)


def _index(stream: str) -> int:
    found = re.match(r"Stream #0:(\d+)", stream)
    assert found is not None
    return int(found[1])


def _rank(stream: str) -> tuple[bool, bool]:
    """Sort key of sound tracks, least for the one that a player would choose.

    Tracks that describe the video or comment on it come last, the one marked as default comes first.
    """
    head = stream.partition("\n")[0]
    aside = re.search(r"\((comment|visual impaired|hearing impaired|descriptions|karaoke|clean effects)\)", head)
    return aside is not None, "(default)" not in head


def _pictures(stream: str, hidden: bool) -> PictureFacts:
    head = stream.partition("\n")[0]
    size = re.search(r", (\d+)x(\d+)\b", head)
    form = re.search(r", \w+\((.*?)\), \d+x\d+", head)
    words = form[1].split(", ") if form else []
    colours = next((word.split("/") for word in words if word.count("/") == 2), None)
    if colours is None:  # all three alike are said once
        known = [word for word in words if re.match(r"bt|smpte|arib|iec|gbr|film|ycgco", word)]
        colours = known[:1] * 3 or ["", "", ""]
    matrix, primaries, transfer = ("" if name in ("unknown", "reserved") else name for name in colours)
    dolby = re.search(r"DOVI configuration record:.*profile: (\d+).*compatibility id: 0\b", stream)
    return PictureFacts(
        _index(stream),
        *(int(number) for number in (size.groups() if size else (0, 0))),
        transfer=transfer,
        primaries=primaries,
        matrix=matrix,
        interlaced=any(re.search(r"\b(top|bottom)( coded)? first", word) for word in words),
        dolby=int(dolby[1]) if dolby else None,
        hidden=hidden,
    )
