"""Pictures from outside: every kind plays upright, and one module decodes."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from planted_pictures import (
    encoded,
    exif,
    film,
    frames_of,
    samples,
    scene,
)

from puppet.core.errors import PictureError
from puppet.pictures.decode import decode_picture, is_animated, read_animation, read_picture
from puppet.sources.registry import open_source

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = samples()
LOSSY = {"jpeg", "webp", "gif", "palette", "fax"}


# --------------------------------------------------------------------------------- what plays


@pytest.mark.parametrize("name", [n for n in SAMPLES if "film" not in n and "apng" not in n])
def test_every_kind_gives_the_pixels_that_opencv_gave(name: str):
    theirs = cv2.imdecode(np.frombuffer(SAMPLES[name], np.uint8), cv2.IMREAD_COLOR)
    ours = decode_picture(SAMPLES[name])
    if name == "gif":  # OpenCV as it is built has none
        assert np.abs(ours.astype(int) - scene()).mean() < 10
    elif name == "webp" and theirs.shape != ours.shape:  # OpenCV 4.11 does not turn it, OpenCV 5 does
        assert np.array_equal(ours, cv2.rotate(theirs, cv2.ROTATE_90_COUNTERCLOCKWISE))
    elif "webp" in name:
        assert np.array_equal(ours, theirs)
    else:
        assert ours.shape == theirs.shape
        assert np.abs(ours.astype(int) - theirs).max() <= (4 if "jpeg" in name and "tiff" in name else "cmyk" in name)
    assert not ours.flags.writeable


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_picture_is_upright_whatever_its_orientation(kind: str, order: str):
    upright = scene(48, 32)
    lying = {  # how a camera stored it that notes this orientation
        1: upright,
        2: cv2.flip(upright, 1),
        3: cv2.rotate(upright, cv2.ROTATE_180),
        4: cv2.flip(upright, 0),
        5: cv2.transpose(upright),
        6: cv2.rotate(upright, cv2.ROTATE_90_COUNTERCLOCKWISE),
        7: cv2.rotate(cv2.transpose(upright), cv2.ROTATE_180),
        8: cv2.rotate(upright, cv2.ROTATE_90_CLOCKWISE),
        60000: upright,
    }
    for turn, stored in lying.items():
        head = b"Exif\0\0" if kind == "JPEG" else b""
        options = {"tiffinfo": {274: turn}} if kind == "TIFF" else {"exif": head + exif(turn, order)}
        quality = {"quality": 95} if kind in ("JPEG", "WEBP") else {}
        shown = decode_picture(encoded(stored, kind, **options, **quality))
        assert shown.shape == upright.shape, turn
        assert np.abs(shown.astype(int) - upright).mean() < 12, turn  # corners differ by far more


@pytest.mark.parametrize(("kind", "suffix"), [("PNG", ".png"), ("PNG", ".apng"), ("WEBP", ".webp"), ("GIF", ".gif")])
def test_an_animation_plays_all_its_frames_for_as_long_as_it_says(tmp_path: Path, kind: str, suffix: str):
    images = [np.full((24, 32, 3), (40 * n, 200 - 40 * n, 90), np.uint8) for n in range(5)]
    path = tmp_path / f"film{suffix}"
    path.write_bytes(film(kind, images, [40, 80, 200, 40, 40]))
    assert is_animated(path)
    frames = frames_of(path)
    assert [stamp for _, stamp in frames] == pytest.approx([0.0, 0.04, 0.12, 0.32, 0.36])
    for (shown, _), image in zip(frames, images, strict=True):
        assert np.abs(shown.astype(int) - image).max() < 12
    assert np.array_equal(decode_picture(path.read_bytes()), frames[0][0])  # as one picture it is its first frame


def test_the_last_frame_of_an_animation_stays_too(tmp_path: Path):
    path = tmp_path / "film.webp"
    path.write_bytes(film("WEBP", [scene(), scene(seed=1)], [50, 500]))
    source = open_source(str(path), paced=False, loop=True)
    source.open()
    stamps = [source.read().captured_at for _ in range(4)]  # pyright: ignore[reportOptionalMemberAccess]
    assert source.fps == 20
    assert stamps == pytest.approx([0.0, 0.05, 0.5, 0.55])  # the next round begins when the last frame's time is over


def test_a_picture_that_stands_before_an_animation_is_no_part_of_it(tmp_path: Path):
    path = tmp_path / "film.png"
    first = np.zeros((24, 32, 3), np.uint8)
    path.write_bytes(film("PNG", [first, scene(32, 24), scene(32, 24, 1)], [40, 40], default_image=True))
    frames = frames_of(path)
    assert len(frames) == 2
    assert np.array_equal(frames[0][0], scene(32, 24))
    assert np.array_equal(decode_picture(path.read_bytes()), first)  # for who shows no animations


def test_an_animation_of_days_is_refused():
    """A few bytes announce it, and somebody would wait for a video of it."""
    with pytest.raises(PictureError, match="over 60 minutes"):
        read_frames(film("GIF", [scene(8, 8, seed=n) for n in range(70)], [600_000] * 70))


def test_frames_that_build_on_each_other_are_put_together():
    """Only what changed is stored, in a frame smaller than the picture."""
    whole = scene(64, 48)
    changed = whole.copy()
    changed[10:20, 30:44] = (250, 10, 10)
    for kind in ("PNG", "WEBP", "GIF"):
        data = film(kind, [whole, changed], [40, 40], **({"lossless": True} if kind == "WEBP" else {}))
        path_frames = list(read_frames(data))
        assert np.abs(path_frames[1][12:18, 32:42].astype(int) - (250, 10, 10)).max() < 12
        assert np.abs(path_frames[1][30:].astype(int) - path_frames[0][30:]).max() < 12


def read_frames(data: bytes):
    from puppet.pictures.decode import Animation
    from puppet.pictures.formats import check

    return Animation(check(data, animated=True)).frames()


def test_footage_takes_an_animation_for_a_film(tmp_path: Path):
    from models.data.tracking_pass import is_still

    (tmp_path / "film.webp").write_bytes(SAMPLES["webp film"])
    (tmp_path / "still.webp").write_bytes(SAMPLES["webp"])
    assert not is_still(tmp_path / "film.webp")
    assert is_still(tmp_path / "still.webp")


def test_any_file_name_is_read_and_can_be_told(tmp_path: Path):
    name = os.fsdecode(b"lat\xe9in ")
    try:
        (tmp_path / f"{name}.png").write_bytes(SAMPLES["png"])
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    (tmp_path / f"{name}.webp").write_bytes(SAMPLES["webp film"])
    assert len(frames_of(tmp_path / f"{name}.png")) == 1
    assert len(frames_of(tmp_path / f"{name}.webp")) == 4  # three, and the last one's end
    assert len(frames_of(tmp_path)) == 2
    (tmp_path / f"{name}.png").write_bytes(b"no picture")
    code = "import sys; from puppet.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "render", str(tmp_path / f"{name}.png"), "-o", str(tmp_path / "o.mp4")]
    done = subprocess.run(command, capture_output=True, timeout=100, cwd=ROOT)
    assert done.returncode == 2
    assert b"no picture" in done.stderr
    assert b"Traceback" not in done.stderr
    assert not (tmp_path / "o.mp4").exists()


def test_footage_of_any_file_names_becomes_a_data_set(tmp_path: Path):
    import h5py

    from models.__main__ import main

    (tmp_path / "faces").mkdir()
    for number in (1, 2):
        try:
            (tmp_path / "faces" / os.fsdecode(b"lat\xe9in %d.png" % number)).write_bytes(SAMPLES["png"])
        except OSError:
            pytest.skip("this file system takes UTF-8 only")
    out = tmp_path / "x.h5"
    command = ["prepare", str(tmp_path / "faces"), "-o", str(out), "--many", "--crop", "centre", "--size", "32"]
    assert main(command) == 0
    with h5py.File(out) as data:
        names = data["file"][:]  # pyright: ignore[reportIndexIssue]
    assert [name.decode() for name in names] == ["lat\\udce9in 1.png", "lat\\udce9in 2.png"]  # pyright: ignore


# --------------------------------------------------------------------------------- one place


DECODERS = {
    *("imread", "imdecode", "imreadmulti", "imdecodemulti", "imreadanimation", "imdecodeanimation", "imcount"),
    *("QImage of a file", "loadFromData", "QImageReader", "QMovie", "QPicture"),
}


def other_decoders(path: str, source: str) -> list[str]:
    """Where a file decodes pictures by itself: calls of OpenCV, of Pillow, and Qt's pictures made from one name."""
    found = []
    for node in ast.walk(ast.parse(source)):
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("QImage", "QPixmap", "QIcon")
        ):
            first = node.args[0] if node.args else None
            if len(node.args) == 1 and not (isinstance(first, ast.Name) and first.id == "pixmap"):
                name = node.func.id
        if name in DECODERS or (name in ("QImage", "QPixmap", "QIcon") and isinstance(node, ast.Call)):
            found.append(f"{path}:{getattr(node, 'lineno', 0)} {name}")
    return found


