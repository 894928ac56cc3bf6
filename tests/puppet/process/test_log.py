"""Errors that nobody foresaw: the line for people, the log, and what nobody catches."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PyQt6.QtCore import QTimer

from puppet.core.errors import RecordingError, UnexpectedError
from puppet.process import log
from puppet.process.log import explained, uncaught


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PUPPET_LOG_DIR", str(tmp_path / "log"))
    return tmp_path / "log"


def raised(problem: BaseException) -> BaseException:
    try:
        raise problem
    except BaseException as caught:
        return caught


def test_the_line_names_the_part_and_the_log_and_the_log_has_the_traceback(folder: Path) -> None:
    error = explained(raised(TypeError("Couldn't build\nproto \x1b[31mfile")), "Tracking")
    path = folder / log.NAME
    what = "TypeError: Couldn't build proto \\x1b[31mfile"
    assert str(error) == f"Tracking failed unexpectedly ({what}); its log is {path}"
    assert isinstance(error, UnexpectedError)
    said = path.read_text()
    assert "Tracking" in said
    assert "Traceback" in said
    assert "in raised" in said


def test_a_problem_that_is_explained_already_stays_as_it_is(folder: Path) -> None:
    problem = RecordingError("the disk is full")
    assert explained(problem, "An output") is problem
    assert not folder.exists()


def test_the_same_error_at_every_frame_is_one_entry(folder: Path) -> None:
    lines = {str(explained(raised(ValueError("again")), "Acting")) for _ in range(50)}
    assert len(lines) == 1
    assert (folder / log.NAME).read_text().count("Traceback") == 1


def test_the_log_stays_small_and_keeps_the_newest(folder: Path) -> None:
    for n in range(60):
        explained(raised(ValueError(f"number {n} " + "x" * 20_000)), "Acting")
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert set(sizes) == {log.NAME, log.BEFORE, log.LOCK}
    assert sum(sizes.values()) <= 2 * log.LARGEST
    assert explained(raised(ValueError("the last")), "Acting")
    assert "the last" in (folder / log.NAME).read_text()


def test_a_log_that_cannot_be_written_is_told_and_harms_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PUPPET_LOG_DIR", str(tmp_path / "file"))
    said = str(explained(raised(ValueError("nowhere")), "Acting"))
    assert said.startswith("Acting failed unexpectedly (ValueError: nowhere); its log ")
    assert "could not be written: there is a file where a folder should be" in said


def test_what_nobody_catches_in_a_thread_is_told_once(folder: Path) -> None:
    told: list[str] = []

    def broken() -> None:
        raise KeyError("planted")

    with uncaught(lambda error: told.append(str(error))):
        for _ in range(3):
            thread = threading.Thread(target=broken, name="disk space")
            thread.start()
            thread.join()
    path = folder / log.NAME
    assert told == [f"The thread disk space failed unexpectedly (KeyError: 'planted'); its log is {path}"]


def test_a_slot_that_fails_ends_nothing(folder: Path, qtbot) -> None:
    told: list[str] = []

    def broken() -> None:
        raise KeyError("planted")

    with uncaught(lambda error: told.append(str(error))):
        QTimer.singleShot(0, broken)
        qtbot.waitUntil(lambda: bool(told), timeout=60_000)
    assert told[0].startswith("The window failed unexpectedly (KeyError: 'planted'); its log is ")
