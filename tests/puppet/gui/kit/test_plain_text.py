"""Whatever a file, an actor or a device is called: the window shows it as plain text, and opens nothing for it."""

from __future__ import annotations

import ast
import ctypes
import json
import os
import struct
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from explorer_user import User
from fake_job import FakeJobs
from PyQt6.QtCore import QCoreApplication, QPoint, Qt
from PyQt6.QtWidgets import QAbstractItemView, QComboBox, QLabel, QListWidget, QToolTip, QWidget
from tiny_actor import explorable_actor, tiny_actor

from puppet.actor.file import CARD
from puppet.explore.bookmarks import Bookmarks
from puppet.gui.kit.plain_text import Label, as_lines, tip_text
from puppet.new_actor import job as making
from puppet.new_actor.steps import Stage, Step
from puppet.settings import Settings

ROOT = Path(__file__).resolve().parents[4]
CANARY = "canary.png"
SHORT = f'<img src="{CANARY}">'  # fits into names; relative to the folder that the test runs in
IN_OPEN = 0x20


class Opened:
    """How often a file was opened, by anybody: the system itself tells (inotify)."""

    def __init__(self, file: Path) -> None:
        self._system = ctypes.CDLL(None, use_errno=True)
        self._handle = self._system.inotify_init1(os.O_NONBLOCK)
        assert self._system.inotify_add_watch(self._handle, os.fsencode(file), IN_OPEN) >= 0

    def times(self) -> int:
        """Since the last time that it was asked."""
        try:
            return len(os.read(self._handle, 1 << 16)) // struct.calcsize("iIII")
        except BlockingIOError:
            return 0

    def close(self) -> None:
        os.close(self._handle)


@pytest.fixture
def canary(tmp_path, monkeypatch) -> Iterator[Opened]:
    if not sys.platform.startswith("linux"):
        pytest.skip("needs inotify, which Linux has")
    (tmp_path / CANARY).write_bytes(b"no picture")
    monkeypatch.chdir(tmp_path)
    opened = Opened(tmp_path / CANARY)
    yield opened
    opened.close()


def long_mark(folder: Path) -> str:
    return f'<b>x</b><img src="file://{folder / CANARY}">'


def show_tips(widgets: list[QWidget]) -> int:
    """Show every tooltip that there is, of rows of lists as well; how many of them hold the mark."""
    tips = [widget.toolTip() for widget in widgets]
    for widget in widgets:
        if isinstance(widget, QListWidget):
            tips += [widget.item(row).toolTip() for row in range(widget.count())]  # pyright: ignore
        if isinstance(widget, QComboBox):
            tips += [str(widget.itemData(row, Qt.ItemDataRole.ToolTipRole) or "") for row in range(widget.count())]
    marked = [tip for tip in tips if CANARY in tip]
    for tip in marked:
        QToolTip.showText(QPoint(20, 20), tip, widgets[0])
        QCoreApplication.processEvents()
        QToolTip.hideText()
        QCoreApplication.processEvents()
    return len(marked)


def look_at(window: QWidget) -> list[str]:
    """Have a window lay out and paint everything, and show its tooltips; texts of its labels, all of them plain."""
    window.grab()
    QCoreApplication.processEvents()
    widgets = [window, *window.findChildren(QWidget)]
    for widget in widgets:
        if isinstance(widget, QComboBox):
            view = widget.view()
            assert isinstance(view, QAbstractItemView)
            view.grab()
    show_tips(widgets)
    labels = [widget for widget in widgets if isinstance(widget, QLabel) and not widget.inherits("QTipLabel")]
    assert not [label.text() for label in labels if label.textFormat() is not Qt.TextFormat.PlainText]
    return [label.text() for label in labels]


def edit_card(path: Path, **changes: object) -> None:
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content[CARD] = json.dumps({**json.loads(content[CARD]), **changes}).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)


def test_the_canary_tells_when_a_label_takes_its_text_for_html(qtbot, canary, tmp_path):
    label = QLabel(long_mark(tmp_path))
    qtbot.addWidget(label)
    label.grab()
    assert canary.times() > 0
    QToolTip.showText(QPoint(1, 1), SHORT, label)
    QCoreApplication.processEvents()
    assert canary.times() > 0
    QToolTip.hideText()
    QToolTip.showText(QPoint(1, 1), tip_text(SHORT), label)
    QCoreApplication.processEvents()
    assert canary.times() == 0
    QToolTip.hideText()


