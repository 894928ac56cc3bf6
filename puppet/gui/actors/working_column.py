"""The column of the page New actor while an actor is made, and the one for its end."""

from __future__ import annotations

from PyQt6.QtCore import QT_TRANSLATE_NOOP, Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QSpinBox

from puppet.gui.actors.parts import TitledColumn, button, small, wrapped
from puppet.gui.actors.quality_curve import QualityCurve, figures_in_words, in_words
from puppet.gui.actors.step_list import StepList
from puppet.gui.kit.plain_text import set_tip
from puppet.gui.kit.wheel import CalmSpinBox
from puppet.gui.kit.words import translate
from puppet.new_actor.job import Job, JobState

MORE_MINUTES = 30  # of training, offered when an actor is done
DOING = {
    JobState.CHECKING: QT_TRANSLATE_NOOP("puppet", "Looking through the footage"),
    JobState.TRAINING: QT_TRANSLATE_NOOP("puppet", "{name} is learning"),
    JobState.EXPORTING: QT_TRANSLATE_NOOP("puppet", "{name} becomes an actor"),
}


class WorkingColumn(TitledColumn):
    """What is done, step by step, how good the pictures are by now, and a button that ends it."""

    stop_clicked = pyqtSignal()

    def __init__(self) -> None:
        super().__init__("")
        self._keeps = False
        self.steps = StepList()
        self.curve = QualityCurve()
        words = translate("puppet", "End it now; training keeps what it has learnt")
        self.stop = button(translate("puppet", "Stop"), words, self._stop)
        self.stopping = small("")
        self.stopping.hide()
        note = small(
            translate("puppet", "You may go on playing, or close the window: this goes on, and is found again.")
        )
        for widget in (self.steps, self.curve, self.stop, self.stopping, note):
            self.column.addWidget(widget)
        self.column.addStretch(1)

    def show_job(self, job: Job) -> None:
        """Show how far a job is that is being worked on."""
        self._keeps = job.state == JobState.TRAINING and bool(job.quality)  # before that, nothing was learnt
        self.title.setText(translate("puppet", DOING[job.state]).format(name=job.request.name))
        self.steps.show_steps(job.steps)
        self.curve.setVisible(job.state != JobState.CHECKING)
        self.curve.show_quality(job.quality)
        self.stop.setText(translate("puppet", "Stop and keep") if self._keeps else translate("puppet", "Stop"))
        self.show_stopping(job.stopping)
        self.stop.setEnabled(not job.stopping and job.state != JobState.EXPORTING)

    def show_stopping(self, stopping: bool) -> None:
        """Say that it is going to end, and what becomes of it."""
        self.stop.setEnabled(not stopping)
        self.stopping.setText(
            translate("puppet", "Stopping: what was learnt is kept and becomes the actor. This takes a minute.")
            if self._keeps
            else translate("puppet", "Stopping…")
        )
        self.stopping.setVisible(stopping)

    def _stop(self) -> None:
        self.show_stopping(True)  # at once: until the tools have ended, seconds pass
        self.stop_clicked.emit()


class EndColumn(TitledColumn):
    """The new actor, how good it is, and what can be done next; or why there is none."""

    play_clicked = pyqtSignal()
    train_on_clicked = pyqtSignal(int)  # minutes
    another_clicked = pyqtSignal()
    go_on_clicked = pyqtSignal()
    discard_clicked = pyqtSignal()

    def __init__(self) -> None:
        super().__init__("")
        self.end, self.figures = wrapped(""), small("")
        self.end.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.play = button(
            translate("puppet", "Play it"), translate("puppet", "Play the new actor"), self.play_clicked.emit
        )
        self.train_on = button(
            translate("puppet", "Train on"),
            translate("puppet", "Learn for longer; the better actor takes this one's place"),
            lambda: self.train_on_clicked.emit(self.minutes.value()),
        )
        self.minutes = CalmSpinBox()
        self.minutes.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.minutes.setRange(1, 24 * 60)
        self.minutes.setValue(MORE_MINUTES)
        self.minutes.setSuffix(translate("puppet", " min"))
        self.minutes.setAccessibleName(translate("puppet", "Minutes of further training"))
        set_tip(self.minutes, translate("puppet", "How much longer it is trained"))
        self.another = button(
            translate("puppet", "Make another"),
            translate("puppet", "Begin with other footage"),
            self.another_clicked.emit,
        )
        self.go_on = button(
            translate("puppet", "Go on"), translate("puppet", "Try again, from where it ended"), self.go_on_clicked.emit
        )
        self.discard = button(
            translate("puppet", "Discard"),
            translate("puppet", "Forget it; the videos stay where they are"),
            self.discard_clicked.emit,
        )
        further = QHBoxLayout()
        further.setSpacing(8)
        further.addWidget(self.train_on, 1)
        further.addWidget(self.minutes)
        for widget in (self.end, self.figures, self.play):
            self.column.addWidget(widget)
        self.column.addLayout(further)
        for widget in (self.another, self.go_on, self.discard):
            self.column.addWidget(widget)
        self.column.addStretch(1)

    def show_job(self, job: Job) -> None:
        """Show a job that is over."""
        done = job.state == JobState.DONE
        name = job.actor.stem if done and job.actor else job.request.name
        last = job.quality[-1] if job.quality else None
        if done:
            self.title.setText(translate("puppet", "{0} is ready").format(name))
            self.end.setText(in_words(last) if last else translate("puppet", "It has joined your actors."))
        else:
            unnamed = translate("puppet", "The new actor is not finished")
            self.title.setText(translate("puppet", "{0} is not finished").format(name) if name else unnamed)
            self.end.setText(f"⚠ {job.error}")
        self.figures.setText(figures_in_words(last) if done and last else "")
        for widget in (self.play, self.train_on, self.minutes, self.another):
            widget.setVisible(done)
        self.figures.setVisible(bool(self.figures.text()))
        for widget in (self.go_on, self.discard):
            widget.setVisible(not done)
        for widget in (self.train_on, self.go_on):
            widget.setEnabled(True)
