"""Texts, arrays and archives that no file should hold."""

from __future__ import annotations

import io
import os
import struct
import zipfile

import numpy as np
import pytest

BAD_TEXTS = {
    "escape": "a\x1b[2Jb",
    "NUL": "a\0b",
    "C1 control": "a\x9bb",
    "override": "a\u202egpj.exe",
    "isolate": "a\u2066b",
    "mark": "a\u200fb",
    "half surrogate": "a\ud800b",
    "line separator": "a\u2028b",
    "tag": "a\U000e0041b",
    "no character": "a\uffffb",
    "private": "a\ue000b",
    "byte order mark": "a\ufeffb",
    "carriage return": "a\rb",
}


needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")


def npy(array, **options) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def npz(**arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def zipped(members: dict[str, bytes], pack: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", pack) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def many_entries(count: int) -> bytes:
    """A zip whose table of contents has so many entries, of one file."""
    whole = zipped({"a.npy": b"x"}, zipfile.ZIP_STORED)
    start = whole.index(b"PK\x01\x02")
    entry, end = whole[start:-22], whole[-22:]
    table = entry * count
    place = struct.pack("<HHHHIIH", 0, 0, count & 0xFFFF, count & 0xFFFF, len(table), start, 0)
    return whole[:start] + table + end[:4] + place
