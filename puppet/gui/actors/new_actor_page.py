"""The page New actor: footage, what is missing from it, consent, training, the new actor."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QT_TRANSLATE_NOOP, Qt, pyqtSignal
from PyQt6.QtGui import QFontDatabase
from PyQt6.QtWidgets import (
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from puppet.gui.kit.loss_curve import LossCurve
from puppet.gui.kit.pickers import VIDEO_FILES, pick_files
from puppet.gui.kit.plain_text import Label, set_tip
from puppet.gui.kit.preview import PreviewPane
from puppet.gui.kit.side_panel import Column
from puppet.gui.kit.wheel import CalmSpinBox
from puppet.gui.kit.widgets import Switch
from puppet.gui.kit.words import translate
from puppet.new_actor.job import Job, JobState
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
        self._make_working()
        self._make_checked()
        self._make_end()
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
        if state in (JobState.CHECKING, JobState.TRAINING, JobState.EXPORTING):
            self.doing.setText(translate("puppet", _DOING[state]).format(name=job.request.name))
            self.done_share.setRange(0, 0 if job.share is None else 100)
            self.done_share.setValue(round(100 * (job.share or 0)))
            self.words.setText(time_left(job.seconds_left) if job.seconds_left is not None else job.message)
            self.curve.setVisible(state == JobState.TRAINING)
            self.curve.show_losses(job.losses)
            self.stop.setText(
                translate("puppet", "Stop and keep") if state == JobState.TRAINING else translate("puppet", "Stop")
            )
            self.stop.setEnabled(state != JobState.EXPORTING)
            self._show(JobState.TRAINING)
        elif state == JobState.CHECKED:
            if self.report.toPlainText() != job.report:
                self.report.setPlainText(job.report)
            self._show(JobState.CHECKED)
        elif state in (JobState.DONE, JobState.FAILED):
            done = state == JobState.DONE
            self.end.setText(
                translate("puppet", "{0} has joined your actors.").format(job.actor.stem)
                if done and job.actor
                else f"⚠ {job.error}"
            )
            self.play.setVisible(done)
            self.another.setVisible(done)
            self.go_on.setVisible(not done)
            self.discard.setVisible(not done)
            self._show(JobState.DONE)
        self.state = state

    # -- building --------------------------------------------------------------------------------------------------

    def _column(self, state: str, title: str) -> QVBoxLayout:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        heading = Label(title)
        heading.setProperty("role", "title")
        heading.setWordWrap(True)
        column.addWidget(heading)
        self._states[state] = page
        self._stack.addWidget(page)
        return column

    def _make_start(self) -> None:
        column = self._column(START, translate("puppet", "New actor from video"))
        column.addWidget(_wrapped(translate("puppet", INTRODUCTION)))
        self.missing = _wrapped("")
        self.missing.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.choose = _button(
            translate("puppet", "Choose footage…"),
            translate("puppet", "Videos of one person; the more they do, the better"),
            self._choose,
        )
        words = translate("puppet", "Film who sits before the camera now, guided, about {0:.0f} minutes").format(
            TOTAL / 60
        )
        self.film = _button(translate("puppet", "Film now"), words, self.film_clicked.emit)
        self.no_camera = _wrapped(translate("puppet", "To film, choose a camera as the driver on the page Live."))
        self.no_camera.setProperty("role", "value")
        for widget in (self.missing, self.choose, self.film, self.no_camera):
            column.addWidget(widget)
        column.addStretch(1)

    def _make_filming(self) -> None:
        column = self._column(FILMING, translate("puppet", "Please do this:"))
        self.cue = _wrapped("")
        self.cue.setProperty("role", "title")
        self.count = _wrapped("")
        self.filmed = _bar(translate("puppet", "How much is filmed"))
        self.enough = _button(
            translate("puppet", "Enough, use it"),
            translate("puppet", "End here, and look through what was filmed"),
            lambda: self.film_ended.emit(True),
        )
        self.give_up = _button(
            translate("puppet", "Cancel"),
            translate("puppet", "End here; what was filmed is kept in your folder of recordings"),
            lambda: self.film_ended.emit(False),
        )
        for widget in (self.cue, self.count, self.filmed, self.enough, self.give_up):
            column.addWidget(widget)
        column.addStretch(1)

    def _make_working(self) -> None:
        column = self._column(JobState.TRAINING, translate("puppet", "In the making"))
        self.doing, self.words = _wrapped(""), _wrapped("")
        self.words.setProperty("role", "value")
        self.done_share = _bar(translate("puppet", "How much is done"))
        self.curve = LossCurve()
        self.stop = _button(
            translate("puppet", "Stop"),
            translate("puppet", "End it now; training keeps what it has learnt"),
            self.stop_clicked.emit,
        )
        note = _wrapped(
            translate("puppet", "You may go on playing, or close the window: this goes on, and is found again.")
        )
        note.setProperty("role", "value")
        for widget in (self.doing, self.done_share, self.words, self.curve, self.stop, note):
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
        agreed = _wrapped(translate("puppet", CONSENT) + ".")
        self.train = _button(
            translate("puppet", "Train"),
            translate("puppet", "Needs a name and the consent of the person shown"),
            self._train,
        )
        self.drop = _button(
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

    def _make_end(self) -> None:
        column = self._column(JobState.DONE, translate("puppet", "It is over"))
        self.end = _wrapped("")
        self.end.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.play = _button(
            translate("puppet", "Play it"), translate("puppet", "Play the new actor"), self.play_clicked.emit
        )
        self.another = _button(
            translate("puppet", "Make another"),
            translate("puppet", "Begin with other footage"),
            self.another_clicked.emit,
        )
        self.go_on = _button(
            translate("puppet", "Go on"), translate("puppet", "Try again, from where it ended"), self.go_on_clicked.emit
        )
        self.discard = _button(
            translate("puppet", "Discard"),
            translate("puppet", "Forget it; the videos stay where they are"),
            self.discard_clicked.emit,
        )
        for widget in (self.end, self.play, self.another, self.go_on, self.discard):
            column.addWidget(widget)
        column.addStretch(1)

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
        self.train_clicked.emit(self.name.text(), self.consent.text(), self.minutes.value())


_DOING = {
    JobState.CHECKING: QT_TRANSLATE_NOOP("puppet", "Looking through the footage…"),
    JobState.TRAINING: QT_TRANSLATE_NOOP("puppet", "Training {name}…"),
    JobState.EXPORTING: QT_TRANSLATE_NOOP(
        "puppet", "Making the file of {name}, and checking that it draws what was learnt…"
    ),
}


def time_left(seconds: float) -> str:
    """The time left in words: 3700 -> "1 h 2 min left"."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return translate("puppet", "less than a minute left")
    return (
        translate("puppet", "{0} h {1} min left").format(minutes // 60, minutes % 60)
        if minutes >= 60
        else translate("puppet", "{0} min left").format(minutes)
    )


def _wrapped(words: str) -> Label:
    label = Label(words)
    label.setWordWrap(True)
    return label


def _button(words: str, tooltip: str, action: Callable[[], object]) -> QPushButton:
    button = QPushButton(words)
    set_tip(button, tooltip)
    button.clicked.connect(lambda: action())
    return button


def _bar(name: str) -> QProgressBar:
    bar = QProgressBar()
    bar.setRange(0, 100)
    bar.setTextVisible(False)
    bar.setAccessibleName(name)
    return bar
