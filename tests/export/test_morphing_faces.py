"""The original Morphing Faces network: arrays of its shapes, made here, become an actor that the explorer takes."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
from explorer_user import User

pytest.importorskip("onnx", reason="export needs the extra 'train'")

from planted_network import write_arrays

import export.__main__
from export.morphing_faces import USEFUL, draw, read_weights
from puppet.actor.file import read_card
from puppet.actor.runtime import load_actor
from puppet.core.types import POSE_SIZE, AlignedCrop, Drive, Latent
from puppet.explore.directions import Basis
from puppet.explore.exploration import explore


@pytest.fixture(scope="module")
def arrays(tmp_path_factory):
    folder = tmp_path_factory.mktemp("npy")
    write_arrays(folder)
    return folder


@pytest.fixture(scope="module")
def made(arrays, tmp_path_factory):
    out = tmp_path_factory.mktemp("made") / "tfd.actor"
    assert export.__main__.main(["morphing-faces", str(arrays), "-o", str(out)]) == 0
    return out


def test_the_actor_draws_what_the_network_draws(arrays, made):
    actor, random = load_actor(made, "cpu"), np.random.default_rng(7)
    points = random.standard_normal((4, 400)).astype(np.float32)
    wanted = 255 * draw(read_weights(arrays).decoder, points)
    assert wanted.std() > 20
    for point, face in zip(points, wanted, strict=True):
        image = actor.decode(Latent(point)).image
        assert image.shape == (48, 48, 3)
        assert (image == image[..., :1]).all()  # grey
        assert np.abs(image[..., 0] - face).max() <= 0.51
    assert (actor.card.kind, actor.card.image_size, actor.card.latent_size) == ("image", 48, 400)


def test_the_encoder_uses_its_own_biases(arrays, made):
    """The original's `infer_Z` adds the decoder's second bias instead of the encoder's."""
    layers = read_weights(arrays).encoder
    assert layers is not None
    crop = np.random.default_rng(1).integers(0, 256, (48, 48, 3), np.uint8)
    blue, green, red = crop.reshape(-1, 3).T.astype(np.float64)
    hidden = (0.299 * red + 0.587 * green + 0.114 * blue) / 255
    for i, (weight, bias) in enumerate(layers):
        hidden = hidden @ weight + bias
        hidden = np.maximum(hidden, 0) if i < 2 else hidden
    actor = load_actor(made, "cpu")
    drive = Drive(actor.neutral, np.zeros(POSE_SIZE, np.float32), 0.0)
    assert np.allclose(actor.encode(drive, AlignedCrop(crop, np.eye(2, 3))).values, hidden, atol=1e-3)
    wrong = np.load(arrays / "d_b_1.npy")
    assert not np.allclose(wrong, layers[1][1], atol=1e-2)


def test_all_29_dimensions_work_in_the_explorer_under_their_own_numbers(made):
    actor = load_actor(made, "cpu")
    at = explore(actor.latents)
    assert at.basis is Basis.USEFUL
    assert [way.number for way in at.directions] == list(range(29))
    assert len(USEFUL) == 29
    middle = actor.decode(Latent(at.shown)).image.astype(int)
    for number, dimension in enumerate(USEFUL):
        moved = at.pick(number, (number + 1) % 29).hover(1, -1)
        assert moved.shown[dimension] == 1
        assert moved.shown[USEFUL[(number + 1) % 29]] == -1
        assert np.count_nonzero(moved.shown) == 2
        alone = at.set_coordinate(number, 2.0)
        assert np.abs(actor.decode(Latent(alone.shown)).image - middle).max() > 2
    assert at.pair == (28, 11)  # the original's first pair
    assert at.hover(0.5, 0.25).shown[[380, 139]].tolist() == [0.5, 0.25]


def test_the_explorers_window_shows_them_and_starts_with_28_and_11(made, qtbot, tmp_path):
    user = User(qtbot, tmp_path, made)
    rows = user.window.rows
    qtbot.waitUntil(lambda: rows.complete and len(rows.rows) == 29)
    assert list(rows.rows) == list(range(29))
    assert "28 · dimension 380" in user.window.face.where.text()
    for x, y in ((-1, -1), (1, 1)):  # bottom left, top right
        user.hover(x, y)
        there = user.somewhere()
        assert {int(i): float(there[i]) for i in np.flatnonzero(there)} == {380: x, 139: y}
    user.type("d 0 5")
    user.hover(-1, 1)
    there = user.somewhere()
    assert there[[31, 83, 380, 139]].tolist() == [-1, 1, 1, 1]


def test_the_older_copy_without_an_encoder_can_be_explored_but_says_so(arrays, tmp_path, capsys):
    for path in arrays.glob("d_*.npy"):
        (tmp_path / path.name[2:]).symlink_to(path)
    out = tmp_path / "old.actor"
    assert export.__main__.main(["morphing-faces", str(tmp_path), "-o", str(out)]) == 0
    assert "encoder: none: every crop is the mean face" in capsys.readouterr().out
    assert read_card(out).training["encoder"].startswith("none")
    actor = load_actor(out, "cpu")
    crop = AlignedCrop(np.full((48, 48, 3), 200, np.uint8), np.eye(2, 3))
    drive = Drive(actor.neutral, np.zeros(POSE_SIZE, np.float32), 0.0)
    assert not actor.encode(drive, crop).values.any()


@pytest.mark.parametrize(
    ("name", "change", "why"),
    [("d_W_1", None, "d_W_1.npy is missing"), ("e_b_2", None, "e_b_2.npy is missing"),
     ("d_b_0", np.zeros(2305), r"is float64 \(2305,\)"), ("e_W_0", np.zeros((2304, 2000), int), "is int64"),
     ("d_b_1", np.full(2000, np.nan), "not finite"), ("d_b_2", b"no array", "cannot be read as an array")],
)  # fmt: skip
def test_what_is_wrong_is_named_and_nothing_is_written(arrays, tmp_path, capsys, name, change, why):
    folder = tmp_path / "npy"
    folder.mkdir()
    for path in arrays.glob("*.npy"):
        if path.stem != name:
            (folder / path.name).symlink_to(path)
    if isinstance(change, bytes):
        (folder / f"{name}.npy").write_bytes(change)
    elif change is not None:
        np.save(folder / f"{name}.npy", change)
    out = tmp_path / "tfd.actor"
    assert export.__main__.main(["morphing-faces", str(folder), "-o", str(out)]) == 2

    assert re.search(why, capsys.readouterr().err)
    assert not out.exists()


def test_an_existing_file_is_kept_without_force(arrays, tmp_path, capsys):
    out = tmp_path / "tfd.actor"
    out.write_text("mine")
    assert export.__main__.main(["morphing-faces", str(arrays), "-o", str(out)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert out.read_text() == "mine"


def test_the_conversion_needs_no_torch():
    code = "import sys, export.morphing_faces, export.__main__\nprint('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
