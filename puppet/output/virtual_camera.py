"""Shows the actor as a camera to other programs, through pyvirtualcam (extra `virtualcam`)."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any, Protocol

from puppet.core import pixels
from puppet.core.background import GREEN
from puppet.core.errors import CameraOutputError
from puppet.core.layout import Layout
from puppet.core.slot import LatestSlot
from puppet.core.types import Image, Result
from puppet.output.compose import compose, is_transparent
from puppet.storage.installing import install_command

SIDE = 720  # px; programs that call expect a camera of about this height
FPS = 30.0
STEPS = {
    "linux": (
        "sudo apt-get install v4l2loopback-dkms",
        "sudo modprobe v4l2loopback devices=1 exclusive_caps=1 card_label=Puppet",
        "start the camera again",
    ),
    "darwin": (
        "install OBS 30 or newer from obsproject.com",
        "in OBS press Start Virtual Camera and allow it in the system's settings",
        "press Stop Virtual Camera, close OBS, and start the camera again",
    ),
    "win32": (
        "install OBS from obsproject.com",
        "start OBS once, press Start Virtual Camera, then Stop",
        "close OBS and start the camera again",
    ),
}


class CameraBackend(Protocol):
    """What is needed of pyvirtualcam's Camera."""

    @property
    def device(self) -> str:
        """The camera's name for other programs, or its device file."""
        ...

    def send(self, frame: Image) -> None:
        """Show a picture, uint8 (H, W, 3) RGB."""
        ...

    def close(self) -> None:
        """Take the camera away."""
        ...


OpenCamera = Callable[[int, int, float], CameraBackend]  # width, height, pictures per second; may raise anything


class VirtualCamera:
    """A sink: shows the actor, square in the middle of a SIDE-high 16:9 picture, the newest only, from its own thread.

    Cameras have no alpha: where nothing is behind the actor, and beside it, the picture is green then.
    Raises CameraOutputError with the exact steps when there is no driver. badge: see `compose`.
    """

    def __init__(self, badge: bool = True, open_camera: OpenCamera | None = None) -> None:
        self.error: CameraOutputError | None = None
        self.sent = 0
        self.badge = badge
        self._slot: LatestSlot[Result] = LatestSlot()
        self._size = (SIDE * 16 // 9, SIDE)
        try:
            self._camera = (open_camera or _open)(*self._size, FPS)
        except CameraOutputError:
            raise
        except Exception as problem:  # pyvirtualcam raises RuntimeError, backends whatever they please
            raise CameraOutputError(f"There is no virtual camera ({_short(problem)})", steps()) from problem
        self.device = self._camera.device
        self._thread = threading.Thread(target=self._run, name="virtual camera", daemon=True)
        self._thread.start()

    def write(self, result: Result) -> None:
        """Show the result, if it has an actor and no newer one comes first."""
        if result.portrait is not None:  # never the driver's face
            self._slot.put(result)

    def close(self) -> None:
        """Idempotent. A driver that hangs is left behind."""
        self._slot.close()
        self._thread.join(2.0)

    def _run(self) -> None:
        try:
            while (result := self._slot.take()) is not None:
                picture = compose(result, Layout.ACTOR, self._size[1], self.badge)
                around = GREEN if is_transparent(result) else None
                self._camera.send(pixels.swap_red_blue(pixels.fit(picture, *self._size, around)))
                self.sent += 1
        except Exception as problem:  # whatever a driver raises, the preview goes on
            self.error = CameraOutputError(f"The virtual camera stopped: {_short(problem)}")
        finally:
            self._camera.close()


def steps() -> tuple[str, ...]:
    """What to do on this system to get a virtual camera."""
    return STEPS.get(sys.platform, STEPS["linux"])


def _open(width: int, height: int, fps: float) -> CameraBackend:
    try:
        import pyvirtualcam  # pyright: ignore[reportMissingImports]
    except ImportError as problem:
        words = "The virtual camera needs one more package, and then its driver"
        raise CameraOutputError(words, (install_command("virtualcam"), *steps())) from problem
    camera: Any = pyvirtualcam.Camera(width, height, fps, print_fps=False)
    return camera


def _short(problem: Exception) -> str:
    """The first sentence, without what pyvirtualcam says about its own documentation."""
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return lines[0].partition(" See also")[0].rstrip(".") if lines else type(problem).__name__
