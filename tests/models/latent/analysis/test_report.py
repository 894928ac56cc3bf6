"""`puppet analyze`: the page needs no other file, its figures are those of the planted actor."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from tiny_actor import tiny_actor
from tiny_dataset import write_dataset

from models import __main__ as cli
from models.data.dataset import open_dataset
from models.latent.analysis import page
from puppet.core.rows import evenly_spread

pytestmark = pytest.mark.usefixtures("one_torch_thread")


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
    section = page.Section("k", evil, page.paragraph(evil) + page.table((evil,), [(evil,)]) + page.box(evil), {})
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
