"""The composition root of the window: builds the parts, owns the order in which they start and stop."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from puppet.core.errors import ActorFileError, PuppetError, RecordingError
from puppet.engine.engine import ActorResults, Engine, Phase, PuppeteerLike
from puppet.process.log import uncaught
from puppet.process.signals import closing, raise_if_terminated
from puppet.settings import Settings, SettingsFile, load_settings
from puppet.sources.devices import CameraWish, Devices
from puppet.storage.files import publish
from puppet.storage.folders import settings_path
from puppet.storage.unfinished import drop_draft, make_draft

if TYPE_CHECKING:
    from puppet.actor.runtime import Actor
    from puppet.core.types import Image, Result
    from puppet.gui.controller import Services
    from puppet.output.recording_sink import RecorderSink
    from puppet.sources.registry import Source

DEMO = "demo"
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
) -> int:
    """Open the window and stay until it is closed; 0 when all went well.

    source: what `open_source` takes; None: the one used last, else the first camera, else the demo clip.
    actor: name or file; None: the one used last, else the built-in one.
    record: a new file that is recorded to from the first picture of the actor on.
    frames: end after that many results of the actor, or with the source.
    screenshot: a PNG of the window, made just before that end.
    With any of these three nobody may be there to choose something else: what fails, a recording too, ends the program.
    provider: what `load_actor` takes; None or "auto": as the settings say.
    loop: play a video or folder again and again.
    motion: smoothing and gains, by field of MotionSettings; as if the sliders had been moved. outputs: the same for
    recordings, by field of OutputSettings. virtual_camera: switch it on.
    Raises PuppetError for a source, an actor or a file that was asked for here and does not work, and when the engine
    gives up while nobody may be there.
    """
    forget_opencv_plugins()
    _check_system_libraries()
    refuse_existing(screenshot)
    path = settings_path()
    settings, notices = load_settings(path)
    file = SettingsFile(path, settings)
    settings = replace(
        settings,
        motion=replace(settings.motion, **(motion or {})),
        output=replace(settings.output, **(outputs or {})),
    )
    from puppet.sources.registry import list_cameras

    cameras = [camera.name for camera in list_cameras()]
    spec, notice = choose_source(source, settings.source, cameras)
    notices += [notice] if notice else []
    actor_file, notice = choose_actor(actor, settings.actor)
    notices += [notice] if notice else []
    if frames is not None and actor_file is None:
        raise ActorFileError(f"{notice}; name one with --actor")
    unattended = any(asked is not None for asked in (frames, record, screenshot))
    wish = CameraWish(settings.camera)
    session = _Session(settings, file, source is not None, actor is not None, unattended, wish)
    engine = build_engine(settings.provider if provider in (None, "auto") else provider, loop, wish)
    return session.run(engine, spec, actor_file, notices, record, frames, screenshot, virtual_camera)


def run_explorer(actor: str | None, provider: str = "auto", screenshot: Path | None = None) -> int:
    """The explorer in a window of its own; 0 when it is closed.

    actor: name or file, None: the built-in one. screenshot: a PNG once all pictures are there; then it closes.
    Raises PuppetError.
    """
    forget_opencv_plugins()
    _check_system_libraries()
    refuse_existing(screenshot)
    from puppet.gui.explorer.window import show_explorer

    return show_explorer(actor, provider, screenshot)


def choose_source(given: str | None, remembered: str, cameras: Sequence[str]) -> tuple[str, str | None]:
    """What to open, and a notice for the user or None. `cameras`: the names there are."""
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
    """The actor's file, or None when there is none at all, and a notice or None. Raises ActorFileError for `given`."""
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


