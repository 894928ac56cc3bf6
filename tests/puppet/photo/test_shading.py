"""Light that changes with an expression."""

from __future__ import annotations

import numpy as np
import pytest

from puppet.core.types import Floats
from puppet.face import align
from puppet.face.measurements import measure
from puppet.face.neutral_from_picture import average_rest
from puppet.head.layout import Layout
from puppet.head.openings import EYES
from puppet.head.vertices import FACE_POINTS, teeth_in_texture
from puppet.photo.shading import PAINTED, SHUT_MOUTH, Shading, shade
from puppet.photo.shared import shared

SIDE = 1024
SKIN = np.array((120.0, 150, 200, 255), np.float32)


def neutral() -> Floats:
    average = np.zeros((478, 3), np.float32)
    average[align.STABLE] = align.STABLE_REFERENCE
    return average_rest(average)


def layout() -> Layout:
    points = (shared().texture_points * SIDE - 0.5).astype(np.float32)
    return Layout(shared().triangles, points, SIDE, SIDE)


def features(shading: Shading, name: str, amount: float) -> Floats:
    """Of a face that moves one measurement by an amount, with what components of real expressions can do."""
    offsets = (shared().samples @ shared().basis).reshape(-1, FACE_POINTS, 3)
    faces = neutral()[None].repeat(len(offsets), 0)
    faces[:, :FACE_POINTS] += offsets
    moved = measure(faces)[name] - measure(neutral())[name]
    best = np.argmin(np.abs(moved - amount))
    return np.clip(shared().samples[best] @ shading.weights + shading.offsets, 0, 1)


def test_lids_and_mouth_are_told_by_their_own_features() -> None:
    shading = shade(np.tile(SKIN, (SIDE, SIDE, 1)), layout(), neutral(), shared())
    gap = float(measure(neutral())["lids_right"])
    assert features(shading, "lids_right", -gap)[0] > 0.7
    assert features(shading, "lids_left", -gap)[1] > 0.7
    assert features(shading, "mouth_open", 0.3)[2] == 1
    assert np.clip(shading.offsets, 0, 1)[:2].max() == 0


def test_a_lid_in_shadow_gets_the_colour_of_the_skin_above_it() -> None:
    texture, where = np.tile(SKIN, (SIDE, SIDE, 1)), layout()
    rim = EYES[0].rim
    upper = {*rim[len(rim) // 2 :], rim[0]}
    band = np.isin(where.triangles, list(upper)).any(1)[where.triangle]
    texture[band, :3] *= 0.4
    change = shade(texture, where, neutral(), shared()).change
    assert change[0, ..., :3].max() > 40
    assert not change[0, ..., 3].any()
    y, x = np.nonzero(change[0].max(2) > 10)
    middle = where.points[list(rim)].mean(0) * PAINTED / SIDE
    assert np.hypot(x - middle[0], y - middle[1]).max() < 16
    assert y.mean() < middle[1]


def test_a_lid_with_dark_lashes_on_light_skin_stays() -> None:
    shading = shade(np.tile(SKIN, (SIDE, SIDE, 1)), layout(), neutral(), shared())
    assert np.abs(shading.change[:2]).max() < 2


def test_teeth_are_dim_in_a_mouth_that_opens_and_light_in_an_open_one() -> None:
    texture = np.tile(SKIN, (SIDE, SIDE, 1))
    shading = shade(texture, layout(), neutral(), shared())
    for rows, columns in teeth_in_texture(SIDE):
        np.testing.assert_allclose(
            texture[rows, columns, :3], np.broadcast_to(SHUT_MOUTH * SKIN[:3], (128, 256, 3)), rtol=1e-5
        )
        share = PAINTED / SIDE
        inside = shading.change[2][round(rows.start * share) + 2 : -2, round(columns.start * share) + 2 :][:, :8]
        assert inside[..., :3].mean((0, 1)) == pytest.approx((1 - SHUT_MOUTH) * SKIN[[2, 1, 0]], rel=0.02)
