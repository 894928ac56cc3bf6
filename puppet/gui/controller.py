"""Between engine and window: gives the areas what comes from both. Only it and the areas know both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from puppet.core.errors import PuppetError
from puppet.engine.engine import Engine
from puppet.gui.main_window import MainWindow
from puppet.gui.presenters.base import Desk, Services, why
from puppet.gui.presenters.camera import CameraArea
from puppet.gui.presenters.casting import CastingArea
from puppet.gui.presenters.latent import LatentArea
from puppet.gui.presenters.library import LibraryArea
from puppet.gui.presenters.neutral import NeutralArea
from puppet.gui.presenters.new_actor import NewActorArea
from puppet.gui.presenters.outputs import OutputArea
from puppet.gui.presenters.pictures import PictureArea
from puppet.gui.presenters.recording import RecordingArea
from puppet.gui.presenters.status import StatusArea
from puppet.gui.presenters.wall import WallArea
from puppet.media.recorder import Recording
from puppet.output.recording_sink import RecorderSink
from puppet.settings import Settings, WindowSettings

__all__ = ["Controller", "Services"]

UPKEEP_MS = 50  # between looks at the window's size and the recording; results wake the window themselves
STATUS_MS = 200
BACKGROUND_TIMEOUT = 10.0  # s for what is still being written when the window closes


class Controller(QObject):
    """Does what the widgets say the user wanted, and shows what the engine gives."""

    _result_came = pyqtSignal()  # from the acting thread; without the result, of which only the newest is shown

    def __init__(self, engine: Engine, window: MainWindow, settings: Settings, services: Services) -> None:
        super().__init__(window)
        self.desk = desk = Desk(engine, window, settings, services)
        self.recordings = RecordingArea(desk)
        self.status = StatusArea(desk)
        self.pictures = PictureArea(desk)
        self.casting = CastingArea(desk)
        self.latent = LatentArea(desk)
        desk.areas += [self.recordings, self.pictures, self.casting, self.latent, self.status]
        desk.areas += [kind(desk) for kind in (WallArea, CameraArea, NeutralArea, OutputArea)]
        desk.areas += [kind(desk, self.casting.choose_actor) for kind in (LibraryArea, NewActorArea)]
        self._over = False
        desk.send_options()
        window.source.chosen.connect(self._source_chosen)
        window.actor.chosen.connect(self._show_status)
        self._result_came.connect(self._look)
        engine.on_result = self._result_came.emit
        self._upkeep_timer = window.make_timer(self._keep_up)
        self._status_timer = window.make_timer(self._show_status)

    @property
    def settings(self) -> Settings:
        return self.desk.settings

    @property
    def finished(self) -> list[Recording]:
        """Takes that are over, in order; for whoever prints them at the end."""
        return self.recordings.finished

    @property
    def failure(self) -> PuppetError | None:
        """Why a take that is over is not whole."""
        return self.recordings.failure

    @property
    def recording(self) -> RecorderSink | None:
        """The take that is running."""
        return self.recordings.take

    def record(self, path: Path | None = None, frames: int | None = None) -> None:
        """See RecordingArea.record."""
        self.recordings.record(path, frames)

    def start(self, source: str, actor: Path | None) -> None:
        """Begin: the window is made, nothing has been opened yet."""
        for area in self.desk.areas:
            area.start(source, actor)
        self.desk.engine.start(source)
        self._show_status()
        self._upkeep_timer.start(UPKEEP_MS)
        self._status_timer.start(STATUS_MS)

    def clear_up(self, clear_up: Callable[[], list[str]]) -> None:
        """Let what killed processes left behind go or be finished, and tell of it."""

        def tell(told: list[str]) -> None:
            if told:
                self.desk.window.banners.say("leftovers", "\n".join(told), "notice")

        self.desk.background.run("leftovers", clear_up, tell)

    def shutdown(self) -> list[str]:
        """Finish what runs, save the settings. Idempotent; may wait for ffmpeg. Returns problems met."""
        if self._over:
            return []
        self._over = True
        desk = self.desk
        desk.engine.on_result = None
        self._upkeep_timer.stop()
        self._status_timer.stop()
        problems = [problem for area in self.desk.areas for problem in area.shutdown()]
        size, folded = desk.window.normalGeometry().size(), desk.window.side.folded
        shape = WindowSettings(size.width(), size.height(), desk.window.isMaximized(), " ".join(folded))
        desk.settings = replace(desk.settings, window=shape)
        desk.background.finish(BACKGROUND_TIMEOUT)
        try:
            desk.save()
        except OSError as problem:
            problems.append(f"The settings could not be saved: {why(problem)}")
        return problems

    def _source_chosen(self, spec: str) -> None:
        self.desk.result = None
        for area in self.desk.areas:
            area.source_changed(spec)
        self._show_status()

    def _look(self) -> None:
        result = self.desk.engine.results.poll()
        if result is not None:
            self.desk.result = result
            self._show(result, again=False)

    def _keep_up(self) -> None:
        if self.desk.result is not None and self.pictures.outdated:
            self._show(self.desk.result, again=True)  # the window has another size now
        for area in self.desk.areas:
            area.keep_up()

    def _show(self, result, again: bool) -> None:
        for area in self.desk.areas:
            area.show_result(result, again)

    def _show_status(self) -> None:
        self.desk.status = self.desk.engine.status()
        for area in self.desk.areas:
            area.show_status(self.desk.status)
