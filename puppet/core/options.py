"""What an option of the program may be, declared once: name, default, range or choices, unit and help.

The command line, the settings file, the window's sliders and the engine read these declarations; none of them repeats a
limit or a default. Standard library only, so that `puppet --help` loads nothing heavy.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Value = TypeVar("Value", str, int)


@dataclass(frozen=True)
class NumberOption:
    """An option that is a number from `low` to `high`, both included.

    name: of the settings' field, with underscores. unit: "s", "px" ...; empty for a plain factor. help: a phrase that
    begins in lower case and has no period at its end.
    """

    name: str
    default: float
    low: float
    high: float
    help: str
    unit: str = ""

    def __post_init__(self) -> None:
        if not self.allows(self.default):
            raise ValueError(f"{self.name}: the default {self.default} lies outside {self.low} to {self.high}")

    @property
    def flag(self) -> str:
        """Its name on the command line: "--eyes-gain"."""
        return flag(self.name)

    @property
    def span(self) -> str:
        """The range for people: "0..2"."""
        return f"{self.low:g}..{self.high:g}"

    def allows(self, value: float) -> bool:
        """Whether the value lies in the range; NaN does not."""
        return self.low <= value <= self.high

    def parse(self, text: str) -> float:
        """Text from the command line -> value. Raises ValueError, whose message is for the user."""
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not self.allows(value):
            unit = f" {self.unit}" if self.unit else ""
            raise ValueError(f"{text!r} is not a number from {self.low:g} to {self.high:g}{unit}")
        return value

    def field(self) -> Any:
        """A field of a settings dataclass: the default, and the range that `puppet.settings` checks."""
        return dataclasses.field(default=self.default, metadata={"range": (self.low, self.high)})


@dataclass(frozen=True)
class ChoiceOption(Generic[Value]):
    """An option that is one of a few words or whole numbers. name, help, unit: as for `NumberOption`."""

    name: str
    default: Value
    choices: tuple[Value, ...]
    help: str
    unit: str = ""

    def __post_init__(self) -> None:
        if self.default not in self.choices:
            choices = ", ".join(map(str, self.choices))
            raise ValueError(f"{self.name}: the default {self.default!r} is none of {choices}")

    @property
    def flag(self) -> str:
        """Its name on the command line: "--provider"."""
        return flag(self.name)

    def field(self) -> Any:
        """A field of a settings dataclass: the default, and the choices that `puppet.settings` checks."""
        return dataclasses.field(default=self.default, metadata={"choices": self.choices})


@dataclass(frozen=True)
class TextOption:
    """An option that is a text with rules of its own; it may be the path of a file.

    parse: text -> value; raises ValueError, whose message is for the user. shown: its place holder in `--help`.
    name, help: as for `NumberOption`.
    """

    name: str
    default: str
    parse: Callable[[str], Any]
    help: str
    shown: str

    def __post_init__(self) -> None:
        self.parse(self.default)

    @property
    def flag(self) -> str:
        """Its name on the command line: "--background"."""
        return flag(self.name)

    def field(self) -> Any:
        """A field of a settings dataclass: the default, and the parser that `puppet.settings` checks with."""
        return dataclasses.field(default=self.default, metadata={"path": True, "parse": self.parse})


def flag(name: str) -> str:
    """A field's name -> its name on the command line: no_badge -> "--no-badge"."""
    return "--" + name.replace("_", "-")
