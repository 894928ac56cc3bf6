"""BMP: the file's structure, checked."""

from __future__ import annotations

import struct

from puppet.core.errors import PictureError
from puppet.pictures.limits import MAX_TEXT, Checked, Limits, check_size, damaged, rare


def check_bmp(data: bytes, limits: Limits, animated: bool) -> Checked:
    """Check a BMP file, as `formats.check` does. Raises PictureError, struct.error and IndexError."""
    begin, size = struct.unpack_from("<II", data, 10)
    packing = palette = 0
    if size == 12:
        width, height, planes, bits = struct.unpack_from("<HHHH", data, 18)
    elif size in (40, 52, 56, 64, 108, 124):
        width, height, planes, bits, packing = struct.unpack_from("<iiHHI", data, 18)
        (palette,) = struct.unpack_from("<I", data, 46)
    else:
        raise damaged("its header is of an unknown kind")
    height = abs(height)  # negative: the first row is the topmost
    check_size(width, height, limits)
    if planes != 1 or bits not in (1, 4, 8, 16, 24, 32) or packing > 3 or (bits <= 8 and palette > 256):
        raise rare("BMP")
    if packing in (1, 2):
        if len(data) > MAX_TEXT:
            raise PictureError("it is a large BMP of run lengths; save it as an ordinary BMP, or as PNG")
    elif begin + (width * bits + 31) // 32 * 4 * height > len(data):
        raise damaged("its file ends too early")
    return Checked("BMP", width, height, data)
