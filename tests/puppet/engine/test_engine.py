"""The engine with planted sources and puppeteers: what goes in must come out, and every way to fail must show."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from engine_fakes import FakeActor, FakePuppeteer, FakeSink, FakeSource, endless, eventually, frame
from engine_fixtures import messages

from puppet.core.errors import ActorFileError, RecordingError, SourceError
from puppet.engine.inference import FAILURES_IN_A_ROW
from puppet.engine.options import StepOptions
from puppet.engine.status import Origin, Phase


def test_a_file_runs_to_its_end_and_the_last_result_stays(build):
    gate = threading.Event()

    def last():
        gate.wait(10)
        return frame(2)

    engine = build(FakeSource("clip.mp4", [frame(0), last]))
    assert engine.status().phase is Phase.STOPPED
    engine.start("clip.mp4")
    assert engine.results.take(10).frame.index == 0
    assert engine.status().phase is Phase.RUNNING
    gate.set()
    assert eventually(lambda: engine.status().phase is Phase.ENDED)
    assert engine.results.take(10).frame.index == 2
    status = engine.status()
    assert (status.source, status.source_live, status.results, status.frames_read) == ("clip.mp4", False, 2, 2)
    assert status.problems == ()
    assert status.stages["decode"]["p50"] == 2.0
    assert status.latency_ms > 0


def test_the_puppeteer_lives_in_one_thread(build):
    engine = build(endless())
    engine.start("0")
    assert engine.results.take(10)
    engine.stop()
    (puppeteer,) = engine.made
    assert puppeteer.stepped_in == {puppeteer.made_in} == {puppeteer.closed_in}
    assert puppeteer.made_in != threading.get_ident()


def test_newest_wins_and_the_rest_is_counted(build):
    stepping, release = threading.Event(), threading.Event()

    def second():
        stepping.wait(10)
        return frame(1)

    class Slow(FakePuppeteer):
        def track(self, frame):
            stepping.set()
            release.wait(10)
            return super().track(frame)

    engine = build(FakeSource("clip", [frame(0), second, *map(frame, range(2, 50))]), puppeteer=Slow)
    engine.start("clip")
    assert eventually(lambda: engine.status().phase is Phase.ENDED)
    release.set()
    assert eventually(lambda: engine.made[0].seen[-1:] == [49])
    status = engine.status()
    assert engine.made[0].seen == [0, 49]
    assert status.dropped == 48


def test_a_live_source_that_fails_three_times_comes_back(build):
    gone = [SourceError("Camera is unplugged", "unplugged"), SourceError("Camera is busy", "busy")]
    engine = build(
        FakeSource("cam", [frame(1), gone[0]], live=True),
        FakeSource("cam", open_error=gone[1], live=True),
        SourceError("Camera is unplugged", "absent"),  # while it is away even its name is unknown
        endless("cam", 100),
    )
    seen_phases, told = set(), set()

    def watch():
        status = engine.status()
        seen_phases.add(status.phase)
        told.update(problem.message for problem in status.problems)
        result = engine.results.poll()
        return result is not None and result.frame.index >= 100

    engine.start("cam")
    assert eventually(watch)
    assert eventually(lambda: engine.status().phase is Phase.RUNNING)
    assert eventually(lambda: engine.status().problems == ())  # all is well again, so nothing stands
    assert told <= {"Camera is unplugged", "Camera is busy"}
    assert len(engine.made) == 1  # inference went on


def test_while_a_live_source_is_away_the_status_says_so_once(build):
    away = SourceError("Camera 0 is not there", "absent")
    engine = build(*(FakeSource("cam", open_error=away, live=True) for _ in range(100)), endless())
    engine.start("cam")
    assert eventually(lambda: engine.status().phase is Phase.RECONNECTING)
    assert eventually(lambda: messages(engine) == ["Camera 0 is not there"])
    first = engine.status().problems
    assert eventually(lambda: len(engine.opened) > 5)
    assert engine.status().problems in (first, ())
    assert eventually(lambda: engine.status().phase is Phase.RUNNING)


def test_a_stream_that_ends_is_opened_again(build):
    engine = build(FakeSource("http://phone", [frame(0)], live=True), endless("http://phone"))
    engine.start("http://phone")
    assert eventually(lambda: len(engine.opened) == 2 and engine.status().phase is Phase.RUNNING)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (SourceError("No camera is called 'nosuch'", "absent"), "No camera is called 'nosuch'"),
        (FakeSource(open_error=SourceError("notes.mp4 is no video", "unreadable")), "notes.mp4 is no video"),
        (FakeSource(script=[SourceError("clip.mp4 is damaged", "unreadable")]), "clip.mp4 is damaged"),
        (FakeSource(script=[KeyError("bug")]), "Reading fake failed unexpectedly (KeyError: 'bug')"),
    ],
    ids=["unknown", "at open", "at read", "bug"],
)
def test_a_source_that_cannot_work_fails_with_its_reason(build, source, message):
    engine = build(source, endless())
    engine.start("x")
    assert eventually(lambda: messages(engine) == [message])
    assert engine.status().phase is Phase.FAILED
    assert engine.status().error == engine.status().problems[0].message
    assert engine.status().problems[0].origin is Origin.SOURCE
    engine.set_source("another")  # and another one works
    assert engine.results.take(10)
    assert eventually(lambda: engine.status().phase is Phase.RUNNING)
    assert engine.status().problems == ()


def test_changing_the_source_leaves_no_thread_and_opens_one_at_a_time(build):
    sources = [endless(f"cam {n}", 1000 * n) for n in range(6)]
    for before, after in zip(sources, sources[1:], strict=False):

        def opened(before=before, after=after):
            after.opened_while_another = not before.closed.is_set()

        after.open = opened
    engine = build(*sources)
    engine.start("0")
    for n in range(1, 6):
        engine.set_source(str(n))
        assert eventually(lambda n=n: engine.status().source == f"cam {n}" and engine.status().frames_read > 0)
    assert eventually(lambda: (r := engine.results.poll()) is not None and r.frame.index >= 5000)
    assert eventually(lambda: sum(t.name.startswith("capture") for t in threading.enumerate()) == 1)
    assert not any(source.opened_while_another for source in sources)
    assert len(engine.made) == 1


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


def test_a_blocked_read_does_not_block_stop(build):
    hang = threading.Event()
    source = FakeSource("stuck", [hang.wait], live=True)
    engine = build(source)
    engine.start("stuck")
    assert eventually(lambda: engine.status().source == "stuck")
    problems = engine.stop()
    assert problems == ["stuck does not answer and was left behind."]
    assert source.closed.is_set()  # that was tried
    assert engine.stop() == []
    hang.set()


def test_closing_wakes_a_read_that_can_be_woken(build):
    source = FakeSource("sleepy", live=True)
    source.script = iter([lambda: source.closed.wait(10) and None])
    engine = build(source)
    engine.start("sleepy")
    assert eventually(lambda: engine.status().source == "sleepy")
    assert engine.stop() == []


def test_a_failing_step_is_reported_and_the_next_one_goes_on(build):
    handled = threading.Event()

    class Hiccup(FakePuppeteer):
        def track(self, frame):
            handled.set()
            if frame.index == 0:
                raise ValueError("planted")
            return super().track(frame)

    def after_the_first():
        handled.wait(10)
        return frame(1)

    engine = build(FakeSource("clip", [frame(0), after_the_first]), puppeteer=Hiccup)
    engine.start("clip")
    assert engine.results.take(10).frame.index == 1
    assert messages(engine) == ["Tracking failed unexpectedly (ValueError: planted)"]
    assert engine.status().phase is not Phase.FAILED


def test_steps_that_keep_failing_stop_with_failed_and_a_new_choice_revives(build):
    calls = []

    class Broken(FakePuppeteer):
        def track(self, frame):
            calls.append(frame.index)
            if self.actor is None:
                raise RuntimeError("no way")
            return super().track(frame)

    first = endless()
    engine = build(first, endless(), puppeteer=Broken)
    engine.start("0")
    assert eventually(lambda: engine.status().phase is Phase.FAILED)
    assert messages(engine) == ["Tracking failed unexpectedly (RuntimeError: no way)"]
    assert len(calls) == FAILURES_IN_A_ROW
    assert eventually(first.closed.is_set)
    assert eventually(lambda: engine.made[0].closed_in == engine.made[0].made_in)
    engine.set_actor(Path("marble.actor"))
    assert engine.results.take(10)
    assert engine.status().phase is Phase.RUNNING
    assert engine.status().problems == ()


def test_a_puppeteer_that_cannot_be_made_is_reported(build):
    def impossible():
        raise OSError("no model")

    engine = build(endless(), puppeteer=impossible)
    engine.start("0")
    assert eventually(lambda: messages(engine) == ["Tracking failed unexpectedly (OSError: no model)"])
    assert engine.status().phase is Phase.FAILED


def test_an_actor_loads_beside_the_preview_and_is_swapped_in(build):
    gate = threading.Event()

    def load(path):
        assert gate.wait(10)
        return FakeActor(path.stem)

    engine = build(endless(), load_actor=load)
    engine.start("0")
    engine.set_actor(Path("marble.actor"))
    assert engine.status().actor_loading == "marble"
    assert engine.status().actor is None
    engine.results.poll()
    assert engine.results.take(10)  # the preview does not wait
    assert engine.results.take(10)
    gate.set()
    assert eventually(lambda: engine.status().actor == "marble")
    assert engine.status().actor_loading is None
    assert engine.status().providers == ("CPUExecutionProvider",)
    assert engine.status().provider_notice == FakeActor.notice
    assert engine.made[0].actor.name == "marble"


def test_an_actor_loaded_before_the_start_is_used(build):
    engine = build(endless())
    engine.set_actor(Path("marble.actor"))
    assert eventually(lambda: engine.status().actor == "marble")
    engine.start("0")
    assert engine.results.take(10)
    assert engine.made[0].actor.name == "marble"


def test_a_bad_actor_leaves_the_old_one(build):
    def load(path):
        if path.stem == "bad":
            raise ActorFileError("bad.actor: digest does not match")
        return FakeActor(path.stem)

    engine = build(endless(), load_actor=load)
    engine.start("0")
    engine.set_actor(Path("good.actor"))
    assert eventually(lambda: engine.status().actor == "good")
    engine.set_actor(Path("bad.actor"))
    assert eventually(lambda: messages(engine) == ["bad.actor: digest does not match"])
    assert engine.status().actor == "good"
    assert engine.status().actor_loading is None
    engine.set_actor(Path("better.actor"))
    assert eventually(lambda: engine.status().actor == "better")
    assert engine.status().problems == ()


def test_the_actor_chosen_last_wins_however_long_the_first_takes(build):
    gate = threading.Event()

    def load(path):
        if path.stem == "slow":
            gate.wait(10)
        return FakeActor(path.stem)

    engine = build(endless(), load_actor=load)
    engine.start("0")
    engine.set_actor(Path("slow.actor"))
    engine.set_actor(Path("quick.actor"))
    assert eventually(lambda: engine.status().actor == "quick")
    gate.set()
    assert eventually(lambda: not any(t.name == "load actor" for t in threading.enumerate()))
    assert engine.status().actor == "quick"


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


def test_nothing_starts_after_stop(build):
    engine = build(endless())
    assert engine.stop() == []
    engine.start("0")
    engine.set_actor(Path("marble.actor"))
    assert engine.opened == []
    assert engine.status().phase is Phase.STOPPED


# --- two threads, two frames ---


def test_the_next_frame_is_tracked_while_one_is_acted(build):
    tracked_next, threads = threading.Event(), set()

    class Slow(FakePuppeteer):
        def track(self, frame):
            if self.seen:
                tracked_next.set()
            return super().track(frame)

        def act(self, tracked):
            threads.add(threading.get_ident())
            assert tracked_next.wait(10)
            return super().act(tracked)

    engine = build(endless(), puppeteer=Slow)
    engine.start("0")
    first, second = engine.results.take(10), engine.results.take(10)
    assert second.frame.index > first.frame.index
    assert threads.isdisjoint(engine.made[0].stepped_in)
    assert engine.stop() == []


def test_nothing_is_tracked_that_would_have_to_wait_behind_another(build):
    """At most one frame lies between tracking and acting, so that a slow actor never acts on old news."""
    acting, release = threading.Event(), threading.Event()

    class Stuck(FakePuppeteer):
        def act(self, tracked):
            acting.set()
            release.wait(10)
            return super().act(tracked)

    engine = build(endless(), puppeteer=Stuck)
    engine.start("0")
    assert acting.wait(10)
    assert eventually(lambda: len(engine.made[0].seen) == 2)
    threading.Event().wait(0.1)
    assert len(engine.made[0].seen) == 2
    release.set()
    assert eventually(lambda: len(engine.made[0].seen) > 4)
    assert engine.made[0].seen == sorted(engine.made[0].seen)


def test_an_act_that_keeps_failing_stops_with_failed(build):
    class Broken(FakePuppeteer):
        def act(self, tracked):
            raise RuntimeError("no way")

    engine = build(endless(), puppeteer=Broken)
    engine.start("0")
    assert eventually(lambda: engine.status().phase is Phase.FAILED)
    assert messages(engine) == ["Acting failed unexpectedly (RuntimeError: no way)"]
    assert eventually(lambda: engine.made[0].closed_in is not None)
    assert engine.made[0].closed_in == engine.made[0].made_in


def test_whoever_shows_results_is_told_of_each(build):
    told = []
    engine = build(FakeSource("clip", [frame(0)]))
    engine.on_result = lambda: told.append(engine.results.poll().frame.index)
    engine.start("clip")
    assert eventually(lambda: told)
    assert told == [0]


def test_others_play_beside_the_actor_and_a_broken_one_is_named(build):
    def load(path):
        if path.stem == "broken":
            raise ActorFileError("broken.actor: damaged")
        return FakeActor(path.stem)

    engine = build(endless(), load_actor=load)
    engine.start("0")
    engine.set_others([Path("ada.actor"), Path("broken.actor"), Path("marble.actor")])
    assert eventually(lambda: engine.status().others == ("ada", "marble"))
    assert messages(engine) == ["broken.actor: damaged"]
    assert eventually(lambda: [actor.name for actor in engine.made[0].others] == ["ada", "marble"])
    engine.set_others([])
    assert eventually(lambda: engine.status().others == ())
    assert messages(engine) == []
