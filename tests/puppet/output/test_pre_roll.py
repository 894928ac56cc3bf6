"""The last seconds of results, in bounded memory."""

from __future__ import annotations

import pytest
from planted_layers import transparent_result
from video_fixtures import played

from puppet.output.pre_roll import PreRoll


def test_the_last_seconds_are_kept_and_no_more() -> None:
    recent = PreRoll(2.0)
    for number in range(150):
        recent.write(played(number, number / 30))
    assert [result.frame.index for result in recent.last(9.0)] == list(range(89, 150))
    assert [result.frame.index for result in recent.last(0.11)] == [146, 147, 148, 149]
    assert recent.span == pytest.approx(2.0)
    recent.keep(0.5)
    assert recent.span == pytest.approx(0.5)
    recent.keep(9.0, spacing=0.06)
    for number in range(150, 160):
        recent.write(played(number, number / 30))
    assert [result.frame.index for result in recent.last(9.0)][-5:] == [151, 153, 155, 157, 159]


def test_the_person_alone_counts_in_what_is_kept() -> None:
    one = transparent_result(0)
    assert one.portrait is not None
    assert one.portrait.person is not None
    room = one.frame.image.nbytes + one.portrait.image.nbytes + one.portrait.person.nbytes
    recent = PreRoll(9.0, most_bytes=3 * room)
    for number in range(10):
        recent.write(transparent_result(number))
    assert [result.frame.index for result in recent.last(9.0)] == [7, 8, 9]


def test_for_clips_alone_large_pictures_are_kept_small_and_never_reach_a_take() -> None:
    recent = PreRoll(3.0)
    recent.keep(3.0, height=24)
    one = played(7, 0.0)
    recent.write(one)
    (kept,) = recent.last(3.0)
    tall, wide = one.frame.image.shape[:2]
    assert kept.frame.image.shape == (24, round(wide * 24 / tall), 3)
    assert (kept.frame.index, kept.frame.captured_at, kept.portrait) == (7, 0.0, one.portrait)
    recent.keep(3.0)
    assert recent.last(3.0) == ()
    recent.write(one)
    assert recent.last(3.0)[0].frame is one.frame


def test_memory_is_bounded_whatever_the_size_of_the_pictures() -> None:
    one = played(0, 0.0)
    assert one.portrait is not None
    size = one.frame.image.nbytes + one.portrait.image.nbytes
    recent = PreRoll(60.0, most_bytes=10 * size)
    for number in range(100):
        recent.write(played(number, number / 30))
    assert [result.frame.index for result in recent.last(60.0)] == list(range(90, 100))
    recent.close()
    assert recent.last(60.0) == ()
