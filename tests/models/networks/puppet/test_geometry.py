"""The linear half of the latent on planted linear expressions, and the rings on a planted head."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from planted_geometry import EXPRESSIONS, FRAMES, PLACES, RINGS, SCALE, SIZE, Planted, encoded, expressions, unlimited

from models.networks.puppet.geometry import (
    ANGLES,
    COMPONENT_LIMIT,
    KNEE,
    PLACE,
    PLACE_NOISE,
    POSE_LIMIT,
    Geometry,
    pose_features,
    rotations,
    soft_limit,
)
from puppet.core.types import POSE_SIZE, HeadPose
from puppet.face import align
from puppet.face.landmarks import LIPS, OVAL
from puppet.head.eyes import LOOK
from puppet.head.openings import LIPS_NEARER
from puppet.head.vertices import BASE_VERTICES, FACE_POINTS, HEAD_RINGS
from puppet.head.vertices import RINGS as RINGS_AROUND

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def test_torch_rotations_are_the_rotations_of_align() -> None:
    angles = np.random.default_rng(0).uniform(-85, 85, (50, 3))
    expected = np.stack([align.rotation_of(a) for a in angles])
    np.testing.assert_allclose(rotations(torch.from_numpy(angles)).numpy(), expected, atol=1e-12)


def test_soft_limit_leaves_alone_what_lies_well_within_and_never_passes_the_limit() -> None:
    x = torch.linspace(-1000, 1000, 2001, dtype=torch.float64)
    limited = soft_limit(x, 10.0)
    assert limited.abs().max() <= 10
    assert (limited.diff() >= 0).all()
    within = torch.linspace(-10 * KNEE, 10 * KNEE, 50)
    torch.testing.assert_close(soft_limit(within, 10.0), within)
    around = 10 * KNEE + torch.tensor([-1e-3, 0.0, 1e-3], dtype=torch.float64)  # slope 1 on both sides of the knee
    np.testing.assert_allclose(soft_limit(around, 10.0).diff(), 1e-3, rtol=1e-3)
    per_axis = soft_limit(torch.full((2, 3), 1e6), torch.tensor([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(per_axis.numpy(), [[1, 2, 3]] * 2)


def test_planted_expressions_go_through_the_latent(planted: Planted) -> None:
    """Three movements need three components. Of the opening's 0.25 eye distances at most 0.003 may be lost."""
    geometry = planted.geometry(EXPRESSIONS)
    back = geometry.landmarks_of(encoded(geometry, planted)).numpy()
    error = np.linalg.norm(back - planted.canonical[:, :FACE_POINTS], axis=-1)
    assert error.max() < 0.003
    assert np.linalg.norm(planted.canonical - planted.rest, axis=-1).max() > 0.2


def test_expressions_are_whitened_and_noise_is_left_out(planted: Planted) -> None:
    geometry = planted.geometry(8)
    trembling = np.random.default_rng(1).normal(0, 0.001, planted.canonical.shape).astype(np.float32)
    seen = planted.canonical + trembling
    geometry.fit(seen, planted.poses(), planted.held(), planted.mesh, planted.rest)
    second = encoded(geometry, planted)[:, :8].square().mean(0)
    np.testing.assert_allclose(second[:3], 1, atol=0.1)  # but for the soft limit
    assert second[3:].max() < 0.5
    logvar = geometry.component_logvar
    assert logvar[:3].max() < -3  # certain
    assert logvar[3:].min() > -1  # there is nothing to know


@pytest.mark.parametrize("frames", [1, 6])
def test_components_that_few_frames_cannot_tell_move_nothing(planted: Planted, frames: int) -> None:
    geometry = Geometry(16)
    few = planted.canonical[:frames]
    geometry.fit(few, planted.poses()[:frames], planted.held(), planted.mesh, planted.rest)
    assert not geometry.project[:, frames:].any()
    assert not geometry.basis[frames:].any()
    np.testing.assert_allclose(geometry.component_logvar[frames:], 0)
    if frames > EXPRESSIONS:
        back = geometry.landmarks_of(encoded(geometry, planted)).numpy()
        assert np.abs(back - planted.canonical[:, :FACE_POINTS])[:frames].max() < 0.003


