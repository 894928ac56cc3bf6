"""A thread that decodes for the explorer: the newest request first, small pictures when there is none."""

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
_Request = tuple[Floats, Draw | None]

SPREAD = 2.0  # standard deviations that the small pictures are before and after the mean


class DecodeWorker(QObject):
    """Owns the thread that decodes; `stop` ends it. Call every method from the window's thread; all return at once.

    The next picture waits until the window has taken the last one, so that none queue up in Qt's event loop.
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
        self._request: _Request | None = None
        self._small: deque[tuple[Direction, Floats]] = deque()
        self._shown = True
        self._paused = self._over = False
        self._thread = threading.Thread(target=self._run, name="explorer", daemon=True)
        self._thread.start()

    def set_actor(self, actor: Actor) -> None:
        """Draw this actor from now on; requests for the one before are dropped."""
        with self._changed:
            self._actor, self._request = actor, None
            self._small.clear()

    def ask(self, latent: Floats, draw: Draw | None = None) -> None:
        """Ask for a picture of a point f32 (D,), drawn by the actor or by `draw`.

        An older request that has not been begun is dropped.
        """
        with self._changed:
            self._request = latent, draw
            self._changed.notify_all()

    def ask_thumbnails(self, centre: Floats, directions: Sequence[Direction]) -> None:
        """Ask for small pictures of `centre` moved by -SPREAD and by SPREAD along each direction, in this order."""
        with self._changed:
            self._small = deque((direction, centre) for direction in directions)
            self._changed.notify_all()

    def take(self) -> None:
        """Tell that the window has taken the last picture, so that another may come."""
        with self._changed:
            self._shown = True
            self._changed.notify_all()

    @property
    def busy(self) -> bool:
        """Whether a picture is on its way, which `drawn` or `failed` will end."""
        with self._changed:
            return self._request is not None or not self._shown

    def pause(self, paused: bool) -> None:
        """While paused nothing is drawn, and the requests wait."""
        with self._changed:
            self._paused = paused
            self._changed.notify_all()

    def stop(self) -> None:
        """End the thread, after the picture that it is drawing. Idempotent."""
        with self._changed:
            self._over = True
            self._changed.notify_all()
        self._thread.join(2.0)

    def _run(self) -> None:
        while (work := self._next()) is not None:
            actor, request, small = work
            try:
                if request is not None:
                    latent, draw = request
                    picture = actor.decode(Latent(latent)).image if draw is None else draw(latent)
                    self.decoded += 1
                    self.rate.tick()
                    self._tell(actor, latent, picture)
                elif small is not None:
                    self._draw_small(actor, *small)
            except Exception as problem:  # whatever it is, the user is told, and the thread goes on
                with self._changed:
                    self._shown = True
                if not self._over:
                    self.failed.emit(str(explained(problem, translate("puppet", "Drawing {0}").format(actor.name))))

    def _next(self) -> tuple[Actor, _Request | None, tuple[Direction, Floats] | None] | None:
        """What to draw next, or None when it is over; waits for it."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or self._ready())
            if self._over or self._actor is None:
                return None
            if self._request is not None and self._shown:
                request, self._request, self._shown = self._request, None, False
                return self._actor, request, None
            return self._actor, None, self._small.popleft()

    def _ready(self) -> bool:
        if self._actor is None or self._paused:
            return False
        return (self._request is not None and self._shown) or (self._request is None and bool(self._small))

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
