"""What is measured on planted sources and actors."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from tiny_actor import tiny_actor

from puppet.actor.runtime import Actor, load_actor
from puppet.commands import bench_measure
from puppet.core.types import Image, Latent


def clip(frames: int) -> list[Image]:
    return [np.full((48, 64, 3), i, np.uint8) for i in range(frames)]


def test_frames_from_memory_go_forwards_and_backwards_as_they_are_asked_for() -> None:
    source = bench_measure.MemorySource(clip(3), fps=None)
    source.open()
    shown = []
    for _ in range(6):
        source.tickets.release()
        frame = source.read()
        assert frame is not None
        shown.append((frame.index, int(frame.image[0, 0, 0])))
    assert shown == [(0, 0), (1, 1), (2, 2), (3, 1), (4, 0), (5, 1)]
    source.close()
    assert source.read() is None


def test_a_live_source_stamps_frames_when_they_come_and_keeps_its_rate() -> None:
    source = bench_measure.MemorySource(clip(2), fps=100.0)
    source.open()
    frames = [source.read() for _ in range(5)]
    source.close()
    times = [frame.captured_at for frame in frames if frame is not None]
    assert times[-1] - times[0] >= 0.039  # never early; how late is the machine's affair
    assert all(at <= time.perf_counter() for at in times)


def test_what_is_painted_over_frames_leaves_the_clip_alone() -> None:
    def white(image: Image, index: int, captured_at: float) -> None:
        image[:] = 255

    pictures = clip(2)
    source = bench_measure.MemorySource(pictures, None, white)
    source.open()
    frame = source.read()
    source.close()
    assert frame is not None
    assert (frame.image == 255).all()
    assert (pictures[0] == 0).all()


def test_the_clip_has_the_cameras_size() -> None:
    images, took = bench_measure.read_clip((320, 180))
    assert {image.shape for image in images} == {(180, 320, 3)}
    assert len(images) == bench_measure.CLIP_FRAMES
    assert 0 < took["p50"] <= took["p95"]


def test_several_actors_are_decoded_for_every_frame(loaded_actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_measure, "WARM_UP", 0.1)
    decoded = []
    decode = Actor.decode
    monkeypatch.setattr(Actor, "decode", lambda self, *given: decoded.append(self) or decode(self, *given))
    figures = bench_measure.free_run(loaded_actor, clip(4), 1, [loaded_actor, loaded_actor])
    assert figures["fps"] > 0
    assert len(decoded) >= 3 * figures["fps"] * 0.9


def test_network_and_mesh_are_timed_apart() -> None:
    class Slow:
        """Takes 20 ms for the network, and 5 ms for the mesh."""

        def parts(self, latent: Latent) -> tuple[Image, np.ndarray]:
            time.sleep(0.02)
            return np.zeros((1, 1, 3), np.uint8), latent.values

        def draw(self, painted: Image, points: np.ndarray) -> None:
            assert points.shape == (4,)
            time.sleep(0.005)

    latents = [Latent(np.zeros(4, np.float32))] * 3
    found = bench_measure.decode_parts(Slow(), latents)  # pyright: ignore[reportArgumentType]
    assert list(found) == ["network", "mesh"]
    assert found["network"]["p50"] >= 20
    assert 5 <= found["mesh"]["p50"] < found["network"]["p50"]


def test_an_actor_that_gives_whole_pictures_has_no_parts(tmp_path: Path) -> None:
    actor = load_actor(tiny_actor(tmp_path / "Kim.actor", "image"), "cpu")
    assert bench_measure.decode_parts(actor, [Latent(actor.latents.mean)]) == {}
