"""An engine that dies ends what nobody watches: one line, code 2, no empty file; in the window and without one."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from driven import SIZE, PlantedTracker, driver_clip
from engine_fakes import FakeSource
from tiny_actor import tiny_actor
from video_fixtures import numbered, read_video

from puppet import cli
from puppet.actor import runtime as actors
from puppet.commands import headless, services
from puppet.core.errors import SourceError
from puppet.core.types import Frame
from puppet.engine import puppeteer
from puppet.face import tracking
from puppet.gui.presenters.status import StatusPresenter
from puppet.process import log as error_log

ROOT = Path(__file__).resolve().parents[3]


class Broken(PlantedTracker):
    """Fails from its `first` picture on, with whatever `problem` is."""

    problem: BaseException = RuntimeError("planted")
    first = 0

    def __init__(self, library: str) -> None:
        super().__init__(library=library)
        self._tracked = 0

    def track(self, frame):
        self._tracked += 1
        if self._tracked > self.first:
            raise self.problem
        return super().track(frame)


def plant(kind: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Break a part of the engine; how the message begins."""

    def fail(*_: object, **__: object) -> None:
        raise TypeError("Couldn't build proto file\ninto descriptor pool: Invalid default '0.5'")

    monkeypatch.setattr(tracking, "live_tracker", PlantedTracker)
    if kind == "no tracker":
        monkeypatch.setattr(tracking, "live_tracker", fail)
        words = "TypeError: Couldn't build proto file into descriptor pool: Invalid default '0.5'"
        return f"Tracking failed unexpectedly ({words})"
    if kind == "tracking":
        monkeypatch.setattr(tracking, "live_tracker", Broken)
        return "Tracking failed unexpectedly (RuntimeError: planted)"
    if kind == "thread":
        monkeypatch.setattr(tracking, "live_tracker", type("Dying", (Broken,), {"problem": SystemExit(3)}))
        return "Tracking failed unexpectedly (SystemExit: 3)"
    if kind == "acting":
        monkeypatch.setattr(puppeteer.Puppeteer, "act", fail)
        return "Acting failed unexpectedly (TypeError: "
    assert kind == "acting thread"

    def leave(*_: object) -> None:
        raise SystemExit(4)

    monkeypatch.setattr(puppeteer.Puppeteer, "act", leave)
    return "Acting failed unexpectedly (SystemExit: 4)"


def run(folder: Path, *arguments: str) -> int:
    clip, actor = folder / "clip.mp4", folder / "tiny.actor"
    if not clip.exists():
        driver_clip(clip, frames=60)
        tiny_actor(actor)
    return cli.main(["run", "--source", str(clip), "--actor", str(actor), "--loop", *arguments])


