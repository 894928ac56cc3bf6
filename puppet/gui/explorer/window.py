"""The explorer as a window of its own: `puppet explore`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PyQt6.QtCore import QTimer
from PyQt6.QtGui import QPalette

from puppet.actor.catalogue import DEFAULT_ACTOR, find_actor, list_actors, name_of
from puppet.actor.runtime import load_actor
from puppet.core.errors import PuppetError, RecordingError
from puppet.core.providers import AUTO
from puppet.explore.bookmarks import Bookmarks
from puppet.gui.explorer.explorer import ExplorerWidget
from puppet.gui.kit.application import make_application
from puppet.gui.kit.theme import colours_for, follow_system, palette_of, style_sheet
from puppet.gui.kit.words import translate
from puppet.process.signals import closing, raise_if_terminated
from puppet.settings import load_settings
from puppet.storage.folders import settings_path

SIZE = (1180, 760)  # px
WAKE_MS = 200  # Python handles signals only while it runs


def show_explorer(name: str | None = None, provider: str = AUTO, screenshot: Path | None = None) -> int:
    """Open the window and stay until it is closed; returns 0.

    name: an actor's name or file. screenshot: a PNG of the window once all small pictures are there; then it closes.
    Raises PuppetError.
    """
    actor = load_actor(find_actor(name or DEFAULT_ACTOR), provider)
    settings, _ = load_settings(settings_path())
    application = make_application()

    def apply_theme() -> None:
        application.setPalette(QPalette())  # the system's
        colours = colours_for(application.palette())
        application.setPalette(palette_of(colours))
        application.setStyleSheet(style_sheet(colours))

    apply_theme()
    follow_system(apply_theme)
    window = ExplorerWidget(
        actor,
        Bookmarks(),
        settings.folder,
        lambda path: load_actor(path, provider),
        _others,
        lambda: settings.output.badge,
    )
    window.setWindowTitle(translate("puppet", "Puppet explorer: {0}").format(actor.name))
    window.resize(*SIZE)
    window.quit_wanted.connect(window.close)
    failed: list[PuppetError] = []
    if screenshot is not None:
        waiting = {direction.number for direction in window.exploration.directions} if window.exploration else set()

        def came(direction, *_) -> None:
            waiting.discard(direction.number)
            if not waiting:
                if not window.grab().save(str(screenshot), "PNG"):
                    words = translate("puppet", "The screenshot could not be written to {0}").format(screenshot)
                    failed.append(RecordingError(words))
                window.close()

        def given_up(words: str) -> None:
            """Close: after a failure the pictures would never be complete."""
            if not failed:  # closing once is enough; see the traps in docs/architecture.md
                failed.append(PuppetError(words))
                window.close()

        window.worker.thumbnail.connect(came)
        window.worker.failed.connect(given_up)
    wake = QTimer()
    wake.timeout.connect(lambda: None)
    wake.start(WAKE_MS)
    with closing(window.close) as signals:
        try:
            window.show()
            application.exec()
        finally:
            window.shutdown()
    raise_if_terminated(signals)
    if failed:
        raise failed[0]
    return 0


def _others() -> Mapping[str, str]:
    return {str(path): name_of(path) for path in list_actors()}
