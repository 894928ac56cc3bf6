"""The table that compares the two trackers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from driven import driver_clip, face
from video_fixtures import shown_number

from export import tracker_parity
from puppet.core.errors import PuppetError
from puppet.core.trackers import MEDIAPIPE
from puppet.core.types import Face, Frame, Image
from puppet.face import align
from puppet.face.protocols import FaceBox

FRAMES = 21
SHIFT = np.array([0.3, 0.4, 0], np.float32)  # px


class Planted:
    """A tracker whose points are those of another one, shifted; it sees nothing in the pictures that `blind` names."""

    def __init__(self, library: str) -> None:
        self._shift = 0 if library == MEDIAPIPE else SHIFT
        self._blind = () if library == MEDIAPIPE else (3, 4)

    def track(self, frame: Frame) -> Face | None:
        if shown_number(frame.image) in self._blind:
            return None
        return align.face_of(face(5.0).points + self._shift)

    def close(self) -> None:
        """It holds nothing."""


class PlantedDetector:
    """Finds one face; ONNX's a second one in picture 10."""

    def __init__(self, library: str) -> None:
        self._second = library != MEDIAPIPE

    def detect(self, image: Image) -> Sequence[FaceBox]:
        boxes = [FaceBox(50, 50, 40)]
        return [*boxes, FaceBox(120, 50, 40)] if self._second and shown_number(image) == 10 else boxes

    def close(self) -> None:
        """It holds nothing."""


def test_every_figure_of_a_row_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tracker_parity, "FaceMeshTracker", Planted)
    monkeypatch.setattr(tracker_parity, "face_detector", PlantedDetector)
    clip = driver_clip(tmp_path / "clip.mp4", FRAMES)
    parity = tracker_parity.compare(str(clip))
    assert (parity.name, parity.frames, parity.seen, parity.seen_by_one) == ("clip.mp4", FRAMES, (21, 19), 2)
    assert parity.boxes == (3, 1)
    left, right = face(5.0).points[[33, 263], :2]
    expected = 100 * 0.5 / np.linalg.norm(right - left)
    np.testing.assert_allclose(parity.distances, np.full((19, 478), expected), rtol=1e-3)
    assert min(*parity.ms, *parity.detector_ms) >= 0
    assert tracker_parity.main([str(clip)]) == 0
    line = capsys.readouterr().out.splitlines()[-1].split()
    assert line[:5] == ["clip.mp4", "21", "21", "19", "2"]
    assert line[5] == f"{expected:.3f}"


def test_a_clip_without_a_face_has_a_row_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Blind(Planted):
        def track(self, frame: Frame) -> None:
            return None

    monkeypatch.setattr(tracker_parity, "FaceMeshTracker", Blind)
    monkeypatch.setattr(tracker_parity, "face_detector", PlantedDetector)
    row = tracker_parity.compare(str(driver_clip(tmp_path / "clip.mp4", 3))).row()
    assert row.split()[1:6] == ["3", "0", "0", "0", "nan"]


def test_without_mediapipe_there_is_nothing_to_compare_with(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(library: str) -> None:
        raise PuppetError("the tracker mediapipe needs mediapipe")

    monkeypatch.setattr(tracker_parity, "face_detector", missing)
    assert tracker_parity.main([]) == 2
    assert "export.tracker_parity: the tracker mediapipe needs" in capsys.readouterr().err
