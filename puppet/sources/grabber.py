"""Reads one capture in a thread of its own, because OpenCV may block for as long as the device does."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence

import cv2

from puppet.core.errors import SourceError
from puppet.core.slot import LatestSlot
from puppet.core.types import Image
from puppet.media.video_capture import VideoCapture

MOST_FAILURES = 10  # failed reads in a row before a stream counts as ended; a damaged picture now and then is normal
PAUSE = 0.05  # s between them


class Grabber:
    """Opens the first capture that gives a picture, then keeps the newest picture at hand.

    frames: the newest picture and when it was grabbed. opened: a capture was opened. started: set when a picture came,
    and when the thread has ended. ended: no picture comes any more. problem: why, where a capture said so. A thread
    that hangs in OpenCV is left behind.
    """

    def __init__(self, attempts: Sequence[Callable[[], VideoCapture]], name: str) -> None:
        self.frames: LatestSlot[tuple[Image, float]] = LatestSlot()
        self.opened = False
        self.fps = 0.0  # what the capture claims
        self.started = threading.Event()
        self.ended = False
        self.problem: SourceError | None = None
        self._stop = threading.Event()
        self._attempts = attempts
        self._thread = threading.Thread(target=self._run, name=f"grab {name}", daemon=True)
        self._thread.start()

    def close(self, timeout: float = 1.0) -> None:
        """Ask the thread to let go of the device and wait up to `timeout` seconds for it. Idempotent."""
        self._stop.set()
        self.frames.close()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def _run(self) -> None:
        try:
            for attempt in self._attempts:
                if self._stop.is_set():
                    return
                capture = attempt()
                try:
                    if capture.isOpened():
                        self.opened = True
                        self.fps = capture.get(cv2.CAP_PROP_FPS)
                        self._grab_until_it_ends(capture)
                finally:
                    capture.release()
                if self.started.is_set():
                    return
        except SourceError as problem:
            self.problem = problem
        finally:
            self.ended = True
            self.frames.close()
            self.started.set()

    def _grab_until_it_ends(self, capture: VideoCapture) -> None:
        failures = 0
        while not self._stop.is_set() and failures < MOST_FAILURES:
            image = None
            captured_at = 0.0
            with contextlib.suppress(cv2.error):  # a failed read like any other
                good = capture.grab()
                captured_at = time.perf_counter()  # before decoding
                if good:
                    good, image = capture.retrieve()
                    image = image if good else None
            if image is not None and image.size:
                failures = 0
                self.frames.put((image, captured_at))
                self.started.set()
            else:
                failures += 1
                self._stop.wait(PAUSE)
