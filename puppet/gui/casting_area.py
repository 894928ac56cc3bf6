"""Who drives and who is driven: the two boxes at the top."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtGui import QIcon

from puppet.engine import Phase, Status
from puppet.errors import PuppetError
from puppet.gui.area import Area, Desk
from puppet.gui.casting_panel import THUMBNAIL
from puppet.gui.qimage import to_icon
from puppet.gui.status_area import state_in_words


class CastingArea(Area):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._source = ""  # what is open, or was asked for last
        self._ended: str | None = None  # name of the source whose end has been told
        self._actor = ""  # path of the actor that is in use, or was asked for last
        self._asked = ""
        w = desk.window
        w.source.chosen.connect(self._choose_source)
        w.source.list_wanted.connect(self._list_cameras)
        w.actor.chosen.connect(self.choose_actor)
        w.actor.list_wanted.connect(self._list_actors)

    def start(self, source: str, actor: Path | None) -> None:
        self._list_cameras()
        self._list_actors()
        self.desk.window.source.show_current(source)
        self._source = source
        if actor is not None:
            self._bring_actor(actor)

    def show_status(self, status: Status) -> None:
        self._show_end(status)
        self._show_actor(status)

    def source_changed(self, spec: str) -> None:
        self._source, self._ended = spec, None

    def choose_actor(self, path: str) -> None:
        """Bring an actor on stage, and remember it."""
        self._bring_actor(Path(path))
        self.desk.remember(actor=path)

    def _choose_source(self, spec: str) -> None:
        desk = self.desk
        for key in ("start", "ended"):
            desk.window.banners.dismiss(key)
        desk.engine.set_source(spec)
        desk.remember(source=spec)

    def _bring_actor(self, path: Path) -> None:
        self._asked = str(path)
        self.desk.engine.set_actor(path)

    def _list_cameras(self) -> None:
        self.desk.window.source.show_cameras(self.desk.services.list_cameras())

    def _list_actors(self) -> None:
        panel = self.desk.window.actor
        paths = [str(path) for path in self.desk.services.list_actors()]
        extra = [path for path in (self._actor, self._asked) if path and path not in paths]
        wanted = list(dict.fromkeys([*paths, *extra]))
        if wanted != list(panel.known):
            actors = {path: (Path(path).stem, self._thumbnail(path)) for path in wanted}
            panel.show_actors(actors)
            for area in self.desk.areas:
                area.actors_listed(actors)

    def _thumbnail(self, path: str) -> QIcon:
        try:
            picture = self.desk.services.read_preview(Path(path))
        except PuppetError:
            return QIcon()  # a damaged actor says so when it is chosen
        return to_icon(picture, THUMBNAIL, self.desk.window.devicePixelRatioF())

    def _show_actor(self, status: Status) -> None:
        if status.actor_loading is None and self._asked:
            failed = any(problem.origin == "actor" for problem in status.problems)
            if not failed:
                self._actor = self._asked
            self._asked = ""
            self._list_actors()
            self.desk.window.actor.show_current(self._actor)

    def _show_end(self, status: Status) -> None:
        """A film that is over can be seen again."""
        ended = status.source if status.phase is Phase.ENDED else None
        if ended == self._ended:
            return
        self._ended = ended
        banners = self.desk.window.banners
        banners.dismiss("ended")
        if ended is not None:
            banners.say("ended", state_in_words(status), "notice", ("Play again", self._play_again))

    def _play_again(self) -> None:
        self._ended = None
        self.desk.window.banners.dismiss("ended")
        self.desk.engine.set_source(self._source)
