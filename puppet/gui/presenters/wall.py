"""A wall of puppets: further actors that play the same face."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtGui import QIcon

from puppet.core.types import Result
from puppet.gui.kit.qimage import to_qimage
from puppet.gui.presenters.base import Area, Desk


class WallArea(Area):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._asked: list[str] = []
        desk.window.wall.chosen.connect(self._choose)

    def actors_listed(self, actors: dict[str, tuple[str, QIcon]]) -> None:
        there = [path for path in self.desk.settings.wall if path in actors]
        self.desk.window.wall.show_actors(actors, there)
        self._ask(there)

    def show_result(self, result: Result, again: bool) -> None:
        stage = self.desk.window.stage
        if not stage.isVisible():  # another page is in front; the last result is shown again afterwards
            return
        if len(stage.wall) != len(result.wall):
            stage.set_wall(len(result.wall))
        for pane, portrait in zip(stage.wall, result.wall, strict=True):
            pane.show_image(to_qimage(portrait.image, *pane.device_size))

    def _choose(self, paths: list[str]) -> None:
        self.desk.remember(wall=tuple(paths))
        self._ask(paths)

    def _ask(self, paths: list[str]) -> None:
        if paths != self._asked:
            self._asked = list(paths)
            self.desk.engine.set_others([Path(path) for path in paths])
