"""Small controls, drawn to go with the style sheet of `theme`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from PyQt6.QtCore import QEvent, QModelIndex, QObject, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QBrush,
    QColor,
    QIcon,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
)
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionComboBox,
    QStyleOptionViewItem,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from puppet.gui.kit.plain_text import Label, as_lines, set_tip
from puppet.gui.kit.theme import colours_for
from puppet.gui.kit.wheel import CalmComboBox, CalmSlider

LEAST_LETTERS, ARROW = 6, 52  # of a combo box that has little room: letters; px of arrow and margins
CC_COMBO = QStyle.ComplexControl.CC_ComboBox
Shape = Literal["dot", "square", "camera", "target", "bell", "bars", "triangle"]


def caption_of(control: QWidget, text: str) -> Label:
    """A label in the captions' style whose shortcut and screen reader's name belong to `control`."""
    label = Label(text)
    label.setProperty("role", "caption")
    label.setBuddy(control)
    return label


def captioned_column(parent: QWidget, text: str, control: QWidget) -> None:
    """Fill `parent` with a caption and the control below it."""
    column = QVBoxLayout(parent)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(5)
    column.addWidget(caption_of(control, text))
    column.addWidget(control)


class _Rows(QStyledItemDelegate):
    """Rows of a combo box's list: higher than the style's own, with a line for a separator.

    A plain combo box ignores what style sheets say about rows.
    """

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        size = super().sizeHint(option, index)
        size.setHeight(9 if _is_separator(index) else max(36, size.height() + 6))
        return size

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        if painter is None or not _is_separator(index):
            super().paint(painter, option, index)
            return
        painter.setPen(QColor(colours_for(option.palette).border))
        y = option.rect.center().y()
        painter.drawLine(option.rect.left() + 8, y, option.rect.right() - 8, y)


def _is_separator(index: QModelIndex) -> bool:
    return index.data(Qt.ItemDataRole.AccessibleDescriptionRole) == "separator"  # how QComboBox marks them


class ChoiceBox(CalmComboBox):
    """A combo box that draws its own arrow, shortens texts that do not fit, and tells when its list opens.

    Style sheets would need a picture file for the arrow, and would cut the texts.
    """

    opening = pyqtSignal()  # the list is about to open

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumContentsLength(12)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMaxVisibleItems(14)
        self.setItemDelegate(_Rows(self))

    def addItem(self, *row: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """([icon,] text[, data]) as a combo box takes it; the text is shown as it is, the data kept as it is."""
        at = 0 if isinstance(row[0], str) else 1
        super().addItem(*row[:at], as_lines(row[at]), *row[at + 1 :])  # pyright: ignore[reportCallIssue]

    def minimumSizeHint(self) -> QSize:
        """Room for a few letters: a longer text is shortened."""
        size = super().minimumSizeHint()
        least = LEAST_LETTERS * self.fontMetrics().averageCharWidth() + self.iconSize().width() + ARROW
        return QSize(min(size.width(), least), size.height())

    @property
    def is_open(self) -> bool:
        view = self.view()
        return view is not None and view.isVisible()

    def showPopup(self) -> None:
        self.opening.emit()
        super().showPopup()

    @contextmanager
    def refilled(self) -> Iterator[None]:
        """While within, the rows are added anew; an open list stays open, in the length that it now needs."""
        was_open = self.is_open
        self.clear()
        yield
        if was_open:
            super().showPopup()

    def paintEvent(self, e: QPaintEvent | None) -> None:
        option, painter = QStyleOptionComboBox(), QStylePainter(self)
        self.initStyleOption(option)
        painter.drawComplexControl(CC_COMBO, option)
        style = self.style()
        assert style is not None
        field = style.subControlRect(CC_COMBO, option, QStyle.SubControl.SC_ComboBoxEditField, self)
        room = field.width() - (option.iconSize.width() + 4 if not option.currentIcon.isNull() else 0)
        option.currentText = self.fontMetrics().elidedText(option.currentText, Qt.TextElideMode.ElideRight, room)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours_for(self.palette()).muted), 1.8))
        x, y = self.width() - 18.0, self.height() / 2 + 2
        painter.drawPolyline(QPolygonF([QPointF(x - 4.5, y - 4.5), QPointF(x, y), QPointF(x + 4.5, y - 4.5)]))
        painter.end()


class Switch(QCheckBox):
    """A check box that looks like a switch."""

    WIDTH, HEIGHT, GAP = 36, 20, 9  # px

    def __init__(self, text: str) -> None:
        super().__init__(as_lines(text))

    def sizeHint(self) -> QSize:
        text = self.fontMetrics().size(Qt.TextFlag.TextShowMnemonic, self.text())
        return QSize(self.WIDTH + self.GAP + text.width() + 4, max(self.HEIGHT, text.height()) + 10)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def hitButton(self, pos) -> bool:
        return self.rect().contains(pos)

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        colours = colours_for(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(2, (self.height() - self.HEIGHT) / 2, self.WIDTH, self.HEIGHT)
        painter.setPen(QPen(QColor(colours.accent if self.isChecked() else colours.muted), 1.2))
        painter.setBrush(QColor(colours.accent if self.isChecked() else colours.card))
        painter.drawRoundedRect(track, self.HEIGHT / 2, self.HEIGHT / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.on_accent if self.isChecked() else colours.muted))
        x = track.right() - self.HEIGHT / 2 if self.isChecked() else track.left() + self.HEIGHT / 2
        painter.drawEllipse(QPointF(x, track.center().y()), self.HEIGHT / 2 - 4, self.HEIGHT / 2 - 4)
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(track.adjusted(-2, -2, 2, 2), self.HEIGHT / 2 + 2, self.HEIGHT / 2 + 2)
        painter.setPen(QColor(colours.text))
        words = self.rect().adjusted(self.WIDTH + self.GAP, 0, 0, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextShowMnemonic, self.text())
        painter.end()


class PercentSlider(QWidget):
    """Caption, slider and value of a factor, 1.0 = 100 %, in steps of one percent; a double-click resets it.

    largest, default: factors.
    """

    moved = pyqtSignal(float)  # by the user or by `reset`, not by `set_value`

    def __init__(self, caption: str, tooltip: str, low: float, high: float, default: float) -> None:
        super().__init__()
        self._default = default
        self.slider = CalmSlider()
        self.slider.setRange(round(low * 100), round(high * 100))
        self.slider.setPageStep(10)
        self.slider.setMinimumWidth(70)
        self.slider.setMinimumHeight(24)
        self.slider.setAccessibleName(caption)
        self.caption = caption_of(self.slider, caption)
        self._value = Label()
        self._value.setProperty("role", "value")
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._value.setFixedWidth(self._value.fontMetrics().horizontalAdvance("200 %") + 8)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(self.caption)
        row.addWidget(self.slider, 1)
        row.addWidget(self._value)
        set_tip(self, f"{tooltip}. Double-click: back to {round(default * 100)} %")
        self.slider.installEventFilter(self)  # a slider keeps its clicks to itself
        self.set_value(default)
        self.slider.valueChanged.connect(self._changed)

    @property
    def value(self) -> float:
        return self.slider.value() / 100

    def set_value(self, value: float) -> None:
        self.slider.blockSignals(True)
        self.slider.setValue(round(value * 100))
        self.slider.blockSignals(False)
        self._value.setText(f"{self.slider.value()} %")

    def reset(self) -> None:
        self.slider.setValue(round(self._default * 100))

    def mouseDoubleClickEvent(self, a0: QMouseEvent | None) -> None:
        self.reset()

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        if a1 is not None and a1.type() == QEvent.Type.MouseButtonDblClick:
            self.reset()
            return True
        return super().eventFilter(a0, a1)

    def _changed(self, percent: int) -> None:
        self._value.setText(f"{percent} %")
        self.moved.emit(percent / 100)


class RangeMeter(QWidget):
    """A bar with a mark at 1; its part beyond the mark has another colour and is hatched.

    The hatching tells what the colour alone would not tell everybody.
    """

    WIDTH, HEIGHT, FULL = 96, 10, 3.0  # px, px, and the value at the right end; the mark is at 1
    CALM = 0.15  # weight of a new value against the one shown: a bar that trembles cannot be read

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setFixedSize(self.WIDTH + 12, self.HEIGHT + 12)
        self._value: float | None = None

    @property
    def value(self) -> float | None:
        """What the bar shows; None: empty."""
        return self._value

    def show_value(self, value: float | None) -> None:
        """Move the bar towards a value from 0 on, smoothed by CALM; None empties it at once."""
        if value is not None and self._value is not None:
            value = self._value + self.CALM * (value - self._value)
        if self._end(value) != self._end(self._value):  # hardly ever: most frames move it by less than it can show
            self.update()
        description = "" if value is None else "within" if value <= 1 else "beyond"
        if description != self.accessibleDescription():
            self.setAccessibleDescription(description)
        self._value = value

    def _end(self, value: float | None) -> float | None:
        """Where the bar ends that shows a value, in half px from its left; None: there is none."""
        return None if value is None else round(2 * self.WIDTH * min(1.0, value / self.FULL)) / 2

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        colours = colours_for(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRectF(6, 6, self.WIDTH, self.HEIGHT)
        mark = bar.left() + self.WIDTH / self.FULL
        outline = QPainterPath()
        outline.addRoundedRect(bar, 3, 3)
        painter.fillPath(outline, QColor(colours.border))
        length = self._end(self._value)
        if length is not None:
            end = bar.left() + length
            painter.setClipPath(outline)
            within = QRectF(bar.left(), bar.top(), min(end, mark) - bar.left(), bar.height())
            painter.fillRect(within, QColor(colours.accent))
            if end > mark:
                beyond = QRectF(mark, bar.top(), end - mark, bar.height())
                painter.fillRect(beyond, QColor(colours.beyond_range))
                painter.fillRect(beyond, QBrush(QColor(colours.window), Qt.BrushStyle.BDiagPattern))
            painter.setClipping(False)
        painter.setPen(QPen(QColor(colours.text), 1.5))
        painter.drawLine(QPointF(mark, bar.top() - 3), QPointF(mark, bar.bottom() + 3))
        painter.end()


def shape_icon(shape: Shape, colour: str, side: int = 18) -> QIcon:
    """An icon of one colour ("#rrggbb"), `side` px.

    The dot is for recording, the square for stopping, the camera for snapshots, the target for calibrating, the bell
    for messages, bars and triangle for pausing and going on.
    """
    pixmap = QPixmap(side * 3, side * 3)  # sharp up to three device px per px
    pixmap.setDevicePixelRatio(3)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(side / 18, side / 18)
    line = QPen(QColor(colour), 1.6)
    if shape in ("dot", "square"):
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        if shape == "dot":
            painter.drawEllipse(QPointF(9, 9), 6, 6)
        else:
            painter.drawRoundedRect(QRectF(4, 4, 10, 10), 2, 2)
    elif shape == "camera":
        painter.setPen(line)
        painter.drawRoundedRect(QRectF(1.5, 4.5, 15, 10.5), 2.5, 2.5)
        painter.drawEllipse(QPointF(9, 9.8), 3, 3)
        painter.drawLine(QPointF(6.5, 3), QPointF(11.5, 3))
    elif shape == "target":
        painter.setPen(line)
        painter.drawEllipse(QPointF(9, 9), 5.2, 5.2)
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            painter.drawLine(QPointF(9 + 3.4 * dx, 9 + 3.4 * dy), QPointF(9 + 8 * dx, 9 + 8 * dy))
    elif shape in ("bars", "triangle"):
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        if shape == "triangle":
            painter.drawPolygon(QPolygonF([QPointF(5, 3.5), QPointF(15, 9), QPointF(5, 14.5)]))
        for left in (4.5, 10.5) if shape == "bars" else ():
            painter.drawRoundedRect(QRectF(left, 3.5, 3, 11), 1, 1)
    elif shape == "bell":
        painter.setPen(line)
        bell = QPainterPath(QPointF(2.5, 13.5))
        bell.cubicTo(QPointF(6, 11), QPointF(3.5, 3), QPointF(9, 3))
        bell.cubicTo(QPointF(14.5, 3), QPointF(12, 11), QPointF(15.5, 13.5))
        bell.closeSubpath()
        painter.drawPath(bell)
        painter.drawLine(QPointF(7.5, 16), QPointF(10.5, 16))
    painter.end()
    return QIcon(pixmap)
