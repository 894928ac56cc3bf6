"""The steps in which an actor is made: each with its name, its own bar, and the time that it still takes."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QT_TRANSLATE_NOOP, Qt
from PyQt6.QtWidgets import QGridLayout, QProgressBar, QWidget

from puppet.gui.kit.plain_text import Label
from puppet.gui.kit.words import translate
from puppet.new_actor.steps import Stage, Step

WORDS = {  # what people are told of a step, by the label that the tools give it
    "tracking": QT_TRANSLATE_NOOP("puppet", "Finding the face"),
    "cutting": QT_TRANSLATE_NOOP("puppet", "Cutting out the person"),
    "reporting": QT_TRANSLATE_NOOP("puppet", "Looking for what is missing"),
    "tracking the driver": QT_TRANSLATE_NOOP("puppet", "Getting a driver for the samples"),
    "fitting the head": QT_TRANSLATE_NOOP("puppet", "Fitting the shape of the head"),
    "making the first texture": QT_TRANSLATE_NOOP("puppet", "Making the first texture"),
    "training": QT_TRANSLATE_NOOP("puppet", "Training"),
    "converting the networks": QT_TRANSLATE_NOOP("puppet", "Converting what was learnt"),
    "measuring the latent space": QT_TRANSLATE_NOOP("puppet", "Measuring its expressions"),
    "measuring the response": QT_TRANSLATE_NOOP("puppet", "Measuring how its brows move"),
    "encoding": QT_TRANSLATE_NOOP("puppet", "Looking for smile, wink and others"),
    "checking the actor": QT_TRANSLATE_NOOP("puppet", "Checking the finished actor"),
}
BAR = 6  # px


class StepList(QWidget):
    """One row for each step. All bars have the same width, so that they can be compared."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(0, 1)
        self._labels: list[str] = []
        self.names: list[Label] = []
        self.times: list[Label] = []
        self.bars: list[QProgressBar] = []

    def show_steps(self, steps: Sequence[Step]) -> None:
        """Show the steps as they are now; rows are made anew only where the steps are others."""
        if [step.label for step in steps] != self._labels:
            self._make([step.label for step in steps])
        for step, name, time, bar in zip(steps, self.names, self.times, self.bars, strict=True):
            now = step.stage is Stage.NOW
            name.setText(f"{_SIGNS[step.stage]} {translate('puppet', WORDS.get(step.label, step.label))}")
            name.setEnabled(step.stage is not Stage.LATER)
            time.setText(_state_in_words(step))
            bar.setRange(0, 0 if now and step.share is None else 100)
            bar.setValue(round(100 * (step.share or 0.0)))
            bar.setAccessibleDescription(time.text())

    def _make(self, labels: list[str]) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._labels, self.names, self.times, self.bars = labels, [], [], []
        for row, label in enumerate(labels):
            name, time, bar = Label(), Label(), QProgressBar()
            name.setWordWrap(True)
            time.setProperty("role", "value")
            bar.setTextVisible(False)
            bar.setFixedHeight(BAR)
            bar.setAccessibleName(translate("puppet", WORDS.get(label, label)))
            self._grid.addWidget(name, 2 * row, 0)
            self._grid.addWidget(time, 2 * row, 1, Qt.AlignmentFlag.AlignRight)
            self._grid.addWidget(bar, 2 * row + 1, 0, 1, 2)
            self.names.append(name)
            self.times.append(time)
            self.bars.append(bar)


def time_left(seconds: float) -> str:
    """The time left in words: 3700 -> "1 h 2 min left"."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return translate("puppet", "less than a minute left")
    return (
        translate("puppet", "{0} h {1} min left").format(minutes // 60, minutes % 60)
        if minutes >= 60
        else translate("puppet", "{0} min left").format(minutes)
    )


def _state_in_words(step: Step) -> str:
    if step.stage is Stage.DONE:
        return translate("puppet", "done")
    return time_left(step.seconds_left) if step.stage is Stage.NOW and step.seconds_left is not None else ""


_SIGNS = {Stage.DONE: "✓", Stage.NOW: "●", Stage.LATER: "○"}
