"""Who drives and who is driven: the two boxes at the top."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtGui import QIcon

from puppet.core.errors import ActorStalledError, PuppetError
from puppet.core.types import Image
from puppet.engine.engine import Phase, Status
from puppet.gui.kit.qimage import to_icon
from puppet.gui.live.casting_panel import DEMO, THUMBNAIL
from puppet.gui.presenters.base import Area, Desk, why
from puppet.gui.presenters.status import state_in_words
from puppet.sources.network.passwords import keep

MOST_RECENT = 5  # files, folders and addresses that are remembered


class CastingArea(Area):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._source = ""  # what is open, or was asked for last
        self._ended: str | None = None  # name of the source whose end has been told
        self._actor = ""  # path of the actor that is in use, or was asked for last
        self._before = ""  # path of the one that played before
        self._asked = ""
        self._stalls_told = 0  # serial of the last problem of an actor that stalled
        self._pictures: dict[str, Image | None] = {}  # by path, of all actors in the list
        w = desk.window
        w.source.chosen.connect(self._choose_source)
        w.source.list_wanted.connect(self._list_cameras)
        w.actor.chosen.connect(self.choose_actor)
        w.actor.list_wanted.connect(self._list_actors)

    def start(self, source: str, actor: Path | None) -> None:
        self._list_cameras()
        self._list_actors()
        self._put_passwords_away()
        self.desk.window.source.show_recent(self.desk.settings.recent)
        self.desk.window.source.show_current(source)
        self._source = source
        if actor is not None:
            self._bring_actor(actor)

    def show_status(self, status: Status) -> None:
        self._show_end(status)
        self._show_actor(status)
        self._show_stall(status)

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
        try:
            kept = keep(spec)
        except OSError as problem:
            desk.engine.set_source(spec)
            desk.window.banners.say("settings", f"The address cannot be remembered: {why(problem)}", "warning")
            return
        desk.engine.set_source(kept)
        desk.window.source.show_current(kept)
        recent = desk.settings.recent
        if kept not in (DEMO, *desk.window.source.cameras):
            recent = (kept, *(one for one in recent if one != kept))[:MOST_RECENT]
            desk.window.source.show_recent(recent)
        desk.remember(source=kept, recent=recent)

    def _put_passwords_away(self) -> None:
        """Settings of earlier versions hold addresses with their passwords."""
        settings = self.desk.settings
        try:
            source, recent = keep(settings.source), tuple(keep(one) for one in settings.recent)
        except OSError:  # it is tried again at the next start
            return
        if (source, recent) != (settings.source, settings.recent):
            self.desk.remember(source=source, recent=recent)

    def _bring_actor(self, path: Path) -> None:
        self._asked = str(path)
        self.desk.engine.set_actor(path)

    def _list_cameras(self) -> None:
        self.desk.background.run("cameras", self.desk.services.list_cameras, self.desk.window.source.show_cameras)

    def _list_actors(self) -> None:
        extra = [path for path in (self._actor, self._asked) if path]
        known = dict(self._pictures)

        def read() -> dict[str, Image | None]:
            paths = dict.fromkeys([*map(str, self.desk.services.list_actors()), *extra])
            return {path: known[path] if path in known else self._picture(path) for path in paths}

        self.desk.background.run("actors", read, self._show_list)

    def _picture(self, path: str) -> Image | None:
        """From any thread."""
        try:
            return self.desk.services.read_preview(Path(path))
        except PuppetError:
            return None  # a damaged actor says so when it is chosen

    def _show_list(self, pictures: dict[str, Image | None]) -> None:
        if list(pictures) == list(self._pictures):
            return
        self._pictures = pictures
        ratio = self.desk.window.devicePixelRatioF()
        icons = {path: QIcon() if p is None else to_icon(p, THUMBNAIL, ratio) for path, p in pictures.items()}
        actors = {path: (Path(path).stem, icon) for path, icon in icons.items()}
        self.desk.window.actor.show_actors(actors)
        for area in self.desk.areas:
            area.actors_listed(actors)

    def _show_actor(self, status: Status) -> None:
        if status.actor_loading is None and self._asked:
            failed = any(problem.origin == "actor" for problem in status.problems)
            if not failed:
                self._before, self._actor = self._actor, self._asked
            self._asked = ""
            self._list_actors()
            self.desk.window.actor.show_current(self._actor)

    def _show_stall(self, status: Status) -> None:
        """The engine has dropped an actor: the list shows who plays now, and the next start begins with them."""
        for problem in status.problems:
            stalled = problem.origin == "actor" and isinstance(problem.error, ActorStalledError)
            if stalled and problem.serial > self._stalls_told:
                self._stalls_told = problem.serial
                self._actor, self._before = (self._before if status.actor else ""), ""
                self.desk.window.actor.show_current(self._actor)
                self.desk.remember(actor=self._actor)

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
