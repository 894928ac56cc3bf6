"""Picture files, checked before a decoder sees them: nothing is decoded here.

`check` walks a file by its format's own structure, refuses what is damaged, too large or unusual, and keeps only what a
decoder needs for the pixels: no comments, colour profiles or previews reach one. One module for each format.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import replace

from puppet.core.errors import PictureError
from puppet.pictures.bmp import check_bmp
from puppet.pictures.gif import check_gif
from puppet.pictures.jpeg import check_jpeg
from puppet.pictures.limits import (
    CONVERT,
    MAX_ANIMATED,
    MAX_SECONDS,
    ORDINARY,
    Checked,
    Limits,
    at_most,
    check_bytes,
    check_size,
    damaged,
)
from puppet.pictures.png import check_png
from puppet.pictures.pnm import check_pnm
from puppet.pictures.tiff import check_tiff
from puppet.pictures.webp import check_webp

OTHERS = (  # kinds that people have, and that are not read here
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"#?RGBE", "Radiance HDR"),
    (b"8BPS", "Photoshop"),
    (b"\x59\xa6\x6a\x95", "Sun raster"),
    (b"PF", "PFM"),
    (b"Pf", "PFM"),
    (b"%PDF", "PDF"),
    (b"\x00\x00\x01\x00", "icon"),
    (b"<svg", "SVG"),
    (b"<?xml", "SVG"),
)
BRANDS = {  # of the container that AVIF and HEIC share; the first that is named counts
    "AVIF": (b"avif", b"avis"),
    "HEIC": (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"),
}

CHECKS: dict[str, Callable[[bytes, Limits, bool], Checked]] = {
    "PNG": check_png,
    "JPEG": check_jpeg,
    "WebP": check_webp,
    "GIF": check_gif,
    "TIFF": check_tiff,
    "BMP": check_bmp,
    "PNM": check_pnm,
}


def check(data: bytes, limits: Limits = ORDINARY, kinds: tuple[str, ...] = (), animated: bool = False) -> Checked:
    """Check a picture file.

    kinds: the accepted formats, names of CHECKS; all when empty. animated: keep all frames, not the first alone. Raises
    PictureError, in words that can follow a file's name.
    """
    check_bytes(data, limits.size)
    kind = _kind(data)
    if kinds and kind not in kinds:
        raise PictureError(f"it is a {kind} picture, only {' and '.join(kinds)} is taken here")
    try:
        checked = CHECKS[kind](data, limits, animated)
    except (struct.error, IndexError, OverflowError) as problem:
        raise damaged("its file ends too early") from problem
    if len(checked.delays) < 2:
        return replace(checked, delays=())
    check_size(checked.width, checked.height, at_most(limits, MAX_ANIMATED))
    if sum(checked.delays) > MAX_SECONDS:
        raise PictureError(f"the animation takes over {MAX_SECONDS / 60:.0f} minutes; save it as a video")
    return checked


def _kind(data: bytes) -> str:
    """The format by its first bytes. Raises PictureError for every other."""
    head = bytes(data[:32])
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "TIFF"
    if head.startswith(b"BM"):
        return "BMP"
    if re.match(rb"P[1-6]\s", head):
        return "PNM"
    for name, brands in BRANDS.items():
        if head[4:8] == b"ftyp" and any(
            brand in data[8 : min(int.from_bytes(head[:4], "big"), 256)] for brand in brands
        ):
            raise PictureError(f"{name} pictures are not supported; {CONVERT}")
    for magic, name in OTHERS:
        if head.startswith(magic):
            raise PictureError(f"{name} pictures are not supported; {CONVERT}")
    raise PictureError("it is damaged, or no picture at all" if data else "the file is empty")
