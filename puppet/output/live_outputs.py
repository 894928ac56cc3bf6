"""All outputs of a live session in one sink: pre-roll, clips, snapshots, microphone, virtual camera, disk space.

The engine gets it once. Takes are begun here; the engine writes to them as sinks of their own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from puppet.core.errors import CameraOutputError, PuppetError, RecordingError, SoundError
from puppet.core.types import Result
from puppet.media.codecs import Codec, Encoder
from puppet.media.encoders import available_codecs, choose_encoder
from puppet.media.ffmpeg_child import find_ffmpeg
from puppet.media.microphone import Microphone, SoundDevice, list_microphones
from puppet.output.clips import FPS as CLIP_FPS
from puppet.output.clips import HEIGHT as CLIP_HEIGHT
from puppet.output.clips import SECONDS as CLIP_SECONDS
from puppet.output.clips import save_clip
from puppet.output.compose import is_transparent
from puppet.output.disk import DiskSpace, disk_space, refuse_unwritable
from puppet.output.pre_roll import PreRoll
from puppet.output.recording_sink import RecorderSink, begin_take, check_alpha
from puppet.output.settings import OutputSettings
from puppet.output.snapshot import save_snapshot
from puppet.output.virtual_camera import VirtualCamera
from puppet.provenance.signing import sign
from puppet.provenance.xmp import Provenance
from puppet.storage.names import new_recording_path, with_free_name

CLIP_SPACING = 0.8 / CLIP_FPS  # s; without pre-roll nothing is kept, and nothing larger, than a clip shows
DISK_EVERY = 2.0  # s between looks at the disk
GONE_AFTER = 2.0  # s without sound, then the microphone counts as unplugged


@dataclass(frozen=True)
class OutputStatus:
    """State of the outputs at one moment. Problems are sentences for the user, or None."""

    level_db: float | None  # of the microphone; None: none is open
    microphone_problem: str | None
    camera: str | None  # the virtual camera's device; None: it is off
    camera_problem: str | None
    paused: bool | None  # None: no take is running
    pre_roll: float  # s that would be in a take begun now
    encoder: Encoder | None  # for the codec that was chosen; None: still being tried out
    disk: DiskSpace


class LiveOutputs:
    """A sink that keeps what outputs need, and opens their devices. Qt-free.

    `write` from the engine's thread, everything else from one other thread (the window's). consent: gives what the
    actor's card says about consent. open_microphone, open_camera,
    list_microphones: tests put fakes here.
    """

    error: PuppetError | None = None  # a device that fails does not end the sink

    def __init__(
        self,
        settings: OutputSettings,
        folder: Path,
        consent: Callable[[], str] = str,
        open_microphone: Callable[[str], Microphone] = Microphone,
        open_camera: Callable[[bool], VirtualCamera] = VirtualCamera,
        list_microphones: Callable[[], Sequence[SoundDevice]] = list_microphones,
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._consent = consent
        self._transparent = False  # whether nothing was behind the actor in the last result
        self._list_microphones = list_microphones
        self._open_microphone, self._open_camera = open_microphone, open_camera
        self._pre_roll = PreRoll(CLIP_SECONDS)
        self._microphone: Microphone | None = None
        self._microphone_problem: str | None = None
        self._camera: VirtualCamera | None = None
        self._camera_problem: str | None = None
        self._take: RecorderSink | None = None
        self._encoders: dict[tuple[str, bool], Encoder | None] = {}
        self._devices = ThreadPoolExecutor(1, thread_name_prefix="sound and camera")  # opening them takes its time
        self._disk = DiskSpace(None)
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch_disk, name="disk space", daemon=True)
        self._watcher.start()
        self.configure(settings)

    def write(self, result: Result) -> None:
        """Keep the result for pre-roll and clips, and show it on the virtual camera."""
        if self._over.is_set():
            return
        self._transparent = is_transparent(result)
        self._pre_roll.write(result)
        camera = self._camera
        if camera is not None:
            camera.write(result)

    def close(self) -> None:
        """Let go of every device. Idempotent."""
        if self._over.is_set():
            return
        self._over.set()
        self._devices.submit(self._change_camera, False)
        self._devices.submit(self._change_microphone, "")
        self._devices.shutdown()
        self._pre_roll.close()

    def configure(self, settings: OutputSettings) -> None:
        """Use these settings from now on; a take that is running goes on with the old ones, but for `muted`."""
        self._settings = settings
        if settings.pre_roll:
            self._pre_roll.keep(max(settings.pre_roll, CLIP_SECONDS))
        else:
            self._pre_roll.keep(CLIP_SECONDS, CLIP_SPACING, CLIP_HEIGHT)
        if self._camera is not None:
            self._camera.badge = settings.badge
        self._devices.submit(self._adjust_microphone, settings)
        key = settings.codec, settings.hardware
        if key not in self._encoders:  # trying hardware out takes seconds
            self._encoders[key] = None
            threading.Thread(target=self._try_encoders, args=key, name="try encoders", daemon=True).start()

    def show_camera(self, on: bool) -> None:
        """Start or stop the virtual camera; returns at once, and `status` says whether it worked."""
        self._devices.submit(self._change_camera, on)

    def pause(self, on: bool) -> None:
        """Pause the take that is running, or go on with it."""
        take = self._take
        if take is not None and not take.recordings:
            (take.pause if on else take.resume)()

    def take(self, path: Path | None, folder: Path, actor: str) -> RecorderSink:
        """Begin a take at `path`, or as a new file in `folder`, with the pre-roll.

        The caller adds it to the engine, and closes it. Raises RecordingError.
        """
        self._folder = folder if path is None else path.parent
        s = self._settings
        if self._transparent:
            check_alpha(Codec(s.codec), s.layouts)
        if self._encoders.get((s.codec, s.hardware)) is None:
            s = replace(s, hardware=False)  # trying hardware out would make the window wait
        pre_roll = [r for r in self._pre_roll.last(s.pre_roll) if r.portrait is not None] if s.pre_roll else []

        def begin(target: Path) -> RecorderSink:
            return begin_take(s, target, actor, self._consent(), pre_roll, self._microphone)

        named = new_recording_path(folder, actor, s.suffix)
        self._take = with_free_name(named, begin) if path is None else begin(path)
        return self._take

    def snapshot(self, result: Result, folder: Path, actor: str) -> Path:
        """Save a picture, driver and actor side by side. Raises RecordingError."""
        about = self._about(actor)
        return self._sign(save_snapshot(result, folder, about), about)

    def clip(self, folder: Path, actor: str, kind: str) -> Path:
        """Save the last seconds as "gif" or "webp"; takes a second or two. Raises RecordingError."""
        results = [result for result in self._pre_roll.last(CLIP_SECONDS) if result.portrait is not None]
        about = self._about(actor)
        return self._sign(save_clip(results, folder, kind, about), about)

    def status(self) -> OutputStatus:
        """The state now; returns at once."""
        microphone, camera, take = self._microphone, self._camera, self._take
        problem, camera_problem = self._microphone_problem, self._camera_problem
        if microphone is not None and microphone.silent_for > GONE_AFTER:
            problem = f"The microphone {microphone.name} gives no sound any more; is it plugged in?"
        if camera is not None and camera.error is not None:
            camera, camera_problem = None, str(camera.error)
        return OutputStatus(
            level_db=self.level,
            microphone_problem=problem,
            camera=camera.device if camera is not None else None,
            camera_problem=camera_problem,
            paused=take.paused if take is not None and not take.recordings else None,
            pre_roll=min(self._settings.pre_roll, self._pre_roll.span),
            encoder=self._encoders.get((self._settings.codec, self._settings.hardware)),
            disk=self._disk,
        )

    @property
    def level(self) -> float | None:
        """Loudness at the microphone, as in `status`; None: none is open."""
        microphone = self._microphone
        return microphone.level if microphone is not None else None

    def codecs(self) -> tuple[Codec, ...]:
        """The codecs that the window offers: those that can be encoded here, without plain VP9, for .webm files only.

        The first call asks ffmpeg. Raises RecordingError.
        """
        return tuple(codec for codec in available_codecs(find_ffmpeg()) if codec is not Codec.VP9)

    def use_folder(self, folder: Path) -> None:
        """Watch the disk of another folder for recordings. Raises RecordingError where nothing can be written there."""
        refuse_unwritable(folder)
        self._folder = folder
        self._disk = disk_space(folder)

    def microphones(self) -> list[str]:
        """Names of the microphones, the system's own choice first; may take a moment. Raises SoundError."""
        return [device.name for device in self._list_microphones()]

    def _about(self, actor: str) -> Provenance:
        return Provenance(actor, self._consent(), badge=self._settings.badge)

    def _sign(self, path: Path, about: Provenance) -> Path:
        if self._settings.sign:
            sign(path, about)
        return path

    def _adjust_microphone(self, settings: OutputSettings) -> None:
        name = self._microphone.name if self._microphone is not None else ""
        if name != settings.microphone or self._microphone_problem is not None:
            self._change_microphone(settings.microphone)
        if self._microphone is not None:
            self._microphone.muted = settings.muted
            self._microphone.keep(settings.pre_roll)

    def _change_microphone(self, name: str) -> None:
        self._microphone_problem = None
        microphone, self._microphone = self._microphone, None
        if microphone is not None:
            microphone.close()
        if name:
            try:
                self._microphone = self._open_microphone(name)
            except SoundError as problem:
                self._microphone_problem = str(problem)

    def _change_camera(self, on: bool) -> None:
        self._camera_problem = None
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.close()
        if on:
            try:
                self._camera = self._open_camera(self._settings.badge)
            except CameraOutputError as problem:
                self._camera_problem = str(problem)

    def _watch_disk(self) -> None:
        while True:
            take = self._take
            self._disk = disk_space(self._folder, _bytes_per_second(take) if take is not None else None)
            if self._over.wait(DISK_EVERY):
                return

    def _try_encoders(self, codec: str, hardware: bool) -> None:
        try:
            self._encoders[codec, hardware] = choose_encoder(find_ffmpeg(), Codec(codec), hardware)
        except RecordingError:  # raised again when a take is begun
            return


def _bytes_per_second(take: RecorderSink) -> float | None:
    """How fast a take's files grow; None in its first seconds and after its end."""
    if take.recordings or take.seconds < 5:
        return None
    return sum(path.stat().st_size for path in take.paths if path.exists()) / take.seconds or None
