"""The lines of the face mesh are MediaPipe's own."""

from __future__ import annotations

import pytest

from puppet.face.landmarks import contour_lines, mesh_lines


def test_the_lines_are_those_of_mediapipe():
    mediapipe_lines = pytest.importorskip("mediapipe.python.solutions.face_mesh_connections")

    def undirected(lines):
        return {tuple(sorted(line)) for line in lines}

    assert undirected(mesh_lines().tolist()) == undirected(mediapipe_lines.FACEMESH_TESSELATION)
    outlines = mediapipe_lines.FACEMESH_CONTOURS | mediapipe_lines.FACEMESH_IRISES
    assert undirected(contour_lines().tolist()) == undirected(outlines)
    assert len(undirected(mesh_lines().tolist())) == len(mesh_lines())
