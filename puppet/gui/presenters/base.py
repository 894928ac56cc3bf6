"""What all presenters share: their base class, and the context in which they work.

A presenter (of recordings, of cameras ...) is one class and one line in `Controller`; it reaches the others only
through the context.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt6.QtGui import QIcon

from puppet.core.types import Floats, Latent, Result
from puppet.engine.backdrop import Backdrop
from puppet.engine.engine import Engine
from puppet.engine.options import MorphInto, StepOptions
from puppet.engine.status import Problem, Status
from puppet.gui.kit.background import Background
from puppet.gui.presenters.services import Services
from puppet.settings import Settings

if TYPE_CHECKING:
    from puppet.gui.main_window import MainWindow


class WindowContext:
    """What every presenter works on: engine, window, services, settings, the last result and the last status."""

    def __init__(self, engine: Engine, window: MainWindow, settings: Settings, services: Services) -> None:
        self.engine, self.window, self.services = engine, window, services
        self.settings = settings
        self.result: Result | None = None  # the newest that was shown
        self.status: Status = engine.status()
        self.presenters: list[Presenter] = []
        self.background = Background(window)
        self.told_elsewhere: list[Callable[[Problem], bool]] = []  # whether a presenter tells this problem itself
        self.backdrop = Backdrop()  # behind the actors
        self.names: dict[str, str] = {}  # that people are shown, of all actors in the list, by their files' names
        self.partner = ""  # name of the actor that the one who plays turns into
        self._saving = threading.Lock()
        self._offset: Floats | None = None
        self._freeze: Latent | None = None
        self._morph: MorphInto | None = None

    def remember(self, **changes: Any) -> None:
        """Change fields of Settings, and write the file in a thread."""
        self.settings = replace(self.settings, **changes)
        self.background.run("settings", self.save, lambda _: None, self._not_saved, awaited=True)

    def save(self) -> None:
        """Write the settings as they are then, from any thread. Raises OSError."""
        with self._saving:
            self.services.save_settings(self.settings)

    def _not_saved(self, problem: Exception) -> None:
        text = f"The settings could not be saved: {reason_of(problem)}"
        self.window.banners.say("settings", text, "warning")

    def send_options(self) -> None:
        """Tell the engine the settings and the changes of the latent as they are now."""
        options = StepOptions(
            **asdict(self.settings.motion),
            mirror_output=self.settings.mirror_output,
            background=self.backdrop,
            offset=self._offset,
            freeze=self._freeze,
            morph=self._morph,
        )
        self.engine.set_options(options)

    def edit_latent(
        self, offset: Floats | None = None, freeze: Latent | None = None, morph: MorphInto | None = None
    ) -> None:
        """Change the latent from the next step on, see StepOptions; without arguments it follows the face alone."""
        self._offset, self._freeze, self._morph = offset, freeze, morph
        self.send_options()

    def actor_name(self) -> str:
        """The name of the actor that plays or is loading, joined with that of its partner; empty without one."""
        status = self.engine.status()
        name = status.actor or status.actor_loading or ""
        return f"{name}-{self.partner}" if name and self.partner else name

    def say_saved(self, key: str, text: str, path: Path) -> None:
        """Tell that a file was written, with a button that opens its folder."""
        banners = self.window.banners
        banners.say(key, text, "notice", banners.open_folder(path))


class Presenter:
    """Connects the widgets of one subject with engine and services. The controller calls its methods."""

    def __init__(self, context: WindowContext) -> None:
        self.context = context

    def start(self, source: str, actor: Path | None) -> None:
        """Begin: the window is made, the engine has not been started yet."""

    def show_result(self, result: Result, again: bool) -> None:
        """Show a result. again: not a new one, but the window has another size."""

    def show_status(self, status: Status) -> None:
        """Show how the engine is doing; five times a second."""

    def keep_up(self) -> None:
        """Do what must be done often; twenty times a second."""

    def actors_listed(self, actors: dict[str, tuple[str, QIcon]]) -> None:
        """Take the new list of actors: path -> (name, picture)."""

    def source_changed(self, spec: str) -> None:
        """Forget what belongs to the source before: the user has chosen another one."""

    def shutdown(self) -> list[str]:
        """End what is going on: the window is gone. May wait. Returns problems met, in words."""
        return []


def reason_of(problem: Exception) -> str:
    """Why a file could not be written, in the system's words, also where `explained` has wrapped the OSError."""
    return getattr(problem.__cause__ or problem, "strerror", None) or str(problem)
