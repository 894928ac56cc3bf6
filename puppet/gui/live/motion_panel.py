"""The group Motion: how the driver's motion is passed on to the actor."""

from __future__ import annotations

from PyQt6.QtCore import QT_TRANSLATE_NOOP, Qt, pyqtSignal
from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from puppet.core.motion import MOTION_OPTIONS, MotionSettings
from puppet.core.options import NumberOption
from puppet.gui.kit.plain_text import set_tip
from puppet.gui.kit.widgets import PercentSlider
from puppet.gui.kit.words import translate

WORDS = {  # name of an option of MOTION_OPTIONS, in the panel's order: caption, tooltip
    "smoothing": (
        QT_TRANSLATE_NOOP("puppet", "Smoothing"),
        QT_TRANSLATE_NOOP("puppet", "Calms trembling; too much of it lags behind"),
    ),
    "pose_gain": (
        QT_TRANSLATE_NOOP("puppet", "Head"),
        QT_TRANSLATE_NOOP("puppet", "How far the actor's head turns and moves when yours does"),
    ),
    "expression_gain": (
        QT_TRANSLATE_NOOP("puppet", "Expression"),
        QT_TRANSLATE_NOOP("puppet", "How strongly the actor shows what your whole face does"),
    ),
    "eyes_gain": (
        QT_TRANSLATE_NOOP("puppet", "Eyes"),
        QT_TRANSLATE_NOOP("puppet", "How strongly the actor blinks, squints and looks around; times Expression"),
    ),
    "mouth_gain": (
        QT_TRANSLATE_NOOP("puppet", "Mouth"),
        QT_TRANSLATE_NOOP("puppet", "How strongly the actor's mouth, jaw and cheeks move; times Expression"),
    ),
    "brows_gain": (
        QT_TRANSLATE_NOOP("puppet", "Brows"),
        QT_TRANSLATE_NOOP("puppet", "How far the actor's eyebrows go up and down; times Expression"),
    ),
}


class MotionPanel(QWidget):
    """One slider for each of MOTION_OPTIONS, and a button that resets them all."""

    changed = pyqtSignal(MotionSettings)

    def __init__(self) -> None:
        super().__init__()
        options = {option.name: option for option in MOTION_OPTIONS}
        self.sliders = {name: _slider(options[name]) for name in WORDS}
        self.reset = QPushButton(translate("puppet", "Reset"))
        self.reset.setProperty("role", "plain")
        set_tip(
            self.reset,
            translate("puppet", "All six back to their defaults; a double-click on a slider resets that one"),
        )
        self.reset.setAccessibleName(translate("puppet", "Reset motion settings"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for slider in self.sliders.values():
            column.addWidget(slider)
            slider.moved.connect(self._moved)
        column.addWidget(self.reset, 0, Qt.AlignmentFlag.AlignRight)
        self.reset.clicked.connect(self._reset)

    def show_values(self, motion: MotionSettings) -> None:
        for name, slider in self.sliders.items():
            slider.set_value(getattr(motion, name))

    def showEvent(self, a0: QShowEvent | None) -> None:
        """Make the captions equally wide, so that the sliders begin together: only now the font is known."""
        captions = [slider.caption for slider in self.sliders.values()]
        width = max(caption.sizeHint().width() for caption in captions)
        for caption in captions:
            caption.setMinimumWidth(width)
        super().showEvent(a0)

    def _moved(self) -> None:
        self.changed.emit(MotionSettings(**{name: slider.value for name, slider in self.sliders.items()}))

    def _reset(self) -> None:
        for slider in self.sliders.values():
            slider.reset()


def _slider(option: NumberOption) -> PercentSlider:
    caption, tooltip = WORDS[option.name]
    return PercentSlider(
        translate("puppet", caption), translate("puppet", tooltip), option.low, option.high, option.default
    )
