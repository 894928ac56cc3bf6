"""How fast the live path is on this machine: `make bench`. Figures to read and compare, no limits to pass."""

from __future__ import annotations

from itertools import cycle

import numpy as np
import pytest

from puppet.actor.catalogue import DEFAULT_ACTOR, find_actor
from puppet.actor.runtime import Actor, load_actor
from puppet.core.types import POSE_SIZE, Drive, Frame
from puppet.engine.puppeteer import Puppeteer
from puppet.face.tracking import FaceMeshTracker
from puppet.sources.registry import DEMO_CLIP, open_source

FRAMES = 60


@pytest.fixture(scope="module")
def actor() -> Actor:
    return load_actor(find_actor(DEFAULT_ACTOR), provider="cpu")


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    """The first frames of the demo clip, decoded."""
    source = open_source(str(DEMO_CLIP), paced=False)
    source.open()
    try:
        return [frame for frame in (source.read() for _ in range(FRAMES)) if frame is not None]
    finally:
        source.close()


def test_track(benchmark, frames: list[Frame]) -> None:
    tracker = FaceMeshTracker()
    shown = cycle(frames)
    face = benchmark(lambda: tracker.track(next(shown)))
    tracker.close()
    assert face is not None


def test_encode(benchmark, actor: Actor) -> None:
    drive = Drive(actor.neutral, np.zeros(POSE_SIZE, np.float32), 0.0)
    assert len(benchmark(actor.encode, drive, None).values) == actor.card.latent_size


def test_decode(benchmark, actor: Actor) -> None:
    latent = actor.encode(Drive(actor.neutral, np.zeros(POSE_SIZE, np.float32), 0.0), None)
    side = actor.card.image_size
    assert benchmark(actor.decode, latent).image.shape == (side, side, 3)


def test_step(benchmark, actor: Actor, frames: list[Frame]) -> None:
    puppeteer = Puppeteer(FaceMeshTracker(), actor)
    clock = iter(range(10**9))
    shown = cycle(frames)

    def step():
        frame, tick = next(shown), next(clock)
        return puppeteer.step(Frame(frame.image, tick, tick / 30))

    result = benchmark(step)
    puppeteer.close()
    assert result.portrait is not None
