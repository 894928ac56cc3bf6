"""The line at the window's foot."""

from __future__ import annotations

from PyQt6.QtWidgets import QLabel, QStatusBar

from puppet.gui.shortcuts import keys_for
from puppet.gui.widgets import RangeMeter

RANGE_TOOLTIP = (
    "How near your expression is to what this actor's footage shows. Up to the mark the actor knows it. Beyond, the\n"
    "actor was never seen like this: the picture is a guess, and the strangest expressions are softened.\n"
    f"If it stays beyond the mark while you look relaxed: press {keys_for('calibrate')}, face the camera, or get more"
    " light."
)


class StatusLine(QStatusBar):
    """What is going on, left; how fast, with what and how late, right."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self.setContentsMargins(8, 0, 8, 0)
        self.state, self.fps, self.latency = QLabel(), QLabel(), QLabel()
        self.dropped, self.provider, self.neutral = QLabel(), QLabel(), QLabel()
        self.range = RangeMeter("Actor's range")
        self.range.setToolTip(RANGE_TOOLTIP)
        words = QLabel("Range")
        words.setToolTip(RANGE_TOOLTIP)
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
        self.neutral.setAccessibleName("Neutral face")
        self.dropped.setToolTip("Camera pictures skipped because a newer one was there: this keeps the delay short")
        self.neutral.setToolTip(
            "Which face of yours counts as neutral: an automatic guess, or the one you calibrated.\n"
            "While the guess is still learning, look relaxed into the camera with a closed mouth, or press "
            f"{keys_for('calibrate')}."
        )

    def show_alert(self, label: QLabel, alert: bool) -> None:
        if alert != bool(label.property("alert")):
            label.setProperty("alert", alert)
            style = label.style()
            if style is not None:
                style.unpolish(label)
                style.polish(label)
