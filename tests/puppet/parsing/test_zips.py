"""Archives from outside: arrays, or a ValueError, within a limit of memory."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from hostile_inputs import many_entries, npy, npz, zipped

from puppet.parsing.arrays import parse_arrays
from puppet.parsing.zips import open_zip

BAD_ZIPS = {
    "nothing": b"",
    "no zip": b"PK nothing",
    "cut": npz(a=np.zeros(500))[:-30],
    "another member": zipped({"a.txt": b""}),
    "unpacks to much": zipped({"a.npy": bytes(2 << 20)}),
    "bzip2": zipped({"a.npy": npy(np.zeros(2))}, zipfile.ZIP_BZIP2),
    "lzma": zipped({"a.npy": npy(np.zeros(2))}, zipfile.ZIP_LZMA),
    "an array that is none": zipped({"a.npy": b"\x80\x04."}),
    "60,000 entries": many_entries(60_000),
    "200,000 entries": many_entries(200_000),
    "a comment": zipped({})[:-2] + b"\x02\x00hi",
}


@pytest.mark.parametrize("data", BAD_ZIPS.values(), ids=BAD_ZIPS)
def test_archives_that_are_none_are_a_value_error(data):
    with pytest.raises(ValueError, match=r"."):
        parse_arrays(data, 1 << 20)


def test_every_flipped_byte_of_an_archive_is_a_value_error_or_an_array():
    whole, good = npz(a=np.arange(5.0), b=np.array(["x"])), 0
    for at in range(len(whole)):
        for bit in (1, 0x80):
            broken = bytearray(whole)
            broken[at] ^= bit
            try:
                good += bool(parse_arrays(bytes(broken), 1 << 20))
            except ValueError:
                continue
    assert good < len(whole) * 2


def test_a_zip_for_more_than_4_gib_is_refused():
    whole = zipped({"a": b"x"}, zipfile.ZIP_STORED)
    long_end = b"PK\x06\x07" + bytes(16)
    with pytest.raises(ValueError, match="4 GiB"):
        open_zip(io.BytesIO(whole[:-22] + long_end + whole[-22:]), 10)
