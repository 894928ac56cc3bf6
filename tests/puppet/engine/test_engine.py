"""The engine with planted sources and puppeteers: what goes in must come out, and every way to fail must show."""

from __future__ import annotations

import threading
from pathlib import Path

from engine_fakes import FakeSource, endless, eventually, frame

from puppet.engine.options import StepOptions
from puppet.engine.status import Phase


def test_a_file_runs_to_its_end_and_the_last_result_stays(build):
    gate = threading.Event()

    def last():
        gate.wait(10)
        return frame(2)

    engine = build(FakeSource("clip.mp4", [frame(0), last]))
    assert engine.status().phase is Phase.STOPPED
    engine.start("clip.mp4")
    assert engine.results.take(10).frame.index == 0
    assert eventually(lambda: engine.status().phase is Phase.RUNNING)  # the capture thread says so after the frame
    gate.set()
    assert eventually(lambda: engine.status().phase is Phase.ENDED)
    assert engine.results.take(10).frame.index == 2
    status = engine.status()
    assert (status.source, status.source_live, status.results, status.frames_read) == ("clip.mp4", False, 2, 2)
    assert status.problems == ()
    assert status.stages["decode"]["p50"] == 2.0
    assert status.latency_ms > 0


def test_another_source_means_another_neutral(build):
    engine = build(endless(), endless(), endless(), endless())
    engine.start("a")
    assert engine.results.take(10)
    engine.capture_neutral()
    assert engine.status().neutral_captured
    engine.set_source("a")  # the same again: the same person
    assert engine.status().neutral_captured
    engine.set_source("a", changed=True)  # the same camera, but in other pixels
    assert not engine.status().neutral_captured
    engine.capture_neutral()
    engine.set_source("b")
    assert not engine.status().neutral_captured


def test_a_neutral_that_is_known_is_used_until_the_user_goes(build):
    known = object()
    engine = build(endless())
    engine.set_neutral(known)  # nobody is there yet: nothing happens
    engine.start("a")
    assert engine.results.take(10)
    assert not engine.status().neutral_captured
    engine.set_neutral(known)
    assert engine._setup.puppeteer.neutral is known
    assert engine.status().neutral_captured
    engine.forget_user()
    assert not engine.status().neutral_captured


def test_options_and_neutral_reach_the_puppeteer(build):
    engine = build(endless())
    before, after = StepOptions(smoothing=0.1), StepOptions(smoothing=0.9)
    engine.set_options(before)
    engine.start("0")
    assert engine.results.take(10)
    assert engine.made[0].options is before
    engine.set_options(after)
    assert engine.made[0].options is after
    engine.capture_neutral()
    assert engine.status().neutral_captured
    engine.reset_neutral()
    assert not engine.status().neutral_captured


def test_nothing_starts_after_stop(build):
    engine = build(endless())
    assert engine.stop() == []
    engine.start("0")
    engine.set_actor(Path("marble.actor"))
    assert engine.opened == []
    assert engine.status().phase is Phase.STOPPED
