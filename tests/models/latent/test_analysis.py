"""`python -m models analyze`: planted latent spaces are told as they are, and the page needs nothing but itself."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from tiny_actor import tiny_actor
from tiny_dataset import write_dataset

from models import __main__ as cli
from models.common.rows import evenly_spread
from models.data.dataset import open_dataset
from models.latent.actor_space import ActorSpace
from models.latent.analysis import figures, page, views
from models.latent.analysis.study import study
from models.latent.space import Posterior, Training
from models.training.run_folder import data_facts
from puppet.actor.latents import Latents
from puppet.core.types import Floats, Image

pytestmark = pytest.mark.usefixtures("one_torch_thread")


# ---------------------------------------------------------------------------------------------- figures


def planted_posterior(frames: int = 4000) -> Posterior:
    """Dimension 0 says most, 2 less, 1 and 3 are dead: their posterior is the prior."""
    random = np.random.default_rng(0)
    mean, logvar = np.zeros((frames, 4)), np.zeros((frames, 4))
    for dimension, width in ((0, 0.1), (2, 0.5)):
        mean[:, dimension] = random.normal(0, np.sqrt(1 - width**2), frames)
        logvar[:, dimension] = 2 * np.log(width)
    return Posterior(mean.astype(np.float32), logvar.astype(np.float32))


def test_planted_dead_dimensions_rank_last_and_are_not_active():
    found = figures.units(planted_posterior())
    assert found.ranked[:2].tolist() == [0, 2]
    assert found.active.tolist() == [True, False, True, False]
    assert found.kl[[1, 3]] == pytest.approx([0, 0], abs=1e-6)
    assert found.kl[0] == pytest.approx(-np.log(0.1), abs=0.05)  # N(0, 1) as a whole: the KL is all information
    assert found.useful.tolist() == [0]
    assert found.shown.tolist() == [0, 2, 1, 3]  # one useful dimension is too few to show


def test_the_aggregate_of_a_perfect_posterior_is_the_prior():
    posterior, edges = planted_posterior(20000), np.linspace(-3, 3, 13)
    middle = (edges[1:] + edges[:-1]) / 2
    normal = np.exp(-(middle**2) / 2) / np.sqrt(2 * np.pi)
    for dimension in range(4):
        density = figures.aggregate_density(posterior.mean[:, dimension], posterior.logvar[:, dimension], edges)
        assert density == pytest.approx(normal, abs=0.02)


def test_pca_finds_the_planted_axes_and_tsne_keeps_groups_apart():
    random = np.random.default_rng(1)
    group = np.repeat([0, 1, 2], 20)
    points = random.normal(0, 0.1, (60, 6)) + np.eye(6)[group] * 5
    flat, shares = figures.pca(points)
    assert shares[:2].sum() > 0.95
    assert shares[0] >= shares[1] >= shares[2]
    for places in (flat, figures.tsne(points.astype(np.float32), seed=0)):
        centres = np.stack([places[group == g].mean(0) for g in range(3)])
        nearest = np.linalg.norm(places[:, None] - centres[None], axis=2).argmin(1)
        assert np.array_equal(nearest, group)


def test_thumbnails_are_one_a_cell_and_in_its_middle():
    places = np.array([[0, 0], [0.5, 0.5], [1, 1], [10, 10], [8.5, 8.4], [9.4, 9.5]], float)
    assert figures.spread_out(places, 10).tolist() == [1, 2, 4, 5]


def test_likeness_knows_a_real_picture_again():
    real = np.random.default_rng(2).integers(0, 255, (5, 32, 32, 3)).astype(np.uint8)
    made = np.stack([real[3], 255 - real[0]])
    assert figures.likeness(made, real)[0] == pytest.approx(100)
    assert figures.likeness(made, real)[1] < 12
    assert figures.psnr(np.full((1, 8, 8, 3), 100, np.uint8), np.full((1, 8, 8, 3), 110, np.uint8)) == pytest.approx(
        20 * np.log10(255 / 10)
    )


# ---------------------------------------------------------------------------------------------- sections


class PlantedSpace:
    """Codes are colours, spread by `spread`; what lies nearer to 0 than `hole` is drawn black."""

    latent_size, image_size = 3, 16
    latents: Latents | None = None
    training: Training | None = None

    def __init__(self, name: str, spread: float, hole: float = 0.0) -> None:
        self.name, self._spread, self._hole = name, spread, hole

    def encode(self, dataset, rows) -> Posterior:
        codes = np.random.default_rng(3).normal(0, self._spread, (len(dataset), 3)).astype(np.float32)[rows]
        return Posterior(codes, np.full_like(codes, -2.0))

    def originals(self, dataset, rows) -> Image:
        return self.decode(self.encode(dataset, rows).mean)

    def follow(self, clip) -> Floats:
        raise NotImplementedError

    def decode(self, points) -> Image:
        colours = np.where(np.abs(points).max(1, keepdims=True) < self._hole, 0, 180 + 10 * np.tanh(points))
        return colours.astype(np.uint8)[:, None, None].repeat(16, 1).repeat(16, 2)


def test_the_lesson_an_autoencoders_empty_middle_is_told_from_a_vae(tmp_path):
    """The planted autoencoder puts its codes far out and draws black near 0, where N(0, 1) lies."""
    vae, ae = PlantedSpace("vae", 1.0), PlantedSpace("ae", 40.0, hole=4.0)
    with open_dataset(write_dataset(tmp_path / "d.h5")) as dataset:
        told = views.against(*(study(space, dataset, 24, seed=0) for space in (vae, ae)))
    found = told.figures["spaces"]
    assert found["ae"]["likeness_of_noise_alone"] < 10 < 25 < found["vae"]["likeness_of_noise_alone"]
    assert found["ae"]["likeness_with_noise_as_wide"] > 20  # scattered as its codes are, it stays out of the middle
    assert found["ae"]["spread_of_codes"] > 20 > 2 > found["vae"]["spread_of_codes"]
    assert "vae is the one to draw from" in told.body


def test_held_out_frames_are_known_only_for_the_data_set_of_the_run(tmp_path):
    space = PlantedSpace("s", 1.0)
    with open_dataset(write_dataset(tmp_path / "d.h5", n=40)) as dataset:
        facts = data_facts(dataset)
        space.training = Training(tmp_path / "d.h5", facts["sha256"], 0.25)
        known = study(space, dataset, 40, seed=0)
        assert known.unseen
        assert np.array_equal(np.flatnonzero(known.held_out), dataset.split(0.25)[1])
        space.training = replace(space.training, sha256="another")
        assert not study(space, dataset, 40, seed=0).unseen


# ---------------------------------------------------------------------------------------------- the page


class Links(HTMLParser):
    """Everything a page would fetch, and its scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        given = dict(attrs)
        self.fetched += [tag] if tag in ("script", "link", "iframe", "object", "embed", "base") else []
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "srcset")]
        if tag == "section":
            self.ids.append(given["id"] or "")


