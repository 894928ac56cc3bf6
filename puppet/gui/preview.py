"""One picture, as large as it fits, crisp on every screen, with words over it that never become part of it."""

from __future__ import annotations

import statistics
import time
from collections import deque

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from puppet.gui.theme import STAGE, STAGE_TEXT

CORNER = 10.0  # px, radius
PILL_COLOUR = QColor(16, 18, 23, 190)


class PreviewPane(QWidget):
    """Shows a QImage. `note` is a line over the picture, `placeholder` what stands there without one."""

    painted = pyqtSignal(float)  # a new picture is on the screen; when it was captured, perf_counter seconds

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setMinimumSize(240, 200)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._image: QImage | None = None
        self._mirrored = False
        self._note = ""
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
        """Where the picture stands in the pane, in the pane's own px; empty without one."""
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
    def placeholder(self) -> str:
        return self._placeholder

    @property
    def latency_ms(self) -> float:
        """Capture -> painted, median of the last pictures; 0.0 before the first."""
        return statistics.median(self._latencies) if self._latencies else 0.0

    def show_image(self, image: QImage, captured_at: float | None = None) -> None:
        """Take a picture (px of the screen). `captured_at`: perf_counter seconds, for `latency_ms`."""
        self._image = image
        self._unpainted_since = captured_at
        self.update()

    def clear(self) -> None:
        """Back to the placeholder."""
        if self._image is not None:
            self._image = None
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

    def set_placeholder(self, text: str) -> None:
        if text != self._placeholder:
            self._placeholder = text
            self.update()

    # -- painting ------------------------------------------------------------------------------------------------

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        stage = QPainterPath()
        stage.addRoundedRect(QRectF(self.rect()), CORNER, CORNER)
        painter.fillPath(stage, QColor(STAGE))
        painter.setClipPath(stage)
        if self._image is not None:
            painter.save()
            if self._mirrored:
                painter.translate(self.width(), 0)
                painter.scale(-1, 1)
            painter.drawImage(self._target(self._image), self._image)
            painter.restore()
        elif self._placeholder:
            painter.setPen(QColor(STAGE_TEXT))
            inside = self.rect().adjusted(24, 24, -24, -24)
            painter.drawText(inside, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._placeholder)
        if self._note:
            self._draw_pill(painter, self._note)
        painter.end()
        captured_at, self._unpainted_since = self._unpainted_since, None
        if captured_at is not None and self._image is not None:
            self._latencies.append((time.perf_counter() - captured_at) * 1000)
            self.painted.emit(captured_at)

    def _target(self, image: QImage) -> QRectF:
        """Where the picture goes: fitted and centred, on whole device px so that one that has the size stays crisp."""
        ratio = self.devicePixelRatioF()
        width, height = self.device_size
        scale = min(width / image.width(), height / image.height())
        w, h = round(image.width() * scale), round(image.height() * scale)
        corner = QPointF((width - w) // 2, (height - h) // 2) / ratio
        return QRectF(corner.x(), corner.y(), w / ratio, h / ratio)

    def _draw_pill(self, painter: QPainter, text: str) -> None:
        metrics = painter.fontMetrics()
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, self.width() - 60)
        box = QRectF(0, 0, metrics.horizontalAdvance(text) + 28, metrics.height() + 14)
        box.moveCenter(QPointF(self.width() / 2, self.height() - box.height() / 2 - 16))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(PILL_COLOUR)
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        painter.setPen(QColor("#ffffff"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
