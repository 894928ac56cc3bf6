"""The response of an actor, on planted ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from planted_face import expression, rest_face, tracked
from tiny_actor import neutral, tiny_actor

import export.__main__
import export.response
from export.response import add_response, measure_response, response
from puppet.actor.file import read_card
from puppet.actor.runtime import load_actor
from puppet.core.types import Face, Floats, Frame
from puppet.face.landmarks import BROWS
from puppet.face.measurements import MEASUREMENTS, RESPONSE_REGIONS
from puppet.face.neutral import neutral_from_face


def raised(rest: Floats, by: float) -> Floats:
    """Brows `by` eye distances higher."""
    face = rest.copy()
    face[list(BROWS), 1] -= np.float32(by)
    return face


def test_every_region_has_measurements() -> None:
    for prefix in RESPONSE_REGIONS.values():
        assert any(name.startswith(prefix) for name in MEASUREMENTS)


@pytest.mark.parametrize("share", [0.4, 1.0, 1.3])
def test_the_slope_is_the_planted_share_whatever_the_offset_and_the_noise(share: float) -> None:
    rest, rng = rest_face(), np.random.default_rng(0)
    heights = rng.uniform(-0.05, 0.1, 200)
    asked = np.stack([raised(expression(rest, open=0.2), h) for h in heights])
    seen = np.stack([raised(rest, share * h + 0.3) for h in heights])
    seen += rng.normal(0, 0.004, seen.shape).astype(np.float32)
    assert response(asked, seen)["brows"] == pytest.approx(share, abs=0.05)


class WeakTracker:
    """Sees the tiny actor do `share` of what the next of `faces` does."""

    def __init__(self, share: float, faces: list[Face], blind: bool = False) -> None:
        self.share, self.blind = share, blind
        self._faces = iter(faces)

    def track(self, frame: Frame) -> Face | None:
        assert frame.image.ndim == 3
        moved = next(self._faces).canonical - neutral()
        weak = tracked(neutral() + np.float32(self.share) * moved, (4, 0, 0))
        return None if self.blind else weak

    def close(self) -> None:
        pass


@pytest.fixture
def faces(monkeypatch: pytest.MonkeyPatch) -> list[Face]:
    """Of somebody who looks like the actor, at rest as well, so that what is asked for is what they do."""
    monkeypatch.setattr(export.response, "infer_neutral", lambda _: neutral_from_face(tracked(neutral())))
    return [tracked(raised(neutral(), h)) for h in 0.05 * np.sin(np.arange(40))]


@pytest.fixture
def actor_file(tmp_path: Path) -> Path:
    return tiny_actor(tmp_path / "Mia.actor")


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_the_loop_through_the_actor_finds_what_the_tracker_sees(
    actor_file: Path, faces: list[Face], share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export.response, "FaceMeshTracker", lambda: WeakTracker(share, faces))
    assert measure_response(load_actor(actor_file, "cpu"), faces)["brows"] == pytest.approx(share, rel=0.05)


def test_an_actor_that_no_tracker_sees_has_no_response(
    actor_file: Path, faces: list[Face], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export.response, "FaceMeshTracker", lambda: WeakTracker(1.0, faces, blind=True))
    assert measure_response(load_actor(actor_file, "cpu"), faces) == {}


def test_the_response_is_kept_in_the_file(actor_file: Path, faces: list[Face], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export.response, "FaceMeshTracker", lambda: WeakTracker(0.6, faces))
    monkeypatch.setattr(export.response.driver_clip, "track_all", lambda spec: [None, *faces])
    assert read_card(actor_file).response == {}
    card = add_response(actor_file, {})
    assert read_card(actor_file).response == card.response
    assert card.response["brows"] == pytest.approx(0.6, rel=0.05)


def test_an_actor_that_looks_at_pixels_is_left_alone(tmp_path: Path) -> None:
    file = tiny_actor(tmp_path / "Pix.actor", "image")
    before = file.read_bytes()
    assert add_response(file, {}).response == {}
    assert file.read_bytes() == before


def test_what_eyes_see_counts_more_than_what_the_tracker_sees(
    actor_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(export.response.driver_clip, "track_all")  # nothing is left to measure
    assert add_response(actor_file, {"brows": 0.55}).response == {"brows": 0.55}


@pytest.mark.parametrize("wrong", ["brows", "brows=", "brows=much", "ears=0.5", "brows=0", "brows=-1", "brows=nan"])
def test_a_response_that_is_none_is_refused(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        export.__main__.main(["run", "-o", "x.actor", "--consent", "Me.", "--response", wrong])
    assert stop.value.code == 2
    assert "say brows=0.6" in capsys.readouterr().err
