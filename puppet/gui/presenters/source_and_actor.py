"""The source that drives and the actor that is driven: the two boxes at the top of the live page."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtGui import QIcon

from puppet.core.errors import ActorStalledError, PuppetError
from puppet.core.types import Image
from puppet.engine.status import Origin, Phase, Status
from puppet.gui.kit.pickers import THUMBNAIL
from puppet.gui.kit.qimage import to_icon
from puppet.gui.presenters.base import Presenter, WindowContext, reason_of
from puppet.gui.presenters.status import state_in_words
from puppet.sources.network.passwords import keep
from puppet.sources.registry import DEMO

Face = tuple[str, Image | None]  # name and preview of an actor
MOST_RECENT = 5  # files, folders and addresses that are remembered


class SourceAndActorPresenter(Presenter):
    """Fills both boxes, opens what is chosen in them, and follows the engine when it drops an actor."""

    def __init__(self, context: WindowContext) -> None:
        super().__init__(context)
        self._source = ""  # what is open, or was chosen last
        self._ended: str | None = None  # name of the source whose end has been told
        self._actor = ""  # path of the actor that plays
        self._before = ""  # path of the one that played before it it
        self._asked = ""  # path of the actor that is loading
        self._stalls_told = 0  # serial of the last problem of an actor that stalled
        self._faces: dict[str, Face] = {}  # by path, of all actors in the list
        w = context.window
        w.source.chosen.connect(self._choose_source)
        w.source.list_wanted.connect(self._list_cameras)
        w.actor.chosen.connect(self.choose_actor)
        w.actor.list_wanted.connect(self._list_actors)

    def start(self, source: str, actor: Path | None) -> None:
        self._list_cameras()
        self._list_actors()
        self._move_passwords()
        self.context.window.source.show_recent(self.context.settings.recent)
        self.context.window.source.show_current(source)
        self._source = source
        if actor is not None:
            self._load_actor(actor)

    def show_status(self, status: Status) -> None:
        self._show_end(status)
        self._show_actor(status)
        self._show_stall(status)

    def source_changed(self, spec: str) -> None:
        self._source, self._ended = spec, None

    @property
    def actor(self) -> str:
        """Path of the actor that was chosen last and plays; empty without one."""
        return self._actor

    def choose_actor(self, path: str) -> None:
        """Load an actor, which plays as soon as it is there, and remember it."""
        self._load_actor(Path(path))
        self.context.remember(actor=path)

    def _choose_source(self, spec: str) -> None:
        context = self.context
        for key in ("start", "ended"):
            context.window.banners.dismiss(key)
        try:
            kept = keep(spec)
        except OSError as problem:
            context.engine.set_source(spec)
            context.window.banners.say("settings", f"The address cannot be remembered: {reason_of(problem)}", "warning")
            return
        context.engine.set_source(kept)
        context.window.source.show_current(kept)
        recent = context.settings.recent
        if kept not in (DEMO, *context.window.source.cameras):
            recent = (kept, *(one for one in recent if one != kept))[:MOST_RECENT]
            context.window.source.show_recent(recent)
        context.remember(source=kept, recent=recent)

    def _move_passwords(self) -> None:
        """Move passwords out of the settings: those of earlier versions hold whole addresses."""
        settings = self.context.settings
        try:
            source, recent = keep(settings.source), tuple(keep(one) for one in settings.recent)
        except OSError:  # the next start tries again
            return
        if (source, recent) != (settings.source, settings.recent):
            self.context.remember(source=source, recent=recent)

    def _load_actor(self, path: Path) -> None:
        self._asked = str(path)
        self.context.engine.set_actor(path)

    def _list_cameras(self) -> None:
        context = self.context
        context.background.run("cameras", context.services.list_cameras, context.window.source.show_cameras)

    def _list_actors(self) -> None:
        extra = [path for path in (self._actor, self._asked) if path]
        known = dict(self._faces)

        def read() -> dict[str, Face]:
            paths = dict.fromkeys([*map(str, self.context.services.list_actors()), *extra])
            return {path: known[path] if path in known else self._face(path) for path in paths}

        self.context.background.run("actors", read, self._show_list)

    def _face(self, path: str) -> Face:
        """Name and preview of an actor file, None for one that is damaged; from any thread."""
        services, file = self.context.services, Path(path)
        try:
            return services.actor_name(file), services.read_preview(file)
        except PuppetError:
            return file.stem, None  # it is told when the actor is chosen

    def _show_list(self, faces: dict[str, Face]) -> None:
        if list(faces) == list(self._faces):
            return
        self._faces = faces
        self.context.names = {Path(path).stem: name for path, (name, _) in faces.items()}
        ratio = self.context.window.devicePixelRatioF()
        actors = {
            path: (name, QIcon() if picture is None else to_icon(picture, THUMBNAIL, ratio))
            for path, (name, picture) in faces.items()
        }
        self.context.window.actor.show_actors(actors)
        for presenter in self.context.presenters:
            presenter.actors_listed(actors)

    def _show_actor(self, status: Status) -> None:
        if status.actor_loading is None and self._asked:
            failed = any(problem.origin is Origin.ACTOR for problem in status.problems)
            if not failed:
                self._before, self._actor = self._actor, self._asked
            self._asked = ""
            self._list_actors()
            self.context.window.actor.show_current(self._actor)

    def _show_stall(self, status: Status) -> None:
        """After the engine has dropped an actor: show and remember the one that plays instead."""
        for problem in status.problems:
            stalled = problem.origin is Origin.ACTOR and isinstance(problem.error, ActorStalledError)
            if stalled and problem.serial > self._stalls_told:
                self._stalls_told = problem.serial
                self._actor, self._before = (self._before if status.actor else ""), ""
                self.context.window.actor.show_current(self._actor)
                self.context.remember(actor=self._actor)

    def _show_end(self, status: Status) -> None:
        """Offer to play a video again when it is over."""
        ended = status.source if status.phase is Phase.ENDED else None
        if ended == self._ended:
            return
        self._ended = ended
        banners = self.context.window.banners
        banners.dismiss("ended")
        if ended is not None:
            banners.say("ended", state_in_words(status), "notice", ("Play again", self._play_again), stays=True)

    def _play_again(self) -> None:
        self._ended = None
        self.context.window.banners.dismiss("ended")
        self.context.engine.set_source(self._source)
