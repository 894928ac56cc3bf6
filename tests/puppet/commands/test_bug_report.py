"""The bug report: what is in it, and that nothing planted about the user is."""

from __future__ import annotations

import json
import logging
import os
import time
import unicodedata
import zipfile
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from puppet import __version__, cli
from puppet.commands import doctor
from puppet.commands.bug_report import LOG_TAIL, report_texts, write_report
from puppet.commands.doctor import Finding
from puppet.commands.redaction import Redaction, Vocabulary
from puppet.core.errors import PuppetError
from puppet.core.motion import MotionSettings
from puppet.parsing.plain_json import to_json
from puppet.process.log import explained, start
from puppet.settings import Settings
from puppet.sources.network import passwords

CAMERA = "rtsp://petra:hunter2@192.168.7.9:8554/live?pwd=zebra"
NEEDLES = (
    *("quentin", "wedding", "birthday", "holiday", "petra", "hunter2", "zebra", "192.168.7.9", "pim-laptop"),
    *("00:1a:2b:3c:4d:5e", "fe80::1234", "example.org", "airpods", "secret folder", "odette"),
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user with a history, all of it private."""
    home = tmp_path / "home" / "odette"
    home.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("PUPPET_CONFIG_DIR", str(home / "config"))
    monkeypatch.setenv("PUPPET_LOG_DIR", str(home / "log"))
    monkeypatch.setattr("puppet.commands.redaction.socket.gethostname", lambda: "pim-laptop")
    (home / "config").mkdir()
    settings = Settings(
        source=passwords.keep(CAMERA),
        recent=(f"{home}/Quentin wedding.mp4", "holiday.mp4", "http://cams.example.org/x"),
        user="Quentin",
        users=("Me", "Quentin"),
        actor="marble",
        recording_folder=str(home / "secret folder"),
        wall=(f"{home}/quentin.actor",),
        motion=MotionSettings(smoothing=0.25),
    )
    settings = replace(settings, output=replace(settings.output, microphone="Quentin's AirPods", codec="vp9"))
    (home / "config" / "settings.json").write_text(to_json(asdict(settings) | {"quentin": "hunter2"}, indent=2))
    return home


def fill_log(home: Path) -> None:
    start("puppet run")
    log = logging.getLogger("puppet.actor.runtime")
    log.info("actor '%s' loaded with CPUExecutionProvider in 0.5 s", home / "quentin.actor")
    log.warning("%s: it cannot be read", home / "My holiday" / "Quentin wedding, part 2.mp4")
    log.warning("birthday party.mp4: there is no such file or folder")
    log.info("ffmpeg -y -i '%s/a wedding.mp4' -vf scale=2 %s/birthday.mp4", home, home)
    log.info("opening %s, then \\\\pim-laptop\\holiday and C:\\Users\\Odette\\wedding.mov", CAMERA)
    log.info("192.168.7.9:8554 answers, as do fe80::1234 and 00:1a:2b:3c:4d:5e of petra@example.org")
    log.info("Quentin's AirPods cannot be opened; pose of QUENTIN")
    try:
        raise ValueError(f"bad address {CAMERA} in {home}/holiday.json")
    except ValueError as problem:
        explained(problem, f"Reading {CAMERA}")


def test_nothing_that_was_planted_is_in_it(home: Path, tmp_path: Path) -> None:
    fill_log(home)
    report = tmp_path / "report.zip"
    write_report(
        report,
        [
            str(Finding("good", "actor quentin", f"mesh ({home}/quentin.actor)")),
            "[ ok ] camera: 0 Odette's iPhone",
        ],
    )
    with zipfile.ZipFile(report) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    everything = {"the file's bytes": report.read_bytes().decode("latin-1"), **texts}
    for where, text in everything.items():
        for needle in (*NEEDLES, str(home), str(tmp_path)):
            assert needle.lower() not in text.lower(), (where, needle, text)
    assert "it cannot be read" in texts["puppet.log"]
    assert "loaded with CPUExecutionProvider in 0.5 s" in texts["puppet.log"]
    assert "there is no such file or folder" in texts["puppet.log"]
    assert "ValueError" in texts["puppet.log"]
    assert 'File "<program>' in texts["puppet.log"]
    assert "[ ok ] camera: 0 <user>'s iPhone" in texts["doctor.txt"]


def test_what_helps_is_in_it(home: Path) -> None:
    texts = report_texts(["[ ok ] packages: opencv-contrib-python 4.11.0.86", "[ ok ] actor marble: mesh"])
    assert f"puppet {__version__}\nPython 3." in texts["versions.txt"]
    assert "ffmpeg version" in texts["versions.txt"]
    assert f"numpy {np.__version__}" in texts["versions.txt"]
    assert "actor marble: mesh" in texts["doctor.txt"]
    settings = json.loads(texts["settings.json"])
    assert settings["motion"]["smoothing"] == 0.25
    assert settings["output"]["codec"] == "vp9"
    assert settings["users"] == ["<text>", "<text>"]
    assert settings["source"] == "<text>"
    assert settings["<unknown setting>"] == "<text>"
    assert texts["puppet.log"].startswith("no log: ")


@pytest.mark.parametrize("content", [None, "", "[1]", "{", '{"source": {"a": "quentin"}, "users": "quentin"}'])
def test_settings_that_make_no_sense_stay_where_they_are(home: Path, content: str | None) -> None:
    file = home / "config" / "settings.json"
    file.unlink() if content is None else file.write_text(content)
    assert "quentin" not in report_texts([])["settings.json"]
    assert (file.read_text() if file.exists() else None) == content


def test_an_existing_file_is_never_replaced(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = tmp_path / "taken.zip"
    taken.write_text("precious")
    monkeypatch.setattr(doctor, "run_check", lambda _: pytest.fail("a check ran"))
    for call in (lambda: write_report(taken, []), lambda: doctor.examine(report=taken)):
        with pytest.raises(PuppetError, match=r"taken\.zip exists already and is not overwritten"):
            call()
    with pytest.raises(PuppetError, match="cannot be written"):
        write_report(taken / "x.zip", [])
    assert taken.read_text() == "precious"


@pytest.mark.parametrize("name", ["", "x" * 300, "new/" + "x" * 300, "a\0b", "taken/x.zip", "taken/new/x.zip"])
def test_a_place_that_cannot_be_is_refused_before_any_check(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("taken").write_text("precious")
    monkeypatch.setattr(doctor, "run_check", lambda _: pytest.fail("a check ran"))
    with pytest.raises(PuppetError, match="cannot be written"):
        doctor.examine(report=Path(name))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "taken"]


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_only_its_owner_can_read_it(home: Path, tmp_path: Path) -> None:
    write_report(tmp_path / "report.zip", [])
    assert (tmp_path / "report.zip").stat().st_mode & 0o777 == 0o600


STRANGERS = (  # what nothing but the log knows, and what must not be left of it
    ("AnnaKim.mpg", "kim"),
    ("AnnaHoliday", "holiday"),
    ("Anna's clip.mts", "anna"),
    ("'Anna: trip.mp4'", "trip"),
    ("/media/stick/Anna: Kim's trip.mts", "kim"),
    ('/media/stick/the "Anna" tape: Kim.mts', "kim"),
    ("C:\\Users\\Anna: Kim\\trip", "kim"),
    (unicodedata.normalize("NFD", "Zoë Müller.mpg"), "ller"),
    (unicodedata.normalize("NFD", "\u00c9mile"), "mile"),
    ("Анна Ким", "Ким"),
    (r"\u0410\u043d\u043d\u0430", "043d"),
    (r"b'\xd0\x90\xd0\xbd'", "xd0"),
    ("%D0%90%D0%BD", "d0"),
    ("An\u200bna", "an\u200b"),
    ("camera-anna.local", "anna"),
    ("anna_kim_2019", "anna"),
    ("kim4711", "kim"),
    ("\U0001f600anna", "anna"),
    ("call 01701234567", "0170"),
    ("3f2a9c1d77", "3f2a"),
    ("2b1c9a60-58d2-4c5e-9d3f-0a1b2c3d4e5f", "58d2"),
    ("answered 192.168.7.9.", "192.168"),
    ("at ::ffff:192.168.7.9", "168.7"),
    ("00-1A-2B-3C-4D-5E", "1a-2b"),
)


@pytest.mark.parametrize("damaged", [True, False])
def test_no_stranger_is_left(home: Path, tmp_path: Path, damaged: bool) -> None:
    if damaged:
        (home / "config" / "settings.json").write_text('{"users": ["Anna Kim", ')
        passwords.passwords_path().write_text("{anna")
    start("puppet run")
    log = logging.getLogger("puppet.cli")
    findings = []
    for text, _ in STRANGERS:
        log.error("%s: there is no such file or folder", text)
        log.error("actor '%s' loaded, run %s", text, text)
        findings.append(f"[note] camera: {text}\n[BAD ] actor {text}: {text} cannot be read\udce9")
    report = tmp_path / "AnnaKim.zip"
    write_report(report, findings)
    with zipfile.ZipFile(report) as archive:
        texts = [archive.read(name).decode().lower() for name in ("puppet.log", "doctor.txt", "settings.json")]
    for text in texts:
        for _, needle in STRANGERS:
            assert needle.lower() not in text, (needle, text)
    assert "there is no such file or folder" in texts[0]
    assert "error puppet.cli [" in texts[0]


def test_a_developer_can_still_read_it() -> None:
    public = Vocabulary()
    for line in (
        "2026-11-28 21:49:10 WARNING puppet.engine.capture_thread [10367 capture]: there is no such file or folder",
        'File "<program>/puppet/parsing/reading.py", line 31, in open_regular',
        'File "<python>/lib/python3.11/site-packages/onnxruntime/capi/onnxruntime_inference_collection.py", line 220',
        "FileNotFoundError: [Errno 2] No such file or directory: ",
        "PermissionError: [Errno 13] Permission denied; Resource temporarily unavailable; Device or resource busy",
        "cannot open video device /dev/video0: Invalid data found when processing input, moov atom not found",
        "onnxruntime.capi.onnxruntime_pybind11_state.InvalidGraph: Load model failed, CUDAExecutionProvider, libcudnn",
        "qt.qpa.plugin: could not load the Qt platform plugin xcb, Linux-6.18.44-x86_64-with-glibc2.36 [1 MainThread]",
    ):
        assert public(line) == line
    assert public("Anna Kim's trip: Lena, Tim; is here") == "…'s …: …; is here"
    assert public("Max is here, at most max 3") == "… is here, at most max 3"


def test_a_large_log_takes_no_time() -> None:
    hide, public = Redaction(("Anna",)), Vocabulary()
    begun = time.monotonic()
    for part in (
        "a",
        "]",
        "1",
        "a.",
        "/",
        ":",
        "f0",
        "@",
        "x ",
        "'",
        "\u0301",
        "\\",
        "\u2026 ",
        "a=",
        "-",
        "~",
        "pw",
        "a:/",
    ):
        public(hide(part * (100_000 // len(part))))
    assert time.monotonic() - begun < 30  # quadratic time would be minutes for each


def test_the_older_log_fills_up_a_short_one(home: Path) -> None:
    folder = home / "log"
    folder.mkdir()
    (folder / "puppet.1.log").write_text("the first line\nlast of the older\n")
    (folder / "puppet.log").write_text("new\n")
    assert report_texts([])["puppet.log"] == "the first line\nlast of the older\nnew\n"
    (folder / "puppet.1.log").write_text("name ü\n" * LOG_TAIL)
    shown = report_texts([])["puppet.log"]
    assert shown.startswith("name …\n")
    assert shown.endswith("name …\nnew\n")
    assert LOG_TAIL - 20 < len(shown.encode()) + shown.count("…") * -1 <= LOG_TAIL


def test_a_cut_line_of_any_script_is_left_out(home: Path) -> None:
    folder = home / "log"
    folder.mkdir()
    (folder / "puppet.log").write_text("file " + "ж" * LOG_TAIL + "\nfile\n", encoding="utf-8")
    assert report_texts([])["puppet.log"] == "file\n"


def test_the_command_names_the_log_and_packs(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [
        name for name in vars(doctor) if name.startswith("check_") and name not in ("check_log", "check_place")
    ]:
        monkeypatch.setattr(doctor, name, lambda *_: iter(()))
    assert cli.main(["doctor", "--report", str(tmp_path / "new" / "report.zip")]) == 0
    assert f"[ ok ] log: {home / 'log' / 'puppet.log'}\n" in capsys.readouterr().out
    with zipfile.ZipFile(tmp_path / "new" / "report.zip") as archive:
        assert archive.read("doctor.txt") == b"[ ok ] log: <path>\n"
        assert b"puppet doctor, puppet" in archive.read("puppet.log")


def test_versions_are_no_addresses() -> None:
    redact = Redaction((), versions=("4.11.0.86",))
    assert redact("opencv 4.11.0.86 at 10.0.0.86, 20:24:21, 1/2, and/or") == (
        "opencv 4.11.0.86 at <address>, 20:24:21, 1/2, and/or"
    )
    assert redact("failed to open '/dev/video0'") == "failed to open '/dev/video0'"
