"""JSON from outside: values, or a ValueError with one line."""

from __future__ import annotations

import pytest
from hostile_inputs import BAD_TEXTS

from puppet.parsing.plain_json import check_shown, parse_json


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"{", b"\xff\xfe", b"[" * 200_000, b'{"a":' * 200_000, b"[" * 50 + b"]" * 50, b'{"a":1,"a":2}', b"nan"),
        *(b"NaN", b"[Infinity]", b"-Infinity", b"1e999", b"9" * 400, b"-" + b"9" * 30, b"1." + b"0" * 5000, b"[1,]"),
    ],
)
def test_json_that_is_none_is_a_value_error(text):
    with pytest.raises(ValueError, match=r".") as caught:
        parse_json(text)
    assert isinstance(caught.value, ValueError)
    assert len(str(caught.value)) < 200


def test_json_may_have_figures_that_are_none_where_that_is_asked_for():
    odd = parse_json("[NaN, 1e999, -Infinity, 3, 0.5, %s]" % ("9" * 400), finite=False)
    assert [number if number == number else None for number in odd] == [None, None, None, 3, 0.5, None]


def test_facts_are_shown_or_refused():
    check_shown({"a": [1, 2.5, None, True, "two\nlines"]})
    deep: list = []
    for _ in range(30):
        deep = [deep]
    for bad in (*BAD_TEXTS.values(), 1e16, -(10**17), float("nan"), float("inf"), "x" * 3000, deep, {"x" * 300: 1}):
        for value in ({"a": bad}, {"a": [[bad]]}, *([{bad: 1}] if isinstance(bad, str) else [])):
            with pytest.raises(ValueError, match="cannot be shown|within|too deeply"):
                check_shown(value)
