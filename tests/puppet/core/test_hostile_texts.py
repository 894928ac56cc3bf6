"""Texts from outside: every script can be shown; control characters and too long texts are refused."""

from __future__ import annotations

import pytest
from hostile_inputs import BAD_TEXTS

from puppet.actor.library import checked_name
from puppet.core.errors import ActorFileError
from puppet.core.texts import checked, is_file_name, is_plain, one_line


@pytest.mark.parametrize("text", BAD_TEXTS.values(), ids=BAD_TEXTS)
def test_texts_that_cannot_be_shown_are_refused_and_shown_without_what_is_wrong(text):
    assert not is_plain(text)
    assert not is_plain(text, lines=True)
    with pytest.raises(ValueError, match="cannot be shown"):
        checked(text, 100)
    shown = one_line(text)
    assert is_plain(shown)
    assert shown.startswith("a")
    shown.encode()


@pytest.mark.parametrize(
    "text",
    ["Ada", "Zoë", "عائشة", "می\u200cخواهم", "👩\u200d💻", "東京\u3000駅", "n\u0303", "a\u00a0b", "<b>&lt;", "½ €"],
)
def test_every_script_is_fine(text):
    assert checked(text, 20) == text
    assert one_line(text) == text
    assert is_plain(f"{text}\n\t{text}", lines=True)
    assert not is_plain(f"{text}\n{text}")


@pytest.mark.parametrize("text", ["", "  ", "\u00a0", "\u200d", "\u3164", "x" * 21, None, 3])
def test_nothing_and_too_much_are_refused(text):
    with pytest.raises(ValueError, match="1 to 20 characters"):
        checked(text, 20)


@pytest.mark.parametrize(
    "name", ["CON", "nul", "Lpt1", "aux.b", "com1 .x", "a.", "a. ", ".a", "a/b", "a\\b", "a:b", "", "a\nb"]
)
def test_names_that_cannot_be_a_files_everywhere(name):
    assert not is_file_name(name)
    if name.strip() == name:
        with pytest.raises(ActorFileError, match="1 to 60 characters"):
            checked_name(name)


def test_names_that_look_like_reserved_ones_are_fine():
    assert all(map(is_file_name, ("Console", "Com10x", "nullpunkt", "J. R.R", "a b")))


def test_one_line_is_short():
    assert one_line("x" * 300) == "x" * 199 + "…"
    assert one_line("a\nb\tc") == "a b c"
