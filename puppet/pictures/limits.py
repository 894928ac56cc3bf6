"""Limits of picture files, what a checked one is, and the errors that the checks of all formats raise."""

from __future__ import annotations

from dataclasses import dataclass, replace

from puppet.core.errors import PictureError

MAX_BYTES = 256 << 20
MAX_PIXELS = 1 << 26  # 8192 x 8192; with what a decoder holds beside it, below 1 GB
MAX_CANVAS = 1 << 25  # px of a WebP picture: its decoder holds several copies
MAX_ANIMATED = 1 << 24  # px of an animation, each frame of which is put together anew
MAX_SIDE = 32_766  # px; OpenCV's remap takes no more
MAX_FRAMES = 20_000  # of an animation
MAX_SECONDS = 3600  # of an animation: a few bytes may announce days
MAX_PARTS = 500_000  # chunks, segments or blocks of one file
MAX_TEXT = 2 << 20  # bytes of numbers written as text (PNM), or of run lengths (BMP): slow to decode
SHORTEST, USUAL, LONGEST = 0.011, 0.1, 60.0  # s a frame stays; browsers take shorter ones for `USUAL`, too
CONVERT = "save it as JPEG or PNG"


@dataclass(frozen=True)
class Limits:
    """What a picture may have at most: bytes of its file, px, px of a side."""

    size: int = MAX_BYTES
    pixels: int = MAX_PIXELS
    side: int = MAX_SIDE


@dataclass(frozen=True)
class Checked:
    """A picture file that may be decoded.

    kept: the file without what its pixels do not need. orientation: EXIF's, 1 to 8. delays: seconds that each frame of
    an animation stays, empty for one picture. hidden: pictures before the animation that are no part of it.
    """

    kind: str
    width: int
    height: int
    kept: bytes
    orientation: int = 1
    delays: tuple[float, ...] = ()
    hidden: int = 0


ORDINARY = Limits()  # of a file


def at_most(limits: Limits, pixels: int) -> Limits:
    """The limits, with at most so many pixels."""
    return replace(limits, pixels=min(limits.pixels, pixels))


def check_bytes(data: bytes, most: int) -> None:
    """Raises PictureError for a file of more than `most` bytes."""
    if len(data) > most:
        raise PictureError(f"the file has over {most / 1e6:.0f} MB, more is not read; save it smaller")


def check_size(width: int, height: int, limits: Limits) -> None:
    """Raises PictureError for a picture without a size, or of more pixels than `limits` allow."""
    if width < 1 or height < 1:
        raise PictureError("the picture is damaged: it has no size")
    if width > limits.side or height > limits.side:
        raise PictureError(
            f"the picture has {width} x {height} pixels, at most {limits.side} a side are read; shrink it"
        )
    if width * height > limits.pixels:
        most = f"{limits.pixels / 1e6:.1f}".removesuffix(".0")
        raise PictureError(f"the picture has {width} x {height} pixels, at most {most} million are read; shrink it")


def damaged(what: str) -> PictureError:
    """The error for a damaged file, with what is wrong in it."""
    return PictureError(f"the picture is damaged: {what}")


def rare(kind: str) -> PictureError:
    """The error for a file of a format that is read, but of a kind that hardly any program writes."""
    return PictureError(f"it is a {kind} of a rare kind; {CONVERT}")


def count_part(number: int) -> None:
    """Count the parts of a file: a walk through many millions would take minutes."""
    if number > MAX_PARTS:
        raise damaged("it has too many parts")


def shown_for(seconds: float) -> float:
    """Seconds that a frame of an animation is shown, of those that its file says; as browsers do."""
    return USUAL if seconds < SHORTEST else min(seconds, LONGEST)
