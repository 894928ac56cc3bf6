"""An actor that stalls: who is accused, and what goes on without it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import tiny_actor
from engine_fakes import FakeActor, FakePuppeteer, FakeSink, endless, eventually, frame
from engine_fixtures import messages
from planted_face import tracked

import puppet.actor.runtime
from puppet.actor.runtime import Actor, load_actor
from puppet.core.errors import ActorFailedError, ActorStalledError
from puppet.core.types import Latent
from puppet.engine import inference, watchdog
from puppet.engine.options import MorphInto, StepOptions
from puppet.engine.puppeteer import Puppeteer
from puppet.engine.status import Origin
from puppet.engine.watchdog import CHECK_EVERY, STALLED_AFTER, ActingSteps, Watchdog

MIA: Any = FakeActor("Mia")
LOOKS = round(STALLED_AFTER / CHECK_EVERY)


def accused_at(watchdog: Watchdog, looks) -> int | None:
    """Number of the look (seconds, call) that accuses."""
    return next((number for number, (now, call) in enumerate(looks) if watchdog.stalled(call, now)), None)


def test_one_call_that_takes_too_long_is_a_stall():
    assert accused_at(Watchdog(), ((CHECK_EVERY * n, (MIA, 5.0)) for n in range(100))) in (LOOKS, LOOKS + 1)


def test_many_calls_are_not_however_slow():
    """One after the other, each just under the limit."""
    calls = ((CHECK_EVERY * n, (MIA, 10.0 * (n // (LOOKS - 1)))) for n in range(200))
    assert accused_at(Watchdog(), calls) is None


@pytest.mark.parametrize("away", [5.0, 3600.0, 1e6])
def test_a_machine_that_slept_accuses_nobody(away):
    """Nor one so busy that the watchdog itself hardly runs."""
    dog = Watchdog()
    assert accused_at(dog, [(0.0, (MIA, 0.0)), (CHECK_EVERY, (MIA, 0.0)), (away, (MIA, 0.0))]) is None
    assert accused_at(dog, ((away + CHECK_EVERY * (n + 1), None) for n in range(100))) is None


def test_a_step_that_ended_meanwhile_is_not_given_up():
    acting = ActingSteps()
    assert acting.step((MIA,), lambda: acting.longest_call()) is not None
    assert acting.longest_call() is None
    assert not acting.abandon((MIA, 0.0))
    assert acting.step((MIA,), lambda: "goes on") == "goes on"


def test_what_a_replaced_thread_still_says_is_ignored():
    acting = ActingSteps()

    def stalls():
        waiting = acting.longest_call()
        assert waiting is not None
        assert acting.abandon(waiting)
        raise OSError("nobody is interested")

    assert acting.step((MIA,), stalls) is None


# --- in the engine ---


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(watchdog, "STALLED_AFTER", 0.4)
    monkeypatch.setattr(inference, "CHECK_EVERY", 0.05)


@pytest.fixture
def gate():
    """What stalls waits for it; open at the end, so that no thread is left."""
    event = threading.Event()
    yield event
    event.set()


def stalling(gate, name="stuck"):
    """A puppeteer that hangs while an actor of this name is on stage."""

    class Stalling(FakePuppeteer):
        def act(self, tracked):
            if self.actor is not None and name in (self.actor.name, *(other.name for other in self.others)):
                gate.wait(30)
            return super().act(tracked)

    return Stalling


def test_an_actor_that_stalls_is_dropped_and_the_take_goes_on(build, quick, gate):
    engine = build(endless(), puppeteer=stalling(gate))
    sink = FakeSink()
    engine.set_actor(Path("ada.actor"))
    assert eventually(lambda: engine.status().actor == "ada")
    engine.start("0")
    engine.add_sink(sink)
    assert eventually(lambda: len(sink.written) > 3)
    engine.set_actor(Path("stuck.actor"))
    assert eventually(lambda: any(p.origin is Origin.ACTOR for p in engine.status().problems))
    assert engine.status().actor == "ada"  # who played before
    (message,) = messages(engine)
    assert message.startswith("stuck took longer than 2 s for one picture")
    assert message.endswith("ada plays again")
    written = len(sink.written)
    assert eventually(lambda: len(sink.written) > written + 5)
    assert sink.written == sorted(sink.written)
    assert sink.closed == 0
    gate.set()  # the thread that was left behind wakes up, and nothing of it is written
    assert eventually(lambda: sum(t.name == "acting" for t in threading.enumerate()) == 1)
    assert sink.written == sorted(sink.written)
    engine.set_actor(Path("marble.actor"))
    assert eventually(lambda: engine.status().actor == "marble")
    assert messages(engine) == []


def test_an_actor_that_can_draw_nothing_is_dropped_and_the_take_goes_on(build):
    class Failing(FakePuppeteer):
        def act(self, tracked):
            if self.actor is not None and self.actor.name == "stuck":
                raise ActorFailedError("stuck cannot draw this (Div by zero); choose another actor", self.actor)
            return super().act(tracked)

    engine, sink = build(endless(), puppeteer=Failing), FakeSink()
    engine.set_actor(Path("ada.actor"))
    assert eventually(lambda: engine.status().actor == "ada")
    engine.start("0")
    engine.add_sink(sink)
    assert eventually(lambda: len(sink.written) > 3)
    engine.set_actor(Path("stuck.actor"))
    assert eventually(lambda: any(p.origin is Origin.ACTOR for p in engine.status().problems))
    assert engine.status().actor == "ada"
    (message,) = messages(engine)
    assert message == "stuck cannot draw this (Div by zero) and does not play any more; ada plays again"
    written = len(sink.written)
    assert eventually(lambda: len(sink.written) > written + 5)
    assert sink.closed == 0


def test_without_anybody_left_the_last_picture_stays(build, quick, gate):
    """A take of the actor must not show the driver instead."""
    frames = []

    class Sink(FakeSink):
        def write(self, result):
            super().write(result)
            frames.append(result.portrait)

    hang = threading.Event()

    class Later(FakePuppeteer):
        def act(self, tracked):
            if hang.is_set() and self.actor is not None:
                gate.wait(30)
            return super().act(tracked)

    engine = build(endless(), puppeteer=Later)
    engine.set_actor(Path("mia.actor"))
    assert eventually(lambda: engine.status().actor == "mia")
    engine.start("0")
    engine.add_sink(Sink())
    assert eventually(lambda: len(frames) > 3)
    hang.set()
    assert eventually(lambda: engine.status().actor is None)
    assert messages(engine)[0].endswith("choose another actor")
    reached = len(frames)
    assert eventually(lambda: len(frames) > reached + 5)
    assert all(portrait is not None for portrait in frames)


def test_an_actor_on_the_wall_that_stalls_leaves_the_others(build, quick, gate):
    class Busy(FakeActor):
        """Says since when it has been busy, as real ones do."""

        busy_since = None

    def load(path):
        return Busy(path.stem)

    class Wall(FakePuppeteer):
        def act(self, tracked):
            for other in self.others:
                if other.name == "stuck":
                    other.busy_since = 1.0
                    gate.wait(30)
            return super().act(tracked)

    engine = build(endless(), puppeteer=Wall, load_actor=load)
    engine.set_actor(Path("ada.actor"))
    engine.start("0")
    assert eventually(lambda: engine.status().actor == "ada")
    engine.set_others([Path("stuck.actor"), Path("marble.actor")])
    assert eventually(lambda: engine.status().others == ("marble",))
    assert engine.status().actor == "ada"
    assert [problem.origin for problem in engine.status().problems] == ["others"]
    made = engine.status().results
    assert eventually(lambda: engine.status().results > made + 5)


def test_a_step_without_an_actor_accuses_nobody(build, quick, gate):
    class Slow(FakePuppeteer):
        def act(self, tracked):
            gate.wait(1.0)
            return super().act(tracked)

    engine = build(endless(), puppeteer=Slow)
    engine.start("0")
    assert engine.results.take(10)
    assert messages(engine) == []


# --- with real actors ---


@pytest.fixture
def actors(tmp_path):
    return {
        name: load_actor(tiny_actor.tiny_actor(tmp_path / f"{name}.actor"), "cpu", threads=1) for name in ("Ada", "Mia")
    }


class Planted:
    faces_seen = 1

    def track(self, frame):
        return tracked(tiny_actor.neutral())

    def close(self):
        pass


def hangs(actor: Actor, gate: threading.Event, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """From the returned event on the actor's decoder never ends."""
    begin, decoder = threading.Event(), actor._decoder

    class Decoder:
        def run(self, *arguments):
            if begin.is_set():
                gate.wait(30)
            return decoder.run(*arguments)

    monkeypatch.setattr(actor, "_decoder", Decoder())
    return begin


