"""`puppet run` with its window: what it opens first, in which order its parts start and stop, and when it ends."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from puppet.commands.display import prepare_qt, refuse_existing
from puppet.commands.services import build_engine, consent_of, read_backdrop, window_services
from puppet.core.background import Background
from puppet.core.errors import ActorFileError, PuppetError, RecordingError
from puppet.core.providers import AUTO
from puppet.core.trackers import TRACKER
from puppet.engine.engine import Engine
from puppet.engine.status import Origin, Phase
from puppet.process.log import uncaught
from puppet.process.signals import closing, raise_if_terminated
from puppet.settings import Settings, SettingsFile, load_settings
from puppet.sources.devices import RequestedFormat
from puppet.sources.registry import DEMO
from puppet.storage.files import publish
from puppet.storage.folders import settings_path
from puppet.storage.unfinished import drop_draft, make_draft

if TYPE_CHECKING:
    from puppet.gui.main_window import MainWindow

NO_CAMERA = "No camera was found, so the demo clip plays; plug one in and choose it under Driver, or choose a video"
CHECK_MS = 50  # between looks whether it is time to end


def run_window(
    source: str | None,
    actor: str | None,
    record: Path | None,
    frames: int | None,
    screenshot: Path | None = None,
    provider: str | None = None,
    loop: bool = False,
    motion: Mapping[str, float] | None = None,
    outputs: Mapping[str, Any] | None = None,
    virtual_camera: bool = False,
    tracker: str = TRACKER.default,
    background: Background | None = None,
) -> int:
    """Open the window and stay until it is closed; 0 when all went well.

    source: what `open_source` takes; None: the one used last, else the first camera, else the demo clip.
    actor: name or file; None: the one used last, else the built-in one.
    record: a new file that is recorded to from the first picture of the actor on.
    frames: end after that many results of the actor, or with the source.
    screenshot: a PNG of the window, made just before that end.
    Any of these three makes the run unattended: what fails, a recording too, ends the program.
    provider: what `load_actor` takes; None or "auto": as the settings say.
    loop: play a video or folder again and again.
    motion: smoothing and gains, by field of MotionSettings; as if the sliders had been moved. outputs: the same for
    recordings, by field of OutputSettings. virtual_camera: switch it on. tracker: one of TRACKER's choices.
    background: as if it had been chosen in the window; None: as the settings say.
    Raises PuppetError for a source, an actor, a background or a file that was asked for here and does not work, and
    when the engine gives up in an unattended run.
    """
    prepare_qt()
    refuse_existing(screenshot)
    if background is not None:
        read_backdrop(background)  # what was asked for and does not work ends the program before there is a window
    path = settings_path()
    settings, notices = load_settings(path)
    file = SettingsFile(path, settings)
    settings = replace(
        settings,
        motion=replace(settings.motion, **(motion or {})),
        output=replace(settings.output, **(outputs or {})),
        background=settings.background if background is None else background.text,
    )
    from puppet.sources.devices import list_cameras

    cameras = [camera.name for camera in list_cameras()]
    spec, notice = choose_source(source, settings.source, cameras)
    notices += [notice] if notice else []
    actor_file, notice = choose_actor(actor, settings.actor)
    notices += [notice] if notice else []
    if frames is not None and actor_file is None:
        raise ActorFileError(f"{notice}; name one with --actor")
    asked = _Asked(source is not None, actor is not None, record, frames, screenshot, virtual_camera)
    camera_format = RequestedFormat(settings.camera)
    chosen = settings.provider if provider in (None, AUTO) else provider
    engine = build_engine(chosen, loop, camera_format, tracker)
    return _Session(engine, settings, file, camera_format, asked).run(spec, actor_file, notices)


def choose_source(given: str | None, remembered: str, cameras: Sequence[str]) -> tuple[str, str | None]:
    """What to open, and a notice for the user or None.

    given: on the command line; remembered: by the settings, "" when nothing is. cameras: names of those that are there.
    """
    if given is not None:
        return given, None
    fallback, why = (cameras[0], f"using {cameras[0]}") if cameras else (DEMO, "playing the demo clip")
    if not remembered:
        return fallback, None if cameras else NO_CAMERA
    there = remembered in cameras or remembered == DEMO or "://" in remembered or os.path.exists(remembered)
    if there:
        return remembered, None
    return fallback, f"{remembered} is not there any more: {why}"


def choose_actor(given: str | None, remembered: str) -> tuple[Path | None, str | None]:
    """The actor's file, or None when there is no actor at all; and a notice for the user, or None.

    given: on the command line, a name or file; remembered: by the settings. Raises ActorFileError for `given` alone.
    """
    from puppet.actor.catalogue import DEFAULT_ACTOR, find_actor, list_actors

    if given is not None:
        return find_actor(given), None
    notice = None
    for name in filter(None, (remembered, DEFAULT_ACTOR)):
        with contextlib.suppress(ActorFileError):
            return find_actor(name), notice
        if name == remembered:
            notice = f"The actor {Path(remembered).stem} is not there any more"
    actors = list_actors()
    if actors:
        return actors[0], notice
    return None, "No actor was found"


@dataclass(frozen=True)
class _Asked:
    """What was asked for on the command line; see `run_window`. source, actor: whether one was named."""

    source: bool
    actor: bool
    record: Path | None
    frames: int | None
    screenshot: Path | None
    virtual_camera: bool

    @property
    def unattended(self) -> bool:
        """Whether nobody may be there to choose something else, so that what fails ends the program."""
        return any(one is not None for one in (self.record, self.frames, self.screenshot))


class _Session:
    """The window from its opening to its end."""

    def __init__(
        self, engine: Engine, settings: Settings, file: SettingsFile, camera_format: RequestedFormat, asked: _Asked
    ) -> None:
        self._engine, self._settings, self._file = engine, settings, file
        self._camera_format, self._asked = camera_format, asked
        self._failure: PuppetError | None = None

    def run(self, spec: str, actor: Path | None, notices: Sequence[str]) -> int:
        """Open the window, begin with a source and an actor, and wait for the end; returns the exit code.

        notices: shown in a banner at the start. Raises PuppetError; see `run_window`.
        """
        from puppet.gui.controller import Controller
        from puppet.gui.kit.application import make_application
        from puppet.gui.main_window import MainWindow, fitting
        from puppet.output.crash_recovery import recover_unfinished
        from puppet.output.gate import ResultGate

        engine, asked = self._engine, self._asked
        application = make_application()
        window = MainWindow()
        size = self._settings.window
        window.resize(fitting(window, size.width, size.height))
        window.side.fold(size.folded.split())

        services = window_services(self._file.save, self._settings, self._camera_format, consent_of(engine))
        controller = Controller(engine, window, self._settings, services)

        limit = ResultGate(asked.frames) if asked.frames is not None else None

        def check() -> None:
            self._failure = self._failure or self._request_failed()
            if asked.unattended:
                self._failure = self._failure or controller.failure
            if self._failure is not None:
                window.close()
            elif limit is not None and (limit.full or engine.status().phase is Phase.ENDED):
                timer.stop()
                if asked.screenshot is not None:
                    self._failure = _save_picture(window, asked.screenshot)
                window.close()

        def tell(problem: PuppetError) -> None:
            """Report what was not caught in a slot of the window, or in a thread that is not the engine's."""
            in_a_slot = threading.current_thread() is threading.main_thread()
            if in_a_slot and asked.unattended:
                self._failure = self._failure or problem
                return
            print(f"puppet: {problem}", file=sys.stderr)
            if in_a_slot:
                window.banners.say("unexpected", str(problem), "error")

        timer = window.make_timer(check)
        problems: list[str] = []
        # until all is put in order: systems send SIGTERM and SIGHUP together
        with uncaught(tell), closing(window.close) as came:
            try:
                (window.showMaximized if size.maximised else window.show)()
                if notices:
                    window.banners.say("start", ". ".join(notice.rstrip(".") for notice in notices), "notice")
                controller.start(spec, actor)
                controller.clear_up(recover_unfinished)
                if asked.virtual_camera:
                    services.outputs.show_camera(True)
                if asked.record is not None:
                    controller.record(asked.record, asked.frames)
                if limit is not None:
                    engine.add_sink(limit)
                timer.start(CHECK_MS)
                application.exec()
            finally:
                timer.stop()
                window.hide()  # finishing a recording may take a moment
                problems += controller.shutdown()
                problems += engine.stop()
                window.deleteLater()
        if asked.unattended:
            self._failure = self._failure or controller.failure
        for recording in controller.finished:
            print(f"Saved {recording.path} ({recording.seconds:.1f} s)")
        if self._failure is not None:
            raise self._failure
        for problem in problems:
            print(problem, file=sys.stderr)
        raise_if_terminated(came)
        return 1 if problems else 0

    def _request_failed(self) -> PuppetError | None:
        """Why there is nothing to wait for, or None.

        That is when a source or an actor that was named does not work, or when the engine has given up in an unattended
        run.
        """
        status, asked = self._engine.status(), self._asked
        lost = asked.unattended and status.phase is Phase.FAILED
        for problem in status.problems:
            source = problem.origin is Origin.SOURCE and (asked.source or asked.unattended)
            actor = problem.origin is Origin.ACTOR and (asked.actor or asked.unattended)
            if source and (lost or not status.frames_read):
                return problem.error
            if (actor and status.actor is None) or (lost and problem.origin is Origin.STEP):
                return problem.error
        return None


def _save_picture(window: MainWindow, path: Path) -> PuppetError | None:
    """Save the window as a PNG, without messages; the error when that does not work."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = make_draft(path)
        try:
            window.banners.hold(True)
            if window.grab().save(str(draft), "PNG"):
                publish(draft, path)
                return None
        finally:
            drop_draft(draft)
    return RecordingError(f"The screenshot could not be written to {path}")
