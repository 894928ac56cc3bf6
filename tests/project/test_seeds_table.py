"""docs/seeds.md: it is what docs/seeds.py writes, its pictures are there and small, and its commands are commands."""

from __future__ import annotations

import importlib.util
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest

from export.__main__ import attributes_parser, morphing_faces_parser, run_parser
from models.__main__ import build_parser as models_parser
from puppet.cli import build_parser as puppet_parser
from puppet.new_actor import training_code

DOCS = Path(__file__).resolve().parents[2] / "docs"
LARGEST = 1.2 * 2**20  # bytes of all pictures together


def load_script():
    spec = importlib.util.spec_from_file_location("seeds_table", DOCS / "seeds.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["seeds_table"] = module
    spec.loader.exec_module(module)
    return module


seeds = load_script()
BEFORE = seeds.steps(seeds.MINUTES, 3)  # every third frame of the footage, as for the pictures
COMMANDS = sorted({c for row in seeds.ROWS for c in row.commands} | {step.command for step in BEFORE})


def test_the_table_is_what_the_script_writes():
    assert (DOCS / "seeds.md").read_text(encoding="utf-8") == seeds.table(seeds.ROWS, BEFORE)


@pytest.mark.parametrize(("words", "count"), [([], len(seeds.ROWS)), (["--only", "walk", "noise"], 2)])
def test_the_script_runs_all_rows_or_those_asked_for(words, count, tmp_path, monkeypatch):
    ran, table = [], tmp_path / "seeds.md"
    monkeypatch.setattr(seeds, "prepare", lambda before, work: None)
    monkeypatch.setattr(seeds, "run_row", lambda row, work, done: ran.append(row.key))
    monkeypatch.setattr(seeds, "TABLE", table)
    assert seeds.main(["--work", str(tmp_path / "work"), *words]) == 0
    assert len(ran) == count
    assert table.read_text(encoding="utf-8").startswith("# ")


def test_every_row_has_its_picture_and_there_are_no_others():
    pictures = {path.name: path.stat().st_size for path in (DOCS / "seeds").iterdir()}
    assert set(pictures) == {f"{row.key}.jpg" for row in seeds.ROWS}
    assert sum(pictures.values()) < LARGEST


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_one_that_this_version_takes(command):
    words = shlex.split(command.replace("xvfb-run -a ", ""))
    if words[:2] == ["puppet", "export"]:
        others = {"morphing-faces": morphing_faces_parser, "attributes": attributes_parser}
        make = others.get(words[2])
        (make or run_parser)().parse_args(words[3:] if make else words[2:])
    elif words[0] == "puppet" and words[1] in training_code.COMMANDS:
        models_parser(words[1]).parse_args(words[1:])
    elif words[0] == "puppet":
        puppet_parser().parse_args(words[1:])
    elif words[:2] == ["python", "-m"]:
        assert (DOCS.parent / words[2].replace(".", "/")).with_suffix(".py").is_file()
    else:
        assert words[0] == "ffmpeg"


def test_a_section_of_a_report_is_found_with_its_pictures_alone(tmp_path):
    """Pictures inside a plot (its clouds of points) are no strips."""
    from models.latent.analysis.page import Section, page, strips

    red, blue = (np.full((2, 32, 32, 3), colour, np.uint8) for colour in ((200, 0, 0), (0, 0, 200)))
    plot = f'<svg><image src="{"data:image/jpeg;base64,AAAA"}"/></svg>'
    sections = [
        Section("one", "One", strips([("red", red)]), {}),
        Section("two", "Two", plot + strips([("blue", blue), ("red", red)]), {}),
    ]
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "report.html").write_text(page("t", "", sections), encoding="utf-8")
    picture = seeds.section("report", "two", 0, 1)(tmp_path)
    assert picture.shape == (seeds.WIDTH // 2, seeds.WIDTH, 3)
    assert np.abs(picture.mean((0, 1)) - (200, 0, 0)).max() < 4  # BGR
