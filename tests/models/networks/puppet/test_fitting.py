"""What the default actor takes from a drawn person before it is trained."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from drawn_person import (
    BACK,
    EYES,
    HAIR,
    MOUTH,
    PAINTED,
    PUPIL,
    ROWS,
    SIZE,
    SKIN,
    TEXTURE,
    angles_of_frames,
    fit,
    places,
    wall,
)

from models.data.dataset import Dataset
from models.networks.puppet.fitting import LEAST_FRAMES, TRANSPARENT
from models.networks.puppet.footage import ScaledFootage
from models.networks.puppet.model import PuppetVAE
from models.networks.puppet.tracked_frames import tracked_vertices
from puppet.core.errors import DataError
from puppet.core.types import Floats, HeadPose
from puppet.face import align
from puppet.face.measurements import MEASUREMENT_NAMES
from puppet.head.vertices import BASE_VERTICES, BORDER_CELLS, EYEBALLS, FOOT, RING_VERTICES, TEETH, teeth_in_texture

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def full_texture(model: PuppetVAE) -> Floats:
    """The mean with its detail, RGBA f32 (TEXTURE, TEXTURE, 4), 0 to 255."""
    mean, detail = (part.detach().permute(1, 2, 0).numpy() * 255 for part in (model.painter.mean, model.detail[0]))
    return cv2.resize(mean, (TEXTURE, TEXTURE), interpolation=cv2.INTER_LINEAR) + detail


def test_the_planted_statistics_are_found(fitted: PuppetVAE, dataset: Dataset) -> None:
    np.testing.assert_allclose(fitted.geometry.pose_centre, np.median(angles_of_frames(), 0), atol=1e-2)
    np.testing.assert_array_equal(fitted.geometry.neutral, dataset.neutral)
    measured = fitted.measure(torch.from_numpy(dataset.canonical))
    np.testing.assert_allclose(measured.mean(0), 0, atol=1e-3)
    for name in ("lids_right", "gaze_x_left", "mouth_open", "jaw_open"):
        assert float(measured[:, MEASUREMENT_NAMES.index(name)].std(unbiased=False)) == pytest.approx(1, abs=1e-3)


def test_few_frames_are_enough_but_some_there_must_be(dataset: Dataset) -> None:
    few = fit(dataset, rows=ROWS[:LEAST_FRAMES], components=64)
    assert all(values.isfinite().all() for values in few.state_dict().values())
    with pytest.raises(DataError, match=f"{LEAST_FRAMES - 1} frames to train on, an actor needs at least"):
        fit(dataset, rows=ROWS[: LEAST_FRAMES - 1])


def test_a_head_that_only_turned_left_may_turn_right(mirroring: PuppetVAE, one_sided: Dataset) -> None:
    without = fit(one_sided)
    for name in ("pose_centre", "place_centre", "neutral", "home"):  # what the person is, is not mirrored
        torch.testing.assert_close(mirroring.geometry.state_dict()[name], without.geometry.state_dict()[name])
    torch.testing.assert_close(mirroring.painter.mean, without.painter.mean)
    torch.testing.assert_close(mirroring.detail, without.detail)
    turned = HeadPose(align.rotation_of(np.array([18, 0, 0])), EYES, places(np.array([[18.0, 0, 0]]))[0])
    errors = []
    for model in (without, mirroring):
        movement = torch.from_numpy(model.geometry.movement(turned))[None]
        latent = model.geometry.encode(torch.from_numpy(one_sided.neutral)[None], movement)[0]
        errors.append(abs(float(model.geometry.pose_of(latent)[0, 0]) - 18))
    assert errors[1] < 0.6 * errors[0]
    gaze = MEASUREMENT_NAMES.index("gaze_x_left")
    centre = [float(model.measurement_centre[gaze]) for model in (without, mirroring)]
    assert abs(centre[1]) <= abs(centre[0]) + 1e-6


# --- the texture to start from ---


def test_the_first_guess_of_the_mean_texture_is_the_planted_colours(fitted: PuppetVAE) -> None:
    texture = full_texture(fitted)
    for point, colour in ((168, SKIN), (50, SKIN)):
        x, y = np.round(fitted.texture_points[point].numpy()).astype(int)
        np.testing.assert_allclose(texture[y, x, :3], colour, atol=15)
    dark = fitted.texture_points[TEETH + 4 : TEETH + 8].mean(0).round().int().tolist()  # between the jaws
    np.testing.assert_allclose(texture[dark[1], dark[0], :3], MOUTH, atol=40)  # averaged from open mouths
    np.testing.assert_allclose(texture[round((1 - FOOT) * TEXTURE) - 4, 3, :3], BACK, atol=5)
    for ball in fitted.texture_points[EYEBALLS:TEETH].reshape(2, 4, 2).mean(1):
        x, y = np.round(ball.numpy()).astype(int)
        np.testing.assert_allclose(texture[y, x, :3], PUPIL, atol=60)
    np.testing.assert_allclose(texture[..., 3], 255, atol=0.01)  # there are no mattes


def test_a_person_with_an_outline_is_opaque_and_the_wall_is_not_there(layered: PuppetVAE) -> None:
    texture = full_texture(layered)
    for point in (168, 50):
        x, y = np.round(layered.texture_points[point].numpy()).astype(int)
        np.testing.assert_allclose(texture[y, x], (*SKIN, 255), atol=15)
    rings = layered.texture_points[BASE_VERTICES - 4 * BORDER_CELLS - RING_VERTICES :][:36].numpy()  # the innermost
    x, y = rings.round().astype(int).T
    np.testing.assert_allclose(np.median(texture[y, x], 0), (*HAIR, 255), atol=15)
    np.testing.assert_allclose(texture[0], 0, atol=20)  # nothing of the wall
    assert (texture[..., :3] <= texture[..., 3:] + 4).all()  # premultiplied
    behind = texture[round((1 - FOOT) * TEXTURE) + 2 :, :, 3]
    assert np.median(behind) > 250  # eyeballs and teeth are not transparent


def test_painted_and_detail_are_the_texture_and_its_coarse_half(fitted: PuppetVAE) -> None:
    """Enlarged, the small one lacks what the detail adds: edges, not areas."""
    detail = fitted.detail.detach()[0].permute(1, 2, 0).numpy() * 255
    assert fitted.painter.mean.shape == (4, PAINTED, PAINTED)
    assert detail.shape == (TEXTURE, TEXTURE, 4)
    assert np.abs(detail).max() > 30
    means = detail.reshape(PAINTED, TEXTURE // PAINTED, PAINTED, TEXTURE // PAINTED, 4).mean((1, 3))
    assert np.abs(means).mean() < 0.7 * np.abs(detail).mean()
    np.testing.assert_array_equal(fitted.continued[0], fitted.painter.mean.detach())


def test_what_the_footage_never_shows_of_the_teeth_is_known(fitted: PuppetVAE) -> None:
    unseen = fitted.unseen[0, 0].numpy().copy()
    dark = fitted.texture_points[TEETH + 4 : TEETH + 8].mean(0) * PAINTED / TEXTURE  # between the jaws
    x, y = dark.round().int().tolist()
    assert unseen[y, x] < 0.5
    for part in teeth_in_texture(PAINTED):
        assert 0.05 < unseen[part].mean() < 0.95
        unseen[part] = 0
    assert not unseen.any()


# --- layers ---


def test_the_plate_is_the_wall(layered: PuppetVAE, fitted: PuppetVAE, layered_dataset: Dataset) -> None:
    assert bool(layered.layered)
    always = layered_dataset.mattes().min(0) > 0
    free = cv2.dilate(always.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
    off = np.abs(layered.plate.numpy().astype(int) - wall(SIZE)).max(-1)
    assert off[free].max() <= 1
    assert off.max() < 12  # behind the head it is filled in
    assert not bool(fitted.layered)
    assert not fitted.plate.any()


def test_triangles_that_never_show_the_person_are_not_drawn(layered: PuppetVAE, layered_dataset: Dataset) -> None:
    """And the pixels that show the person in a frame are drawn in it."""
    drawn = layered.drawn_triangles
    assert 0.5 < drawn.float().mean() < 0.97
    assert drawn[(layered.triangles >= EYEBALLS).any(1)].all()
    footage = ScaledFootage(layered_dataset, SIZE)
    opaque, warp = np.full((TEXTURE, TEXTURE, 4), 255, np.uint8), layered.mesh_warp(exported=True)
    left_out = []
    for vertices, matte in zip(
        tracked_vertices(layered.geometry, footage.points), layered_dataset.mattes(), strict=True
    ):
        covered = warp.draw(opaque, vertices, smooth=False)[..., 3] == 255
        assert covered[matte > TRANSPARENT].mean() > 0.98
        left_out.append((~covered).mean())
    assert min(left_out) > 0.01


def test_without_mattes_all_triangles_are_drawn(fitted: PuppetVAE) -> None:
    assert fitted.drawn_triangles.all()
