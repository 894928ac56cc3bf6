"""Set-up behind `make run` and `make test`: system libraries, .venv, packages. Standard library only.

python bootstrap.py run    what running needs (no torch)
python bootstrap.py test   that, what training and the tests need, and a virtual display
python bootstrap.py light  .venv-light, with what the tracker's tests need: without mediapipe, with numpy 2
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOG = VENV / "install.log"
EXTRAS: dict[str, tuple[str, ...]] = {"run": (), "test": ("train", "dev"), "light": ()}
LIGHT = ROOT / ".ci" / "light.txt"
RECIPE = (
    ROOT / "pyproject.toml",
    ROOT / "constraints.txt",
    LIGHT,
    Path(__file__),
)  # a change of these means: install again
OLDEST, NEWEST = (3, 10), (3, 14)  # as pyproject.toml's requires-python
NEWEST_ON_INTEL_MACS = (3, 13)  # ONNX Runtime's last wheels for them
LAYOUT = "2"  # of .venv; another one is made anew. 1 had everything that mediapipe names, half a gigabyte unused

# Packages that are installed without what they name themselves, and what they import of that when Puppet uses them.
# mediapipe names jax, jaxlib, matplotlib and sentencepiece as well: for converting models, and for drawing.
ALONE = {"mediapipe": ("attrs>=19.1", "protobuf>=4.25.3,<5")}

# Run in .venv: the requirements of the installed project that hold there, with the extras that are asked for.
REQUIREMENTS = """
import importlib.metadata, json, sys
from pip._vendor.packaging.requirements import Requirement
wanted = [Requirement(line) for line in importlib.metadata.requires("puppet-live")]
extras = ["", *sys.argv[1:]]
held = [one for one in wanted if not one.marker or any(one.marker.evaluate({"extra": extra}) for extra in extras)]
found = []
for one in held:
    one.marker = None
    found.append((one.name, str(one)))
