"""The instrument: what it measures on planted parts, and what it says of planted figures."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
from driven import PlantedTracker
from tiny_actor import tiny_actor

from puppet import cli
from puppet.actor.runtime import Actor, load_actor
from puppet.commands import bench, doctor
from puppet.core.types import Image
from puppet.face import tracking

FIGURES = {
    "fps": 50.0,
    "latency_ms": {"p50": 20.0, "p95": 30.0, "p99": 40.0},
    "stage_ms": {name: {"p50": ms, "p95": ms, "p99": ms} for name, ms in (("track", 8.0), ("decode", 9.0))},
    "drops": 0,
    "memory_mb": {"start": 300.0, "end": 310.0, "most": 320.0},
    "cpu": 0.5,
    "cpu_free": 0.9,
    "actor": "Mia",
    "actors": 1,
    "provider": "CPU",
}


@pytest.fixture
def actor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Actor:
    monkeypatch.setattr(tracking, "FaceMeshTracker", PlantedTracker)
    return load_actor(tiny_actor(tmp_path / "Mia.actor"), "cpu")


def clip(frames: int) -> list[Image]:
    return [np.full((48, 64, 3), i, np.uint8) for i in range(frames)]


def test_frames_from_memory_go_forwards_and_backwards_as_they_are_asked_for() -> None:
    source = bench.MemorySource(clip(3), fps=None)
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
    source = bench.MemorySource(clip(2), fps=100.0)
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
    source = bench.MemorySource(pictures, None, white)
    source.open()
    frame = source.read()
    source.close()
    assert frame is not None
    assert (frame.image == 255).all()
    assert (pictures[0] == 0).all()


def test_percentiles_are_those_of_the_values() -> None:
    assert bench.percentiles(range(101)) == {"p50": 50.0, "p95": 95.0, "p99": 99.0}
    assert bench.percentiles([]) == {"p50": 0.0, "p95": 0.0, "p99": 0.0}


def test_the_clip_has_the_cameras_size() -> None:
    images, took = bench.read_clip((320, 180))
    assert {image.shape for image in images} == {(180, 320, 3)}
    assert len(images) == bench.CLIP_FRAMES
    assert 0 < took["p50"] <= took["p95"]


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        ({"track": 20.0, "decode": 9.0}, "tracking thread is the bottleneck (20.0 ms a frame), and in it track (20.0"),
        (
            {"track": 8.0, "decode": 6.0, "compose": 7.0},
            "acting thread is the bottleneck (13.0 ms a frame), and in it compo",
        ),
    ],
)
def test_the_verdict_names_the_busiest_thread_and_its_dearest_stage(stages: dict[str, float], said: str) -> None:
    figures = FIGURES | {"stage_ms": {name: {"p50": ms} for name, ms in stages.items()}}
    assert said in bench.verdict(figures)
    assert "50 frames a second" in bench.verdict(figures)


def test_every_figure_that_the_issue_asks_for_is_measured(
    actor: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "has_display", lambda: False)
    monkeypatch.setattr(bench, "WARM_UP", 0.1)
    out = tmp_path / "now.json"
    words = ["bench", "--actor", str(tmp_path / "Mia.actor"), "--seconds", "1", "--size", "160x120", "--json", str(out)]
    assert cli.main([*words, "--provider", "cpu"]) == 0
    figures = json.loads(out.read_text())
    wanted = {"fps", "latency_ms", "stage_ms", "drops", "memory_mb", "provider", "versions", "verdict", "machine"}
    assert wanted <= set(figures)
    stages = ["capture", "convert", "track", "retarget", "align", "encode", "decode", "compose"]
    assert list(figures["stage_ms"]) == stages
    assert figures["fps"] > 0
    assert figures["faces"] == 1
    assert figures["provider"] == "CPU"
    assert figures["source_size"] == [160, 120]
    assert figures["latency_to"] == "result"
    assert 0 < figures["latency_ms"]["p50"] <= figures["latency_ms"]["p99"]
    assert 10 < figures["memory_mb"]["start"] <= figures["memory_mb"]["most"]
    assert figures["actors"] == 1
    assert figures["versions"]["numpy"] == np.__version__
    said = capsys.readouterr().out
    assert figures["verdict"] in said
    assert "live: from capture to result" in said


def test_the_real_window_is_timed_to_its_paint_and_to_a_flash(
    actor: Actor, qapp, monkeypatch: pytest.MonkeyPatch
) -> None:
    from puppet.commands import window

    monkeypatch.setattr(bench, "WARM_UP", 0.3)
    figures = window.bench_in_window(actor, clip(4), 3.0, flash=True)
    assert figures["latency_to"] == "paint"
    assert 0 < figures["paint_ms"]["p50"] < figures["latency_ms"]["p50"]
    assert figures["flash_ms"]["p50"] > 0
    assert figures["live_fps"] > 0


def test_a_comparison_gives_ratios_and_says_what_is_not_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    one.write_text(json.dumps(FIGURES))
    two.write_text(json.dumps(FIGURES | {"fps": 75.0, "actor": "Ada"}))
    assert cli.main(["bench", "--compare", str(one), str(two)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines if line.startswith("fps")] == [["fps", "50.00", "75.00", "1.50"]]
    assert "not the same actor: Mia and Ada" in lines


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"fps": "fast"}'])
def test_a_file_that_is_no_measurement_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    path = tmp_path / "other.json"
    path.write_text(content)
    assert cli.main(["bench", "--compare", str(path), str(path)]) == 2
    assert "other.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["--size", "big"], ["--size", "10x10"], ["--seconds", "0"], ["--seconds", "x"], ["--compare", "one.json"]]
)
def test_senseless_wishes_are_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["bench", *words])


def test_several_actors_are_decoded_for_every_frame(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "WARM_UP", 0.1)
    decoded = []
    decode = Actor.decode
    monkeypatch.setattr(Actor, "decode", lambda self, latent: decoded.append(self) or decode(self, latent))
    figures = bench.free_run(actor, clip(4), 1, [actor, actor])
    assert figures["fps"] > 0
    assert len(decoded) >= 3 * figures["fps"] * 0.9


def test_a_flash_needs_a_screen(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "has_display", lambda: False)
    with pytest.raises(bench.PuppetError, match="--flash"):
        bench.live_run(actor, clip(2), 1, flash=True)
