"""The real program where people write 0,5 for 0.5: window, recording, explorer, new actor, in locales made here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from tiny_actor import tiny_actor
from video_fixtures import write_video
from x_window import frames_of, picture_box

from puppet.gui.kit.side_panel import WIDTH
from puppet.sources.registry import DEMO_CLIP

ROOT = Path(__file__).resolve().parents[3]
FRAMES = 30
LOCALES = ("de_DE", "tr_TR", "ar_EG")
pytestmark = pytest.mark.skipif(not DEMO_CLIP.exists(), reason="the demo clip has not been made yet")


@pytest.fixture(scope="session")
def locales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for LOCPATH that has LOCALES."""
    folder = tmp_path_factory.mktemp("locales")
    if shutil.which("localedef") is None:
        pytest.skip("needs localedef (Debian: apt-get install libc-bin)")
    commands = [["localedef", "-i", name, "-f", "UTF-8", str(folder / f"{name}.UTF-8")] for name in LOCALES]
    making = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for command in commands]
    for name, made in zip(LOCALES, making, strict=True):
        made.wait(60)  # it also complains of what is no error
        if not (folder / f"{name}.UTF-8" / "LC_NUMERIC").exists():
            pytest.skip(f"localedef has no source of {name} here (Debian: apt-get install locales)")
    return folder


def environment(locales: Path, folder: Path, **named: str) -> dict[str, str]:
    """Of a user of that locale, with folders of their own."""
    ours = ("LANG", "LANGUAGE", "QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE")
    env = {name: value for name, value in os.environ.items() if not name.startswith("LC_") and name not in ours}
    places = {f"PUPPET_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "ACTORS", "JOBS", "LOG")}
    return env | places | {"LOCPATH": str(locales)} | named


def python(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, env=env, capture_output=True, text=True, timeout=110)


def lively(picture: np.ndarray) -> bool:
    """Whether it shows something: black panes have one colour."""
    return float(picture.std()) > 20 and len(np.unique(picture.reshape(-1, 3), axis=0)) > 30


def test_the_locales_do_write_a_comma(locales: Path, tmp_path: Path) -> None:
    """So that the tests below mean something."""
    code = "import locale; locale.setlocale(locale.LC_ALL, ''); print(locale.localeconv()['decimal_point'])"
    for name, point in (("de_DE", ","), ("tr_TR", ","), ("ar_EG", None)):
        done = python("-c", code, env=environment(locales, tmp_path, LANG=f"{name}.UTF-8"))
        assert done.returncode == 0, done.stderr
        assert point is None or done.stdout.strip() == point


@pytest.mark.parametrize(
    "named",
    [{"LANG": "de_DE.UTF-8"}, {"LC_ALL": "de_DE.UTF-8", "LANG": "C"}, {"LANG": "tr_TR.UTF-8"}, {"LANG": "ar_EG.UTF-8"}],
    ids=["LANG de", "LC_ALL de", "LANG tr", "LANG ar"],
)
def test_the_window_plays_and_records(named: dict[str, str], display: str, locales: Path, tmp_path: Path) -> None:
    film, shot = tmp_path / "film.mp4", tmp_path / "shot.png"
    done = python(
        *("-m", "puppet", "run", "--source", "demo", "--actor", str(tiny_actor(tmp_path / "tiny.actor"))),
        *("--frames", str(FRAMES), "--record", str(film), "--screenshot", str(shot)),
        env=environment(locales, tmp_path, DISPLAY=display, **named),
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    window = cv2.imread(str(shot))
    pictures = window[:, : window.shape[1] - WIDTH]
    for half in (pictures[:, : pictures.shape[1] // 2], pictures[:, pictures.shape[1] // 2 :]):
        assert lively(half[picture_box(half)])
    images = frames_of(film)
    assert len(images) >= FRAMES * 0.5  # a slow machine only adds repeats
    assert lively(images[-1])
    assert "ERROR" not in (tmp_path / "log" / "puppet.log").read_text()


def test_without_a_window_it_records(locales: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    done = python(
        *("-m", "puppet", "run", "--headless", "--source", "demo", "--actor", str(tiny_actor(tmp_path / "tiny.actor"))),
        *("--frames", str(FRAMES), "--record", str(film)),
        env=environment(locales, tmp_path, LC_ALL="de_DE.UTF-8"),
    )
    assert done.returncode == 0, done.stderr
    assert f"frames       {FRAMES} results" in done.stdout
    assert len(frames_of(film)) >= FRAMES * 0.5


@pytest.mark.parametrize("name", LOCALES)
def test_the_explorer_draws(name: str, display: str, locales: Path, tmp_path: Path) -> None:
    shot = tmp_path / "shot.png"
    done = python(
        *("-m", "puppet", "explore", str(tiny_actor(tmp_path / "tiny.actor")), "--screenshot", str(shot)),
        env=environment(locales, tmp_path, DISPLAY=display, LANG=f"{name}.UTF-8"),
    )
    assert done.returncode == 0, done.stderr
    colours = cv2.cvtColor(cv2.imread(str(shot)), cv2.COLOR_BGR2HSV)
    vivid = colours[..., 1] > 100
    for hue in (15, 105):  # the tiny actor's orange and blue
        assert (vivid & (np.abs(colours[..., 0].astype(int) - hue) < 15)).sum() > 5000


NEW_ACTOR = """
import sys, time
from pathlib import Path
from puppet.new_actor import job as making
from puppet.gui.kit.application import make_application
application = make_application()
job = making.begin([Path(sys.argv[1])])
while (found := making.read_job(job)).running:
    application.processEvents()
    time.sleep(0.05)
print(found.state, found.error)
print(found.report)
print((job / making.LOG).read_text())
"""


@pytest.mark.parametrize("name", ["de_DE", "tr_TR"])
def test_a_new_actor_begins(name: str, display: str, locales: Path, tmp_path: Path) -> None:
    """As the page begins it: a child of the window's process that looks through the footage."""
    pytest.importorskip("torch")
    clip = write_video(tmp_path / "clip.mp4", frames_of(DEMO_CLIP, 24), 30.0)
    env = environment(locales, tmp_path, DISPLAY=display, LANG=f"{name}.UTF-8", PYTHONPATH=str(ROOT))
    done = python("-c", NEW_ACTOR, str(clip), env=env)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("checked"), done.stdout
    assert "data.h5: " in done.stdout
