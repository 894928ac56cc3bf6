"""The column of the page New actor for footage that was looked through: what to film, name, consent, training."""

from __future__ import annotations

from PyQt6.QtCore import QT_TRANSLATE_NOOP, Qt, pyqtSignal
from PyQt6.QtGui import QFontDatabase
from PyQt6.QtWidgets import QFormLayout, QGridLayout, QLineEdit, QPlainTextEdit, QPushButton, QSpinBox, QWidget

from puppet.gui.actors.parts import TitledColumn, button, small, wrapped
from puppet.gui.kit.plain_text import Label, set_tip
from puppet.gui.kit.wheel import CalmSpinBox
from puppet.gui.kit.widgets import Switch
from puppet.gui.kit.words import translate
from puppet.new_actor.coverage import MORE, coverage_of
from puppet.new_actor.job import Job

MINUTES, MOST_MINUTES = 60, 24 * 60
FIGURES_HEIGHT = 220  # px
CONSENT = QT_TRANSLATE_NOOP("puppet", "The person in the footage agreed to be played, by anybody who has the file")
VERDICTS = {
    "good": QT_TRANSLATE_NOOP("puppet", "Good footage: it shows all that an actor needs."),
    "usable": QT_TRANSLATE_NOOP("puppet", "Usable footage. The actor gets better with more of this:"),
    "too thin": QT_TRANSLATE_NOOP("puppet", "Too little to become a good actor. Please film this as well:"),
}


class CheckedColumn(TitledColumn):
    """Advice first, in words, each with a button that films it; then what training needs to know."""

    film_clicked = pyqtSignal(str)  # what to film, empty: everything
    sheet_clicked = pyqtSignal()
    train_clicked = pyqtSignal(str, str, int)  # name, consent statement, minutes
    discard_clicked = pyqtSignal()

    def __init__(self) -> None:
        super().__init__(translate("puppet", "The footage, looked through"))
        self.verdict = wrapped("")
        self.advice: list[tuple[Label, QPushButton]] = []
        self._camera = self._can_add = False
        self._told: str | None = None
        self._advice = QWidget()
        self._rows = QGridLayout(self._advice)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setColumnStretch(0, 1)
        self.no_camera = small(translate("puppet", "To film this now, choose a camera as the driver on the page Live."))
        self.sheet = button(
            translate("puppet", "Show the sheet large"),
            translate("puppet", "The pictures of what the footage shows, in their own size"),
            self.sheet_clicked.emit,
        )
        self.figures = Switch(translate("puppet", "All figures"))
        set_tip(self.figures, translate("puppet", "The whole report, as `puppet prepare` prints it"))
        self.report = QPlainTextEdit()
        self.report.setReadOnly(True)
        self.report.setAccessibleName(translate("puppet", "Report on the footage"))
        set_tip(self.report, translate("puppet", "What the footage shows, and what is missing from it"))
        self.report.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.report.setTabChangesFocus(True)
        self.report.setFixedHeight(FIGURES_HEIGHT)
        self.report.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.report.hide()
        self.figures.toggled.connect(self.report.setVisible)
        for widget in (self.verdict, self._advice, self.no_camera, self.sheet, self.figures, self.report):
            self.column.addWidget(widget)
        self._make_form()
        self._check()

    def show_job(self, job: Job) -> None:
        """Show what the footage of a job lacks."""
        self._can_add = not job.request.alpha  # what is filmed here has no alpha film
        if job.report != self._told:
            self._told = job.report
            self.report.setPlainText(job.report)
            coverage = coverage_of(job.report)
            verdict = VERDICTS.get(coverage.verdict)
            self.verdict.setText(translate("puppet", verdict) if verdict else coverage.verdict)
            self._show_advice(coverage.advice)
        self.show_camera(self._camera)
        self._check()

    def show_camera(self, there: bool) -> None:
        """there: a camera is running, with which what is missing can be filmed."""
        self._camera = there
        for _, film in self.advice:
            film.setVisible(self._can_add)
            film.setEnabled(there)
        self.no_camera.setVisible(self._can_add and not there and bool(self.advice))

    def _show_advice(self, advice: tuple[str, ...]) -> None:
        for label, film in self.advice:
            for widget in (label, film):
                self._rows.removeWidget(widget)
                widget.hide()
                widget.deleteLater()
        self.advice = []
        for row, words in enumerate(advice):
            wanted = "" if words.startswith(MORE) else words
            said = words.removeprefix(MORE)
            label = wrapped(f"• {said[:1].upper()}{said[1:]}")
            film = button(
                translate("puppet", "Film this now"),
                translate("puppet", "Film it, and look through the footage again together with it"),
                lambda wanted=wanted: self.film_clicked.emit(wanted),
            )
            film.setAccessibleName(translate("puppet", "Film this now: {0}").format(said))
            self._rows.addWidget(label, row, 0)
            self._rows.addWidget(film, row, 1, Qt.AlignmentFlag.AlignTop)
            self.advice.append((label, film))
        self._advice.setVisible(bool(advice))

    def _make_form(self) -> None:
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
        self.column.addLayout(form)
        for widget in (wrapped(translate("puppet", CONSENT) + "."), self.agreed, self.train, self.drop):
            self.column.addWidget(widget)
        self.column.addStretch(1)
        for changed in (self.name.textChanged, self.consent.textChanged, self.agreed.toggled):
            changed.connect(self._check)

    def _check(self) -> None:
        ready = self.name.text().strip() and self.consent.text().strip() and self.agreed.isChecked()
        self.train.setEnabled(bool(ready))

    def _train(self) -> None:
        self.train.setEnabled(False)  # at once: until the tools run, seconds pass
        self.train_clicked.emit(self.name.text(), self.consent.text(), self.minutes.value())
