"""Who drives, and who is driven: two boxes that say what the user wanted, and show what they are told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QIcon
from PyQt6.QtWidgets import QFileDialog, QInputDialog, QVBoxLayout, QWidget

from puppet.core.addresses import without_secrets
from puppet.gui.kit.plain_text import Label, set_tip, tip_text
from puppet.gui.kit.widgets import ChoiceBox
from puppet.gui.kit.words import translate

DEMO = "demo"  # what `sources.open_source` calls the clip that comes with the program
VIDEO, FOLDER, ADDRESS, ACTOR_FILE = "\0video", "\0folder", "\0address", "\0actor"  # no source or path is called so
VIDEO_FILES = "Videos (*.mp4 *.m4v *.mov *.mkv *.webm *.avi *.mpg *.mpeg);;All files (*)"
ACTOR_FILES = "Actors (*.actor);;All files (*)"
THUMBNAIL = 30  # px


def _captioned(caption: str, box: ChoiceBox, column: QVBoxLayout) -> None:
    label = Label(caption)
    label.setProperty("role", "caption")
    label.setBuddy(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(5)
    column.addWidget(label)
    column.addWidget(box)


class SourcePanel(QWidget):
    """Whose face drives: a camera, the demo clip, a file, a folder or an address."""

    chosen = pyqtSignal(str)  # what `sources.open_source` takes
    list_wanted = pyqtSignal()  # the list is about to open: cameras may have come or gone
    list_shown = pyqtSignal()  # it is open, and tells the cameras that there are

    def __init__(self) -> None:
        super().__init__()
        self.box = ChoiceBox(translate("puppet", "Driver"))
        set_tip(
            self.box,
            translate(
                "puppet", "Whose face drives the actor: a camera, a video, a folder of pictures or a network address"
            ),
        )
        self.box.setIconSize(QSize(THUMBNAIL, THUMBNAIL))
        self.cameras: tuple[str, ...] = ()
        self.current = ""
        self.pictures: dict[str, QIcon] = {}
        self._recent: tuple[str, ...] = ()
        _captioned(translate("puppet", "Driver"), self.box, QVBoxLayout(self))
        self.box.activated.connect(self._activated)
        self.box.opening.connect(self.list_wanted)
        self._fill()

    def show_cameras(self, names: Sequence[str]) -> None:
        if tuple(names) != self.cameras:
            self.cameras = tuple(names)
            self._fill()
        if self.box.is_open:
            self.list_shown.emit()

    def show_current(self, spec: str) -> None:
        self.current = spec
        self._fill()

    def show_recent(self, specs: Sequence[str]) -> None:
        """Files, folders and addresses that were used before."""
        self._recent = tuple(specs)
        self._fill()

    def show_picture(self, camera: str, picture: QIcon) -> None:
        """What a camera sees."""
        self.pictures[camera] = picture
        row = self.box.findData(camera)
        if row >= 0:
            self.box.setItemIcon(row, picture)

    def _fill(self) -> None:
        with self.box.refilled():
            for name in self.cameras:
                self.box.addItem(self.pictures.get(name, QIcon()), name, name)
            others = dict.fromkeys((self.current, *self._recent))
            for spec in others:
                if spec and spec not in (DEMO, *self.cameras):
                    self.box.addItem(_short(spec), spec)
                    tip = tip_text(without_secrets(spec))
                    self.box.setItemData(self.box.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
            self.box.addItem(translate("puppet", "Demo clip"), DEMO)
            self.box.insertSeparator(self.box.count())
            for words, what in (
                (translate("puppet", "Video file…"), VIDEO),
                (translate("puppet", "Image folder…"), FOLDER),
                (translate("puppet", "Address (URL)…"), ADDRESS),
            ):
                self.box.addItem(words, what)
            self.box.setCurrentIndex(self.box.findData(self.current))

    def _activated(self, index: int) -> None:
        chosen = self.box.itemData(index)
        if chosen == VIDEO:
            chosen, _ = QFileDialog.getOpenFileName(self, translate("puppet", "Choose a video"), "", VIDEO_FILES)
        elif chosen == FOLDER:
            chosen = QFileDialog.getExistingDirectory(self, translate("puppet", "Choose a folder of pictures"))
        elif chosen == ADDRESS:
            chosen, _ = QInputDialog.getText(
                self,
                translate("puppet", "Address"),
                translate("puppet", "Address of a network camera (http:// or rtsp://):"),
            )
            chosen = chosen.strip()
        if chosen:
            self.show_current(chosen)
            self.chosen.emit(chosen)
        else:  # thought better of it
            self.show_current(self.current)


class ActorPanel(QWidget):
    """Who is driven."""

    chosen = pyqtSignal(str)  # path of an actor file
    list_wanted = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.box = ChoiceBox(translate("puppet", "Actor"))
        set_tip(self.box, translate("puppet", "Who is driven. Changing the actor does not interrupt anything"))
        self.box.setIconSize(QSize(THUMBNAIL, THUMBNAIL))
        self._actors: dict[str, tuple[str, QIcon]] = {}
        self._current = ""
        _captioned(translate("puppet", "Actor"), self.box, QVBoxLayout(self))
        self.box.activated.connect(self._activated)
        self.box.opening.connect(self.list_wanted)
        self._fill()

    def show_actors(self, actors: dict[str, tuple[str, QIcon]]) -> None:
        """Path -> (name, thumbnail)."""
        self._actors = dict(actors)
        self._fill()

    def show_current(self, path: str) -> None:
        """Empty: none."""
        self._current = path
        self._fill()

    def _fill(self) -> None:
        with self.box.refilled():
            for path, (name, icon) in self._actors.items():
                self.box.addItem(icon, name, path)
            if self._actors:
                self.box.insertSeparator(self.box.count())
            self.box.addItem(translate("puppet", "Open actor file…"), ACTOR_FILE)
            self.box.setPlaceholderText(translate("puppet", "Choose an actor"))
            self.box.setCurrentIndex(self.box.findData(self._current) if self._current else -1)

    def _activated(self, index: int) -> None:
        chosen = self.box.itemData(index)
        if chosen == ACTOR_FILE:
            chosen, _ = QFileDialog.getOpenFileName(self, translate("puppet", "Choose an actor"), "", ACTOR_FILES)
        self.show_current(self._current)  # until the actor is really there
        if chosen:
            self.chosen.emit(chosen)


def _short(spec: str) -> str:
    """What a source is called in the list: a file by its name, an address as it is."""
    return without_secrets(spec) if "://" in spec else Path(spec).name or spec
