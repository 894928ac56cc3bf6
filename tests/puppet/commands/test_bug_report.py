"""The bug report: what is in it, and that nothing planted about the user is."""

from __future__ import annotations

import json
import logging
import zipfile
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from puppet import __version__, cli
from puppet.commands import doctor
from puppet.commands.bug_report import report_texts, write_report
from puppet.commands.doctor import Finding
from puppet.commands.redaction import Redaction
from puppet.core.errors import PuppetError
from puppet.parsing.plain_json import to_json
from puppet.process.log import explained, start
from puppet.settings import MotionSettings, Settings
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
    assert "iPhone" in texts["doctor.txt"]


def test_what_helps_is_in_it(home: Path) -> None:
    texts = report_texts(["[ ok ] packages: opencv-contrib-python 4.11.0.86", "[ ok ] actor marble: mesh"])
    assert f"puppet {__version__}\nPython 3." in texts["versions.txt"]
    assert "ffmpeg version" in texts["versions.txt"]
    assert "numpy 1." in texts["versions.txt"]
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


def test_an_existing_file_is_never_replaced(home: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken.zip"
    taken.write_text("precious")
    for call in (lambda: write_report(taken, []), lambda: doctor.examine(report=taken)):
        with pytest.raises(PuppetError, match=r"taken\.zip exists already and is not overwritten"):
            call()
    with pytest.raises(PuppetError, match="cannot be written"):
        write_report(taken / "x.zip", [])
    assert taken.read_text() == "precious"


def test_the_command_names_the_log_and_packs(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in vars(doctor) if name.startswith("check_") and name not in ("check_log", "check_new")]:
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
