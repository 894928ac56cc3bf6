"""Picture files that are damaged, hostile or of a kind that is not read: refused in words, within bounds."""

from __future__ import annotations

import json
import os
import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from planted_pictures import (
    encoded,
    frames_of,
    jpeg,
    jpeg_parts,
    mutant,
    png,
    png_header,
    png_parts,
    riff,
    riff_parts,
    samples,
    scene,
)

from puppet.core.errors import PictureError, SourceError
from puppet.pictures.decode import decode_jpeg, decode_picture, is_animated
from puppet.pictures.limits import Limits
from puppet.sources.registry import open_source

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = samples()
# --------------------------------------------------------------------------------- what is refused, in words


UNREAD = "{} pictures are not supported; save it as JPEG or PNG"


def box(*brands: bytes) -> bytes:
    """The beginning of a file of the kind that videos, HEIC and AVIF share."""
    return struct.pack(">I", 12 + 4 * len(brands)) + b"ftyp" + brands[0] + bytes(4) + b"".join(brands[1:]) + bytes(99)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (box(b"heic", b"mif1", b"heic"), UNREAD.format("HEIC")),
        (box(b"mif1", b"mif1", b"heic"), UNREAD.format("HEIC")),
        (box(b"mif1", b"mif1", b"avif"), UNREAD.format("AVIF")),
        (box(b"avif", b"mif1", b"avif"), UNREAD.format("AVIF")),
        (b"\x76\x2f\x31\x01" + bytes(99), UNREAD.format("OpenEXR")),
        (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(99), "JPEG 2000 pictures are not supported"),
        (b"#?RADIANCE\n" + bytes(99), "Radiance HDR pictures are not supported"),
        (b"\x59\xa6\x6a\x95" + bytes(99), "Sun raster pictures are not supported"),
        (b"PF\n4 4\n-1.0\n" + bytes(999), "PFM pictures are not supported"),
        (box(b"isom", b"mp41", b"isom"), "no picture at all"),
        (b"", "the file is empty"),
        (b"hello, this is text", "no picture at all"),
        (SAMPLES["jpeg"][: len(SAMPLES["jpeg"]) // 2], "damaged: its file ends too early"),
        (SAMPLES["png"][: len(SAMPLES["png"]) // 2], "damaged: its file ends too early"),
    ],
)
def test_what_cannot_be_read_is_told_by_its_name(tmp_path: Path, data: bytes, words: str):
    for suffix in (".heic", ".png"):  # whatever it is called
        path = tmp_path / f"face{suffix}"
        path.write_bytes(data)
        with pytest.raises(SourceError) as caught:
            open_source(str(path)).open()
        assert words in str(caught.value)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_folder_of_pictures_that_cannot_be_read_says_what_the_first_is(tmp_path: Path):
    for n in (1, 2):
        (tmp_path / f"IMG_{n}.HEIC").write_bytes(box(b"heic", b"mif1", b"heic"))
    with pytest.raises(SourceError, match=r"none of its 2 images can be read, the first: .*IMG_1\.HEIC: .*HEIC"):
        open_source(str(tmp_path)).open()
    (tmp_path / "IMG_3.JPG").write_bytes(SAMPLES["jpeg"])
    assert len(frames_of(tmp_path)) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes of that kind here")
def test_a_pipe_or_a_device_is_no_picture(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    for name in ("pipe.png", "zero.png"):
        with pytest.raises(SourceError, match="it is no file"):
            open_source(str(tmp_path / name)).open()
        assert not is_animated(tmp_path / name)


def test_pictures_of_a_stream_are_jpegs_of_a_bounded_size():
    assert decode_jpeg(SAMPLES["jpeg grey"]).shape == (32, 48, 3)
    with pytest.raises(PictureError, match="PNG picture, only JPEG is taken here"):
        decode_jpeg(SAMPLES["png"])
    parts = [(m, _sized(c, 8000, 8000) if m == b"\xff\xc0" else c) for m, c in jpeg_parts(SAMPLES["jpeg"])]
    with pytest.raises(PictureError, match="8000 x 8000 pixels, at most 33"):
        decode_jpeg(jpeg(parts))


def test_a_camera_s_jpeg_may_lack_its_tables():
    """Motion JPEG leaves the usual Huffman tables out."""
    usual = encoded(scene(), "JPEG", quality=90)
    bare = jpeg([part for part in jpeg_parts(usual) if part[0] != b"\xff\xc4"])
    assert len(bare) < len(usual) - 300
    assert np.array_equal(decode_jpeg(bare), decode_jpeg(usual))


def _sized(frame_header: bytes, width: int, height: int) -> bytes:
    return frame_header[:1] + struct.pack(">HH", height, width) + frame_header[5:]


# --------------------------------------------------------------------------------- what is hostile


def _frame(w: int, h: int, x: int, y: int, number: int = 0) -> tuple[bytes, bytes]:
    return b"fcTL", struct.pack(">IIIIIHHBB", number, w, h, x, y, 1, 10, 0, 0)


def hostile() -> dict[str, bytes]:
    """Files that crashed a decoder, took all memory, or would."""
    pixels = zlib.compress(b"".join(b"\0" + bytes(24) for _ in range(8)))
    begin = [png_header(8, 8), (b"acTL", struct.pack(">II", 2, 0)), _frame(8, 8, 0, 0), (b"IDAT", pixels)]
    end = (b"IEND", b"")
    outside = {
        f"animated png, frame {w}x{h}+{x}+{y}": png(
            *begin, _frame(w, h, x, y, 1), (b"fdAT", struct.pack(">I", 2) + pixels), end
        )
        for w, h, x, y in (
            (8, 8, 4, 4),
            (800, 800, 0, 0),
            (8, 8, 0xFFFFFFF8, 0),
            (0, 0, 0, 0),
            (1, 8, 1 << 31, 1 << 31),
            (0xFFFFFFFF, 8, 1, 0),
        )
    }
    outside |= {
        f"animated png, first frame {w}x{h}+{x}+{y}": png(
            *begin[:2],
            _frame(w, h, x, y),
            *begin[3:],
            _frame(8, 8, 0, 0, 1),
            (b"fdAT", struct.pack(">I", 2) + pixels),
            end,
        )
        for w, h, x, y in ((8, 8, 4, 4), (800, 8, 0, 0), (8, 800, 0, 0), (4, 4, 2, 2), (8, 8, 0, 1 << 31))
    }
    animation = riff_parts(SAMPLES["webp film"])
    moved = [(n, b"\xff\xff\x7f" * 2 + c[6:] if n == b"ANMF" else c) for n, c in animation]
    grown = [(n, c[:6] + b"\xff\xff\xff" * 2 + c[12:] if n == b"ANMF" else c) for n, c in animation]
    vast = [(n, c[:4] + b"\xff\xff\xff" * 2 if n == b"VP8X" else c) for n, c in animation]
    gif = SAMPLES["gif film"]
    at = gif.index(b",", 13 + 768)
    huge = [(m, _sized(c, 65535, 65535) if m == b"\xff\xc0" else c) for m, c in jpeg_parts(SAMPLES["jpeg"])]
    none = [(m, _sized(c, 0, 0) if m == b"\xff\xc0" else c) for m, c in jpeg_parts(SAMPLES["jpeg"])]
    slow = jpeg_parts(SAMPLES["jpeg progressive"])
    bmp, tiff = SAMPLES["bmp"], SAMPLES["tiff"]
    repeats = b"MM\0*" + struct.pack(">IH", 8, 65535) + struct.pack(">HHII", 700, 7, 1 << 20, 0) * 9000
    return {
        **outside,
        "png, 2 GB announced": (b"\x89PNG\r\n\x1a\n" + png(png_header(26000, 26000))[8:] + bytes(8))[:41],
        "png, 16 GB announced": png(png_header(65535, 65535, 16, 6), (b"IDAT", pixels), end),
        "png, 60 million pixels without data": png(png_header(8000, 7500), (b"IDAT", pixels), end),
        "png, checksum": SAMPLES["png"][:60] + b"\xff\xff" + SAMPLES["png"][62:],
        "png, two headers": png(png_header(8, 8), png_header(800, 800), (b"IDAT", pixels), end),
        "png, strange critical chunk": png(png_header(8, 8), (b"EVIL", b"x"), (b"IDAT", pixels), end),
        "png, palette of 300": png(png_header(8, 8, 8, 3), (b"PLTE", bytes(900)), (b"IDAT", pixels), end),
        "png, depth 7": png(png_header(8, 8, 7), (b"IDAT", pixels), end),
        "png, length beyond": SAMPLES["png"][:33] + b"\x7f\xff\xff\xff" + SAMPLES["png"][37:],
        "png, profile that unpacks to 1 GB": png(
            png_header(8, 8), (b"iCCP", b"x\0\0" + zlib.compress(bytes(50 << 20), 9) * 20), (b"IDAT", pixels)
        ),
        "webp, frame outside": riff(*moved),
        "webp, frame larger": riff(*grown),
        "webp, canvas of 16 million a side": riff(*vast),
        "webp, told longer": SAMPLES["webp"][:4] + b"\xff\xff\xff\x7f" + SAMPLES["webp"][8:],
        "gif, frame outside": gif[: at + 1] + struct.pack("<HHHH", 60000, 60000, 5000, 5000) + gif[at + 9 :],
        "gif, canvas": gif[:6] + b"\xff\xff\xff\xff" + gif[10:],
        "jpeg, 65535 a side": jpeg(huge),
        "jpeg, no size": jpeg(none),
        "jpeg, a thousand passes": jpeg([*slow[:-1], (b"", slow[-1][1][:-2] * 1000 + b"\xff\xd9")]),
        "jpeg, EXIF that repeats itself, without pixels": jpeg(
            [(b"\xff\xe1", b"Exif\0\0" + repeats[:65000])] * 20 + [part for part in jpeg_parts(SAMPLES["jpeg"])[:-1]]
        ),
        "bmp, width -2^31": bmp[:18] + struct.pack("<ii", -(1 << 31), 32) + bmp[26:],
        "bmp, height -2^31": bmp[:18] + struct.pack("<ii", 48, -(1 << 31)) + bmp[26:],
        "bmp, 65535 a side": bmp[:18] + struct.pack("<ii", 65535, 65535) + bmp[26:],
        "bmp, pixels far beyond": bmp[:10] + b"\xff\xff\xff\xff" + bmp[14:],
        "pnm, sizes that overflow": b"P6 65536 65536 255\n" + bytes(64),
        "pnm, 2^32 a side": b"P5 4294967297 4294967297 255\n" + bytes(64),
        "pnm, no size": b"P6 0 9 255\n" + bytes(64),
        "pnm, white is 0": b"P5 4 4 0\n" + bytes(64),
        "tiff, 2 GB in a strip": _with_tag(_with_tag(tiff, 256, 30000), 257, 30000),
        "tiff, strip of 4 GB": _with_tag(tiff, 279, 0xFFFFFFFF),
        "tiff, strip beyond": _with_tag(tiff, 273, 0xFFFFFF00),
        "tiff, 65535 samples": _with_tag(tiff, 277, 65535),
        "tiff, float": _with_tag(tiff, 339, 3, of=284),
        "tiff, directory beyond": tiff[:4] + b"\xff\xff\xff\x7f" + tiff[8:],
        "tiff, 500 widths": _with_tag(tiff, 256, 8, count=500),
        "tiff, 80,000 strips": _with_tag(tiff * 99, 273, 8, count=80_000),
        "tiff, old JPEG": _with_tag(tiff, 259, 6),
        "tiff, BigTIFF directory of 2^63": SAMPLES["tiff big"][:8] + b"\xff" * 7 + b"\x7f" + SAMPLES["tiff big"][16:],
    }


def _with_tag(data: bytes, tag: int, value: int, of: int = 0, count: int = 1) -> bytes:
    """A TIFF of ours (little-endian) with another value at a tag, and the tag itself in the place of `of`; with a count
    of more than one, `value` is where the values lie."""
    (at,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, at)
    for place in range(at + 2, at + 2 + 12 * entries, 12):
        if struct.unpack_from("<H", data, place)[0] == (of or tag):
            return data[:place] + struct.pack("<HHII", tag, 4, count, value) + data[place + 12 :]
    raise AssertionError(f"no tag {of or tag}")


WORKER = """
import faulthandler, json, resource, sys, time
from pathlib import Path
faulthandler.enable()
from puppet.core.errors import PictureError
from puppet.pictures.formats import check
from puppet.pictures.decode import Animation, decode_picture
decode_picture(Path(sys.argv[1]).read_bytes())  # what is loaded on the way does not count
begin = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (begin + (1 << 30), -1))
for path in map(Path, sys.argv[2:]):
    data, before = path.read_bytes(), time.process_time()
    told = []
    for frames in (lambda: [decode_picture(data)], lambda: Animation(check(data, animated=True)).frames()):
        try:
            told.append("played" if all(frame.ndim == 3 for frame in frames()) else "strange")
        except PictureError as problem:
            told.append(str(problem))
    peak = [line for line in open("/proc/self/status") if line.startswith("VmHWM")][0].split()[1]
    print(json.dumps([path.name, told, time.process_time() - before, int(peak) // 1024]), flush=True)
"""


def decoded_in_a_child(folder: Path, files: dict[str, bytes]) -> dict[str, tuple[list[str], float, int]]:
    """What became of each file, as one picture and as an animation: words, seconds, MB at most so far. A child that
    may have 1 GB decodes them, so that a crash fails the test and not the tests."""
    if not sys.platform.startswith("linux"):
        pytest.skip("memory is limited and measured as Linux does it")
    (folder / "first").write_bytes(SAMPLES["tiff tiff_lzw"])
    names = {f"{n:04d}": name for n, name in enumerate(files)}
    for short, name in names.items():
        (folder / short).write_bytes(files[name])
    command = [sys.executable, "-c", WORKER, str(folder / "first"), *(str(folder / short) for short in names)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.stderr == "" or done.returncode, done.stderr[-2000:]  # decoders write nothing of their own
    assert done.returncode == 0, f"after {names.get(told[-1][0]) if told else 'nothing'}: {done.stderr[-2000:]}"
    return {names[short]: (words, seconds, peak) for short, words, seconds, peak in told}


def test_hostile_pictures_are_refused_without_a_crash_and_without_memory(tmp_path: Path):
    files = hostile()
    found = decoded_in_a_child(tmp_path, files)
    assert len(found) == len(files)
    for name, (words, seconds, peak) in found.items():
        assert not {"played", "strange"} & set(words), name
        assert not any("cannot be decoded" in told for told in words), name  # refused by a check, not by luck
        assert seconds < 5, name
        assert peak < 500, name  # MB; an ordinary process of ours has 100


def test_what_a_picture_says_beside_its_pixels_reaches_no_decoder():
    """A profile, comment or EXIF that would take minutes to look through does not matter."""
    evil = bytes(range(256)) * 200
    told = b"MM\0*" + struct.pack(">IH", 8, 1000) + struct.pack(">HHII", 700, 7, 40000, 0) * 1000 + bytes(40000)
    grey = jpeg_parts(SAMPLES["jpeg grey"])
    pairs = {
        "png": png(png_parts(SAMPLES["png"])[0], (b"iCCP", evil), (b"eXIf", told), *png_parts(SAMPLES["png"])[1:]),
        "jpeg grey": jpeg([(b"\xff\xe1", b"Exif\0\0" + told[:60000]), (b"\xff\xe2", evil), *grey]),
        "webp alpha": riff(*riff_parts(SAMPLES["webp alpha"]), (b"EXIF", told), (b"XMP ", evil)),
        "gif": SAMPLES["gif"][:-1] + b"!\xfe" + (b"\xff" + evil[:255]) * 200 + b"\0;",
    }
    from puppet.pictures.formats import check

    for name, data in pairs.items():
        assert np.array_equal(decode_picture(data), decode_picture(SAMPLES[name])), name
        assert evil[:100] not in check(data).kept, name


def test_mutants_of_every_kind_crash_nothing(tmp_path: Path):
    rng = random.Random(17)
    names = list(SAMPLES)
    files = {f"{n} {names[n % len(names)]}": mutant(SAMPLES[names[n % len(names)]], rng) for n in range(900)}
    found = decoded_in_a_child(tmp_path, files)
    assert len(found) == len(files)
    words = [told for told, _, _ in found.values()]
    assert sum("played" in told for told in words) > 100  # they are not all cut short
    assert sum("played" not in told for told in words) > 100
    assert max(seconds for _, seconds, _ in found.values()) < 5
    assert max(peak for _, _, peak in found.values()) < 700


def test_the_largest_pictures_stay_below_a_gigabyte(tmp_path: Path):
    """Each announces as much as is allowed, and has it."""
    side = 8192
    rows = zlib.compress(bytes(side * (1 + 3 * side)), 1)
    files = {
        "png": png(png_header(side, side), (b"IDAT", rows), (b"IEND", b"")),
        "webp": encoded(np.zeros((5792, 5792, 3), np.uint8), "WEBP", lossless=True, method=0),
    }
    for name, (words, seconds, peak) in decoded_in_a_child(tmp_path, files).items():
        assert "played" in words, (name, words)
        assert seconds < 10, name
        assert peak < 1000, name


def test_previews_have_limits_of_their_own():
    with pytest.raises(PictureError, match="48 x 32 pixels, at most 40 a side"):
        decode_picture(SAMPLES["png"], ("PNG",), Limits(1 << 20, 1600, 40))
    with pytest.raises(PictureError, match="over 0 MB"):
        decode_picture(SAMPLES["png"], ("PNG",), Limits(100, 1600, 40))


def test_a_damaged_frame_ends_an_animation(tmp_path: Path):
    parts = png_parts(SAMPLES["apng"])
    last = max(n for n, (name, _) in enumerate(parts) if name == b"fdAT")
    parts[last] = (b"fdAT", parts[last][1][:4] + bytes(len(parts[last][1]) - 4))
    path = tmp_path / "film.png"
    path.write_bytes(png(*parts))
    source = open_source(str(path), paced=False)
    source.open()
    assert len(list(iter(source.read, None))) == 2