class _Session:
    """One life of the window."""

    def __init__(
        self,
        settings: Settings,
        file: SettingsFile,
        asked_source: bool,
        asked_actor: bool,
        unattended: bool,
        wish: CameraWish,
    ) -> None:
        self._wish = wish
        self._settings = settings
        self._file = file
        self._asked_source = asked_source or unattended
        self._asked_actor = asked_actor or unattended
        self._unattended = unattended
        self._failure: PuppetError | None = None

    def run(
        self,
        engine: Engine,
        spec: str,
        actor: Path | None,
        notices: list[str],
        record: Path | None,
        frames: int | None,
        screenshot: Path | None,
        virtual_camera: bool,
    ) -> int:
        from puppet.gui.controller import Controller
        from puppet.gui.main_window import MainWindow, make_application
        from puppet.output.crash_recovery import clear_up

        application = make_application()
        window = MainWindow()
        size = self._settings.window
        window.resize(size.width, size.height)
        window.side.fold(size.folded.split())

        services = _services(self._file.save, self._settings, self._wish, consent_of(engine))
        controller = Controller(engine, window, self._settings, services)

        limit = ActorResults(frames) if frames is not None else None

        def check() -> None:
            self._failure = self._failure or self._asked_in_vain(engine)
            if self._unattended:
                self._failure = self._failure or controller.failure
            if self._failure is not None:
                window.close()
            elif limit is not None and (limit.full or engine.status().phase is Phase.ENDED):
                timer.stop()
                if screenshot is not None:
                    self._failure = _grab(window, screenshot)
                window.close()

        def tell(problem: PuppetError) -> None:
            """What nobody has caught: in one of the window's slots, or in a thread that is not the engine's."""
            in_a_slot = threading.current_thread() is threading.main_thread()
            if in_a_slot and self._unattended:
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
                controller.clear_up(clear_up)
                if virtual_camera:
                    services.outputs.show_camera(True)
                if record is not None:
                    controller.record(record, frames)
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
        if self._unattended:
            self._failure = self._failure or controller.failure
        for recording in controller.finished:
            print(f"Saved {recording.path} ({recording.seconds:.1f} s)")
        if self._failure is not None:
            raise self._failure
        for problem in problems:
            print(problem, file=sys.stderr)
        raise_if_terminated(came)
        return 1 if problems else 0

    def _asked_in_vain(self, engine: Engine) -> PuppetError | None:
        """The error when what was asked for on the command line does not work, or the engine has given up and nobody
        may be there to choose something else: then there is nothing to wait for.
        """
        status = engine.status()
        lost = self._unattended and status.phase is Phase.FAILED
        for problem in status.problems:
            source = problem.origin == "source" and self._asked_source and (lost or not status.frames_read)
            actor = problem.origin == "actor" and self._asked_actor and status.actor is None
            if source or actor or (lost and problem.origin == "step"):
                return problem.error
        return None


def consent_of(engine: Engine) -> Callable[[], str]:
    """Asks for the consent statement of the actor that plays, and of whom it turns into; empty without one."""
    return lambda: " ".join(face.card.consent for face in engine.faces)


def _services(
    save: Callable[[Settings], None],
    settings: Settings,
    wish: CameraWish | None = None,
    consent: Callable[[], str] = str,
) -> Services:
    """What the controller asks of the rest of the program."""
    from puppet.actor.catalogue import list_actors, read_preview
    from puppet.core.layout import Layout
    from puppet.face.neutral_store import NeutralStore
    from puppet.gui.controller import Services
    from puppet.media.ffmpeg_arguments import RecordingSettings
    from puppet.output.live_outputs import Outputs
    from puppet.output.recording_sink import RecorderSink
    from puppet.pictures import decode
    from puppet.sources.cameras import camera_picture
    from puppet.sources.registry import list_cameras
    from puppet.storage.names import with_free_name

    def film(path: Path) -> RecorderSink:
        return with_free_name(path, lambda free: RecorderSink(RecordingSettings(free), (Layout.DRIVER,)))

    def read_picture(path: Path) -> Image | None:
        try:
            return decode.read_picture(path)
        except (PuppetError, OSError):  # being written, or removed meanwhile; it is looked at again
            return None

    outputs = Outputs(settings.output, settings.folder(), consent)

    def make_recorder(path: Path | None, settings: Settings, name: str) -> RecorderSink:
        return outputs.take(path, settings.folder(), name)

    def snapshot(result: Result, settings: Settings, name: str) -> Path:
        return outputs.snapshot(result, settings.folder(), name)

    return Services(
        list_cameras=lambda: [camera.name for camera in list_cameras()],
        camera_picture=camera_picture,
        want_camera=(wish or CameraWish()).want,
        list_actors=list_actors,
        read_preview=read_preview,
        make_recorder=make_recorder,
        save_snapshot=snapshot,
        outputs=outputs,
        save_settings=save,
        neutrals=NeutralStore(),
        film=film,
        read_picture=read_picture,
    )


