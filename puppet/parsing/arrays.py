"""Arrays from outside, `.npy` and `.npz`: of bounded size, only numbers and short texts, one exception type.

numpy's own reader evaluates the header as Python, allocates whatever shape it announces, and raises many exceptions.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from puppet.parsing.reading import read_limited
from puppet.parsing.zips import open_zip, read_member

MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 4096  # bytes
MOST_MEMBERS = 1024
MOST_SIDES = 8
LONGEST_TEXT = 1024  # characters of a text in an array
HEADER = re.compile(
    r"\{'descr': '([<|][a-zA-Z]\d{1,5})', 'fortran_order': (True|False), "
    r"'shape': \(((?:\d{1,18}L?, ?)*(?:\d{1,18}L?)?)\), ?\} *\n"
)
NUMBERS = {"|b1", "|i1", "|u1", *(f"<{kind}{size}" for kind in "iu" for size in (2, 4, 8)), "<f2", "<f4", "<f8"}


def read_arrays(path: Path, most: int) -> dict[str, NDArray[Any]]:
    """The arrays of an `.npz` file, none of them and all together at most `most` bytes. Raises OSError, ValueError."""
    return parse_arrays(read_limited(path, most), most)


def read_array(path: Path, most: int) -> NDArray[Any]:
    """The array of an `.npy` file of at most `most` bytes. Raises OSError, ValueError."""
    return parse_array(read_limited(path, most))


def parse_arrays(data: bytes, most: int) -> dict[str, NDArray[Any]]:
    """The arrays in the bytes of an `.npz` file; unpacked, they have at most `most` bytes. Raises ValueError."""
    try:
        members = _unpack(data, most)
    except ValueError as error:
        raise ValueError(f"not an npz file ({error})") from error
    arrays = {}
    for name, content in members.items():
        try:
            arrays[name] = parse_array(content)
        except ValueError as error:
            raise ValueError(f"{name[:60]}: {error}") from error
    return arrays


def parse_array(data: bytes) -> NDArray[Any]:
    """The array in the bytes of an `.npy` file, of plain little-endian numbers or of texts. Raises ValueError."""
    version, small = data[6:8], data[6:7] == b"\x01"
    if data[:6] != MAGIC or version not in (b"\x01\x00", b"\x02\x00", b"\x03\x00"):
        raise ValueError("not an array of numpy")
    start = 10 if small else 12
    length = int.from_bytes(data[8:start], "little")
    if length > LONGEST_HEADER or len(data) < start + length:
        raise ValueError("not an array of numpy, or cut short")
    said = HEADER.fullmatch(data[start : start + length].decode("latin-1"))
    if said is None:
        raise ValueError("holds something else than plain numbers")
    kind, fortran, sides = said.groups()
    shape = tuple(int(side.rstrip("L")) for side in re.findall(r"\d+L?", sides))
    return _filled(data[start + length :], _dtype(kind), shape, fortran == "True")


def _dtype(kind: str) -> np.dtype[Any]:
    if kind not in NUMBERS and not (kind[:2] == "<U" and 1 <= int(kind[2:]) <= LONGEST_TEXT):
        raise ValueError(f"holds {kind}, not plain numbers")
    return np.dtype(kind)


def _filled(content: bytes, dtype: np.dtype[Any], shape: tuple[int, ...], fortran: bool) -> NDArray[Any]:
    if len(shape) > MOST_SIDES or math.prod(shape) * dtype.itemsize != len(content) or max(shape, default=0) > 1 << 40:
        raise ValueError(f"its {len(content)} bytes are not what its shape asks for")
    if dtype.kind == "U":
        codes = np.frombuffer(content, "<u4")
        if ((codes > 0x10FFFF) | ((codes >= 0xD800) & (codes <= 0xDFFF))).any():
            raise ValueError("holds a text that is none")
    if dtype.kind == "b" and any(set(content) - {0, 1}):
        raise ValueError("holds a truth value that is neither")
    flat = np.frombuffer(content, dtype)
    return np.array(flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape))


def _unpack(data: bytes, most: int) -> dict[str, bytes]:
    """The members of a zip file by name, without ".npy"."""
    members: dict[str, bytes] = {}
    with open_zip(io.BytesIO(data), MOST_MEMBERS) as archive:
        infos = archive.infolist()
        if sum(info.file_size for info in infos) > most:
            raise ValueError("too large")
        for info in infos:
            name, ending = info.filename[:-4], info.filename[-4:]
            if ending != ".npy" or name in members:
                raise ValueError(f"the member {info.filename[:60]!r} does not belong there")
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError("packed in an unusual way")
            members[name] = read_member(archive, info)
    return members
