"""The real program in a process of its own: its window under Xvfb, Ctrl-C, and sources that are not there."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from tiny_actor import tiny_actor
from x_window import frames_of, picture_box

from puppet.gui.kit.side_panel import WIDTH
from puppet.sources.registry import DEMO_CLIP

ROOT = Path(__file__).resolve().parents[3]
FRAMES = 60
pytestmark = pytest.mark.skipif(not DEMO_CLIP.exists(), reason="the demo clip has not been made yet")


def start(folder: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    env = {k: v for k, v in os.environ.items() if k not in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE")}
    env |= {"PUPPET_CONFIG_DIR": str(folder / "config"), "PUPPET_ACTORS_DIR": str(folder / "actors"), **environment}
    return subprocess.Popen(
        [sys.executable, "-m", "puppet", "run", *arguments],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def small(image: np.ndarray) -> np.ndarray:
    return cv2.resize(image, (64, 64), interpolation=cv2.INTER_AREA).astype(int)


def test_the_window_shows_and_records_both_panes(display, tmp_path):
    actor = tiny_actor(tmp_path / "tiny.actor")
    video, shot = tmp_path / "video.mp4", tmp_path / "shot.png"
    program = start(
        tmp_path,
        *("--source", "demo", "--actor", str(actor), "--frames", str(FRAMES)),
        *("--record", str(video), "--screenshot", str(shot)),
        DISPLAY=display,
    )
    out, errors = program.communicate(timeout=300)
    assert program.returncode == 0, errors

    # the screenshot: left the demo clip as in a mirror, right the actor's orange and blue chequers
    window = cv2.imread(str(shot))
    assert window.shape[:2] == (760, 1240)
    pictures = window[:, : window.shape[1] - WIDTH]  # without the controls at the side
    middle = pictures.shape[1] // 2
    left, right = pictures[:, :middle], pictures[:, middle:]
    driver, actor_picture = left[picture_box(left)], right[picture_box(right)]
    differences = [np.abs(small(frame)[:, ::-1] - small(driver)).mean() for frame in frames_of(DEMO_CLIP)]
    assert min(differences) < 6, "the driver pane shows no frame of the demo clip"
    colours = cv2.cvtColor(actor_picture, cv2.COLOR_BGR2HSV)
    vivid = colours[..., 1] > 100
    for hue in (15, 105):  # orange, blue
        assert (vivid & (np.abs(colours[..., 0].astype(int) - hue) < 15)).mean() > 0.04

    # the recording: as long as it says, both halves move, nothing of the window is in it
    seconds = re.search(r"Saved .*video\.mp4 \(([\d.]+) s\)", out)
    assert seconds, out
    images = frames_of(video)
    assert abs(len(images) / 30 - float(seconds[1])) < 0.1
    assert len(images) >= FRAMES * 0.5  # a 25 or 30 fps clip; a slow machine only adds repeats
    halves = np.array([cv2.resize(i, (64, 32), interpolation=cv2.INTER_AREA) for i in images]).astype(int)
    moved = np.abs(halves - halves[0]).max(0)
    assert moved[:, :32].max() > 15, "the driver does not move"
    assert moved[:, 32:].max() > 15, "the actor does not move"


def test_ctrl_c_finishes_the_recording(tmp_path):
    video = tmp_path / "video.mp4"
    actor = str(tiny_actor(tmp_path / "tiny.actor"))
    program = start(tmp_path, "--source", "demo", "--actor", actor, "--record", str(video), QT_QPA_PLATFORM="offscreen")
    deadline = time.monotonic() + 240
    while not (video.exists() and video.stat().st_size > 10_000) and time.monotonic() < deadline:
        assert program.poll() is None, program.communicate()
        threading.Event().wait(0.02)
    program.send_signal(signal.SIGINT)
    out, errors = program.communicate(timeout=300)
    assert program.returncode == 0, errors
    assert "video.mp4" in out
    assert len(frames_of(video)) >= 1


@pytest.mark.skipif(sys.platform == "win32", reason="open files cannot be removed there")
def test_a_recording_whose_folder_goes_ends_the_program_with_the_reason(tmp_path):
    """Nobody may be there to read it in the window."""
    video = tmp_path / "stick" / "video.mp4"
    actor, videos = str(tiny_actor(tmp_path / "tiny.actor")), tmp_path / "videos"
    program = start(
        tmp_path,
        *("--source", "demo", "--actor", actor, "--record", str(video)),
        QT_QPA_PLATFORM="offscreen",
        XDG_VIDEOS_DIR=str(videos),
    )
    deadline = time.monotonic() + 240
    while not (video.exists() and video.stat().st_size > 10_000) and time.monotonic() < deadline:
        assert program.poll() is None, program.communicate()
        threading.Event().wait(0.02)
    video.unlink()
    video.parent.rmdir()
    out, errors = program.communicate(timeout=300)
    assert program.returncode == 2, errors
    kept = videos / "Puppet" / "video.mp4"
    reasons = [line for line in errors.splitlines() if line.startswith("puppet: ")]
    assert reasons == [
        f"puppet: The recording stopped: its folder {video.parent} is gone (removed, renamed, or its disk unplugged). "
        f"What was written until then is kept in {kept}."
    ]
    assert f"Saved {kept} (" in out
    assert len(frames_of(kept)) >= 1


def test_being_told_to_end_finishes_the_recording(tmp_path):
    number = signal.SIGTERM
    video = tmp_path / "video.mp4"
    actor = str(tiny_actor(tmp_path / "tiny.actor"))
    program = start(tmp_path, "--source", "demo", "--actor", actor, "--record", str(video), QT_QPA_PLATFORM="offscreen")
    deadline = time.monotonic() + 240
    while not (video.exists() and video.stat().st_size > 10_000) and time.monotonic() < deadline:
        assert program.poll() is None, program.communicate()
        threading.Event().wait(0.02)
    program.send_signal(number)
    program.send_signal(signal.SIGHUP)  # systems send both
    out, errors = program.communicate(timeout=300)
    assert program.returncode in (128 + number, 128 + signal.SIGHUP), errors  # Python heeds the lower number first
    assert "video.mp4" in out
    assert b"moof" not in video.read_bytes()
    assert len(frames_of(video)) >= 1
    assert (tmp_path / "config" / "settings.json").exists()


WINDOW = """
import sys
from PyQt6.QtCore import QTimer
import numpy as np
from puppet import cli
from puppet.commands import window as app
from puppet.storage import names
from puppet.actor.file import read_card
from puppet.explore.bookmarks import Bookmarks
from puppet.gui.controller import Controller

