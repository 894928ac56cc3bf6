"""Arrays from outside: values, or a ValueError; nothing is executed."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hostile_inputs import npy, npz

from puppet.parsing.arrays import parse_array, parse_arrays


def header(text: str, body: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + body


ARRAYS = (
    *(
        np.arange(6, dtype=kind).reshape(2, 3)
        for kind in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")
    ),
    *(
        np.array(True),
        np.array([True, False]),
        np.zeros((0, 4)),
        np.float64(2.5),
        np.array(["a", "ünï"]),
        np.array("x"),
    ),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
)


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: f"{np.asarray(a).dtype}{np.asarray(a).shape}")
def test_arrays_come_back(array):
    back = parse_array(npy(array))
    assert back.dtype == np.asarray(array).dtype
    assert np.array_equal(back, array)
    assert back.flags.writeable
    assert np.array_equal(parse_arrays(npz(a=array), 1 << 20)["a"], array)


F8 = "{'descr': '<f8', 'fortran_order': False, 'shape': %s, }\n"


BAD_ARRAYS = {
    "nothing": b"",
    "magic": b"\x93NUMPY",
    "objects": npy(np.array([{}, 1], object)),
    "structured": npy(np.zeros(2, [("a", "f4")])),
    "void": npy(np.zeros(2, "V8")),
    "bytes": npy(np.array([b"abc"])),
    "complex": npy(np.zeros(2, complex)),
    "dates": npy(np.array(["2020-01-01"], "M8[D]")),
    "big-endian": npy(np.zeros(2, ">f8")),
    "huge": header(F8 % "(1000000000000,)", bytes(8)),
    "overflowing": header(F8 % "(4294967296, 4294967296)", bytes(8)),
    "negative": header(F8 % "(-1,)", bytes(8)),
    "one byte more": npy(np.zeros(2)) + b"x",
    "one byte less": npy(np.zeros(2))[:-1],
    "many sides": header(F8 % ("(" + "1, " * 40 + ")"), bytes(8)),
    "no side but numbers": header(F8 % "(0, 99999999999999999)"),
    "code": header("__import__('os').system('true')\n"),
    "deep": header("[" * 4000),
    "long header": b"\x93NUMPY\x02\x00" + struct.pack("<I", 1 << 30) + b"{",
    "half surrogate": header("{'descr': '<U1', 'fortran_order': False, 'shape': (), }\n", struct.pack("<I", 0xD800)),
    "no character": header("{'descr': '<U1', 'fortran_order': False, 'shape': (), }\n", struct.pack("<I", 1 << 31)),
    "long texts": header("{'descr': '<U9999', 'fortran_order': False, 'shape': (0,), }\n"),
    "neither true nor false": header("{'descr': '|b1', 'fortran_order': False, 'shape': (), }\n", b"\x07"),
}


@pytest.mark.parametrize("data", BAD_ARRAYS.values(), ids=BAD_ARRAYS)
def test_arrays_that_are_none_are_a_value_error(data):
    with pytest.raises(ValueError, match=r"."):
        parse_array(data)
