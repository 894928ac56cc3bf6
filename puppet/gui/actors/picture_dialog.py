"""The dialog that makes an actor of one picture: the picture and its faces, what it is called, a look at it moving."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import QT_TRANSLATE_NOOP, QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from puppet.gui.actors.parts import TitledColumn, bar, button, wrapped
from puppet.gui.kit.plain_text import Label, set_tip
from puppet.gui.kit.preview import PreviewPane
from puppet.gui.kit.side_panel import Column
from puppet.gui.kit.wheel import CalmComboBox
from puppet.gui.kit.widgets import Switch
from puppet.gui.kit.words import translate
from puppet.new_actor.picture import PictureRequest

COLUMN = 340  # px
SEEN, CHOSEN = QColor("#ffffff"), QColor("#4c9aff")  # of the boxes around faces
FORM, MAKING, MADE, REFUSED = "form", "making", "made", "refused"
FRAMES = {  # as `puppet photo --frame` takes them
    "portrait": QT_TRANSLATE_NOOP("puppet", "Head and shoulders"),
    "square": QT_TRANSLATE_NOOP("puppet", "The largest square around the head"),
    "whole": QT_TRANSLATE_NOOP("puppet", "The whole picture; the head moves in it"),
}
PERSON, ARTWORK = "person", "artwork"
AGREED = QT_TRANSLATE_NOOP("puppet", "The person shown agreed to be played, by anybody who has the file")
INTRODUCTION = QT_TRANSLATE_NOOP(
    "puppet", "It takes about ten seconds. The picture stays on this computer; the actor's file contains the face."
)

FaceBox = tuple[float, float, float, float]  # left, top, width, height as shares of the picture


class FacePane(PreviewPane):
    """A picture with a numbered box around each face; a click chooses one."""

    chosen = pyqtSignal(int)  # number of the face, from 1

    def __init__(self) -> None:
        super().__init__(translate("puppet", "The picture, and then the actor"))
        self._boxes: Sequence[FaceBox] = ()
        self._current = 0

    def show_faces(self, boxes: Sequence[FaceBox], current: int) -> None:
        """boxes: of the faces, from left to right; empty: none. current: number of the one that is chosen, or 0."""
        self._boxes, self._current = boxes, current
        self.setCursor(Qt.CursorShape.PointingHandCursor if boxes else Qt.CursorShape.ArrowCursor)
        self.update()

    def mousePressEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is not None:
            for number, box in enumerate(self._boxes, 1):
                if self._place(box).contains(a0.position()):
                    self.chosen.emit(number)

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        super().paintEvent(a0)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, box in enumerate(self._boxes, 1):
            place = self._place(box)
            colour = CHOSEN if number == self._current else SEEN
            painter.setPen(QPen(QColor(0, 0, 0, 120), 4))
            painter.drawRoundedRect(place, 6, 6)
            painter.setPen(QPen(colour, 2))
            painter.drawRoundedRect(place, 6, 6)
            badge = QRectF(place.topLeft() - QPointF(11, 11), place.topLeft() + QPointF(11, 11))
            painter.setBrush(colour)
            painter.drawEllipse(badge)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QColor("#101217"))
            painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, str(number))
        painter.end()

    def _place(self, box: FaceBox) -> QRectF:
        shown = self.picture
        left, top, width, height = box
        return QRectF(
            shown.left() + left * shown.width(), shown.top() + top * shown.height(),
            width * shown.width(), height * shown.height(),
        )  # fmt: skip


class PictureDialog(QDialog):
    """Not modal: the window goes on, and the actor that was made plays in it."""

    make_clicked = pyqtSignal(PictureRequest)
    keep_clicked = pyqtSignal()
    drop_clicked = pyqtSignal()
    again_clicked = pyqtSignal()  # another picture of the camera
    given_up = pyqtSignal()  # closed, whatever state it was in

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("puppet", "Actor from a picture"))
        self.pane = FacePane()
        self.state = FORM
        self._picture = Path()
        self._boxes: Sequence[FaceBox] = ()
        self._face = 0
        self._looked = False  # for faces, and one was found
        self._stack = QStackedWidget()
        self._states: dict[str, QWidget] = {}
        self._make_form()
        self._make_making()
        self._make_made()
        self._make_refused()
        column = Column(translate("puppet", "Steps"), COLUMN)
        column.setWidget(self._stack)
        row = QHBoxLayout(self)
        row.setSpacing(12)
        row.addWidget(self.pane, 1)
        row.addWidget(column)
        self.resize(900, 560)
        self.pane.chosen.connect(self._choose)

    # -- what it shows -------------------------------------------------------------------------------------------

    def show_picture(self, path: Path, name: str, image: QImage, from_camera: bool) -> None:
        """Begin with a picture whose faces are looked for. name: proposed for the actor."""
        self._picture = path
        self.pane.show_image(image)
        self.pane.set_note(translate("puppet", "Looking for the face…"))
        self.pane.show_faces((), 0)
        self._boxes, self._face, self._looked = (), 0, False
        self.name.setText(name)
        self.statement.clear()
        self.agreed.setChecked(False)
        self.again.setVisible(from_camera)
        self.other.setVisible(from_camera)
        self._show(FORM)
        self.show()
        self.raise_()
        self.activateWindow()

    def show_faces(self, boxes: Sequence[FaceBox]) -> None:
        """Show the faces that were found, from left to right; of several one must be chosen."""
        self._boxes = boxes if len(boxes) > 1 else ()
        self._face, self._looked = 0, True
        self.pane.set_note(translate("puppet", "Click the face that is to act") if self._boxes else "")
        self.pane.show_faces(self._boxes, 0)
        self._check()

    def show_refusal(self, words: str) -> None:
        """No actor can be made; words: why, and what would help."""
        self.pane.set_note("")
        self.problem.setText(f"⚠ {words}")
        self.back.setVisible(self.state == MAKING)
        self._show(REFUSED)

    def show_making(self) -> None:
        """The actor is being made."""
        self._show(MAKING)

    def show_made(self, name: str) -> None:
        """The actor plays; it is kept or dropped now."""
        self.pane.show_faces((), 0)
        self.pane.set_note("")
        self.made.setText(translate("puppet", "{0} follows your face. Keep it among your actors?").format(name))
        self._show(MADE)
        self.keep.setFocus()

    # -- building --------------------------------------------------------------------------------------------------

    def _column(self, state: str, title: str) -> QVBoxLayout:
        self._states[state] = page = TitledColumn(title)
        self._stack.addWidget(page)
        return page.column

    def _make_form(self) -> None:
        column = self._column(FORM, translate("puppet", "An actor from this picture"))
        self.name, self.statement = QLineEdit(), QLineEdit()
        set_tip(self.name, translate("puppet", "What the actor is called in your list"))
        self.kind = CalmComboBox()
        self.kind.addItem(translate("puppet", "A person"), PERSON)
        self.kind.addItem(translate("puppet", "A painting, statue, drawing or 3D character"), ARTWORK)
        set_tip(self.kind, translate("puppet", "A living person must have agreed"))
        self.frame = CalmComboBox()
        for key, words in FRAMES.items():
            self.frame.addItem(translate("puppet", words), key)
        set_tip(self.frame, translate("puppet", "How much of the picture the actor shows"))
        self.background = Switch(translate("puppet", "Keep its background"))
        set_tip(self.background, translate("puppet", "Otherwise any background can be put behind the actor"))
        self._said = Label("")
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        for caption, field in (
            (Label(translate("puppet", "Name")), self.name),
            (Label(translate("puppet", "It shows")), self.kind),
            (self._said, self.statement),
            (Label(translate("puppet", "Part")), self.frame),
        ):
            caption.setBuddy(field)
            field.setAccessibleName(caption.text())
            form.addRow(caption, field)
        self.agreed = Switch(translate("puppet", "They agreed"))
        set_tip(self.agreed, translate("puppet", AGREED))
        self.make = button(
            translate("puppet", "Make the actor"),
            translate("puppet", "Needs a name and the consent of the person shown"),
            self._make,
        )
        self.again = button(
            translate("puppet", "Take another picture"),
            translate("puppet", "Of what the camera sees now"),
            self.again_clicked.emit,
        )
        column.addWidget(wrapped(translate("puppet", INTRODUCTION)))
        column.addLayout(form)
        for widget in (self.background, self.agreed, self.make, self.again):
            column.addWidget(widget)
        column.addStretch(1)
        self.name.textChanged.connect(self._check)
        self.statement.textChanged.connect(self._check)
        self.agreed.toggled.connect(self._check)
        self.kind.currentIndexChanged.connect(self._show_kind)
        self.frame.currentIndexChanged.connect(self._show_kind)
        self._show_kind()

    def _make_making(self) -> None:
        column = self._column(MAKING, translate("puppet", "Making the actor…"))
        busy = bar(translate("puppet", "It is being made"))
        busy.setRange(0, 0)
        column.addWidget(busy)
        column.addWidget(wrapped(translate("puppet", "About ten seconds. You may go on playing meanwhile.")))
        column.addStretch(1)

    def _make_made(self) -> None:
        column = self._column(MADE, translate("puppet", "Here it is"))
        self.made = wrapped("")
        self.keep = button(
            translate("puppet", "Keep"), translate("puppet", "Add it to your actors"), self.keep_clicked.emit
        )
        self.drop = button(
            translate("puppet", "Discard"),
            translate("puppet", "Delete it; the picture stays where it is"),
            self.drop_clicked.emit,
        )
        for widget in (self.made, self.keep, self.drop):
            column.addWidget(widget)
        column.addStretch(1)

    def _make_refused(self) -> None:
        column = self._column(REFUSED, translate("puppet", "This picture does not work"))
        self.problem = wrapped("")
        self.problem.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.back = button(
            translate("puppet", "Back"), translate("puppet", "Change what was filled in"), lambda: self._show(FORM)
        )
        self.other = button(
            translate("puppet", "Take another picture"),
            translate("puppet", "Of what the camera sees now"),
            self.again_clicked.emit,
        )
        self.close_button = button(
            translate("puppet", "Close"), translate("puppet", "End here; nothing is made"), self.close
        )
        for widget in (self.problem, self.back, self.other, self.close_button):
            column.addWidget(widget)
        column.addStretch(1)

    def _show(self, state: str) -> None:
        self.state = state
        self._stack.setCurrentWidget(self._states[state])
        self._check()

    def _show_kind(self) -> None:
        person = self.kind.currentData() == PERSON
        self._said.setText(translate("puppet", "Consent") if person else translate("puppet", "What it is"))
        self.statement.setAccessibleName(self._said.text())
        self.statement.setPlaceholderText(
            translate("puppet", "Ada Lovelace agreed on 2 May to be played by anybody.")
            if person
            else translate("puppet", "Mona Lisa, Leonardo da Vinci")
        )
        set_tip(self.statement, translate("puppet", "Kept in the actor's file, for whoever gets it"))
        self.agreed.setVisible(person)
        self.background.setEnabled(self.frame.currentData() != "whole")
        self._check()

    def _choose(self, number: int) -> None:
        if self.state == FORM:
            self._face = number
            self.pane.show_faces(self._boxes, number)
            self.pane.set_note("")
            self._check()

    def _check(self) -> None:
        agreed = self.agreed.isChecked() or self.kind.currentData() == ARTWORK
        said = self.name.text().strip() and self.statement.text().strip()
        self.make.setEnabled(bool(self._looked and said and agreed and (self._face or not self._boxes)))

    def _make(self) -> None:
        self.make_clicked.emit(
            PictureRequest(
                self._picture, self.name.text(), self.statement.text(), self.kind.currentData() == ARTWORK,
                self._face or None, self.frame.currentData(), self.background.isChecked(),
            )
        )  # fmt: skip

    def reject(self) -> None:
        """Esc: like closing it."""
        self.close()

    def closeEvent(self, a0: QCloseEvent | None) -> None:
        self.given_up.emit()
        super().closeEvent(a0)
