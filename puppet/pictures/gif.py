"""GIF and animated GIF: the file's structure, checked."""

from __future__ import annotations

import struct

from puppet.pictures.limits import (
    MAX_ANIMATED,
    MAX_FRAMES,
    Checked,
    Limits,
    at_most,
    check_size,
    count_part,
    damaged,
    shown_for,
)


def check_gif(data: bytes, limits: Limits, animated: bool) -> Checked:
    """Check a GIF file, as `formats.check` does. Raises PictureError, struct.error and IndexError."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    check_size(width, height, at_most(limits, MAX_ANIMATED))
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    kept, delays, stays, number = [data[:at]], list[float](), 0, 0
    while at < len(data):
        kind = data[at]
        if kind == 0x3B:
            break
        if kind == 0x21:
            end = _gif_blocks(data, at + 2)
            if data[at + 1] == 0xF9:
                if data[at + 2] != 4:
                    raise damaged("a frame's header is of a wrong size")
                (stays,) = struct.unpack_from("<H", data, at + 4)
                kept.append(data[at:end])
        elif kind == 0x2C:
            x, y, w, h, flags = struct.unpack_from("<HHHHB", data, at + 1)
            if not w or not h or x + w > width or y + h > height:
                raise damaged("a frame of it lies outside of it")
            content = at + 10 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
            if not 1 <= data[content] <= 8:
                raise damaged("a frame's header makes no sense")
            end = _gif_blocks(data, content + 1)
            kept.append(data[at:end])
            delays.append(shown_for(stays / 100))
            stays = 0
            if not animated:
                break
            if len(delays) > MAX_FRAMES:
                raise damaged("it has too many frames")
        elif kind == 0:  # some programs fill with it
            end = at + 1
        else:
            raise damaged("something else lies between its parts")
        count_part(number := number + 1)
        at = end
    if not delays:
        raise damaged("there is no picture in it")
    return Checked("GIF", width, height, b"".join([*kept, b";"]), delays=tuple(delays))


def _gif_blocks(data: bytes, at: int) -> int:
    """Where the blocks end that begin at `at`."""
    number = 0
    while length := data[at]:
        at += 1 + length
        count_part(number := number + 1)
    return at + 1
