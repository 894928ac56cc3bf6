"""WebP and animated WebP: the file's structure, checked."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from puppet.pictures.exif import orientation_of
from puppet.pictures.limits import (
    MAX_CANVAS,
    MAX_FRAMES,
    Checked,
    Limits,
    at_most,
    check_size,
    count_part,
    damaged,
    shown_for,
)

ALPHA, MOVES = 0x10, 0x02  # flags of VP8X


def _riff(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, place and length of each chunk's content within `data[at:end]`."""
    number = 0
    while at < end:
        count_part(number := number + 1)
        name, length = struct.unpack_from("<4sI", data, at)
        if at + 8 + length > end:
            raise damaged("its file ends too early")
        yield name, at + 8, length
        at += 8 + length + length % 2


def check_webp(data: bytes, limits: Limits, animated: bool) -> Checked:
    """Check a WebP file, as `formats.check` does. Raises PictureError, struct.error and IndexError."""
    (told,) = struct.unpack_from("<I", data, 4)
    if told < 12 or 8 + told > len(data) + told % 2:
        raise damaged("its file ends too early")
    limits = at_most(limits, MAX_CANVAS)
    width = height = flags = 0
    orientation, kept, delays, bitstreams = 1, list[bytes](), list[float](), 0
    for name, at, length in _riff(data, 12, min(8 + told, len(data))):
        content = data[at : at + length]
        if name == b"VP8X":
            if kept or length < 10:
                raise damaged("its header is not where it belongs")
            flags = content[0] & (ALPHA | MOVES)
            width, height = _three(content, 4) + 1, _three(content, 7) + 1
            check_size(width, height, limits)
            content = bytes([flags, 0, 0, 0]) + content[4:10]
        elif name in (b"VP8 ", b"VP8L"):
            size = _bitstream_size(name, content)
            if flags & MOVES or bitstreams or (width and size != (width, height)):
                raise damaged("its size is told in two ways")
            width, height = size
            check_size(width, height, limits)
            bitstreams += 1
        elif name == b"ANMF":
            if not flags & MOVES:
                raise damaged("its animation makes no sense")
            delays.append(_webp_frame(content, width, height))
            if len(delays) > MAX_FRAMES:
                raise damaged("its animation has too many frames")
        elif name == b"EXIF":
            orientation = orientation_of(content)
            continue
        elif name == b"ANIM":
            if length < 6 or not flags & MOVES:
                raise damaged("its animation makes no sense")
        elif name != b"ALPH" or not flags:
            continue
        kept.append(struct.pack("<4sI", name, len(content)) + content + b"\0" * (len(content) % 2))
    if not (bitstreams or delays):
        raise damaged("there is no picture in it")
    whole = b"".join([b"WEBP", *kept])
    return Checked("WebP", width, height, b"RIFF" + struct.pack("<I", len(whole)) + whole, orientation, tuple(delays))


def _webp_frame(content: bytes, width: int, height: int) -> float:
    """Checks a frame of an animation; how long it stays."""
    x, y, w, h, stays = (_three(content, place) for place in (0, 3, 6, 9, 12))
    if len(content) < 24 or 2 * x + w + 1 > width or 2 * y + h + 1 > height:
        raise damaged("a frame of its animation lies outside of it")
    bitstreams = 0
    for name, at, length in _riff(content, 16, len(content)):
        if name in (b"VP8 ", b"VP8L"):
            bitstreams += 1
            if _bitstream_size(name, content[at : at + length]) != (w + 1, h + 1):
                raise damaged("the size of a frame is told in two ways")
    if bitstreams != 1:
        raise damaged("a frame of its animation has no picture")
    return shown_for(stays / 1000)


def _bitstream_size(name: bytes, content: bytes) -> tuple[int, int]:
    if name == b"VP8L":
        if content[0] != 0x2F:
            raise damaged("its header makes no sense")
        (bits,) = struct.unpack_from("<I", content, 1)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if content[3:6] != b"\x9d\x01\x2a":
        raise damaged("its header makes no sense")
    width, height = struct.unpack_from("<HH", content, 6)
    return width & 0x3FFF, height & 0x3FFF


def _three(data: bytes, at: int) -> int:
    """Three bytes, the lowest first."""
    return int.from_bytes(data[at : at + 3], "little")
