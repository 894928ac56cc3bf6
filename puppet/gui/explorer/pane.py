"""The explorer's picture: tells where the mouse is over the face, and draws a cross-hair."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent

from puppet.core.types import Image
from puppet.gui.kit.preview import PreviewPane
from puppet.gui.kit.qimage import to_qimage

CROSS = 9.0  # px, half a cross-hair's side


class ExplorerPane(PreviewPane):
    """A picture that the mouse is moved over. Coordinates are -1 .. 1 from its left and from its bottom."""

    hovered = pyqtSignal(float, float)  # coordinates
    clicked = pyqtSignal()

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.BlankCursor)
        self._at: tuple[float, float] | None = None
        self._face: Image | None = None

    @property
    def cross(self) -> tuple[float, float] | None:
        """Coordinates of the cross-hair, or None."""
        return self._at

    @property
    def face(self) -> Image | None:
        """The face that is shown, uint8 (S, S, 3) BGR."""
        return self._face

    def show_face(self, face: Image, asked_at: float | None = None) -> None:
        """Show a face uint8 (S, S, 3) BGR, also after the pane has changed its size.

        asked_at: perf_counter seconds, for `latency_ms`; None: it does not count there.
        """
        self._face = face
        self.show_image(to_qimage(face, *self.device_size), asked_at)

    def clear(self) -> None:
        self._face = None
        super().clear()

    def show_cross(self, at: tuple[float, float] | None, hides_mouse: bool) -> None:
        """Draw the cross-hair at these coordinates; None or outside the picture: nowhere."""
        self._at = at
        self.setCursor(Qt.CursorShape.BlankCursor if hides_mouse else Qt.CursorShape.ArrowCursor)
        self.update()

    def place_of(self, at: QPointF) -> tuple[float, float]:
        """The coordinates of a point of the widget in px, clipped to the picture."""
        box = self._box()
        x = 2 * (at.x() - box.left()) / max(1.0, box.width() - 1) - 1  # the first and the last px are the ends
        y = 1 - 2 * (at.y() - box.top()) / max(1.0, box.height() - 1)
        return max(-1.0, min(1.0, x)), max(-1.0, min(1.0, y))

    def point_of(self, x: float, y: float) -> QPointF:
        """The point of the widget in px that has these coordinates."""
        box = self._box()
        return QPointF(box.left() + (x + 1) / 2 * (box.width() - 1), box.top() + (1 - y) / 2 * (box.height() - 1))

    def _box(self) -> QRectF:
        image = self.image
        if image is not None:
            return self._target(image)
        side = min(self.width(), self.height())
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def mouseMoveEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is not None:
            self.hovered.emit(*self.place_of(a0.position()))

    def mousePressEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is not None and a0.button() == Qt.MouseButton.LeftButton:
            self.setFocus()
            self.clicked.emit()

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        if self._face is not None:
            self.show_face(self._face)

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        super().paintEvent(a0)
        if self._at is None or self.image is None or max(map(abs, self._at)) > 1.001:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        centre = self.point_of(*self._at)
        for colour, width in (("#000000", 3.5), ("#ffffff", 1.5)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawLine(centre - QPointF(CROSS, 0), centre + QPointF(CROSS, 0))
            painter.drawLine(centre - QPointF(0, CROSS), centre + QPointF(0, CROSS))
        painter.end()
