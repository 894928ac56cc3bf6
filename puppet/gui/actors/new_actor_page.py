"""The page New actor: footage, what is missing from it, consent, training, the new actor."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QT_TRANSLATE_NOOP, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from puppet.gui.actors.checked_column import CheckedColumn
from puppet.gui.actors.parts import TitledColumn, bar, button, wrapped
from puppet.gui.actors.working_column import EndColumn, WorkingColumn
from puppet.gui.kit.pickers import PICTURE_FILES, VIDEO_FILES, pick_file, pick_files
from puppet.gui.kit.plain_text import Label
from puppet.gui.kit.preview import PreviewPane
from puppet.gui.kit.side_panel import Column
from puppet.gui.kit.words import translate
from puppet.new_actor.job import WORKING, Job, JobState
from puppet.new_actor.prompts import TOTAL, Cue

COLUMN = 380  # px
START, FILMING = "start", "filming"  # states of the page beside those of a job
INTRODUCTION = QT_TRANSLATE_NOOP(
    "puppet",
    "A few minutes of one face that looks around, talks and blinks become an actor that moves as you do. "
    "Everything stays on this computer.",
)


class NewActorPage(QWidget):
    """One column of controls for each state of a job, and a picture beside it."""

    footage_chosen = pyqtSignal(list, list)  # videos, and their alpha films or none
    picture_chosen = pyqtSignal(str)
    camera_picture_clicked = pyqtSignal()
    film_clicked = pyqtSignal(str)  # what, to be added to the footage there is; empty: everything
    sheet_clicked = pyqtSignal()
    film_ended = pyqtSignal(bool)  # whether what was filmed is to be used
    train_clicked = pyqtSignal(str, str, int)  # name, consent statement, minutes
    train_on_clicked = pyqtSignal(int)  # minutes
    stop_clicked = pyqtSignal()
    go_on_clicked = pyqtSignal()
    discard_clicked = pyqtSignal()
    play_clicked = pyqtSignal()
    another_clicked = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.picture = PreviewPane(translate("puppet", "Footage or sample pictures"))
        self._columns = QWidget()
        self._inside = QVBoxLayout(self._columns)
        self._inside.setContentsMargins(0, 0, 0, 0)
        self._states: dict[str, QWidget] = {}
        self.state = START
        self._make_start()
        self._make_filming()
        self.checked, self.working, self.ended = CheckedColumn(), WorkingColumn(), EndColumn()
        self._add(JobState.CHECKED, self.checked)
        self._add(JobState.TRAINING, self.working)
        self._add(JobState.DONE, self.ended)
        self.checked.film_clicked.connect(self.film_clicked)
        self.checked.sheet_clicked.connect(self.sheet_clicked)
        self.checked.train_clicked.connect(self.train_clicked)
        self.checked.discard_clicked.connect(self.discard_clicked)
        self.working.stop_clicked.connect(self.stop_clicked)
        self.ended.play_clicked.connect(self.play_clicked)
        self.ended.train_on_clicked.connect(self._train_on)
        self.ended.another_clicked.connect(self.another_clicked)
        self.ended.go_on_clicked.connect(self._go_on)
        self.ended.discard_clicked.connect(self.discard_clicked)
        column = Column(translate("puppet", "Steps"), COLUMN)
        column.setWidget(self._columns)
        card = QFrame()
        card.setProperty("role", "card")
        whole = QVBoxLayout(card)
        whole.setContentsMargins(16, 14, 8, 14)
        whole.addWidget(column)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.picture, 1)
        row.addWidget(card)
        self.show_start("")

    # -- what it shows -------------------------------------------------------------------------------------------

    def show_start(self, missing: str) -> None:
        """Show the first column. missing: what must be installed first, in words; empty: nothing."""
        self.missing.setText(f"⚠ {missing}" if missing else "")
        self.missing.setVisible(bool(missing))
        self.choose.setEnabled(not missing)
        self.choose_alpha.setEnabled(not missing)
        self.film.setEnabled(not missing)
        self.picture.clear()
        self.picture.set_note("")
        self.picture.set_placeholder(translate("puppet", "Choose footage of one person, or film somebody now."))
        self._show(START)

    def show_camera(self, there: bool) -> None:
        """there: a camera is running, with which somebody can be filmed."""
        self.film.setEnabled(there and self.choose.isEnabled())
        self.from_camera.setEnabled(there)
        self.no_camera.setVisible(not there and self.choose.isEnabled())
        self.checked.show_camera(there)

    def show_cue(self, cue: Cue) -> None:
        """Show what the filmed person is to do now."""
        self.cue.setText(translate("puppet", cue.text))
        count = translate("puppet", "{0} of {1}, {2:.0f} s")
        self.count.setText(count.format(cue.number, cue.count, cue.seconds_left + 0.5))
        self.filmed.setValue(round(100 * cue.share))
        self._show(FILMING)

    def show_job(self, job: Job) -> None:
        """Show the column for the job's state, and its figures."""
        state = job.state
        if state in WORKING:
            self.working.show_job(job)
            self._show(JobState.TRAINING)
        elif state == JobState.CHECKED:
            self.checked.show_job(job)
            self._show(JobState.CHECKED)
        elif state in (JobState.DONE, JobState.FAILED):
            self.ended.show_job(job)
            self._show(JobState.DONE)
        self.state = state

    # -- building --------------------------------------------------------------------------------------------------

    def _column(self, state: str, title: str) -> QVBoxLayout:
        page = TitledColumn(title)
        self._add(state, page)
        return page.column

    def _add(self, state: str, column: QWidget) -> None:
        self._states[state] = column
        self._inside.addWidget(column)

    def _make_start(self) -> None:
        column = self._column(START, translate("puppet", "New actor from video"))
        column.addWidget(wrapped(translate("puppet", INTRODUCTION)))
        self.missing = wrapped("")
        self.missing.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.choose = button(
            translate("puppet", "Choose footage…"),
            translate("puppet", "Videos of one person; the more they do, the better"),
            self._choose,
        )
        self.choose_alpha = button(
            translate("puppet", "Footage with alpha films…"),
            translate(
                "puppet",
                "For footage that was cut out already: choose the videos, then for each in the same order a film that\n"
                "shows the person white on black, frame by frame the same. Otherwise the outline is looked for",
            ),
            self._choose_with_alpha,
        )
        words = translate("puppet", "Film who sits before the camera now, guided, about {0:.0f} minutes").format(
            TOTAL / 60
        )
        self.film = button(translate("puppet", "Film now"), words, lambda: self.film_clicked.emit(""))
        self.no_camera = wrapped(translate("puppet", "To film, choose a camera as the driver on the page Live."))
        self.no_camera.setProperty("role", "value")
        for widget in (self.missing, self.choose, self.choose_alpha, self.film, self.no_camera):
            column.addWidget(widget)
        self.picture_title = Label(translate("puppet", "New actor from one picture"))
        self.picture_title.setProperty("role", "title")
        words = translate("puppet", "Ready in about ten seconds, from a photograph, a painting, a statue or a drawing.")
        self.from_picture = button(
            translate("puppet", "From a picture…"),
            translate("puppet", "Choose a picture of one face"),
            self._choose_picture,
        )
        self.from_camera = button(
            translate("puppet", "From the camera"),
            translate("puppet", "Take a picture of who sits before the camera now"),
            self.camera_picture_clicked.emit,
        )
        for widget in (self.picture_title, wrapped(words), self.from_picture, self.from_camera):
            column.addWidget(widget)
        column.addStretch(1)

    def _make_filming(self) -> None:
        column = self._column(FILMING, translate("puppet", "Please do this:"))
        self.cue = wrapped("")
        self.cue.setProperty("role", "title")
        self.count = wrapped("")
        self.filmed = bar(translate("puppet", "How much is filmed"))
        self.enough = button(
            translate("puppet", "Enough, use it"),
            translate("puppet", "End here, and look through what was filmed"),
            lambda: self.film_ended.emit(True),
        )
        self.give_up = button(
            translate("puppet", "Cancel"),
            translate("puppet", "End here; what was filmed is kept in your folder of recordings"),
            lambda: self.film_ended.emit(False),
        )
        for widget in (self.cue, self.count, self.filmed, self.enough, self.give_up):
            column.addWidget(widget)
        column.addStretch(1)

    def _show(self, state: str) -> None:
        self.state = state
        if state != START:
            self.picture.set_placeholder("")
        shown = self._states[state]
        for column in self._states.values():  # hidden ones take no room, as they would in a QStackedWidget
            column.setVisible(column is shown)

    def _choose(self) -> None:
        files = pick_files(self, translate("puppet", "Choose footage of one person"), VIDEO_FILES)
        if files:
            self.footage_chosen.emit(files, [])

    def _choose_picture(self) -> None:
        file = pick_file(self, translate("puppet", "Choose a picture"), PICTURE_FILES)
        if file:
            self.picture_chosen.emit(file)

    def _choose_with_alpha(self) -> None:
        files = pick_files(self, translate("puppet", "Choose footage of one person"), VIDEO_FILES)
        if not files:
            return
        names = ", ".join(Path(file).name for file in files)
        films = pick_files(self, translate("puppet", "Choose the alpha films of {0}").format(names), VIDEO_FILES)
        if films:
            self.footage_chosen.emit(files, films)

    def _train_on(self, minutes: int) -> None:
        self.ended.train_on.setEnabled(False)
        self.train_on_clicked.emit(minutes)

    def _go_on(self) -> None:
        self.ended.go_on.setEnabled(False)
        self.go_on_clicked.emit()
