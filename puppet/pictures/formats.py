"""Picture files, read with suspicion before a decoder sees them: stdlib only, nothing is decoded here.

`check` walks a file by its format's own structure, refuses what is damaged, too large or unusual, and keeps only what a
decoder needs for the pixels: comments, colour profiles, previews and whatever else never reaches one.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator
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
MAX_JPEG = 100 << 20  # bytes; the largest picture at the best quality has fewer
MAX_SCANS = 100  # of a JPEG; progressive ones have about ten, and each costs a pass over the whole picture
MAX_SCANNED = 1 << 30  # scans x px
MAX_TEXT = 2 << 20  # bytes of numbers written as text (PNM), or of run lengths (BMP): slow to decode
DEFLATE = 1032  # zlib makes no more of one byte
SHORTEST, USUAL, LONGEST = 0.011, 0.1, 60.0  # s a frame stays; browsers take shorter ones for `USUAL`, too

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


ORDINARY = Limits()


def check(data: bytes, limits: Limits = ORDINARY, kinds: tuple[str, ...] = (), animated: bool = False) -> Checked:
    """Look a picture file through. kinds: those that are taken, all of CHECKS when empty; animated: all frames are
    wanted, not the first alone. Raises PictureError, with words that follow a file's name.
    """
    _check_bytes(data, limits.size)
    kind = _kind(data)
    if kinds and kind not in kinds:
        raise PictureError(f"it is a {kind} picture, only {' and '.join(kinds)} is taken here")
    try:
        checked = CHECKS[kind](data, limits, animated)
    except (struct.error, IndexError, OverflowError) as problem:
        raise _damaged("its file ends too early") from problem
    if len(checked.delays) < 2:
        return replace(checked, delays=())
    _check_size(checked.width, checked.height, _at_most(limits, MAX_ANIMATED))
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


def _at_most(limits: Limits, pixels: int) -> Limits:
    return replace(limits, pixels=min(limits.pixels, pixels))


def _check_bytes(data: bytes, most: int) -> None:
    if len(data) > most:
        raise PictureError(f"the file has over {most / 1e6:.0f} MB, more is not read; save it smaller")


def _check_size(width: int, height: int, limits: Limits) -> None:
    if width < 1 or height < 1:
        raise PictureError("the picture is damaged: it has no size")
    if width > limits.side or height > limits.side:
        raise PictureError(
            f"the picture has {width} x {height} pixels, at most {limits.side} a side are read; shrink it"
        )
    if width * height > limits.pixels:
        most = f"{limits.pixels / 1e6:.1f}".removesuffix(".0")
        raise PictureError(f"the picture has {width} x {height} pixels, at most {most} million are read; shrink it")


def _damaged(what: str) -> PictureError:
    return PictureError(f"the picture is damaged: {what}")


def _rare(kind: str) -> PictureError:
    return PictureError(f"it is a {kind} of a rare kind; {CONVERT}")


def _part(number: int) -> None:
    """Count the parts of a file: a walk through many millions would take minutes."""
    if number > MAX_PARTS:
        raise _damaged("it has too many parts")


def _delay(seconds: float) -> float:
    return USUAL if seconds < SHORTEST else min(seconds, LONGEST)


# ---------------------------------------------------------------------------------------------- PNG

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}  # by colour type
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
FRAME_CHUNKS = (b"acTL", b"fcTL", b"fdAT")


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Type, place and length of each chunk's content, up to the end; checksums of all that may matter are right."""
    at, view, number = len(PNG_SIGNATURE), memoryview(data), 0
    while True:
        _part(number := number + 1)
        length, name = struct.unpack_from(">I4s", data, at)
        if at + 12 + length > len(data):
            raise _damaged("its file ends too early")
        critical = not name[0] & 0x20
        if critical and name not in (b"IHDR", b"PLTE", b"IDAT", b"IEND"):
            raise _damaged("a part of it is of an unknown kind")
        if critical or name in FRAME_CHUNKS or name in (b"tRNS", b"eXIf"):
            (crc,) = struct.unpack_from(">I", data, at + 8 + length)
            if zlib.crc32(view[at + 4 : at + 8 + length]) != crc:
                raise _damaged("a checksum is wrong")
            yield name, at + 8, length
        if name == b"IEND":
            return
        at += 12 + length


