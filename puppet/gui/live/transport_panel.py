"""The row of buttons below the pictures."""

from __future__ import annotations

from PyQt6.QtCore import QT_TRANSLATE_NOOP, QSize, pyqtSignal
from PyQt6.QtWidgets import QPushButton, QWidget

from puppet.gui.kit.flow import FlowLayout
from puppet.gui.kit.plain_text import set_tip
from puppet.gui.kit.shortcuts import keys_for
from puppet.gui.kit.theme import Colours, restyle
from puppet.gui.kit.widgets import Switch, shape_icon
from puppet.gui.kit.words import translate

PAUSE_WORDS = (QT_TRANSLATE_NOOP("puppet", " Pause"), QT_TRANSLATE_NOOP("puppet", " Go on"))


class TransportPanel(QWidget):
    """Record, pause, snapshot, calibrate, and the two switches that mirror."""

    record_clicked = pyqtSignal()
    pause_clicked = pyqtSignal(bool)  # True: pause, False: go on
    snapshot_clicked = pyqtSignal()
    calibrate_clicked = pyqtSignal()
    automatic_clicked = pyqtSignal()
    mirror_preview_changed = pyqtSignal(bool)
    mirror_output_changed = pyqtSignal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.record = QPushButton(translate("puppet", " Record"))
        set_tip(
            self.record,
            translate("puppet", "Record a video file; Recording and calls has the choices ({0})").format(
                keys_for("record")
            ),
        )
        self.pause = QPushButton(translate("puppet", PAUSE_WORDS[0]))
        self.pause.setEnabled(False)
        set_tip(
            self.pause,
            translate("puppet", "Leave out what comes, until you go on ({0})").format(keys_for("pause")),
        )
        self.snapshot = QPushButton(translate("puppet", " Snapshot"))
        set_tip(self.snapshot, translate("puppet", "Save this moment as a picture ({0})").format(keys_for("snapshot")))
        self.calibrate = QPushButton(translate("puppet", " Calibrate"))
        set_tip(
            self.calibrate,
            translate(
                "puppet",
                "Show your neutral face: relaxed, mouth closed ({0}). The actor is at rest when you look like this. "
                "{1} goes back to the automatic neutral",
            ).format(keys_for("calibrate"), keys_for("uncalibrate")),
        )
        self.automatic = QPushButton(translate("puppet", "Use automatic"))
        self.automatic.setProperty("role", "plain")
        set_tip(self.automatic, translate("puppet", "Forget the calibration ({0})").format(keys_for("uncalibrate")))
        self.automatic.hide()
        self.mirror_preview = Switch(translate("puppet", "Mirror preview"))
        set_tip(
            self.mirror_preview,
            translate("puppet", "Show both pictures as in a mirror; changes this window only ({0})").format(
                keys_for("mirror_preview")
            ),
        )
        self.mirror_output = Switch(translate("puppet", "Mirror output"))
        set_tip(
            self.mirror_output,
            translate("puppet", "Flip the actor, here and in what is recorded ({0})").format(keys_for("mirror_output")),
        )
        row = FlowLayout(10, self)
        for button in (self.record, self.pause, self.snapshot, self.calibrate):
            button.setAccessibleName(button.text().strip())  # the blank parts words and icon
            button.setIconSize(QSize(18, 18))
            row.addWidget(button)
        row.addWidget(self.automatic)
        row.add_spring()
        row.addWidget(self.mirror_preview)
        row.addWidget(self.mirror_output)
        widest = max(self.pause.fontMetrics().horizontalAdvance(translate("puppet", word)) for word in PAUSE_WORDS)
        self.pause.setMinimumWidth(widest + 56)  # so that nothing moves when its word changes
        self.record.setMinimumWidth(self.record.fontMetrics().horizontalAdvance("Stop  00:00:00") + 64)

        self.record.clicked.connect(lambda: self.record_clicked.emit())
        self.pause.clicked.connect(self._toggle_pause)
        self.snapshot.clicked.connect(lambda: self.snapshot_clicked.emit())
        self.calibrate.clicked.connect(lambda: self.calibrate_clicked.emit())
        self.automatic.clicked.connect(lambda: self.automatic_clicked.emit())
        self.mirror_preview.toggled.connect(self.mirror_preview_changed)
        self.mirror_output.toggled.connect(self.mirror_output_changed)

    def paint_icons(self, colours: Colours) -> None:
        """Draw the icons in the colours of the scheme."""
        self._dot = shape_icon("dot", colours.danger)
        self._square = shape_icon("square", colours.danger)
        self._amber_square = shape_icon("square", colours.paused)
        self._bars, self._triangle = shape_icon("bars", colours.text), shape_icon("triangle", colours.paused)
        self._paint_recording()
        self.snapshot.setIcon(shape_icon("camera", colours.text))
        self.calibrate.setIcon(shape_icon("target", colours.text))

    def show_recording(self, seconds: float | None, saving: bool = False) -> None:
        """seconds: length of the recording so far, None: not recording. saving: the last one is being finished."""
        recording = seconds is not None
        if saving:
            self.record.setText(translate("puppet", " Saving…"))
        else:
            self.record.setText(
                translate("puppet", " Stop  {0}").format(clock(seconds))
                if seconds is not None
                else translate("puppet", " Record")
            )
        if recording != bool(self.record.property("recording")):
            self.record.setProperty("recording", recording)
            self.record.setAccessibleName(
                translate("puppet", "Stop recording") if recording else translate("puppet", "Record")
            )
            if not recording:
                self.show_paused(None)
            self._paint_recording()

    def show_paused(self, paused: bool | None) -> None:
        """paused: whether the recording is; None: there is none."""
        if paused is None and self.pause.hasFocus():
            self.record.setFocus()  # Qt would give it to the next button, which saves a snapshot
        self.pause.setEnabled(paused is not None)
        if bool(paused) != bool(self.pause.property("paused")):
            self.pause.setText(translate("puppet", PAUSE_WORDS[bool(paused)]))
            self.pause.setAccessibleName(self.pause.text().strip())
            for button in (self.record, self.pause):
                button.setProperty("paused", bool(paused))
            self._paint_recording()

    def _toggle_pause(self) -> None:
        paused = not self.pause.property("paused")
        self.show_paused(paused)
        self.pause_clicked.emit(paused)

    def _paint_recording(self) -> None:
        """Draw both buttons as the recording is: red where it runs, amber where it is paused."""
        paused = bool(self.pause.property("paused"))
        stop = self._amber_square if paused else self._square
        self.record.setIcon(stop if self.record.property("recording") else self._dot)
        self.pause.setIcon(self._triangle if paused else self._bars)
        restyle(self.record)
        restyle(self.pause)

    def show_neutral(self, captured: bool) -> None:
        self.automatic.setVisible(captured)

    def show_mirrors(self, preview: bool, output: bool) -> None:
        for switch, on in ((self.mirror_preview, preview), (self.mirror_output, output)):
            switch.blockSignals(True)
            switch.setChecked(on)
            switch.blockSignals(False)


def clock(seconds: float) -> str:
    """A length in seconds as a clock shows it: 75.3 -> "1:15", 3700 -> "1:01:40"."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
