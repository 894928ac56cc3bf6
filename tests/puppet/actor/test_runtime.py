"""Loaded actors: planted behaviour, the card against the graphs, the self-test, providers, finding actors."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_actor as tiny

from puppet.actor.card import Golden
from puppet.actor.runtime import load_actor
from puppet.core.errors import ActorFileError
from puppet.core.types import POSE_SIZE, AlignedCrop, Drive, Latent
from puppet.face import align
from puppet.face.landmarks import STABLE


@pytest.fixture
def mesh(tmp_path):
    return load_actor(tiny.tiny_actor(tmp_path / "Mia.actor"), provider="cpu", threads=1)


@pytest.fixture
def image(tmp_path):
    return load_actor(tiny.tiny_actor(tmp_path / "Ida.actor", kind="image"), provider="cpu", threads=1)


# --- acting ---


def test_a_mesh_actor_follows_landmarks_and_pose(mesh):
    landmarks = mesh.neutral.copy()
    landmarks[tiny.LOWER_LIP, 1] += 0.1
    latent = mesh.encode(Drive(landmarks, np.array([15, -30, 6, 0.4, -0.2, 0.1], np.float32), 0.0), None)
    opening = 10 * (landmarks[tiny.LOWER_LIP, 1] - landmarks[tiny.UPPER_LIP, 1])
    assert np.allclose(latent.values, [0.5, -1, 0.2, opening, 0.4, -0.2, 0.1, 0], atol=1e-5)
    assert latent.values.dtype == np.float32


def test_a_mesh_actor_is_drawn_through_the_warp(mesh):
    rest = mesh.decode(Latent(np.zeros(8, np.float32))).image
    assert rest.shape == (64, 64, 3)
    assert rest.dtype == np.uint8
    assert np.abs(rest[..., ::-1].astype(int) - tiny.texture()).max() <= 1  # BGR
    right = mesh.decode(Latent(np.array([1, 0, 0, 0, 0, 0, 0, 0], np.float32))).image
    move = int(tiny.MOVE)
    assert np.abs(right[20:44, 20 + move : 44 + move].astype(int) - rest[20:44, 20:44]).max() <= 1
    up = mesh.decode(Latent(np.array([0, 1, 0, 0, 0, 0, 0, 0], np.float32))).image
    assert np.abs(up[20 - move : 44 - move, 20:44].astype(int) - rest[20:44, 20:44]).max() <= 1


def test_parts_drawn_are_what_decoding_gives(mesh, image):
    latent = Latent(np.linspace(-1, 1, mesh.card.latent_size, dtype=np.float32))
    texture, points = mesh.parts(latent)
    np.testing.assert_array_equal(mesh.draw(texture, points).image, mesh.decode(latent).image)
    for use in (lambda: image.parts(latent), lambda: image.draw(texture, points)):
        with pytest.raises(ValueError, match="Ida has no mesh"):
            use()


def test_an_image_actor_follows_pixels(image):
    assert image.needs_crop
    crop = AlignedCrop(np.full((tiny.CROP_SIZE, tiny.CROP_SIZE, 3), (51, 102, 204), np.uint8), np.eye(2, 3))
    latent = image.encode(Drive(image.neutral, np.zeros(POSE_SIZE, np.float32), 0.0), crop)
    assert np.allclose(latent.values, [0.8, 0.4, 0.2, 0], atol=1e-5)  # RGB
    picture = image.decode(latent).image
    assert (picture[-1] == (51, 102, 204)).all()
    assert (picture[0] == 0).all()


def test_an_image_actor_says_what_crop_it_wants(image, mesh):
    assert not mesh.needs_crop
    drive = Drive(image.neutral, np.zeros(POSE_SIZE, np.float32), 0.0)
    small = AlignedCrop(np.zeros((8, 8, 3), np.uint8), np.eye(2, 3))
    for crop in (None, small):
        with pytest.raises(ValueError, match="crops of side 32 px"):
            image.encode(drive, crop)


def test_what_the_card_promises_is_there(mesh):
    assert mesh.name == "Mia"
    assert mesh.providers == ["CPUExecutionProvider"]
    assert mesh.notice is None
    assert mesh.neutral.shape == (478, 3)
    assert np.array_equal(mesh.neutral[STABLE], align.STABLE_REFERENCE.astype(np.float32))
    assert mesh.latents.samples.shape == (3, 8)
    assert mesh.latents.directions["smile"].tolist() == [0, 0, 0, 1, 0, 0, 0, 0]
    assert mesh.golden_difference() == 0


# --- the self-test and the provider ---


def test_another_golden_picture_is_refused_on_the_cpu(tmp_path):
    path = tiny.write_tiny(tmp_path / "x.actor", golden=Golden(np.zeros((16, 16, 3), np.uint8), 3))
    with pytest.raises(
        ActorFileError, match=r"x\.actor: the self-test picture is off by \d+ levels, 3 are allowed; get"
    ):
        load_actor(path)
