"""Results reach sinks and whoever shows them."""

from __future__ import annotations

from engine_fakes import FakeSink, FakeSource, endless, eventually, frame
from engine_fixtures import messages

from puppet.core.errors import RecordingError
from puppet.engine.status import Origin, Phase


def test_sinks_get_every_result_until_removed(build):
    stays, goes = FakeSink(), FakeSink()
    engine = build(endless())
    engine.add_sink(stays)
    engine.add_sink(goes)
    engine.start("0")
    assert eventually(lambda: len(goes.written) > 3)
    engine.remove_sink(goes)
    count = len(goes.written)
    reached = len(stays.written)
    assert eventually(lambda: len(stays.written) > reached + 3)
    assert len(goes.written) == count
    assert goes.closed == 0  # closing is for whoever took it back
    engine.stop()
    assert stays.closed == 1
    assert stays.written == engine.made[0].seen


def test_a_sink_that_gives_up_is_detached_closed_and_reported_once(build):
    bad, good = FakeSink(error_after=2), FakeSink()
    engine = build(endless())
    engine.add_sink(bad)
    engine.add_sink(good)
    engine.start("0")
    assert eventually(lambda: len(good.written) > 5)
    assert len(bad.written) == 2
    assert eventually(lambda: bad.closed == 1)
    assert messages(engine) == ["the disk is full"]
    assert engine.status().problems[0].origin is Origin.SINK
    assert engine.stop() == []  # said already


def test_stop_reports_sinks_that_fail_to_close_and_closes_the_others(build):
    bad, good = FakeSink(close_error=RecordingError("ffmpeg ended unexpectedly")), FakeSink()
    engine = build(endless())
    engine.add_sink(bad)
    engine.add_sink(good)
    engine.start("0")
    assert engine.results.take(10)
    assert engine.stop() == ["ffmpeg ended unexpectedly"]
    assert good.closed == 1
    assert engine.stop() == []
    assert engine.status().phase is Phase.STOPPED


def test_whoever_shows_results_is_told_of_each(build):
    told = []
    engine = build(FakeSource("clip", [frame(0)]))
    engine.on_result = lambda: told.append(engine.results.poll().frame.index)
    engine.start("clip")
    assert eventually(lambda: told)
    assert told == [0]
