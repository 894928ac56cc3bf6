"""The steps in which an actor is made."""

from __future__ import annotations

import pytest

from puppet.gui.actors.step_list import time_left


@pytest.mark.parametrize(
    ("seconds", "words"), [(10, "less than a minute left"), (900, "15 min left"), (3720, "1 h 2 min left")]
)
def test_time_left_in_words(seconds, words):
    assert time_left(seconds) == words