def test_no_other_file_decodes_pictures():
    rooms = [path for room in ("puppet", "models", "export", "docs") for path in (ROOT / room).rglob("*.py")]
    assert len(rooms) > 100
    found = [o for p in rooms for o in other_decoders(p.relative_to(ROOT).as_posix(), p.read_text(encoding="utf-8"))]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "import cv2\ncv2.imread(path)",
        "from cv2 import imdecode\nimdecode(data, 1)",
        "pixmap = QPixmap(str(path))",
        "image = QImage('x.png')",
        "QIcon(path)",
        "pixmap.loadFromData(data)",
    ],
)
def test_a_planted_decoder_is_found(source: str):
    assert other_decoders("puppet/x.py", source)


def test_a_file_that_is_no_picture_of_the_window_is_read_as_none(tmp_path: Path):
    (tmp_path / "x.png").write_bytes(SAMPLES["png"])
    assert np.array_equal(read_picture(tmp_path / "x.png"), decode_picture(SAMPLES["png"]))
    (tmp_path / "x.png").write_bytes(SAMPLES["png"][:50])  # being written
    with pytest.raises(PictureError, match=r"x\.png: the picture is damaged"):
        read_picture(tmp_path / "x.png")
    with pytest.raises(PictureError):
        read_animation(tmp_path / "x.png")
