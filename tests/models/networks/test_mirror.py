"""Mirroring: the order of FaceMesh's landmarks, planted faces in a mirror, and who decides that it is used."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
import torch
from planted_face import expression, rest_face
from tiny_dataset import write_dataset
from tiny_model import NAME, TinyConfig, TinyModel, tiny_config

import models.training.trainer
from models.__main__ import main
from models.data.dataset import open_dataset
from models.networks import config
from models.networks.config import PRESETS, TrainConfig, from_json, to_json
from models.networks.mirror import draw, flip_offsets, flip_pictures, flip_pose, one_sided
from models.training.run_folder import Overrides, data_facts, new_run, read_run_facts, resume_run, write_run_facts
from models.training.trainer import train
from puppet.core.errors import DataError
from puppet.core.types import LANDMARKS, HeadPose
from puppet.face import align
from puppet.face.landmarks import BROWS, EYE_LEFT, EYE_RIGHT, IRIS_LEFT, IRIS_RIGHT, LIPS, MIRRORED, OVAL, STABLE
from puppet.face.measurements import measure
from puppet.face.mirroring import flip_points

SIZE = 100
KNOWN = sorted({*EYE_RIGHT, *EYE_LEFT, *IRIS_RIGHT, *IRIS_LEFT, *BROWS, *LIPS, *OVAL, *STABLE.tolist()})

pytestmark = pytest.mark.usefixtures("one_torch_thread")


# --- landmarks ---


def test_two_mirrors_change_nothing() -> None:
    np.testing.assert_array_equal(MIRRORED[MIRRORED], np.arange(LANDMARKS))


def test_the_sides_change_places_in_order() -> None:
    """Point by point: the n-th of the right eye becomes the n-th of the left one."""
    for right, left in ((EYE_RIGHT, EYE_LEFT), (BROWS[:10], BROWS[10:])):
        assert MIRRORED[list(right)].tolist() == list(left)
    centre, side, top, other, bottom = IRIS_RIGHT
    assert MIRRORED[[centre, other, top, side, bottom]].tolist() == list(IRIS_LEFT)
    assert MIRRORED[list(LIPS[:11])].tolist() == list(LIPS[10::-1])  # from corner to corner
    assert MIRRORED[list(OVAL)].tolist() == [OVAL[0], *OVAL[:0:-1]]  # the other way round
    assert MIRRORED[[33, 133, 61]].tolist() == [263, 362, 291]


def test_the_average_face_and_the_planted_one_are_their_own_mirror_images() -> None:
    rest = rest_face()
    np.testing.assert_allclose(flip_offsets(rest)[KNOWN], rest[KNOWN], atol=1e-6)
    assert np.abs(rest[KNOWN, 0]).max() > 0.7


def test_the_mesh_of_mediapipe_is_its_own_mirror_image() -> None:
    """An edge between two landmarks is an edge between their mirror images, but for the diagonals of three squares."""
    connections = pytest.importorskip("mediapipe.python.solutions.face_mesh_connections")
    edges = {frozenset(edge) for edge in connections.FACEMESH_TESSELATION}
    unlike = [edge for edge in edges if frozenset(MIRRORED[list(edge)].tolist()) not in edges]
    assert len(edges) > 1000
    assert len(unlike) == 6


def test_points_and_pose_in_the_mirror_are_those_of_the_mirrored_face() -> None:
    rng = np.random.default_rng(0)
    canonical = rng.normal(0, 0.4, (LANDMARKS, 3)).astype(np.float32)
    pose = HeadPose(align.rotation_of(np.array([25, -10, 7])), 31.0, np.array([40.0, 55.0, 3.0]))
    flipped = flip_pose(pose, SIZE)
    np.testing.assert_allclose(align.angles_of(flipped.rotation), [-25, -10, -7], atol=1e-4)
    np.testing.assert_allclose(flipped.translation, [SIZE - 1 - 40, 55, 3])
    assert flipped.scale == pose.scale
    points = flip_points(align.place(canonical, pose), SIZE)
    np.testing.assert_allclose(points, align.place(flip_offsets(canonical), flipped), atol=1e-3)


def test_a_pixel_and_its_landmark_are_mirrored_alike() -> None:
    points = np.zeros((1, LANDMARKS, 3), np.float32)
    points[0, 33] = 12, 70, 5
    picture = torch.zeros(2, SIZE, SIZE, 3, dtype=torch.uint8)
    picture[:, 70, 12] = 255
    x, y, z = flip_points(points, SIZE)[0, 263]
    assert z == 5
    shown = flip_pictures(picture, np.array([True, False]))
    assert shown[0, int(y), int(x)].tolist() == [255] * 3
    assert int(shown[0].sum()) == 3 * 255
    np.testing.assert_array_equal(shown[1], picture[1])


def test_what_one_side_did_the_other_does() -> None:
    """A wink, a one-sided smile and a glance; the person's own asymmetry stays."""
    neutral = rest_face()
    neutral[list(EYE_LEFT[9:]), 1] += 0.02  # this person's left eye is always a bit narrower
    offset = expression(neutral, gaze=0.04) - neutral
    offset[list(EYE_RIGHT)] += (expression(neutral, shut=1) - neutral)[list(EYE_RIGHT)]
    offset[61] = -0.05, -0.03, 0
    before, after = measure(neutral + offset), measure(neutral + flip_offsets(offset))
    rest = measure(neutral)
    for name in ("lids", "gaze_x", "mouth_corner"):
        sign = -1 if name == "gaze_x" else 1
        for one, other in (("right", "left"), ("left", "right")):
            change = float(before[f"{name}_{one}"] - rest[f"{name}_{one}"])
            assert float(after[f"{name}_{other}"] - rest[f"{name}_{other}"]) == pytest.approx(sign * change, abs=1e-5)
    assert float(before["lids_right"] - rest["lids_right"]) < -0.05
    assert float(rest["lids_left"]) < float(rest["lids_right"]) - 0.01


