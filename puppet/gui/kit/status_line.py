"""The status line at the bottom of the window."""

from __future__ import annotations

from PyQt6.QtCore import QT_TRANSLATE_NOOP
from PyQt6.QtWidgets import QStatusBar

from puppet.gui.kit.plain_text import Label, set_tip
from puppet.gui.kit.shortcuts import keys_for
from puppet.gui.kit.theme import restyle
from puppet.gui.kit.widgets import RangeMeter
from puppet.gui.kit.words import translate

RANGE_TOOLTIP = QT_TRANSLATE_NOOP(
    "puppet",
    "How near your expression is to what this actor's footage shows. Up to the mark the actor knows it. Beyond, the\n"
    "actor was never seen like this: the picture is a guess, and the strangest expressions are softened.\n"
    "If it stays beyond the mark while you look relaxed: press {0}, face the camera, or get more light.",
)


class StatusLine(QStatusBar):
    """Left the state; right the neutral, the range meter, the provider, and the figures of speed."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self.setContentsMargins(8, 0, 8, 0)
        self.state, self.fps, self.latency = Label(), Label(), Label()
        self.dropped, self.provider, self.neutral = Label(), Label(), Label()
        self.range = RangeMeter(translate("puppet", "Actor's range"))
        explained = translate("puppet", RANGE_TOOLTIP).format(keys_for("calibrate"))
        set_tip(self.range, explained)
        words = Label(translate("puppet", "Range"))
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

    def show_alert(self, label: Label, alert: bool) -> None:
        """Draw one of the labels as a warning, or as usual."""
        if alert != bool(label.property("alert")):
            label.setProperty("alert", alert)
            restyle(label)
