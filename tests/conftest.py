"""What every test gets: no window system, no network, and no trace in the user's own folders."""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # tests of a real window start a process and set their own
os.environ["LC_ALL"] = "C.UTF-8"  # numbers that tests read are written as here, whoever runs them

import cv2  # noqa: E402, F401 - importing it points Qt to cv2's own plug-ins, with which PyQt6 aborts

import puppet  # noqa: E402, F401 - prepares this process, for tests that import onnxruntime or make a QApplication

for _name in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"):
    if "cv2" in os.environ.get(_name, ""):
        del os.environ[_name]


@pytest.fixture(autouse=True, scope="session")
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Settings, actors and recordings of the person who runs the tests stay out of it, in child processes too."""
    home = tmp_path_factory.mktemp("home")
    os.environ["PUPPET_CONFIG_DIR"] = str(home / "config")
    os.environ["PUPPET_ACTORS_DIR"] = str(home / "actors")
    os.environ["PUPPET_JOBS_DIR"] = str(home / "jobs")
    os.environ["PUPPET_LOG_DIR"] = str(home / "log")
    os.environ["XDG_VIDEOS_DIR"] = str(home / "videos")


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program's own folder of this test alone, in child processes too."""
    monkeypatch.setenv("PUPPET_CONFIG_DIR", str(tmp_path / "own"))
    return tmp_path / "own"


@pytest.fixture(scope="module")
def one_torch_thread() -> Iterator[None]:
    """Tensors as small as the tests' are slower on two threads, and much slower on a busy machine."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
    torch.set_flush_denormal(False)  # training switches it on


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only this machine may be talked to."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise PermissionError(f"a test tried to reach {address[0]}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def shared() -> Path:
    """The project's shared footage and scoring scripts, which lie beside the checkout where they are there at all."""
    if not SHARED.is_dir():
        pytest.skip(f"needs {SHARED.name}/ beside the checkout")
    return SHARED


@pytest.fixture
def display() -> Iterator[str]:
    """A screen of our own, gone afterwards."""
    if shutil.which("Xvfb") is None:
        pytest.skip("needs Xvfb (Debian: apt-get install xvfb)")
    try:
        ctypes.CDLL("libxcb-cursor.so.0")
    except OSError:
        pytest.skip("needs libxcb-cursor (Debian: apt-get install libxcb-cursor0)")
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x900x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as answer:
            number = answer.readline().strip()  # it writes its number once it takes clients
        if not number:
            pytest.skip("Xvfb could not start here")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(10)
