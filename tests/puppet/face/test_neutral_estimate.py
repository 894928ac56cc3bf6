"""Rest that was never shown: a synthetic person (tests/data, from the CC0 footage) performs, and the truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.assets.synthetic_clips import rolled_in
from puppet.core.types import LANDMARKS, Floats
from puppet.face import neutral, rest_prior
from puppet.face.landmarks import BROWS, LIPS
from puppet.face.measurements import measure
from puppet.face.neutral import estimate_neutral, estimate_with_confidence
from puppet.face.rest_prior import rest_correction, rest_weights

with np.load(Path(__file__).resolve().parents[2] / "data" / "synthetic_person.npz", allow_pickle=False) as _file:
    PERSON = {name: _file[name].astype(np.float32) for name in _file.files}
REST = PERSON["rest"]
N = 60


def performed(seed: int = 0, **does: Floats) -> tuple[Floats, Floats]:
    """Shapes f32 (N, 478, 3) of somebody who does this much of each expression by frame, each f32 (N,), and angles."""
    rng = np.random.default_rng(seed)
    shapes = REST + rng.normal(0, 0.001, (N, LANDMARKS, 3)).astype(np.float32)
    for name, amount in does.items():
        shapes = shapes + np.asarray(amount, np.float32)[:, None, None] * PERSON[name]
    return shapes, rng.normal(0, 2, (N, 3)).astype(np.float32)


def between(low: float, high: float, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).uniform(low, high, N).astype(np.float32)


def at_times(share: float, amount: Floats, seed: int = 2) -> Floats:
    return np.where(np.random.default_rng(seed).random(N) < share, amount, 0).astype(np.float32)


def error(found: Floats, points: tuple[int, ...]) -> float:
    """RMS distance from the true rest in the picture plane, eye distances."""
    return float(np.sqrt(((found - REST)[list(points), :2] ** 2).sum(1).mean()))


def normal() -> tuple[Floats, Floats]:
    return performed(jaw=at_times(0.4, between(0, 0.6)), smile=at_times(0.2, between(0, 0.7), 3))


NEVER_AT_REST: dict[str, dict[str, Any]] = {
    "talks without a pause": dict(jaw=between(0.2, 0.7)),
    "smiles and talks": dict(smile=between(0.6, 1.0), jaw=between(0.1, 0.5, 4)),
}


@pytest.mark.parametrize("name", NEVER_AT_REST)
def test_the_rest_of_a_mouth_that_never_rests_is_worked_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes, angles = performed(**NEVER_AT_REST[name])
    found = estimate_neutral(shapes, angles)
    monkeypatch.setattr(neutral, "rest_correction", lambda *_: (np.zeros_like(REST), 0.0))
    seen = estimate_neutral(shapes, angles)
    assert error(seen, LIPS) > 0.02  # the calmest that was seen is not rest
    assert error(found, LIPS) < 0.65 * error(seen, LIPS)
    assert abs(measure(found)["mouth_open"] - measure(REST)["mouth_open"]) < 0.02


def test_somebody_who_does_rest_keeps_the_rest_that_was_seen() -> None:
    shapes, angles = normal()
    found = estimate_neutral(shapes, angles)
    assert error(found, LIPS) < 0.004
    assert error(found, BROWS) < 0.004


MOSTLY: dict[str, dict[str, Any]] = {
    "smiles": dict(smile=at_times(0.75, between(0.5, 0.9))),
    "smiles and talks": dict(smile=at_times(0.75, between(0.5, 0.9)), jaw=at_times(0.2, between(0, 0.4, 5), 6)),
}


@pytest.mark.parametrize("name", MOSTLY)
def test_what_a_mouth_does_most_of_the_time_is_not_its_rest(name: str) -> None:
    shapes, angles = performed(**MOSTLY[name])
    assert error(np.median(shapes, 0), LIPS) > 0.02
    assert error(estimate_neutral(shapes, angles), LIPS) < 0.005


def test_lips_held_rolled_in_are_not_at_rest() -> None:
    """Two thirds of the time: the rest has the lips that the other third shows."""
    shapes, angles = performed(smile=at_times(0.1, between(0, 0.5)))
    shapes = shapes + (np.arange(N) % 3 > 0)[:, None, None] * np.float32(0.7) * rolled_in(REST)
    found, true, usual = (measure(face) for face in (estimate_neutral(shapes, angles), REST, np.median(shapes, 0)))
    for lip in ("upper_lip_thickness", "lower_lip_thickness"):
        assert true[lip] - usual[lip] > 0.02
        assert abs(found[lip] - true[lip]) < 0.004


def test_faces_count_by_how_near_rest_their_mouth_is() -> None:
    shapes, angles = performed(smile=np.where(np.arange(N) % 4 > 0, 0.8, 0.0).astype(np.float32))
    counts = rest_weights(shapes, angles)
    assert counts.shape == (N,)
    assert counts.min() >= 0
    assert counts.sum() == pytest.approx(1, abs=1e-5)
    assert counts[::4].sum() > 0.9
    np.testing.assert_allclose(rest_weights(shapes[:1], angles[:1]), [1.0])


def test_small_corrections_are_dropped_altogether() -> None:
    offset, wanted = rest_correction(REST, normal()[0], np.zeros((N, 3), np.float32))
    assert 0 < wanted < rest_prior.TRUSTED
    assert not offset.any()


def test_a_correction_leaves_the_other_regions_alone() -> None:
    """Eyes and forehead say nothing about the mouth, so they stay where they were seen."""
    shapes, angles = performed(jaw=between(0.2, 0.7))
    offset, _ = rest_correction(shapes.mean(0), shapes, angles)
    assert np.abs(offset[list(LIPS)]).max() > 0.03
    assert np.abs(offset[[10, 33, 263, 151]]).max() < 0.003


def test_shapes_are_placed_on_their_median() -> None:
    """A planted shift, turn and size of a hundredth each are taken off again."""
    x, y, z = REST.T
    moved = REST * 1.01 + (0.01, -0.01, 0.0) + 0.01 * np.stack([-y, x, np.zeros_like(z)], 1)
    placed = neutral._placed(np.stack([REST, REST, moved.astype(np.float32)]))
    assert np.abs(placed[2] - REST).max() < 5e-4  # 0.01 squared, times the size of a face
    assert np.abs(moved - REST).max() > 0.02


# --- confidence ---


def test_somebody_who_rests_before_the_camera_is_known_well() -> None:
    assert estimate_with_confidence(*normal())[1] == 1.0


def test_few_faces_are_little_to_go_by() -> None:
    shapes, angles = normal()
    assert estimate_with_confidence(shapes[:5], angles[:5])[1] <= 5 / neutral.ENOUGH_FACES


def test_a_mouth_that_is_never_shut_is_not_known() -> None:
    assert estimate_with_confidence(*performed(jaw=between(0.3, 0.7)))[1] == 0.0


def test_a_head_that_is_always_turned_is_not_known() -> None:
    shapes, angles = normal()
    assert estimate_with_confidence(shapes, angles + np.array([25, 0, 0], np.float32))[1] == 0.0


def test_a_lasting_smile_lowers_the_confidence() -> None:
    assert estimate_with_confidence(*performed(smile=between(0.7, 1.0), jaw=between(0, 0.1, 4)))[1] < 0.7
