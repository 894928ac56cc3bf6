"""Texts and numbers of the window in the user's language. The code holds the English texts.

`pylupdate6 $(find puppet/gui -name "*.py") -ts puppet_de.ts` collects what `translate` is given, and what
QT_TRANSLATE_NOOP marks.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PyQt6.QtCore import QCoreApplication, QLocale, QTranslator

from puppet.process import environment

TRANSLATIONS = Path(__file__).resolve().parents[1] / "translations"  # puppet_de.qm ...: lrelease makes them

translate = QCoreApplication.translate


def install_language(application: QCoreApplication, folder: Path = TRANSLATIONS) -> bool:
    """Use the translation into the system's language, if there is one; whether there is."""
    translator = QTranslator(application)
    if not translator.load(QLocale.system(), "puppet", "_", str(folder)):
        return False
    return application.installTranslator(translator)


def show_numbers_as_usual() -> None:
    """Let Qt write numbers with the decimal sign of the user's locale.

    LC_NUMERIC of the process is "C", see `puppet.process.environment`. Windows and macOS have no such variable: there
    Qt asks the system.
    """
    if sys.platform not in ("win32", "darwin"):
        QLocale.setDefault(QLocale(environment.user_numbers() or "C"))


def decimal(value: float, places: int = 1, signed: bool = False) -> str:
    """A number with the user's decimal sign, 0.5 or 0,5. signed: +0.5 for what is not negative."""
    return "+" * (signed and value >= 0) + QLocale().toString(float(value), "f", places)
