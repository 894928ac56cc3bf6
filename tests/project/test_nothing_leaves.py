"""The real program as a child with folders of its own: nothing foreign lies in them afterwards, and nobody was called.

The guard in conftest sees what Python's sockets do; this sees what native code does, where the system has strace.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from driven import driver_clip
from tiny_actor import tiny_actor
from video_fixtures import write_video
from x_window import frames_of

from puppet.sources.registry import DEMO_CLIP

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="home and cache lie elsewhere")

OURS = ("config/puppet-live/", "share/puppet-live/", "state/puppet-live/")
KNOWN = re.compile(r"tmp/torchinductor_[^/]+/$")  # an empty folder that torch makes when an optimiser is made
CALLS = "connect,sendto,sendmsg,sendmmsg"
LOOPBACK = re.compile(r'inet_addr\("127\.|inet_pton\(AF_INET6, "::1"|AF_INET6.*"::ffff:127\.')
LOCAL = ("X11-unix", "ICE-unix", "bus", "nscd", "pulse", "pipewire", "wayland")  # in a local socket's path


class Home:
    """A user who has just arrived: home, cache and temporary folder are empty, and the program is told of none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work = folder / "work"
        for name in ("home", "config", "cache", "share", "state", "tmp", "run", "work"):
            (folder / name).mkdir(mode=0o700)
        kept = {"PATH", "LD_LIBRARY_PATH", "LANG", "OMP_NUM_THREADS"}
        self.env = {name: value for name, value in os.environ.items() if name in kept} | {
            "HOME": str(folder / "home"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "XDG_DATA_HOME": str(folder / "share"),
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_RUNTIME_DIR": str(folder / "run"),
            "TMPDIR": str(folder / "tmp"),
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run(self, *arguments: str, **environment: str) -> str:
        """Python with these arguments, in the folder `work`, watched; what it said."""
        trace = self.folder / "trace"
        done = subprocess.run(
            [*watcher(trace), sys.executable, *arguments],
            cwd=self.work,
            env=self.env | environment,
            capture_output=True,
            text=True,
            timeout=110,
        )
        self.calls = calls_to_others(trace.read_text(errors="replace")) if trace.exists() else []
        self.said = done.stdout + done.stderr
        self.code = done.returncode
        return self.said

    @property
    def foreign(self) -> list[str]:
        """Files, and empty folders, that are not the program's own."""
        found = [path for path in self.folder.rglob("*") if path.is_file() or not any(path.iterdir())]
        names = [path.relative_to(self.folder).as_posix() + "/" * path.is_dir() for path in found]
        given = ("home/", "config/", "cache/", "share/", "state/", "tmp/", "run/", "trace")
        return sorted(
            name
            for name in names
            if name not in given and not name.startswith((*OURS, "work/")) and not KNOWN.match(name)
        )


def calls_to_others(trace: str) -> list[str]:
    """Lines of strace's that reach out of this machine, or ask a local service to."""
    return [line for line in trace.splitlines() if "sa_family=" in line and not stays_here(line)]


def stays_here(line: str) -> bool:
    family = line.partition("sa_family=")[2]
    if family.startswith(("AF_INET", "AF_INET6")):
        return bool(LOOPBACK.search(line)) and "htons(53)" not in line
    if family.startswith(("AF_UNIX", "AF_LOCAL")):
        return any(name in line for name in LOCAL)
    return family.startswith("AF_NETLINK")  # the kernel's own news of devices


@functools.cache
def tracer() -> tuple[str, ...]:
    """strace with the quickest options that work here; empty where it does not work."""
    if shutil.which("strace") is not None:
        for options in (("--seccomp-bpf",), ()):
            command = ("strace", "-f", *options, "-qq", "-e", "signal=none", "-e", f"trace={CALLS}", "-o")
            tried = subprocess.run([*command, os.devnull, "true"], capture_output=True)
            if tried.returncode == 0 and not tried.stderr:
                return command
    return ()


def watcher(trace: Path) -> list[str]:
    return [*tracer(), str(trace)] if tracer() else []


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def check(home: Home, code: int = 0) -> None:
    assert home.code == code, home.said
    assert home.foreign == []
    assert home.calls == []


@pytest.fixture
def actor(home: Home) -> str:
    return str(tiny_actor(home.work / "tiny.actor"))


def test_render(home: Home, actor: str) -> None:
    clip = write_video(home.work / "clip.mp4", frames_of(DEMO_CLIP, 10), 30.0)
    home.run("-m", "puppet", "render", str(clip), "-o", "out.mp4", "--actor", actor)
    check(home)
    assert (home.work / "out.mp4").stat().st_size > 1000


def test_headless(home: Home, actor: str) -> None:
    clip = str(driver_clip(home.work / "clip.mp4"))
    run = ("-m", "puppet", "run", "--headless", "--source", clip, "--actor", actor)
    home.run(*run, "--frames", "20", "--record", "out.mp4")
    check(home)
    assert (home.work / "out.mp4").stat().st_size > 1000


def test_the_doctor(home: Home) -> None:
    home.run("-m", "puppet", "doctor")
    assert "marble" in home.said
    check(home, home.code)  # the machine may lack something


def test_window(home: Home, actor: str, display: str) -> None:
    run = ("-m", "puppet", "run", "--source", "demo", "--actor", actor)
    home.run(*run, "--frames", "10", "--record", "out.mp4", "--screenshot", "shot.png", DISPLAY=display)
    check(home)
    assert (home.work / "shot.png").exists()
    assert (home.folder / "config" / "puppet-live" / "settings.json").exists()


def test_explorer(home: Home, actor: str, display: str) -> None:
    home.run("-m", "puppet", "explore", actor, "--screenshot", "shot.png", DISPLAY=display)
    check(home)


def test_training_and_export(home: Home) -> None:
    pytest.importorskip("torch")
    from tiny_dataset import write_dataset

    data = str(write_dataset(home.work / "data.h5"))
    options = ("--preset", "seed-int8", "--steps", "2", "--batch-size", "4", "--threads", "1", "--device", "cpu")
    home.run("-m", "puppet", "train", data, "-o", "run", "--driver", data, *options)
    check(home)
    home.run("-m", "puppet", "export", "run", "-o", "made.actor", "--consent", "Made up.")
    check(home)
    assert (home.work / "made.actor").exists()


def test_preparing_footage(home: Home) -> None:
    pytest.importorskip("torch")
    clip = write_video(home.work / "clip.mp4", frames_of(DEMO_CLIP, 10), 30.0)
    home.run("-m", "puppet", "prepare", str(clip), "-o", "data.h5")
    check(home)


# -- the watch itself ------------------------------------------------------------------------------------------------

TELLTALE = """
import os, socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
    asked.connect(("192.0.2.53", 53))
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sent:
    sent.sendto(b"x", ("127.0.0.1", 53))
    sent.sendto(b"x", ("127.0.0.1", 5353))
with socket.socket() as called:
    called.settimeout(0.01)
    try:
        called.connect(("203.0.113.7", 443))
    except OSError:
        pass
with socket.socket(socket.AF_UNIX) as asked:
    try:
        asked.connect("/run/systemd/resolve/io.systemd.Resolve")
    except OSError:
        pass
"""


def test_a_call_out_of_the_machine_is_seen(home: Home) -> None:
    if not tracer():
        pytest.skip("needs strace, and to be allowed to use it (Debian: apt-get install strace); folders are watched")
    home.run("-c", TELLTALE)
    assert home.code == 0, home.said
    assert len(home.calls) == 4
    for number, place in enumerate(("192.0.2.53", "htons(53)", "203.0.113.7", "io.systemd.Resolve")):
        assert place in home.calls[number]


def test_onnxruntime_left_alone_would_be_seen(home: Home) -> None:
    """Were `puppet.process.environment` not to run first, the tests above would fail: its maker's wheels leave a device
    id."""
    home.run("-c", "import onnxruntime")
    if not home.foreign:
        pytest.skip("this release of onnxruntime reports nothing")
    assert any("deviceid" in name for name in home.foreign)
