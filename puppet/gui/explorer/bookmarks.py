"""Between the file of bookmarks and the explorer's list of them."""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSignal

from puppet.actor.card import ActorCard
from puppet.core.errors import PuppetError
from puppet.core.types import Floats, Image
from puppet.explore.bookmarks import Bookmarks, checked_name
from puppet.gui.explorer.bookmark_panel import BookmarkPanel
from puppet.gui.explorer.morph_panel import MEAN, NOW
from puppet.gui.kit.banners import BannerStack
from puppet.gui.kit.words import translate

BANNER = "bookmarks"  # key of the messages


class ActorBookmarks(QObject):
    """The bookmarks of one actor at a time: points in its latent space, by name."""

    changed = pyqtSignal(object)  # list of names

    def __init__(self, bookmarks: Bookmarks, panel: BookmarkPanel, banners: BannerStack, parent: QObject) -> None:
        super().__init__(parent)
        self._bookmarks, self._panel, self._banners = bookmarks, panel, banners
        self._card: ActorCard | None = None
        self._points: dict[str, Floats] = {}
        self._known: dict[str, Floats] = {}  # as the file was when it was read or written last
        panel.deleted.connect(self.delete)

    def set_actor(self, card: ActorCard) -> None:
        """Load and list the bookmarks of another actor."""
        self._card, self._points = card, {}
        try:
            self._points = self._bookmarks.load(card)
        except PuppetError as problem:
            self._banners.say(BANNER, str(problem), "warning")
        self._known = dict(self._points)
        self._show()

    def point(self, name: str) -> Floats:
        """The point f32 (D,) of a bookmark. Raises PuppetError when there is none of that name."""
        if name not in self._points:
            raise PuppetError(translate("puppet", "There is no bookmark called {0}").format(name))
        return self._points[name]

    def add(self, name: str, point: Floats, picture: Image | None) -> None:
        """Keep a point f32 (D,); an empty name becomes the next free one.

        Raises PuppetError for a name that is taken or cannot be a name.
        """
        number = len(self._points) + 1
        while not name.strip() and translate("puppet", "face {0}").format(number) in self._points:
            number += 1
        name = checked_name(name if name.strip() else translate("puppet", "face {0}").format(number))
        if name in self._points or name in (NOW, MEAN):
            raise PuppetError(
                translate("puppet", "There is a place called {0} already; choose another name").format(name)
            )
        self._keep({**self._points, name: point})
        if picture is not None:
            self._panel.show_picture(name, picture)

    def delete(self, name: str) -> None:
        """Delete a bookmark; a banner offers to bring it back."""
        before, card = dict(self._points), self._card
        self._keep({other: point for other, point in before.items() if other != name})

        def bring_back() -> None:
            self._banners.dismiss(BANNER)
            if self._card is card:
                self._keep({**before, **self._points})

        self._banners.say(
            BANNER,
            translate("puppet", "The bookmark {0} was deleted.").format(name),
            action=(translate("puppet", "Bring it back"), bring_back),
        )

    def _keep(self, points: dict[str, Floats]) -> None:
        if self._card is None:
            return
        self._points = points
        try:
            self._points = self._bookmarks.save(self._card, points, self._known)
            self._known = dict(self._points)
        except PuppetError as problem:
            self._banners.say(BANNER, str(problem), "error")
        self._show()

    def _show(self) -> None:
        names = list(self._points)
        self._panel.show_names(names)
        self.changed.emit(names)
