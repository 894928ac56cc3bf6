"""Actors are loaded while the engine runs, and swapped in."""

from __future__ import annotations

import threading
from pathlib import Path

from engine_fakes import FakeActor, endless, eventually
from engine_fixtures import messages

from puppet.core.errors import ActorFileError


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
