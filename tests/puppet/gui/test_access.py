"""Everybody can use the window: by keyboard, with a screen reader, with large letters, in another language."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt, QTranslator
from PyQt6.QtGui import QFontMetrics
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QScrollBar,
    QSlider,
    QSpinBox,
    QTabBar,
    QToolButton,
    QWidget,
)

from puppet.explore.text_commands import COMMANDS
from puppet.gui.actors.new_actor_page import NewActorPage
from puppet.gui.explorer.explorer import ExplorerWidget
from puppet.gui.kit.widgets import Switch
from puppet.new_actor import job
from puppet.new_actor.steps import steps_of


def test_every_control_has_a_name_a_reason_and_a_way_by_keyboard(gui):
    gui.window.banners.say("x", "message")
    controls = [c for kind in (QPushButton, QComboBox, QSlider, Switch) for c in gui.window.findChildren(kind)]
    assert len(controls) >= 12
    for control in controls:
        name = control.accessibleName() or control.text()
        assert name.strip(), control
        assert control.toolTip() or control.parent().toolTip(), name
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, name


def test_nothing_is_clipped_at_the_smallest_size(gui):
    w = gui.window
    w.transport.show_recording(3725.0)
    w.transport.show_neutral(True)
    w.resize(w.minimumSizeHint())
    gui.until(lambda: w.width() <= max(w.minimumSizeHint().width(), 900))
    controls = [w.help_button, *w.transport.findChildren(QPushButton), *w.transport.findChildren(Switch)]
    controls += [*w.motion.findChildren(QLabel), *w.motion.findChildren(QPushButton)]
    for control in controls:
        assert control.width() >= control.minimumSizeHint().width(), control.accessibleName()
        assert control.height() >= control.minimumSizeHint().height(), control.accessibleName()
    assert abs(w.driver_pane.width() - w.actor_pane.width()) <= 1


CONTROLS = (QAbstractButton, QComboBox, QAbstractSlider, QLineEdit, QSpinBox, QProgressBar, QAbstractItemView, QTabBar)
LARGE = 1.5


@pytest.fixture(params=[LARGE])
def large_letters(qapp, request):
    """The user's font is half as large again, or as a test asks."""
    before = qapp.font()
    font = qapp.font()
    font.setPointSizeF(before.pointSizeF() * request.param)
    qapp.setFont(font)
    yield
    qapp.setFont(before)


def pages(window):
    """Show one page after the other; the explorer has tests of its own."""
    window.side.fold([])
    window.card.show()
    for index in range(window.tabs.count()):
        if window.tabs.tabData(index) != "explore":
            window.tabs.setCurrentIndex(index)
            yield window.page
    window.card.hide()


def states_of(page: NewActorPage):
    """All that the page of a new actor can show."""
    request = job.JobRequest(("/talk.mp4",), "Carl", "Carl agreed.", 30)
    page.show_start('To train an actor, torch must be installed. Run: python -m pip install ".[train]"')
    yield "start"
    steps = steps_of("train", ["training: 1/2 s (50 %), 1.0/s, 0:01 left"])
    for state in job.JobState:
        page.show_job(job.Job(page_folder, request, state, False, "the disk is full", steps))
        yield state


page_folder = job.Path("job")


def everything(window):
    """Every page, and every state of the page that has several."""
    for key in pages(window):
        if key == "new":
            yield from (f"new, {state}" for state in states_of(window.new_actor))
        else:
            yield key


def visible(window, kinds):
    """Controls in sight, without the parts that Qt makes them of."""
    for kind in kinds:
        for control in window.findChildren(kind):
            inner = control.objectName().startswith("qt_") or isinstance(control, QScrollBar)
            inside = any(isinstance(parent, (QSpinBox, QComboBox)) for parent in ancestors(control))
            if control.isVisible() and not inner and not inside:
                yield control


def ancestors(widget: QWidget):
    parent = widget.parentWidget()
    while parent is not None:
        yield parent
        parent = parent.parentWidget()


def words_of(control) -> str:
    return control.accessibleName() or (control.text() if hasattr(control, "text") else "")


