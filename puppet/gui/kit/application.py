"""The QApplication of the window and of the explorer."""

from __future__ import annotations

from PyQt6.QtWidgets import QApplication

from puppet.gui.kit.words import install_language, show_numbers_as_usual
from puppet.process import environment


def make_application() -> QApplication:
    """The QApplication there is, or a new one, with the style that `theme.style_sheet` is made for.

    A new one speaks the system's language where there is a translation.
    """
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
