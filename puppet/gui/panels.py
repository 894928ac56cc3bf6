"""The groups of controls. They say what the user wanted, and show what they are told; they do nothing themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from PyQt6.QtCore import QSize, pyqtSignal
from PyQt6.QtGui import QIcon, QShowEvent
from PyQt6.QtWidgets import (
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QPushButton,
    QStatusBar,
    QVBoxLayout,
    QWidget,
)

from puppet.gui.shortcuts import keys_for
from puppet.gui.theme import Colours
from puppet.gui.widgets import ChoiceBox, PercentSlider, RangeMeter, Switch, shape_icon
from puppet.settings import MotionSettings

DEMO = "demo"  # what `sources.open_source` calls the clip that comes with the program
VIDEO, FOLDER, ADDRESS, ACTOR_FILE = "\0video", "\0folder", "\0address", "\0actor"  # no source or path is called so
VIDEO_FILES = "Videos (*.mp4 *.m4v *.mov *.mkv *.webm *.avi *.mpg *.mpeg);;All files (*)"
ACTOR_FILES = "Actors (*.actor);;All files (*)"
THUMBNAIL = 30  # px


def _captioned(caption: str, box: ChoiceBox, column: QVBoxLayout) -> None:
    label = QLabel(caption)
    label.setProperty("role", "caption")
    label.setBuddy(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(5)
    column.addWidget(label)
    column.addWidget(box)


class SourcePanel(QWidget):
    """Whose face drives: a camera, the demo clip, a file, a folder or an address."""

    chosen = pyqtSignal(str)  # what `sources.open_source` takes
    list_wanted = pyqtSignal()  # the list is about to open: cameras may have come or gone

    def __init__(self) -> None:
        super().__init__()
        self.box = ChoiceBox("Driver")
        self.box.setToolTip("Whose face drives the actor: a camera, a video, a folder of pictures or a network address")
        self._cameras: tuple[str, ...] = ()
        self._current = ""
        _captioned("Driver", self.box, QVBoxLayout(self))
        self.box.activated.connect(self._activated)
        self.box.opening.connect(self.list_wanted)
        self._fill()

    def show_cameras(self, names: Sequence[str]) -> None:
        if tuple(names) != self._cameras:
            self._cameras = tuple(names)
            self._fill()

    def show_current(self, spec: str) -> None:
        self._current = spec
        self._fill()

    def _fill(self) -> None:
        self.box.clear()
        for name in self._cameras:
            self.box.addItem(name, name)
        if self._current and self._current not in (DEMO, *self._cameras):
            self.box.addItem(_short(self._current), self._current)
        self.box.addItem("Demo clip", DEMO)
        self.box.insertSeparator(self.box.count())
        for words, what in (("Video file…", VIDEO), ("Image folder…", FOLDER), ("Address (URL)…", ADDRESS)):
            self.box.addItem(words, what)
        self.box.setCurrentIndex(self.box.findData(self._current))

    def _activated(self, index: int) -> None:
        chosen = self.box.itemData(index)
        if chosen == VIDEO:
            chosen, _ = QFileDialog.getOpenFileName(self, "Choose a video", "", VIDEO_FILES)
        elif chosen == FOLDER:
            chosen = QFileDialog.getExistingDirectory(self, "Choose a folder of pictures")
        elif chosen == ADDRESS:
            chosen, _ = QInputDialog.getText(self, "Address", "Address of a network camera (http:// or rtsp://):")
            chosen = chosen.strip()
        if chosen:
            self.show_current(chosen)
            self.chosen.emit(chosen)
        else:  # thought better of it
            self.show_current(self._current)


class ActorPanel(QWidget):
    """Who is driven."""

    chosen = pyqtSignal(str)  # path of an actor file
    list_wanted = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.box = ChoiceBox("Actor")
        self.box.setToolTip("Who is driven. Changing the actor does not interrupt anything")
        self.box.setIconSize(QSize(THUMBNAIL, THUMBNAIL))
        self._actors: dict[str, tuple[str, QIcon]] = {}
        self._current = ""
        _captioned("Actor", self.box, QVBoxLayout(self))
        self.box.activated.connect(self._activated)
        self.box.opening.connect(self.list_wanted)
        self._fill()

    @property
    def known(self) -> tuple[str, ...]:
        return tuple(self._actors)

    def show_actors(self, actors: dict[str, tuple[str, QIcon]]) -> None:
        """path -> (name, thumbnail)."""
        self._actors = dict(actors)
        self._fill()

    def show_current(self, path: str) -> None:
        """Empty: none."""
        self._current = path
        self._fill()

    def _fill(self) -> None:
        self.box.clear()
        for path, (name, icon) in self._actors.items():
            self.box.addItem(icon, name, path)
        if self._actors:
            self.box.insertSeparator(self.box.count())
        self.box.addItem("Open actor file…", ACTOR_FILE)
        self.box.setPlaceholderText("Choose an actor")
        self.box.setCurrentIndex(self.box.findData(self._current) if self._current else -1)

    def _activated(self, index: int) -> None:
        chosen = self.box.itemData(index)
        if chosen == ACTOR_FILE:
            chosen, _ = QFileDialog.getOpenFileName(self, "Choose an actor", "", ACTOR_FILES)
        self.show_current(self._current)  # until the actor is really there
        if chosen:
            self.chosen.emit(chosen)


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
            f"Look straight ahead with a relaxed face and a closed mouth, then press ({keys_for('calibrate')}): the "
            "actor is at rest when you look like this. "
            f"{keys_for('uncalibrate')} goes back to the automatic neutral."
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


MOTION = {  # of MotionSettings: caption, and what it does, in words; left to right, two rows
    "smoothing": ("Smoothing", "Calms trembling; too much of it lags behind"),
    "pose_gain": ("Head", "How far the actor's head turns and moves when yours does"),
    "expression_gain": ("Expression", "How strongly the actor shows what your whole face does"),
    "eyes_gain": ("Eyes", "How strongly the actor blinks, squints and looks around; times Expression"),
    "mouth_gain": ("Mouth", "How strongly the actor's mouth, jaw and cheeks move; times Expression"),
    "brows_gain": ("Brows", "How far the actor's eyebrows go up and down; times Expression"),
}
MOTION_COLUMNS = 3


class MotionPanel(QFrame):
    """How the driver's motion reaches the actor: one slider for every field of MotionSettings."""

    changed = pyqtSignal(MotionSettings)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        largest = {field.name: field.metadata["range"][1] for field in fields(MotionSettings)}
        default = MotionSettings()
        self.sliders = {
            name: PercentSlider(caption, tooltip, largest[name], getattr(default, name))
            for name, (caption, tooltip) in MOTION.items()
        }
        self.reset = QPushButton("Reset")
        self.reset.setProperty("role", "plain")
        self.reset.setToolTip("All six back to their defaults; a double-click on a slider resets that one")
        self.reset.setAccessibleName("Reset motion settings")
        grid = QGridLayout(self)
        grid.setContentsMargins(16, 5, 6, 5)
        grid.setHorizontalSpacing(26)
        grid.setVerticalSpacing(2)
        for i, slider in enumerate(self.sliders.values()):
            grid.addWidget(slider, i // MOTION_COLUMNS, i % MOTION_COLUMNS)
            slider.moved.connect(self._moved)
        for column in range(MOTION_COLUMNS):
            grid.setColumnStretch(column, 1)
        grid.addWidget(self.reset, 0, MOTION_COLUMNS, 2, 1)
        self.reset.clicked.connect(self._reset)

    def show_values(self, motion: MotionSettings) -> None:
        for name, slider in self.sliders.items():
            slider.set_value(getattr(motion, name))

    def showEvent(self, a0: QShowEvent | None) -> None:
        """Now the style sheet has set the font: the sliders of a column begin and end together."""
        for column in range(MOTION_COLUMNS):
            captions = [slider.caption for slider in list(self.sliders.values())[column::MOTION_COLUMNS]]
            width = max(caption.sizeHint().width() for caption in captions)
            for caption in captions:
                caption.setMinimumWidth(width)
        super().showEvent(a0)

    def _moved(self) -> None:
        self.changed.emit(MotionSettings(**{name: slider.value for name, slider in self.sliders.items()}))

    def _reset(self) -> None:
        for slider in self.sliders.values():
            slider.reset()


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


def clock(seconds: float) -> str:
    """75.3 -> "1:15", 3700 -> "1:01:40"."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _short(spec: str) -> str:
    """What a source is called in the list: a file by its name, an address as it is."""
    return spec if "://" in spec else Path(spec).name or spec
