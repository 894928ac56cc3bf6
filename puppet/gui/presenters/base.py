"""What the parts of the controller share. An area (recording, casting ...) is one class and one line in `Controller`;
it meets the others only through the desk.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from PyQt6.QtCore import QUrl
from PyQt6.QtGui import QDesktopServices, QIcon

from puppet.actor import library
from puppet.core.types import Floats, Image, Latent, Result
from puppet.engine.engine import Engine, Problem, Status
from puppet.engine.puppeteer import MorphInto, StepOptions
from puppet.face.neutral_store import NeutralStore
from puppet.gui.kit.background import Background
from puppet.gui.main_window import MainWindow
from puppet.new_actor import job as making
from puppet.output.live_outputs import LiveOutputs
from puppet.output.recording_sink import RecorderSink
from puppet.settings import Settings
from puppet.sources.camera_format import CameraFormat


@dataclass(frozen=True)
class Services:
    """What the controller asks of the rest of the program, so that tests can plant it."""

    list_cameras: Callable[[], Sequence[str]]  # names
    camera_picture: Callable[[str], Image]  # what a camera sees, by its name; may take seconds; raises SourceError
    want_camera: Callable[[CameraFormat], None]  # from the next opening of a camera on
    list_actors: Callable[[], Sequence[Path]]
    read_preview: Callable[[Path], Image]
    make_recorder: Callable[[Path | None, Settings, str], RecorderSink]  # file or None: a new one; actor
    save_snapshot: Callable[[Result, Settings, str], Path]  # result, settings, actor
    outputs: LiveOutputs
    save_settings: Callable[[Settings], None]  # raises OSError
    neutrals: NeutralStore
    film: Callable[[Path], RecorderSink]  # records what the camera sees, as footage for an actor
    read_picture: Callable[[Path], Image | None]  # a picture file; None: none that can be read
    making: ModuleType = making  # or what has its functions
    library: ModuleType = library  # or what has its functions


class Desk:
    """What every area works on: engine, window, services; the settings, the last result and the last status."""

    def __init__(self, engine: Engine, window: MainWindow, settings: Settings, services: Services) -> None:
        self.engine, self.window, self.services = engine, window, services
        self.settings = settings
        self.result: Result | None = None  # the newest that was shown
        self.status: Status = engine.status()
        self.areas: list[Area] = []
        self.background = Background(window)
        self._saving = threading.Lock()
        self.own_words: list[Callable[[Problem], bool]] = []  # problems that an area tells in its own words
        self._offset: Floats | None = None
        self._freeze: Latent | None = None
        self._morph: MorphInto | None = None
        self.partner = ""  # name of whom the actor turns into

    def remember(self, **changes: Any) -> None:
        """Change fields of Settings, and keep them: the file is written beside the window's thread."""
        self.settings = replace(self.settings, **changes)
        self.background.run("settings", self.save, lambda _: None, self._not_saved, awaited=True)

    def save(self) -> None:
        """Write the settings as they are when it is its turn, from any thread. Raises OSError."""
        with self._saving:
            self.services.save_settings(self.settings)

    def _not_saved(self, problem: Exception) -> None:
        text = f"The settings could not be saved: {why(problem)}"
        self.window.banners.say("settings", text, "warning")

    def send_options(self) -> None:
        """Let the engine work by the settings as they are now."""
        options = StepOptions(
            **asdict(self.settings.motion),
            mirror_output=self.settings.mirror_output,
            offset=self._offset,
            freeze=self._freeze,
            morph=self._morph,
        )
        self.engine.set_options(options)

    def edit_latent(
        self, offset: Floats | None = None, freeze: Latent | None = None, morph: MorphInto | None = None
    ) -> None:
        """Play in latent space, from the next step on; see StepOptions. Without arguments: as the face moves."""
        self._offset, self._freeze, self._morph = offset, freeze, morph
        self.send_options()

    def actor_name(self) -> str:
        """Of the actor that plays, or is on its way, and of whom it turns into; empty without one."""
        status = self.engine.status()
        name = status.actor or status.actor_loading or ""
        return f"{name}-{self.partner}" if name and self.partner else name

    def say_saved(self, key: str, text: str, path: Path) -> None:
        """Tell that a file was written, with a way to it."""
        self.window.banners.say(key, text, "notice", folder_action(path))


class Area:
    """One part of the controller. It connects its widgets when it is made; each method is called by the controller."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def start(self, source: str, actor: Path | None) -> None:
        """The window is made and about to begin; the engine has not been started yet."""

    def show_result(self, result: Result, again: bool) -> None:
        """A result is to be shown. again: not a new one, the window has another size."""

    def show_status(self, status: Status) -> None:
        """Five times a second."""

    def keep_up(self) -> None:
        """Twenty times a second."""

    def actors_listed(self, actors: dict[str, tuple[str, QIcon]]) -> None:
        """The actors there are have changed: path -> (name, picture)."""

    def source_changed(self, spec: str) -> None:
        """The user has chosen another source."""

    def shutdown(self) -> list[str]:
        """The window is gone. May wait. Problems met, in words."""
        return []


def why(problem: Exception) -> str:
    """What the system says of a file that could not be written, also where the error was explained meanwhile."""
    return getattr(problem.__cause__ or problem, "strerror", None) or str(problem)


def folder_action(path: Path) -> tuple[str, Callable[[], None]]:
    """A banner's button that shows the file's folder."""

    def open_folder() -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))

    return "Open folder", open_folder
