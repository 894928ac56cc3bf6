"""The page of actors: reads the collection, lets files in, renames, removes; all of it beside the window's thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PyQt6.QtGui import QIcon

from puppet.actor.library import Entry, details
from puppet.gui.actors.library_page import LARGE, PICTURE, ActorCardView
from puppet.gui.kit.qimage import to_icon
from puppet.gui.kit.words import translate
from puppet.gui.presenters.base import Area, Desk
from puppet.process.log import explained


class LibraryArea(Area):
    def __init__(self, desk: Desk, casting: Callable[[str], None]) -> None:
        """casting: brings the actor of that path on stage."""
        super().__init__(desk)
        page = desk.window.library
        page.play_clicked.connect(lambda path: self._play(path, casting))
        page.rename_wanted.connect(self._rename)
        page.remove_clicked.connect(self._remove)
        page.files_dropped.connect(self.admit)
        desk.window.page_shown.connect(lambda key: self.refresh() if key == "library" else None)

    def refresh(self, current: str = "") -> None:
        """Read the collection anew. current: path of the actor to choose."""
        self.desk.background.run(
            "library", self.desk.services.library.entries, lambda found: self._show(found, current)
        )

    def admit(self, files: Sequence[str]) -> None:
        """Check files and let the good ones in."""
        library = self.desk.services.library

        def check() -> tuple[list[Path], list[str]]:
            taken, problems = [], []
            for file in files:
                try:
                    taken.append(library.admit(Path(file)))
                except Exception as problem:  # whatever is wrong with one, the others go on
                    part = translate("puppet", "Checking {0}").format(Path(file).name)
                    problems.append(str(explained(problem, part)))
            return taken, problems

        def tell(result: tuple[list[Path], list[str]]) -> None:
            taken, problems = result
            if taken:
                names = ", ".join(path.stem for path in taken)
                self._say(translate("puppet", "Checked and added: {0}").format(names), "notice")
            for n, problem in enumerate(problems):
                self.desk.window.banners.say(
                    f"library {n}", translate("puppet", "Not added: {0}").format(problem), "error"
                )
            self._changed(str(taken[-1]) if taken else "")

        self._say(translate("puppet", "Checking…"), "notice")
        self.desk.background.run("library admits", check, tell)

    def _play(self, path: str, casting: Callable[[str], None]) -> None:
        casting(path)
        self.desk.window.show_page("live")

    def _rename(self, path: str, name: str) -> None:
        def done(new: Path) -> None:
            self._replace(path, str(new))
            self._changed(str(new))

        self._do("rename", lambda: self.desk.services.library.rename(Path(path), name), done)

    def _remove(self, path: str) -> None:
        def done(aside: Path) -> None:
            words = f"Removed {Path(path).stem}. Its file is kept in {aside.parent}"
            self._say(words, "notice", ("Undo", lambda: self._restore(aside)))
            self._changed("")

        self._do("remove", lambda: self.desk.services.library.remove(Path(path)), done)

    def _restore(self, aside: Path) -> None:
        def done(path: Path) -> None:
            self._say(translate("puppet", "{0} is back").format(path.stem), "notice")
            self._changed(str(path))

        self._do("restore", lambda: self.desk.services.library.restore(aside), done)

    def _do(self, what: str, work: Callable[[], Path], done: Callable[[Path], None]) -> None:
        self.desk.background.run(f"library {what}", work, done, lambda problem: self._say(str(problem), "error"))

    def _replace(self, old: str, new: str) -> None:
        """A renamed actor stays the one that is remembered."""
        settings = self.desk.settings
        wall = tuple(new if path == old else path for path in settings.wall)
        self.desk.remember(actor=new if settings.actor == old else settings.actor, wall=wall)

    def _changed(self, current: str) -> None:
        self.refresh(current)
        self.desk.window.actor.list_wanted.emit()

    def _say(self, words: str, kind: str, action: tuple[str, Callable[[], None]] | None = None) -> None:
        self.desk.window.banners.say("library", words, kind, action)

    def _show(self, found: Sequence[Entry], current: str) -> None:
        ratio = self.desk.window.devicePixelRatioF()

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
        self.desk.window.library.show_actors(views, current)