def test_who_has_stalled_is_known_and_does_not_block_others(build, quick, gate, actors, monkeypatch):
    begin = hangs(actors["Mia"], gate, monkeypatch)
    engine = build(endless(), puppeteer=lambda: Puppeteer(Planted(), None), load_actor=lambda path: actors[path.stem])
    sink = FakeSink()
    engine.set_actor(Path("Ada.actor"))
    engine.start("0")
    assert eventually(lambda: engine.status().actor == "Ada")
    engine.set_actor(Path("Mia.actor"))
    assert eventually(lambda: engine.status().actor == "Mia")
    engine.add_sink(sink)
    assert eventually(lambda: len(sink.written) > 3)
    begin.set()
    assert eventually(lambda: engine.status().actor == "Ada")
    assert messages(engine)[0].startswith("Mia took longer")
    written = len(sink.written)
    assert eventually(lambda: len(sink.written) > written + 5)
    monkeypatch.setattr(puppet.actor.runtime, "PATIENCE", 0.1)
    with pytest.raises(ActorStalledError, match="Mia has not answered"):  # the explorer asks the same one
        actors["Mia"].decode(Latent(actors["Mia"].latents.mean))


def test_whom_an_actor_turns_into_may_stall_too(build, quick, gate, actors, monkeypatch):
    begin = hangs(actors["Mia"], gate, monkeypatch)
    engine = build(endless(), puppeteer=lambda: Puppeteer(Planted(), None), load_actor=lambda path: actors[path.stem])
    engine.set_options(StepOptions())
    engine.set_actor(Path("Ada.actor"))
    engine.start("0")
    assert eventually(lambda: engine.status().actor == "Ada")
    morph = StepOptions(morph=MorphInto(actors["Mia"], 0.5))
    engine.set_options(morph)
    begin.set()
    assert eventually(lambda: messages(engine))
    assert messages(engine)[0].startswith("Mia took longer")
    assert engine.status().actor == "Ada"
    assert engine.shown_actors == (actors["Ada"],)
    engine.set_options(morph)  # the window sends its own again with every change
    assert engine.shown_actors == (actors["Ada"],)
    made = engine.status().results
    assert eventually(lambda: engine.status().results > made + 5)


def test_an_abandoned_step_changes_nothing_any_more(actors, monkeypatch):
    """It wakes up after another thread has begun a step."""
    ada, mia = actors["Ada"], actors["Mia"]
    puppeteer, asked = Puppeteer(Planted(), ada), []
    puppeteer.others = (mia,)
    first, second = (puppeteer.track(frame(number)) for number in range(2))
    act, encode = puppeteer.act, ada.encode

    def stalls(drive, crop):
        monkeypatch.setattr(ada, "encode", encode)
        puppeteer.actor, puppeteer.others = mia, ()
        asked.append(act(second))
        return encode(drive, crop)

    monkeypatch.setattr(ada, "encode", stalls)
    with pytest.raises(RuntimeError, match="taken the place"):
        act(first)
    assert asked[0].portrait is not None
