"""From the time of day to the time within a take."""

from __future__ import annotations

from puppet.media.timeline import Timeline


def test_the_time_line_leaves_pauses_out() -> None:
    line = Timeline()
    line.pause(10.0)
    line.resume(14.0)
    line.pause(20.0)
    moments = {9.0: 9.0, 10.0: None, 13.9: None, 14.0: 10.0, 19.0: 15.0, 20.0: None, 99.0: None}
    assert {moment: line.place(moment) for moment in moments} == moments
    line.resume(21.0)
    assert line.place(22.0) == 17.0