def test_frames_of_one_face_at_rest_are_fitted(planted: Planted) -> None:
    geometry = Geometry(8)
    same = np.repeat(planted.rest[None], FRAMES, 0)
    geometry.fit(same, planted.poses(), planted.held(), planted.mesh, planted.rest)
    assert all(values.isfinite().all() for values in geometry.state_dict().values())


def test_only_what_fits_is_kept(planted: Planted) -> None:
    with pytest.raises(ValueError, match=r"neutral is \(1, 3\), expected \(478, 3\)"):
        Geometry(8)._set("neutral", planted.rest[:1])


def test_the_neutral_is_the_origin_and_latents_are_linear(planted: Planted) -> None:
    geometry = planted.geometry(EXPRESSIONS)
    rest = torch.from_numpy(planted.rest)[None]
    usual = torch.zeros(1, POSE_SIZE)
    origin = geometry.encode(rest, usual)[0]
    assert origin.shape == (1, geometry.size) == (1, EXPRESSIONS + ANGLES + PLACE + LOOK)
    np.testing.assert_array_equal(origin[:, : EXPRESSIONS + ANGLES], 0)
    np.testing.assert_allclose(geometry.pose_of(origin)[0], np.median(planted.angles, 0), atol=1e-5)
    offset = torch.from_numpy(expressions()[:1]) * 0.1
    one, two = geometry.encode(rest + offset, usual)[0], geometry.encode(rest + 2 * offset, usual)[0]
    np.testing.assert_allclose(two - origin, 2 * (one - origin), atol=1e-3)


def test_a_stranger_far_out_stays_within_the_limits(planted: Planted) -> None:
    geometry = planted.geometry()
    landmarks = torch.from_numpy(planted.rest + 1000 * expressions()[:1])
    latent, logvar = geometry.encode(landmarks, torch.full((1, POSE_SIZE), 500.0))
    assert latent[:, :8].abs().max() <= COMPONENT_LIMIT
    turned = geometry.pose_of(latent) - geometry.pose_centre
    assert (turned.abs() <= geometry.pose_limit + 1e-3).all()
    widest = np.abs(planted.angles - np.median(planted.angles, 0)).max(0)
    np.testing.assert_allclose(geometry.pose_limit, POSE_LIMIT * np.maximum(widest, 8), rtol=0.05)
    assert logvar.shape == latent.shape
    assert torch.isfinite(geometry(latent)).all()


def test_pose_goes_through_the_latent(planted: Planted) -> None:
    geometry = planted.geometry()
    back = geometry.pose_of(encoded(geometry, planted))
    within = np.abs(planted.angles - geometry.pose_centre.numpy()) < geometry.pose_limit.numpy() / 4
    np.testing.assert_allclose(back.numpy()[within], planted.angles[within], atol=0.5)


def test_where_the_head_goes_when_it_turns_is_fitted(planted: Planted) -> None:
    geometry = planted.geometry()
    placed = (pose_features(torch.from_numpy(planted.angles)) @ geometry.placement).numpy()
    np.testing.assert_allclose(placed[:, :2], planted.translation, atol=0.1)
    np.testing.assert_allclose(np.exp(placed[:, 2]), planted.scale, rtol=0.003)


def test_place_is_aligns_place_on_the_face_and_keeps_the_border(planted: Planted) -> None:
    geometry = planted.geometry()
    vertices = geometry.place(*planted.placements()).numpy()
    for row in (0, 7, FRAMES - 1):
        expected = align.place(planted.canonical[row], planted.pose(row))[:FACE_POINTS]
        expected[list(LIPS), 2] -= LIPS_NEARER * planted.pose(row).scale
        np.testing.assert_allclose(vertices[row, :FACE_POINTS], expected, atol=1e-3)
        still = slice(RINGS.stop, BASE_VERTICES)
        np.testing.assert_allclose(vertices[row, still, :2], planted.mesh.home[still, :2], atol=1e-3)


