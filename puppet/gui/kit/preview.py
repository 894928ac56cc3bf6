"""A widget that shows one picture as large as it fits, in the screen's own pixels, with texts drawn over it."""

from __future__ import annotations

import math
import statistics
import time
from collections import deque

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from puppet.gui.kit.plain_text import as_lines
from puppet.gui.kit.theme import PICTURE_BACKGROUND, PICTURE_TEXT

HINT_MS = 4000
CORNER = 10.0  # px, radius
PILL_COLOUR = QColor(16, 18, 23, 190)


class PreviewPane(QWidget):
    """Shows a QImage.

    note: a line over the picture. corner: lines in its corner. placeholder: the text without a picture. A framed pane
    has a line around it, so that it can be told from a picture behind it.
    """

    painted = pyqtSignal(float)  # a new picture was painted; its capture time, perf_counter seconds

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setMinimumSize(120, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._image: QImage | None = None
        self._in_mirror: QImage | None = None  # the same picture, once it is needed
        self._mirrored = False
        self._note = ""
        self._corner = ""
        self._framed = False
        self._hint = ""
        self._hint_timer = QTimer(self)
        self._hint_timer.setSingleShot(True)
        self._hint_timer.timeout.connect(self._hide_hint)  # a method: a lambda may be collected before the timer
        self._placeholder = ""
        self._unpainted_since: float | None = None  # capture time of a picture that has not been painted yet
        self._latencies: deque[float] = deque(maxlen=30)

    def sizeHint(self) -> QSize:
        return QSize(520, 460)

    # -- what it shows -------------------------------------------------------------------------------------------

    @property
    def device_size(self) -> tuple[int, int]:
        """Width and height in the screen's own px: what a picture should be scaled to fit."""
        ratio = self.devicePixelRatioF()
        return max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))

    @property
    def picture(self) -> QRectF:
        """Where the picture is in the pane, px of the pane; empty without one."""
        return QRectF() if self._image is None else self._target(self._image)

    @property
    def image(self) -> QImage | None:
        return self._image

    @property
    def mirrored(self) -> bool:
        return self._mirrored

    @property
    def note(self) -> str:
        return self._note

    @property
    def corner(self) -> str:
        return self._corner

    @property
    def placeholder(self) -> str:
        return self._placeholder

    @property
    def latency_ms(self) -> float:
        """Milliseconds from capture to painting, median of the last 30 pictures; 0.0 before the first."""
        return statistics.median(self._latencies) if self._latencies else 0.0

    def show_image(self, image: QImage, captured_at: float | None = None) -> None:
        """Show a picture whose px are the screen's.

        captured_at: perf_counter seconds, for `latency_ms`; None: it does not count there.
        """
        self._image, self._in_mirror = image, None
        self._unpainted_since = captured_at
        self.update()

    def clear(self) -> None:
        """Back to the placeholder."""
        if self._image is not None:
            self._image = self._in_mirror = None
            self._latencies.clear()
            self.update()

    def set_mirrored(self, mirrored: bool) -> None:
        self._mirrored = mirrored
        self.update()

    def set_note(self, note: str) -> None:
        if note != self._note:
            self._note = note
            self.setAccessibleDescription(note)
            self.update()

    def show_hint(self, hint: str) -> None:
        """Show a line at the top for HINT_MS; empty: none."""
        self._hint = hint
        if hint:
            self._hint_timer.start(HINT_MS)
        self.update()

    def _hide_hint(self) -> None:
        self.show_hint("")

    def set_corner(self, lines: str) -> None:
        """lines: "name<tab>value", one a line; empty: none."""
        if lines != self._corner:
            self._corner = lines
            self.update()

    def set_framed(self, framed: bool) -> None:
        self._framed = framed
        self.update()

    def set_placeholder(self, text: str) -> None:
        text = as_lines(text)
        if text != self._placeholder:
            self._placeholder = text
            self.update()

    # -- painting ------------------------------------------------------------------------------------------------

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        frame = QPainterPath()
        window = self.window()
        corner = 0.0 if window is not None and window.isFullScreen() and not self._framed else CORNER
        frame.addRoundedRect(QRectF(self.rect()), corner, corner)
        target = self.picture
        if target != QRectF(self.rect()):
            painter.fillPath(frame, QColor(PICTURE_BACKGROUND))
        if self._image is not None:
            self._draw_picture(painter, self._image, target, frame, corner)
        elif self._placeholder:
            painter.setPen(QColor(PICTURE_TEXT))
            inside = self.rect().adjusted(24, 24, -24, -24)
            painter.drawText(inside, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._placeholder)
        if self._note:
            self._draw_pill(painter, self._note)
        if self._hint:
            self._draw_pill(painter, self._hint, top=True)
        if self._corner:
            self._draw_corner(painter, self._corner)
        if self._framed:
            painter.setPen(QPen(QColor(PICTURE_TEXT), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), CORNER, CORNER)
        painter.end()
        captured_at, self._unpainted_since = self._unpainted_since, None
        if captured_at is not None and self._image is not None:
            self._latencies.append((time.perf_counter() - captured_at) * 1000)
            self.painted.emit(captured_at)

    def _draw_picture(
        self, painter: QPainter, image: QImage, target: QRectF, frame: QPainterPath, corner: float
    ) -> None:
        """Draw the picture at `target`; `frame` cuts its corners off, whose radius is `corner` px.

        Cutting and turning are slow in Qt: only the rows beside the corners are cut, and the mirror image is made once.
        """
        if self._mirrored:
            if self._in_mirror is None:
                self._in_mirror = image.mirrored(True, False)
            image = self._in_mirror
        ratio = self.devicePixelRatioF()
        left, top, width, height = (round(side * ratio) for side in target.getRect())
        cut = math.ceil(corner * ratio) if left < corner * ratio else 0  # rows of the pane
        above = max(0, cut - top)
        below = max(0, cut - (self.device_size[1] - top - height))
        if image.size() != QSize(width, height) or above + below > height:  # still as large as the pane was before
            above, below = height, 0

        def draw_rows(first: int, end: int) -> None:
            if first >= end:
                return
            part = QRectF(target.left(), target.top() + first / ratio, target.width(), (end - first) / ratio)
            scale = image.height() / height
            painter.drawImage(part, image, QRectF(0, first * scale, image.width(), (end - first) * scale))

        draw_rows(above, height - below)
        if above or below:
            painter.save()
            painter.setClipPath(frame)
            draw_rows(0, above)
            draw_rows(height - below, height)
            painter.restore()

    def _target(self, image: QImage) -> QRectF:
        """Where the picture goes: fitted and centred, on whole device px so that one that has the size stays crisp."""
        ratio = self.devicePixelRatioF()
        width, height = self.device_size
        scale = min(width / image.width(), height / image.height())
        w, h = round(image.width() * scale), round(image.height() * scale)
        corner = QPointF((width - w) // 2, (height - h) // 2) / ratio
        return QRectF(corner.x(), corner.y(), w / ratio, h / ratio)

    def _draw_corner(self, painter: QPainter, lines: str) -> None:
        metrics = painter.fontMetrics()
        rows = [row.partition("\t")[::2] for row in lines.split("\n")]
        names, values = (max(metrics.horizontalAdvance(row[i]) for row in rows) for i in (0, 1))
        box = QRectF(12, 12, names + values + 40, len(rows) * metrics.lineSpacing() + 16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(PILL_COLOUR)
        painter.drawRoundedRect(box, 8, 8)
        painter.setPen(QColor("#ffffff"))
        line = QRectF(box.left() + 12, box.top() + 8, box.width() - 24, metrics.height())
        for name, value in rows:
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft, name)
            painter.drawText(line, Qt.AlignmentFlag.AlignRight, value)
            line.translate(0, metrics.lineSpacing())

    def _draw_pill(self, painter: QPainter, text: str, top: bool = False) -> None:
        metrics = painter.fontMetrics()
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, self.width() - 60)
        box = QRectF(0, 0, metrics.horizontalAdvance(text) + 28, metrics.height() + 14)
        middle = box.height() / 2 + 16
        box.moveCenter(QPointF(self.width() / 2, middle if top else self.height() - middle))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(PILL_COLOUR)
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        painter.setPen(QColor("#ffffff"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
