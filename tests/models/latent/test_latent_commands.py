"""`python -m models sample | morph | walk | reconstruct` on planted spaces: what is drawn, and what refused."""

from __future__ import annotations

import cv2
import h5py
import numpy as np
import pytest
from tiny_actor import IMAGE_SIZE, tiny_actor, tiny_latents
from tiny_dataset import openings, write_dataset

from models import __main__ as cli
from models.common.picture_writers import open_output
from models.data.dataset import open_dataset
from models.latent import space as spaces
from models.latent import walks
from models.latent.actor_space import ActorSpace
from models.latent.space import RunSpace
from models.networks.seeds.int8 import SeedInt8, SeedInt8Config
from puppet.actor.latents import Latents
from puppet.core.errors import DataError

pytestmark = pytest.mark.usefixtures("one_torch_thread")

ROWS = np.arange(24)


def ramp(colour) -> np.ndarray:
    """What tiny_actor's image kind draws of a colour: uint8 (S, S, 3) RGB."""
    tall = np.clip(np.linspace(0, 255, IMAGE_SIZE)[:, None, None] * np.asarray(colour), 0, 255)
    return np.rint(np.tile(tall, (1, IMAGE_SIZE, 1))).astype(np.uint8)


def image_actor(folder) -> str:
    return str(tiny_actor(folder / "tiny.actor", "image"))


# ---------------------------------------------------------------------------------------------- spaces


def test_an_actor_file_encodes_and_draws_what_is_planted(tmp_path):
    space = ActorSpace(image_actor(tmp_path))
    with open_dataset(write_dataset(tmp_path / "d.h5", size=32)) as dataset:
        posterior = space.encode(dataset, ROWS)
        colours = dataset.images().mean((1, 2)) / 255
        assert np.allclose(posterior.mean[:, :3], colours, atol=1e-4)
        assert (posterior.logvar == 0).all()
        assert space.originals(dataset, ROWS).shape == (24, IMAGE_SIZE, IMAGE_SIZE, 3)
    points = np.array([[1, 0, 0, 9], [0.5, 0.2, 0.1, 0]], np.float32)
    assert np.abs(space.decode(points).astype(int) - [ramp(p[:3]) for p in points]).max() <= 1


def test_a_mesh_actor_is_driven_by_the_landmarks_of_the_rows(tmp_path):
    space = ActorSpace(str(tiny_actor(tmp_path / "tiny.actor")))
    with open_dataset(write_dataset(tmp_path / "d.h5")) as dataset:
        mean = space.encode(dataset, ROWS).mean
    assert np.corrcoef(mean[:, 3], openings(24))[0, 1] > 0.99
    assert np.corrcoef(mean[:, 0], np.sin(np.arange(24) * 0.4))[0, 1] > 0.99


def test_a_run_draws_through_its_latents_what_the_network_renders(tmp_path):
    import torch

    torch.manual_seed(0)
    model = SeedInt8(SeedInt8Config()).eval()
    space = RunSpace(model, "run", device="cpu")
    with open_dataset(write_dataset(tmp_path / "d.h5")) as dataset:
        batch = model.make_batches(dataset, ROWS, augment=False).batch(ROWS, torch.Generator())
        rendered = model.render(batch).numpy()
        assert np.abs(space.decode(space.encode(dataset, ROWS).mean).astype(int) - rendered).max() <= 1
        assert np.array_equal(space.originals(dataset, ROWS[5:9]), batch["crop"][5:9].numpy())


# ---------------------------------------------------------------------------------------------- points


def test_the_walk_goes_straight_from_corner_to_corner():
    corners = np.array([[0, 0], [11, 0], [11, 22]], np.float32)
    points = walks.through(corners, 11)
    assert len(points) == 2 * 11 + 1
    assert np.allclose(points[:12], [(i, 0) for i in range(12)])
    assert np.allclose(points[11:], [(11, 2 * i) for i in range(12)])


def test_the_random_walk_moves_one_useful_dimension_at_a_time_by_half_a_deviation():
    kl = np.array([3, 0.001, 3, 0.002, 0.001, 0.001, 0.001, 0.001], np.float32)
    std = np.array([2, 9, 4, 9, 9, 9, 9, 9], np.float32)
    latents = Latents(np.ones(8, np.float32), std, np.zeros((0, 8), np.float32), kl, np.zeros((0, 8), np.float32))
    points = walks.random_walk(latents, 12 * walks.WALK_PICTURES + 1, seed=1)
    assert np.array_equal(points[0], latents.mean)
    steps = np.diff(points[:: walks.WALK_PICTURES], axis=0)
    assert ((np.abs(steps) > 1e-6).sum(1) == 1).all()
    assert set(np.flatnonzero(np.abs(steps).max(0) > 1e-6)) == {0, 2}
    assert np.allclose(np.abs(steps).max(1)[steps[:, 0] != 0], 1.0)
    assert np.allclose(np.abs(steps).max(1)[steps[:, 2] != 0], 2.0)


def test_points_come_from_the_prior_or_as_the_footage_spreads(tmp_path):
    space = ActorSpace(image_actor(tmp_path))
    prior = walks.draw_points(space, 4000, seed=3)
    assert np.allclose(prior.mean(0), 0, atol=0.06)
    assert np.allclose(prior.std(0), 1, atol=0.05)
    samples = np.random.default_rng(0).normal(5, 0.1, (200, 4)).astype(np.float32)
    centre = samples.mean(0)
    footage = Latents(centre, samples.std(0), np.zeros((0, 4), np.float32), np.ones(4, np.float32), samples)
    drawn = walks.draw_points(space, 50, seed=3, footage=footage)
    assert np.abs(drawn - 5).max() < 1


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


def test_a_half_written_hdf5_file_leaves_nothing(tmp_path):
    def fail():
        with open_output(tmp_path / "o.h5", 25) as write:
            write(np.zeros((4, 4, 3), np.uint8), 0.0)
            raise DataError("no more")

    with pytest.raises(DataError, match="no more"):
        fail()
    assert list(tmp_path.iterdir()) == []


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


def test_latents_come_from_the_actor_file_or_are_measured(tmp_path):
    space = ActorSpace(image_actor(tmp_path))
    assert np.array_equal(spaces.latents_of(space).samples, tiny_latents(4).samples)
    data = write_dataset(tmp_path / "d.h5", size=32)
    with open_dataset(data) as dataset:
        colours = dataset.images().mean((1, 2)) / 255
    measured = spaces.latents_of(space, data)
    assert np.allclose(measured.mean[:3], colours.mean(0), atol=1e-4)
    assert np.allclose(measured.kl[:3], 0.5 * (colours**2).mean(0), atol=1e-4)
