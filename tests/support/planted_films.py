"""Planted alpha films beside planted footage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from planted_footage import HEIGHT, WIDTH, ClipSource, NoPerson, planted_tools, talking_clip

from models.data.tracking_pass import Tools
from puppet.core.types import Frame, Image


class FilmSource(ClipSource):
    """Plays `pictures`; `claimed` frames, as its file says."""

    def __init__(self, pictures: list[Image], name: str, claimed: int | None) -> None:
        self.pictures, self.name, self.frame_count, self.next = pictures, name, claimed, 0

    def read(self) -> Frame | None:
        if self.next >= len(self.pictures):
            return None
        frame = Frame(self.pictures[self.next], self.next, self.next / 25)
        self.next += 1
        return frame


def tools_with(films: dict[str, tuple[list[Image], int | None]], count: int = 12) -> Tools:
    """Footage is a clip of so many frames; films by their names."""
    plain = planted_tools(talking_clip(count))

    def open_source(spec: str):
        name = Path(spec).name
        return FilmSource(films[name][0], name, films[name][1]) if name in films else plain.open_source(spec)

    return Tools(open_source, plain.new_tracker, lambda crop, size: NoPerson())


def film(count: int, width: int = WIDTH, height: int = HEIGHT) -> list[Image]:
    return [np.zeros((height, width, 3), np.uint8) for _ in range(count)]
