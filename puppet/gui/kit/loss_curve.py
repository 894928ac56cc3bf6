"""The curve of the training's loss."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QWidget

from puppet.gui.kit.plain_text import set_tip
from puppet.gui.kit.theme import colours_for
from puppet.gui.kit.words import translate

HEIGHT, MOST_POINTS = 130, 400  # px; more could not be told apart


class LossCurve(QWidget):
    """The logarithm of the loss over the steps: the last tenth of the fall matters as much as the first."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(translate("puppet", "Loss curve"))
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.points: tuple[tuple[int, float], ...] = ()

    def show_losses(self, losses: Sequence[tuple[int, float]]) -> None:
        """losses: (step, loss) pairs in order of steps; those that are no positive number are left out."""
        usable = [(step, loss) for step, loss in losses if loss > 0 and math.isfinite(loss)]
        stride = max(1, len(usable) // MOST_POINTS)
        self.points = tuple(usable[::stride])
        words = f"{self.points[-1][1]:.3g} at step {self.points[-1][0]:,}" if self.points else "nothing yet"
        self.setAccessibleDescription(words)
        set_tip(
            self,
            translate(
                "puppet", "Loss: {0}. It falls fast at first, then slowly; what counts is the sample picture"
            ).format(words),
        )
        self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        colours = colours_for(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = painter.fontMetrics().height()
        area = QRectF(8, line + 6, self.width() - 16, self.height() - line - 14)
        painter.setPen(QColor(colours.muted))
        last = f"Loss {self.points[-1][1]:.3g}, step {self.points[-1][0]:,}" if self.points else "Loss"
        painter.drawText(QRectF(0, 0, self.width(), line + 2), Qt.AlignmentFlag.AlignLeft, last)
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        if len(self.points) > 1:
            steps = [step for step, _ in self.points]
            logs = [math.log(loss) for _, loss in self.points]
            low, span = min(logs), max(max(logs) - min(logs), 1e-9)
            wide = max(steps[-1] - steps[0], 1)
            curve = QPolygonF(
                QPointF(
                    area.left() + area.width() * (step - steps[0]) / wide,
                    area.bottom() - area.height() * (value - low) / span,
                )
                for step, value in zip(steps, logs, strict=True)
            )
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.drawPolyline(curve)
        painter.end()
