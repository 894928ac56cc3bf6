"""A bar on a terminal, lines in a log."""

from __future__ import annotations

import io

import pytest

from puppet.core.progress import _Log, _span, progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_lines_with_count_rate_and_time_left() -> None:
    now, out = [100.0], io.StringIO()
    log = _Log(60, "cutting", "frames", 0, out, clock=lambda: now[0])
    for _ in range(20):
        now[0] += 0.5
        log.update()
    log.note(loss=0.123456)
    log.finish()
    assert out.getvalue().splitlines() == [
        "cutting: 0/60 frames (0 %)",
        "cutting: 10/60 frames (16 %), 2.0/s, 0:25 left",
        "cutting: 20/60 frames (33 %), 2.0/s, 0:20 left",
        "cutting: 20/60 frames (33 %) in 0:10, loss 0.1235",
    ]


def test_what_was_done_before_counts_but_does_not_speed_up() -> None:
    now, out = [0.0], io.StringIO()
    log = _Log(1000, "training", "steps", 900, out, clock=lambda: now[0])
    now[0] = 10.0
    log.update(50)
    assert out.getvalue().splitlines()[-1] == "training: 950/1000 steps (95 %), 5.0/s, 0:10 left"


def test_without_a_total_there_is_no_time_left() -> None:
    out = io.StringIO()
    with progress(total=None, label="running", stream=out) as bar:
        bar.update(3)
    assert out.getvalue().splitlines()[0] == "running: 0 frames"
    assert out.getvalue().splitlines()[-1].startswith("running: 3 frames in ")


def test_an_error_still_ends_the_log_and_passes_through() -> None:
    out = io.StringIO()

    def work() -> None:
        with progress(total=9, label="cutting", stream=out) as bar:
            bar.update(4)
            raise ValueError("planted")

    with pytest.raises(ValueError, match="planted"):
        work()
    assert "cutting: 4/9 frames (44 %)" in out.getvalue().splitlines()[-1]


def test_a_terminal_gets_a_bar() -> None:
    out = Terminal()
    with progress(total=4, label="cutting", unit="frames", stream=out) as bar:
        bar.update(4)
        bar.note(loss=0.5)
    assert "4/4" in out.getvalue()
    assert "\r" in out.getvalue()


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (75, "1:15"), (3700, "1:01:40")])
def test_spans(seconds: float, text: str) -> None:
    assert _span(seconds) == text
