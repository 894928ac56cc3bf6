"""The group Recording and calls: layout, codec, sound, badge, pre-roll, clips and the virtual camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import QT_TRANSLATE_NOOP, Qt, pyqtSignal
from PyQt6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QProgressBar, QPushButton, QSpinBox, QWidget

from puppet.core.layout import SEPARATE, Layout
from puppet.gui.kit.pickers import pick_folder
from puppet.gui.kit.plain_text import Label, as_lines, set_tip
from puppet.gui.kit.wheel import CalmSpinBox
from puppet.gui.kit.widgets import ChoiceBox, Switch, caption_of
from puppet.gui.kit.words import translate
from puppet.media.codecs import HEIGHT, Codec, Encoder, Quality
from puppet.output.live_outputs import OutputStatus
from puppet.output.settings import LONGEST_DELAY, LONGEST_PRE_ROLL, OutputSettings
from puppet.provenance.signing import can_sign

LAYOUTS = {  # choices of LAYOUT, in the order of the list
    Layout.SIDE_BY_SIDE.value: QT_TRANSLATE_NOOP("puppet", "Side by side"),
    Layout.ACTOR.value: QT_TRANSLATE_NOOP("puppet", "Actor only"),
    Layout.DRIVER.value: QT_TRANSLATE_NOOP("puppet", "Driver only"),
    SEPARATE: QT_TRANSLATE_NOOP("puppet", "Three separate files"),
}
QUALITIES = {
    Quality.SMALL: QT_TRANSLATE_NOOP("puppet", "Small files"),
    Quality.GOOD: QT_TRANSLATE_NOOP("puppet", "Good"),
    Quality.HIGH: QT_TRANSLATE_NOOP("puppet", "All detail"),
}
NO_SOUND = QT_TRANSLATE_NOOP("puppet", "No sound")
FOLDER_WIDTH = 120  # px of its name on the button
QUIETEST = -60  # dB at the left end of the meter


class OutputPanel(QWidget):
    """The controls of OutputSettings, buttons for clips, and the outputs' status.

    changed: the settings after one of them was changed by the user.
    """

    changed = pyqtSignal(OutputSettings)
    microphones_wanted = pyqtSignal()  # the list is about to open
    clip_clicked = pyqtSignal(str)  # "gif" or "webp"
    camera_toggled = pyqtSignal(bool)
    folder_chosen = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self._settings = OutputSettings()
        self.layout_box = _choices(
            translate("puppet", "Record"),
            translate("puppet", "What a recording shows"),
            {value: translate("puppet", words) for value, words in LAYOUTS.items()},
        )
        self.quality = _choices(
            translate("puppet", "Quality"),
            translate("puppet", "How much detail a recording keeps"),
            {q.value: translate("puppet", t) for q, t in QUALITIES.items()},
        )
        sizes = {
            height: translate("puppet", "{0} px high").format(height) if height else translate("puppet", "As it is")
            for height in HEIGHT.choices
        }
        self.height_box = _choices(
            translate("puppet", "Size"), translate("puppet", "Size of the recording's pictures"), sizes
        )
        self.codec = _choices(
            translate("puppet", "Codec"),
            translate(
                "puppet",
                "H.264 plays everywhere; FFV1 loses nothing;\n"
                "ProRes 4444 and VP9 with alpha keep a transparent background",
            ),
            {c.value: c.label for c in Codec},
        )
        self.hardware = Switch(translate("puppet", "Use the graphics card"))
        self.microphone = _choices(
            translate("puppet", "Sound"),
            translate("puppet", "Which microphone is recorded"),
            {"": translate("puppet", NO_SOUND)},
        )
        self.muted = Switch(translate("puppet", "Mute"))
        set_tip(self.muted, translate("puppet", "Record silence; the meter goes on"))
        self.level = QProgressBar()
        self.level.setRange(QUIETEST, 0)
        self.level.setTextVisible(False)
        self.level.setAccessibleName(translate("puppet", "Microphone level"))
        self.level.setFixedHeight(8)
        self.automatic_delay = Switch(translate("puppet", "Align sound by itself"))
        set_tip(
            self.automatic_delay,
            translate(
                "puppet",
                "Sound and pictures go together by the time at which they were captured, so the measured delay of the\n"
                "pictures needs no setting. Switch off if your camera itself is late, and set by how much.",
            ),
        )
        self.delay = _numbers(translate("puppet", "Sound later by"), -LONGEST_DELAY, LONGEST_DELAY, " ms")
        set_tip(self.delay, translate("puppet", "By how much the sound comes later, or earlier if below 0"))
        self.latency = Label()  # the delay that is compensated
        self.latency.setProperty("role", "value")
        self.latency.setWordWrap(True)
        self._latency_ms = 0.0
        self.pre_roll = _numbers(translate("puppet", "Pre-roll"), 0, int(LONGEST_PRE_ROLL), " s")
        self.pre_roll.setSpecialValueText(translate("puppet", "Off"))
        set_tip(self.pre_roll, translate("puppet", "A recording begins this long before you press Record"))
        self.badge = Switch(translate("puppet", "Badge on the actor"))
        set_tip(
            self.badge,
            translate(
                "puppet",
                "A small sign in the corner says that the picture is synthetic; the file's metadata always does",
            ),
        )
        self.sign = Switch(translate("puppet", "Sign files (C2PA)"))
        set_tip(
            self.sign,
            translate(
                "puppet", "A signed statement of where the file comes from; it also shows whether it was changed"
            ),
        )
        self.sign.setVisible(can_sign())
        self.gif, self.webp = QPushButton("GIF"), QPushButton("WebP")
        for button in (self.gif, self.webp):
            set_tip(button, translate("puppet", "Save the last three seconds as an animated {0}").format(button.text()))
            button.setAccessibleName(translate("puppet", "Last three seconds as {0}").format(button.text()))
        self.camera = Switch(translate("puppet", "Virtual camera"))
        set_tip(
            self.camera,
            translate(
                "puppet",
                "Show the actor as a camera that other programs can choose, for calls.\n"
                "A camera is never transparent: with that background it is green",
            ),
        )
        self.note = Label()  # the virtual camera, the encoder, and problems
        self.note.setWordWrap(True)
        self.folder = QPushButton()
        self.folder.setAccessibleName(translate("puppet", "Folder of recordings"))
        self._folder = ""
        self.disk = Label()
        self.disk.setProperty("role", "caption")
        self.disk.setWordWrap(True)
        self._lay_out()
        self._connect()
        self.show_settings(self._settings)

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(5)
        grid.setColumnStretch(1, 1)
        clips = QHBoxLayout()
        clips.setSpacing(8)
        for button in (self.gif, self.webp):
            button.setProperty("role", "plain")
            clips.addWidget(button)
        rows = (
            (translate("puppet", "Record"), self.layout_box),
            (translate("puppet", "Quality"), self.quality),
            (translate("puppet", "Size"), self.height_box),
            (translate("puppet", "Codec"), self.codec),
            ("", self.hardware),
            (translate("puppet", "Sound"), self.microphone),
            ("", self.level),
            ("", self.muted),
            ("", self.automatic_delay),
            (translate("puppet", "Extra delay"), self.delay),
            ("", self.latency),
            (translate("puppet", "Pre-roll"), self.pre_roll),
            ("", self.badge),
            ("", self.sign),
            ("", self.camera),
        )
        for row, (caption, widget) in enumerate(rows):
            if caption:
                grid.addWidget(caption_of(widget, caption), row, 0)
            column = 1 if caption or widget is self.level else 0
            grid.addWidget(widget, row, column, 1, 2 - column)
        last = len(rows)
        caption = Label(translate("puppet", "Last 3 s"))
        caption.setProperty("role", "caption")
        grid.addWidget(caption, last, 0)
        grid.addLayout(clips, last, 1)
        grid.addWidget(caption_of(self.folder, translate("puppet", "Folder")), last + 1, 0)
        grid.addWidget(self.folder, last + 1, 1)
        grid.addWidget(self.disk, last + 2, 0, 1, 2)
        grid.addWidget(self.note, last + 3, 0, 1, 2)

    def _connect(self) -> None:
        boxes = {
            "layout": self.layout_box,
            "quality": self.quality,
            "height": self.height_box,
            "codec": self.codec,
            "microphone": self.microphone,
        }
        for name, box in boxes.items():
            box.activated.connect(lambda index, name=name, box=box: self._change(name, box.itemData(index)))
        switches = {
            "hardware": self.hardware,
            "muted": self.muted,
            "automatic_delay": self.automatic_delay,
            "badge": self.badge,
            "sign": self.sign,
        }
        for name, switch in switches.items():
            switch.toggled.connect(lambda on, name=name: self._change(name, on))
        self.delay.valueChanged.connect(lambda value: self._change("delay_ms", value))
        self.pre_roll.valueChanged.connect(lambda value: self._change("pre_roll", float(value)))
        self.microphone.opening.connect(self.microphones_wanted)
        self.gif.clicked.connect(lambda: self.clip_clicked.emit("gif"))
        self.webp.clicked.connect(lambda: self.clip_clicked.emit("webp"))
        self.camera.toggled.connect(self.camera_toggled)
        self.folder.clicked.connect(self.choose_folder)

    def _change(self, name: str, value: object) -> None:
        self._settings = replace(self._settings, **{name: value})
        self._show_dependent()
        self.changed.emit(self._settings)

    # -- what it shows -----------------------------------------------------------------------------------------

    def show_settings(self, settings: OutputSettings) -> None:
        """Set the controls; `changed` is not emitted."""
        self._settings = settings
        values: dict[QComboBox, object] = {
            self.layout_box: settings.layout,
            self.quality: settings.quality,
            self.height_box: settings.height,
            self.codec: settings.codec,
        }
        for box, value in values.items():
            box.setCurrentIndex(box.findData(value))
        self._show_microphone()
        switches = {
            self.muted: settings.muted,
            self.automatic_delay: settings.automatic_delay,
            self.badge: settings.badge,
            self.sign: settings.sign,
        }
        for switch, on in switches.items():
            _quietly(switch, switch.setChecked, on)
        self._show_hardware(None)
        _quietly(self.delay, self.delay.setValue, settings.delay_ms)
        _quietly(self.pre_roll, self.pre_roll.setValue, round(settings.pre_roll))
        self._show_dependent()

    def show_codecs(self, codecs: Sequence[Codec]) -> None:
        """Offer the codecs that this ffmpeg has; the chosen one stays in the list."""
        chosen = self._settings.codec
        self.codec.clear()
        for codec in Codec:
            if codec in codecs or codec.value == chosen:
                self.codec.addItem(codec.label, codec.value)
        self.codec.setCurrentIndex(self.codec.findData(chosen))

    def show_microphones(self, names: Sequence[str]) -> None:
        self.microphone.clear()
        self.microphone.addItem(translate("puppet", NO_SOUND), "")
        for name in names:
            self.microphone.addItem(name, name)
        self._show_microphone()

    def show_folder(self, folder: Path) -> None:
        """folder: where recordings, snapshots and clips go."""
        self._folder = str(folder)
        name = as_lines(folder.name or self._folder)
        self.folder.setText(self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, FOLDER_WIDTH))
        words = translate("puppet", "Recordings, snapshots and clips go to {0}. Choose another folder")
        set_tip(self.folder, words.format(folder))

    def choose_folder(self) -> None:
        """Ask for another folder."""
        chosen = pick_folder(self, translate("puppet", "Choose a folder for recordings"), self._folder)
        if chosen:
            self.folder_chosen.emit(chosen)

    def show_status(self, status: OutputStatus) -> None:
        """Show how the outputs are doing now."""
        self.show_level(status.level_db)
        self.microphone.setEnabled(status.paused is None)  # another one would end the sound of the recording that runs
        _quietly(self.camera, self.camera.setChecked, status.camera is not None)
        warning = translate("puppet", "Little room left: ") if status.disk.low else ""
        self.disk.setText(f"{warning}{status.disk}")
        notes = [status.microphone_problem, status.camera_problem]
        if status.camera is not None:
            notes.append(translate("puppet", "The actor is the camera {0}.").format(status.camera))
        if self._settings.hardware and status.encoder is not None and status.encoder.hardware:
            notes.append(translate("puppet", "Encoded by {0}.").format(status.encoder.hardware))
        self._show_hardware(status.encoder)
        text = "\n".join(note for note in notes if note)
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def show_latency(self, ms: float) -> None:
        """ms: from the camera's picture to the actor's, as measured; 0: not measured yet."""
        self._latency_ms = ms
        self._say_delay()

    def _say_delay(self) -> None:
        settings = self._settings
        measured = translate("puppet", "The actor is {0:.0f} ms behind the camera (measured).").format(self._latency_ms)
        placed = translate("puppet", "Recordings take that out: sound and pictures go by the time of capture.")
        extra = translate("puppet", "Extra delay of the sound: {0} ms.").format(round(settings.delay * 1000))
        self.latency.setText(" ".join([*([measured] if self._latency_ms > 0 else []), placed, extra]))
        self.latency.setVisible(bool(settings.microphone))

    def show_level(self, db: float | None) -> None:
        """db: level of the microphone; None: there is none."""
        self.level.setEnabled(db is not None)
        self.level.setValue(max(QUIETEST, round(db)) if db is not None else QUIETEST)

    def _show_microphone(self) -> None:
        """Select the chosen one, also where the list does not have it: not listed yet, or unplugged."""
        name = self._settings.microphone
        if self.microphone.findData(name) < 0:
            self.microphone.addItem(name, name)
        self.microphone.setCurrentIndex(self.microphone.findData(name))

    def _show_hardware(self, encoder: Encoder | None) -> None:
        """Show the switch off, and why, where no hardware encodes the chosen codec; the setting stays as it is.

        encoder: what is used; None: not known yet.
        """
        wanted = self._settings.hardware
        in_vain = wanted and encoder is not None and not encoder.hardware
        _quietly(self.hardware, self.hardware.setChecked, wanted and not in_vain)
        self.hardware.setEnabled(not in_vain)
        words = (
            translate("puppet", "No graphics card can encode {0} here; the processor does").format(encoder.codec.label)
            if in_vain and encoder is not None
            else translate("puppet", "Encode with a hardware encoder where one works; the processor has more time then")
        )
        set_tip(self.hardware, words)

    def _show_dependent(self) -> None:
        sound = bool(self._settings.microphone)
        for widget in (self.muted, self.automatic_delay):
            widget.setEnabled(sound)
        self.delay.setEnabled(sound and not self._settings.automatic_delay)
        self._say_delay()
        self.quality.setEnabled(Codec(self._settings.codec) not in (Codec.FFV1, Codec.PRORES_4444))


def _choices(name: str, tooltip: str, entries: dict) -> ChoiceBox:
    box = ChoiceBox(name)
    set_tip(box, tooltip)
    box.setMinimumContentsLength(6)  # the side panel is narrow; the list opens as wide as its words
    for value, words in entries.items():
        box.addItem(words, value)
    return box


def _numbers(name: str, low: int, high: int, unit: str) -> QSpinBox:
    box = CalmSpinBox()
    box.setAccessibleName(name)
    box.setRange(low, high)
    box.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)  # arrow keys do the same
    box.setSuffix(unit)
    return box


def _quietly(widget: QWidget, show, value: object) -> None:
    """Set a value without the signal that the user has set it."""
    widget.blockSignals(True)
    show(value)
    widget.blockSignals(False)
