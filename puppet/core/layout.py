"""What a picture that leaves the program shows: driver, actor, or both side by side."""

from __future__ import annotations

from enum import Enum

from puppet.core.options import ChoiceOption


class Layout(Enum):
    """What the picture shows."""

    SIDE_BY_SIDE = "side-by-side"
    ACTOR = "actor"
    DRIVER = "driver"


SEPARATE = "separate"  # all three, each a file of its own
LAYOUT = ChoiceOption(
    "layout",
    Layout.SIDE_BY_SIDE.value,
    (*(layout.value for layout in Layout), SEPARATE),
    "what to show; separate: all three, each a file of its own",
)
INSET = "inset"  # of the window: the driver small in a corner of the actor's picture
WINDOW_LAYOUT = ChoiceOption(
    "layout",
    Layout.SIDE_BY_SIDE.value,
    (Layout.SIDE_BY_SIDE.value, INSET, Layout.ACTOR.value),
    "where the window's pictures are",
)


def layouts_of(choice: str) -> tuple[Layout, ...]:
    """The layouts that one of LAYOUT's choices stands for. Raises ValueError for anything else."""
    return tuple(Layout) if choice == SEPARATE else (Layout(choice),)