print(json.dumps(found))
"""
TAIL = 25  # lines of the log shown when an installation fails

# What the wheels of OpenCV, MediaPipe and PyQt6 leave to the system (ldd): library, Debian package, Fedora package.
BASE = [
    ("libGL.so.1", "libgl1", "libglvnd-glx"),
    ("libglib-2.0.so.0", "libglib2.0-0", "glib2"),
    ("libgthread-2.0.so.0", "libglib2.0-0", "glib2"),
]
QT = [
    ("libEGL.so.1", "libegl1", "libglvnd-egl"),
    ("libfontconfig.so.1", "libfontconfig1", "fontconfig"),
    ("libfreetype.so.6", "libfreetype6", "freetype"),
    ("libdbus-1.so.3", "libdbus-1-3", "dbus-libs"),
    ("libxkbcommon.so.0", "libxkbcommon0", "libxkbcommon"),
    ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "libxkbcommon-x11"),
    ("libX11-xcb.so.1", "libx11-xcb1", "libX11-xcb"),
    ("libxcb.so.1", "libxcb1", "libxcb"),
    ("libxcb-cursor.so.0", "libxcb-cursor0", "xcb-util-cursor"),
    ("libxcb-icccm.so.4", "libxcb-icccm4", "xcb-util-wm"),
    ("libxcb-image.so.0", "libxcb-image0", "xcb-util-image"),
    ("libxcb-keysyms.so.1", "libxcb-keysyms1", "xcb-util-keysyms"),
    ("libxcb-randr.so.0", "libxcb-randr0", "libxcb"),
    ("libxcb-render.so.0", "libxcb-render0", "libxcb"),
    ("libxcb-render-util.so.0", "libxcb-render-util0", "xcb-util-renderutil"),
    ("libxcb-shape.so.0", "libxcb-shape0", "libxcb"),
    ("libxcb-shm.so.0", "libxcb-shm0", "libxcb"),
    ("libxcb-sync.so.1", "libxcb-sync1", "libxcb"),
    ("libxcb-util.so.1", "libxcb-util1", "xcb-util"),
    ("libxcb-xfixes.so.0", "libxcb-xfixes0", "libxcb"),
    ("libxcb-xkb.so.1", "libxcb-xkb1", "libxcb"),
]
TOOLS = [("Xvfb", "xvfb", "xorg-x11-server-Xvfb"), ("xauth", "xauth", "xorg-x11-xauth")]  # for tests of the window


def main() -> int:
    global VENV, LOG
    if len(sys.argv) != 2 or sys.argv[1] not in EXTRAS:
        print(__doc__, file=sys.stderr)
        return 2
    purpose = sys.argv[1]
    if purpose == "light":
        VENV = ROOT / ".venv-light"
        LOG = VENV / LOG.name
    try:
        check_python()
        provide_system_packages(purpose)
        provide_venv()
        provide_packages(purpose)
    except SetupError as problem:
        print(f"set-up stopped: {problem}", file=sys.stderr)
        return 1
    return 0


class SetupError(Exception):
    """Set-up cannot go on; the message says what to do."""


def check_python() -> None:
    intel_mac = sys.platform == "darwin" and platform.machine() == "x86_64"
    newest = NEWEST_ON_INTEL_MACS if intel_mac else NEWEST
    if not OLDEST <= sys.version_info[:2] <= newest:
        raise SetupError(
            f"this is Python {sys.version.split()[0]}; Puppet needs 3.{OLDEST[1]} to 3.{newest[1]}"
            f"{' on an Intel Mac' if intel_mac else ''}. Name another one: make run PYTHON=/path/to/python3.{newest[1]}"
        )


# --- system libraries ---


def provide_system_packages(purpose: str) -> None:
    if not sys.platform.startswith("linux"):
        return
    missing = missing_system_packages(purpose)
    if not missing:
        return
    debian = sorted({names[0] for names in missing})
    if shutil.which("apt-get") and os.geteuid() == 0:
        apt_install(debian)
        missing = missing_system_packages(purpose)
        if not missing:
            return
        debian = sorted({names[0] for names in missing})
    raise SetupError("system packages are missing. Install them, then try again:\n  " + install_command(missing))


def missing_system_packages(purpose: str) -> list[tuple[str, str]]:
    """(Debian name, Fedora name) of what this purpose needs and the system lacks."""
    display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    window = purpose == "test" or (purpose == "run" and display)
    libraries = BASE + (QT if window else [])
    missing = [(debian, fedora) for library, debian, fedora in libraries if not loadable(library)]
    if purpose == "test":
        missing += [(debian, fedora) for program, debian, fedora in TOOLS if not shutil.which(program)]
    if not working_venv() and not (importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv")):
        missing.append((f"python{sys.version_info[0]}.{sys.version_info[1]}-venv", "python3"))
    return missing


def loadable(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def apt_install(packages: list[str]) -> None:
    print(f"installing system packages: {' '.join(packages)}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    for command in (["apt-get", "update", "-q"], install):
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        # an update may fail for one source of many; what counts is whether the installation works
        if done.returncode and command is install:
            tail = b"\n".join(done.stdout.splitlines()[-TAIL:]).decode(errors="replace")
            raise SetupError(f"{tail}\n`{' '.join(command)}` failed; see above")


def install_command(missing: list[tuple[str, str]]) -> str:
    which = 1 if shutil.which("dnf") and not shutil.which("apt-get") else 0
    packages = " ".join(sorted({names[which] for names in missing}))
    if which:
        return f"sudo dnf install {packages}"
    if shutil.which("apt-get"):
        return f"sudo apt-get install {packages}"
    return f"(Debian's names for them) {packages}"


# --- the virtual environment ---


def venv_python() -> Path:
    return VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def working_venv() -> bool:
    """Is there a .venv of a fitting Python, made for this very folder, in today's layout?"""
    try:
        made_for = (VENV / "made-for").read_text()
    except OSError:
        return False
    check = f"import sys, pip; sys.exit(not {OLDEST} <= sys.version_info[:2] <= {NEWEST})"
    command = [str(venv_python()), "-c", check]
    try:
        return made_for == made_for_this() and subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def made_for_this() -> str:
    return f"{ROOT}\nlayout {LAYOUT}\n"