def only_line(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr().err
    assert "Traceback" not in said
    lines = [line for line in said.splitlines() if line.startswith("puppet: ")]
    assert len(lines) == 1, said
    return lines[0].removeprefix("puppet: ")


@pytest.mark.parametrize("where", ["window", "headless"])
@pytest.mark.parametrize("kind", ["no tracker", "tracking", "thread", "acting", "acting thread"])
def test_one_line_code_2_and_no_empty_file(kind, where, tmp_path, qapp, monkeypatch, capsys) -> None:
    words = plant(kind, monkeypatch)
    film, shot = tmp_path / "new" / "film.mp4", tmp_path / "shot.png"
    extra = ["--headless"] if where == "headless" else ["--screenshot", str(shot)]
    assert run(tmp_path, "--frames", "90", "--record", str(film), *extra) == 2
    line = only_line(capsys)
    log = error_log.log_file()
    assert line.startswith(words)
    assert line.endswith(f"; its log is {log}")
    assert "Traceback" in log.read_text()
    assert {path.name for path in tmp_path.iterdir()} == {"clip.mp4", "tiny.actor"}


@pytest.mark.parametrize("wanted", ["--record", "--screenshot"])
def test_without_a_number_of_frames_too(wanted, tmp_path, qapp, monkeypatch, capsys) -> None:
    words = plant("no tracker", monkeypatch)
    assert run(tmp_path, wanted, str(tmp_path / ("film.mp4" if wanted == "--record" else "shot.png"))) == 2
    assert only_line(capsys).startswith(words)
    assert {path.name for path in tmp_path.iterdir()} == {"clip.mp4", "tiny.actor"}


@pytest.mark.parametrize("where", ["window", "headless"])
def test_what_was_recorded_until_then_is_kept(where, tmp_path, qapp, monkeypatch, capsys) -> None:
    monkeypatch.setattr(tracking, "live_tracker", type("Later", (Broken,), {"first": 12}))
    film = tmp_path / "film.mp4"
    assert run(tmp_path, "--frames", "900", "--record", str(film), *(["--headless"] * (where == "headless"))) == 2
    said = capsys.readouterr()
    assert "puppet: Tracking failed unexpectedly (RuntimeError: planted)" in said.err
    assert re.search(rf"^(recorded|Saved) +{re.escape(str(film))}", said.out, re.M)
    assert len(read_video(film)) >= 5


def test_an_actor_that_cannot_be_loaded_for_a_reason_that_nobody_foresaw(tmp_path, qapp, monkeypatch, capsys) -> None:
    monkeypatch.setattr(tracking, "live_tracker", PlantedTracker)

    def fail(*_: object) -> None:
        raise MemoryError("planted")

    monkeypatch.setattr(actors, "load_actor", fail)
    assert run(tmp_path, "--frames", "9", "--record", str(tmp_path / "film.mp4")) == 2
    assert only_line(capsys).startswith("Loading the actor tiny failed unexpectedly (MemoryError: planted)")
    assert not (tmp_path / "film.mp4").exists()


def test_a_slot_that_fails_ends_it_too(tmp_path, qapp, monkeypatch, capsys) -> None:
    """PyQt would abort the whole process."""
    monkeypatch.setattr(tracking, "live_tracker", PlantedTracker)

    def fail(*_: object) -> None:
        raise KeyError("planted")

    shown = StatusPresenter.show_status
    monkeypatch.setattr(
        StatusPresenter, "show_status", lambda area, status: (fail if status.results > 3 else shown)(area, status)
    )
    assert run(tmp_path, "--frames", "9000") == 2
    assert only_line(capsys).startswith("The window failed unexpectedly (KeyError: 'planted')")


@pytest.mark.parametrize("where", ["window", "headless"])
@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (SourceError("clip.mp4 is damaged from here on", "unreadable"), "clip.mp4 is damaged from here on"),
        (ZeroDivisionError("planted"), "Reading fake failed unexpectedly (ZeroDivisionError: planted)"),
    ],
    ids=["told", "bug"],
)
def test_a_source_that_fails_on_the_way(problem, words, where, tmp_path, qapp, monkeypatch, capsys) -> None:
    def fails(*_: object, **__: object) -> FakeSource:
        pictures = (Frame(numbered(k, *SIZE), k, time.perf_counter()) for k in range(12))
        return FakeSource(script=itertools.chain((slowly(picture) for picture in pictures), [problem]))

    def slowly(picture: Frame) -> Callable[[], Frame]:
        def read() -> Frame:
            threading.Event().wait(0.05)
            return picture

        return read

    monkeypatch.setattr(tracking, "live_tracker", PlantedTracker)
    monkeypatch.setattr(services, "open_any_source", fails)
    monkeypatch.setattr(headless, "open_source", fails)
    film = tmp_path / "film.mp4"
    assert run(tmp_path, "--frames", "900", "--record", str(film), *(["--headless"] * (where == "headless"))) == 2
    assert only_line(capsys).startswith(words)
    assert len(read_video(film)) >= 5


EXPLORER = """
import sys
from puppet import cli
from puppet.gui.explorer.worker import DecodeWorker
def fail(*_):
    raise RuntimeError("planted")
DecodeWorker._draw_small = fail
sys.exit(cli.main(["explore", *sys.argv[1:]]))
"""


def test_an_explorer_that_cannot_draw_ends_its_screenshot(tmp_path) -> None:
    """In a process of its own: the explorer's style sheet is the application's, and stays."""
    actor, shot = tiny_actor(tmp_path / "tiny.actor"), tmp_path / "shot.png"
    command = [sys.executable, "-c", EXPLORER, str(actor), "--screenshot", str(shot)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 2, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("puppet: ")]
    assert len(lines) == 1
    assert lines[0].startswith("puppet: Drawing tiny failed unexpectedly (RuntimeError: planted); its log is ")
    assert not shot.exists()
