"""The status line at the bottom of the window."""

from __future__ import annotations

from PyQt6.QtCore import QT_TRANSLATE_NOOP, QSize
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QStatusBar, QWidget

from puppet.gui.kit.plain_text import Label, set_tip
from puppet.gui.kit.shortcuts import keys_for
from puppet.gui.kit.theme import restyle
from puppet.gui.kit.widgets import RangeMeter
from puppet.gui.kit.words import translate

SIDES, GAP, LEAST = 8, 14, 200  # px
RANGE_TOOLTIP = QT_TRANSLATE_NOOP(
    "puppet",
    "How near your expression is to what this actor's footage shows. Up to the mark the actor knows it. Beyond, the\n"
    "actor was never seen like this: the picture is a guess, and the strangest expressions are softened.\n"
    "If it stays beyond the mark while you look relaxed: press {0}, face the camera, or get more light.",
)


class StatusLine(QStatusBar):
    """Left the state; right the neutral, the range meter, the provider, and the figures of speed.

    Where there is no room for all, what matters least is left out.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self.setContentsMargins(SIDES, 0, SIDES, 0)
        self.state, self.fps, self.latency = Label(), Label(), Label()
        self.dropped, self.provider, self.neutral = Label(), Label(), Label()
        self.range = RangeMeter(translate("puppet", "Actor's range"))
        explained = translate("puppet", RANGE_TOOLTIP).format(keys_for("calibrate"))
        set_tip(self.range, explained)
        self._range_words = words = Label(translate("puppet", "Range"))
        set_tip(words, explained)
        self.addWidget(self.state, 1)
        self.addPermanentWidget(self.neutral)
        self.addPermanentWidget(words)
        self.addPermanentWidget(self.range)
        for label, name in (
            (self.provider, "Computed on"),
            (self.dropped, "Frames dropped"),
            (self.latency, "Latency"),
            (self.fps, "Frames per second"),
        ):
            label.setAccessibleName(name)
            self.addPermanentWidget(label)
        self.neutral.setAccessibleName(translate("puppet", "Neutral face"))
        set_tip(
            self.dropped,
            translate("puppet", "Camera pictures skipped because a newer one was there: this keeps the delay short"),
        )
        set_tip(
            self.neutral,
            translate(
                "puppet",
                "Which face of yours counts as neutral: an automatic guess, or the one you calibrated.\n"
                "While the guess is still learning, look relaxed into the camera with a closed mouth, or press {0}.",
            ).format(keys_for("calibrate")),
        )

    def fit(self) -> None:
        """Show all that there is room for; call it when a text has changed."""
        least_first = [self.dropped, self._range_words, self.fps, self.latency, self.neutral, self.provider, self.range]
        if self.provider.property("alert"):
            least_first = [*(one for one in least_first if one is not self.provider), self.provider]
        wanted = [one for one in least_first if one is not self.provider or self.provider.text()]
        room = self.width() - self.state.sizeHint().width() - 2 * SIDES
        needed = sum(_width(one) for one in wanted)
        for one in least_first:
            shown = one in wanted and needed <= room
            if one in wanted and not shown:
                needed -= _width(one)
            if shown != (not one.isHidden()):
                one.setVisible(shown)

    def minimumSizeHint(self) -> QSize:
        return QSize(LEAST, super().minimumSizeHint().height())

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        self.fit()

    def show_alert(self, label: Label, alert: bool) -> None:
        """Draw one of the labels as a warning, or as usual."""
        if alert != bool(label.property("alert")):
            label.setProperty("alert", alert)
            restyle(label)


def _width(widget: QWidget) -> int:
    """Px that a widget takes, with the gap beside it."""
    return max(widget.sizeHint().width(), widget.minimumWidth()) + GAP
