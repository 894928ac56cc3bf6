"""Opens HDF5 files from outside, after checking that a file holds nothing but its own, plainly packed arrays.

An HDF5 file may name other files (external storage, virtual data sets, external links), itself (soft links, groups
that hold each other), filters that h5py loads from a folder, and data sets of any size. All that is refused before
anything is read.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import h5py

from models.data.hdf5_texts import Texts, texts_of
from puppet.core.errors import DataError, reason
from puppet.core.texts import is_plain, one_line
from puppet.parsing.reading import open_regular

MOST_OBJECTS = 200
LONGEST_NAME = 80
MOST_ATTRIBUTES, MAX_ATTRIBUTE_BYTES = 64, 16 << 20
LONGEST_TEXT = 4096  # bytes, of an array of texts
MAX_CHUNK_BYTES = 256 << 20
MOST_TIMES = 1100  # how often an unpacked data set may be larger than what is stored: what gzip can do at best
MOST_TIMES_TOGETHER = 100  # how often all of them may be larger than the file; faces and their pictures: 2
UNPACKED_AT_LEAST = 64 << 20  # bytes that all of them may have in any file
FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_LZF, h5py.h5z.FILTER_FLETCHER32}


def open_hdf5(path: Path) -> h5py.File:
    """A file, for reading, with nothing in it but arrays of numbers and texts. Raises DataError."""
    try:
        raw = open_regular(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({reason(error)})") from error
    with raw:
        try:
            file = h5py.File(path, "r")
        except Exception as error:  # what h5py raises for damaged bytes is no closed list
            told = one_line(str(error))
            raise DataError(
                f"{path}: not a readable HDF5 file, perhaps cut short ({told}); prepare it again"
            ) from error
        try:
            _check(file, texts_of(raw))
        except Exception as error:
            file.close()
            raise DataError(f"{path}: cannot be used ({one_line(str(error))}); prepare it again") from error
    return file


def _check(file: h5py.File, texts: Texts) -> None:
    """Raises ValueError, and what h5py raises."""
    if file.userblock_size or file.id.get_create_plist().get_sizes() != (8, 8):
        raise ValueError("an HDF5 file of an unusual kind")
    texts.check_attributes(MAX_ATTRIBUTE_BYTES)
    groups: list[h5py.Group] = [file]
    seen = {_place(file)}
    unpacked = stored = 0
    _check_attributes(file)
    while groups:
        group = groups.pop()
        if len(group) > MOST_OBJECTS:
            raise ValueError("too many objects")
        for name in map(str, group):
            told = repr(name[:LONGEST_NAME])
            if len(name) > LONGEST_NAME or not is_plain(name):
                raise ValueError(f"the name {told} cannot be shown")
            if type(group.get(name, getlink=True)) is not h5py.HardLink:
                raise ValueError(f"{told} is a link to something else")
            held: Any = group[name]
            if _place(held) in seen:
                raise ValueError(f"{told} is there twice")
            seen.add(_place(held))
            if len(seen) > MOST_OBJECTS:
                raise ValueError("too many objects")
            _check_attributes(held)
            if isinstance(held, h5py.Group):
                groups.append(held)
            elif isinstance(held, h5py.Dataset):
                _check_dataset(held, told, texts)
                unpacked, stored = unpacked + _unpacked(held), stored + held.id.get_storage_size()
                if stored > texts.size or unpacked > max(UNPACKED_AT_LEAST, texts.size * MOST_TIMES_TOGETHER):
                    raise ValueError("its data sets are larger than what this file can hold")
            else:
                raise ValueError(f"{told} is no array")


def _place(held: Any) -> int:
    """Where an object lies in its file."""
    return int(h5py.h5o.get_info(held.id).addr)  # pyright: ignore[reportAttributeAccessIssue]


def _check_attributes(held: Any) -> None:
    if len(held.attrs) > MOST_ATTRIBUTES:
        raise ValueError("too many attributes")
    for name in held.attrs:
        about = h5py.h5a.open(held.id, name.encode())
        if not _is_usual(about.dtype) or math.prod(about.shape) * about.dtype.itemsize > MAX_ATTRIBUTE_BYTES:
            raise ValueError(f"the attribute {name[:LONGEST_NAME]!r} is of another kind, or too large")


def _check_dataset(held: h5py.Dataset, told: str, texts: Texts) -> None:
    made = held.id.get_create_plist()
    if held.is_virtual or made.get_layout() == h5py.h5d.VIRTUAL:
        raise ValueError(f"{told} is put together from other data sets")
    if held.external or made.get_external_count():
        raise ValueError(f"{told} lies in another file")
    if not _is_usual(held.dtype):
        raise ValueError(f"{told} holds {held.dtype}, not numbers or texts")
    if any(made.get_filter(i)[0] not in FILTERS for i in range(made.get_nfilters())):
        raise ValueError(f"{told} is packed in an unusual way")
    item = held.dtype.itemsize
    if held.chunks is not None and math.prod(held.chunks) * item > MAX_CHUNK_BYTES:
        raise ValueError(f"{told} is packed in pieces that are too large")
    if _unpacked(held) > held.id.get_storage_size() * MOST_TIMES:
        raise ValueError(f"{told} is larger than what this file can hold")
    if held.chunks is not None:
        pieces = math.prod(-(-side // piece) for side, piece in zip(held.shape, held.chunks, strict=True))
        if held.id.get_num_chunks() != pieces:  # the others are read as zeros
            raise ValueError(f"{told} is not all there")
    if held.dtype.kind == "O":
        if made.get_layout() != h5py.h5d.CONTIGUOUS:
            raise ValueError(f"{told} is packed in an unusual way")
        if (place := held.id.get_offset()) is not None:  # None: it is empty
            texts.check_array(place, math.prod(held.shape), LONGEST_TEXT)


def _unpacked(held: h5py.Dataset) -> int:
    """Bytes in memory."""
    return math.prod(held.shape or (0,)) * held.dtype.itemsize


def _is_usual(dtype: Any) -> bool:
    """Plain numbers, truth values (which h5py keeps as an enumeration) and texts."""
    return dtype.kind in "biufS" or (dtype.kind == "O" and h5py.check_string_dtype(dtype) is not None)
