"""Sliders of the explorer: one row for every direction, with small pictures of both ends, and one per attribute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from PyQt6.QtCore import QEvent, QObject, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QPixmap
from PyQt6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from puppet.core.types import Image
from puppet.explore.changed_square import changed_square
from puppet.explore.directions import Direction
from puppet.explore.exploration import MAX_AMOUNT
from puppet.gui.kit.plain_text import Label, set_tip
from puppet.gui.kit.qimage import to_qimage
from puppet.gui.kit.theme import STAGE
from puppet.gui.kit.words import decimal, translate

STEPS = 50  # of a slider per standard deviation
WIDEST = 4.0  # standard deviations at a slider's ends
PICTURE = 56  # px, side of the small pictures
LEAST_WIDTH = 400  # px
BUILT_AT_ONCE = 6  # rows; 400 at once would hold the window up


class SigmaSlider(QWidget):
    """-4 .. 4 with 0 in the middle, and the value beside it; a double-click goes back to 0."""

    moved = pyqtSignal(float)  # by the user

    def __init__(self, name: str, widest: float = WIDEST) -> None:
        super().__init__()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setProperty("role", "centred")
        self.slider.setRange(-round(widest * STEPS), round(widest * STEPS))
        self.slider.setPageStep(STEPS // 2)
        self.slider.setMinimumWidth(80)
        self.slider.setMinimumHeight(24)
        self.slider.setAccessibleName(name)
        set_tip(self.slider, translate("puppet", "{0}. Double-click: back to 0").format(name))
        self._value = Label()
        self._value.setProperty("role", "value")
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._value.setFixedWidth(self._value.fontMetrics().horizontalAdvance("+4.00") + 6)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.slider, 1)
        row.addWidget(self._value)
        self.slider.installEventFilter(self)
        self.slider.valueChanged.connect(self._changed)
        self.show_value(0.0)

    @property
    def value(self) -> float:
        return self.slider.value() / STEPS

    def show_value(self, value: float) -> None:
        self.slider.blockSignals(True)
        self.slider.setValue(round(value * STEPS))
        self.slider.blockSignals(False)
        self._value.setText(decimal(value, 2, signed=True))

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        if a1 is not None and a1.type() == QEvent.Type.MouseButtonDblClick:
            self.slider.setValue(0)
            return True
        return super().eventFilter(a0, a1)

    def _changed(self, step: int) -> None:
        self._value.setText(decimal(step / STEPS, 2, signed=True))
        self.moved.emit(step / STEPS)


class DirectionRow(QFrame):
    """One direction: number, what it does to the face, slider, and whether the mouse moves it."""

    moved = pyqtSignal(int, float)
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
        self.pictures = _small_stage("before"), _small_stage("after")
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
        for button, number in zip(self.buttons, pair, strict=True):
            button.setChecked(number == self.number)

    def show_pictures(self, before: Image, after: Image) -> None:
        """What is shown is the part of the face that the direction changes."""
        ratio, square = self.devicePixelRatioF(), changed_square(before, after)
        for label, image in zip(self.pictures, (before, after), strict=True):
            pixmap = QPixmap.fromImage(to_qimage(image[square], round(PICTURE * ratio), round(PICTURE * ratio)))
            pixmap.setDevicePixelRatio(ratio)
            label.setPixmap(pixmap)


class DirectionList(QScrollArea):
    """The rows, most useful first; long lists are built bit by bit."""

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
        """Standard deviations by number."""
        self._coordinates = {**self._coordinates, **coordinates}
        for number, value in coordinates.items():
            row = self.rows.get(number)
            if row is not None and abs(row.slider.value - value) > 0.5 / STEPS:
                row.slider.show_value(value)

    def show_pair(self, pair: tuple[int, int]) -> None:
        for number in {*self._pair, *pair}:
            if number in self.rows:
                self.rows[number].show_pair(pair)
        self._pair = pair

    def show_pictures(self, number: int, before: Image, after: Image) -> None:
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


class AttributePanel(QWidget):
    """A slider for every attribute direction that the actor file holds, also of use beside a live performance.

    margin: px around it.
    """

    moved = pyqtSignal(str, float)

    def __init__(self, margin: int = 0) -> None:
        super().__init__()
        self.sliders: dict[str, SigmaSlider] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(margin, margin, margin, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)

    def show_attributes(self, names: Sequence[str]) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        self.sliders = {}
        for row, name in enumerate(names):
            words = name.replace("_", " ").capitalize()
            label = Label(words)
            label.setProperty("role", "caption")
            slider = self.sliders[name] = SigmaSlider(words, MAX_AMOUNT)
            slider.moved.connect(lambda value, name=name: self.moved.emit(name, value))
            self._grid.addWidget(label, row, 0)
            self._grid.addWidget(slider, row, 1)
        if not names:
            nothing = Label(
                translate(
                    "puppet", "This actor file holds no attribute directions. Export the actor again with its data set."
                )
            )
            nothing.setWordWrap(True)
            self._grid.addWidget(nothing, 0, 0, 1, 2)

    def show_amounts(self, amounts: Mapping[str, float]) -> None:
        for name, slider in self.sliders.items():
            if abs(slider.value - amounts.get(name, 0.0)) > 0.5 / STEPS:
                slider.show_value(amounts.get(name, 0.0))


def _small_stage(what: str) -> Label:
    label = Label()
    label.setFixedSize(PICTURE, PICTURE)
    below = translate("puppet", "2 standard deviations below the mean")
    above = translate("puppet", "2 standard deviations above it")
    label.setAccessibleName(below if what == "before" else above)
    set_tip(label, label.accessibleName())
    label.setStyleSheet(f"background: {STAGE}; border-radius: 4px;")
    return label
