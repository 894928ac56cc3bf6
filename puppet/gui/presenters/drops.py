"""Files that are dropped on the window: an actor plays, a video or folder drives, a picture becomes an actor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from puppet.actor.file import SUFFIX
from puppet.core.file_types import PICTURE_SUFFIXES, VIDEO_SUFFIXES
from puppet.gui.kit.past_messages import Kind
from puppet.gui.kit.words import translate
from puppet.gui.presenters.base import Presenter, WindowContext


class DropPresenter(Presenter):
    """Takes what is dropped.

    admit: adds actor files to the collection, and calls back with the last. play: loads an actor. open_picture: offers
    to make an actor of a picture.
    """

    def __init__(
        self,
        context: WindowContext,
        admit: Callable[[Sequence[str], Callable[[str], None]], None],
        play: Callable[[str], None],
        open_picture: Callable[[Path], None],
    ) -> None:
        super().__init__(context)
        self._admit, self._play, self._open_picture = admit, play, open_picture
        context.window.files_dropped.connect(self._take)

    def _take(self, files: list[str]) -> None:
        paths = [Path(file) for file in files]
        actors = [str(path) for path in paths if path.suffix.lower() == SUFFIX]
        pictures = [path for path in paths if path.suffix.lower() in PICTURE_SUFFIXES]
        drivers = [path for path in paths if path.is_dir() or path.suffix.lower() in VIDEO_SUFFIXES]
        if actors:
            self._admit(actors, self._play)
        elif drivers:
            self.context.window.source.chosen.emit(str(drivers[0]))
            self.context.window.show_page("live")
            self._say(translate("puppet", "{0} is the driver now").format(drivers[0].name), "notice")
        elif pictures:
            self._open_picture(pictures[0])
        if len(drivers) > 1 or (not drivers and len(pictures) > 1):
            self._say(translate("puppet", "Only the first one is used; drop one picture, video or folder"), "warning")
        elif not (actors or drivers or pictures):
            words = translate("puppet", "{0} is no actor, picture, video or folder").format(paths[0].name)
            self._say(words, "error")

    def _say(self, words: str, kind: Kind) -> None:
        self.context.window.banners.say("drops", words, kind)
