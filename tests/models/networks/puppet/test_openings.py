"""The edges of the openings, on planted lids and lips."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from planted_face import expression, rest_face

from models.networks.puppet.behind_skin import edges
from puppet.head.openings import BAND, BAND_LIMIT, EYES, MOUTH, OPENINGS, RIMS, band_matrix, rim_edges
from puppet.head.vertices import FACE_POINTS


def edges_of(face: np.ndarray) -> np.ndarray:
    landmarks = torch.from_numpy(face[None, :FACE_POINTS])
    return edges(landmarks, torch.from_numpy(band_matrix(FACE_POINTS)))[0].numpy()


def shouting(face: np.ndarray) -> np.ndarray:
    """A mouth as high as it is wide, the corners a little within its upright sides."""
    mouth, turn = face.copy(), np.pi - np.arange(MOUTH.size) * 2 * np.pi / MOUTH.size
    mouth[list(MOUTH.rim), :2] = (0, 0.9) + 0.22 * np.column_stack([np.cos(turn), np.sin(turn)])
    mouth[list(MOUTH.corners), 0] *= 0.9
    return mouth


def test_an_edge_lies_beside_its_own_landmark() -> None:
    assert len(RIMS) == len(set(RIMS)) == sum(opening.size for opening in OPENINGS)
    assert len(rim_edges()) == len(RIMS)
    face = rest_face()
    assert np.linalg.norm(edges_of(face) - face[RIMS], axis=1).max() <= BAND_LIMIT + 1e-6


@pytest.mark.parametrize("opened", [0.02, 0.1, 0.3])
def test_lids_and_lips_keep_a_tenth_of_what_is_between_them(opened: float) -> None:
    face = expression(rest_face(), open=opened)
    first = 0
    for opening in (*EYES, MOUTH):
        middle, across = opening.size // 4, 3 * opening.size // 4
        gap = face[opening.rim[middle], 1] - face[opening.rim[across], 1]
        down = edges_of(face)[[first + middle, first + across], 1]
        expected = min(BAND * gap, BAND_LIMIT)
        assert face[opening.rim[middle], 1] - down[0] == pytest.approx(expected, abs=1e-3)
        assert down[1] - face[opening.rim[across], 1] == pytest.approx(expected, abs=1e-3)
        first += opening.size


@pytest.mark.parametrize("opened", [0.1, 0.3, "as in a shout"])
def test_an_open_mouth_has_its_edge_within_its_rim(opened: float | str) -> None:
    """All around, the upright sides of a shouting mouth included, and neither edge nor rim crosses itself."""
    face = shouting(rest_face()) if isinstance(opened, str) else expression(rest_face(), open=opened)
    rim, edge = face[list(MOUTH.rim), :2].astype(np.float32), edges_of(face)[-MOUTH.size :, :2].astype(np.float32)
    inside = [cv2.pointPolygonTest(rim[:, None], (float(x), float(y)), measureDist=True) for x, y in edge]
    assert min(inside) > 0
    quads = np.stack([rim, np.roll(rim, -1, 0), np.roll(edge, -1, 0), edge], 1)
    assert len({np.sign(cv2.contourArea(quad, oriented=True)) for quad in quads}) == 1
