"""The wall of puppets: further actors that show the same face beside the chosen one."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtGui import QIcon

from puppet.core.types import Result
from puppet.gui.kit.qimage import to_qimage
from puppet.gui.presenters.base import Presenter, WindowContext


class WallPresenter(Presenter):
    """Shows one pane for each further actor, and tells the engine which ones are wanted."""

    def __init__(self, context: WindowContext) -> None:
        super().__init__(context)
        self._asked: list[str] = []
        context.window.wall.chosen.connect(self._choose)

    def actors_listed(self, actors: dict[str, tuple[str, QIcon]]) -> None:
        there = [path for path in self.context.settings.wall if path in actors]
        self.context.window.wall.show_actors(actors, there)
        self._ask(there)

    def show_result(self, result: Result, again: bool) -> None:
        pictures = self.context.window.pictures
        if not pictures.isVisible():  # another page is in front; the last result is shown again afterwards
            return
        if len(pictures.wall) != len(result.wall):
            pictures.set_wall(len(result.wall))
        for pane, portrait in zip(pictures.wall, result.wall, strict=True):
            pane.show_image(to_qimage(portrait.image, *pane.device_size))

    def _choose(self, paths: list[str]) -> None:
        self.context.remember(wall=tuple(paths))
        self._ask(paths)

    def _ask(self, paths: list[str]) -> None:
        if paths != self._asked:
            self._asked = list(paths)
            self.context.engine.set_others([Path(path) for path in paths])
