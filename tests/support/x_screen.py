"""An X server's mouse, keys and pixels: what a person in front of the screen has. XTest by ctypes, ffmpeg's x11grab."""

from __future__ import annotations

import ctypes
import subprocess

import numpy as np
import pytest

from puppet.core.types import Image
from puppet.media.ffmpeg_child import find_ffmpeg

SIZE = (1400, 900)  # px, of the screen that the fixture `display` makes


class Screen:
    """One display, ":99". Skips the test when the client libraries of X are not there."""

    def __init__(self, display: str) -> None:
        try:
            self._x11, self._xtst = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
        except OSError:
            pytest.skip("needs libX11 and libXtst (Debian: apt-get install libx11-6 libxtst6)")
        self.name = display
        self._x11.XOpenDisplay.restype = ctypes.c_void_p
        self._x11.XStringToKeysym.restype = ctypes.c_ulong
        self._display = ctypes.c_void_p(self._x11.XOpenDisplay(display.encode()))
        assert self._display

    def move(self, x: float, y: float) -> None:
        """The mouse to a px of the screen."""
        self._xtst.XTestFakeMotionEvent(self._display, -1, round(x), round(y), ctypes.c_ulong(0))
        self._x11.XFlush(self._display)

    def click(self, button: int = 1) -> None:
        for down in (1, 0):
            self._xtst.XTestFakeButtonEvent(self._display, button, down, ctypes.c_ulong(0))
        self._x11.XFlush(self._display)

    def scroll(self, down: bool = True) -> None:
        """The wheel by one notch."""
        self.click(5 if down else 4)

    def press(self, key: str) -> None:
        """A key by its X name: "r", "Return"."""
        symbol = ctypes.c_ulong(self._x11.XStringToKeysym(key.encode()))
        code = self._x11.XKeysymToKeycode(self._display, symbol)
        for down in (1, 0):
            self._xtst.XTestFakeKeyEvent(self._display, code, down, ctypes.c_ulong(0))
        self._x11.XFlush(self._display)

    def look(self) -> Image:
        """The screen as it is, uint8 (900, 1400, 3) BGR."""
        width, height = SIZE
        arguments = ["-f", "x11grab", "-video_size", f"{width}x{height}", "-draw_mouse", "0", "-i", self.name]
        raw = ["-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "bgr24", "-"]
        done = subprocess.run(
            [find_ffmpeg(), "-loglevel", "error", *arguments, *raw], capture_output=True, check=True, timeout=30
        )
        return np.frombuffer(done.stdout, np.uint8).reshape(height, width, 3)

    def close(self) -> None:
        self._x11.XCloseDisplay(self._display)
