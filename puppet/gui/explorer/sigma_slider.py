"""A slider for a coordinate in latent space."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QWidget

from puppet.gui.kit.plain_text import Label, set_tip
from puppet.gui.kit.wheel import CalmSlider
from puppet.gui.kit.words import decimal, translate

STEPS = 50  # of a slider per standard deviation
WIDEST = 4.0  # standard deviations at a slider's ends


class SigmaSlider(QWidget):
    """Standard deviations from -widest to widest, the value beside them; a double-click goes back to 0."""

    moved = pyqtSignal(float)  # by the user

    def __init__(self, name: str, widest: float = WIDEST) -> None:
        super().__init__()
        self.slider = CalmSlider()
        self.slider.setProperty("role", "centred")
        self.slider.setRange(-round(widest * STEPS), round(widest * STEPS))
        self.slider.setPageStep(STEPS // 2)
        self.slider.setMinimumWidth(80)
        self.slider.setMinimumHeight(24)
        self.slider.setAccessibleName(name)
        set_tip(self.slider, translate("puppet", "{0}. Double-click: back to 0").format(name))
        self._value = Label()
        self._value.setProperty("role", "value")
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._value.setFixedWidth(self._value.fontMetrics().horizontalAdvance("+4.00") + 6)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.slider, 1)
        row.addWidget(self._value)
        self.slider.installEventFilter(self)
        self.slider.valueChanged.connect(self._changed)
        self.show_value(0.0)

    @property
    def value(self) -> float:
        """Standard deviations."""
        return self.slider.value() / STEPS

    def show_value(self, value: float) -> None:
        """Set the slider; `moved` is not emitted."""
        self.slider.blockSignals(True)
        self.slider.setValue(round(value * STEPS))
        self.slider.blockSignals(False)
        self._value.setText(decimal(value, 2, signed=True))

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        if a1 is not None and a1.type() == QEvent.Type.MouseButtonDblClick:
            self.slider.setValue(0)
            return True
        return super().eventFilter(a0, a1)

    def _changed(self, step: int) -> None:
        self._value.setText(decimal(step / STEPS, 2, signed=True))
        self.moved.emit(step / STEPS)
