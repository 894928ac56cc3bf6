"""`puppet doctor`: checks of this machine and installation, one line for each finding."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from puppet import __version__
from puppet.commands.bug_report import check_place, write_report
from puppet.commands.display import has_display
from puppet.core.errors import PuppetError
from puppet.new_actor import training_code
from puppet.process.log import explained, log_file, writing_problem
from puppet.storage.folders import IMPORT_FOLDER
from puppet.storage.installing import install_command, pip_command

if TYPE_CHECKING:
    from puppet.media.microphone import SoundSystem
    from puppet.media.sound_file import Samples
    from puppet.output.virtual_camera import OpenCamera

PACKAGES = (
    "numpy",
    "opencv-contrib-python",
    "PyQt6",
    "imageio-ffmpeg",
    "cv2-enumerate-cameras",
    "sounddevice",
    "platformdirs",
    "tqdm",
)
TRACKERS = ("mediapipe",)  # where it is missing, ONNX Runtime tracks
RUNTIMES = ("onnxruntime-gpu", "onnxruntime", "onnxruntime-directml")  # any one of them
OPEN_A_WINDOW = "import os, sys; from PyQt6.QtWidgets import QApplication; QApplication([])"
TRIALS = 2  # encoders tried at once: graphics drivers limit how many may be open
HEARD_WITHIN = 2.0  # s, in which a microphone that works has sent something
PLATFORMS = {"directml": "win32", "coreml": "darwin"}  # the only system that has a provider


@dataclass(frozen=True)
class Finding:
    """One thing that was found. "bad" makes the exit code 1; "note" does not: the program runs without it.

    steps: what to do, each a sentence or a command; each has a line of its own, so that it can be copied.
    """

    level: Literal["good", "note", "bad"]
    about: str
    text: str
    steps: tuple[str, ...] = ()

    def __str__(self) -> str:
        mark = {"good": " ok ", "note": "note", "bad": "BAD "}[self.level]
        return "\n    ".join((f"[{mark}] {self.about}: {self.text}{':' * bool(self.steps)}", *self.steps))


def examine(actor: str | None = None, report: Path | None = None) -> int:
    """Print every finding; 0 when nothing is bad, else 1.

    actor: name or file to try the providers with. report: a new zip file for a bug report. Raises PuppetError when that
    cannot be written.
    """
    if report is not None:
        check_place(report)

    def check_provider() -> Iterator[Finding]:
        return check_providers(actor)

    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        check_python,
        check_log,
        check_packages,
        check_opencv,
        check_ffmpeg,
        check_encoders,
        check_microphones,
        check_virtual_camera,
        check_display,
        check_cameras,
        check_tracker,
        check_actors,
        check_training,
        check_provider,
    )
    found: list[Finding] = []
    for check in checks:
        for finding in run_check(check):
            print(finding, flush=True)
            found.append(finding)
    print("\n".join(("", *summary(found))))
    if report is not None:
        write_report(report, [str(finding) for finding in found])
        print(f"The report for a bug report is {report}; look through it before you send it.")
    return 1 if any(finding.level == "bad" for finding in found) else 0


def summary(found: Sequence[Finding]) -> list[str]:
    """What works and what does not, in a few lines."""
    levels = {
        level: dict.fromkeys(one.about for one in found if one.level == level) for level in ("good", "note", "bad")
    }
    good = ", ".join(about for about in levels["good"] if about not in levels["bad"])
    note, bad = ", ".join(levels["note"]), ", ".join(levels["bad"])
    lines = [f"Works: {good}."] if good else []
    if note:
        lines.append(f"Does not work here, and Puppet runs without it: {note}.")
    if bad:
        lines.append(f"Must be put right: {bad}.")
    return lines if note or bad else ["Everything works."]


def run_check(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """The findings of a check; an exception that it raises is one, too: the doctor is asked when things are broken."""
    try:
        yield from check()
    except Exception as problem:
        about = getattr(check, "__name__", "check").removeprefix("check_")
        yield Finding("bad", about, str(explained(problem, "This check")))


def check_python() -> Iterator[Finding]:
    """Versions of the program, Python and the system; bad for a Python that is not supported."""
    fits = (3, 10) <= sys.version_info[:2] <= (3, 14)
    text = f"puppet {__version__}, Python {platform.python_version()}, {platform.platform()}"
    yield Finding("good" if fits else "bad", "python", text + ("" if fits else "; Python 3.10 to 3.14 is needed"))


def check_log() -> Iterator[Finding]:
    """Where the log is, and whether it can be written."""
    problem = writing_problem()
    if problem:
        yield Finding("note", "log", f"{log_file()} cannot be written: {problem}")
    else:
        yield Finding("good", "log", str(log_file()))


def check_packages() -> Iterator[Finding]:
    """Versions of the libraries; bad when one is missing, or two overwrite each other."""
    versions = {name: _version(name) for name in PACKAGES}
    missing = [name for name, version in versions.items() if version is None]
    runtimes = {name: version for name in RUNTIMES if (version := _version(name)) is not None}
    trackers = {name: _version(name) for name in TRACKERS}
    found = {**versions, **runtimes, **trackers}
    there = ", ".join(f"{name} {version}" for name, version in found.items() if version)
    yield Finding("good", "packages", there)
    if not runtimes:
        missing.append("onnxruntime")
    if missing:
        yield Finding("bad", "packages", f"{', '.join(missing)} must be installed", (install_command(),))
    if len(runtimes) > 1:
        yield Finding(
            "bad",
            "packages",
            f"{' and '.join(runtimes)} overwrite each other; uninstall all but one",
            (pip_command("uninstall", " ".join(list(runtimes)[1:])),),
        )


def check_opencv() -> Iterator[Finding]:
    """opencv-python and opencv-contrib-python share their files; the one installed last wins."""
    rivals = [n for n in ("opencv-python", "opencv-python-headless", "opencv-contrib-python-headless") if _version(n)]
    if rivals:
        names = " ".join(rivals)
        steps = (
            pip_command("uninstall", f"{names} opencv-contrib-python"),
            install_command(),
        )
        yield Finding("bad", "opencv", f"{names} overwrites opencv-contrib-python", steps)


def check_ffmpeg() -> Iterator[Finding]:
    """Which ffmpeg is used; bad when it cannot encode H.264."""
    from puppet.media.codecs import X264
    from puppet.media.encoders import listed_encoders
    from puppet.media.ffmpeg_child import find_ffmpeg

    executable = find_ffmpeg()
    if X264.name in listed_encoders(executable):
        yield Finding("good", "ffmpeg", executable)
    else:
        yield Finding("bad", "ffmpeg", f"{executable} has no H.264 encoder (libx264); unset IMAGEIO_FFMPEG_EXE")


def check_encoders() -> Iterator[Finding]:
    """What recordings can be packed with. Encoders in hardware are tried by encoding ten pictures."""
    from puppet.media.codecs import ENCODERS, Codec
    from puppet.media.encoders import encoder_works, listed_encoders
    from puppet.media.ffmpeg_child import find_ffmpeg

    executable = find_ffmpeg()
    with ThreadPoolExecutor(TRIALS) as pool:
        tried = list(pool.map(lambda encoder: encoder_works(executable, encoder), ENCODERS))
    working = [encoder for encoder, works_here in zip(ENCODERS, tried, strict=True) if works_here]
    for codec in Codec:
        by = [f"{one.name} ({one.hardware or 'processor'})" for one in working if one.codec is codec]
        if by:
            yield Finding("good", "encoder", f"{codec.label} by {', else '.join(by)}")
        else:
            yield Finding("note", f"encoder of {codec.label}", "this ffmpeg has none")
    if not any(encoder.hardware for encoder in working):
        known = listed_encoders(executable)
        names = [encoder.name for encoder in ENCODERS if encoder.hardware and encoder.name in known]
        what = f"tried without success: {', '.join(names)}" if names else "this ffmpeg knows none"
        yield Finding("note", "graphics card", f"encodes no video ({what}); the processor does")


def check_microphones(system: SoundSystem | None = None) -> Iterator[Finding]:
    """Every microphone by name; the system's own choice is listened to for a moment, nothing of it is kept."""
    from puppet.core.errors import SoundError
    from puppet.media.microphone import SYSTEM, Microphone

    system = system or SYSTEM
    try:
        devices = system.devices()
        if not devices:
            yield Finding("note", "microphone", "none found; recordings have no sound until one is plugged in")
            return
        heard = _Heard()
        microphone = Microphone(devices[0].name, system=system)
        try:
            microphone.attach(heard)
            came = heard.something.wait(HEARD_WITHIN)
        finally:
            microphone.close()
    except SoundError as problem:
        yield Finding("note", "microphone", problem.words, problem.steps)
        return
    if came:
        yield Finding("good", "microphone", f"{devices[0].name} can be recorded")
    else:
        text = f"{devices[0].name} sends nothing; is it switched off, or is the terminal not allowed to use it?"
        yield Finding("note", "microphone", text)
    for device in devices[1:]:
        yield Finding("good", "microphone", f"{device.name} is there")


