"""Directories as TIFF has them, and the orientation that one of EXIF names."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from puppet.core.errors import PictureError
from puppet.pictures.limits import damaged

TYPES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}  # bytes
WHOLE = {1: "B", 3: "H", 4: "I", 16: "Q"}  # types of whole numbers, as struct has them
ORIENTATION = 274
MAX_ENTRIES = 1000


@dataclass(frozen=True)
class Entry:
    """An entry of a directory of TIFF: `count` values of a type lie at `at`. raw: the entry itself."""

    tag: int
    type: int
    count: int
    at: int
    raw: bytes

    @property
    def size(self) -> int:
        """Bytes of the values."""
        return self.count * TYPES[self.type]


def entries_of(data: bytes, order: str, at: int, big: bool = False) -> Iterator[Entry]:
    """The entries of the directory at `at`, but those of unknown types or beyond the end. May raise struct.error."""
    (count,) = struct.unpack_from(f"{order}{'Q' if big else 'H'}", data, at)
    at += 8 if big else 2
    form, room = (f"{order}HHQ", 8) if big else (f"{order}HHI", 4)
    length = struct.calcsize(form) + room
    if count > MAX_ENTRIES:
        raise damaged("it has too many entries")
    for place in range(at, at + count * length, length):
        tag, kind, number = struct.unpack_from(form, data, place)
        where = place + length - room
        if kind not in TYPES:
            continue
        if number * TYPES[kind] > room:
            (where,) = struct.unpack_from(f"{order}{'Q' if big else 'I'}", data, where)
        if max(where + number * TYPES[kind], place + length) <= len(data):
            yield Entry(tag, kind, number, where, data[place : place + length])


def numbers_of(data: bytes, order: str, entry: Entry) -> tuple[int, ...]:
    """The values of an entry of whole numbers. Raises PictureError for others."""
    if entry.type not in WHOLE or not entry.count:
        raise damaged("its header makes no sense")
    return struct.unpack_from(f"{order}{entry.count}{WHOLE[entry.type]}", data, entry.at)


def orientation_of(exif: bytes) -> int:
    """How to turn a picture upright (1 to 8), as EXIF says; 1 where it says nothing that makes sense."""
    exif = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(exif[:4]))
    try:
        if order is not None:
            (at,) = struct.unpack_from(f"{order}I", exif, 4)
            for entry in entries_of(exif, order, at):
                if entry.tag == ORIENTATION and entry.type == 3 and entry.count == 1:
                    (turn,) = numbers_of(exif, order, entry)
                    return turn if 1 <= turn <= 8 else 1
    except (struct.error, OverflowError, PictureError):
        pass  # a picture is shown as it is rather than not at all
    return 1
