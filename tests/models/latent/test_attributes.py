"""Attribute directions: what was planted in a latent space is found again, and what comes along unasked is told."""

from __future__ import annotations

import numpy as np
import pytest

from models.latent.attributes import PLAIN, PURE, auc, find_attributes

SIZE, FRAMES = 24, 4000
NAMES = ("smile", "brows up", "eyes closed")


def planted_directions() -> np.ndarray:
    """Orthonormal rows (3, 24)."""
    return np.linalg.qr(np.random.default_rng(1).normal(size=(SIZE, 3)))[0].T


def correlated_labels() -> np.ndarray:
    """Whoever smiles mostly raises the brows too: correlation 0.6; the third is on its own."""
    random = np.random.default_rng(2)
    smile = random.random(FRAMES) < 0.4
    brows = np.where(random.random(FRAMES) < 0.8, smile, random.random(FRAMES) < 0.4)
    return np.column_stack([smile, brows, random.random(FRAMES) < 0.2])


def latents(labels: np.ndarray, strength: float = 2.0) -> np.ndarray:
    noise = np.random.default_rng(3).normal(size=(FRAMES, SIZE))
    return (noise + strength * labels @ planted_directions() + 0.7).astype(np.float32)


def held_out() -> np.ndarray:
    return np.arange(FRAMES) % 1000 >= 800


def test_a_planted_direction_is_recovered():
    labels = correlated_labels()[:, [0, 2]]
    mu = (latents(np.column_stack([labels[:, 0], 0 * labels[:, 0], labels[:, 1]]))).astype(np.float32)
    found = find_attributes(mu, labels, ("smile", "eyes closed"), held_out())
    for name, truth in zip(found.names, planted_directions()[[0, 2]], strict=True):
        for variant in (PLAIN, PURE):
            assert found.direction(name, variant) @ truth > 0.99
    assert found.separation == pytest.approx([2, 2], abs=0.1)
    assert found.auc[PLAIN] == pytest.approx([0.92, 0.92], abs=0.02)  # two normals, 2 standard deviations apart


def test_attributes_that_go_together_are_told_apart():
    labels = correlated_labels()
    found = find_attributes(latents(labels), labels, NAMES, held_out())
    truth = planted_directions()
    cosines = found.directions[PLAIN] @ truth.T
    assert (np.diag(cosines) > 0.75).all()
    assert cosines[0, 1] > 0.4  # a smile's class means differ in the brows too
    pure = found.directions[PURE] @ truth.T
    assert (np.diag(pure) > 0.99).all()
    assert np.abs(pure - np.diag(np.diag(pure))).max() < 0.06
    assert np.linalg.norm(found.directions[PURE], axis=1) == pytest.approx(1)


def test_what_comes_along_is_told():
    """Labels that go together pull at each other's directions; the pure ones less, and as much as the labels do."""
    labels = correlated_labels()
    found = find_attributes(latents(labels), labels, NAMES, held_out())
    plain, pure = found.drag[PLAIN], found.drag[PURE]
    together = np.corrcoef(labels[held_out()].T)
    assert found.label_correlation == pytest.approx(together, abs=1e-4)
    assert plain[0, 1] > pure[0, 1] + 0.1
    assert pure[0, 1] == pytest.approx(pure[0, 0] * together[0, 1], abs=0.05)
    assert np.abs(plain[2, :2]).max() < 0.1
    assert (np.diag(plain) > 0.55).all()


def test_held_out_frames_judge():
    """Labels that mean nothing separate the frames they were taken from, and no others."""
    random = np.random.default_rng(4)
    mu, labels = random.normal(size=(200, 100)).astype(np.float32), random.random((200, 1)) < 0.5
    held = np.arange(200) >= 100
    assert find_attributes(mu, labels, ["luck"], held).auc[PLAIN][0] == pytest.approx(0.5, abs=0.15)
    assert find_attributes(mu, labels, ["luck"]).auc[PLAIN][0] > 0.85


def test_opposite_ends_of_one_axis_keep_their_directions():
    random = np.random.default_rng(5)
    yaw = random.uniform(-30, 30, FRAMES)
    mu = random.normal(size=(FRAMES, SIZE)).astype(np.float32)
    mu[:, 5] += yaw / 10
    found = find_attributes(mu, np.column_stack([yaw < -12, yaw > 12]), ("head left", "head right"), held_out())
    assert found.direction("head right", PURE)[5] > 0.95
    assert found.direction("head left", PURE)[5] < -0.95


def test_what_cannot_be_freed_is_stored_as_it_is():
    labels = correlated_labels()[:, [0, 0]]
    found = find_attributes(latents(correlated_labels()), labels, ("smile", "grin"), held_out())
    assert not found.directions[PURE].any()
    assert found.auc[PURE] == pytest.approx(0.5)
    assert np.array_equal(found.stored()["grin"], found.direction("smile"))


def test_too_few_frames_are_left_out_and_named():
    labels = correlated_labels()
    labels[:, 1] = False
    labels[:3, 1] = True
    labels[:, 2] = ~held_out() & labels[:, 2]
    found = find_attributes(latents(labels), labels, NAMES, held_out())
    assert found.names == ("smile",)
    assert found.left_out == {
        "brows up": "only 3 frames with it", "eyes closed": "all held-out frames are alike in it",
    }  # fmt: skip
    assert found.directions[PLAIN].shape == (1, SIZE)
    with pytest.raises(KeyError):
        found.direction("brows up")
    nothing = find_attributes(latents(labels), labels[:, 1:], NAMES[1:], held_out())
    assert nothing.directions[PURE].shape == (0, SIZE)
    assert nothing.stored() == {}
    assert "left out" in nothing.text()


def test_the_table_names_what_is_dragged_along():
    labels = correlated_labels()
    text = find_attributes(latents(labels), labels, NAMES, held_out()).text()
    smile = next(line for line in text.splitlines() if line.startswith("smile"))
    assert "brows up +0." in smile


def test_auc_counts_pairs():
    values, label = np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])
    assert auc(values, label) == 0.75
    assert auc(np.ones(4), label) == 0.5
    assert auc(values, np.zeros(4, bool)) == 0.5


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="2 attributes for 10 latents"):
        find_attributes(np.zeros((10, 4), np.float32), np.zeros((10, 3), bool), ("a", "b"))
