"""The window: arranges the panels, makes the keys, follows the system's colours. What happens is the controller's."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QEvent, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QGuiApplication, QKeySequence, QShortcut
from PyQt6.QtWidgets import QApplication, QGridLayout, QHBoxLayout, QMainWindow, QPushButton, QVBoxLayout, QWidget

from puppet.gui.banners import BannerStack
from puppet.gui.panels import ActorPanel, MotionPanel, SourcePanel, StatusLine, TransportPanel
from puppet.gui.preview import PreviewPane
from puppet.gui.shortcuts import SHORTCUTS, ShortcutSheet, keys_for
from puppet.gui.theme import colours_for, palette_of, style_sheet

MARGIN, GAP, LEAST_HALF = 16, 12, 300  # px


class MainWindow(QMainWindow):
    """Driver left, actor right, controls below."""

    closing = pyqtSignal()  # the user wants out; still open

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("Puppet")
        self.source = SourcePanel()
        self.actor = ActorPanel()
        self.banners = BannerStack()
        self.driver_pane = PreviewPane("Driver picture")
        self.actor_pane = PreviewPane("Actor picture")
        self.transport = TransportPanel()
        self.motion = MotionPanel()
        self.status_line = StatusLine()
        self.help_button = QPushButton("?")
        self.help_button.setProperty("role", "round")
        self.help_button.setAccessibleName("Keyboard shortcuts")
        self.help_button.setToolTip(f"Keyboard shortcuts ({keys_for('help')})")
        self._sheet: ShortcutSheet | None = None
        self._arrange()
        self.wishes = self._make_wishes()
        self.help_button.clicked.connect(self.wishes["help"])
        for shortcut in SHORTCUTS:
            for key in shortcut.keys:
                QShortcut(QKeySequence(key), self).activated.connect(self.wishes[shortcut.wish])
        self.apply_theme()
        hints = QGuiApplication.styleHints()
        if hints is not None and hasattr(hints, "colorSchemeChanged"):  # Qt 6.5
            hints.colorSchemeChanged.connect(self.apply_theme)

    def apply_theme(self) -> None:
        """Take the system's light or dark scheme."""
        colours = colours_for(QGuiApplication.palette())
        self.setPalette(palette_of(colours))
        self.setStyleSheet(style_sheet(colours))
        self.transport.paint_icons(colours)

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
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def changeEvent(self, a0: QEvent | None) -> None:
        if a0 is not None and a0.type() == QEvent.Type.WindowStateChange:
            self.status_line.setVisible(not self.isFullScreen())
        super().changeEvent(a0)

    def closeEvent(self, a0: QCloseEvent | None) -> None:
        self.closing.emit()
        super().closeEvent(a0)

    def _arrange(self) -> None:
        panes = QGridLayout()
        panes.setHorizontalSpacing(GAP)
        panes.setVerticalSpacing(GAP)
        right = QHBoxLayout()
        right.setSpacing(GAP)
        right.addWidget(self.actor, 1)
        right.addWidget(self.help_button, 0, Qt.AlignmentFlag.AlignBottom)
        panes.addWidget(self.source, 0, 0)
        panes.addLayout(right, 0, 1)
        panes.addWidget(self.banners, 1, 0, 1, 2)
        panes.addWidget(self.driver_pane, 2, 0)
        panes.addWidget(self.actor_pane, 2, 1)
        panes.setRowStretch(2, 1)
        for column in (0, 1):  # both pictures equally wide
            panes.setColumnStretch(column, 1)
            panes.setColumnMinimumWidth(column, LEAST_HALF)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        column.setSpacing(GAP)
        column.addLayout(panes, 1)
        column.addWidget(self.transport)
        column.addWidget(self.motion)
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
            "full_screen": self.toggle_full_screen,
            "help": self.show_help,
            "quit": self.close,
        }


def make_application() -> QApplication:
    """The QApplication there is, or a new one, with the look that the style sheet is made for."""
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(["puppet"])
    application.setApplicationName("Puppet")
    application.setDesktopFileName("puppet-live")
    application.setStyle("Fusion")
    return application
