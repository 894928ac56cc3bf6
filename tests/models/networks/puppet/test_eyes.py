"""Eyeballs behind the lids, and where they look."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from planted_face import expression
from planted_geometry import SCALE, Planted, glancing, looking

from puppet.core.types import POSE_SIZE, HeadPose
from puppet.face import align
from puppet.face.landmarks import EYE_RIGHT, IRIS_LEFT, IRIS_RIGHT
from puppet.head.eyes import LOOK
from puppet.head.vertices import EYEBALLS, TEETH

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def test_a_glance_moves_the_eyeballs_behind_lids_that_stay(planted: Planted) -> None:
    geometry = glancing(planted)
    usual = torch.zeros(3, POSE_SIZE)
    glances = (-0.03, 0.0, 0.03)
    face = geometry(geometry.encode(looking(planted.rest, *glances), usual)[0])
    left, ahead, right = face.numpy()
    balls, size = slice(EYEBALLS, TEETH), float(geometry.place_centre[-1].exp())
    np.testing.assert_allclose(right[: balls.start], left[: balls.start], atol=0.02)
    for moved, glance in ((left, glances[0]), (right, glances[2])):
        np.testing.assert_allclose((moved - ahead)[balls, 0], glance * size, rtol=0.02)


def test_the_eyeballs_are_where_the_irises_are(planted: Planted) -> None:
    geometry = glancing(planted)
    face = geometry(geometry.encode(looking(planted.rest, 0.0), torch.zeros(1, POSE_SIZE))[0])[0].numpy()
    pose = HeadPose(align.rotation_of(geometry.pose_centre.numpy()), SCALE, planted.held().translation)
    irises = align.place(planted.rest, pose)[[IRIS_RIGHT[0], IRIS_LEFT[0]], :2]
    np.testing.assert_allclose(face[EYEBALLS:TEETH, :2].reshape(2, 4, 2).mean(1), irises, atol=0.5)


def test_a_shut_eye_says_little_about_where_both_look(planted: Planted) -> None:
    geometry = glancing(planted)
    wink = expression(planted.rest, gaze=0.04)
    shut = expression(planted.rest, shut=0.95)
    wink[list(EYE_RIGHT + IRIS_RIGHT)] = shut[list(EYE_RIGHT + IRIS_RIGHT)]  # its iris did not move
    both = geometry.look(torch.from_numpy(wink)[None])[0]
    assert float(both[0]) == pytest.approx(0.04, rel=0.1)
    assert float(geometry.look(looking(planted.rest, 0.04))[0, 0]) == pytest.approx(0.04, abs=1e-4)


def test_a_stranger_looks_no_further_than_the_actor_can(planted: Planted) -> None:
    geometry = glancing(planted)
    latent = geometry.encode(looking(planted.rest, -0.5, 0.5), torch.zeros(2, POSE_SIZE))[0]
    looks = (latent[:, -LOOK:] * geometry.look_scale)[:, 0]
    assert looks.abs().max() <= float(geometry.look_limit[0]) + 1e-4 <= 1.2 * 0.06
    assert looks.abs().min() > 0.05
