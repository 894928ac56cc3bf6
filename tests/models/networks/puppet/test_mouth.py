"""What lies between the lips: teeth and jaw."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from planted_face import expression, rest_face
from planted_geometry import EXPRESSIONS, FRAMES, SIZE, Planted, glancing, looking

from models.networks.puppet.geometry import Geometry
from puppet.actor.warp import MeshWarp
from puppet.core.types import POSE_SIZE
from puppet.face.landmarks import INNER_LIPS, OUTER_LIPS, UPPER_LIP
from puppet.head import mouth
from puppet.head.eyes import LOOK
from puppet.head.vertices import BEHIND_TRIANGLES, FACE_POINTS, TEETH

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def test_an_open_jaw_takes_the_lower_teeth_down_and_leaves_the_upper_ones(planted: Planted) -> None:
    """The planted chin goes down as far as the lower lip does."""
    geometry = Geometry(EXPRESSIONS)
    seen = np.stack([expression(planted.rest, open=o) for o in np.linspace(0, 0.3, FRAMES)])
    geometry.fit(seen, planted.poses(), planted.held(), planted.mesh, planted.rest)
    faces = torch.from_numpy(np.stack([expression(planted.rest, open=o) for o in (0.0, 0.1, 0.3)]))
    shut, ajar, wide = geometry(geometry.encode(faces, torch.zeros(3, POSE_SIZE))[0]).numpy()
    jaw, size = np.array(mouth.WITH_JAW, bool), float(geometry.place_centre[-1].exp())
    for moved, opened in ((ajar, 0.1), (wide, 0.3)):
        down = (moved - shut)[TEETH:, 1] / size
        np.testing.assert_allclose(down[~jaw], 0, atol=1e-3)
        np.testing.assert_allclose(down[jaw], opened * float(geometry.jaw_drop), rtol=0.1)


def test_a_chin_that_is_seen_to_move_less_than_the_lip_is_believed_less() -> None:
    rest = rest_face()
    opened = np.stack([expression(rest, open=o) for o in np.linspace(0, 0.3, 20)])
    assert mouth.drop_of(opened, rest) == pytest.approx(1, abs=0.01)
    opened[:, list(mouth.CHIN), 1] -= (opened - rest)[:, list(mouth.CHIN), 1] / 2
    assert mouth.drop_of(opened, rest) == pytest.approx(2, abs=0.02)
    assert mouth.drop_of(np.stack([rest] * 5), rest) == mouth.DROP_RANGE[0]


def test_the_upper_teeth_lie_before_the_lower_ones(planted: Planted) -> None:
    geometry = glancing(planted)
    face = geometry(geometry.encode(looking(planted.rest, 0.0), torch.zeros(1, POSE_SIZE))[0])[0].numpy()
    upper, lower = np.split(face[TEETH:, 2], [2 * len(mouth.UPPER)])
    assert lower.min() > upper.max()


def test_an_upper_lip_that_is_pulled_up_is_drawn_over_the_skin_it_folds_over(planted: Planted) -> None:
    geometry, mesh = planted.geometry(), planted.mesh
    face, upper = (
        planted.rest[:FACE_POINTS].copy(),
        [*OUTER_LIPS[10:], OUTER_LIPS[0], INNER_LIPS[0], *INNER_LIPS[:9:-1]],
    )
    within = [
        cv2.pointPolygonTest(face[upper, None, :2], (float(x), float(y)), measureDist=False) > 0 for x, y, _ in face
    ]
    face[np.union1d(np.flatnonzero(within), UPPER_LIP), 1] -= 0.15  # past skin that stays where it is
    usual = planted.usual
    arrays = face[None], usual.rotation[None], usual.translation[None, :2], np.array([usual.scale])
    face, rotation, translation, scale = (torch.from_numpy(a.astype(np.float32)) for a in arrays)
    vertices = geometry.place(face, torch.zeros(1, LOOK), rotation, translation, scale)[0].numpy()
    large = 8 * SIZE
    flat, drawn = 8 * mesh.texture_points + 3.5, 8 * vertices + 3.5
    texture, lip = np.zeros((large, large, 3), np.uint8), np.zeros((large, large), np.uint8)
    cv2.fillPoly(texture, [np.round(flat[upper]).astype(np.int32)], (255, 255, 255))
    cv2.fillPoly(lip, [np.round(drawn[upper, :2]).astype(np.int32)], (1,))
    lip = cv2.erode(lip, np.ones((5, 5), np.uint8)) > 0
    picture = MeshWarp(mesh.triangles, flat, large, mesh.openings, BEHIND_TRIANGLES).draw(texture, drawn)
    assert lip.sum() > 1000
    assert (picture[lip] > 127).mean() > 0.8  # 0.56 where lips are as near as they are; the nose is before some of it
