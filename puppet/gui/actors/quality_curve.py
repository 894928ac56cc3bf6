"""The curve of a training: how like the footage its pictures are, and how sharp."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QWidget

from puppet.gui.kit.plain_text import set_tip
from puppet.gui.kit.theme import Colours, colours_for
from puppet.gui.kit.words import translate
from puppet.new_actor.job import Quality

HEIGHT, MOST_POINTS = 150, 400  # px; more could not be told apart
LEAST_SPAN = 20  # percent that the curve shows at least
GOOD, FAIR = 0.93, 0.8  # the lesser of likeness and sharpness from which `in_words` praises an actor


class QualityCurve(QWidget):
    """Likeness and sharpness in percent over the time of training; the first dashed, so that colour is not needed."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(translate("puppet", "Quality so far"))
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.points: tuple[Quality, ...] = ()

    def show_quality(self, quality: Sequence[Quality]) -> None:
        """quality: in order of time."""
        stride = max(1, len(quality) // MOST_POINTS)
        self.points = (*quality[:-1:stride], *quality[-1:])
        self.setAccessibleDescription(figures_in_words(quality[-1]) if quality else translate("puppet", "nothing yet"))
        set_tip(
            self,
            translate(
                "puppet",
                "Of pictures that training does not see. Likeness: 100 % would be the same pictures.\n"
                "Sharpness: 100 % is as sharp as the footage, neither softer nor rougher.\n"
                "Both rise fast at first, then slowly",
            ),
        )
        self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        colours = colours_for(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = painter.fontMetrics().height()
        edge = painter.fontMetrics().horizontalAdvance("100 %") + 8
        area = QRectF(edge, 2 * line + 12, self.width() - edge - 6, self.height() - 3 * line - 20)
        painter.setPen(QColor(colours.muted))
        if len(self.points) < 2:
            words = translate("puppet", "The curve begins with the second sample picture.")
            painter.drawText(QRectF(self.rect()), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, words)
            painter.end()
            return
        self._draw_legend(painter, colours, line)
        values = [100 * value for one in self.points for value in (one.likeness, min(1.0, one.sharpness))]
        low = min(10 * int(min(values) // 10), 100 - LEAST_SPAN)
        first, last = self.points[0].seconds, self.points[-1].seconds
        for percent in (low, 100):
            y = area.bottom() - area.height() * (percent - low) / (100 - low)
            painter.setPen(QPen(QColor(colours.border), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(QColor(colours.muted))
            beside = QRectF(0, y - line / 2, edge - 6, line)
            painter.drawText(beside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{percent} %")
        below = QRectF(area.left(), area.bottom() + 2, area.width(), line + 2)
        minutes = translate("puppet", "{0} min of training").format(round(last / 60))
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, minutes)
        for pen, values_of in zip(_pens(colours), ("likeness", "sharpness"), strict=True):
            painter.setPen(pen)
            painter.drawPolyline(
                QPolygonF(
                    QPointF(
                        area.left() + area.width() * (one.seconds - first) / max(last - first, 1e-9),
                        area.bottom() - area.height() * (100 * min(1.0, getattr(one, values_of)) - low) / (100 - low),
                    )
                    for one in self.points
                )
            )
        painter.end()

    def _draw_legend(self, painter: QPainter, colours: Colours, line: int) -> None:
        """The names of the curves with their last figures, each beside a piece of its line."""
        now = self.points[-1]
        for row, (pen, words) in enumerate(zip(_pens(colours), _figures(now), strict=True)):
            y = row * (line + 2) + line / 2 + 1
            painter.setPen(pen)
            painter.drawLine(QPointF(2, y), QPointF(26, y))
            painter.setPen(QColor(colours.text))
            painter.drawText(QRectF(34, y - line / 2, self.width() - 34, line + 2), words)


def figures_in_words(quality: Quality) -> str:
    """Likeness and sharpness in one line."""
    return ", ".join(_figures(quality))


def in_words(quality: Quality) -> str:
    """How good an actor is, in a sentence."""
    least = min(quality.likeness, quality.sharpness)
    if least >= GOOD:
        return translate("puppet", "Very like the footage, and as good as sharp.")
    if least >= FAIR:
        return translate("puppet", "Good; more training makes it a little sharper.")
    if quality.likeness >= FAIR:
        return translate("puppet", "Well like the footage, but soft still: train on.")
    return translate("puppet", "Not very like the footage yet: train on, or film more of what was missing.")


def _figures(quality: Quality) -> tuple[str, str]:
    return (
        translate("puppet", "Likeness {0:.0f} %").format(100 * quality.likeness),
        translate("puppet", "Sharpness {0:.0f} %").format(100 * min(1.0, quality.sharpness)),
    )


def _pens(colours: Colours) -> tuple[QPen, QPen]:
    dashed, whole = QPen(QColor(colours.text), 2), QPen(QColor(colours.accent), 2)
    dashed.setStyle(Qt.PenStyle.DashLine)
    return dashed, whole
