"""TIFF and BigTIFF: the first picture's structure, checked."""

from __future__ import annotations

import struct

from puppet.core.errors import PictureError
from puppet.pictures.exif import ORIENTATION, Entry, entries_of, numbers_of
from puppet.pictures.jpeg import MAX_SCANS
from puppet.pictures.limits import Checked, Limits, check_size, damaged, rare

WIDTH, HEIGHT, BITS, PACKING, COLOURS, SAMPLES, ROWS, PLANES = 256, 257, 258, 259, 262, 277, 278, 284
STRIPS, STRIP_SIZES, TILE_WIDTH, TILE_HEIGHT, TILES, TILE_SIZES = 273, 279, 322, 323, 324, 325
SAMPLE_FORMAT, JPEG_TABLES = 339, 347
NEEDED = {
    *(WIDTH, HEIGHT, BITS, PACKING, COLOURS, SAMPLES, ROWS, PLANES, STRIPS, STRIP_SIZES, SAMPLE_FORMAT, JPEG_TABLES),
    *(TILE_WIDTH, TILE_HEIGHT, TILES, TILE_SIZES),
    *(266, 292, 293, 317, 320, 338, 530, 532),  # bit order, fax options, predictor, palette, alpha, YCbCr
}
PACKINGS = {1, 2, 3, 4, 5, 7, 8, 32773, 32946}  # none, fax, LZW, JPEG, deflate, PackBits
MAX_STRIPS = 100_000  # and tiles
MAX_TILE = 1 << 24  # px
MAX_VALUES = 1024  # numbers of an entry; a palette has 768
MANY = {**dict.fromkeys((STRIPS, STRIP_SIZES, TILES, TILE_SIZES), MAX_STRIPS), JPEG_TABLES: 1 << 16}
SINGLE = {WIDTH, HEIGHT, PACKING, COLOURS, SAMPLES, ROWS, PLANES, TILE_WIDTH, TILE_HEIGHT, 266, 292, 293, 317}
MAX_UNPACKED = 256 << 20  # bytes


def check_tiff(data: bytes, limits: Limits, animated: bool) -> Checked:
    """Check a TIFF file, as `formats.check` does. Raises PictureError, struct.error and IndexError."""
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    if big and struct.unpack_from(f"{order}HH", data, 4) != (8, 0):
        raise damaged("its header makes no sense")
    (at,) = struct.unpack_from(f"{order}{'Q' if big else 'I'}", data, 8 if big else 4)
    entries: dict[int, Entry] = {}
    orientation = 1
    for entry in entries_of(data, order, at, big):
        if entry.tag == ORIENTATION and entry.type == 3 and entry.count == 1:
            (orientation,) = numbers_of(data, order, entry)
        elif entry.tag in NEEDED:
            if entry.tag in entries or entry.count > (1 if entry.tag in SINGLE else MANY.get(entry.tag, MAX_VALUES)):
                raise damaged("its header makes no sense")
            entries[entry.tag] = entry

    def numbers(tag: int, otherwise: int) -> tuple[int, ...]:
        return numbers_of(data, order, entries[tag]) if tag in entries else (otherwise,)

    width, height = numbers(WIDTH, 0)[0], numbers(HEIGHT, 0)[0]
    check_size(width, height, limits)
    packing, bits = numbers(PACKING, 1)[0], numbers(BITS, 1)
    samples = numbers(SAMPLES, 1)[0]
    if packing not in PACKINGS or max(bits) > 16 or set(numbers(SAMPLE_FORMAT, 1)) != {1}:
        raise rare("TIFF")
    if not 1 <= samples <= 8 or width * height * samples * max(bits) / 8 > MAX_UNPACKED:
        raise PictureError(f"the picture is too large ({width} x {height} pixels of {samples} numbers); shrink it")
    tiled = TILES in entries
    across, down = width, min(numbers(ROWS, height)[0], height)
    if tiled:
        across, down = numbers(TILE_WIDTH, 0)[0], numbers(TILE_HEIGHT, 0)[0]
    if not across or not down or (tiled and (across % 16 or down % 16 or across * down > MAX_TILE)):
        raise damaged("its tiles make no sense")
    pieces = -(-width // across) * -(-height // down) * (samples if numbers(PLANES, 1)[0] == 2 else 1)
    places = numbers(TILES if tiled else STRIPS, 0)
    lengths = numbers(TILE_SIZES if tiled else STRIP_SIZES, len(data) - places[0])
    if not (pieces == len(places) == len(lengths)) or (tiled and STRIPS in entries):
        raise damaged("parts of it are missing")
    if sum(lengths) > len(data) or any(a + n > len(data) for a, n in zip(places, lengths, strict=True)):
        raise damaged("its file ends too early")
    if packing == 7 and data.count(b"\xff\xda") > MAX_SCANS + 4 * pieces:
        raise PictureError("it is a TIFF of too many passes; save it again, without JPEG inside")
    return Checked(
        "TIFF", width, height, _with_directory(data, order, big, entries), orientation if orientation <= 8 else 1
    )


def _with_directory(data: bytes, order: str, big: bool, entries: dict[int, Entry]) -> bytes:
    """The file with one directory, of these entries; what they point to stays where it is."""
    at = len(data) + len(data) % 2
    word, number = ("Q", "Q") if big else ("I", "H")
    directory = [struct.pack(f"{order}{number}", len(entries)), *(entries[tag].raw for tag in sorted(entries))]
    begin = data[:8] if big else data[:4]
    head = begin + struct.pack(f"{order}{word}", at)
    return b"".join(
        [head, memoryview(data)[len(head) :], b"\0" * (at - len(data)), *directory, b"\0" * (8 if big else 4)]
    )
