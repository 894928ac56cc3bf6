"""Decoding beside the window's thread: the newest wish wins, small pictures are made when nothing else is wanted."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
from PyQt6.QtCore import QObject, pyqtSignal

from puppet.actor.runtime import Actor
from puppet.core.timing import RateMeter
from puppet.core.types import Floats, Image, Latent
from puppet.explore.directions import Direction
from puppet.gui.kit.words import translate
from puppet.process.log import explained

Draw = Callable[[Floats], Image]
_Wish = tuple[Floats, Draw | None]

SPREAD = 2.0  # standard deviations before and after, of the small pictures


class DecodeWorker(QObject):
    """Owns the thread that decodes; `stop` ends it. Every method is for the window's thread, and returns at once.

    While the window has not shown the picture before, `drawn` waits: pictures never queue up in Qt's event loop.
    """

    drawn = pyqtSignal(object, object)  # latent f32 (D,), picture uint8 (S, S, 3) BGR
    thumbnail = pyqtSignal(object, object, object)  # Direction, picture before, picture after
    failed = pyqtSignal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.decoded = 0  # pictures that were asked for and made; thumbnails do not count
        self.rate = RateMeter()
        self._changed = threading.Condition()
        self._actor: Actor | None = None
        self._wish: _Wish | None = None
        self._small: deque[tuple[Direction, Floats]] = deque()
        self._shown = True
        self._paused = self._over = False
        self._thread = threading.Thread(target=self._run, name="explorer", daemon=True)
        self._thread.start()

    def set_actor(self, actor: Actor) -> None:
        """Wishes for another actor are forgotten."""
        with self._changed:
            self._actor, self._wish = actor, None
            self._small.clear()

    def ask(self, latent: Floats, draw: Draw | None = None) -> None:
        """A picture of this point, f32 (D,), by the actor or by `draw`; an older wish that was not begun is dropped."""
        with self._changed:
            self._wish = latent, draw
            self._changed.notify_all()

    def ask_thumbnails(self, centre: Floats, directions: Sequence[Direction]) -> None:
        """Small pictures of `centre` moved by -SPREAD and SPREAD along each direction, in this order."""
        with self._changed:
            self._small = deque((direction, centre) for direction in directions)
            self._changed.notify_all()

    def take(self) -> None:
        """The window has taken the last picture: another may come."""
        with self._changed:
            self._shown = True
            self._changed.notify_all()

    @property
    def busy(self) -> bool:
        """Whether a picture is on its way; `drawn` or `failed` will tell."""
        with self._changed:
            return self._wish is not None or not self._shown

    def pause(self, paused: bool) -> None:
        """While paused nothing is drawn, and the wishes wait."""
        with self._changed:
            self._paused = paused
            self._changed.notify_all()

    def stop(self) -> None:
        """End the thread, after the picture that it is at. Idempotent."""
        with self._changed:
            self._over = True
            self._changed.notify_all()
        self._thread.join(2.0)

    def _run(self) -> None:
        while (work := self._next()) is not None:
            actor, wish, small = work
            try:
                if wish is not None:
                    latent, draw = wish
                    picture = actor.decode(Latent(latent)).image if draw is None else draw(latent)
                    self.decoded += 1
                    self.rate.tick()
                    self._tell(actor, latent, picture)
                elif small is not None:
                    self._draw_small(actor, *small)
            except Exception as problem:  # whatever it is, the user must hear of it, and the thread goes on
                with self._changed:
                    self._shown = True
                if not self._over:
                    self.failed.emit(str(explained(problem, translate("puppet", "Drawing {0}").format(actor.name))))

    def _next(self) -> tuple[Actor, _Wish | None, tuple[Direction, Floats] | None] | None:
        """What to do now, or None when it is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or self._ready())
            if self._over or self._actor is None:
                return None
            if self._wish is not None and self._shown:
                wish, self._wish, self._shown = self._wish, None, False
                return self._actor, wish, None
            return self._actor, None, self._small.popleft()

    def _ready(self) -> bool:
        if self._actor is None or self._paused:
            return False
        return (self._wish is not None and self._shown) or (self._wish is None and bool(self._small))

    def _tell(self, actor: Actor, latent: Floats, picture: Image) -> None:
        with self._changed:
            wanted = not self._over and actor is self._actor
            if not wanted:
                self._shown = True
        if wanted:
            self.drawn.emit(latent, picture)

    def _draw_small(self, actor: Actor, direction: Direction, centre: Floats) -> None:
        moved = np.float32(SPREAD) * direction.vector
        before, after = (actor.decode(Latent(point)).image for point in (centre - moved, centre + moved))
        if not self._over and actor is self._actor:
            self.thumbnail.emit(direction, before, after)
