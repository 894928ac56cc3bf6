"""The main window: its pages, keys and colours. What happens in it, the controller and its presenters decide."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QEvent, QMimeData, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QKeySequence,
    QResizeEvent,
    QShortcut,
    QShowEvent,
)
from PyQt6.QtWidgets import (
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
from puppet.gui.kit.widgets import shape_icon
from puppet.gui.kit.words import translate
from puppet.gui.live.page import LivePage

MARGIN, GAP = 16, 10  # px
SETTLED_MS = 300  # a size counts as chosen after so long: a window is resized before it says that it is maximised


def fitting(window: QWidget, width: int, height: int) -> QSize:
    """A size in px, not larger than the screen on which the window is."""
    screen = window.screen()
    size = QSize(width, height)
    return size if screen is None else size.boundedTo(screen.availableSize())


def local_files(mime: QMimeData | None) -> list[str]:
    """Paths of the files and folders of this computer among what is dragged."""
    return [url.toLocalFile() for url in (mime.urls() if mime is not None else []) if url.isLocalFile()]


class MainWindow(QMainWindow):
    """Tabs, below them the page whose tab is selected, and the banners over its edge.

    commands: what the keys of `shortcuts.SHORTCUTS` do, by name.
    """

    closing = pyqtSignal()  # the user closes the window, which is still open
    files_dropped = pyqtSignal(list)  # paths of files and folders
    page_shown = pyqtSignal(str)  # key of the page that is now shown
    recoloured = pyqtSignal(Colours)  # the colours have changed, to light or dark

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle(translate("puppet", "Puppet"))
        self.setAcceptDrops(True)
        self.live = live = LivePage()
        self.source, self.actor, self.transport, self.motion = live.source, live.actor, live.transport, live.motion
        self.pictures, self.side, self.view = live.pictures, live.side, live.view
        self.camera, self.wall, self.user, self.card = live.camera, live.wall, live.user, live.pictures.card
        self.output, self.background = live.output, live.background
        self.driver_pane, self.actor_pane = live.pictures.driver, live.pictures.actor
        self.library = LibraryPage()
        self.new_actor = NewActorPage()
        self._inside = QWidget()
        self.banners = BannerStack(self._inside)
        self.status_line = StatusLine()
        self.tabs = QTabBar()
        self.tabs.setAccessibleName(translate("puppet", "Pages"))
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.help_button = QPushButton("?")
        self.help_button.setProperty("role", "round")
        self.help_button.setAccessibleName(translate("puppet", "Keyboard shortcuts"))
        set_tip(self.help_button, translate("puppet", "Keyboard shortcuts ({0})").format(keys_for("help")))
        self.messages_button = QPushButton()
        self.messages_button.setProperty("role", "round")
        self.messages_button.setAccessibleName(translate("puppet", "Messages"))
        set_tip(self.messages_button, translate("puppet", "What was said before ({0})").format(keys_for("messages")))
        self._sheet: ShortcutSheet | None = None
        self._normal = QSize()  # px of the window where it is neither maximised nor full screen
        self._settled = self.make_timer(self._keep_size)
        self._settled.setSingleShot(True)
        self._pages = QStackedWidget()
        self._keys: list[tuple[str, QShortcut]] = []  # the page where it works, or empty
        self._arrange()
        self.commands = self._make_commands()
        self.help_button.clicked.connect(self.commands["help"])
        self.messages_button.clicked.connect(self.commands["messages"])
        self.view.full_screen_clicked.connect(self.toggle_full_screen)
        self.pictures.double_clicked.connect(self.toggle_full_screen)
        self.tabs.currentChanged.connect(self._show_page)
        for shortcut in SHORTCUTS:
            for key in shortcut.keys:
                made = QShortcut(QKeySequence(key), self)
                made.activated.connect(self.commands[shortcut.command])
                self._keys.append((shortcut.page, made))
        self.add_page("live", translate("puppet", "Live"), live)
        self.add_page("library", translate("puppet", "Actors"), self.library)
        self.add_page("new", translate("puppet", "New actor"), self.new_actor)
        self.library.new_clicked.connect(lambda: self.show_page("new"))
        self.apply_theme()
        follow_system(self.apply_theme)

    # -- pages ---------------------------------------------------------------------------------------------------

    def add_page(self, key: str, title: str, page: QWidget) -> None:
        """Add a page with its tab. key: what `page`, `show_page` and SHORTCUTS call it."""
        self._pages.addWidget(page)
        index = self.tabs.addTab(title)
        self.tabs.setTabData(index, key)
        if index == self.tabs.currentIndex():  # the first one
            self._show_page(index)
        self.tabs.setTabToolTip(index, translate("puppet", "{0} (Ctrl+{1})").format(title, index + 1))
        QShortcut(QKeySequence(f"Ctrl+{index + 1}"), self).activated.connect(lambda: self.show_page(key))

    @property
    def page(self) -> str:
        """Key of the page that is shown."""
        return self.tabs.tabData(self.tabs.currentIndex()) or ""

    def show_page(self, key: str) -> None:
        """Show a page; unknown keys are ignored."""
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
        """Use the light or dark colours that the system has now."""
        colours = colours_for(QGuiApplication.palette())
        self.setPalette(palette_of(colours))
        self.setStyleSheet(style_sheet(colours))
        self.transport.paint_icons(colours)
        self.messages_button.setIcon(shape_icon("bell", colours.text))
        self.recoloured.emit(colours)

    @property
    def sheet(self) -> ShortcutSheet | None:
        """The list of keys, once it has been asked for."""
        return self._sheet

    def show_help(self) -> None:
        """Open the list of keys."""
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
        """Show only the pictures, on the whole screen; and back."""
        if not self.isFullScreen():
            self.show_page("live")
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def show_card(self) -> None:
        """Show the guide of the calibration over the pictures."""
        self.show_page("live")
        self.card.show()
        self.card.cancel.setFocus()

    def hide_card(self) -> None:
        """Hide the guide of the calibration."""
        if self.card.isVisibleTo(self.pictures):
            self.card.hide()
            self.setFocus()

    def step_back(self) -> None:
        """End the calibration, or leave the full screen: what Esc does."""
        if self.card.isVisible():
            self.card.cancelled.emit()
        elif self.isFullScreen():
            self.toggle_full_screen()

    def changeEvent(self, a0: QEvent | None) -> None:
        if a0 is not None and a0.type() == QEvent.Type.WindowStateChange:
            alone = self.isFullScreen()
            for widget in (self.status_line, self.tabs, self.help_button, self.messages_button):
                widget.setVisible(not alone)
            self.banners.hold(alone)
            self.live.show_pictures_only(alone)
            margin = 0 if alone else MARGIN
            self._column.setContentsMargins(margin, 0 if alone else 8, margin, margin)
            self.actor_pane.show_hint(
                translate("puppet", "Esc or {0} comes back").format(keys_for("full_screen")) if alone else ""
            )
        super().changeEvent(a0)

    @property
    def normal_size(self) -> QSize:
        """Size in px that the window has, or had before it was maximised or went to full screen.

        Qt's own `normalGeometry` is empty, or as large as the screen, where the window manager has maximised it.
        """
        return self.size() if self._is_normal() else self._normal

    def _is_normal(self) -> bool:
        return not (self.isMaximized() or self.isFullScreen() or self.isMinimized())

    def _keep_size(self) -> None:
        if self._is_normal():
            self._normal = self.size()

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        self._settled.start(SETTLED_MS)

    def showEvent(self, a0: QShowEvent | None) -> None:
        super().showEvent(a0)
        if self._normal.isEmpty():
            self._normal = self.normalGeometry().size()  # of one that is shown maximised: what it was resized to
        if self.focusWidget() in (None, self.tabs):  # otherwise Qt gives the focus to the first tab
            self.setFocus()

    def dragEnterEvent(self, a0: QDragEnterEvent | None) -> None:
        if a0 is not None and local_files(a0.mimeData()):
            a0.acceptProposedAction()

    def dropEvent(self, a0: QDropEvent | None) -> None:
        if a0 is not None and (files := local_files(a0.mimeData())):
            a0.acceptProposedAction()
            self.files_dropped.emit(files)

    def closeEvent(self, a0: QCloseEvent | None) -> None:
        self.closing.emit()
        super().closeEvent(a0)

    def _arrange(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(GAP)
        top.addWidget(self.tabs)
        top.addStretch(1)
        top.addWidget(self.messages_button)
        top.addWidget(self.help_button)
        self._column = column = QVBoxLayout(self._inside)
        column.setContentsMargins(MARGIN, 8, MARGIN, MARGIN)
        column.setSpacing(GAP)
        column.addLayout(top)
        column.addWidget(self._pages, 1)
        self.setCentralWidget(self._inside)
        self.setStatusBar(self.status_line)

    def _make_commands(self) -> dict[str, Callable[[], object]]:
        """What the keys do: most press a control of the window, so that both ways do the same."""
        return {
            "record": self.transport.record.click,
            "pause": self.transport.pause.click,
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
            "messages": self.banners.show_past,
            "quit": self.close,
        }
