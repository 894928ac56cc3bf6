"""Makes the presenters and passes on to them what comes from the engine and the timers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from puppet.core.errors import PuppetError
from puppet.core.types import Result
from puppet.engine.engine import Engine
from puppet.gui.main_window import MainWindow
from puppet.gui.presenters.backgrounds import BackgroundPresenter
from puppet.gui.presenters.base import WindowContext, reason_of
from puppet.gui.presenters.camera import CameraPresenter
from puppet.gui.presenters.drops import DropPresenter
from puppet.gui.presenters.latent import LatentPresenter
from puppet.gui.presenters.library import LibraryPresenter
from puppet.gui.presenters.neutral import NeutralPresenter
from puppet.gui.presenters.new_actor import NewActorPresenter
from puppet.gui.presenters.outputs import OutputPresenter
from puppet.gui.presenters.picture_actor import PictureActorPresenter
from puppet.gui.presenters.pictures import PicturePresenter
from puppet.gui.presenters.recording import RecordingPresenter
from puppet.gui.presenters.services import Services
from puppet.gui.presenters.source_and_actor import SourceAndActorPresenter
from puppet.gui.presenters.status import StatusPresenter
from puppet.gui.presenters.wall import WallPresenter
from puppet.media.recorder import Recording
from puppet.output.recording_sink import RecorderSink
from puppet.settings import Settings, WindowSettings

UPKEEP_MS = 50  # between two calls of `keep_up`; results come with a signal of their own
STATUS_MS = 200
BACKGROUND_TIMEOUT = 10.0  # s for what is still being written when the window closes


class Controller(QObject):
    """All presenters of the window, and the context in which they work."""

    _result_came = pyqtSignal()  # from the engine's thread; without the result: only the newest is shown

    def __init__(self, engine: Engine, window: MainWindow, settings: Settings, services: Services) -> None:
        super().__init__(window)
        self.context = context = WindowContext(engine, window, settings, services)
        self.recordings = RecordingPresenter(context)
        self.status = StatusPresenter(context)
        self.pictures = PicturePresenter(context)
        self.source_and_actor = SourceAndActorPresenter(context)
        self.latent = LatentPresenter(context)
        play = self.source_and_actor.choose_actor
        context.presenters += [self.recordings, self.pictures, self.source_and_actor, self.latent, self.status]
        context.presenters += [
            WallPresenter(context),
            CameraPresenter(context),
            NeutralPresenter(context),
            OutputPresenter(context),
            BackgroundPresenter(context),
            library := LibraryPresenter(context, play),
            NewActorPresenter(context, play),
            picture_actor := PictureActorPresenter(context, play, lambda: self.source_and_actor.actor),
            DropPresenter(context, library.admit, play, picture_actor.open),
        ]
        self._over = False
        context.send_options()
        window.source.chosen.connect(self._source_chosen)
        window.actor.chosen.connect(self._show_status)
        self._result_came.connect(self._take_result)
        engine.on_result = self._result_came.emit
        self._upkeep_timer = window.make_timer(self._keep_up)
        self._status_timer = window.make_timer(self._show_status)

    @property
    def settings(self) -> Settings:
        """The settings as they are now."""
        return self.context.settings

    @property
    def finished(self) -> list[Recording]:
        """The files of finished recordings, in order."""
        return self.recordings.finished

    @property
    def failure(self) -> PuppetError | None:
        """Why a finished recording is not complete."""
        return self.recordings.failure

    @property
    def recording(self) -> RecorderSink | None:
        """The recording that is running."""
        return self.recordings.take

    def record(self, path: Path | None = None, frames: int | None = None) -> None:
        """See RecordingPresenter.record."""
        self.recordings.record(path, frames)

    def start(self, source: str, actor: Path | None) -> None:
        """Begin: the window is made, nothing has been opened yet."""
        for presenter in self.context.presenters:
            presenter.start(source, actor)
        self.context.engine.start(source)
        self._show_status()
        self._upkeep_timer.start(UPKEEP_MS)
        self._status_timer.start(STATUS_MS)

    def clear_up(self, clear_up: Callable[[], list[str]]) -> None:
        """Run `clear_up` in a thread, and tell what it did with the files that killed processes had left."""

        def tell(told: list[str]) -> None:
            if told:
                self.context.window.banners.say("leftovers", "\n".join(told), "notice")

        self.context.background.run("leftovers", clear_up, tell)

    def shutdown(self) -> list[str]:
        """Finish what runs, save the settings. Idempotent; may wait for ffmpeg. Returns problems met."""
        if self._over:
            return []
        self._over = True
        context = self.context
        context.engine.on_result = None
        self._upkeep_timer.stop()
        self._status_timer.stop()
        problems = [problem for presenter in self.context.presenters for problem in presenter.shutdown()]
        window = context.window
        size = window.normal_size
        shape = WindowSettings(size.width(), size.height(), window.isMaximized(), " ".join(window.side.folded))
        context.settings = replace(context.settings, window=shape)
        context.background.finish(BACKGROUND_TIMEOUT)
        try:
            context.save()
        except OSError as problem:
            problems.append(f"The settings could not be saved: {reason_of(problem)}")
        return problems

    def _source_chosen(self, spec: str) -> None:
        self.context.result = None
        for presenter in self.context.presenters:
            presenter.source_changed(spec)
        self._show_status()

    def _take_result(self) -> None:
        result = self.context.engine.results.poll()
        if result is not None:
            self.context.result = result
            self._show(result, again=False)

    def _keep_up(self) -> None:
        if self.context.result is not None and self.pictures.outdated:
            self._show(self.context.result, again=True)  # the window has another size now
        for presenter in self.context.presenters:
            presenter.keep_up()

    def _show(self, result: Result, again: bool) -> None:
        for presenter in self.context.presenters:
            presenter.show_result(result, again)

    def _show_status(self) -> None:
        self.context.status = self.context.engine.status()
        for presenter in self.context.presenters:
            presenter.show_status(self.context.status)
