"""Somebody in front of the explorer, with a mouse, keys and eyes, on a tiny actor whose picture tells its latent.

Latent 0 moves the chequered square 8 px to the right, latent 1 moves it 8 px up, latent 3 brightens the picture. These
are the useful dimensions, numbered 2, 1 and 0 by the file; dimension 0 says most, then 1, then 3.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from planted_window import ROOM
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QClipboard, QGuiApplication
from PyQt6.QtTest import QTest
from tiny_actor import USEFUL, explorable_actor

from puppet.actor.runtime import load_actor
from puppet.core.types import Latent
from puppet.explore.bookmarks import Bookmarks
from puppet.explore.latent_text import to_text
from puppet.gui.explorer.explorer import ExplorerWidget
from puppet.gui.explorer.sigma_slider import SigmaSlider
from puppet.gui.kit.qimage import to_qimage

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
SIZE = 8  # of the tiny actor's latent
RANKED = {number: USEFUL[number] for number in (2, 1, 0)}  # dimension by the file's number, most useful first


def point(**values: float) -> np.ndarray:
    """point(d0=1, d3=2): f32 (8,)."""
    made = np.zeros(SIZE, np.float32)
    for name, value in values.items():
        made[int(name[1:])] = value
    return made


def clipboard() -> QClipboard:
    """The system's."""
    board = QGuiApplication.clipboard()
    assert board is not None
    return board


class User:
    """Somebody in front of the explorer, with a mouse, keys and eyes."""

    def __init__(self, qtbot, folder: Path, actor: Path | None = None):
        self.qtbot, self.folder = qtbot, folder
        self.actor = load_actor(actor or explorable_actor(folder / "tiny.actor"), "cpu", threads=1)
        self.quits, self.badge = [], True
        self.other = folder / "other.actor"
        self.window = ExplorerWidget(
            self.actor,
            Bookmarks(folder / "bookmarks"),
            lambda: folder / "films",
            lambda path: load_actor(path, "cpu", threads=1),
            lambda: {str(folder / "tiny.actor"): "tiny", str(self.other): "other"},
            lambda: self.badge,
            seed=1,
        )
        self.window.quit_wanted.connect(lambda: self.quits.append(True))
        self.window.resize(1100, 760)
        qtbot.addWidget(self.window, before_close_func=lambda window: window.shutdown())
        with qtbot.waitExposed(self.window, timeout=ROOM):
            self.window.show()
        self.sees(self.actor.latents.mean)

    @property
    def pane(self):
        return self.window.pane

    def sees(self, wanted: np.ndarray) -> None:
        """Waits for the picture of a point; fails when another one stays."""
        picture = self.actor.decode(Latent(wanted)).image

        def shown() -> bool:
            return self.pane.image == to_qimage(picture, *self.pane.device_size)

        self.qtbot.waitUntil(shown, timeout=ROOM)

    def somewhere(self) -> np.ndarray:
        """Where the explorer says it is, once that is what is seen."""
        self.qtbot.waitUntil(lambda: not self.window.worker.busy, timeout=ROOM)  # the mouse has been heard
        assert self.window.exploration is not None
        shown = self.window.exploration.shown
        self.sees(shown)
        return shown

    def hover(self, x: float, y: float) -> None:
        """-1 .. 1 from the picture's left and from its bottom."""
        box = self.pane.picture
        width, height = box.width() - 1, box.height() - 1  # from the first px to the last
        self.move(QPoint(round(box.left() + (x + 1) / 2 * width), round(box.top() + (1 - y) / 2 * height)))

    def move(self, at: QPoint) -> None:
        """The mouse to a place on the pane, px."""
        mouse: Any = QTest  # PyQt6's annotations forget that these are static
        handle, place = self.window.windowHandle(), self.pane.mapTo(self.window, at)
        mouse.mouseMove(handle, place + QPoint(9, 0))  # a mouse that is there already says nothing
        with self.qtbot.waitSignal(self.pane.hovered, timeout=ROOM):
            mouse.mouseMove(handle, place)

    def click(self, widget=None) -> None:
        self.qtbot.mouseClick(widget or self.pane, LEFT)

    def type(self, text: str) -> None:
        """Into the command line."""
        self.qtbot.keyClicks(self.window.face.command, text)
        self.qtbot.keyClick(self.window.face.command, Qt.Key.Key_Return)

    def told(self) -> str:
        return "\n".join(banner.text for banner in self.window.banners.banners)

    def slide(self, slider: SigmaSlider, steps: int) -> None:
        """By the arrow keys, in fiftieths."""
        key = Qt.Key.Key_Right if steps > 0 else Qt.Key.Key_Left
        for _ in range(abs(steps)):
            self.qtbot.keyClick(slider.slider, key)

    def choose(self, box, words: str) -> None:
        """From a list, as a click on it does."""
        index = box.findText(words)
        assert index >= 0, [box.itemText(i) for i in range(box.count())]
        box.setCurrentIndex(index)
        box.activated.emit(index)


def bookmark(user: User, name: str, where: np.ndarray) -> None:
    """Go to a point f32 (8,) and bookmark it."""
    clipboard().setText(to_text(where))
    user.click(user.window.face.paste)
    user.sees(where)
    user.type(f"b {name}")