def provide_venv() -> None:
    if working_venv():
        return
    print(f"creating {VENV.name} with Python {sys.version.split()[0]}", flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        raise SetupError(f"{done.stdout.decode(errors='replace')}\n{VENV.name} could not be made; see above")
    (VENV / "made-for").write_text(made_for_this())  # scripts in it name this folder; a moved checkout gets a new one


# --- packages ---


def provide_packages(purpose: str) -> None:
    wanted = fingerprint()
    satisfied_by = ("run", "test") if purpose == "run" else (purpose,)
    if any(stamp(p).exists() and stamp(p).read_text() == wanted for p in satisfied_by):
        return
    print(f"installing Python packages (log: {LOG.relative_to(ROOT)})", flush=True)
    began = time.monotonic()
    LOG.unlink(missing_ok=True)
    if purpose == "light":
        pip_install(["-r", str(LIGHT)])
    else:
        install_project(EXTRAS[purpose])
    stamp(purpose).write_text(wanted)
    print(f"packages are ready ({time.monotonic() - began:.0f} s)", flush=True)


def stamp(purpose: str) -> Path:
    return VENV / f"installed-{purpose}"


def install_project(extras: tuple[str, ...]) -> None:
    constraints = ["-c", str(ROOT / "constraints.txt")]
    pip_install([*constraints, "--no-deps", "-e", str(ROOT)])
    alone, others = split_requirements(extras)
    pip_install([*constraints, *others])
    if alone:
        pip_install([*constraints, "--no-deps", *alone])


def split_requirements(extras: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """What the project requires in .venv: (installed ALONE, all else and what the first import)."""
    command = [str(venv_python()), "-c", REQUIREMENTS, *extras]
    done = subprocess.run(command, capture_output=True)
    if done.returncode:
        raise SetupError(
            f"{done.stderr.decode(errors='replace')}\nthe project's requirements could not be read; see above"
        )
    alone: list[str] = []
    others: list[str] = []
    for name, requirement in json.loads(done.stdout):
        if name in ALONE:
            alone.append(requirement)
            others += ALONE[name]
        else:
            others.append(requirement)
    return alone, others


def fingerprint() -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in RECIPE)).hexdigest()


def pip_install(what: list[str]) -> None:
    """Run pip; everything it says goes to the log, what it is at goes to the terminal in short."""
    options = ["--progress-bar", "off", "--disable-pip-version-check"]
    run_logged([str(venv_python()), "-u", "-m", "pip", "install", *options, *what])


def run_logged(command: list[str]) -> None:
    tail: list[str] = []
    with (
        LOG.open("a", encoding="utf-8") as log,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as pip,
    ):
        assert pip.stdout is not None
        for line in pip.stdout:
            log.write(line)
            tail = [*tail[1 - TAIL :], line.rstrip()]
            show(line)
    finish_line()
    if pip.returncode:
        raise SetupError("\n".join(tail) + f"\n\npip could not install the packages; the whole log is {LOG}")


def show(line: str) -> None:
    """One line that changes on a terminal; one line per download or step elsewhere."""
    doing = re.match(r"\s*(Collecting|Downloading|Installing collected packages|Building)\b[: ]*(.*)", line)
    if not doing:
        return
    step, what = doing.groups()
    if step == "Installing collected packages":
        text = f"  installing {len(what.split(','))} packages"
    else:
        text = f"  {step.lower()} {what.split(';')[0].rsplit('/', 1)[-1]}"
    if sys.stdout.isatty():
        print(f"\r\x1b[K{text[:100]}", end="", flush=True)
    elif step != "Collecting":
        print(text, flush=True)


def finish_line() -> None:
    if sys.stdout.isatty():
        print("\r\x1b[K", end="", flush=True)


if __name__ == "__main__":
    sys.exit(main())