def test_every_control_says_what_it_is_and_what_it_does(gui):
    seen = 0
    for where in everything(gui.window):
        for control in visible(gui.window, CONTROLS):
            seen += 1
            assert words_of(control).strip(), (where, control)
            if not isinstance(control, (QProgressBar, QTabBar, QAbstractItemView)):
                helped = control.toolTip() or any(parent.toolTip() for parent in ancestors(control))
                assert helped, (where, words_of(control))
    assert seen > 60


def test_every_control_can_be_reached_by_the_tab_key(gui):
    w = gui.window
    for where in everything(w):
        wanted = {c for c in visible(w, CONTROLS) if c.isEnabled() and not isinstance(c, QProgressBar)}
        reached, first = [], None
        w.setFocus()
        for _ in range(200):
            QApplication.sendPostedEvents()
            w.focusNextChild()
            widget = w.focusWidget()
            if widget is first:
                break
            first = first or widget
            reached.append(widget)
        missed = wanted - set(reached)
        assert not missed, (where, [words_of(one) or one for one in missed])


def test_the_focus_goes_down_the_page_and_not_to_and_fro(gui):
    """In each column the focus goes from above to below."""
    w = gui.window
    w.side.fold([])
    w.show_page("live")
    groups = list(w.side.groups.values())
    order = []
    w.setFocus()
    for _ in range(150):
        w.focusNextChild()
        order.append(w.focusWidget())
    headings = [group.heading for group in groups if group.isVisible()]
    positions = [order.index(heading) for heading in headings]
    assert positions == sorted(positions)
    assert order.index(w.source.box) < order.index(w.actor.box) < order.index(w.transport.record) < positions[0]


def test_the_focus_can_be_seen(gui):
    """Whatever has the focus looks different from what has it not."""
    w = gui.window
    for control in (w.transport.record, w.transport.mirror_preview, w.source.box, w.view.mesh, w.tabs,
                    w.side.groups["motion"].heading, w.motion.sliders["smoothing"].slider):  # fmt: skip
        w.setFocus()
        before = control.grab().toImage()
        control.setFocus(Qt.FocusReason.TabFocusReason)
        assert control.grab().toImage() != before, words_of(control)


def cut(widget: QWidget) -> bool:
    """Whether some of the words do not fit, or stand outside what can be scrolled to."""
    for parent in ancestors(widget):
        left = widget.mapTo(parent, widget.rect().topLeft()).x()
        if left < 0 or left + widget.width() > parent.width():
            return True
    if isinstance(widget, QLabel) and widget.wordWrap():
        return widget.height() < widget.heightForWidth(widget.width())
    wanted = widget.minimumSizeHint() if isinstance(widget, QSlider) else widget.sizeHint()
    if isinstance(widget, (QComboBox, QLineEdit)):  # they show a part of long words, on purpose
        return widget.height() < QFontMetrics(widget.font()).height() + 4
    return widget.width() < wanted.width() or widget.height() < wanted.height()


def lay_out() -> None:
    for _ in range(5):  # heights follow widths, and those the side panel's bar
        QApplication.sendPostedEvents()
        QApplication.processEvents()


@pytest.mark.parametrize(
    ("large_letters", "size"),
    [(1.0, (1024, 600)), (1.5, (1240, 760)), (1.5, (1000, 700)), (2.0, (1024, 600)), (2.0, (1366, 768))],
    indirect=["large_letters"],
)
def test_no_text_is_cut_with_large_letters(large_letters, make_gui, size):
    gui = make_gui().start()
    w = gui.window
    w.transport.show_recording(3725.0)
    w.transport.show_neutral(True)
    w.resize(*size)
    lay_out()
    assert (w.width(), w.height()) == size
    kinds = (QLabel, QPushButton, QCheckBox, QToolButton, QComboBox, QSpinBox, QLineEdit)
    seen = 0
    for where in everything(w):
        lay_out()
        for widget in visible(w, kinds):
            if words_of(widget).strip() or isinstance(widget, (QComboBox, QLineEdit)):
                seen += 1
                if cut(widget):  # its text, such as the camera's rate, may have changed while things were laid out
                    lay_out()
                assert not cut(widget), (where, words_of(widget), widget.size(), widget.sizeHint())
    assert seen > 80


