"""Errors that say what to do."""

from __future__ import annotations

import pytest

from puppet.core.errors import AdvisedError


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ((), "There is no sound"),
        (("install it",), "There is no sound: install it"),
        (("install it", "start it"), "There is no sound. 1. install it   2. start it"),
    ],
)
def test_steps_are_in_the_one_line_that_commands_print(steps, text):
    error = AdvisedError("There is no sound", steps)
    assert str(error) == text
    assert (error.words, error.steps) == ("There is no sound", steps)
