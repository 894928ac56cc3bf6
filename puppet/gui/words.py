"""The window's words in the user's language. English stands in the code.

`pylupdate6 puppet/gui/*.py -ts puppet_de.ts` collects what `translate` is given, and what QT_TRANSLATE_NOOP marks.
"""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QCoreApplication, QLocale, QTranslator

TRANSLATIONS = Path(__file__).parent / "translations"  # puppet_de.qm ...: made by lrelease of what pylupdate6 wrote

translate = QCoreApplication.translate


def install_language(application: QCoreApplication, folder: Path = TRANSLATIONS) -> bool:
    """Speak the system's language where there is a translation of it; whether there is."""
    translator = QTranslator(application)
    if not translator.load(QLocale(), "puppet", "_", str(folder)):
        return False
    return application.installTranslator(translator)
