"""Nothing freezes: the window is walked through, panel by panel, with services that take their time.

What may be slow is told by who calls it, not by a clock: on a busy machine everything is slow now and then.
"""

from __future__ import annotations

import dataclasses
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from planted_window import GREY, halves
from PyQt6 import sip
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QAbstractButton, QComboBox, QFileDialog, QInputDialog, QListWidget
from tiny_actor import tiny_actor

from puppet.actor.runtime import load_actor
from puppet.new_actor import job
from puppet.settings import Settings

SLOW = 1.5  # s that every planted service takes: a window that waited for one would stand still for that long
FILES = (".py", ".pyc", ".so", ".pem")  # what imports open
BLOCKING = ("open", "subprocess.Popen", "os.rename", "os.remove", "os.mkdir", "os.listdir", "os.scandir", "time.sleep")
_watching: list | None = None  # where the audit hook notes what blocks; None: it notes nothing


def _audit(event: str, arguments: tuple) -> None:
    noted = _watching
    if noted is None or event not in BLOCKING or threading.current_thread() is not threading.main_thread():
        return
    if event == "open" and (not isinstance(arguments[0], str) or arguments[0].endswith(FILES)):
        return
    if "bookmarks" in str(arguments[0]):  # the explorer reads a few kB of its own when its page is first shown
        return
    noted.append((event, str(arguments[:1])))


sys.addaudithook(_audit)  # for good: Python cannot take one back


@pytest.fixture
def blocking(monkeypatch):
    """What the window's thread did that may block, from `begin()` on."""
    noted: list = []
    return SimpleNamespace(
        noted=noted, begin=lambda: monkeypatch.setattr(sys.modules[__name__], "_watching", noted),
        end=lambda: monkeypatch.setattr(sys.modules[__name__], "_watching", None),
    )  # fmt: skip


def slow(function, calls):
    def wrapped(*arguments, **named):
        calls.append((getattr(function, "__name__", str(function)), threading.current_thread()))
        threading.Event().wait(SLOW)
        return function(*arguments, **named)

    return wrapped


class SlowThings:
    """Everything of `inner` that can be called takes its time, and is noted with the thread that calls it."""

    def __init__(self, inner, calls):
        self._inner, self._calls = inner, calls

    def __getattr__(self, name):
        value = getattr(self._inner, name)
        return slow(value, self._calls) if callable(value) and not isinstance(value, type) else value


def make_slow(services, calls) -> None:
    for field in dataclasses.fields(services):
        value = getattr(services, field.name)
        made = slow(value, calls) if callable(value) else SlowThings(value, calls)
        if field.name != "want_camera":  # sets a variable
            object.__setattr__(services, field.name, made)


@pytest.fixture
def slow_gui(make_gui, monkeypatch, tmp_path):
    monkeypatch.setenv("PUPPET_ACTORS_DIR", str(tmp_path / "actors"))
    monkeypatch.setenv("PUPPET_JOBS_DIR", str(tmp_path / "jobs"))
    monkeypatch.setattr(job, "CHILD", ("-c", "pass"))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: ("/videos/me.mp4", ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *a, **k: ([str(tmp_path / "a.actor")], ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *a, **k: "")
    monkeypatch.setattr(QInputDialog, "getText", lambda *a, **k: ("Ada", True))
    gui = make_gui(Settings(recording_folder=str(tmp_path)))
    file = tiny_actor(tmp_path / "marble.actor")
    gui.load_actor = lambda path: load_actor(file, "cpu")  # the page Explore wants a real one
    gui.calls = []
    make_slow(gui.controller.context.services, gui.calls)
    gui.picture = halves(GREY, GREY, 84, 84)
    return gui.start()


def use_everything(gui) -> int:
    """Press and choose all there is on every page; how many controls that were."""
    w, used = gui.window, 0
    w.side.fold([])
    for index in range(w.tabs.count()):
        w.tabs.setCurrentIndex(index)
        page = w.page
        for kind in (QAbstractButton, QComboBox, QListWidget):
            for control in w.findChildren(kind):
                if sip.isdeleted(control):  # an earlier press has changed what there is
                    continue
                w.show_page(page)
                if not control.isVisible() or not control.isEnabled() or control.objectName().startswith("qt_"):
                    continue
                used += 1
                if isinstance(control, QAbstractButton):
                    control.click()
                elif isinstance(control, QComboBox):
                    control.setCurrentIndex(control.count() - 1)
                    control.activated.emit(control.count() - 1)
                else:
                    control.setCurrentRow(control.count() - 1)
                gui.qtbot.wait(1)
                if w.isFullScreen():
                    w.step_back()
                w.step_back()
    return used


def test_no_slow_service_is_called_by_the_windows_thread(slow_gui, blocking):
    gui = slow_gui
    ticks = [time.monotonic()]
    timer = gui.window.make_timer(lambda: ticks.append(time.monotonic()))
    timer.start(5)
    blocking.begin()
    assert use_everything(gui) > 25
    gui.window.show_page("live")
    for key in (Qt.Key.Key_C, Qt.Key.Key_S, Qt.Key.Key_R):
        gui.qtbot.keyClick(gui.window, key)
    gui.until(lambda: len({name for name, _ in gui.calls}) >= 5)
    blocking.end()
    timer.stop()
    main = threading.main_thread()
    assert [name for name, thread in gui.calls if thread is main] == []
    assert blocking.noted == []
    assert max(b - a for a, b in zip(ticks, ticks[1:], strict=False)) < SLOW


def test_the_watch_sees_what_blocks(qtbot, blocking, tmp_path):
    """So that the test above means something."""
    blocking.begin()
    (tmp_path / "file").write_text("x")
    time.sleep(0)
    threading.Thread(target=lambda: Path(tmp_path / "other").write_text("x")).start()
    blocking.end()
    assert {event for event, _ in blocking.noted} >= {"open"}
    assert not any("other" in words for _, words in blocking.noted)
