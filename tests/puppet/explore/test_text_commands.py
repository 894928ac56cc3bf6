"""Typed commands are understood; other text is refused with the way to type it."""

from __future__ import annotations

import pytest

from puppet.core.errors import PuppetError
from puppet.explore.text_commands import COMMANDS, Command, parse_command


def test_commands_as_they_are_typed():
    assert parse_command(" D 3, 12 ") == Command("d", (3, 12))
    assert parse_command("b big smile") == Command("b", name="big smile")
    assert parse_command("r") == Command("r")
    assert {parse_command(key).key for key in COMMANDS if key not in "dbg"} == set(COMMANDS) - set("dbg")


@pytest.mark.parametrize(
    ("text", "why"),
    [("d 1", "two numbers"), ("d a b", "two numbers"), ("d 1 2 3", "two numbers"), ("g", "a name after it"),
     ("x", "no command 'x'"), ("", "no command"), ("q now", "stands alone")],
)  # fmt: skip
def test_other_text_is_told_how_to_be_typed(text, why):
    with pytest.raises(PuppetError, match=why):
        parse_command(text)