mine, actor, say = sys.argv[1], sys.argv[2], lambda words: print(words, flush=True)
names.datetime = type("Clock", (), {"now": staticmethod(lambda: __import__("datetime").datetime(2026, 5, 2))})
start = Controller.start

def started(self, source, path):
    start(self, source, path)
    context, card, kept = self.context, read_card(path), Bookmarks()
    known = kept.load(card)

    def begin():
        if context.result is None or context.result.portrait is None:
            return
        timer.stop()
        say("plays")
        sys.stdin.readline()  # both do
        context.remember(users=(*context.settings.users, mine), user=mine)
        kept.save(card, {**known, mine: np.full(card.latent_size, 0.5, np.float32)}, known)
        self.record()
        QTimer.singleShot(1500, lambda: (say(self.recording.path.name), sys.stdin.readline(), context.window.close()))

    timer = context.window.make_timer(begin)
    timer.start(50)

Controller.start = started
sys.exit(cli.main(["run", "--source", "demo", "--actor", actor]))
"""


def test_two_windows_at_once_lose_nothing_of_each_other(display, tmp_path):
    """Same settings, same bookmarks, recordings begun in the same second under the same name."""
    actor = tiny_actor(tmp_path / "tiny.actor")
    env = {k: v for k, v in os.environ.items() if k not in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE")}
    env |= {"PUPPET_CONFIG_DIR": str(tmp_path / "config"), "DISPLAY": display, "PYTHONPATH": str(ROOT)}
    env |= {"XDG_VIDEOS_DIR": str(tmp_path / "videos"), "PUPPET_ACTORS_DIR": str(tmp_path / "actors")}
    windows = [
        subprocess.Popen(
            [sys.executable, "-c", WINDOW, name, str(actor)],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("Ann", "Bob")
    ]
    try:
        for window in windows:
            assert window.stdout is not None
            assert window.stdout.readline() == "plays\n", window.communicate("")
        for window in windows:
            assert window.stdin is not None
            window.stdin.write("\n")
            window.stdin.flush()
        names = {window.stdout.readline().strip() for window in windows}  # pyright: ignore[reportOptionalMemberAccess]
        assert names == {"2026-05-02_00-00-00_tiny.mp4", "2026-05-02_00-00-00_tiny_2.mp4"}
        for window in windows:
            _, errors = window.communicate("\n", timeout=120)
            assert window.returncode == 0, errors
    finally:
        for window in windows:
            window.kill()
    videos = list((tmp_path / "videos" / "Puppet").iterdir())
    assert {path.name for path in videos} == names
    assert all(len(frames_of(path)) >= 10 for path in videos)
    config = tmp_path / "config"
    assert set(json.loads((config / "settings.json").read_text())["users"]) == {"Me", "Ann", "Bob"}
    marks = json.loads(next((config / "bookmarks").iterdir()).read_text())
    assert set(marks) == {"Ann", "Bob"}
    assert {path.name for path in config.rglob("*") if path.is_file()} == {
        "settings.json",
        "tried-actors.json",
        next((config / "bookmarks").iterdir()).name,
    }


def test_a_source_that_ends_before_the_frames_are_reached_ends_the_program(tmp_path):
    (tmp_path / "still").mkdir()
    for name in ("1.png", "2.png"):
        cv2.imwrite(str(tmp_path / "still" / name), np.full((48, 64, 3), 128, np.uint8))
    actor, shot = str(tiny_actor(tmp_path / "tiny.actor")), tmp_path / "shot.png"
    arguments = ["--source", str(tmp_path / "still"), "--actor", actor, "--frames", "50", "--screenshot", str(shot)]
    program = start(tmp_path, *arguments, QT_QPA_PLATFORM="offscreen")
    _, errors = program.communicate(timeout=300)
    assert program.returncode == 0, errors
    assert cv2.imread(str(shot)).shape == (760, 800, 3)  # the offscreen screen is 800 px wide


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--source", "no such camera"], "no such camera"),
        (["--source", "{folder}/notes.mp4"], "notes.mp4"),
        (["--source", "demo", "--actor", "{folder}/cut.actor"], "cut.actor"),
        (["--source", "demo", "--record", "{folder}/there.mp4"], "there.mp4"),
    ],
    ids=["unknown camera", "text file", "cut actor", "existing file"],
)
def test_what_was_asked_for_and_does_not_work_ends_with_code_2(tmp_path, arguments, words):
    (tmp_path / "notes.mp4").write_text("milk, bread\n")
    (tmp_path / "there.mp4").write_bytes(b"precious")
    whole = tiny_actor(tmp_path / "whole.actor").read_bytes()
    (tmp_path / "cut.actor").write_bytes(whole[: len(whole) // 2])
    arguments = [a.format(folder=tmp_path) for a in arguments]
    program = start(tmp_path, *arguments, QT_QPA_PLATFORM="offscreen")
    _, errors = program.communicate(timeout=300)
    assert program.returncode == 2, errors
    assert words in errors
    assert "Traceback" not in errors
    assert (tmp_path / "there.mp4").read_bytes() == b"precious"
