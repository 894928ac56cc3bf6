"""Where a frame's fine detail lies, against a reference."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from planted_face import expression, rest_face

from models.networks.puppet.alignment import (
    CELLS,
    FURTHEST,
    SIDE,
    Alignment,
    corrected,
    enlarged,
    layout_of,
    levelled,
    movable_texels,
    reference_of,
)
from models.networks.puppet.mesh import ActorMesh, build_mesh
from puppet.actor.warp import MeshWarp
from puppet.core.types import Floats, HeadPose, Image
from puppet.face import align
from puppet.face.landmarks import EYE_LEFT, EYE_RIGHT, INNER_LIPS
from puppet.head.layout import sampled
from puppet.head.vertices import FOOT

PICTURE, TEXTURE = 256, 256
POSE = HeadPose(np.eye(3), align.STEADY_EYES * PICTURE, np.array([127.5, 110.0, 0.0]))


@pytest.fixture(scope="module")
def mesh() -> ActorMesh:
    return build_mesh(rest_face(), expression(rest_face(), open=0.25), POSE, PICTURE, TEXTURE)


@pytest.fixture(scope="module")
def movable(mesh: ActorMesh) -> Floats:
    return movable_texels(mesh.texture_points, TEXTURE)


def fine_texture(side: int, seed: int = 0, grain: float = 2.0) -> Image:
    """Skin with pores: uint8 (side, side, 4) RGBA, opaque."""
    noise = np.random.default_rng(seed).normal(0, 1, (side, side)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), grain)
    grey = 140 + 25 * noise / noise.std()
    return np.dstack([grey + 20, grey, grey - 20, np.full_like(grey, 255)]).clip(0, 255).round().astype(np.uint8)


def texels(side: int) -> Floats:
    y, x = np.mgrid[:side, :side].astype(np.float32)
    return np.stack([x, y], -1)


def planted_shift(side: int) -> Floats:
    """A smooth displacement of 1 to 2 texels of SIDE, f32 (side, side, 2) in shares of the texture."""
    y, x = (texels(side)[..., i] / side for i in (1, 0))
    right, down = 1.2 + 0.7 * np.sin(4 * x + 1), -0.8 * np.cos(3 * y)
    return (np.stack([right, down], -1) / SIDE).astype(np.float32)


def shifted(texture: Image) -> Image:
    """The texture of a frame whose detail lies `planted_shift` from its place."""
    side = len(texture)
    return sampled(texture, texels(side) - np.float32(side) * planted_shift(side))


def test_a_planted_displacement_is_found(movable: Floats) -> None:
    """To 0.3 of a texel, wherever detail may move; its sign is that of the detail, not of what would bring it back."""
    reference = fine_texture(SIDE)
    found = Alignment(levelled(reference), movable).displacement(shifted(reference)) * SIDE
    assert found.shape == (CELLS, CELLS, 2)
    free = cv2.resize(movable, (CELLS, CELLS), interpolation=cv2.INTER_AREA) > 0.999
    free[[0, 1, -2, -1]] = free[:, [0, 1, -2, -1]] = False  # what is shifted in at the rim is not known
    assert free.mean() > 0.4
    off = np.linalg.norm(found - planted_shift(CELLS) * SIDE, axis=-1)[free]
    assert off.max() < 0.3
    assert np.linalg.norm(planted_shift(CELLS) * SIDE, axis=-1)[free].mean() > 1


def test_nothing_moves_without_detail_or_light_alone(movable: Floats) -> None:
    reference = fine_texture(SIDE)
    aligned = Alignment(levelled(reference), movable)
    assert np.abs(aligned.displacement(reference) * SIDE).max() < 0.02
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    light = (0.8 + 0.3 * x)[..., None] * (1, 1, 1, 0) + (0, 0, 0, 1)
    lit = (reference * light).clip(0, 255).round().astype(np.uint8)
    assert np.abs(aligned.displacement(lit) * SIDE).max() < 0.3  # light that changes slowly is no movement
    flat = np.full((SIDE, SIDE, 4), 200, np.uint8)
    assert np.abs(Alignment(levelled(flat), movable).displacement(reference) * SIDE).max() <= FURTHEST


def test_eyes_mouth_and_what_lies_behind_the_skin_stay(mesh: ActorMesh, movable: Floats) -> None:
    reference = fine_texture(SIDE)
    found = Alignment(levelled(reference), movable).displacement(shifted(reference))
    everywhere = enlarged(found, SIDE)
    points = (mesh.texture_points + 0.5) * (SIDE / TEXTURE) - 0.5
    for rim in (EYE_RIGHT, EYE_LEFT, INNER_LIPS):
        x, y = points[list(rim)].round().astype(int).T
        assert np.abs(everywhere[y, x]).max() < 0.02
        x, y = points[list(rim)].mean(0).round().astype(int)
        assert not movable[y, x]
        assert not everywhere[y, x].any()
    foot = round((1 - FOOT) * SIDE)
    assert np.abs(everywhere[foot:]).max() < 0.01
    assert movable[: SIDE // 8].min() > 0.999
    assert movable.min() >= 0


def test_detail_may_move_no_further_than_a_limit(movable: Floats) -> None:
    reference = fine_texture(SIDE)
    far = sampled(reference, texels(SIDE) - np.float32(9))
    found = Alignment(levelled(reference), movable).displacement(far) * SIDE
    assert np.abs(found).max() <= FURTHEST + 1e-3


def test_a_person_without_a_background_is_compared_over_grey() -> None:
    """Premultiplied: an edge of alpha is no edge where the person is as grey as what is laid behind."""
    person = np.zeros((SIDE, SIDE, 4), np.uint8)
    person[:, SIDE // 2 :] = (128, 128, 128, 255)
    assert np.abs(levelled(person).astype(int) - 128).max() <= 3
    person[:, SIDE // 2 :, :3] = 250
    assert np.abs(levelled(person).astype(int) - 128).max() > 50


def test_the_reference_is_sharper_than_the_mean_of_frames_that_are_off(movable: Floats) -> None:
    """And it lies where the frames lie on average."""
    truth = fine_texture(SIDE)
    shifts = [np.float32(1.5) * np.array(d, np.float32) for d in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1))]
    frames = np.stack([sampled(truth, texels(SIDE) - shift) for shift in shifts])
    reference = reference_of(frames, movable)
    plain = levelled(frames.mean(0).round().astype(np.uint8))
    free = movable > 0.999
    free[:8] = free[:, :8] = free[:, -8:] = False

    def off(made: np.ndarray) -> float:
        return float(np.square(made.astype(float) - levelled(truth))[free].mean())

    assert off(reference) < 0.35 * off(plain)
    assert (
        np.abs(Alignment(levelled(truth), movable).displacement(np.dstack([reference] * 3 + [truth[..., 3]]))).max() < 1
    )


def test_a_corrected_field_draws_the_frame_as_it_is(mesh: ActorMesh, movable: Floats) -> None:
    """A frame is drawn with the reference's texture, but its detail lies beside what the mesh says."""
    warp = MeshWarp(mesh.triangles, mesh.texture_points, PICTURE)
    vertices = _placed(mesh)
    field = np.stack(warp.field(vertices), -1)
    texture = fine_texture(TEXTURE)
    true_field = field - sampled(planted_shift(TEXTURE), field) * np.float32(TEXTURE)
    frame = sampled(texture, true_field)
    small = layout_of(mesh.triangles, mesh.texture_points, TEXTURE)
    reference = levelled(small.unwrap(sampled(texture, field), vertices))
    displacement = Alignment(reference, movable).displacement(small.unwrap(frame, vertices))
    moved = corrected(field, displacement, TEXTURE)

    def off(by: Floats) -> float:
        drawn = sampled(texture, by).astype(float)
        return float(np.square(drawn - frame)[_cheeks(mesh, vertices)].mean())

    assert off(moved) < 0.3 * off(field)
    assert off(corrected(field, -displacement, TEXTURE)) > off(field)
    np.testing.assert_array_equal(corrected(field, np.zeros((CELLS, CELLS, 2), np.float32), TEXTURE), field)


def _placed(mesh: ActorMesh) -> Floats:
    """Vertices f32 (V, 3) px of the face at rest; what lies behind the skin is left where the nose is."""
    vertices = np.zeros((len(mesh.texture_points), 3), np.float32)
    vertices[:] = mesh.home[1] + np.array([0, 0, 500], np.float32)
    vertices[: len(mesh.home)] = mesh.home
    return vertices


def _cheeks(mesh: ActorMesh, vertices: Floats) -> np.ndarray:
    """Pixels bool (PICTURE, PICTURE) between eyes and mouth, away from both."""
    chosen = np.zeros((PICTURE, PICTURE), np.uint8)
    for point in (50, 280, 205, 425):
        cv2.circle(chosen, vertices[point, :2].round().astype(int).tolist(), 9, (1,), -1)
    return chosen > 0