@pytest.mark.parametrize("large_letters", [1.0, 2.0], indirect=True)
def test_the_explorer_fits_a_small_screen(large_letters, qtbot):
    explorer = ExplorerWidget()
    qtbot.addWidget(explorer)
    explorer.set_live(True)
    explorer.show()
    explorer.resize(992, 470)  # what a window of 1024 x 600 has for a page
    for tab in range(explorer.tabs.count()):
        explorer.tabs.setCurrentIndex(tab)
        lay_out()
        assert (explorer.width(), explorer.height()) == (992, 470)
        controls = list(visible(explorer, (QPushButton, QCheckBox, QComboBox, QLineEdit)))
        assert len(controls) > 8
        for control in controls:
            assert not cut(control), words_of(control)


def test_the_side_panel_is_beside_the_pictures_and_scrolls_on_a_small_screen(make_gui):
    gui = make_gui().start()
    w = gui.window
    w.side.fold([])
    w.resize(1024, 600)
    lay_out()
    assert w.side.verticalScrollBar().maximum() > 0
    assert w.driver_pane.width() >= 300
    assert w.rect().contains(w.transport.mapTo(w, w.transport.rect().bottomRight()))
    w.side.verticalScrollBar().setValue(w.side.verticalScrollBar().maximum())
    last = list(w.side.groups.values())[-1].heading
    assert w.side.rect().contains(last.mapTo(w.side, last.rect().center()))


def test_the_sheet_of_keys_is_not_cut_with_large_letters(large_letters, make_gui):
    gui = make_gui().start()
    gui.press(Qt.Key.Key_F1)
    sheet = gui.window.sheet
    assert sheet is not None
    gui.until(sheet.isVisible)
    for label in sheet.findChildren(QLabel):
        assert not cut(label), label.text()


def test_what_states_mean_is_told_by_more_than_colour(gui):
    w = gui.window
    assert w.transport.record.text().strip() == "Record"
    w.transport.show_recording(3.0)
    assert w.transport.record.text().strip().startswith("Stop")
    for kind, sign in (("notice", ""), ("warning", "⚠ "), ("error", "⚠ ")):
        banner = w.banners.say("x", "words", kind)
        label = banner.findChild(QLabel)
        assert label is not None
        assert label.text() == f"{sign}words"
    on, off = w.view.mesh, w.view.timings
    on.setChecked(True)
    assert on.grab().toImage().convertToFormat(on.grab().toImage().Format.Format_Grayscale8) != off.grab().toImage()


class Marked(QTranslator):
    """A language in which every word is marked, so that what was not translated can be seen."""

    def translate(self, context, sourceText, disambiguation=None, n=-1):
        return f"«{sourceText}»" if context == "puppet" else ""

    def isEmpty(self):
        return False


def test_every_word_can_be_translated(make_gui, qapp):
    """Of the pages and groups; what stands in data (names, paths, figures) is as it is."""
    marked = Marked()
    qapp.installTranslator(marked)
    explorer = ExplorerWidget()
    try:
        w = make_gui().window
        w.show()
        own = [
            w.source,
            w.actor,
            w.transport,
            w.motion,
            w.view,
            w.camera,
            w.wall,
            w.user,
            w.card,
            w.library,
            w.new_actor,
            w.status_line,
            w.live.latent,
            w.output,
            explorer,
        ]
        plain = set()
        for part in own:
            for widget in part.findChildren(QWidget):
                named = widget is w.output.folder  # by the name of a folder
                if (
                    isinstance(widget, (QLabel, QAbstractButton))
                    and not named
                    and any(c.isalpha() for c in widget.text())
                ):
                    plain |= {widget.text()} if "«" not in widget.text() else set()
                if widget.toolTip() and "«" not in widget.toolTip():
                    plain.add(widget.toolTip())
        typed = {keys for keys, _ in COMMANDS.values() if any(c.isalpha() for c in keys)}
        assert plain == {"GIF", "WebP", *typed}  # the formats' own names, and what is typed
        w.show_help()
        assert w.sheet is not None
        assert any("«" in label.text() for label in w.sheet.findChildren(QLabel))
    finally:
        explorer.shutdown()
        qapp.removeTranslator(marked)
