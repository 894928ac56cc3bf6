"""Learning what rest is: simulated people, and what the learned parts make of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.assets import learn_rest, synthetic_clips
from models.assets.synthetic_clips import Clip, Person, RandomPeople, held_expression, rolled_in, simulated
from puppet.core.types import LANDMARKS, Floats
from puppet.face import rest_prior as in_use
from puppet.face.landmarks import INNER_LIPS, LIPS
from puppet.face.measurements import measure
from puppet.face.neutral import calmest_shape
from puppet.face.rest_prior import mouth_features, rest_weights

with np.load(Path(__file__).resolve().parents[2] / "data" / "synthetic_person.npz", allow_pickle=False) as _file:
    PLANTED = {name: _file[name].astype(np.float32) for name in _file.files}
REST = PLANTED["rest"]
UNITS = {"jawOpen": "jaw", "smileL": "smile", "browUpL": "brows_up", "pucker": "pucker", "blinkL": "blink"}
NEVER = ("frownL", "browDownL", "wideL", "squintL")  # expressions that the planted person cannot make
FRAMES = 600


def acting(seed: int = 0) -> Person:
    """Somebody who does one thing after the other, and rests in between."""
    rng = np.random.default_rng(seed)
    names = (*UNITS, *NEVER)
    weights = np.zeros((FRAMES, len(names)), np.float32)
    for start in range(0, FRAMES, 30):
        weights[start + 10 : start + 30, rng.integers(len(UNITS))] = rng.uniform(0.3, 1.0)
    by_weights = np.zeros((3 * len(names), LANDMARKS * 3), np.float32)
    by_weights[: len(UNITS)] = [PLANTED[name].ravel() for name in UNITS.values()]
    acted = (weights @ by_weights[: len(names)]).reshape(FRAMES, LANDMARKS, 3)
    shapes = REST + acted + rng.normal(0, 0.001, acted.shape).astype(np.float32)
    angles = rng.normal(0, 2, (FRAMES, 3)).astype(np.float32)
    return Person(REST, shapes, angles, names, weights, by_weights, acted, np.zeros_like(acted))


def clips(count: int, seed: int) -> list[Clip]:
    rng = np.random.default_rng(seed)
    others = RandomPeople(REST, rng)
    return [simulated(acting(), others, rng) for _ in range(count)]


def error(found: Floats, clip: Clip) -> float:
    return float(np.sqrt(((found - clip.rest)[list(LIPS), :2] ** 2).sum(1).mean()))


def test_rolled_in_lips_are_thinner_and_nothing_else() -> None:
    before, after = measure(REST), measure(REST + rolled_in(REST))
    for lip in ("upper_lip_thickness", "lower_lip_thickness"):
        assert after[lip] == pytest.approx((1 - synthetic_clips.ROLLED_IN) * before[lip], rel=0.08)
    assert not rolled_in(REST)[list(INNER_LIPS)].any()
    assert after["mouth_width"] == pytest.approx(before["mouth_width"], abs=1e-4)
    assert after["lids_left"] == pytest.approx(before["lids_left"], abs=1e-4)


def test_a_held_expression_is_there_most_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthetic_clips, "HELD_SHARE", 1.0)
    monkeypatch.setattr(synthetic_clips, "HELD_EXPRESSIONS", ("smile",))
    monkeypatch.setattr(synthetic_clips, "HELD_FOR", (0.5, 0.9))
    rng, there = np.random.default_rng(1), []
    for _ in range(60):
        moved = np.abs(held_expression(acting(), 96, rng)).max((1, 2))
        there.append((moved > 0.5 * moved.max()).mean() if moved.any() else 0.0)
    assert 0.5 < np.mean(there) < 0.9
    monkeypatch.setattr(synthetic_clips, "HELD_FOR", (1.0, 1.1))
    always = np.abs(held_expression(acting(), 96, rng)).max((1, 2))
    assert always.min() == always.max() > 0
    monkeypatch.setattr(synthetic_clips, "HELD_SHARE", 0.0)
    assert not held_expression(acting(), 96, rng).any()


def test_learned_attention_finds_rest_in_clips_it_never_saw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn_rest, "STEPS", 150)
    attention = learn_rest.fit_attention(clips(50, 2))
    ratios = []
    for clip in clips(20, 3):
        counts = attention.counts(mouth_features(clip.shapes, clip.angles))
        ratios.append((error(calmest_shape(clip.shapes, counts), clip), error(np.median(clip.shapes, 0), clip)))
    found, usual = np.mean(ratios, 0)
    assert found < 0.75 * usual


def test_what_was_learned_is_kept_and_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn_rest, "STEPS", 3)
    learned = learn_rest.learn([acting()], count=12)
    np.savez(tmp_path / "rest.npz", **learned)  # pyright: ignore
    monkeypatch.setattr(in_use, "MODEL_FILE", tmp_path / "rest.npz")
    in_use._model.cache_clear()
    clip = clips(1, 4)[0]
    counts = rest_weights(clip.shapes, clip.angles)
    in_use._model.cache_clear()
    assert counts.shape == (len(clip.shapes),)
    again = learn_rest.learn([acting()], count=12)
    for name, array in learned.items():
        np.testing.assert_array_equal(array, again[name], err_msg=name)


def test_people_who_cannot_be_read_are_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "untold.npz", weights=np.zeros((3, 2)))
    np.savez(tmp_path / "silent.npz", names=np.array(["jawOpen"]), weights=np.zeros((3, 1)), rot=0, gaze=0)
    for name, told in {
        "missing": "missing.npz: No such file",
        "untold": "untold.npz: holds no truth",
        "silent": "silent.mp4: there is no such file",
    }.items():
        assert learn_rest.main([str(tmp_path / name), "-o", str(tmp_path / "out.npz")]) == 2
        problem = capsys.readouterr().err.strip().splitlines()[-1]
        assert problem.startswith("error: ")
        assert told.lower() in problem.lower()
    assert not (tmp_path / "out.npz").exists()
