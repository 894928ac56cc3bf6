"""Planted sources, puppeteers, actors and sinks for the engine and the window."""

from __future__ import annotations

import threading
import time

import numpy as np

from puppet.actor.latents import Latents
from puppet.core.errors import RecordingError
from puppet.core.types import Frame, Portrait, Result
from puppet.engine.options import StepOptions
from puppet.engine.puppeteer import Tracked


def eventually(what, timeout=60.0):
    """Wait until `what()` is true; the last value is returned for the assertion."""
    deadline = time.monotonic() + timeout
    while not (value := what()) and time.monotonic() < deadline:
        threading.Event().wait(0.002)
    return value


def frame(number: int) -> Frame:
    return Frame(np.full((4, 6, 3), number % 256, np.uint8), number, time.perf_counter())


class FakeSource:
    """`script`: frames to give, errors to raise; a callable is called in `read`. After the script the source ends."""

    live = False
    fps = 30.0
    frame_count = None

    def __init__(self, name="fake", script=(), live=False, open_error=None):
        self.name, self.script, self.live, self.open_error = name, iter(script), live, open_error
        self.closed = threading.Event()
        self.opened_while_another = False

    def open(self):
        if self.open_error:
            raise self.open_error

    def read(self):
        item = next(self.script, None)
        if isinstance(item, Exception):
            raise item
        return item() if callable(item) else item

    def close(self):
        self.closed.set()


def endless(name="endless", first=0):
    """A live source that never stops giving frames."""

    def numbers():
        n = first
        while True:
            threading.Event().wait(0.002)
            yield frame(n)
            n += 1

    return FakeSource(name, numbers(), live=True)


class FakePuppeteer:
    """Gives `picture` as the portrait once there is an actor; notes the frames it saw and the threads it ran in."""

    picture = np.full((8, 8, 3), 99, np.uint8)

    def __init__(self):
        self.others = ()
        self.actor, self.options, self.neutral_is_captured = None, StepOptions(), False
        self.neutral_confidence = 1.0
        self.made_in, self.closed_in, self.stepped_in = threading.get_ident(), None, set()
        self.seen, self.face, self.strange = [], None, None
        self.wall, self.neutral = (), None

    def track(self, frame):
        self.stepped_in.add(threading.get_ident())
        self.seen.append(frame.index)
        return Tracked(frame, self.face, {"track": 1.0})

    def act(self, tracked):
        portrait = Portrait(self.picture) if self.actor is not None else None
        return Result(
            tracked.frame,
            tracked.face,
            None,
            portrait,
            None,
            {**tracked.stage_ms, "decode": 2.0},
            self.strange,
            self.wall,
        )

    def capture_neutral(self):
        self.neutral_is_captured = True

    def set_neutral(self, neutral):
        self.neutral, self.neutral_is_captured = neutral, True

    def reset_neutral(self):
        self.neutral_is_captured = False

    forget_user = reset_neutral

    def close(self):
        self.closed_in = threading.get_ident()


class FakeActor:
    providers = ["CPUExecutionProvider"]
    notice: str | None = "CUDA is not used: libcudnn is missing"
    plate = None

    def __init__(self, name):
        self.name = name
        zeros, nothing = np.zeros(4, np.float32), np.zeros((0, 4), np.float32)
        self.latents = Latents(zeros, zeros + 1, nothing, zeros, nothing)


class FakeSink:
    def __init__(self, error_after=None, close_error=None):
        self.error, self.written, self.closed = None, [], 0
        self.error_after, self.close_error = error_after, close_error

    def write(self, result):
        self.written.append(result.frame.index)
        if len(self.written) == self.error_after:
            self.error = RecordingError("the disk is full")

    def close(self):
        self.closed += 1
        if self.close_error:
            raise self.close_error
