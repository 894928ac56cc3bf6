"""The buttons under the pictures."""

from __future__ import annotations

from PyQt6.QtCore import QSize, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from puppet.gui.shortcuts import keys_for
from puppet.gui.theme import Colours
from puppet.gui.widgets import Switch, shape_icon


class TransportPanel(QWidget):
    """Record, snapshot, calibrate, and the two mirrors."""

    record_clicked = pyqtSignal()
    snapshot_clicked = pyqtSignal()
    calibrate_clicked = pyqtSignal()
    automatic_clicked = pyqtSignal()
    mirror_preview_changed = pyqtSignal(bool)
    mirror_output_changed = pyqtSignal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.record = QPushButton(" Record")
        self.record.setToolTip(f"Record driver and actor side by side to a video file ({keys_for('record')})")
        self.snapshot = QPushButton(" Snapshot")
        self.snapshot.setToolTip(f"Save this moment as a picture ({keys_for('snapshot')})")
        self.calibrate = QPushButton(" Calibrate")
        self.calibrate.setToolTip(
            f"Show your neutral face: relaxed, mouth closed ({keys_for('calibrate')}). The actor is at rest when you "
            f"look like this. {keys_for('uncalibrate')} goes back to the automatic neutral"
        )
        self.automatic = QPushButton("Use automatic")
        self.automatic.setProperty("role", "plain")
        self.automatic.setToolTip(f"Forget the calibration ({keys_for('uncalibrate')})")
        self.automatic.hide()
        self.mirror_preview = Switch("Mirror preview")
        self.mirror_preview.setToolTip(
            f"Show both pictures as in a mirror; changes this window only ({keys_for('mirror_preview')})"
        )
        self.mirror_output = Switch("Mirror output")
        self.mirror_output.setToolTip(f"Flip the actor, here and in what is recorded ({keys_for('mirror_output')})")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        for button in (self.record, self.snapshot, self.calibrate):
            button.setAccessibleName(button.text().strip())  # the blank parts words and icon
            button.setIconSize(QSize(18, 18))
            row.addWidget(button)
        row.addWidget(self.automatic)
        row.addStretch(1)
        row.addWidget(self.mirror_preview)
        row.addSpacing(10)
        row.addWidget(self.mirror_output)
        self.record.setMinimumWidth(self.record.fontMetrics().horizontalAdvance("Stop  00:00:00") + 64)

        self.record.clicked.connect(lambda: self.record_clicked.emit())
        self.snapshot.clicked.connect(lambda: self.snapshot_clicked.emit())
        self.calibrate.clicked.connect(lambda: self.calibrate_clicked.emit())
        self.automatic.clicked.connect(lambda: self.automatic_clicked.emit())
        self.mirror_preview.toggled.connect(self.mirror_preview_changed)
        self.mirror_output.toggled.connect(self.mirror_output_changed)

    def paint_icons(self, colours: Colours) -> None:
        self._dot = shape_icon("dot", colours.danger)
        self._square = shape_icon("square", colours.danger)
        self.record.setIcon(self._square if self.record.property("recording") else self._dot)
        self.snapshot.setIcon(shape_icon("camera", colours.text))
        self.calibrate.setIcon(shape_icon("target", colours.text))

    def show_recording(self, seconds: float | None, saving: bool = False) -> None:
        """seconds: of the take so far, None: not recording. saving: the last take is being finished."""
        recording = seconds is not None
        if saving:
            self.record.setText(" Saving…")
        else:
            self.record.setText(f" Stop  {clock(seconds)}" if seconds is not None else " Record")
        self.record.setEnabled(not saving)
        if recording != bool(self.record.property("recording")):
            self.record.setProperty("recording", recording)
            self.record.setAccessibleName("Stop recording" if recording else "Record")
            self.record.setIcon(self._square if recording else self._dot)
            style = self.record.style()
            if style is not None:  # the sheet looks at properties only when asked to
                style.unpolish(self.record)
                style.polish(self.record)

    def show_neutral(self, captured: bool) -> None:
        self.automatic.setVisible(captured)

    def show_mirrors(self, preview: bool, output: bool) -> None:
        for switch, on in ((self.mirror_preview, preview), (self.mirror_output, output)):
            switch.blockSignals(True)
            switch.setChecked(on)
            switch.blockSignals(False)


def clock(seconds: float) -> str:
    """75.3 -> "1:15", 3700 -> "1:01:40"."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
