"""The page Actors: reads the collection, adds files, renames, removes; all of it in threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PyQt6.QtGui import QIcon

from puppet.actor.library import Entry, details
from puppet.gui.actors.library_page import LARGE, PICTURE, ActorCardView
from puppet.gui.kit.past_messages import Action, Kind
from puppet.gui.kit.qimage import to_icon
from puppet.gui.kit.words import translate
from puppet.gui.presenters.base import Presenter, WindowContext
from puppet.process.log import explained


class LibraryPresenter(Presenter):
    """Shows the collection whenever its page is shown. play_actor: loads the actor of that path, which plays then."""

    def __init__(self, context: WindowContext, play_actor: Callable[[str], None]) -> None:
        super().__init__(context)
        page = context.window.library
        page.play_clicked.connect(lambda path: self._play(path, play_actor))
        page.rename_wanted.connect(self._rename)
        page.remove_clicked.connect(self._remove)
        page.files_chosen.connect(self.admit)
        context.window.page_shown.connect(lambda key: self.refresh() if key == "library" else None)

    def refresh(self, current: str = "") -> None:
        """Read the collection anew. current: path of the actor to select; empty: as before."""
        self.context.background.run(
            "library", self.context.services.library.entries, lambda found: self._show(found, current)
        )

    def admit(self, files: Sequence[str], then: Callable[[str], None] | None = None) -> None:
        """Check files, and add those that are sound to the collection. then: is called with the path of the last."""
        library, name = self.context.services.library, self.context.services.actor_name

        def check() -> tuple[list[Path], list[str], list[str]]:
            taken, names, problems = [], [], []
            for file in files:
                try:
                    taken.append(library.admit(Path(file)))
                    names.append(name(taken[-1]))
                except Exception as problem:  # whatever is wrong with one, the others are added
                    part = translate("puppet", "Checking {0}").format(Path(file).name)
                    problems.append(str(explained(problem, part)))
            return taken, names, problems

        def tell(result: tuple[list[Path], list[str], list[str]]) -> None:
            taken, names, problems = result
            if taken:
                self._say(translate("puppet", "Checked and added: {0}").format(", ".join(names)), "notice")
            else:
                self.context.window.banners.dismiss("library")
            for n, problem in enumerate(problems):
                self.context.window.banners.say(
                    f"library {n}", translate("puppet", "Not added: {0}").format(problem), "error"
                )
            self._changed(str(taken[-1]) if taken else "")
            if taken and then is not None:
                then(str(taken[-1]))

        self.context.window.banners.say("library", translate("puppet", "Checking…"), stays=True)
        self.context.background.run("library admits", check, tell)

    def _play(self, path: str, play_actor: Callable[[str], None]) -> None:
        play_actor(path)
        self.context.window.show_page("live")

    def _rename(self, path: str, name: str) -> None:
        def done(new: Path) -> None:
            self._replace(path, str(new))
            self._changed(str(new))

        self._do("rename", lambda: self.context.services.library.rename(Path(path), name), done)

    def _remove(self, path: str) -> None:
        name = self._name(path)

        def done(aside: Path) -> None:
            words = translate("puppet", "Removed {0}. Its file is kept in {1}").format(name, aside.parent)
            self._say(words, "notice", ("Undo", lambda: self._restore(aside, name)))
            self._changed("")

        self._do("remove", lambda: self.context.services.library.remove(Path(path)), done)

    def _restore(self, aside: Path, name: str) -> None:
        def done(path: Path) -> None:
            self._say(translate("puppet", "{0} is back").format(name), "notice")
            self._changed(str(path))

        self._do("restore", lambda: self.context.services.library.restore(aside), done)

    def _do(self, what: str, work: Callable[[], Path], done: Callable[[Path], None]) -> None:
        self.context.background.run(f"library {what}", work, done, lambda problem: self._say(str(problem), "error"))

    def _replace(self, old: str, new: str) -> None:
        """Change the path of a renamed actor in the settings too."""
        settings = self.context.settings
        wall = tuple(new if path == old else path for path in settings.wall)
        self.context.remember(actor=new if settings.actor == old else settings.actor, wall=wall)

    def _name(self, path: str) -> str:
        stem = Path(path).stem
        return self.context.names.get(stem, stem)

    def _changed(self, current: str) -> None:
        self.refresh(current)
        self.context.window.actor.list_wanted.emit()

    def _say(self, words: str, kind: Kind, action: Action | None = None) -> None:
        self.context.window.banners.say("library", words, kind, action)

    def _show(self, found: Sequence[Entry], current: str) -> None:
        ratio = self.context.window.devicePixelRatioF()

        def icon(entry: Entry, side: int) -> QIcon:
            return QIcon() if entry.preview is None else to_icon(entry.preview, side, ratio)

        views = [
            ActorCardView(
                str(entry.path),
                entry.name,
                icon(entry, PICTURE),
                icon(entry, LARGE),
                details(entry.card) if entry.card is not None else (),
                entry.problem,
                entry.built_in,
            )
            for entry in found
        ]
        self.context.window.library.show_actors(views, current)
