"""MediaPipe's own FaceMesh: its points in px, and what it must not bring along."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from planted_face import rest_face, tracked

from puppet.core.trackers import MEDIAPIPE
from puppet.face.mediapipe_mesh import MediaPipeMesh
from puppet.face.tracking import tracker_library

pytestmark = pytest.mark.skipif(tracker_library() != MEDIAPIPE, reason="mediapipe is not installed")


class PlantedSolution:
    """MediaPipe's result, planted: the shapes of faces, each coordinate as a share of the picture."""

    def __init__(self, *shapes: np.ndarray) -> None:
        self._shapes = shapes

    def process(self, rgb: np.ndarray) -> SimpleNamespace:
        from mediapipe.framework.formats.landmark_pb2 import NormalizedLandmark, NormalizedLandmarkList  # pyright: ignore[reportAttributeAccessIssue]

        def landmarks(shape: np.ndarray) -> NormalizedLandmarkList:
            return NormalizedLandmarkList(landmark=[NormalizedLandmark(x=x, y=y, z=z) for x, y, z in shape])

        return SimpleNamespace(multi_face_landmarks=[landmarks(shape) for shape in self._shapes] or None)


def test_planted_points_come_back_in_px(monkeypatch) -> None:
    one, other = tracked(rest_face(), scale=40, middle=(80, 100)), tracked(rest_face(), scale=60, middle=(220, 100))
    shares = [(face.points + (0.5, 0.5, 0)) / (320, 240, 320) for face in (one, other)]
    mesh = MediaPipeMesh(still=True, max_faces=2)
    monkeypatch.setattr(mesh, "_mesh", PlantedSolution(*shares))
    shares[1][5] = 0  # a coordinate that is 0 is there like any other
    other.points[5] = (-0.5, -0.5, 0)
    found = mesh.find(np.zeros((240, 320, 3), np.uint8))
    np.testing.assert_allclose(found, [one.points, other.points], atol=1e-3)
    monkeypatch.setattr(mesh, "_mesh", PlantedSolution())
    assert mesh.find(np.zeros((240, 320, 3), np.uint8)) == []


def test_the_tracker_starts_without_pyplot_and_leaves_it_to_others() -> None:
    code = (
        "import sys\n"
        "from puppet.face.mediapipe_mesh import MediaPipeMesh\n"
        "MediaPipeMesh(False, 1).close()\n"
        "print(any(name.startswith('matplotlib') for name in sys.modules))\n"
        "import matplotlib.pyplot\n"
        "print(hasattr(matplotlib.pyplot, 'plot'), matplotlib.pyplot.__file__ is not None)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)
    assert done.stdout.split() == ["False", "True", "True"], done.stderr