def test_nothing_is_opened_for_what_actors_say(make_gui, canary, tmp_path, monkeypatch):
    mark = long_mark(tmp_path)
    folder = tmp_path / "actors"
    folder.mkdir()
    monkeypatch.setenv("PUPPET_ACTORS_DIR", str(folder))
    facts = {SHORT: mark, "frames": 3, "steps": 4, "metrics": {mark[:100]: 1.0, "deep": [[{"x": mark}]]}}
    about = {"licence": mark[:200], "consent": f"{mark}\n{mark}", "training": facts, "parity": {SHORT: 1.0}}
    for name, changes in {
        SHORT: {},
        "unknown": {SHORT: 1},
        "kind": {"kind": SHORT},
        "version": {"format_version": 4},
    }.items():
        file = tiny_actor(folder / f"{name}.actor", name="carl", **about)
        edit_card(file, puppet_version=SHORT, **changes)
    with zipfile.ZipFile(folder / "version.actor") as archive:
        assert SHORT in json.loads(archive.read(CARD))["puppet_version"]
    gui = make_gui(Settings(recording_folder=str(tmp_path)))
    gui.cameras = ["Front", SHORT]
    gui.start()
    page = gui.window.library
    gui.press(Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    gui.until(lambda: page.grid.count() == 6)
    seen = []
    for row in range(page.grid.count()):
        page.grid.setCurrentRow(row)
        seen += look_at(gui.window)
    assert any(mark in text for text in seen)  # licence or consent
    assert {"unknown", "kind", "version"} <= {text.split(".")[0][2:] for text in seen if "⚠" in text and CANARY in text}
    assert show_tips([page.grid]) >= 4
    page.files_chosen.emit([str(folder / "unknown.actor"), str(tmp_path / f"{SHORT}.actor")])
    gui.until(lambda: sum("Not added" in text for text in gui.banners) == 2)
    assert any(CANARY in text for text in look_at(gui.window) if "Not added" in text)
    assert canary.times() == 0


def test_nothing_is_opened_for_names_on_the_live_page(make_gui, canary, tmp_path):
    recent = (f"{tmp_path}/{SHORT}.mp4", f"http://127.0.0.1/{SHORT}")
    gui = make_gui(
        Settings(recording_folder=str(tmp_path), recent=recent, users=("Me", SHORT), user=SHORT, wall=(SHORT,))
    )
    gui.cameras = [SHORT, "Back"]
    actors = [Path(f"actors/{SHORT}.actor"), Path("actors/ada.actor")]
    object.__setattr__(gui.controller.context.services, "list_actors", lambda: actors)
    gui.start(source=SHORT, actor=actors[0])
    window = gui.window
    window.output.show_microphones([SHORT])
    window.banners.say("x", f"{SHORT} cannot be played", "error", (SHORT, lambda: None))
    for widget in window.findChildren(QWidget):  # the folded groups too
        if hasattr(widget, "heading"):
            widget.setVisible(True)
    seen = look_at(window)
    assert any(CANARY in text for text in seen)
    window.driver_pane.set_placeholder(SHORT)
    window.setWindowTitle(SHORT)
    look_at(window)
    assert canary.times() == 0


def test_nothing_is_opened_for_what_a_job_says(make_gui, canary, tmp_path):
    work = FakeJobs()
    gui = make_gui(Settings(recording_folder=str(tmp_path)))
    object.__setattr__(gui.controller.context.services, "jobs", work)
    gui.start()
    gui.window.show_page("new")
    page, request = gui.window.new_actor, making.JobRequest((f"/{SHORT}.mp4",), SHORT, SHORT, 5)
    job = making.Job(
        tmp_path, request, making.JobState.TRAINING, True, error=SHORT, steps=(Step(SHORT, Stage.NOW),), report=SHORT
    )
    for state in making.JobState:
        page.show_job(replace(job, state=state, running=state in making.WORKING))
        assert any(CANARY in text for text in look_at(gui.window)) or state in ("checked", "done")
    assert canary.times() == 0


def test_nothing_is_opened_for_names_in_the_explorer(qtbot, canary, tmp_path):
    ways = {SHORT: np.eye(8, dtype=np.float32)[3], "look_left": -np.eye(8, dtype=np.float32)[0]}
    explorable_actor(tmp_path / "other.actor")
    user = User(qtbot, tmp_path, explorable_actor(tmp_path / "tiny.actor", directions=ways))
    Bookmarks(tmp_path / "bookmarks").save(user.actor.card, {SHORT: np.zeros(8, np.float32)})
    user.window.face.command.setText(f"b {SHORT}")
    qtbot.keyClick(user.window.face.command, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not user.window.worker.busy, timeout=60_000)
    seen = look_at(user.window)
    tips = [widget.toolTip() for widget in user.window.findChildren(QWidget)]
    assert any(CANARY in text for text in [*seen, *tips])
    assert canary.times() == 0


def test_texts_look_as_they_are(qtbot):
    label = Label("a <b>&lt; \u202egnp.exe\x1b[2J\x00 \udc80 ü\nsecond line")
    qtbot.addWidget(label)
    assert label.text() == "a <b>&lt; \\u202egnp.exe\\x1b[2J\\x00 \\udc80 ü\nsecond line"
    assert tip_text("Play (Enter)\nor click") == "Play (Enter)\nor click"
    assert tip_text("a < b & c\nd") == "<qt>a &lt; b &amp; c<br>d</qt>"
    assert as_lines("plain") == "plain"


FORBIDDEN = {
    "QLabel": "plain_text.Label",
    "setToolTip": "plain_text.set_tip",
    "setTextFormat": "plain_text.Label",
    "QComboBox": "widgets.ChoiceBox",
    "ToolTipRole": "plain_text.tip_text",
    **dict.fromkeys(
        (
            *("QMessageBox", "QErrorMessage", "QTextBrowser", "QTextEdit", "QTextDocument", "QStaticText", "QToolTip"),
            *("setHtml", "insertHtml", "appendHtml", "setStatusTip", "setWhatsThis", "setMarkdown", "setLabelText"),
        ),
        "a text that may be taken for HTML",
    ),
}
ALLOWED = {("plain_text.py", "QLabel"), ("plain_text.py", "setToolTip"), ("plain_text.py", "setTextFormat")}


def test_labels_and_tooltips_are_made_in_one_place():
    offences = []
    for path in sorted((ROOT / "puppet").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            elif isinstance(node, ast.Attribute) and node.attr == "ToolTipRole":
                name = node.attr
            else:
                continue
            told = ast.unparse(node)
            fine = (path.name, name) in ALLOWED or (name == "ToolTipRole" and path.name == "source_panel.py")
            if name in FORBIDDEN and not fine:
                offences.append(f"{path.name}:{node.lineno} {told[:60]}: use {FORBIDDEN[name]}")
    assert not offences
    source = (ROOT / "puppet" / "gui" / "live" / "source_panel.py").read_text(encoding="utf-8")
    assert source.count("ToolTipRole") == source.count("tip = tip_text(without_secrets(spec))") == 1
