"""`puppet sample | morph | walk | reconstruct` on planted spaces: what is drawn, and what refused."""

from __future__ import annotations

import cv2
import h5py
import numpy as np
import pytest
from planted_spaces import image_actor, ramp
from tiny_dataset import write_dataset

from models import __main__ as cli
from models.data.dataset import open_dataset

pytestmark = pytest.mark.usefixtures("one_torch_thread")


# ---------------------------------------------------------------------------------------------- spaces


# ---------------------------------------------------------------------------------------------- points


# ---------------------------------------------------------------------------------------------- commands


def run_folder(tmp_path) -> str:
    data, run = write_dataset(tmp_path / "data.h5"), tmp_path / "run"
    arguments = ["train", str(data), "-o", str(run), "--preset", "seed-int8", "--steps", "2", "--batch-size", "4"]
    assert cli.main([*arguments, "--driver", str(data), "--threads", "1", "--device", "cpu"]) == 0
    return str(run)


def frames(path) -> int:
    return int(cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT))


def test_sample_makes_a_sheet_a_folder_or_the_walk_of_the_seed(tmp_path, capsys):
    actor = image_actor(tmp_path)
    assert cli.main(["sample", actor, "-o", str(tmp_path / "s.png"), "--count", "5", "--seed", "4"]) == 0
    sheet = cv2.imread(str(tmp_path / "s.png"))
    assert sheet is not None
    assert sheet.shape == (2 * 64 + 4, 3 * 64 + 8, 3)
    points = np.random.default_rng(4).standard_normal((5, 4))
    assert np.abs(sheet[68:132, 68:132, ::-1].astype(int) - ramp(points[4, :3])).max() <= 1
    assert cli.main(["sample", actor, "-o", str(tmp_path / "alone"), "--count", "3", "--as-footage"]) == 0
    assert len(list((tmp_path / "alone").iterdir())) == 3
    walk = ["sample", actor, "-o", str(tmp_path / "walk.mp4"), "--segments", "3", "--steps", "4"]
    assert cli.main(walk) == 0
    assert frames(tmp_path / "walk.mp4") == 13
    assert "13 pictures" in capsys.readouterr().out


def test_morph_goes_from_row_to_row_in_strips_and_as_a_film(tmp_path):
    actor, data = image_actor(tmp_path), write_dataset(tmp_path / "d.h5", size=32)
    common = ["morph", actor, "0", "2", "--data", str(data), "--steps", "5"]
    assert cli.main([*common, "-o", str(tmp_path / "m.png")]) == 0
    strips = cv2.imread(str(tmp_path / "m.png"))
    assert strips is not None
    assert strips.shape == (2 * 64 + 4, 5 * 64 + 16, 3)
    with open_dataset(data) as dataset:
        ends = dataset.images(np.array([0, 2])).mean((1, 2)) / 255
    for top in (0, 68):  # linear, spherical
        for left, share in ((0, 0.0), (272, 1.0)):
            cell = strips[top : top + 64, left : left + 64, ::-1].astype(int)
            assert np.abs(cell - ramp((1 - share) * ends[0] + share * ends[1])).max() <= 1
    middle = strips[:64, 136:200, ::-1].astype(int)
    assert np.abs(middle - ramp(ends.mean(0))).max() <= 1
    assert cli.main([*common, "-o", str(tmp_path / "m.mp4")]) == 0
    film = cv2.VideoCapture(str(tmp_path / "m.mp4"))
    assert film.get(cv2.CAP_PROP_FRAME_WIDTH) == 128
    assert film.get(cv2.CAP_PROP_FRAME_COUNT) == 5


def test_walk_measures_a_run_on_its_own_data_set(tmp_path):
    run = run_folder(tmp_path)
    assert cli.main(["walk", run, "-o", str(tmp_path / "w.mp4"), "--seconds", "1", "--fps", "20"]) == 0
    assert frames(tmp_path / "w.mp4") == 20
    (tmp_path / "data.h5").rename(tmp_path / "moved.h5")
    assert cli.main(["walk", run, "-o", str(tmp_path / "x.mp4"), "--seconds", "1"]) == 2
    moved = ["--data", str(tmp_path / "moved.h5")]
    assert cli.main(["walk", run, "-o", str(tmp_path / "x.mp4"), "--seconds", "1", *moved]) == 0


def test_hdf5_in_hdf5_out(tmp_path):
    actor, data = image_actor(tmp_path), write_dataset(tmp_path / "d.h5", size=32)
    out = tmp_path / "out.h5"
    assert cli.main(["reconstruct", actor, str(data), "-o", str(out), "--compare"]) == 0
    with h5py.File(out) as made, open_dataset(data) as dataset:
        pictures = made["data"]
        assert isinstance(pictures, h5py.Dataset)
        assert pictures.shape == (24, 64, 128, 3)
        colours = dataset.images().mean((1, 2)) / 255
        for i in (0, 7, 23):
            assert np.abs(pictures[i][:, 64:].astype(int) - ramp(colours[i])).max() <= 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["d.h5", "out.h5", "tiny.actor"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sample", "ACTOR", "-o", "taken.png"], "already exists"),
        (["sample", "ACTOR", "-o", "x.gif"], "videos are MP4, MOV or MKV files"),
        (["sample", "ACTOR", "-o", "x.jpg"], "pictures are PNG files"),
        (["sample", "nobody", "-o", "x.png"], "no actor is called 'nobody'"),
        (["sample", "absent/run", "-o", "x.png"], "no such run folder"),
        (["walk", "ACTOR", "-o", "x.png"], "a film's name ends in .mp4"),
        (["morph", "ACTOR", "0", "1", "-o", "x.png"], "say with --data which data set"),
        (["morph", "ACTOR", "0", "24", "-o", "x.png", "--data", "d.h5"], "has rows 0 to 23, not 24"),
        (["morph", "ACTOR", "absent.png", "random", "-o", "x.png"], "absent.png"),
        (["morph", "ACTOR", "random", "random", "-o", "x.png", "--steps", "1"], "at least 2 pictures"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    actor = image_actor(tmp_path)
    write_dataset(tmp_path / "d.h5", size=32)
    (tmp_path / "taken.png").write_bytes(b"mine")
    assert cli.main([actor if word == "ACTOR" else word for word in arguments]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len([line for line in said if line.startswith("error: ")]) == 1
    assert message in said[-1]
    assert (tmp_path / "taken.png").read_bytes() == b"mine"
    assert not (tmp_path / "x.png").exists()
