"""The commands that can be typed in the explorer: what there is, and what was typed. Stdlib only."""

from __future__ import annotations

from dataclasses import dataclass

from puppet.core.errors import PuppetError

COMMANDS = {  # name: how it is typed, what it does
    "d": ("d D1 D2", "the mouse moves directions D1 (to the right) and D2 (upwards)"),
    "r": ("r", "another random face"),
    "f": ("f", "freeze, or follow the mouse again"),
    "u": ("u", "undo"),
    "y": ("y", "redo what was undone"),
    "0": ("0", "back to the mean face"),
    "w": ("w", "start or end a random walk"),
    "b": ("b NAME", "bookmark this face"),
    "g": ("g NAME", "go to a bookmark"),
    "h": ("h", "show this list"),
    "q": ("q", "close the explorer"),
}


@dataclass(frozen=True)
class Command:
    """A command that was typed.

    key: of COMMANDS. numbers: of the directions for "d". name: of the bookmark for "b" and "g".
    """

    key: str
    numbers: tuple[int, ...] = ()
    name: str = ""


def parse_command(text: str) -> Command:
    """The command of a text. Raises PuppetError that says how it is typed."""
    key, _, rest = text.strip().partition(" ")
    key, rest = key.casefold(), rest.strip()
    if key not in COMMANDS:
        raise PuppetError(f"There is no command {key[:20]!r}; type h for the list")
    if key == "d":
        numbers = rest.replace(",", " ").split()
        if len(numbers) != 2 or not all(n.isdecimal() and len(n) < 6 for n in numbers):
            raise PuppetError("Type two numbers of directions, for example: d 0 1")
        return Command(key, tuple(int(n) for n in numbers))
    if key in "bg":
        if not rest:
            raise PuppetError(f"Type a name after it, for example: {key} smile")
        return Command(key, name=rest)
    if rest:
        raise PuppetError(f"{key} stands alone; type h for the list")
    return Command(key)