def test_the_head_around_the_face_is_drawn_behind_it_then_the_halo_then_the_border(planted: Planted) -> None:
    depths = planted.geometry().place(*planted.placements())[..., 2].numpy()
    face, rings, border = depths[:, :FACE_POINTS], depths[:, RINGS], depths[:, RINGS.stop : BASE_VERTICES]
    assert face.max() + SIZE < rings.min()  # as far as openings are drawn behind it
    around = rings.reshape(FRAMES, RINGS_AROUND, -1)
    high = planted.mesh.follow[RINGS].reshape(RINGS_AROUND, -1)[-1] == 1
    assert high.any()
    assert around[:, :HEAD_RINGS, high].max() < around[:, HEAD_RINGS:, high].min()
    assert rings.max() < border.min()


def test_the_halo_rolls_with_the_head_and_does_not_turn(planted: Planted) -> None:
    geometry = planted.geometry()
    face, look, _, translation, scale = (part[:1] for part in planted.placements())
    last = slice(RINGS.stop - len(OVAL), RINGS.stop)

    def beside(angles: tuple[float, float, float]) -> np.ndarray:
        rotation = torch.from_numpy(align.rotation_of(np.array(angles)).astype(np.float32))[None]
        middle = (geometry.rest[last] @ rotation[0].T * scale)[:, :2] + translation
        vertices = geometry.place(face, look, rotation, translation, scale)[0, last, :2]
        away = (vertices - middle).numpy()
        return away[(planted.mesh.halo[last] != 0).any(1) & (planted.mesh.follow[last] == 1)]

    frontal = beside((0, 0, 0))
    assert len(frontal) > 10
    np.testing.assert_allclose(beside((30, 0, 0)), frontal, atol=1e-3)
    np.testing.assert_allclose(beside((0, 20, 0)), frontal, atol=1e-3)
    roll = np.radians(20)
    turned = frontal @ np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
    np.testing.assert_allclose(beside((0, 0, 20)), turned, atol=1e-3)


def test_forward_draws_the_planted_frames(planted: Planted) -> None:
    """The whole way through the latent: within 4 % of an eye distance, where the pose is hardly limited."""
    geometry = planted.geometry()
    error = (geometry(encoded(geometry, planted)) - geometry.place(*planted.placements()))[..., :2].norm(dim=-1)
    usual = (np.abs(planted.angles - geometry.pose_centre.numpy()) < geometry.pose_limit.numpy() / 2).all(1)
    assert usual.sum() > 5
    assert error[torch.from_numpy(usual)].max() < 0.04 * SCALE
    assert error.mean() < 1


def test_the_usual_pose_draws_the_mesh_at_home(planted: Planted) -> None:
    geometry = planted.geometry()
    rest = planted.rest[None, :FACE_POINTS]
    usual = planted.usual
    arrays = rest, usual.rotation[None], usual.translation[None, :2], np.array([usual.scale])
    face, rotation, translation, scale = (torch.from_numpy(a.astype(np.float32)) for a in arrays)
    vertices = geometry.place(face, torch.zeros(1, LOOK), rotation, translation, scale)
    home = planted.mesh.home.copy()
    home[list(LIPS), 2] -= LIPS_NEARER * usual.scale
    np.testing.assert_allclose(vertices[0, :BASE_VERTICES, :2], home[:, :2], atol=1e-3)
    np.testing.assert_allclose(vertices[0, :FACE_POINTS, 2], home[:FACE_POINTS, 2], atol=1e-3)


# --- where the head is ---


