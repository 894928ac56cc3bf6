"""The box in which the user chooses the driver: a camera, the demo clip, a file, a folder or an address."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QIcon
from PyQt6.QtWidgets import QInputDialog, QWidget

from puppet.core.addresses import without_secrets
from puppet.gui.kit.pickers import THUMBNAIL, VIDEO_FILES, pick_file, pick_folder
from puppet.gui.kit.plain_text import set_tip, tip_text
from puppet.gui.kit.widgets import ChoiceBox, captioned_column
from puppet.gui.kit.words import translate
from puppet.sources.registry import DEMO

VIDEO, FOLDER, ADDRESS = "\0video", "\0folder", "\0address"  # no source is called so


class SourcePanel(QWidget):
    """The driver's box. cameras: names of those there are; current: what is open; pictures: thumbnails by camera."""

    chosen = pyqtSignal(str)  # what `open_source` takes
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
        captioned_column(self, translate("puppet", "Driver"), self.box)
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
            chosen = pick_file(self, translate("puppet", "Choose a video"), VIDEO_FILES)
        elif chosen == FOLDER:
            chosen = pick_folder(self, translate("puppet", "Choose a folder of pictures"))
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
        else:  # the dialog was cancelled
            self.show_current(self.current)


def _short(spec: str) -> str:
    """The name of a source in the list: a file by its name, an address without its password."""
    return without_secrets(spec) if "://" in spec else Path(spec).name or spec
