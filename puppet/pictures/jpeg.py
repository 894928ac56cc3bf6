"""JPEG: the file's structure, checked."""

from __future__ import annotations

import struct

from puppet.core.errors import PictureError
from puppet.pictures.exif import orientation_of
from puppet.pictures.limits import Checked, Limits, check_bytes, check_size, count_part, damaged, rare

MAX_JPEG = 100 << 20  # bytes; the largest picture at the best quality has fewer
MAX_SCANS = 100  # of a JPEG; progressive ones have about ten, and each costs a pass over the whole picture
MAX_SCANNED = 1 << 30  # scans x px
HEADERS = {0xC0, 0xC1, 0xC2}  # baseline, extended, progressive: the Huffman-coded kinds of 8 bits
TABLES = {0xC4, 0xDB, 0xDD}  # Huffman tables, quantisation, restart interval
JFIF, EXIF, ADOBE = 0xE0, 0xE1, 0xEE
END_OF_IMAGE = b"\xff\xd9"


def check_jpeg(data: bytes, limits: Limits, animated: bool) -> Checked:
    """Check a JPEG file, as `formats.check` does. Raises PictureError, struct.error and IndexError."""
    check_bytes(data, min(limits.size, MAX_JPEG))
    at, number, orientation, sized = 2, 0, 1, False
    width = height = 0
    kept: list[bytes | memoryview] = [data[:2]]
    while True:
        count_part(number := number + 1)
        at = data.find(b"\xff", at)  # something else may lie between its parts
        if at < 0:
            raise damaged("its file ends too early")
        marker = data[at + 1]
        if marker == 0xFF:  # filling
            at += 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:  # stand alone, and mean nothing here
            at += 2
            continue
        if marker in (0xD8, 0xD9, 0x00):
            raise damaged("its parts are out of order")
        (length,) = struct.unpack_from(">H", data, at + 2)
        content = data[at + 4 : at + 2 + length]
        if length < 2 or at + 2 + length > len(data):
            raise damaged("its file ends too early")
        if marker in HEADERS:
            depth, height, width, colours = struct.unpack_from(">BHHB", content)
            if depth != 8 or colours not in (1, 3, 4):
                raise rare("JPEG")
            if sized or length != 8 + 3 * colours:
                raise damaged("its header is of a wrong size")
            check_size(width, height, limits)
            sized = True
        elif 0xC0 <= marker <= 0xCF and marker != 0xC4:
            raise rare("JPEG")
        elif marker == EXIF and content[:6] == b"Exif\0\0" and orientation == 1:
            orientation = orientation_of(content[6:])
        elif marker == 0xDA:
            break
        wanted = marker in HEADERS | TABLES or (marker == JFIF and content[:5] == b"JFIF\0" and len(content) >= 14)
        if wanted or (marker == ADOBE and content[:5] == b"Adobe" and len(content) >= 12):
            kept.append(data[at : at + 2 + length])
        at += 2 + length
    if not sized:
        raise damaged("its header is missing")
    scans = data.count(b"\xff\xda", at)
    if scans > MAX_SCANS or scans * width * height > max(MAX_SCANNED, 3 * width * height):
        raise PictureError("it is a JPEG of too many passes; save it again, as an ordinary JPEG")
    if data.find(END_OF_IMAGE, at) < 0:  # half of it would be grey
        raise damaged("its file ends too early")
    return Checked("JPEG", width, height, b"".join([*kept, memoryview(data)[at:]]), orientation)
