"""The group Camera: which resolution and rate it is asked for, and which ones it gives."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from puppet.gui.kit.plain_text import Label, set_tip
from puppet.gui.kit.widgets import ChoiceBox, caption_of
from puppet.gui.kit.words import translate
from puppet.sources.camera_format import CameraFormat

SIZES = ((640, 480), (960, 540), (1280, 720), (1920, 1080))  # px, that most webcams have
RATES = (15, 24, 30, 60)  # pictures a second


class CameraPanel(QWidget):
    """Two boxes with common resolutions and rates; `chosen` tells what the user wants of the camera."""

    chosen = pyqtSignal(CameraFormat)

    def __init__(self) -> None:
        super().__init__()
        self.size_box = ChoiceBox(translate("puppet", "Resolution of the camera"))
        set_tip(
            self.size_box,
            translate("puppet", "What the camera is asked for. More detail costs time and light; 1280 × 720 is plenty"),
        )
        self.rate_box = ChoiceBox(translate("puppet", "Frame rate of the camera"))
        set_tip(
            self.rate_box,
            translate("puppet", "Pictures a second that the camera is asked for; in dim light many cameras give fewer"),
        )
        self.given = Label()
        self.given.setProperty("role", "value")
        self.given.setWordWrap(True)
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        for row, (words, box) in enumerate(
            ((translate("puppet", "Resolution"), self.size_box), (translate("puppet", "Frame rate"), self.rate_box))
        ):
            grid.addWidget(caption_of(box, words), row, 0)
            grid.addWidget(box, row, 1)
            box.setMinimumContentsLength(8)
            box.activated.connect(self._activated)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(grid)
        column.addWidget(self.given)

    def show_choice(self, wanted: CameraFormat) -> None:
        """Select what is wanted; a size or rate of the user's own joins the lists."""
        for box, values, current in (
            (self.size_box, SIZES, (wanted.width, wanted.height)),
            (self.rate_box, RATES, wanted.fps),
        ):
            box.clear()
            offered = sorted({*values, current})
            for value in offered:
                box.addItem(
                    f"{value[0]} × {value[1]}"
                    if isinstance(value, tuple)
                    else translate("puppet", "{0} a second").format(value),
                    value,
                )
            box.setCurrentIndex(offered.index(current))

    def show_given(self, width: int, height: int, fps: float) -> None:
        """Tell what the camera gives: px, pictures a second."""
        self.given.setText(
            translate("puppet", "The camera gives {0} × {1} at {2:.0f} a second.").format(width, height, fps)
        )

    def _activated(self) -> None:
        width, height = self.size_box.currentData()
        self.chosen.emit(CameraFormat(width, height, self.rate_box.currentData()))