def _png(data: bytes, limits: Limits, animated: bool) -> Checked:
    kept: list[tuple[int, int]] = []  # place and length of chunks' content
    orientation, delays, told, sequence = 1, list[float](), 0, 0
    width = height = depth = colour = packed = frame_packed = frame_pixels = 0
    shown = False  # the picture itself is the animation's first frame
    seen, last = set[bytes](), b""
    for name, at, length in _chunks(data):
        if (name == b"IHDR") != (not seen):
            raise _damaged("its header is not where it belongs")
        wanted = animated or name not in (*FRAME_CHUNKS, b"tRNS")
        if name == b"IHDR":
            if length != 13:
                raise _damaged("its header is of a wrong size")
            width, height, depth, colour, method, filters, interlaced = struct.unpack_from(">IIBBBBB", data, at)
            _check_size(width, height, limits)
            if depth not in DEPTHS.get(colour, ()) or method or filters or interlaced > 1:
                raise _damaged("its header makes no sense")
        elif name == b"PLTE":
            if seen & {b"PLTE", b"IDAT"} or not length or length % 3 or length > 768:
                raise _damaged("its palette makes no sense")
        elif name == b"tRNS":
            wanted = wanted and length <= 256 and not seen & {b"tRNS", b"IDAT"}
        elif name == b"eXIf":
            orientation, wanted = _orientation(data[at : at + length]), False
        elif name == b"IDAT":
            if name in seen and last != name:
                raise _damaged("its parts are out of order")
            packed += length
        elif name == b"acTL":
            (told,) = struct.unpack_from(">I", data, at)
            if name in seen or b"IDAT" in seen or length != 8 or not 1 <= told <= MAX_FRAMES:
                raise _damaged("its animation makes no sense")
        elif name in FRAME_CHUNKS and told:
            (number,) = struct.unpack_from(">I", data, at)
            if number != sequence or length < (26 if name == b"fcTL" else 4):
                raise _damaged("its animation is out of order")
            sequence += 1
            if name == b"fcTL":
                _check_deflated(frame_packed, frame_pixels)
                w, h, x, y, part, whole, dispose, blend = struct.unpack_from(">IIIIHHBB", data, at + 4)
                if not (0 < w <= width and x <= width - w and 0 < h <= height and y <= height - h):
                    raise _damaged("a frame of its animation lies outside of it")
                first = b"IDAT" not in seen
                if length != 26 or dispose > 2 or blend > 1 or (first and (delays or (w, h) != (width, height))):
                    raise _damaged("its animation makes no sense")
                shown = shown or first
                delays.append(_delay(part / (whole or 100)))
                frame_packed, frame_pixels = 0, 0 if first else w * h * depth // 8
            else:
                if not delays or b"IDAT" not in seen or (shown and len(delays) == 1):
                    raise _damaged("its animation is out of order")
                frame_packed += length - 4
        elif name in FRAME_CHUNKS:
            wanted = False  # frames of an animation that was never announced
        seen.add(name)
        last = name
        if wanted:
            kept.append((at, length))
    if colour == 3 and b"PLTE" not in seen:
        raise _damaged("its palette is missing")
    _check_deflated(packed, height * (1 + width * depth * CHANNELS[colour] // 8))
    _check_deflated(frame_packed, frame_pixels)
    if told != len(delays):
        raise _damaged("frames of its animation are missing")
    view = memoryview(data)
    whole = b"".join([PNG_SIGNATURE, *(view[at - 8 : at + length + 4] for at, length in kept)])
    stays = tuple(delays) if animated else ()
    return Checked("PNG", width, height, whole, orientation, stays, hidden=int(bool(stays) and not shown))


def _check_deflated(packed: int, unpacked: int) -> None:
    if packed * DEFLATE < unpacked:
        raise _damaged("it has less data than its size needs")


# ---------------------------------------------------------------------------------------------- JPEG

HEADERS = {0xC0, 0xC1, 0xC2}  # baseline, extended, progressive: the Huffman-coded kinds of 8 bits
TABLES = {0xC4, 0xDB, 0xDD}  # Huffman tables, quantisation, restart interval
JFIF, EXIF, ADOBE = 0xE0, 0xE1, 0xEE
END_OF_IMAGE = b"\xff\xd9"


def _jpeg(data: bytes, limits: Limits, animated: bool) -> Checked:
    _check_bytes(data, min(limits.size, MAX_JPEG))
    at, number, orientation, sized = 2, 0, 1, False
    width = height = 0
    kept: list[bytes | memoryview] = [data[:2]]
    while True:
        _part(number := number + 1)
        at = data.find(b"\xff", at)  # something else may lie between its parts
        if at < 0:
            raise _damaged("its file ends too early")
        marker = data[at + 1]
        if marker == 0xFF:  # filling
            at += 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:  # stand alone, and mean nothing here
            at += 2
            continue
        if marker in (0xD8, 0xD9, 0x00):
            raise _damaged("its parts are out of order")
        (length,) = struct.unpack_from(">H", data, at + 2)
        content = data[at + 4 : at + 2 + length]
        if length < 2 or at + 2 + length > len(data):
            raise _damaged("its file ends too early")
        if marker in HEADERS:
            depth, height, width, colours = struct.unpack_from(">BHHB", content)
            if depth != 8 or colours not in (1, 3, 4):
                raise _rare("JPEG")
            if sized or length != 8 + 3 * colours:
                raise _damaged("its header is of a wrong size")
            _check_size(width, height, limits)
            sized = True
        elif 0xC0 <= marker <= 0xCF and marker != 0xC4:
            raise _rare("JPEG")
        elif marker == EXIF and content[:6] == b"Exif\0\0" and orientation == 1:
            orientation = _orientation(content[6:])
        elif marker == 0xDA:
            break
        wanted = marker in HEADERS | TABLES or (marker == JFIF and content[:5] == b"JFIF\0" and len(content) >= 14)
        if wanted or (marker == ADOBE and content[:5] == b"Adobe" and len(content) >= 12):
            kept.append(data[at : at + 2 + length])
        at += 2 + length
    if not sized:
        raise _damaged("its header is missing")
    scans = data.count(b"\xff\xda", at)
    if scans > MAX_SCANS or scans * width * height > max(MAX_SCANNED, 3 * width * height):
        raise PictureError("it is a JPEG of too many passes; save it again, as an ordinary JPEG")
    if data.find(END_OF_IMAGE, at) < 0:  # half of it would be grey
        raise _damaged("its file ends too early")
    return Checked("JPEG", width, height, b"".join([*kept, memoryview(data)[at:]]), orientation)


# ---------------------------------------------------------------------------------------------- WebP

ALPHA, MOVES = 0x10, 0x02  # flags of VP8X


def _riff(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, place and length of each chunk's content within `data[at:end]`."""
    number = 0
    while at < end:
        _part(number := number + 1)
        name, length = struct.unpack_from("<4sI", data, at)
        if at + 8 + length > end:
            raise _damaged("its file ends too early")
        yield name, at + 8, length
        at += 8 + length + length % 2


def _webp(data: bytes, limits: Limits, animated: bool) -> Checked:
    (told,) = struct.unpack_from("<I", data, 4)
    if told < 12 or 8 + told > len(data) + told % 2:
        raise _damaged("its file ends too early")
    limits = _at_most(limits, MAX_CANVAS)
    width = height = flags = 0
    orientation, kept, delays, bitstreams = 1, list[bytes](), list[float](), 0
    for name, at, length in _riff(data, 12, min(8 + told, len(data))):
        content = data[at : at + length]
        if name == b"VP8X":
            if kept or length < 10:
                raise _damaged("its header is not where it belongs")
            flags = content[0] & (ALPHA | MOVES)
            width, height = _three(content, 4) + 1, _three(content, 7) + 1
            _check_size(width, height, limits)
            content = bytes([flags, 0, 0, 0]) + content[4:10]
        elif name in (b"VP8 ", b"VP8L"):
            size = _bitstream_size(name, content)
            if flags & MOVES or bitstreams or (width and size != (width, height)):
                raise _damaged("its size is told in two ways")
            width, height = size
            _check_size(width, height, limits)
            bitstreams += 1
        elif name == b"ANMF":
            if not flags & MOVES:
                raise _damaged("its animation makes no sense")
            delays.append(_webp_frame(content, width, height))
            if len(delays) > MAX_FRAMES:
                raise _damaged("its animation has too many frames")
        elif name == b"EXIF":
            orientation = _orientation(content)
            continue
        elif name == b"ANIM":
            if length < 6 or not flags & MOVES:
                raise _damaged("its animation makes no sense")
        elif name != b"ALPH" or not flags:
            continue
        kept.append(struct.pack("<4sI", name, len(content)) + content + b"\0" * (len(content) % 2))
    if not (bitstreams or delays):
        raise _damaged("there is no picture in it")
    whole = b"".join([b"WEBP", *kept])
    return Checked("WebP", width, height, b"RIFF" + struct.pack("<I", len(whole)) + whole, orientation, tuple(delays))


def _webp_frame(content: bytes, width: int, height: int) -> float:
    """Checks a frame of an animation; how long it stays."""
    x, y, w, h, stays = (_three(content, place) for place in (0, 3, 6, 9, 12))
    if len(content) < 24 or 2 * x + w + 1 > width or 2 * y + h + 1 > height:
        raise _damaged("a frame of its animation lies outside of it")
    bitstreams = 0
    for name, at, length in _riff(content, 16, len(content)):
        if name in (b"VP8 ", b"VP8L"):
            bitstreams += 1
            if _bitstream_size(name, content[at : at + length]) != (w + 1, h + 1):
                raise _damaged("the size of a frame is told in two ways")
    if bitstreams != 1:
        raise _damaged("a frame of its animation has no picture")
    return _delay(stays / 1000)


def _bitstream_size(name: bytes, content: bytes) -> tuple[int, int]:
    if name == b"VP8L":
        if content[0] != 0x2F:
            raise _damaged("its header makes no sense")
        (bits,) = struct.unpack_from("<I", content, 1)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if content[3:6] != b"\x9d\x01\x2a":
        raise _damaged("its header makes no sense")
    width, height = struct.unpack_from("<HH", content, 6)
    return width & 0x3FFF, height & 0x3FFF


def _three(data: bytes, at: int) -> int:
    """Three bytes, the lowest first."""
    return int.from_bytes(data[at : at + 3], "little")


# ---------------------------------------------------------------------------------------------- GIF


def _gif(data: bytes, limits: Limits, animated: bool) -> Checked:
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    _check_size(width, height, _at_most(limits, MAX_ANIMATED))
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    kept, delays, stays, number = [data[:at]], list[float](), 0, 0
    while at < len(data):
        kind = data[at]
        if kind == 0x3B:
            break
        if kind == 0x21:
            end = _gif_blocks(data, at + 2)
            if data[at + 1] == 0xF9:
                if data[at + 2] != 4:
                    raise _damaged("a frame's header is of a wrong size")
                (stays,) = struct.unpack_from("<H", data, at + 4)
                kept.append(data[at:end])
        elif kind == 0x2C:
            x, y, w, h, flags = struct.unpack_from("<HHHHB", data, at + 1)
            if not w or not h or x + w > width or y + h > height:
                raise _damaged("a frame of it lies outside of it")
            content = at + 10 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
            if not 1 <= data[content] <= 8:
                raise _damaged("a frame's header makes no sense")
            end = _gif_blocks(data, content + 1)
            kept.append(data[at:end])
            delays.append(_delay(stays / 100))
            stays = 0
            if not animated:
                break
            if len(delays) > MAX_FRAMES:
                raise _damaged("it has too many frames")
        elif kind == 0:  # some programs fill with it
            end = at + 1
        else:
            raise _damaged("something else lies between its parts")
        _part(number := number + 1)
        at = end
    if not delays:
        raise _damaged("there is no picture in it")
    return Checked("GIF", width, height, b"".join([*kept, b";"]), delays=tuple(delays))


def _gif_blocks(data: bytes, at: int) -> int:
    """Where the blocks end that begin at `at`."""
    number = 0
    while length := data[at]:
        at += 1 + length
        _part(number := number + 1)
    return at + 1


# ---------------------------------------------------------------------------------------------- TIFF, and EXIF

TYPES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}  # bytes
WHOLE = {1: "B", 3: "H", 4: "I", 16: "Q"}  # types of whole numbers, as struct has them
ORIENTATION = 274
WIDTH, HEIGHT, BITS, PACKING, COLOURS, SAMPLES, ROWS, PLANES = 256, 257, 258, 259, 262, 277, 278, 284
STRIPS, STRIP_SIZES, TILE_WIDTH, TILE_HEIGHT, TILES, TILE_SIZES = 273, 279, 322, 323, 324, 325
SAMPLE_FORMAT, JPEG_TABLES = 339, 347
NEEDED = {
    *(WIDTH, HEIGHT, BITS, PACKING, COLOURS, SAMPLES, ROWS, PLANES, STRIPS, STRIP_SIZES, SAMPLE_FORMAT, JPEG_TABLES),
    *(TILE_WIDTH, TILE_HEIGHT, TILES, TILE_SIZES),
    *(266, 292, 293, 317, 320, 338, 530, 532),  # bit order, fax options, predictor, palette, alpha, YCbCr
}
PACKINGS = {1, 2, 3, 4, 5, 7, 8, 32773, 32946}  # none, fax, LZW, JPEG, deflate, PackBits
MAX_ENTRIES = 1000
MAX_STRIPS = 100_000  # and tiles
MAX_TILE = 1 << 24  # px
MAX_VALUES = 1024  # numbers of an entry; a palette has 768
MANY = {**dict.fromkeys((STRIPS, STRIP_SIZES, TILES, TILE_SIZES), MAX_STRIPS), JPEG_TABLES: 1 << 16}
SINGLE = {WIDTH, HEIGHT, PACKING, COLOURS, SAMPLES, ROWS, PLANES, TILE_WIDTH, TILE_HEIGHT, 266, 292, 293, 317}
MAX_UNPACKED = 256 << 20  # bytes


@dataclass(frozen=True)
class _Entry:
    """An entry of a directory of TIFF: `count` values of a type lie at `at`. raw: the entry itself."""

    tag: int
    type: int
    count: int
    at: int
    raw: bytes

    @property
    def size(self) -> int:
        return self.count * TYPES[self.type]


def _directory(data: bytes, order: str, at: int, big: bool = False) -> Iterator[_Entry]:
    """The entries of the directory at `at`, but those of unknown types or beyond the end. May raise struct.error."""
    (count,) = struct.unpack_from(f"{order}{'Q' if big else 'H'}", data, at)
    at += 8 if big else 2
    form, room = (f"{order}HHQ", 8) if big else (f"{order}HHI", 4)
    length = struct.calcsize(form) + room
    if count > MAX_ENTRIES:
        raise _damaged("it has too many entries")
    for place in range(at, at + count * length, length):
        tag, kind, number = struct.unpack_from(form, data, place)
        where = place + length - room
        if kind not in TYPES:
            continue
        if number * TYPES[kind] > room:
            (where,) = struct.unpack_from(f"{order}{'Q' if big else 'I'}", data, where)
        if max(where + number * TYPES[kind], place + length) <= len(data):
            yield _Entry(tag, kind, number, where, data[place : place + length])


def _numbers(data: bytes, order: str, entry: _Entry) -> tuple[int, ...]:
    if entry.type not in WHOLE or not entry.count:
        raise _damaged("its header makes no sense")
    return struct.unpack_from(f"{order}{entry.count}{WHOLE[entry.type]}", data, entry.at)


def _orientation(exif: bytes) -> int:
    """How to turn a picture upright (1 to 8), as EXIF says; 1 where it says nothing that makes sense."""
    exif = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(exif[:4]))
    try:
        if order is not None:
            (at,) = struct.unpack_from(f"{order}I", exif, 4)
            for entry in _directory(exif, order, at):
                if entry.tag == ORIENTATION and entry.type == 3 and entry.count == 1:
                    (turn,) = _numbers(exif, order, entry)
                    return turn if 1 <= turn <= 8 else 1
    except (struct.error, OverflowError, PictureError):
        pass  # a picture is shown as it is rather than not at all
    return 1


def _tiff(data: bytes, limits: Limits, animated: bool) -> Checked:
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    if big and struct.unpack_from(f"{order}HH", data, 4) != (8, 0):
        raise _damaged("its header makes no sense")
    (at,) = struct.unpack_from(f"{order}{'Q' if big else 'I'}", data, 8 if big else 4)
    entries: dict[int, _Entry] = {}
    orientation = 1
    for entry in _directory(data, order, at, big):
        if entry.tag == ORIENTATION and entry.type == 3 and entry.count == 1:
            (orientation,) = _numbers(data, order, entry)
        elif entry.tag in NEEDED:
            if entry.tag in entries or entry.count > (1 if entry.tag in SINGLE else MANY.get(entry.tag, MAX_VALUES)):
                raise _damaged("its header makes no sense")
            entries[entry.tag] = entry

    def numbers(tag: int, otherwise: int) -> tuple[int, ...]:
        return _numbers(data, order, entries[tag]) if tag in entries else (otherwise,)

    width, height = numbers(WIDTH, 0)[0], numbers(HEIGHT, 0)[0]
    _check_size(width, height, limits)
    packing, bits = numbers(PACKING, 1)[0], numbers(BITS, 1)
    samples = numbers(SAMPLES, 1)[0]
    if packing not in PACKINGS or max(bits) > 16 or set(numbers(SAMPLE_FORMAT, 1)) != {1}:
        raise _rare("TIFF")
    if not 1 <= samples <= 8 or width * height * samples * max(bits) / 8 > MAX_UNPACKED:
        raise PictureError(f"the picture is too large ({width} x {height} pixels of {samples} numbers); shrink it")
    tiled = TILES in entries
    across, down = width, min(numbers(ROWS, height)[0], height)
    if tiled:
        across, down = numbers(TILE_WIDTH, 0)[0], numbers(TILE_HEIGHT, 0)[0]
    if not across or not down or (tiled and (across % 16 or down % 16 or across * down > MAX_TILE)):
        raise _damaged("its tiles make no sense")
    pieces = -(-width // across) * -(-height // down) * (samples if numbers(PLANES, 1)[0] == 2 else 1)
    places = numbers(TILES if tiled else STRIPS, 0)
    lengths = numbers(TILE_SIZES if tiled else STRIP_SIZES, len(data) - places[0])
    if not (pieces == len(places) == len(lengths)) or (tiled and STRIPS in entries):
        raise _damaged("parts of it are missing")
    if sum(lengths) > len(data) or any(a + n > len(data) for a, n in zip(places, lengths, strict=True)):
        raise _damaged("its file ends too early")
    if packing == 7 and data.count(b"\xff\xda") > MAX_SCANS + 4 * pieces:
        raise PictureError("it is a TIFF of too many passes; save it again, without JPEG inside")
    return Checked(
        "TIFF", width, height, _with_directory(data, order, big, entries), orientation if orientation <= 8 else 1
    )


def _with_directory(data: bytes, order: str, big: bool, entries: dict[int, _Entry]) -> bytes:
    """The file with one directory, of these entries; what they point to stays where it is."""
    at = len(data) + len(data) % 2
    word, number = ("Q", "Q") if big else ("I", "H")
    directory = [struct.pack(f"{order}{number}", len(entries)), *(entries[tag].raw for tag in sorted(entries))]
    begin = data[:8] if big else data[:4]
    head = begin + struct.pack(f"{order}{word}", at)
    return b"".join(
        [head, memoryview(data)[len(head) :], b"\0" * (at - len(data)), *directory, b"\0" * (8 if big else 4)]
    )


# ---------------------------------------------------------------------------------------------- BMP, PNM


def _bmp(data: bytes, limits: Limits, animated: bool) -> Checked:
    begin, size = struct.unpack_from("<II", data, 10)
    packing = palette = 0
    if size == 12:
        width, height, planes, bits = struct.unpack_from("<HHHH", data, 18)
    elif size in (40, 52, 56, 64, 108, 124):
        width, height, planes, bits, packing = struct.unpack_from("<iiHHI", data, 18)
        (palette,) = struct.unpack_from("<I", data, 46)
    else:
        raise _damaged("its header is of an unknown kind")
    height = abs(height)  # negative: the first row is the topmost
    _check_size(width, height, limits)
    if planes != 1 or bits not in (1, 4, 8, 16, 24, 32) or packing > 3 or (bits <= 8 and palette > 256):
        raise _rare("BMP")
    if packing in (1, 2):
        if len(data) > MAX_TEXT:
            raise PictureError("it is a large BMP of run lengths; save it as an ordinary BMP, or as PNG")
    elif begin + (width * bits + 31) // 32 * 4 * height > len(data):
        raise _damaged("its file ends too early")
    return Checked("BMP", width, height, data)


@dataclass(frozen=True)
class PnmHeader:
    """What stands before the pixels. kind: 1 to 6; largest: the number that is white; at: where the pixels begin."""

    kind: int
    width: int
    height: int
    largest: int
    at: int


def pnm_header(data: bytes) -> PnmHeader:
    """The header of a PBM, PGM or PPM file. Raises PictureError."""
    gap = rb"(?:\s|#[^\r\n]{0,1000}[\r\n]){1,100}"
    kind = data[1] - ord("0")
    fields = 2 if kind in (1, 4) else 3
    found = re.compile(rb"P[1-6]" + rb"".join([gap + rb"([0-9]{1,9})"] * fields) + rb"\s").match(data)
    if found is None:
        raise _damaged("its header makes no sense")
    width, height, largest = (*(int(number) for number in found.groups()), 1)[:3]
    if not 1 <= largest <= 65535:
        raise _damaged("its header makes no sense")
    return PnmHeader(kind, width, height, largest, found.end())


def _pnm(data: bytes, limits: Limits, animated: bool) -> Checked:
    head = pnm_header(data)
    _check_size(head.width, head.height, limits)
    if head.kind < 4 and len(data) > MAX_TEXT:
        raise PictureError("it is a large picture of numbers written as text; save it as PNG")
    row = -(-head.width // 8) if head.kind == 4 else head.width * (3 if head.kind == 6 else 1)
    if head.kind >= 4 and row * head.height * (2 if head.largest > 255 else 1) > len(data) - head.at:
        raise _damaged("its file ends too early")
    return Checked("PNM", head.width, head.height, data)


CHECKS: dict[str, Callable[[bytes, Limits, bool], Checked]] = {
    "PNG": _png,
    "JPEG": _jpeg,
    "WebP": _webp,
    "GIF": _gif,
    "TIFF": _tiff,
    "BMP": _bmp,
    "PNM": _pnm,
}
