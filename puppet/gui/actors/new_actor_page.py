"""The page New actor: footage, what is missing from it, consent, training, the new actor."""

from __future__ import annotations

from PyQt6.QtCore import QT_TRANSLATE_NOOP, Qt, pyqtSignal
from PyQt6.QtGui import QFontDatabase
from PyQt6.QtWidgets import (
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from puppet.gui.actors.parts import TitledColumn, bar, button, wrapped
from puppet.gui.actors.working_column import EndColumn, WorkingColumn
from puppet.gui.kit.pickers import VIDEO_FILES, pick_files
from puppet.gui.kit.plain_text import Label, set_tip
from puppet.gui.kit.preview import PreviewPane
from puppet.gui.kit.side_panel import Column
from puppet.gui.kit.wheel import CalmSpinBox
from puppet.gui.kit.widgets import Switch
from puppet.gui.kit.words import translate
from puppet.new_actor.job import WORKING, Job, JobState
from puppet.new_actor.prompts import TOTAL, Cue

COLUMN = 380  # px
MINUTES, MOST_MINUTES = 60, 24 * 60
START, FILMING = "start", "filming"  # states of the page beside those of a job
INTRODUCTION = QT_TRANSLATE_NOOP(
    "puppet",
    "A few minutes of one face that looks around, talks and blinks become an actor that moves as you do. "
    "Everything stays on this computer.",
)
CONSENT = QT_TRANSLATE_NOOP("puppet", "The person in the footage agreed to be played, by anybody who has the file")


class NewActorPage(QWidget):
    """One column of controls for each state of a job, and a picture beside it."""

    footage_chosen = pyqtSignal(list)
    film_clicked = pyqtSignal()
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
        self._stack = QStackedWidget()
        self._states: dict[str, QWidget] = {}
        self.state = START
        self._make_start()
        self._make_filming()
        self._make_checked()
        self.working, self.ended = WorkingColumn(), EndColumn()
        self._add(JobState.TRAINING, self.working)
        self._add(JobState.DONE, self.ended)
        self.stop = self.working.stop
        self.working.stop_clicked.connect(self.stop_clicked)
        self.ended.play_clicked.connect(self.play_clicked)
        self.ended.train_on_clicked.connect(self._train_on)
        self.ended.another_clicked.connect(self.another_clicked)
        self.ended.go_on_clicked.connect(self._go_on)
        self.ended.discard_clicked.connect(self.discard_clicked)
        column = Column(translate("puppet", "Steps"), COLUMN)
        column.setWidget(self._stack)
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
        self.film.setEnabled(not missing)
        self.picture.clear()
        self.picture.set_note("")
        self.picture.set_placeholder(translate("puppet", "Choose footage of one person, or film somebody now."))
        self._show(START)

    def show_camera(self, there: bool) -> None:
        """there: a camera is running, with which somebody can be filmed."""
        self.film.setEnabled(there and self.choose.isEnabled())
        self.no_camera.setVisible(not there and self.choose.isEnabled())

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
            if self.report.toPlainText() != job.report:
                self.report.setPlainText(job.report)
            self._show(JobState.CHECKED)
            self._check()
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
        self._stack.addWidget(column)

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
        words = translate("puppet", "Film who sits before the camera now, guided, about {0:.0f} minutes").format(
            TOTAL / 60
        )
        self.film = button(translate("puppet", "Film now"), words, self.film_clicked.emit)
        self.no_camera = wrapped(translate("puppet", "To film, choose a camera as the driver on the page Live."))
        self.no_camera.setProperty("role", "value")
        for widget in (self.missing, self.choose, self.film, self.no_camera):
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

    def _make_checked(self) -> None:
        column = self._column(JobState.CHECKED, translate("puppet", "The footage, looked through"))
        self.report = QPlainTextEdit()
        self.report.setReadOnly(True)
        self.report.setAccessibleName(translate("puppet", "Report on the footage"))
        set_tip(self.report, translate("puppet", "What the footage shows, and what is missing from it"))
        self.report.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.report.setTabChangesFocus(True)
        self.report.setMinimumHeight(180)
        self.report.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.name, self.consent = QLineEdit(), QLineEdit()
        set_tip(self.name, translate("puppet", "What the actor is called in your list"))
        set_tip(self.consent, translate("puppet", "Kept in the actor's file, for whoever gets it"))
        self.consent.setPlaceholderText(translate("puppet", "Ada Lovelace agreed on 2 May to be played by anybody."))
        self.minutes = CalmSpinBox()
        self.minutes.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)  # the style draws them badly; keys do the same
        self.minutes.setRange(1, MOST_MINUTES)
        self.minutes.setValue(MINUTES)
        self.minutes.setSuffix(translate("puppet", " min"))
        set_tip(self.minutes, translate("puppet", "Longer is better, up to some hours; it can be stopped at any time"))
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        for words, field in (
            (translate("puppet", "Name"), self.name),
            (translate("puppet", "Consent"), self.consent),
            (translate("puppet", "Training"), self.minutes),
        ):
            field.setAccessibleName(words)
            caption = Label(words)
            caption.setBuddy(field)
            form.addRow(caption, field)
        self.agreed = Switch(translate("puppet", "They agreed"))
        set_tip(self.agreed, translate("puppet", CONSENT))
        agreed = wrapped(translate("puppet", CONSENT) + ".")
        self.train = button(
            translate("puppet", "Train"),
            translate("puppet", "Needs a name and the consent of the person shown"),
            self._train,
        )
        self.drop = button(
            translate("puppet", "Discard"),
            translate("puppet", "Forget this footage; the videos stay where they are"),
            self.discard_clicked.emit,
        )
        column.addWidget(self.report, 1)
        column.addLayout(form)
        for widget in (agreed, self.agreed, self.train, self.drop):
            column.addWidget(widget)
        for changed in (self.name.textChanged, self.consent.textChanged, self.agreed.toggled):
            changed.connect(self._check)
        self._check()

    def _show(self, state: str) -> None:
        self.state = state
        if state != START:
            self.picture.set_placeholder("")
        self._stack.setCurrentWidget(self._states[state])

    def _check(self) -> None:
        ready = self.name.text().strip() and self.consent.text().strip() and self.agreed.isChecked()
        self.train.setEnabled(bool(ready))

    def _choose(self) -> None:
        files = pick_files(self, translate("puppet", "Choose footage of one person"), VIDEO_FILES)
        if files:
            self.footage_chosen.emit(files)

    def _train(self) -> None:
        self.train.setEnabled(False)  # at once: until the tools run, seconds pass
        self.train_clicked.emit(self.name.text(), self.consent.text(), self.minutes.value())

    def _train_on(self, minutes: int) -> None:
        self.ended.train_on.setEnabled(False)
        self.train_on_clicked.emit(minutes)

    def _go_on(self) -> None:
        self.ended.go_on.setEnabled(False)
        self.go_on_clicked.emit()
