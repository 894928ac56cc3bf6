"""The explorer's list of directions: a slider each, with small pictures of both ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QPixmap
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from puppet.core.types import Image
from puppet.explore.changed_square import changed_square
from puppet.explore.directions import Direction
from puppet.gui.explorer.sigma_slider import STEPS, SigmaSlider
from puppet.gui.kit.plain_text import Label, set_tip
from puppet.gui.kit.qimage import to_qimage
from puppet.gui.kit.theme import PICTURE_BACKGROUND
from puppet.gui.kit.words import decimal, translate

PICTURE = 56  # px, side of the small pictures
LEAST_WIDTH = 400  # px
BUILT_AT_ONCE = 6  # rows; 400 at once would hold up the window


class DirectionRow(QFrame):
    """One direction: its title, how useful it is, a slider, and buttons that give it to the mouse."""

    moved = pyqtSignal(int, float)  # number of the direction, standard deviations
    picked = pyqtSignal(int, int)  # number; 0: to the right, 1: upwards

    def __init__(self, direction: Direction) -> None:
        super().__init__()
        self.number = direction.number
        title = Label(direction.title)
        title.setProperty("role", "caption")
        use = Label(decimal(direction.usefulness, 2) if direction.usefulness else "")
        use.setProperty("role", "value")
        set_tip(
            use, translate("puppet", "How much this direction says: mean KL in nats, or the length of a principal axis")
        )
        self.slider = SigmaSlider(direction.title)
        self.pictures = _small_picture("before"), _small_picture("after")
        self.buttons = QPushButton("→"), QPushButton("↑")
        for axis, (button, words) in enumerate(
            zip(self.buttons, (translate("puppet", "to the right"), translate("puppet", "upwards")), strict=True)
        ):
            button.setProperty("role", "axis")
            button.setCheckable(True)
            button.setAccessibleName(
                translate("puppet", "The mouse moves direction {0} {1}").format(direction.number, words)
            )
            set_tip(button, translate("puppet", "The mouse moves this one {0}").format(words))
            button.clicked.connect(lambda _, axis=axis: self.picked.emit(self.number, axis))
        self.slider.moved.connect(lambda value: self.moved.emit(self.number, value))
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(title)
        top.addWidget(use)
        top.addStretch(1)
        for button in self.buttons:
            top.addWidget(button)
        middle = QVBoxLayout()
        middle.setSpacing(2)
        middle.addLayout(top)
        middle.addWidget(self.slider)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 4)
        row.setSpacing(10)
        row.addWidget(self.pictures[0])
        row.addLayout(middle, 1)
        row.addWidget(self.pictures[1])

    def show_pair(self, pair: tuple[int, int]) -> None:
        """pair: numbers of the directions that the mouse moves to the right and upwards."""
        for button, number in zip(self.buttons, pair, strict=True):
            button.setChecked(number == self.number)

    def show_pictures(self, before: Image, after: Image) -> None:
        """Show the part of the face that the direction changes. before, after: uint8 (S, S, 3) BGR."""
        ratio, square = self.devicePixelRatioF(), changed_square(before, after)
        for label, image in zip(self.pictures, (before, after), strict=True):
            pixmap = QPixmap.fromImage(to_qimage(image[square], round(PICTURE * ratio), round(PICTURE * ratio)))
            pixmap.setDevicePixelRatio(ratio)
            label.setPixmap(pixmap)


class DirectionList(QScrollArea):
    """The rows, most useful first; long ones are built a few rows at a time. Signals as those of a row."""

    moved = pyqtSignal(int, float)
    picked = pyqtSignal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[int, DirectionRow] = {}
        self._coordinates: Mapping[int, float] = {}
        self._pair = (-1, -1)
        self._pictures: dict[int, tuple[Image, Image]] = {}
        self._to_build: Iterator[Direction] = iter(())
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._build)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMinimumWidth(LEAST_WIDTH)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(translate("puppet", "Directions, most useful first"))

    def show_directions(self, directions: Sequence[Direction]) -> None:
        """List these directions instead of those before."""
        inside = QWidget()
        inside.setObjectName("rows")
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(4, 2, 14, 2)
        self._column.setSpacing(2)
        self._column.addStretch(1)
        self.rows, self._pictures = {}, {}
        self.setWidget(inside)
        self._to_build = iter(directions)
        self._build()
        self._timer.start(0)

    def show_coordinates(self, coordinates: Mapping[int, float]) -> None:
        """Set the sliders. coordinates: standard deviations by number of the direction."""
        self._coordinates = {**self._coordinates, **coordinates}
        for number, value in coordinates.items():
            row = self.rows.get(number)
            if row is not None and abs(row.slider.value - value) > 0.5 / STEPS:
                row.slider.show_value(value)

    def show_pair(self, pair: tuple[int, int]) -> None:
        """pair: numbers of the directions that the mouse moves to the right and upwards."""
        for number in {*self._pair, *pair}:
            if number in self.rows:
                self.rows[number].show_pair(pair)
        self._pair = pair

    def show_pictures(self, number: int, before: Image, after: Image) -> None:
        """Show what a direction does, as soon as its row is there. before, after: uint8 (S, S, 3) BGR."""
        self._pictures[number] = before, after
        if number in self.rows:
            self.rows[number].show_pictures(before, after)

    @property
    def complete(self) -> bool:
        """Whether every row has been built."""
        return not self._timer.isActive()

    def _build(self) -> None:
        for _ in range(BUILT_AT_ONCE):
            direction = next(self._to_build, None)
            if direction is None:
                self._timer.stop()
                return
            row = DirectionRow(direction)
            row.moved.connect(self.moved)
            row.picked.connect(self.picked)
            row.slider.show_value(self._coordinates.get(row.number, 0.0))
            row.show_pair(self._pair)
            if row.number in self._pictures:
                row.show_pictures(*self._pictures[row.number])
            self._column.insertWidget(self._column.count() - 1, row)
            self.rows[row.number] = row


def _small_picture(what: str) -> Label:
    label = Label()
    label.setFixedSize(PICTURE, PICTURE)
    below = translate("puppet", "2 standard deviations below the mean")
    above = translate("puppet", "2 standard deviations above it")
    label.setAccessibleName(below if what == "before" else above)
    set_tip(label, label.accessibleName())
    label.setStyleSheet(f"background: {PICTURE_BACKGROUND}; border-radius: 4px;")
    return label
