"""The pictures of the live page: driver, actor and further actors, in one of several layouts."""

from __future__ import annotations

import math

from PyQt6.QtCore import QRect, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from puppet.core.layout import INSET, Layout
from puppet.gui.kit.preview import PreviewPane
from puppet.gui.kit.theme import PICTURE_BACKGROUND
from puppet.gui.kit.words import translate
from puppet.gui.live.calibration_card import CalibrationCard
from puppet.gui.live.chips import Chips

GAP = 12  # px between pictures
WALL_GAP = 6  # px between the actors, where there are several
INSET_SHARE, INSET_MARGIN = 0.28, 14  # of the shorter side of the whole; px from its corner
LEAST = (300, 150)  # px, of the whole
CARD_WIDTH = 540  # px
CARD_AIR = 8  # px more than its layout asks for, since its words change
SIDE_BY_SIDE, ACTOR = Layout.SIDE_BY_SIDE.value, Layout.ACTOR.value


class LivePictures(QWidget):
    """The driver's pane, the actor's, and `wall`: one for each further actor that shows the same face."""

    double_clicked = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.driver = PreviewPane(translate("puppet", "Driver picture"), self)
        self.actor = PreviewPane(translate("puppet", "Actor picture"), self)
        self.wall: list[PreviewPane] = []
        self.chips = Chips(self)
        self.card = CalibrationCard(self)
        self._layout = SIDE_BY_SIDE
        self._alone = False
        self.setMinimumSize(*LEAST)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def panes(self) -> list[PreviewPane]:
        return [self.driver, self.actor, *self.wall]

    @property
    def sizes(self) -> tuple[tuple[int, int], ...]:
        """Width and height of all panes, px of the screen."""
        return tuple(pane.device_size for pane in self.panes)

    def arrange(self, layout: str) -> None:
        """layout: a choice of WINDOW_LAYOUT."""
        self._layout = layout
        self.driver.setVisible(layout != ACTOR)
        self.driver.set_framed(layout == INSET)
        if layout == INSET:
            self.driver.raise_()
        self.chips.raise_()
        self.card.raise_()
        self._place()

    def set_wall(self, count: int) -> None:
        """Have so many panes beside the actor's."""
        while len(self.wall) > count:
            pane = self.wall.pop()
            pane.hide()
            pane.deleteLater()
        while len(self.wall) < count:
            pane = PreviewPane(translate("puppet", "Picture of actor {0}").format(len(self.wall) + 2), self)
            pane.set_mirrored(self.actor.mirrored)
            pane.show()
            self.wall.append(pane)
        if self._layout == INSET:
            self.driver.raise_()
        self.chips.raise_()
        self.card.raise_()
        self._place()

    def set_mirrored(self, mirrored: bool) -> None:
        for pane in self.panes:
            pane.set_mirrored(mirrored)

    def show_alone(self, alone: bool) -> None:
        """alone: nothing else is on the screen, so the gaps are as dark as the surroundings of the pictures."""
        self._alone = alone
        self.chips.show_alone(alone)
        self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        if self._alone:
            QPainter(self).fillRect(self.rect(), QColor(PICTURE_BACKGROUND))

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        self._place()

    def mouseDoubleClickEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is not None and a0.button() == Qt.MouseButton.LeftButton:
            self.double_clicked.emit()

    def _place(self) -> None:
        whole = self.rect()
        actors = whole
        if self._layout == SIDE_BY_SIDE:
            half = (whole.width() - GAP) // 2
            self.driver.setGeometry(0, 0, half, whole.height())
            actors = QRect(whole.width() - half, 0, half, whole.height())
        elif self._layout == INSET:
            side = round(INSET_SHARE * min(whole.width(), whole.height()))
            side = max(side, self.driver.minimumWidth())
            corner = INSET_MARGIN, whole.height() - side - INSET_MARGIN
            self.driver.setGeometry(*corner, side, side)
        self._place_card(whole, actors)
        for pane, cell in zip([self.actor, *self.wall], grid(actors, 1 + len(self.wall)), strict=True):
            pane.setGeometry(cell)
        self.chips.place(self.actor.geometry())

    def _place_card(self, whole: QRect, actors: QRect) -> None:
        """Where it does not hide the face that it watches: beside the driver's picture, otherwise at the top."""
        area = actors.adjusted(INSET_MARGIN, INSET_MARGIN, -INSET_MARGIN, -INSET_MARGIN)
        beside = self._layout == SIDE_BY_SIDE and self._height_of_card(area.width()) <= area.height()
        if not beside:
            area = whole.adjusted(INSET_MARGIN, INSET_MARGIN, -INSET_MARGIN, -INSET_MARGIN)
        width = min(CARD_WIDTH, area.width())
        height = self._height_of_card(width)
        top = area.center().y() - height // 2 if beside else area.top()
        self.card.setGeometry(area.center().x() - width // 2, top, width, height)

    def _height_of_card(self, width: int) -> int:
        width = min(CARD_WIDTH, width)
        return max(self.card.heightForWidth(width), self.card.sizeHint().height()) + CARD_AIR


def grid(area: QRect, count: int) -> list[QRect]:
    """Cells of equal size for `count` squares, as large as they fit into `area`, row by row."""

    def side(columns: int) -> float:
        rows = math.ceil(count / columns)
        return min(area.width() / columns, area.height() / rows)

    columns = max(range(1, count + 1), key=side)
    rows = math.ceil(count / columns)
    gap = WALL_GAP if count > 1 else 0
    width = (area.width() - gap * (columns - 1)) // columns
    height = (area.height() - gap * (rows - 1)) // rows
    cells = []
    for i in range(count):
        row, column = divmod(i, columns)
        left, top = area.left() + column * (width + gap), area.top() + row * (height + gap)
        cells.append(QRect(left, top, max(1, width), max(1, height)))
    return cells
