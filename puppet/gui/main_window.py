"""The window: its pages, the keys, the system's colours. What happens is the controller's."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QEvent, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QGuiApplication, QKeySequence, QShortcut, QShowEvent
from PyQt6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QMainWindow,
    QPushButton,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from puppet.gui.actors.library_page import LibraryPage
from puppet.gui.actors.new_actor_page import NewActorPage
from puppet.gui.kit.banners import BannerStack
from puppet.gui.kit.plain_text import set_tip
from puppet.gui.kit.shortcuts import SHORTCUTS, ShortcutSheet, keys_for
from puppet.gui.kit.status_line import StatusLine
from puppet.gui.kit.theme import Colours, colours_for, follow_system, palette_of, style_sheet
from puppet.gui.kit.words import install_language, show_numbers_as_usual, translate
from puppet.gui.live.page import LivePage
from puppet.process import environment

MARGIN, GAP = 16, 10  # px


class MainWindow(QMainWindow):
    """Tabs above, one page of them shown; banners stand over every page.

    closing: the user wants out; still open. page_shown: the key of the page that is now in front. recoloured: the
    system's scheme has changed, to light or dark.
    """

    closing = pyqtSignal()
    page_shown = pyqtSignal(str)
    recoloured = pyqtSignal(Colours)

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle(translate("puppet", "Puppet"))
        self.live = live = LivePage()
        self.source, self.actor, self.transport, self.motion = live.source, live.actor, live.transport, live.motion
        self.stage, self.side, self.view = live.stage, live.side, live.view
        self.camera, self.wall, self.user, self.card = live.camera, live.wall, live.user, live.stage.card
        self.output = live.output
        self.driver_pane, self.actor_pane = live.stage.driver, live.stage.actor
        self.library = LibraryPage()
        self.new_actor = NewActorPage()
        self.banners = BannerStack()
        self.status_line = StatusLine()
        self.tabs = QTabBar()
        self.tabs.setAccessibleName(translate("puppet", "Pages"))
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.help_button = QPushButton("?")
        self.help_button.setProperty("role", "round")
        self.help_button.setAccessibleName(translate("puppet", "Keyboard shortcuts"))
        set_tip(self.help_button, translate("puppet", "Keyboard shortcuts ({0})").format(keys_for("help")))
        self._sheet: ShortcutSheet | None = None
        self._pages = QStackedWidget()
        self._keys: list[tuple[str, QShortcut]] = []  # the page where it works, or empty
        self._arrange()
        self.wishes = self._make_wishes()
        self.help_button.clicked.connect(self.wishes["help"])
        self.view.full_screen_clicked.connect(self.toggle_full_screen)
        self.stage.double_clicked.connect(self.toggle_full_screen)
        self.tabs.currentChanged.connect(self._show_page)
        for shortcut in SHORTCUTS:
            for key in shortcut.keys:
                made = QShortcut(QKeySequence(key), self)
                made.activated.connect(self.wishes[shortcut.wish])
                self._keys.append((shortcut.page, made))
        self.add_page("live", translate("puppet", "Live"), live)
        self.add_page("library", translate("puppet", "Actors"), self.library)
        self.add_page("new", translate("puppet", "New actor"), self.new_actor)
        self.library.new_clicked.connect(lambda: self.show_page("new"))
        self.apply_theme()
        follow_system(self.apply_theme)

    # -- pages ---------------------------------------------------------------------------------------------------

    def add_page(self, key: str, title: str, page: QWidget) -> None:
        """Another tab. The table of keys says which keys work on it alone."""
        self._pages.addWidget(page)
        index = self.tabs.addTab(title)
        self.tabs.setTabData(index, key)
        if index == self.tabs.currentIndex():  # the first one
            self._show_page(index)
        self.tabs.setTabToolTip(index, translate("puppet", "{0} (Ctrl+{1})").format(title, index + 1))
        QShortcut(QKeySequence(f"Ctrl+{index + 1}"), self).activated.connect(lambda: self.show_page(key))

    @property
    def page(self) -> str:
        """Key of the page that is in front."""
        return self.tabs.tabData(self.tabs.currentIndex()) or ""

    def show_page(self, key: str) -> None:
        """Bring a page to the front; unknown keys are ignored."""
        for index in range(self.tabs.count()):
            if self.tabs.tabData(index) == key:
                self.tabs.setCurrentIndex(index)

    def _show_page(self, index: int) -> None:
        self._pages.setCurrentIndex(index)
        for page, key in self._keys:
            key.setEnabled(page in ("", self.page))
        self.page_shown.emit(self.page)

    # -- looks ---------------------------------------------------------------------------------------------------

    def apply_theme(self) -> None:
        """Take the system's light or dark scheme."""
        colours = colours_for(QGuiApplication.palette())
        self.setPalette(palette_of(colours))
        self.setStyleSheet(style_sheet(colours))
        self.transport.paint_icons(colours)
        self.recoloured.emit(colours)

    @property
    def sheet(self) -> ShortcutSheet | None:
        """The list of keys, once it has been asked for."""
        return self._sheet

    def show_help(self) -> None:
        if self._sheet is None:
            self._sheet = ShortcutSheet(self)
        self._sheet.show()
        self._sheet.raise_()

    def make_timer(self, action: Callable[[], object]) -> QTimer:
        """A timer that lives with the window; not started yet."""
        timer = QTimer(self)
        timer.timeout.connect(action)
        return timer

    def toggle_full_screen(self) -> None:
        """Only the pictures, on the whole screen; and back."""
        if not self.isFullScreen():
            self.show_page("live")
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def show_card(self) -> None:
        """The guide of the calibration, over the pictures."""
        self.show_page("live")
        self.card.show()
        self.card.cancel.setFocus()

    def hide_card(self) -> None:
        if self.card.isVisibleTo(self.stage):
            self.card.hide()
            self.setFocus()

    def step_back(self) -> None:
        """What Esc does: end what stands over the pictures, or leave the full screen."""
        if self.card.isVisible():
            self.card.cancelled.emit()
        elif self.isFullScreen():
            self.toggle_full_screen()

    def changeEvent(self, a0: QEvent | None) -> None:
        if a0 is not None and a0.type() == QEvent.Type.WindowStateChange:
            alone = self.isFullScreen()
            for widget in (self.status_line, self.tabs, self.help_button):
                widget.setVisible(not alone)
            self.live.show_pictures_only(alone)
            margin = 0 if alone else MARGIN
            self._column.setContentsMargins(margin, 0 if alone else 8, margin, margin)
            self.actor_pane.show_hint(
                translate("puppet", "Esc or {0} comes back").format(keys_for("full_screen")) if alone else ""
            )
        super().changeEvent(a0)

    def showEvent(self, a0: QShowEvent | None) -> None:
        super().showEvent(a0)
        if self.focusWidget() in (None, self.tabs):  # otherwise Qt lights up the first tab, which nobody has asked for
            self.setFocus()

    def closeEvent(self, a0: QCloseEvent | None) -> None:
        self.closing.emit()
        super().closeEvent(a0)

    def _arrange(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(GAP)
        top.addWidget(self.tabs)
        top.addStretch(1)
        top.addWidget(self.help_button)
        inside = QWidget()
        self._column = column = QVBoxLayout(inside)
        column.setContentsMargins(MARGIN, 8, MARGIN, MARGIN)
        column.setSpacing(GAP)
        column.addLayout(top)
        column.addWidget(self.banners)
        column.addWidget(self._pages, 1)
        self.setCentralWidget(inside)
        self.setStatusBar(self.status_line)

    def _make_wishes(self) -> dict[str, Callable[[], object]]:
        """What the keys do: they press the very controls that are on the screen."""
        return {
            "record": self.transport.record.click,
            "snapshot": self.transport.snapshot.click,
            "calibrate": self.transport.calibrate.click,
            "uncalibrate": self.transport.automatic_clicked.emit,
            "mirror_preview": self.transport.mirror_preview.toggle,
            "mirror_output": self.transport.mirror_output.toggle,
            "layout": self.view.next_layout,
            "mesh": self.view.mesh.toggle,
            "timings": self.view.timings.toggle,
            "rename": self.library.rename.click,
            "remove": self.library.remove.click,
            "full_screen": self.toggle_full_screen,
            "step_back": self.step_back,
            "help": self.show_help,
            "quit": self.close,
        }


def make_application() -> QApplication:
    """The QApplication there is, or a new one, with the look that the style sheet is made for."""
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(["puppet"])
    environment.keep_plain_numbers()  # QApplication sets the locale from the environment
    show_numbers_as_usual()
    application.setApplicationName("Puppet")
    application.setDesktopFileName("puppet-live")
    application.setStyle("Fusion")
    if not isinstance(existing, QApplication):
        install_language(application)
    return application
