"""PBM, PGM and PPM: the file's structure, checked."""

from __future__ import annotations

import re
from dataclasses import dataclass

from puppet.core.errors import PictureError
from puppet.pictures.limits import MAX_TEXT, Checked, Limits, check_size, damaged


@dataclass(frozen=True)
class PnmHeader:
    """What stands before the pixels. kind: 1 to 6; largest: the number that is white; at: where the pixels begin."""

    kind: int
    width: int
    height: int
    largest: int
    at: int


def pnm_header(data: bytes) -> PnmHeader:
    """The header of a PBM, PGM or PPM file. Raises PictureError."""
    gap = rb"(?:\s|#[^\r\n]{0,1000}[\r\n]){1,100}"
    kind = data[1] - ord("0")
    fields = 2 if kind in (1, 4) else 3
    found = re.compile(rb"P[1-6]" + rb"".join([gap + rb"([0-9]{1,9})"] * fields) + rb"\s").match(data)
    if found is None:
        raise damaged("its header makes no sense")
    width, height, largest = (*(int(number) for number in found.groups()), 1)[:3]
    if not 1 <= largest <= 65535:
        raise damaged("its header makes no sense")
    return PnmHeader(kind, width, height, largest, found.end())


def check_pnm(data: bytes, limits: Limits, animated: bool) -> Checked:
    """Check a PBM, PGM or PPM file, as `formats.check` does. Raises PictureError, struct.error and IndexError."""
    head = pnm_header(data)
    check_size(head.width, head.height, limits)
    if head.kind < 4 and len(data) > MAX_TEXT:
        raise PictureError("it is a large picture of numbers written as text; save it as PNG")
    row = -(-head.width // 8) if head.kind == 4 else head.width * (3 if head.kind == 6 else 1)
    if head.kind >= 4 and row * head.height * (2 if head.largest > 255 else 1) > len(data) - head.at:
        raise damaged("its file ends too early")
    return Checked("PNM", head.width, head.height, data)