def bench_in_window(
    actor: Actor, clip: Sequence[Image], seconds: float, flash: bool, others: Sequence[Actor] = ()
) -> dict[str, Any]:
    """Play `clip` at 30 frames a second in the real window: see gui/bench_window.py for the figures; and drops, cpu.

    Nothing of the user's settings is read or written. Raises PuppetError when there is no picture, or the flash is
    never seen.
    """
    forget_opencv_plugins()
    _check_system_libraries()
    from puppet.commands.bench import LIVE_FPS, WARM_UP, MemorySource, Usage
    from puppet.commands.headless import build_engine
    from puppet.gui.bench_probe import FlashSource, Stopwatch, after
    from puppet.gui.controller import Controller
    from puppet.gui.main_window import MainWindow, make_application

    application = make_application()
    flashes = FlashSource() if flash else None
    source = MemorySource(clip, LIVE_FPS, flashes.paint_over if flashes else None)
    engine = build_engine(lambda _: source, actor, others=others)
    window = MainWindow()
    controller = Controller(engine, window, Settings(), _services(lambda settings: None, Settings()))
    stopwatch, usage = Stopwatch(window, flashes), Usage()
    engine.add_sink(stopwatch)
    dropped = 0

    def begin() -> None:
        nonlocal dropped
        usage.begin()
        stopwatch.warm, dropped = time.perf_counter(), engine.status().dropped
        after(window, seconds, end)

    def end() -> None:
        nonlocal dropped
        usage.end()
        dropped = engine.status().dropped - dropped
        window.close()

    window.show()
    try:
        with closing(window.close) as came:
            controller.start(source.name, Path(f"{actor.name}.actor"))
            after(window, 2 * WARM_UP, begin)
            application.exec()
        problem = engine.status().error
    finally:
        window.hide()
        controller.shutdown()
        engine.stop()
        window.deleteLater()
    raise_if_terminated(came)
    if problem is not None:
        raise PuppetError(problem)
    return stopwatch.figures() | {"drops": dropped, "cpu": usage.cpu}


def build_engine(provider: str = "auto", loop: bool = False, wish: CameraWish | None = None) -> Engine:
    """The engine on the real parts; nothing is opened or loaded yet. The demo clip always loops."""
    devices = Devices(wanted=(wish or CameraWish()).wanted)

    def open_source(spec: str) -> Source:
        from puppet.sources.registry import is_one_picture, open_source

        stands = is_one_picture(spec)  # a window shows a picture until another source is chosen
        return open_source(spec, paced=True, loop=loop or stands or spec == DEMO, devices=devices)

    def make_puppeteer() -> PuppeteerLike:
        from puppet.engine.puppeteer import Puppeteer
        from puppet.face.tracking import live_tracker

        return Puppeteer(live_tracker(), None)

    def load_actor(path: Path) -> Actor:
        from puppet.actor.runtime import load_actor

        return load_actor(path, provider)

    return Engine(open_source, make_puppeteer, load_actor)


def forget_opencv_plugins() -> None:
    """Importing cv2 points Qt to cv2's own Qt 5 plug-ins, with which PyQt6 aborts: drop that before QApplication."""
    import cv2  # noqa: F401 - now, so that no later import sets them again

    for name in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"):
        if "cv2" in os.environ.get(name, ""):
            del os.environ[name]


def refuse_existing(screenshot: Path | None) -> None:
    """Raises RecordingError: no file is overwritten."""
    if screenshot is not None and os.path.lexists(screenshot):
        raise RecordingError(f"{screenshot} exists already and is not overwritten; choose another name")


def _check_system_libraries() -> None:
    """Qt ends the whole process when one is missing, so ask first. Raises PuppetError."""
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    wayland = not platform and os.environ.get("XDG_SESSION_TYPE") == "wayland"
    if not sys.platform.startswith("linux") or wayland or not (platform or "xcb").startswith("xcb"):
        return
    try:
        ctypes.CDLL("libxcb-cursor.so.0")
    except OSError as problem:
        raise PuppetError(
            "The window needs the system library libxcb-cursor; install it, for example with: "
            "sudo apt-get install libxcb-cursor0"
        ) from problem


def _grab(window, path: Path) -> PuppetError | None:
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = make_draft(path)
        try:
            if window.grab().save(str(draft), "PNG"):
                publish(draft, path)
                return None
        finally:
            drop_draft(draft)
    return RecordingError(f"The screenshot could not be written to {path}")
