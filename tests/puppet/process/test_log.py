"""The log: records, rotation, several processes, secrets; unexpected errors in one line, and what nothing catches."""

from __future__ import annotations

import argparse
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import QTimer

from puppet import __version__
from puppet.core.errors import RecordingError, UnexpectedError
from puppet.process import log
from puppet.process.log import add_verbose, explained, start, uncaught

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PUPPET_LOG_DIR", str(tmp_path / "log"))
    return tmp_path / "log"


@pytest.fixture(autouse=True)
def _quiet_afterwards() -> Iterator[None]:
    yield
    start("tests", verbose=False)


def raised(problem: BaseException) -> BaseException:
    try:
        raise problem
    except BaseException as caught:
        return caught


# --- records ---


def test_a_start_says_version_and_platform_and_modules_log_by_name(folder: Path) -> None:
    start("puppet render")
    logging.getLogger("models.training.trainer").debug("step %d", 3)
    first, second = log.log_file().read_text().splitlines()
    assert f"INFO puppet.process.log [{os.getpid()} MainThread]: puppet render, " in first
    assert f"render, puppet {__version__}, Python 3." in first
    assert second.endswith("MainThread]: step 3")
    assert " DEBUG models.training.trainer [" in second


def test_records_of_libraries_stay_out(folder: Path) -> None:
    start("puppet")
    logging.getLogger("matplotlib").error("not ours")
    assert "not ours" not in log.log_file().read_text()


@pytest.mark.parametrize("verbose", [False, True])
def test_verbose_also_shows_records_on_the_screen(
    verbose: bool, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    add_verbose(parser)
    start("puppet", parser.parse_args(["-v"] if verbose else []).verbose)
    logging.getLogger("puppet.sources").warning("the camera is gone")
    said = capsys.readouterr()
    assert said.out == ""
    assert ("the camera is gone" in said.err) == verbose
    assert "the camera is gone" in log.log_file().read_text()


def test_a_record_that_makes_no_sense_harms_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start("puppet", verbose=True)
    for words in ("%d of %d", "two\nlines \x1b[31m and \udce9%.0s"):
        record = logging.makeLogRecord({"msg": words, "args": ("",)})
        for handler in (log._file, log._screen):  # not pytest's, which complains of the first
            handler.handle(record)
    assert "Traceback" not in capsys.readouterr().err
    assert log.log_file().read_text().splitlines()[-1].endswith("two lines \\x1b[31m and \\udce9")


def test_only_the_user_may_read_it(folder: Path) -> None:
    before = os.umask(0o022)
    try:
        start("puppet")
    finally:
        os.umask(before)
    if sys.platform != "win32":
        assert folder.stat().st_mode & 0o777 == 0o700
        assert log.log_file().stat().st_mode & 0o777 == 0o600


SECRETS = (
    "rtsp://ada:hunter2@10.0.0.7/live",
    "'rtsp://ada:hun'ter2@10.0.0.7/live?x=1'",
    "http://10.0.0.7/video.cgi?user=x&pwd=hunter2&size=3",
    "['rtsp://ada:hunter2@cam','rtsp://ada:hunter2@door']",
    "rtsp:/ada:hunter2@10.0.0.7/live",
    "http://10.0.0.7/video.cgi?n=hunter2;hunter2&m:hunter2",
    "x" * (log.LOOKED_AT * log.LONGEST - 36) + " rtsp://ada:hunter2@10.0.0.7/live",  # cut before it is searched
    "rtsp://ada:hunter2@cam " * 1000,
    "x" * (log.LONGEST - 21) + " rtsp://ada:hunter2@10.0.0.7/live",  # cut in the middle of the password
)


@pytest.mark.parametrize("text", SECRETS)
def test_nothing_secret_is_written(text: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start("puppet", verbose=True)
    logging.getLogger("puppet.sources").info("opening %s", text)
    explained(raised(ValueError(f"cannot open {text}")), "Reading")
    for said in (log.log_file().read_text(), capsys.readouterr().err):
        for secret in ("hunter2", "hun'ter2", "hunter", "ada:"):
            assert secret not in said


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["-v", "doctor"], ["doctor", "-v"]),
        (["--verbose", "-v", "train", "x", "-v"], ["train", "--verbose", "-v", "x", "-v"]),
        (["-v"], ["-v"]),
        (["-v", "--source", "x"], ["-v", "--source", "x"]),
        (["run", "-v"], ["run", "-v"]),
        ([], []),
    ],
)
def test_verbose_may_stand_before_the_command(given: list[str], expected: list[str]) -> None:
    assert log.command_first(given) == expected


# --- the file ---


def test_the_log_stays_small_and_keeps_the_newest(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "LARGEST", 10_000)
    start("puppet")
    for number in range(100):
        logging.getLogger("puppet").info("number %d %s", number, "x" * 1000)
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert set(sizes) == {log.NAME, *log.OLDER, log.LOCK}
    assert max(sizes.values()) <= 10_000
    kept = "".join((folder / name).read_text() for name in (*reversed(log.OLDER), log.NAME))
    numbers = [int(line.split("number ")[1].split()[0]) for line in kept.splitlines()]
    assert numbers == list(range(numbers[0], 100))
    assert len(numbers) >= 2 * 9


