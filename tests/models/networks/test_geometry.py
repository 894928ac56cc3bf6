"""The linear half of the latent on planted linear expressions, and the rings on a planted head."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from planted_face import expression, rest_face

from models.networks.puppet import mouth, registration
from models.networks.puppet.eyes import LOOK
from models.networks.puppet.geometry import (
    ANGLES,
    COMPONENT_LIMIT,
    KNEE,
    PLACE,
    PLACE_NOISE,
    POSE_LIMIT,
    Geometry,
    Placements,
    pose_features,
    rotations,
    soft_limit,
)
from models.networks.puppet.mesh import BASE_VERTICES, EYEBALLS, FACE_POINTS, OVAL, TEETH, ActorMesh, build_mesh
from models.networks.puppet.openings import LIPS_NEARER
from puppet.actor.warp import MeshWarp
from puppet.core.types import POSE_SIZE, HeadPose
from puppet.face import align
from puppet.face.landmarks import EYE_RIGHT, INNER_LIPS, IRIS_LEFT, IRIS_RIGHT, LIPS, OUTER_LIPS, UPPER_LIP

pytestmark = pytest.mark.usefixtures("one_torch_thread")

SIZE = 96
SCALE = align.STEADY_EYES * SIZE
FRAMES = 80
EXPRESSIONS = 3
RINGS = slice(FACE_POINTS, FACE_POINTS + 2 * len(OVAL))
PLACES = slice(-LOOK - PLACE, -LOOK)  # of a latent


def expressions() -> np.ndarray:
    """Three planted movements of the face, f32 (3, 478, 3)."""
    rest = rest_face()
    moved = expression(rest, open=0.25), expression(rest, shut=1), expression(rest, smile=0.08)
    return np.stack(moved) - rest


class Planted:
    """Frames f (FRAMES): amounts (F, 3) of the expressions, angles (F, 3), and a head that moves as it turns.

    wander (F, 3): x, y px and log size of the head beyond what its angles tell; 0, or uniform up to `furthest`.
    """

    def __init__(self, furthest: tuple[float, float, float] = (0, 0, 0)) -> None:
        rng = np.random.default_rng(0)
        self.rest = rest_face()
        self.amounts = rng.uniform(0, 1, (FRAMES, EXPRESSIONS))
        self.canonical = (self.rest + np.tensordot(self.amounts, expressions(), 1)).astype(np.float32)
        turning = np.column_stack([rng.uniform(-30, 30, FRAMES), rng.uniform(-20, 20, FRAMES)])
        self.angles = np.column_stack([turning, rng.uniform(-8, 8, FRAMES)]).astype(np.float32)
        self.wander = rng.uniform(-1, 1, (FRAMES, 3)) * furthest
        self.translation = np.array([48.0, 42.0]) + self.angles[:, :2] * (0.2, -0.15) + self.wander[:, :2]
        self.scale = SCALE * np.exp(0.002 * self.angles[:, 1].astype(np.float64) + self.wander[:, 2])
        self.usual = HeadPose(np.eye(3), SCALE, np.array([48.0, 42.0, 0.0]))
        self.mesh: ActorMesh = build_mesh(self.rest, self.canonical.mean(0), self.usual, SIZE, SIZE)

    def geometry(self, components: int = 8) -> Geometry:
        geometry = Geometry(components)
        geometry.fit(self.canonical, self.poses(), self.held(), self.mesh, self.rest)
        return geometry

    def pose(self, row: int) -> HeadPose:
        place = np.append(self.translation[row], 0.0)
        return HeadPose(align.rotation_of(self.angles[row]), float(self.scale[row]), place)

    def poses(self) -> list[HeadPose]:
        return [self.pose(row) for row in range(FRAMES)]

    def held(self) -> HeadPose:
        """How the head is usually held."""
        place = np.append(np.median(self.translation, 0), 0.0)
        return HeadPose(align.rotation_of(np.median(self.angles, 0)), float(np.median(self.scale)), place)

    def placements(self) -> Placements:
        rotation = np.stack([align.rotation_of(a) for a in self.angles])
        arrays = self.canonical[:, :FACE_POINTS], rotation, self.translation, self.scale
        face, turned, moved, scaled = (torch.from_numpy(a.astype(np.float32)) for a in arrays)
        return face, torch.zeros(FRAMES, LOOK), turned, moved, scaled


@pytest.fixture(scope="module")
def planted() -> Planted:
    return Planted()


@pytest.fixture(scope="module")
def wandering() -> Planted:
    return Planted((4.0, 3.0, 0.08))


def encoded(geometry: Geometry, planted: Planted) -> torch.Tensor:
    """Latents (FRAMES, K + 8); the encoder takes movement from how the head is usually held."""
    movement = np.stack([geometry.movement(pose) for pose in planted.poses()])
    return geometry.encode(torch.from_numpy(planted.canonical), torch.from_numpy(movement))[0]


def unlimited(geometry: Geometry) -> Geometry:
    geometry.pose_limit.fill_(1e4)
    geometry.place_limit.fill_(1e4)
    return geometry


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
        np.testing.assert_allclose(vertices[row, still], planted.mesh.home[still], atol=1e-3)


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
    np.testing.assert_allclose(vertices[0, :BASE_VERTICES], home, atol=1e-3)


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


# --- where the eyes look ---


def looking(rest: np.ndarray, *glances: float, shut: float = 0.0) -> torch.Tensor:
    return torch.from_numpy(np.stack([expression(rest, gaze=glance, shut=shut) for glance in glances]))


def glancing(planted: Planted, furthest: float = 0.06) -> Geometry:
    geometry = Geometry(EXPRESSIONS)
    rng = np.random.default_rng(3)
    seen = np.stack([expression(planted.rest, gaze=g) for g in rng.uniform(-furthest, furthest, FRAMES)])
    geometry.fit(seen, planted.poses(), planted.held(), planted.mesh, planted.rest)
    return geometry


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
    assert ahead[balls, 2].min() > ahead[: balls.start, 2][geometry.follow.numpy().nonzero()[0]].max() + 1000


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


# --- rings ---


def soft_texture() -> np.ndarray:
    """Blobs of every colour, uint8 (SIZE, SIZE, 3)."""
    coarse = torch.rand(1, 3, 14, 14, generator=torch.Generator().manual_seed(1))
    fine = torch.nn.functional.interpolate(coarse, (SIZE, SIZE), mode="bicubic").clamp(0, 1)
    return (fine[0].permute(1, 2, 0) * 255).round().byte().numpy()


def test_rings_move_towards_the_planted_depth(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of a textured head whose rings lie at a planted depth; the first guess is 0.3 eye distances behind."""
    monkeypatch.setattr(registration, "STEPS", 60)
    monkeypatch.setattr(registration, "TEXELS", 48)
    geometry = planted.geometry()
    true_rest, true_follow = geometry.rest.clone(), geometry.follow.clone()
    warp = MeshWarp(planted.mesh.triangles, planted.mesh.texture_points, SIZE)
    vertices = geometry.place(*planted.placements()).numpy()
    pictures = torch.from_numpy(np.stack([warp.draw(soft_texture(), v) for v in vertices]))
    geometry.rest[RINGS, 2] += 0.3

    texture_points = torch.from_numpy(planted.mesh.texture_points)
    generator = torch.Generator().manual_seed(0)
    registration.register_rings(geometry, texture_points, pictures, planted.placements(), generator)

    moving = (true_follow > 0.5)[RINGS]  # the depth of what stays put cannot be seen
    depth_error = (geometry.rest - true_rest)[RINGS, 2][moving]
    assert depth_error.abs().mean() < 0.05
    assert (geometry.rest - true_rest)[RINGS, :2][moving].abs().mean() < 0.05
    assert ((geometry.follow[RINGS] >= 0) & (geometry.follow[RINGS] <= 1)).all()
    elsewhere = np.r_[: RINGS.start, RINGS.stop : len(true_rest)]
    np.testing.assert_array_equal(geometry.rest[elsewhere], true_rest[elsewhere])
    np.testing.assert_array_equal(geometry.follow[elsewhere], true_follow[elsewhere])


# --- what lies between the lips ---


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


def test_the_teeth_lie_behind_the_lips_and_the_upper_before_the_lower(planted: Planted) -> None:
    geometry = glancing(planted)
    face = geometry(geometry.encode(looking(planted.rest, 0.0), torch.zeros(1, POSE_SIZE))[0])[0].numpy()
    upper, lower = np.split(face[TEETH:, 2], [2 * len(mouth.UPPER)])
    assert lower.min() > upper.max() > upper.min() > face[list(LIPS), 2].max() + 1000


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
    picture = MeshWarp(mesh.triangles, flat, large).draw(texture, drawn)
    assert lip.sum() > 1000
    assert (picture[lip] > 127).mean() > 0.8  # 0.56 where lips are as near as they are; the nose is before some of it
