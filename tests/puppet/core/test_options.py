"""An option's declaration checks what is given for it."""

from __future__ import annotations

from dataclasses import dataclass, fields

import pytest

from puppet.core.options import ChoiceOption, NumberOption

LENGTH = NumberOption("clip_length", 10.0, 1, 60, "how much of the clip is read", unit="s")
SHAPE = ChoiceOption("shape", "round", ("round", "square"), "what is drawn")


@pytest.mark.parametrize(("text", "value"), [("1", 1.0), ("60", 60.0), ("2.5", 2.5), (" 3 ", 3.0)])
def test_a_number_within_the_range_is_taken(text: str, value: float) -> None:
    assert LENGTH.parse(text) == value


@pytest.mark.parametrize("text", ["0.99", "60.1", "nan", "inf", "-1", "long", ""])
def test_any_other_text_is_refused_with_the_range(text: str) -> None:
    with pytest.raises(ValueError, match=f"^'{text}' is not a number from 1 to 60 s$"):
        LENGTH.parse(text)


def test_flags_and_ranges_are_written_from_the_declaration() -> None:
    assert (LENGTH.flag, LENGTH.span, SHAPE.flag) == ("--clip-length", "1..60", "--shape")


def test_a_settings_field_has_the_default_and_what_is_allowed() -> None:
    @dataclass(frozen=True)
    class Chosen:
        clip_length: float = LENGTH.field()
        shape: str = SHAPE.field()

    assert Chosen() == Chosen(10.0, "round")
    length, shape = fields(Chosen)
    assert (length.metadata["range"], shape.metadata["choices"]) == ((1, 60), ("round", "square"))


def test_a_default_that_is_not_allowed_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="default 3"):
        NumberOption("gain", 3, 0, 2, "")
    with pytest.raises(ValueError, match="'oval'"):
        ChoiceOption("shape", "oval", ("round", "square"), "")