# --- which frames ---


def test_only_views_that_the_footage_lacks_are_mirrored() -> None:
    frontal, often, rarely = np.linspace(-4, 4, 50), np.linspace(-30, -10, 200), np.linspace(10, 30, 40)
    yaw = np.concatenate([frontal, often, rarely]).astype(np.float32)
    chosen = one_sided(yaw)
    assert not chosen[:50].any()
    assert chosen[50 + 40 : 250 - 40].all()
    assert not chosen[250:].any()
    assert not one_sided(np.concatenate([often, -often])).any()
    assert one_sided(often).all()


def test_half_of_the_draws_are_mirrored_the_same_half_each_time() -> None:
    may_be = np.arange(1000) % 4 > 0
    first = draw(may_be, torch.Generator().manual_seed(3))
    assert not first[~may_be].any()
    assert first[may_be].mean() == pytest.approx(0.5, abs=0.06)
    np.testing.assert_array_equal(draw(may_be, torch.Generator().manual_seed(3)), first)
    assert (draw(may_be, torch.Generator().manual_seed(4)) != first).any()


def test_the_pixel_baseline_can_be_shown_mirrored_pictures_too(tmp_path: Path) -> None:
    with open_dataset(write_dataset(tmp_path / "data.h5", n=40)) as dataset:
        rows = np.flatnonzero(dataset.pose[:, 0] < -5)  # this person never looks to the right
        for setting in ("on", "off"):
            model = models.build(replace(PRESETS["seed-int8"], mirror=setting))
            batches = model.make_batches(dataset, rows, augment=True)
            shown = batches.batch(rows, torch.Generator().manual_seed(0))["crop"]
            true = batches.originals(rows)
            same = (shown == true).flatten(1).all(1)
            mirrored = (shown == true.flip(2)).flatten(1).all(1)
            assert (same | mirrored).all()
            assert bool((~same).any()) == (setting == "on")
            assert not same.any() or setting == "off" or not mirrored.all()
            kept = model.make_batches(dataset, rows, augment=False).batch(rows, torch.Generator().manual_seed(0))
            np.testing.assert_array_equal(kept["crop"], true)


# --- who decides ---

LEFT = "the head turns left but never right"