class _Heard:
    """A consumer of sound that only notices that there is some."""

    def __init__(self) -> None:
        self.something = threading.Event()

    def write(self, samples: Samples, captured_at: float) -> None:
        self.something.set()


def check_virtual_camera(open_camera: OpenCamera | None = None) -> Iterator[Finding]:
    """Open and close it; what to do on this system when that does not work."""
    from puppet.core.errors import CameraOutputError
    from puppet.output.virtual_camera import VirtualCamera

    try:
        camera = VirtualCamera(open_camera=open_camera)
    except CameraOutputError as problem:
        yield Finding("note", "virtual camera", problem.words, problem.steps)
        return
    camera.close()
    yield Finding("good", "virtual camera", f"{camera.device} can be opened")


def check_display() -> Iterator[Finding]:
    """Open and close a Qt application in a process of its own: a missing Qt plug-in aborts the process."""
    if not has_display():
        text = "none (DISPLAY and WAYLAND_DISPLAY are not set): puppet render and puppet run --headless work"
        yield Finding("note", "display", text)
        return
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QT_QPA_PLATFORM_PLUGIN")}
    done = subprocess.run(
        [sys.executable, "-c", OPEN_A_WINDOW],
        env=environment,
        cwd=IMPORT_FOLDER,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        errors="replace",
    )
    if done.returncode == 0:
        yield Finding("good", "display", os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY") or "desktop")
    else:
        said = " ".join(done.stderr.split())[:300] or f"code {done.returncode}"
        steps = ("sudo apt-get install libxcb-cursor0",) if sys.platform.startswith("linux") else ()
        yield Finding("bad", "display", f"no window can be opened ({said})", steps)


def check_cameras() -> Iterator[Finding]:
    """Every camera by number and name; none is opened."""
    from puppet.sources.devices import list_cameras

    cameras = list_cameras()
    if not cameras:
        yield Finding("note", "camera", "none found; a file, a folder or a URL can be the source")
    for camera in cameras:
        yield Finding("good", "camera", f"{camera.index} {camera.name}")


def check_tracker() -> Iterator[Finding]:
    """Whether the face trackers run, on a black picture: the one that is used, and ONNX Runtime's."""
    import numpy as np

    from puppet.core.trackers import LABELS, ONNX
    from puppet.core.types import Frame
    from puppet.face.tracking import FaceMeshTracker, tracker_library

    used = tracker_library()
    for library in dict.fromkeys((used, ONNX)):
        tracker = FaceMeshTracker(library=library)
        try:
            tracker.track(Frame(np.zeros((120, 160, 3), np.uint8), 0, 0.0))
        finally:
            tracker.close()
        how = "" if library == used else " (--tracker onnx)"
        yield Finding("good", "tracking", f"works: {LABELS[library]}{how}")


def check_actors() -> Iterator[Finding]:
    """Every actor file loads and draws its golden picture on the CPU."""
    from puppet.actor.catalogue import list_actors
    from puppet.actor.runtime import load_actor
    from puppet.storage.folders import actors_folder

    paths = list_actors()
    if not paths:
        yield Finding("bad", "actors", f"none found; put an .actor file into {actors_folder()}")
    for path in paths:
        yield _try(path.stem, path, lambda path: load_actor(path, "cpu").card.kind)


def check_training() -> Iterator[Finding]:
    """Whether actors can be trained, which needs libraries that running does not."""
    problem = training_code.problem()
    if problem is None:
        yield Finding("good", "training", f"torch {_version('torch')}")
    else:
        yield Finding("note", "training", problem.words, problem.steps)


def check_providers(actor: str | None = None) -> Iterator[Finding]:
    """What ONNX Runtime can really use here, tried with an actor; what is missing otherwise, in words."""
    from puppet.actor.catalogue import DEFAULT_ACTOR, find_actor
    from puppet.actor.runtime import load_actor
    from puppet.core.providers import PROVIDERS

    path = find_actor(actor or DEFAULT_ACTOR)
    for key, name in PROVIDERS.items():
        if PLATFORMS.get(key, sys.platform) != sys.platform:
            continue
        loaded = load_actor(path, key)
        if loaded.providers[0] == name:
            yield Finding("good", f"provider {key}", "works")
        else:
            yield Finding("note", f"provider {key}", loaded.notice or "is not used")


def _try(about: str, path: Path, load: Callable[[Path], str]) -> Finding:
    try:
        return Finding("good", f"actor {about}", f"{load(path)} ({path})")
    except PuppetError as problem:
        return Finding("bad", f"actor {about}", str(problem))


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
