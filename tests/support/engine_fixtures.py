"""Makes engines of fakes and stops them."""

from __future__ import annotations

import threading

import pytest
from engine_fakes import FakeActor, FakePuppeteer, eventually

from puppet.engine.engine import Engine


@pytest.fixture
def build():
    """Makes engines and stops them; afterwards none of their threads may be left."""
    before = set(threading.enumerate())
    engines = []

    def make(*sources, puppeteer=FakePuppeteer, load_actor=lambda path: FakeActor(path.stem)):
        """sources: given out one after the other; an exception is raised instead."""
        waiting = iter(sources)
        opened, made = [], []

        def open_source(spec):
            source = next(waiting)
            if isinstance(source, Exception):
                raise source
            opened.append(spec)
            return source

        def make_puppeteer():
            made.append(puppeteer())
            return made[-1]

        engine = Engine(open_source, make_puppeteer, load_actor, reopen_delays=(0.001,))
        engine.opened, engine.made = opened, made  # pyright: ignore[reportAttributeAccessIssue]
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        engine.stop()
    assert eventually(lambda: set(threading.enumerate()) <= before), set(threading.enumerate()) - before


def messages(engine):
    """Without where the log is: tests/puppet/process/test_log.py."""
    return [problem.message.partition("; its log is ")[0] for problem in engine.status().problems]
