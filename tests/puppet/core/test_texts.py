"""Texts from outside: what is accepted, and one line of any text."""

from __future__ import annotations

import pytest

from puppet.core.texts import LONGEST_USER, cut_bytes, is_file_name, is_plain, is_seen, is_user_name, one_line


@pytest.mark.parametrize(
    ("text", "plain"),
    [("Zoë 🙂", True), ("a\tb", False), ("a\x1b[31m", False), ("\u202egpj.exe", False), ("\udce9", False), ("", True)],
)
def test_plain_texts_hold_nothing_that_hides_or_turns(text: str, plain: bool) -> None:
    assert is_plain(text) == plain


def test_lines_and_tabs_are_plain_where_they_are_allowed() -> None:
    assert is_plain("a\n\tb", lines=True)


def test_what_shows_nothing_is_not_seen() -> None:
    assert not is_seen(" \u200d\u3164")
    assert is_seen("\u3164a")


@pytest.mark.parametrize("text", ["", " Ada", "Ada ", "a\nb", "a" * (LONGEST_USER + 1)])
def test_these_are_no_users_names(text: str) -> None:
    assert not is_user_name(text)
    assert is_user_name("a" * LONGEST_USER)


@pytest.mark.parametrize("name", ["con", "a/b", ".a", "a.", "lpt1.txt", "a:b", " "])
def test_these_are_no_file_names_on_every_system(name: str) -> None:
    assert not is_file_name(name)
    assert is_file_name("marble 2")


def test_one_line_escapes_what_a_terminal_would_obey_and_cuts() -> None:
    assert one_line("a\x1b[31m\nb\udce9") == "a\\x1b[31m b\\udce9"
    assert one_line("x" * 9, 5) == "xxxx…"
    assert one_line("x" * 999, None) == "x" * 999


def test_bytes_are_cut_between_characters() -> None:
    assert cut_bytes("aé", 2) == "a"
