"""The card over the pictures that guides the user to a neutral face."""

from __future__ import annotations

import math

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from puppet.face.calibration import COUNTDOWN, Progress
from puppet.gui.kit.plain_text import Label, set_tip
from puppet.gui.kit.words import translate

NO_BREAK = "\N{NO-BREAK SPACE}"
OPEN, SHUT = "✓", "✗"  # the colour alone would not be seen by everybody


class CalibrationCard(QFrame):
    """Advice, the conditions that are met or not, a countdown and a button; hidden until it is needed."""

    cancelled = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setAccessibleName(translate("puppet", "Calibration"))
        title = Label(translate("puppet", "Show your neutral face"))
        title.setProperty("role", "title")
        title.setWordWrap(True)
        self.advice = Label()
        self.advice.setWordWrap(True)
        self.gates = Label()
        self.gates.setProperty("role", "value")
        self.gates.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setRange(0, round(COUNTDOWN * 10))
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(translate("puppet", "Countdown"))
        self.cancel = QPushButton(translate("puppet", "Cancel"))
        set_tip(self.cancel, translate("puppet", "Keep the neutral face as it is (Esc)"))
        self.cancel.clicked.connect(lambda: self.cancelled.emit())
        foot = QHBoxLayout()
        foot.setSpacing(12)
        foot.addWidget(self.bar, 1)
        foot.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 12, 18, 14)
        column.setSpacing(8)
        for widget in (title, self.advice, self.gates):
            column.addWidget(widget)
        column.addLayout(foot)
        self.hide()

    def show_progress(self, progress: Progress) -> None:
        """Show what to do next, or how many seconds are left."""
        shut = [gate for gate in progress.gates if not gate.open]
        left = progress.seconds_left
        if left is None and shut:
            advice = translate("puppet", shut[0].advice) + "."
        else:
            advice = translate("puppet", "Look straight ahead, relaxed, mouth closed: {0} …").format(
                math.ceil(left or 0)
            )
        self.advice.setText(advice)
        self.setAccessibleDescription(advice)
        self.gates.setText(
            "    ".join(f"{OPEN if gate.open else SHUT} {gate.name}".replace(" ", NO_BREAK) for gate in progress.gates)
        )
        self.bar.setValue(0 if left is None else round((COUNTDOWN - left) * 10))
