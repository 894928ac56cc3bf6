"""Starting and stopping again and again keeps nothing: no object, no thread, no open file, and little memory."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import pytest

from puppet.engine.engine import Engine
from puppet.process import memory

ROOT = Path(__file__).resolve().parents[3]
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")

LOOP = """
import gc, os, sys, threading, weakref
from pathlib import Path
from puppet.actor.runtime import load_actor
from puppet.media.ffmpeg_arguments import RecordingSettings
from puppet.core.types import Frame
from puppet.commands.headless import Meter
from puppet.commands.services import build_engine_for
from puppet.output.recording_sink import RecorderSink
from puppet.sources.registry import open_source

folder, file, times = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
kept = []

def once(number):
    actor, meter = load_actor(file, "cpu"), Meter(4)
    engine = build_engine_for(actor, lambda spec: open_source(spec, paced=False, loop=True))
    take = RecorderSink(RecordingSettings(folder / f"{number}.mp4"))
    engine.set_actor(Path("tiny.actor"))
    engine.add_sink(take)
    engine.add_sink(meter)
    engine.start("demo")
    meter.reached.wait(60)
    kept.extend(map(weakref.ref, (actor, engine, take, take.recorder, engine._setup.puppeteer or engine, meter)))
    engine.stop()

def figures():
    gc.collect()
    frames = sum(isinstance(one, Frame) for one in gc.get_objects())
    rss = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS")) // 1024
    return [sum(one() is not None for one in kept), frames, threading.active_count(),
            len(os.listdir("/proc/self/fd")), rss]

for number in range(times):
    once(number)
    if number:
        print(*figures(), flush=True)
"""


@linux
def test_starts_and_stops_leave_nothing_behind(tmp_path: Path) -> None:
    """The first figures are taken when all libraries have been loaded."""
    from tiny_actor import tiny_actor

    done = subprocess.run(
        [sys.executable, "-c", LOOP, str(tmp_path), str(tiny_actor(tmp_path / "tiny.actor")), "17"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PUPPET_CONFIG_DIR": str(tmp_path / "own")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    before, *_, after = figures = [[int(word) for word in line.split()] for line in done.stdout.splitlines()]
    assert after[0] == before[0] == 0  # actors, engines, takes, recorders, puppeteers
    assert after[1] == before[1] == 0  # frames
    assert after[2:4] == before[2:4]  # threads, open files
    # MiB; the first rows are below the level at which it stays, and it varies by 40 from one time to the next
    settled, at_last = min(row[4] for row in figures[3:6]), min(row[4] for row in figures[-4:])
    assert at_last < settled + 50, figures  # without giving memory back it grew by 10 a time


def test_an_engine_gives_memory_back_when_it_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[bool] = []
    monkeypatch.setattr("puppet.engine.engine.give_back", lambda: called.append(True))
    engine = Engine(lambda spec: None, lambda: None, lambda path: None)  # pyright: ignore[reportArgumentType]
    engine.stop()
    assert called == [True]
    memory.give_back()  # whatever the system


def test_a_window_that_is_closed_is_let_go_of(qtbot) -> None:
    from PyQt6.QtCore import QCoreApplication, QEvent

    from puppet.gui.main_window import MainWindow

    def once() -> weakref.ref[MainWindow]:
        window = MainWindow()
        window.show()
        window.close()
        window.deleteLater()
        return weakref.ref(window)

    threads = threading.active_count()  # other tests may have left some that wait
    kept = [once() for _ in range(3)]

    def all_gone() -> bool:
        for _ in range(3):
            QCoreApplication.sendPostedEvents(None, 0)
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.collect()
        return not any(one() is not None for one in kept)

    qtbot.waitUntil(all_gone, timeout=10_000)
    assert threading.active_count() <= threads + 1