def started(run: Path, one_sided: str, setting: str = "auto") -> TrainConfig:
    asked = Overrides(mirror=setting).apply(PRESETS["puppet-256"])  # pyright: ignore[reportArgumentType]
    return new_run(run, asked, {"one_sided": one_sided, "sha256": "x"}).config


def test_the_report_decides_unless_the_user_does(tmp_path: Path) -> None:
    assert PRESETS["puppet-256"].mirror == "auto"
    settled = {(words, asked): started(tmp_path / "run", words, asked).mirror
               for words in ("", LEFT) for asked in ("auto", "on", "off")}  # fmt: skip
    assert settled == {
        ("", "auto"): "off", ("", "on"): "on", ("", "off"): "off",
        (LEFT, "auto"): "on", (LEFT, "on"): "on", (LEFT, "off"): "off",
    }  # fmt: skip
    assert from_json(TrainConfig, to_json(started(tmp_path / "run", LEFT)), "here").mirror == "on"


def test_a_run_says_that_and_why_it_mirrors(tmp_path: Path) -> None:
    for setting, words, expected in (("auto", LEFT, LEFT), ("auto", "", ""), ("on", "", "as asked for")):
        facts = new_run(tmp_path / "run", replace(PRESETS["puppet-256"], mirror=setting), {"one_sided": words})
        assert facts.mirror_reason.endswith(expected)
        assert bool(facts.mirror_reason) == bool(expected)


def test_a_resumed_run_keeps_what_was_settled(tmp_path: Path) -> None:
    run, data = tmp_path / "run", {"one_sided": LEFT, "sha256": "x", "file": "data.h5"}
    write_run_facts(run, new_run(run, PRESETS["puppet-256"], data))
    assert resume_run(run, Overrides(), data).config.mirror == "on"
    with pytest.raises(DataError, match="was started with mirror on; a resumed run cannot change it to off"):
        resume_run(run, Overrides(mirror="off"), data)


def test_the_reports_word_reaches_the_run(tmp_path: Path) -> None:
    with open_dataset(write_dataset(tmp_path / "data.h5")) as dataset:
        assert data_facts(dataset)["one_sided"] == ""  # a report of an older version says nothing of it
        told = replace(dataset, report={"one_sided": LEFT})
        assert data_facts(told)["one_sided"] == LEFT
        settled = new_run(tmp_path / "run", PRESETS["puppet-256"], data_facts(told)).config
    assert models.build(settled).mirror
    assert not models.build(replace(settled, mirror="off")).mirror


def test_training_tells_and_keeps_why_it_mirrors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(models.ARCHITECTURES, NAME, (TinyModel.__module__, "TinyModel"))
    monkeypatch.setitem(config.MODEL_CONFIGS, NAME, TinyConfig)
    data, run = write_dataset(tmp_path / "data.h5"), tmp_path / "run"
    with h5py.File(data, "r+") as file:
        file.attrs["report"] = json.dumps({"one_sided": LEFT})
    train(data, run, tiny_config(1), driver_spec=str(data), threads=1)
    assert f"Mirrored frames are shown as well: {LEFT}" in capsys.readouterr().out
    facts = read_run_facts(run)
    assert (facts.config.mirror, facts.data["one_sided"]) == ("on", LEFT)
    train(data, tmp_path / "other", tiny_config(1, mirror="off"), driver_spec=str(data), threads=1)
    assert "Mirrored" not in capsys.readouterr().out


@pytest.mark.parametrize(("given", "taken"), [(["--mirror", "off"], "off"), (["--mirror", "auto"], "auto"), ([], None)])
def test_the_command_hands_it_on(
    given: list[str], taken: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def fake(data: Path, run: Path, settings: TrainConfig, overrides: Overrides, *_: object) -> SimpleNamespace:
        asked.append(overrides.mirror)
        return SimpleNamespace(folder=run, step=1)

    monkeypatch.setattr(models.training.trainer, "train", fake)
    data = write_dataset(tmp_path / "data.h5")
    assert main(["train", str(data), "-o", str(tmp_path / "run"), *given]) == 0
    assert asked == [taken]
