"""Attribute directions in an actor file: planted ones are found through the file's own encoder, and kept in it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import tiny_actor as tiny
from planted_celeba import write_celeba
from tiny_dataset import openings, turns, write_dataset

pytest.importorskip("torch", reason="export needs the extra 'train'")

import export.__main__
from export.attributes import latent_means
from models.data.dataset import open_dataset
from models.data.prepare import Options, prepare
from puppet.actor.card import ActorKind
from puppet.actor.file import DECODER, ENCODER, PREVIEW, read_actor
from puppet.actor.runtime import load_actor

FRAMES = 240


def run(*arguments: object) -> int:
    return export.__main__.main(["attributes", *map(str, arguments)])


@pytest.fixture
def actor(tmp_path: Path) -> Path:
    return tiny.tiny_actor(tmp_path / "tiny.actor")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "data.h5", n=FRAMES)


def unit(dimension: int, size: int) -> np.ndarray:
    return np.eye(1, size, dimension)[0]


def test_planted_directions_are_found_and_kept(actor: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The tiny actor's latent 3 is the mouth, its latent 0 the yaw; everything else of the file stays."""
    card, before = read_actor(actor)
    assert run(actor, data) == 0
    told = capsys.readouterr().out
    assert "tiny.actor: 3 attributes, from " in told
    assert "smile            left out: only 0 frames with it" in told
    renewed, after = read_actor(actor)
    assert {name: after[name] for name in (ENCODER, DECODER, PREVIEW)} == {
        name: before[name] for name in (ENCODER, DECODER, PREVIEW)
    }
    assert (renewed.consent, renewed.created, renewed.training) == (card.consent, card.created, card.training)
    assert renewed.sha256 != card.sha256
    directions = load_actor(actor, "cpu", threads=1).latents.directions
    assert directions["mouth open"] @ unit(3, 8) > 0.99
    assert directions["head right"] @ unit(0, 8) > 0.95
    assert directions["head left"] @ unit(0, 8) < -0.95
    assert np.array_equal(directions["smile"], unit(3, 8))  # what was there, and nothing new is known of it


def test_latents_are_those_of_the_retargeted_faces(actor: Path, data: Path) -> None:
    rows = np.array([3, 50, 7])
    with open_dataset(data) as dataset:
        means = latent_means(load_actor(actor, "cpu", threads=1), dataset, rows)
    assert means.shape == (3, 8)
    assert 30 * np.diff(means[:, 0]) == pytest.approx(np.diff(turns(FRAMES)[rows]), abs=0.5)
    assert np.corrcoef(means[:, 3], openings(FRAMES)[rows])[0, 1] > 0.99


def test_a_copy_leaves_the_file_alone(
    actor: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, copy = actor.read_bytes(), tmp_path / "copy.actor"
    assert run(actor, data, "-o", copy, "--variant", "plain") == 0
    assert actor.read_bytes() == before
    assert "mouth open" in load_actor(copy, "cpu", threads=1).latents.directions
    assert run(actor, data, "-o", copy) == 2
    assert "--force" in capsys.readouterr().err


def test_labels_of_pictures_without_landmarks(tmp_path: Path) -> None:
    """Who wears a hat is red; the tiny image actor's first latent is red."""
    folder, random = tmp_path / "people", np.random.default_rng(0)
    folder.mkdir()
    lines = ["picture,hat"]
    for i in range(80):
        hat = random.random() < 0.4
        colour = random.integers(60, 120, 3) + (0, 0, 60 * hat)
        cv2.imwrite(str(folder / f"{i}.png"), np.full((40, 40, 3), colour, np.uint8))
        lines.append(f"{i}.png,{int(hat)}")
    (tmp_path / "hats.csv").write_text("\n".join(lines))
    prepare([folder], tmp_path / "people.h5", Options(size=32, crop="centre"))
    actor = tiny.tiny_actor(tmp_path / "people.actor", "image")
    assert run(actor, tmp_path / "people.h5", "--labels", tmp_path / "hats.csv") == 0
    assert load_actor(actor, "cpu", threads=1).latents.directions["hat"] @ unit(0, 4) > 0.95


def test_labels_that_came_with_the_pictures(tmp_path: Path) -> None:
    prepare([write_celeba(tmp_path / "celeba", 60)], tmp_path / "celeba.h5", Options(size=32, crop="centre"))
    actor = tiny.tiny_actor(tmp_path / "celeb.actor", "image")
    assert run(actor, tmp_path / "celeba.h5") == 0
    assert set(load_actor(actor, "cpu", threads=1).latents.directions) == {"smile", "Male", "Smiling"}


REFUSED: dict[ActorKind, str] = {
    "mesh": "has no landmarks",  # this actor's encoder asks for them
    "image": "give a list of labels with --labels",
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_done_is_told_and_changes_nothing(
    kind: ActorKind, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_celeba(tmp_path / "celeba", 30)
    if kind == "image":
        (root / "list_attr_celeba.txt").unlink()
    prepare([root], tmp_path / "celeba.h5", Options(size=32, crop="centre"))
    actor = tiny.tiny_actor(tmp_path / "tiny.actor", kind)
    before = actor.read_bytes()
    assert run(actor, tmp_path / "celeba.h5") == 2
    error = capsys.readouterr().err
    assert error.splitlines()[-1].startswith("error: ")
    assert REFUSED[kind] in error
    assert actor.read_bytes() == before
    assert run(tmp_path / "none.actor", tmp_path / "celeba.h5") == 2
