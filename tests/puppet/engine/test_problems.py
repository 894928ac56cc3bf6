"""Problems stand until they are cleared, one of each origin."""

from __future__ import annotations

from puppet.core.errors import PuppetError
from puppet.engine.problems import Problems
from puppet.engine.status import Origin


def test_a_newer_problem_of_the_same_origin_takes_the_older_ones_place() -> None:
    problems = Problems()
    for message, origin in (("no camera", Origin.SOURCE), ("no disk", Origin.SINK), ("busy", Origin.SOURCE)):
        problems.report(PuppetError(message), origin)
    standing = problems.standing()
    assert [(one.message, one.origin) for one in standing] == [("no disk", Origin.SINK), ("busy", Origin.SOURCE)]
    assert standing[0].serial < standing[1].serial
    problems.clear(Origin.SINK)
    problems.clear(Origin.STEP)  # none there
    assert [one.message for one in problems.standing()] == ["busy"]


def test_the_log_has_each_problem_once_while_it_repeats(caplog) -> None:
    problems = Problems()
    for message in ("busy", "busy", "gone", "busy"):
        problems.report(PuppetError(message), Origin.SOURCE)
    assert caplog.messages == ["source: busy", "source: gone", "source: busy"]
