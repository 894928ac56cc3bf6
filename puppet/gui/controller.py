"""Between engine and window: the only file that knows both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from PyQt6.QtCore import QObject, QUrl, pyqtSignal
from PyQt6.QtGui import QDesktopServices, QIcon

from puppet.engine import ActorResults, Engine, Phase, Status
from puppet.errors import PuppetError
from puppet.frames import Image, Result
from puppet.gui.main_window import MainWindow
from puppet.gui.panels import THUMBNAIL
from puppet.gui.qimage import to_icon, to_qimage
from puppet.gui.shortcuts import keys_for
from puppet.pipeline import StepOptions
from puppet.recorder import Recording
from puppet.settings import MotionSettings, Settings, WindowSettings
from puppet.sinks import RecorderSink

DEMO_CLIP = "the demo clip"
UPKEEP_MS = 50  # between looks at the window's size and the recording; results wake the window themselves
STATUS_MS = 200
CONFIDENT = 0.5  # share of full confidence from which the automatic neutral is good enough to say no more about it
PROVIDERS = {
    "CPUExecutionProvider": "CPU",
    "CUDAExecutionProvider": "NVIDIA GPU (CUDA)",
    "DmlExecutionProvider": "GPU (DirectML)",
    "CoreMLExecutionProvider": "Apple (CoreML)",
}


@dataclass(frozen=True)
class Services:
    """What the controller asks of the rest of the program, so that tests can plant it."""

    list_cameras: Callable[[], Sequence[str]]  # names
    list_actors: Callable[[], Sequence[Path]]
    read_preview: Callable[[Path], Image]
    make_recorder: Callable[[Path | None, Path, str], RecorderSink]  # file or None, folder, actor
    save_snapshot: Callable[[Result, Path, str], Path]  # result, folder, actor
    save_settings: Callable[[Settings], None]  # raises OSError


class Controller(QObject):
    """Does what the widgets say the user wanted, and shows what the engine gives.

    finished: takes that are over, in order; for whoever prints them at the end.
    """

    _result_came = pyqtSignal()  # from the acting thread; without the result, of which only the newest is shown

    def __init__(self, engine: Engine, window: MainWindow, settings: Settings, services: Services) -> None:
        super().__init__(window)
        self.settings = settings
        self.finished: list[Recording] = []
        self._engine = engine
        self._window = window
        self._services = services
        self._last: Result | None = None
        self._shown: tuple | None = None  # what the last pictures were scaled for
        self._status: Status = engine.status()
        self._actor_path = ""  # of the actor that is in use, or was asked for last
        self._actor_asked = ""
        self._take: RecorderSink | None = None
        self._gate = ActorResults()
        self._last_take: RecorderSink | None = None
        self._saving: tuple[RecorderSink, Future[None]] | None = None
        self._closer = ThreadPoolExecutor(1, thread_name_prefix="finish recording")
        self._told: set[int] = set()  # serials of problems that have had their banner
        self._up: dict[str, int] = {}  # origin -> serial of the banner that is up
        self._notice_told: str | None = None
        self._source = ""  # what is open, or was asked for last
        self._ended: str | None = None  # name of the source whose end has been told
        self._over = False

        self._connect()
        self._show_settings()
        engine.set_options(self._options())
        self._result_came.connect(self._look)
        engine.on_result = self._result_came.emit
        self._upkeep_timer = window.make_timer(self._keep_up)
        self._status_timer = window.make_timer(self._show_status)

    def start(self, source: str, actor: Path | None) -> None:
        """Begin: the window is made, nothing has been opened yet."""
        self._list_cameras()
        self._list_actors()
        self._window.source.show_current(source)
        self._source = source
        self._engine.start(source)
        if actor is not None:
            self._bring_actor(actor)
        self._show_status()
        self._upkeep_timer.start(UPKEEP_MS)
        self._status_timer.start(STATUS_MS)

    def shutdown(self) -> list[str]:
        """Finish a recording, save the settings. Idempotent; may wait for ffmpeg. Returns problems met."""
        if self._over:
            return []
        self._over = True
        self._engine.on_result = None
        self._upkeep_timer.stop()
        self._status_timer.stop()
        problems: list[str] = []
        if self._take is not None:
            self._finish_take()
        if self._saving is not None:
            sink, closing = self._saving
            try:
                closing.result()
            except PuppetError as problem:
                problems.append(str(problem))
            self._keep(sink)
        self._closer.shutdown()
        size = self._window.normalGeometry().size()
        window = WindowSettings(size.width(), size.height(), self._window.isMaximized())
        self.settings = replace(self.settings, window=window)
        try:
            self._services.save_settings(self.settings)
        except OSError as problem:
            problems.append(f"The settings could not be saved: {problem.strerror or problem}")
        return problems

    def record(self, path: Path | None = None, frames: int | None = None) -> None:
        """Start a recording: to `path`, or to a new file in the user's folder; of at most so many frames.

        Raises RecordingError. Pictures without an actor are left out.
        """
        if self._take is not None or self._saving is not None:
            return
        self._take = self._services.make_recorder(path, self.settings.folder(), self._actor_name())
        self._last_take = self._take
        self._gate = ActorResults(frames, self._take)
        self._window.banners.dismiss("recording")
        self._engine.add_sink(self._gate)
        self._window.transport.show_recording(0.0)

    @property
    def recording(self) -> RecorderSink | None:
        """The take that is running."""
        return self._take

    # -- wishes --------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        w = self._window
        w.source.chosen.connect(self._choose_source)
        w.source.list_wanted.connect(self._list_cameras)
        w.actor.chosen.connect(self._choose_actor)
        w.actor.list_wanted.connect(self._list_actors)
        w.transport.record_clicked.connect(self._toggle_recording)
        w.transport.snapshot_clicked.connect(self._snapshot)
        w.transport.calibrate_clicked.connect(self._calibrate)
        w.transport.automatic_clicked.connect(self._uncalibrate)
        w.transport.mirror_preview_changed.connect(self._mirror_preview)
        w.transport.mirror_output_changed.connect(self._mirror_output)
        w.motion.changed.connect(self._set_motion)

    def _choose_source(self, spec: str) -> None:
        self._window.driver_pane.clear()
        self._last = None
        for key in ("start", "ended"):
            self._window.banners.dismiss(key)
        self._source, self._ended = spec, None
        self._engine.set_source(spec)
        self._remember(source=spec)
        self._show_status()

    def _choose_actor(self, path: str) -> None:
        self._bring_actor(Path(path))
        self._remember(actor=path)

    def _bring_actor(self, path: Path) -> None:
        self._actor_asked = str(path)
        self._engine.set_actor(path)
        self._show_status()

    def _toggle_recording(self) -> None:
        if self._take is not None:
            self._finish_take()
        elif self._last is None or self._last.portrait is None:
            self._window.banners.say("recording", "There is nothing to record yet: no actor is playing.", "warning")
        else:
            try:
                self.record()
            except PuppetError as problem:
                self._window.banners.say("recording", str(problem), "error")

    def _snapshot(self) -> None:
        if self._last is None:
            self._window.banners.say("snapshot", "There is nothing to save yet: no picture has come.", "warning")
            return
        try:
            path = self._services.save_snapshot(self._last, self.settings.folder(), self._actor_name())
        except PuppetError as problem:
            self._window.banners.say("snapshot", str(problem), "error")
            return
        self._say_saved("snapshot", f"Saved {path.name}", path)

    def _calibrate(self) -> None:
        if not self._status.face_seen:
            self._window.banners.say("calibrate", "No face is in view, so there is nothing to calibrate on.", "warning")
            return
        self._window.banners.dismiss("calibrate")
        self._engine.capture_neutral()

    def _uncalibrate(self) -> None:
        self._window.banners.dismiss("calibrate")
        self._engine.reset_neutral()

    def _mirror_preview(self, on: bool) -> None:
        self._remember(mirror_preview=on)
        self._show_mirrors()

    def _mirror_output(self, on: bool) -> None:
        self._remember(mirror_output=on)
        self._engine.set_options(self._options())

    def _set_motion(self, motion: MotionSettings) -> None:
        self.settings = replace(self.settings, motion=motion)
        self._engine.set_options(self._options())  # kept at the end: a slider moves many times

    # -- settings ------------------------------------------------------------------------------------------------

    def _options(self) -> StepOptions:
        return StepOptions(**asdict(self.settings.motion), mirror_output=self.settings.mirror_output)

    def _remember(self, **changes) -> None:
        self.settings = replace(self.settings, **changes)
        try:
            self._services.save_settings(self.settings)
        except OSError as problem:
            text = f"The settings could not be saved: {problem.strerror or problem}"
            self._window.banners.say("settings", text, "warning")

    def _show_settings(self) -> None:
        s, w = self.settings, self._window
        w.transport.show_mirrors(s.mirror_preview, s.mirror_output)
        w.motion.show_values(s.motion)
        self._show_mirrors()

    def _show_mirrors(self) -> None:
        """The window is one mirror: both pictures turn with it, so that they always agree with each other."""
        for pane in (self._window.driver_pane, self._window.actor_pane):
            pane.set_mirrored(self.settings.mirror_preview)

    # -- lists ---------------------------------------------------------------------------------------------------

    def _list_cameras(self) -> None:
        self._window.source.show_cameras(self._services.list_cameras())

    def _list_actors(self) -> None:
        paths = [str(path) for path in self._services.list_actors()]
        extra = [path for path in (self._actor_path, self._actor_asked) if path and path not in paths]
        wanted = list(dict.fromkeys([*paths, *extra]))
        if wanted != list(self._window.actor.known):
            self._window.actor.show_actors({path: (Path(path).stem, self._thumbnail(path)) for path in wanted})

    def _thumbnail(self, path: str) -> QIcon:
        try:
            return to_icon(self._services.read_preview(Path(path)), THUMBNAIL, self._window.devicePixelRatioF())
        except PuppetError:
            return QIcon()  # a damaged actor says so when it is chosen

    # -- pictures ------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        result = self._engine.results.poll()
        if result is not None:
            self._last = result
            self._show(result)

    def _keep_up(self) -> None:
        if self._last is not None and self._shown != self._sizes():
            self._show(self._last, again=True)  # the window has another size now
        self._follow_recording()

    def _show(self, result: Result, again: bool = False) -> None:
        """again: not a new picture, so its age is of no interest."""
        w = self._window
        captured_at = None if again else result.frame.captured_at
        w.driver_pane.show_image(to_qimage(result.frame.image, *w.driver_pane.device_size), captured_at)
        w.driver_pane.set_note("No face in view" if result.face is None else _advice(self._status))
        if not again:
            w.status_line.range.show_value(result.out_of_domain)
        if result.portrait is not None:
            w.actor_pane.show_image(to_qimage(result.portrait.image, *w.actor_pane.device_size), captured_at)
        else:
            w.actor_pane.clear()
        self._shown = self._sizes()

    def _sizes(self) -> tuple:
        return self._window.driver_pane.device_size, self._window.actor_pane.device_size

    # -- recording -----------------------------------------------------------------------------------------------

    def _finish_take(self) -> None:
        take, self._take = self._take, None
        if take is None:
            return
        self._engine.remove_sink(self._gate)
        self._saving = take, self._closer.submit(take.close)
        self._window.transport.show_recording(None, saving=True)

    def _follow_recording(self) -> None:
        if self._take is not None:
            self._window.transport.show_recording(self._take.seconds)
            if self._take.error is not None:  # the engine has let go of it, and reports why
                self._finish_take()
        if self._saving is not None and self._saving[1].done():
            (sink, closing), self._saving = self._saving, None
            self._window.transport.show_recording(None)
            self._keep(sink)
            problem = closing.exception()
            recording = sink.recording
            if problem is not None:
                self._window.banners.say("recording", str(problem), "error", self._folder_action(sink.path))
            elif recording is not None and recording.frames == 0:
                self._window.banners.say("recording", "Nothing was recorded: no picture came.", "warning")
            elif recording is not None:
                dropped = f", {recording.dropped} pictures left out" if recording.dropped else ""
                text = f"Saved {recording.path.name} ({recording.seconds:.1f} s{dropped})"
                self._say_saved("recording", text, recording.path)

    def _keep(self, sink: RecorderSink) -> None:
        if sink.recording is not None and sink.recording.frames:
            self.finished.append(sink.recording)

    def _say_saved(self, key: str, text: str, path: Path) -> None:
        self._window.banners.say(key, text, "notice", self._folder_action(path))

    @staticmethod
    def _folder_action(path: Path) -> tuple[str, Callable[[], None]]:
        def open_folder() -> None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))

        return "Open folder", open_folder

    def _actor_name(self) -> str:
        status = self._engine.status()
        return status.actor or status.actor_loading or ""

    # -- status --------------------------------------------------------------------------------------------------

    def _show_status(self) -> None:
        status = self._status = self._engine.status()
        self._show_problems(status)
        self._show_end(status)
        self._show_actor(status)
        w, line = self._window, self._window.status_line
        w.driver_pane.set_placeholder(_waiting_for(status))
        if status.actor_loading is not None:
            w.actor_pane.set_placeholder(f"Loading {status.actor_loading}…")
        else:
            w.actor_pane.set_placeholder("" if status.actor else "Choose an actor")
        w.transport.show_neutral(status.neutral_captured)
        line.state.setText(_state(status))
        line.neutral.setText(f"Neutral: {_neutral(status)}")
        line.dropped.setText(f"{status.dropped} dropped")
        latency = w.actor_pane.latency_ms or w.driver_pane.latency_ms
        line.latency.setText(f"{latency:.0f} ms" if latency else "– ms")
        line.fps.setText(f"{status.output_fps:.0f} fps")
        line.fps.setToolTip(f"Pictures per second; the source gives {status.capture_fps:.0f}")
        line.latency.setToolTip(_stages(status, latency))
        self._show_provider(status)

    def _show_provider(self, status: Status) -> None:
        line = self._window.status_line
        first = status.providers[0] if status.providers else None
        line.provider.setText(PROVIDERS.get(first, first) if first else "")
        line.provider.setVisible(first is not None)
        notice = status.provider_notice
        line.provider.setToolTip(notice or "What computes the actor's pictures")
        line.show_alert(line.provider, notice is not None)
        if notice != self._notice_told:
            self._notice_told = notice
            if notice is None:
                self._window.banners.dismiss("provider")
            else:
                self._window.banners.say("provider", f"{notice}. The actor is slower on the CPU.", "warning")

    def _show_actor(self, status: Status) -> None:
        if status.actor_loading is None and self._actor_asked:
            failed = any(problem.origin == "actor" for problem in status.problems)
            if not failed:
                self._actor_path = self._actor_asked
            self._actor_asked = ""
            self._list_actors()
            self._window.actor.show_current(self._actor_path)

    def _show_end(self, status: Status) -> None:
        """A film that is over can be seen again."""
        ended = status.source if status.phase is Phase.ENDED else None
        if ended == self._ended:
            return
        self._ended = ended
        self._window.banners.dismiss("ended")
        if ended is not None:
            self._window.banners.say("ended", _state(status), "notice", ("Play again", self._play_again))

    def _play_again(self) -> None:
        self._ended = None
        self._window.banners.dismiss("ended")
        self._engine.set_source(self._source)
        self._show_status()

    def _show_problems(self, status: Status) -> None:
        """A banner for every new problem; it goes when the problem does, or when the user has read it."""
        standing = {problem.origin: problem for problem in status.problems}
        for origin, serial in list(self._up.items()):
            if origin not in standing or standing[origin].serial != serial:
                del self._up[origin]
                self._window.banners.dismiss(origin)
        for problem in status.problems:
            take = self._last_take
            if problem.origin == "sink" and take is not None and str(take.error) == problem.message:
                continue  # told when the take is finished, with what became of the file
            if problem.serial not in self._told:
                self._told.add(problem.serial)
                self._up[problem.origin] = problem.serial
                self._window.banners.say(problem.origin, problem.message, "error")


def _waiting_for(status: Status) -> str:
    """What stands in the driver pane before the first picture."""
    if status.phase is Phase.RECONNECTING:
        return f"Waiting for {status.source}…"
    if status.phase is Phase.FAILED:
        return "No picture. Choose another driver above."
    return "Starting…"


def _state(status: Status) -> str:
    name = DEMO_CLIP if status.source in ("demo", "demo.mp4") else status.source
    return {
        Phase.STARTING: f"Opening {name}…",
        Phase.RUNNING: f"Live: {name}" if status.source_live else f"Playing {name}",
        Phase.RECONNECTING: f"Waiting for {name} to come back…",
        Phase.STOPPED: "Stopped",
        Phase.FAILED: "Stopped by an error",
        Phase.ENDED: f"{name} has ended",
    }[status.phase]


def _neutral(status: Status) -> str:
    if status.neutral_captured:
        return "captured"
    return "automatic" if status.neutral_confidence >= CONFIDENT else "still learning"


def _advice(status: Status) -> str:
    """What somebody in front of a camera can do for the neutral; the person in a film cannot."""
    if status.source_live and _neutral(status) == "still learning":
        return f"Learning your face: look relaxed, or press {keys_for('calibrate')}"
    return ""


def _stages(status: Status, latency: float) -> str:
    lines = [f"{latency:.0f} ms from camera to screen" if latency else "From camera to screen"]
    lines += [f"{stage}: {p['p50']:.1f} ms (95 % under {p['p95']:.1f})" for stage, p in status.stages.items()]
    return "\n".join(lines)
