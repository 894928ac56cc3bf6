"""Zip files from outside: a bounded table of contents, members of the announced length, one exception type."""

from __future__ import annotations

import io
import zipfile
from typing import BinaryIO

END, LONG_END = b"PK\x05\x06", b"PK\x06\x07"  # what ends a zip; what comes before it in one of more than 4 GiB
END_BYTES, LONG_END_BYTES = 22, 20
ENTRY_BYTES = 1024  # of the table of contents; a name and what zip adds to it are far shorter


def open_zip(file: BinaryIO, most: int) -> zipfile.ZipFile:
    """A zip of at most `most` members, without a comment. Raises ValueError."""
    try:
        _check_end(file, most)
        return zipfile.ZipFile(file)
    except Exception as error:  # what zipfile raises for damaged bytes is no closed list
        raise ValueError(str(error)) from error


def read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """The content of a member; never more than the announced length is unpacked. Raises ValueError."""
    try:
        with archive.open(info) as member:
            content = member.read(info.file_size)
            if len(content) != info.file_size or member.read(1):
                raise ValueError("cut short")
            return content
    except Exception as error:  # the same of zlib
        raise ValueError(str(error)) from error


def _check_end(file: BinaryIO, most: int) -> None:
    """Before zipfile reads a table of contents of millions of entries, which takes gigabytes."""
    size = file.seek(0, io.SEEK_END)
    start = max(0, size - END_BYTES - LONG_END_BYTES)
    file.seek(start)
    end = file.read()
    last = end[-END_BYTES:]
    if last[:4] != END or last[-2:] != b"\0\0":
        raise ValueError("its end is not a zip file's")
    if end[:-END_BYTES][-LONG_END_BYTES:][:4] == LONG_END:
        raise ValueError("a zip file for more than 4 GiB")
    entries, table = int.from_bytes(last[10:12], "little"), int.from_bytes(last[12:16], "little")
    if entries > most or table > most * ENTRY_BYTES:
        raise ValueError("too many members")
    file.seek(0)
