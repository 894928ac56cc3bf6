"""What is behind an actor's person: its own background, blurred or not, a colour, a picture, or nothing."""

from __future__ import annotations

import os.path
import re
from dataclasses import dataclass
from enum import Enum

from puppet.core.options import TextOption

Colour = tuple[int, int, int]  # red, green, blue: 0 .. 255

COLOURS: dict[str, Colour] = {  # that have a name
    "green": (0, 255, 0),  # what programs that cut a person out look for unless they are told otherwise
    "blue": (0, 0, 255),
    "black": (0, 0, 0),
    "white": (255, 255, 255),
}
GREEN = COLOURS["green"]


class BackgroundKind(Enum):
    """What kind of background it is. The value is the word of settings and command line, where there is one."""

    OWN = "own"
    BLURRED = "blur"
    TRANSPARENT = "transparent"
    COLOUR = "colour"
    PICTURE = "picture"


WORDS = {kind.value: kind for kind in (BackgroundKind.OWN, BackgroundKind.BLURRED, BackgroundKind.TRANSPARENT)}


@dataclass(frozen=True)
class Background:
    """What is wanted behind the person. colour: of a COLOUR. picture: path of a PICTURE."""

    kind: BackgroundKind = BackgroundKind.OWN
    colour: Colour = GREEN
    picture: str = ""

    @property
    def transparent(self) -> bool:
        """Whether nothing is behind the person."""
        return self.kind is BackgroundKind.TRANSPARENT

    @property
    def text(self) -> str:
        """The text that `parse_background` reads as this."""
        if self.kind is BackgroundKind.COLOUR:
            named = next((name for name, colour in COLOURS.items() if colour == self.colour), "")
            return named or "#{:02x}{:02x}{:02x}".format(*self.colour)
        if self.kind is BackgroundKind.PICTURE:
            taken = self.picture.startswith("#") or self.picture.lower() in (*WORDS, *COLOURS)
            return os.path.join(".", self.picture) if taken else self.picture
        return self.kind.value


def parse_background(text: str) -> Background:
    """A word, a colour, or the path of a picture, which is not looked at. Raises ValueError, in words for the user."""
    word = text.strip().lower()
    if word in WORDS:
        return Background(WORDS[word])
    if word in COLOURS:
        return Background(BackgroundKind.COLOUR, COLOURS[word])
    if word.startswith("#"):
        if not re.fullmatch("#[0-9a-f]{6}", word):
            raise ValueError(f"{text!r} is no colour like #1e90ff; a picture of that name is ./{text}")
        return Background(BackgroundKind.COLOUR, (int(word[1:3], 16), int(word[3:5], 16), int(word[5:], 16)))
    if not word or "\0" in text:
        raise ValueError(f"{text!r} is no background; there are {CHOICES}")
    return Background(BackgroundKind.PICTURE, picture=text)


CHOICES = f"{', '.join(WORDS)}, {', '.join(COLOURS)}, #rrggbb or a picture's file"
BACKGROUND = TextOption(
    "background",
    BackgroundKind.OWN.value,
    parse_background,
    f"what is behind the actor, where it has layers: {CHOICES}",
    "BACKGROUND",
)
