"""PNG and animated PNG: the file's structure, checked."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from puppet.pictures.exif import orientation_of
from puppet.pictures.limits import MAX_FRAMES, Checked, Limits, check_size, count_part, damaged, shown_for

DEFLATE = 1032  # zlib makes no more of one byte
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}  # by colour type
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
FRAME_CHUNKS = (b"acTL", b"fcTL", b"fdAT")


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Type, place and length of each chunk's content, up to the end; checksums of all that may matter are right."""
    at, view, number = len(PNG_SIGNATURE), memoryview(data), 0
    while True:
        count_part(number := number + 1)
        length, name = struct.unpack_from(">I4s", data, at)
        if at + 12 + length > len(data):
            raise damaged("its file ends too early")
        critical = not name[0] & 0x20
        if critical and name not in (b"IHDR", b"PLTE", b"IDAT", b"IEND"):
            raise damaged("a part of it is of an unknown kind")
        if critical or name in FRAME_CHUNKS or name in (b"tRNS", b"eXIf"):
            (crc,) = struct.unpack_from(">I", data, at + 8 + length)
            if zlib.crc32(view[at + 4 : at + 8 + length]) != crc:
                raise damaged("a checksum is wrong")
            yield name, at + 8, length
        if name == b"IEND":
            return
        at += 12 + length


def check_png(data: bytes, limits: Limits, animated: bool) -> Checked:
    """Check a PNG file, as `formats.check` does. Raises PictureError, struct.error and IndexError."""
    kept: list[tuple[int, int]] = []  # place and length of chunks' content
    orientation, delays, told, sequence = 1, list[float](), 0, 0
    width = height = depth = colour = packed = frame_packed = frame_pixels = 0
    shown = False  # the picture itself is the animation's first frame
    seen, last = set[bytes](), b""
    for name, at, length in _chunks(data):
        if (name == b"IHDR") != (not seen):
            raise damaged("its header is not where it belongs")
        wanted = animated or name not in (*FRAME_CHUNKS, b"tRNS")
        if name == b"IHDR":
            if length != 13:
                raise damaged("its header is of a wrong size")
            width, height, depth, colour, method, filters, interlaced = struct.unpack_from(">IIBBBBB", data, at)
            check_size(width, height, limits)
            if depth not in DEPTHS.get(colour, ()) or method or filters or interlaced > 1:
                raise damaged("its header makes no sense")
        elif name == b"PLTE":
            if seen & {b"PLTE", b"IDAT"} or not length or length % 3 or length > 768:
                raise damaged("its palette makes no sense")
        elif name == b"tRNS":
            wanted = wanted and length <= 256 and not seen & {b"tRNS", b"IDAT"}
        elif name == b"eXIf":
            orientation, wanted = orientation_of(data[at : at + length]), False
        elif name == b"IDAT":
            if name in seen and last != name:
                raise damaged("its parts are out of order")
            packed += length
        elif name == b"acTL":
            (told,) = struct.unpack_from(">I", data, at)
            if name in seen or b"IDAT" in seen or length != 8 or not 1 <= told <= MAX_FRAMES:
                raise damaged("its animation makes no sense")
        elif name in FRAME_CHUNKS and told:
            (number,) = struct.unpack_from(">I", data, at)
            if number != sequence or length < (26 if name == b"fcTL" else 4):
                raise damaged("its animation is out of order")
            sequence += 1
            if name == b"fcTL":
                _check_deflated(frame_packed, frame_pixels)
                w, h, x, y, part, whole, dispose, blend = struct.unpack_from(">IIIIHHBB", data, at + 4)
                if not (0 < w <= width and x <= width - w and 0 < h <= height and y <= height - h):
                    raise damaged("a frame of its animation lies outside of it")
                first = b"IDAT" not in seen
                if length != 26 or dispose > 2 or blend > 1 or (first and (delays or (w, h) != (width, height))):
                    raise damaged("its animation makes no sense")
                shown = shown or first
                delays.append(shown_for(part / (whole or 100)))
                frame_packed, frame_pixels = 0, 0 if first else w * h * depth // 8
            else:
                if not delays or b"IDAT" not in seen or (shown and len(delays) == 1):
                    raise damaged("its animation is out of order")
                frame_packed += length - 4
        elif name in FRAME_CHUNKS:
            wanted = False  # frames of an animation that was never announced
        seen.add(name)
        last = name
        if wanted:
            kept.append((at, length))
    if colour == 3 and b"PLTE" not in seen:
        raise damaged("its palette is missing")
    _check_deflated(packed, height * (1 + width * depth * CHANNELS[colour] // 8))
    _check_deflated(frame_packed, frame_pixels)
    if told != len(delays):
        raise damaged("frames of its animation are missing")
    view = memoryview(data)
    whole = b"".join([PNG_SIGNATURE, *(view[at - 8 : at + length + 4] for at, length in kept)])
    stays = tuple(delays) if animated else ()
    return Checked("PNG", width, height, whole, orientation, stays, hidden=int(bool(stays) and not shown))


def _check_deflated(packed: int, unpacked: int) -> None:
    if packed * DEFLATE < unpacked:
        raise damaged("it has less data than its size needs")
