"""The graphs of an actor from one picture do what the trained actors' geometry does."""

from __future__ import annotations

from functools import cache

import numpy as np
import onnxruntime as ort
import pytest

from puppet.actor.graph.check import check_graph
from puppet.core.types import Floats, HeadPose
from puppet.face import align
from puppet.face.landmarks import IRIS_LEFT, IRIS_RIGHT
from puppet.face.neutral_from_picture import average_rest
from puppet.head import eyes, mouth
from puppet.head.vertices import BASE_VERTICES, EYEBALLS, FACE_POINTS, RINGS, drawn_behind
from puppet.photo.geometry import Geometry, decoder_file, encoder_file, geometry_of, placing_file
from puppet.photo.shading import PAINTED, Shading
from puppet.photo.shared import shared

SIZE = 512
USUAL = HeadPose(align.rotation_of(np.array((8.0, -3, 2))), 158.0, np.array((250.0, 262, 0)))


@cache
def neutral() -> Floats:
    average = np.zeros((478, 3), np.float32)
    average[align.STABLE] = align.STABLE_REFERENCE
    return average_rest(average)


@cache
def geometry() -> Geometry:
    return geometry_of(neutral(), USUAL, SIZE, shared())


def shading() -> Shading:
    """One feature, component 3, that makes a part of the texture redder by 20 levels."""
    weights, change = np.zeros((shared().components, 1), np.float32), np.zeros((1, PAINTED, PAINTED, 4), np.float32)
    weights[3], change[0, 20:30, 40:50, 0] = 1, 20
    return Shading(weights, np.zeros(1, np.float32), change)


def encoded(landmarks: Floats, pose: tuple[float, ...] = (0,) * 6) -> Floats:
    feed = {"landmarks": landmarks[None], "pose": np.array([pose], np.float32)}
    return np.asarray(ort.InferenceSession(encoder_file(geometry())).run(["mean"], feed)[0])


def points(latent: Floats) -> Floats:
    found = ort.InferenceSession(decoder_file(geometry(), shading())).run(["points"], {"latent": latent})[0]
    return np.asarray(found)[0]


def test_an_actor_may_hold_the_graphs() -> None:
    for graph in (encoder_file(geometry()), decoder_file(geometry(), shading()), placing_file(geometry())):
        check_graph(graph)


def test_the_texture_changes_with_its_features_and_with_nothing_else() -> None:
    session = ort.InferenceSession(decoder_file(geometry(), shading()))
    latent = np.zeros((1, geometry().latent_size), np.float32)
    painted = []
    for value in (0.0, 0.5, 1.0, 9.0):
        latent[0, 3] = value
        painted.append(np.asarray(session.run(["texture"], {"latent": latent})[0])[0].astype(int))
    assert (painted[0] == 128).all()
    assert (painted[1][20:30, 40:50, 0] == 138).all()
    assert (painted[2][20:30, 40:50, 0] == 148).all()
    np.testing.assert_array_equal(painted[2], painted[3])
    assert (painted[3][..., 1:] == 128).all()
    assert (painted[3][30:, :, 0] == 128).all()


def test_at_rest_the_face_lies_where_the_picture_shows_it() -> None:
    latent = encoded(neutral())
    np.testing.assert_allclose(latent, 0, atol=1e-3)
    expected = align.place(neutral()[:FACE_POINTS], USUAL) + drawn_behind()[:FACE_POINTS] * USUAL.scale
    np.testing.assert_allclose(points(latent)[:FACE_POINTS], expected, atol=0.02)


def test_a_turned_head_is_placed_as_torch_does() -> None:
    torch = pytest.importorskip("torch")
    from models.networks.puppet.geometry import Geometry as Trained
    from models.networks.puppet.geometry import rotations

    trained, g = Trained(shared().components), geometry()
    for name, value in {
        "neutral": g.neutral,
        "rest": np.concatenate([g.neutral[:FACE_POINTS], g.around]),
        "halo": np.concatenate([np.zeros((FACE_POINTS, 2)), g.halo]),
        "follow": g.follow,
        "home": g.home,
        "eyeballs": eyes.eyeballs(g.neutral),
        "teeth": mouth.interior(g.neutral),
        "jaw_drop": np.array([shared().jaw_drop]),
    }.items():
        trained._set(name, value)
    face = g.neutral[:FACE_POINTS] + np.float32(0.03) * np.random.default_rng(0).standard_normal((FACE_POINTS, 3))
    face, angles, look = face.astype(np.float32), np.array([[12.0, -7, 5]], np.float32), np.array([[0.03, -0.02]])
    expected = trained.place(
        torch.tensor(face[None]), torch.tensor(look).float(), rotations(torch.tensor(angles)),
        torch.tensor([[255.0, 250]]), torch.tensor([150.0]),
    )  # fmt: skip
    feed = {
        "face": face[None],
        "look": look.astype(np.float32),
        "rotation": align.rotation_of(angles[0]).T[None].astype(np.float32),
        "translation": np.array([[255, 250, 0]], np.float32),
        "scale": np.array([[150]], np.float32),
    }
    (placed,) = ort.InferenceSession(placing_file(g)).run(None, feed)
    np.testing.assert_allclose(np.asarray(placed), expected.numpy(), atol=0.01)


def test_eyes_that_look_aside_move_the_eyeballs_and_nothing_else() -> None:
    aside = neutral().copy()
    aside[[*IRIS_RIGHT, *IRIS_LEFT], 0] += 0.05
    moved = points(encoded(aside)) - points(encoded(neutral()))
    balls = slice(EYEBALLS, EYEBALLS + eyes.EYEBALL_VERTICES)
    np.testing.assert_allclose(moved[balls, 0], 0.05 * USUAL.scale * USUAL.rotation[0, 0], rtol=0.05)
    moved[balls] = 0
    np.testing.assert_allclose(moved, 0, atol=0.01)


def test_the_border_never_moves_and_a_wild_pose_stays_within_limits() -> None:
    rest, wild = points(encoded(neutral())), points(encoded(neutral(), (170, -90, 200, 9, 9, 5)))
    np.testing.assert_allclose(
        wild[BASE_VERTICES - 24 : BASE_VERTICES, :2], rest[BASE_VERTICES - 24 : BASE_VERTICES, :2]
    )
    assert np.isfinite(wild).all()
    assert np.abs(wild[1] - rest[1]).max() < SIZE


def test_rings_go_outwards_to_the_border() -> None:
    g = geometry()
    rings = g.home[FACE_POINTS : BASE_VERTICES - 24, :2].reshape(RINGS, -1, 2)
    away = np.linalg.norm(rings - align.place(neutral()[None, 1], USUAL)[0, :2], axis=2)
    assert (np.diff(away, axis=0) > 0).all()
    assert rings.min() > -3
    assert rings.max() < SIZE + 2