def test_the_heads_place_and_size_go_through_the_latent(wandering: Planted) -> None:
    """Without limits a frame is drawn where the tracker saw it, however far that is from where its angles put it."""
    geometry = unlimited(wandering.geometry())
    vertices = geometry(encoded(geometry, wandering))
    error = (vertices - geometry.place(*wandering.placements()))[:, :FACE_POINTS, :2].norm(dim=-1)
    assert error.max() < 0.5  # px; what is left are the expressions
    angles_only = pose_features(torch.from_numpy(wandering.angles)) @ geometry.placement
    assert (angles_only[:, :2] - torch.from_numpy(wandering.translation)).norm(dim=-1).max() > 3


def test_a_frames_own_movement_places_it(wandering: Planted) -> None:
    """Planted poses that the footage never showed: `movement` is the inverse of what the latent does with it."""
    geometry = unlimited(wandering.geometry())
    rest = torch.from_numpy(wandering.rest)[None]
    for angles, size, place in (((35, -12, 9), 1.3, (20.0, 70.0)), ((-40, 25, -20), 0.6, (90.0, 10.0))):
        pose = HeadPose(align.rotation_of(np.array(angles)), size * SCALE, np.array([*place, 5.0]))
        movement = geometry.movement(pose)
        assert movement.dtype == np.float32
        vertices = geometry(geometry.encode(rest, torch.from_numpy(movement)[None])[0])
        expected = align.place(wandering.rest, pose)[:FACE_POINTS, :2]
        np.testing.assert_allclose(vertices[0, :FACE_POINTS, :2], expected, atol=0.02)


def test_movement_is_in_outer_eye_distances_from_the_usual_pose(wandering: Planted) -> None:
    geometry = wandering.geometry()
    usual, angles = wandering.held(), np.median(wandering.angles, 0)
    np.testing.assert_allclose(geometry.movement(usual), np.zeros(POSE_SIZE), atol=1e-4)
    place = usual.translation + np.array([0.5, -1, 0]) * usual.scale
    moved = HeadPose(align.rotation_of(angles + (5, -3, 2)), 1.2 * usual.scale, place)
    np.testing.assert_allclose(geometry.movement(moved), [5, -3, 2, 0.5, -1, np.log(1.2)], atol=1e-3)


def test_a_stranger_who_leaves_the_picture_is_held_near_it(wandering: Planted) -> None:
    geometry = wandering.geometry()
    furthest = np.quantile(np.abs(wandering.wander), 0.995, 0)
    np.testing.assert_allclose(geometry.place_limit, POSE_LIMIT * furthest, rtol=0.3)  # some of it looks like turning
    rest = torch.from_numpy(wandering.rest)[None].expand(2, -1, -1)
    away = torch.tensor([[0, 0, 0, 9, -9, 3], [0, 0, 0, -9, 9, -3.0]])
    latent = geometry.encode(rest, away)[0]
    beyond = latent[:, PLACES] * geometry.place_scale
    assert (beyond.abs() <= geometry.place_limit + 1e-4).all()
    np.testing.assert_allclose(beyond.sign(), away[:, -PLACE:].sign())
    usual = geometry(geometry.encode(rest, torch.zeros(2, POSE_SIZE))[0])
    shift = (geometry(latent) - usual)[:, 168, :2].abs()  # the bridge of the nose
    assert (shift <= 2.5 * geometry.place_limit[:2]).all()
    assert (shift >= 0.5 * geometry.place_limit[:2]).all()


def test_the_tracker_is_believed_less_where_the_head_hardly_moves(planted: Planted, wandering: Planted) -> None:
    """logvar is the tracker's noise in units of the footage's spread."""
    still, moving = planted.geometry(), wandering.geometry()
    rest, usual = torch.from_numpy(planted.rest)[None], torch.zeros(1, POSE_SIZE)
    certain = [geometry.encode(rest, usual)[1][0, PLACES] for geometry in (still, moving)]
    np.testing.assert_allclose(certain[0], 0, atol=1e-5)
    np.testing.assert_allclose(certain[1], 2 * np.log(np.array(PLACE_NOISE) / moving.place_scale.numpy()), atol=1e-4)
    assert certain[1].max() < -2