def check_self_contained(text: str) -> Links:
    links = Links()
    links.feed(text)
    assert [link for link in links.fetched if not link.startswith(("data:image/", "#"))] == []
    assert not re.search(r"url\((?!#)|@import", text)
    return links


def test_words_cannot_become_markup():
    evil = '<script src="http://x">&'
    section = page.Section("k", evil, page.words(evil) + page.table((evil,), [(evil,)]) + page.box(evil), {})
    text = page.page(evil, page.strips([(evil, np.zeros((2, 4, 4, 3), np.uint8))], [evil, evil], evil), [section])
    check_self_contained(text)
    assert "<script" not in text


def test_a_report_of_an_actor_file(tmp_path, capsys):
    actor, data = str(tiny_actor(tmp_path / "tiny.actor", "image")), write_dataset(tmp_path / "d.h5", n=60, size=32)
    labels = tmp_path / "labels.csv"
    labels.write_text("frame,wide\n" + "".join(f"{i},{int(np.cos(i * 0.7) < 0)}\n" for i in range(60)))
    arguments = ["analyze", actor, str(data), "--frames", "50", "--morph", "3", "7", "--labels", str(labels)]
    assert cli.main([*arguments, "-o", str(tmp_path / "report")]) == 0
    assert "report.html: open it in a browser" in capsys.readouterr().out
    assert sorted(p.name for p in (tmp_path / "report").iterdir()) == ["report.html", "report.json"]
    found = json.loads((tmp_path / "report" / "report.json").read_text())
    links = check_self_contained((tmp_path / "report" / "report.html").read_text())
    assert set(links.ids) == set(found) - {"about"}
    assert found["about"]["frames_looked_at"] == 50
    assert found["about"]["frames_in_data"] == 60
    with open_dataset(data) as dataset:
        colours = dataset.images(evenly_spread(60, 50)).mean((1, 2)) / 255
    assert found["histograms"]["mean"][:3] == pytest.approx(colours.mean(0), abs=1e-4)
    assert found["dimensions"]["dimensions"] == 4
    assert found["morphs"]["rows"] == [[3, 7]]
    # a red square that grows with the opening of the mouth: wide open is more red, and less of the rest
    attributes = found["attributes"]
    place = attributes["names"].index("wide")
    direction = np.array(attributes["directions"]["plain"][place])
    centred = colours - colours.mean(0)
    assert abs(direction[:3] @ np.linalg.svd(centred, full_matrices=False)[2][0]) > 0.95
    assert attributes["auc"]["plain"][place] > 0.9
    assert cli.main([*arguments, "-o", str(tmp_path / "report")]) == 2
    assert "already exists" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--morph", "0", "24"], "has rows 0 to 23, not 24"),
        (["--against", "nowhere/run"], "no such run folder"),
        (["--labels", "absent.csv"], "absent.csv"),
        (["--frames", "1"], "1 frames are too few for a report"),
    ],
)
def test_what_cannot_be_reported_is_told_and_writes_nothing(tmp_path, monkeypatch, capsys, extra, message):
    monkeypatch.chdir(tmp_path)
    actor, data = str(tiny_actor(tmp_path / "tiny.actor", "image")), write_dataset(tmp_path / "d.h5", size=32)
    assert cli.main(["analyze", actor, str(data), "-o", "report", "--no-tsne", *extra]) == 2
    assert message in capsys.readouterr().err.splitlines()[-1]
    assert not Path("report").exists()


def test_a_mesh_actor_is_studied_by_its_landmarks(tmp_path):
    space = ActorSpace(str(tiny_actor(tmp_path / "tiny.actor")))
    with open_dataset(write_dataset(tmp_path / "d.h5")) as dataset:
        looked_at = study(space, dataset, 24, seed=0)
    assert looked_at.mean.shape == (24, 8)
    assert looked_at.units.active[[0, 3]].all()  # yaw and mouth move, the last latent never does
    assert not looked_at.units.active[7]
    assert looked_at.pictures.shape[1:] == (64, 64, 3)
