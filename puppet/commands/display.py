"""The system's desktop: whether there is one, and what Qt needs of it before a window can open."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

from puppet.core.errors import PuppetError, RecordingError


def has_display() -> bool:
    """Whether a window can open.

    Windows and macOS always have a desktop; a platform chosen for Qt in the environment counts as one.
    """
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def prepare_qt() -> None:
    """Make sure that a QApplication can be made. Call it before the first one.

    Raises PuppetError when a system library is missing.
    """
    forget_opencv_plugins()
    _check_system_libraries()


def forget_opencv_plugins() -> None:
    """Unset Qt's plug-in paths that point into OpenCV.

    Importing cv2 points Qt to cv2's own Qt 5 plug-ins, with which PyQt6 aborts.
    """
    import cv2  # noqa: F401 - now, so that no later import sets them again

    for name in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"):
        if "cv2" in os.environ.get(name, ""):
            del os.environ[name]


def refuse_existing(screenshot: Path | None) -> None:
    """Raise RecordingError when the screenshot's file exists: no file is overwritten."""
    if screenshot is not None and os.path.lexists(screenshot):
        raise RecordingError(f"{screenshot} exists already and is not overwritten; choose another name")


def _check_system_libraries() -> None:
    """Qt ends the whole process when one is missing, so look first. Raises PuppetError."""
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
