"""The explorer's controls of a morph: where it begins and ends, its way and its length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtCore import QT_TRANSLATE_NOOP, pyqtSignal
from PyQt6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPushButton

from puppet.gui.kit.plain_text import set_tip
from puppet.gui.kit.widgets import ChoiceBox, caption_of
from puppet.gui.kit.words import translate

NOW, MEAN = QT_TRANSLATE_NOOP("puppet", "This face"), QT_TRANSLATE_NOOP("puppet", "The mean face")
SECONDS = (1, 2, 3, 5, 10, 20)  # of a morph
SAME = ""  # the other end of the morph is the same actor


@dataclass(frozen=True)
class MorphRequest:
    """A morph that the user wants.

    start, end: names of bookmarks, NOW or MEAN. spherical: on an arc, else straight. other: file of another actor, at
    whose mean face the morph then ends, or SAME.
    """

    start: str
    end: str
    spherical: bool
    seconds: float
    other: str = SAME


class MorphPanel(QFrame):
    """The boxes, and buttons that play the morph or export it as a video. Both signals carry a MorphRequest."""

    play_wanted = pyqtSignal(object)
    export_wanted = pyqtSignal(object)

    def __init__(self) -> None:
        super().__init__()
        self.start, self.end = ChoiceBox(translate("puppet", "Morph from")), ChoiceBox(translate("puppet", "Morph to"))
        set_tip(self.start, translate("puppet", "Where the morph begins"))
        set_tip(self.end, translate("puppet", "Where the morph ends"))
        self.other = ChoiceBox(translate("puppet", "Morph into"))
        set_tip(self.other, translate("puppet", "Stay with this actor, or turn into the usual face of another one"))
        self.shape = ChoiceBox(translate("puppet", "Way of the morph"))
        self.shape.addItem(translate("puppet", "Straight"), False)
        self.shape.addItem(translate("puppet", "On an arc"), True)
        set_tip(
            self.shape,
            translate("puppet", "Straight passes nearer to the mean face; an arc keeps its distance from it"),
        )
        self.seconds = ChoiceBox(translate("puppet", "Length of the morph"))
        for seconds in SECONDS:
            self.seconds.addItem(translate("puppet", "{0} s").format(seconds), float(seconds))
        set_tip(self.seconds, translate("puppet", "How long the morph takes"))
        self.seconds.setCurrentIndex(SECONDS.index(3))
        self.play = QPushButton(translate("puppet", "Play"))
        self.export = QPushButton(translate("puppet", "Export video…"))
        set_tip(self.play, translate("puppet", "Look at the morph; it changes nothing"))
        set_tip(self.export, translate("puppet", "Save the morph as a video in the folder of your recordings"))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 6, 0, 0)
        for row, (words, box) in enumerate(
            (
                (translate("puppet", "From"), self.start),
                (translate("puppet", "To"), self.end),
                (translate("puppet", "Actor"), self.other),
                (translate("puppet", "Way"), self.shape),
                (translate("puppet", "Length"), self.seconds),
            )
        ):
            grid.addWidget(caption_of(box, words), row, 0)
            grid.addWidget(box, row, 1)
        grid.setColumnStretch(1, 1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.play)
        buttons.addWidget(self.export)
        grid.addLayout(buttons, 5, 0, 1, 2)
        self.other.currentIndexChanged.connect(lambda _: self.end.setEnabled(self.other.currentData() == SAME))
        self.play.clicked.connect(lambda: self.play_wanted.emit(self.request))
        self.export.clicked.connect(lambda: self.export_wanted.emit(self.request))
        self.show_places([])
        self.show_actors({})

    @property
    def request(self) -> MorphRequest:
        """The morph that is set."""
        return MorphRequest(
            str(self.start.currentData()),
            str(self.end.currentData()),
            bool(self.shape.currentData()),
            float(self.seconds.currentData()),
            str(self.other.currentData()),
        )

    def show_places(self, names: Sequence[str]) -> None:
        """names: of the bookmarks, which can be both ends."""
        for box, places in ((self.start, [NOW, MEAN, *names]), (self.end, [MEAN, NOW, *names])):
            chosen = box.currentData()
            box.clear()
            for place in places:
                box.addItem(translate("puppet", place) if place in (NOW, MEAN) else place, place)
            box.setCurrentIndex(max(0, box.findData(chosen)))

    def show_actors(self, names: Mapping[str, str]) -> None:
        """names: of other actors, by file."""
        chosen = self.other.currentData()
        self.other.clear()
        self.other.addItem(translate("puppet", "The same actor"), SAME)
        for path, name in names.items():
            self.other.addItem(translate("puppet", "Into {0}").format(name), str(Path(path)))
        self.other.setCurrentIndex(max(0, self.other.findData(chosen)))

    def show_busy(self, busy: bool) -> None:
        """While a video is being made, the button Export ends it."""
        self.export.setText(translate("puppet", "Stop") if busy else translate("puppet", "Export video…"))
