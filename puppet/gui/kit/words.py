"""The window's words in the user's language. English stands in the code.

`pylupdate6 $(find puppet/gui -name "*.py") -ts puppet_de.ts` collects what `translate` is given, and what
QT_TRANSLATE_NOOP marks.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PyQt6.QtCore import QCoreApplication, QLocale, QTranslator

from puppet.process import environment

TRANSLATIONS = (
    Path(__file__).resolve().parents[1] / "translations"
)  # puppet_de.qm ...: made by lrelease of what pylupdate6 wrote

translate = QCoreApplication.translate


def install_language(application: QCoreApplication, folder: Path = TRANSLATIONS) -> bool:
    """Speak the system's language where there is a translation of it; whether there is."""
    translator = QTranslator(application)
    if not translator.load(QLocale.system(), "puppet", "_", str(folder)):
        return False
    return application.installTranslator(translator)


def show_numbers_as_usual() -> None:
    """What people read has the decimal sign of their locale, though LC_NUMERIC of the process is "C"
    (puppet.process.environment).

    Windows and macOS have no such variable: there Qt asks the system.
    """
    if sys.platform not in ("win32", "darwin"):
        QLocale.setDefault(QLocale(environment.user_numbers() or "C"))


def decimal(value: float, places: int = 1, signed: bool = False) -> str:
    """A number that is read, with the user's decimal sign: 0.5 or 0,5. signed: +0.5 where it is not negative."""
    return "+" * (signed and value >= 0) + QLocale().toString(float(value), "f", places)
