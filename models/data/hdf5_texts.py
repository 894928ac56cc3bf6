"""Where the texts of an HDF5 file lie, read without the HDF5 library: in some damaged files it never comes back.

Texts of any length lie in "global heaps", which their attributes and data sets name by an address (HDF5 File Format
Specification 3.0, III.E). The library walks a heap by the sizes in it and does not notice a size of 0. Only the layout
of files is known here that the oldest versions can read, which is the one that h5py writes unless it is told otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

BEGINNING = b"\x89HDF\r\n\x1a\n\x00"  # and version 0
HEADER_BYTES = 16  # of a heap, of an object in it, and of an object header
CONTINUATION, ATTRIBUTE, MANY_ATTRIBUTES = 0x10, 0x0C, 0x15  # kinds of messages in an object header
MOST_MESSAGES, MOST_BLOCKS = 1024, 64
VARIABLE = 9  # class of types of any length
TEXT_BYTES = 16  # what stands for a text: its length (4 bytes), the heap's address (8), its number in the heap (4)


@dataclass(frozen=True)
class Texts:
    """The places of texts in one file. Every method raises ValueError for texts that are damaged or not in the file.

    sound: addresses of heaps that were checked already.
    """

    file: BinaryIO
    size: int
    sound: set[int] = field(default_factory=set)

    def check_attributes(self, longest: int) -> None:
        """Check the texts that are attributes of the file itself, each of at most `longest` bytes."""
        for data in self._attributes():
            self.check(np.frombuffer(data, np.uint8), longest)

    def check_array(self, place: int, count: int, longest: int) -> None:
        """Check an array of `count` texts at `place`, each of at most `longest` bytes."""
        self.check(np.frombuffer(self._bytes(place, count * TEXT_BYTES), np.uint8), longest)

    def check(self, described: NDArray[np.uint8], longest: int) -> None:
        """Check texts by their descriptions, TEXT_BYTES each, and the heaps that hold them."""
        if len(described) % TEXT_BYTES:
            raise ValueError("a text is described in another way")
        rows = described.reshape(-1, TEXT_BYTES)
        lengths, heaps = rows[:, :4].copy().view("<u4"), rows[:, 4:12].copy().view("<u8")
        if lengths.max(initial=0) > longest:
            raise ValueError("a text is too long")
        if int(lengths.sum(dtype=np.uint64)) > self.size:  # the same one, many times
            raise ValueError("its texts are larger than what this file can hold")
        for heap in np.unique(heaps[lengths > 0]).tolist():
            self._check_heap(heap)

    def _check_heap(self, at: int) -> None:
        if at in self.sound:
            return
        head = self._bytes(at, HEADER_BYTES)
        size = int.from_bytes(head[8:16], "little")
        if head[:5] != b"GCOL\x01":
            raise ValueError("a text lies where there are none")
        heap, place = self._bytes(at, size), HEADER_BYTES
        while place + HEADER_BYTES <= size:
            number, length = int.from_bytes(heap[place : place + 2], "little"), heap[place + 8 : place + 16]
            taken = int.from_bytes(length, "little")
            if number:
                taken = HEADER_BYTES + (taken + 7) // 8 * 8
            if taken < HEADER_BYTES or place + taken > size:
                raise ValueError("its texts are damaged")
            place += taken
        self.sound.add(at)

    def _attributes(self) -> Iterator[bytes]:
        """What stands for the value of each attribute of the file that is a text of any length."""
        for kind, flags, data in self._messages():
            if kind == MANY_ATTRIBUTES or (kind == ATTRIBUTE and flags & 2):
                raise ValueError("its attributes lie in an unusual place")
            if kind != ATTRIBUTE:
                continue
            version, shared, *sizes = data[0], data[1], *(_whole(data[i : i + 2]) for i in (2, 4, 6))
            if version not in (1, 2, 3) or (version > 1 and shared):
                raise ValueError("an attribute is described in another way")
            name, dtype, space = (size if version > 1 else (size + 7) // 8 * 8 for size in sizes)
            start = (9 if version == 3 else 8) + name
            if data[start : start + 1] and data[start] & 0x0F == VARIABLE:
                values = data[start + dtype + space :]
                yield values[: len(values) // TEXT_BYTES * TEXT_BYTES]

    def _messages(self) -> Iterator[tuple[int, int, bytes]]:
        """Kind, flags and content of all that is said of the file's root."""
        first = self._bytes(0, 96)
        if first[:9] != BEGINNING or first[13:15] != b"\x08\x08" or any(first[24:32]):
            raise ValueError("an HDF5 file of an unusual kind")
        root = _whole(first[64:72])
        head = self._bytes(root, HEADER_BYTES)
        if head[0] != 1:
            raise ValueError("an HDF5 file of an unusual kind")
        blocks, seen = [(root + HEADER_BYTES, _whole(head[8:12]))], 0
        for place, size in blocks:
            block, at = self._bytes(place, size), 0
            while at + 8 <= size:
                kind, length, flags = _whole(block[at : at + 2]), _whole(block[at + 2 : at + 4]), block[at + 4]
                data, at, seen = block[at + 8 : at + 8 + length], at + 8 + length, seen + 1
                if at > size or seen > MOST_MESSAGES or len(blocks) > MOST_BLOCKS:
                    raise ValueError("its beginning is damaged")
                if kind == CONTINUATION:
                    blocks.append((_whole(data[:8]), _whole(data[8:16])))
                elif len(data) >= 8:
                    yield kind, flags, data

    def _bytes(self, place: int, count: int) -> bytes:
        if not 0 <= place <= place + count <= self.size:
            raise ValueError("it is cut short")
        self.file.seek(place)
        return self.file.read(count)


def texts_of(file: BinaryIO) -> Texts:
    """The texts of an open HDF5 file."""
    return Texts(file, os.fstat(file.fileno()).st_size)


def _whole(data: bytes) -> int:
    return int.from_bytes(data, "little")