WRITE = """
import logging, sys
from puppet.process import log
log.LARGEST = 20_000
log.start("writer")
for number in range(60):
    logging.getLogger("puppet").info("<%s %d %s>", sys.argv[1], number, "x" * 300)
"""


def test_several_processes_write_at_once(folder: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE, str(n)], env=env, stderr=subprocess.PIPE, text=True)
        for n in range(4)
    ]
    said = [writer.communicate()[1] for writer in writers]
    assert said == [""] * 4
    assert [writer.returncode for writer in writers] == [0] * 4
    files = [folder / name for name in (*reversed(log.OLDER), log.NAME)]
    lines = "".join(path.read_text() for path in files).splitlines()
    assert all(line.endswith("x>") or "writer, puppet" in line for line in lines)  # whole lines
    assert all(path.stat().st_size <= 20_000 for path in files)
    for n in range(4):  # none is lost between the oldest that was kept and the last
        numbers = [int(line.split("<")[1].split()[1]) for line in lines if f"<{n} " in line]
        assert numbers == list(range(60 - len(numbers), 60))


def test_a_lock_that_is_held_for_long_only_delays(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "PATIENCE", 0.05)
    folder.mkdir()
    with log.acquire(folder / log.LOCK) or pytest.fail("locked"):
        start("puppet")
    assert "puppet, puppet" in log.log_file().read_text()


def test_after_one_wait_for_a_lock_records_are_written_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    now = [100.0]
    monkeypatch.setattr(log, "acquire", lambda _, timeout: waits.append(timeout))
    monkeypatch.setattr(log.time, "monotonic", lambda: now[0])
    handler = log._LogFile()
    record = logging.makeLogRecord({"msg": "x"})
    for moment in (0.0, 0.1, log.IMPATIENT - 0.1, log.IMPATIENT + 0.1, log.IMPATIENT + 0.2):
        now[0] = 100.0 + moment
        handler.handle(record)
    assert waits == [log.PATIENCE, 0, 0, log.PATIENCE, 0]
    assert len(log.log_file().read_text().splitlines()) == 5


def test_a_record_behind_a_torn_one_begins_a_line(folder: Path) -> None:
    start("puppet")
    with log.log_file().open("a") as file:
        file.write("2026-05-02 12:30:05 INFO torn")
    logging.getLogger("puppet").info("next")
    logging.getLogger("puppet").info("last")
    lines = log.log_file().read_text().splitlines()
    assert [line.rpartition(" ")[2] for line in lines[1:]] == ["torn", "next", "last"]


@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe", "folder"])
def test_only_a_plain_file_is_written(kind: str, folder: Path, tmp_path: Path) -> None:
    folder.mkdir()
    path, other, reader = log.log_file(), tmp_path / "other", None
    if kind == "folder":
        path.mkdir()
    elif sys.platform == "win32":
        pytest.skip("links need a permission there, and pipes have no names in folders")
    elif kind == "pipe":
        os.mkfifo(path)
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    else:
        path.symlink_to(other)
        if kind == "link":
            other.write_text("mine")
    start("puppet")
    if reader is not None:
        assert os.read(reader, 100) == b""
        os.close(reader)
    assert log.writing_problem() == (
        "there is a folder of that name" if kind == "folder" else "it is a link, a pipe or a device, and no plain file"
    )
    assert {p.name for p in folder.iterdir()} == {log.NAME, log.LOCK}
    assert other.exists() == (kind == "link")
    assert not other.exists() or other.read_text() == "mine"


def test_no_more_of_a_message_than_counts_is_searched(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(log, "text_without_secrets", lambda text, **_: sizes.append(len(text)) or text)
    start("puppet")
    logging.getLogger("puppet").info("y" * 1_000_000)
    explained(raised(ValueError("z" * 1_000_000)), "Acting")
    assert max(sizes) <= log.LOOKED_AT * log.LONGEST_TRACE
    assert sizes[1] <= log.LOOKED_AT * log.LONGEST


# --- unexpected errors ---


def test_the_line_names_the_part_and_the_log_and_the_log_has_the_traceback(folder: Path) -> None:
    error = explained(raised(TypeError("Couldn't build\nproto \x1b[31mfile")), "Tracking")
    path = folder / log.NAME
    what = "TypeError: Couldn't build proto \\x1b[31mfile"
    assert str(error) == f"Tracking failed unexpectedly ({what}); its log is {path}"
    assert isinstance(error, UnexpectedError)
    said = path.read_text()
    assert "ERROR" in said
    assert "Tracking failed" in said
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


def test_of_a_long_traceback_the_end_is_kept(folder: Path) -> None:
    assert explained(raised(ValueError("x" * 50_000 + " the end")), "Acting")
    assert "the end" in (folder / log.NAME).read_text()
    assert log.log_file().stat().st_size < 2 * log.LONGEST_TRACE


def test_a_log_that_cannot_be_written_is_told_and_harms_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PUPPET_LOG_DIR", str(tmp_path / "file"))
    start("puppet")
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
