"""Sliders for the attributes of an actor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QWidget

from puppet.explore.exploration import MAX_AMOUNT
from puppet.gui.explorer.sigma_slider import STEPS, SigmaSlider
from puppet.gui.kit.plain_text import Label
from puppet.gui.kit.widgets import caption_of
from puppet.gui.kit.words import translate


class AttributePanel(QWidget):
    """A slider for every attribute direction that the actor file holds, in the explorer and on the live page.

    margin: px around it.
    """

    moved = pyqtSignal(str, float)  # name of the attribute, standard deviations

    def __init__(self, margin: int = 0) -> None:
        super().__init__()
        self.sliders: dict[str, SigmaSlider] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(margin, margin, margin, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)

    def show_attributes(self, names: Sequence[str]) -> None:
        """Have one slider for each name, at 0."""
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        self.sliders = {}
        for row, name in enumerate(names):
            words = name.replace("_", " ").capitalize()
            slider = self.sliders[name] = SigmaSlider(words, MAX_AMOUNT)
            slider.moved.connect(lambda value, name=name: self.moved.emit(name, value))
            self._grid.addWidget(caption_of(slider, words), row, 0)
            self._grid.addWidget(slider, row, 1)
        if not names:
            nothing = Label(
                translate(
                    "puppet", "This actor file holds no attribute directions. Export the actor again with its data set."
                )
            )
            nothing.setWordWrap(True)
            self._grid.addWidget(nothing, 0, 0, 1, 2)

    def show_amounts(self, amounts: Mapping[str, float]) -> None:
        """Set the sliders to standard deviations by name, 0 where there is none; `moved` is not emitted."""
        for name, slider in self.sliders.items():
            if abs(slider.value - amounts.get(name, 0.0)) > 0.5 / STEPS:
                slider.show_value(amounts.get(name, 0.0))
