"""A gate in front of a sink: only so many results pass, and only those that show the actor."""

from __future__ import annotations

from engine_fakes import FakeSink
from video_fixtures import numbered, played, result_of

from puppet.output.gate import ResultGate


def test_only_results_of_the_actor_pass_and_only_so_many() -> None:
    inner = FakeSink()
    gate = ResultGate(4, inner)
    gate.write(result_of(numbered(0)))  # without an actor
    assert (gate.count, gate.full) == (0, False)
    for number in range(1, 9):
        gate.write(played(number, number / 30))
    assert inner.written == [1, 2, 3, 4]
    assert (gate.count, gate.full) == (4, True)
    gate.close()
    assert inner.closed == 1


def test_without_an_actor_results_pass_where_that_is_asked() -> None:
    inner = FakeSink()
    gate = ResultGate(2, inner, actor_only=False)
    for number in range(3):
        gate.write(result_of(numbered(number), number))
    assert inner.written == [0, 1]
    endless = ResultGate(None, inner)
    assert not endless.full
    assert endless.error is inner.error


def test_without_a_sink_results_are_counted() -> None:
    gate = ResultGate(1)
    gate.write(played(0, 0.0))
    assert gate.full
    assert gate.error is None
    gate.close()
