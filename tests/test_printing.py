"""Names from outside on a terminal."""

from __future__ import annotations

import io
import os
import sys

import pytest

from puppet.printing import print_anything, printable


def test_what_would_harm_a_terminal_is_escaped_and_the_rest_is_not() -> None:
    assert printable("Jürgen 名前 👩‍🎤.mp4") == "Jürgen 名前 👩‍🎤.mp4"
    assert printable("a\nb\x1b[31m\x00\u202ecod.mp4") == "a\\x0ab\\x1b[31m\\x00\\u202ecod.mp4"
    assert printable(os.fsdecode(b"lat\xe9in")) == "lat\\udce9in" if sys.platform != "win32" else True


def test_stdout_takes_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii", write_through=True))
    print_anything()
    print("Jürgen", "lat\udce9in")
    assert raw.getvalue().split() == [b"J\\xfcrgen", b"lat\\udce9in"]
