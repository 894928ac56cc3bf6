"""Morphs of the explorer: the other actor is fetched, the pictures are listed, films are made beside the window."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtCore import QObject, QUrl, pyqtSignal
from PyQt6.QtGui import QDesktopServices

from puppet.actor.morph import ActorMorph, eased
from puppet.actor.runtime import Actor
from puppet.core.types import Floats, Image, Latent
from puppet.explore.paths import path
from puppet.gui.explorer.places import SAME, MorphWish
from puppet.gui.explorer.worker import Draw
from puppet.gui.kit.banners import BannerStack
from puppet.gui.kit.words import decimal, translate
from puppet.media.recorder import Recording, new_recording_path, with_free_name
from puppet.output.film import write_film

FPS = 30.0
FINE = 1000  # steps that a path is divided into, of which the eased pictures take theirs
BANNER = "morph"  # key of what is said

LoadActor = Callable[[Path], Actor]


@dataclass(frozen=True, eq=False)
class Step:
    """One picture of a morph: a point f32 (D,), and how it is drawn where the actor alone cannot."""

    point: Floats
    draw: Draw | None = None


@dataclass(frozen=True, eq=False)
class _Job:
    """A morph that was asked for, with the places it joins: points f32 (D,) of `actor`."""

    actor: Actor
    wish: MorphWish
    start: Floats
    end: Floats
    export: bool


class Morphs(QObject):
    """Plays and exports morphs that begin at the actor that `set_actor` names. `shutdown` ends its thread.

    load_actor: file -> Actor, called in a helper thread. folder: where films go. badge: whether they carry the sign.
    """

    playable = pyqtSignal(object)  # list[Step], one for each picture, FPS a second
    busy = pyqtSignal(bool)  # a film is being made
    _filmed = pyqtSignal(object)  # a Future[Recording] is done
    _loaded = pyqtSignal(object, object)  # _Job, and its Future[ActorMorph] that is done

    def __init__(
        self,
        banners: BannerStack,
        folder: Callable[[], Path],
        load_actor: LoadActor | None,
        badge: Callable[[], bool],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._badge = badge
        self._banners, self._folder, self._load_actor = banners, folder, load_actor
        self._actor: Actor | None = None
        self._known: dict[str, ActorMorph] = {}
        self._exporting: threading.Event | None = None  # set: stop
        self._over = False
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="explorer films")
        self._filmed.connect(self._film_done)
        self._loaded.connect(self._other_came)

    def set_actor(self, actor: Actor) -> None:
        self._actor = actor
        self._known = {}

    def begin(self, wish: MorphWish, start: Floats, end: Floats, export: bool) -> None:
        """Play a morph, or film it; while a film is being made, a wish for another one ends it."""
        if export and self._exporting is not None:
            self._exporting.set()
        elif self._actor is not None:
            job = _Job(self._actor, wish, start, end, export)
            if wish.other == SAME or wish.other in self._known:
                self._go(job)
            else:
                self._fetch(job)

    def shutdown(self) -> None:
        """A film that is being made is ended and kept. Idempotent."""
        self._over = True
        if self._exporting is not None:
            self._exporting.set()
        self._pool.shutdown(cancel_futures=True)

    # -- inside --------------------------------------------------------------------------------------------------

    def _fetch(self, job: _Job) -> None:
        load = self._load_actor
        if load is None:
            return
        self._banners.say(BANNER, translate("puppet", "Loading {0}…").format(Path(job.wish.other).stem))
        future = self._pool.submit(lambda: ActorMorph(job.actor, load(Path(job.wish.other))))
        future.add_done_callback(lambda done: self._loaded.emit(job, done))

    def _other_came(self, job: _Job, future: Future[ActorMorph]) -> None:
        if self._over or job.actor is not self._actor:
            return
        problem = future.exception()
        if problem is not None:
            self._banners.say(BANNER, str(problem), "error")
            return
        self._banners.dismiss(BANNER)
        self._known[job.wish.other] = future.result()
        self._go(job)

    def _go(self, job: _Job) -> None:
        steps = list(self._steps(job))
        if not job.export:
            self.playable.emit(steps)
        elif self._exporting is None:
            self._film(job, steps)

    def _steps(self, job: _Job) -> Iterator[Step]:
        shares = eased(max(2, round(job.wish.seconds * FPS)))
        if job.wish.other == SAME:
            ways = path(job.start, job.end, FINE + 1, job.wish.spherical, job.actor.latents)
            for share in shares:
                yield Step(ways[round(FINE * share)])
            return
        morph = self._known[job.wish.other]
        for share in shares:
            yield Step(job.start, _drawer(morph, share))

    def _film(self, job: _Job, steps: list[Step]) -> None:
        actor, other = job.actor, self._known.get(job.wish.other)
        faces = [actor] if other is None else [actor, other.b]
        name = "-".join(face.name for face in faces)
        consent = " ".join(face.card.consent for face in faces)
        target = new_recording_path(self._folder(), f"{name}-morph")
        stop, badge = threading.Event(), self._badge()
        self._exporting = stop

        def pictures() -> Iterator[Image]:
            for step in steps:
                yield step.draw(step.point) if step.draw else actor.decode(Latent(step.point)).image

        self.busy.emit(True)
        self._banners.say(BANNER, translate("puppet", "Making {0}…").format(target.name))

        def make(path: Path) -> Recording:
            return write_film(pictures(), path, FPS, name, stop.is_set, consent, badge)

        future = self._pool.submit(with_free_name, target, make)
        future.add_done_callback(self._filmed.emit)

    def _film_done(self, future: Future[Recording]) -> None:
        self._exporting = None
        if self._over or future.cancelled():
            return
        self.busy.emit(False)
        problem = future.exception()
        if problem is not None:
            self._banners.say(BANNER, str(problem), "error")
            return
        made = future.result()

        def open_folder() -> None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(made.path.parent)))

        self._banners.say(
            BANNER,
            translate("puppet", "Saved {0} ({1} s)").format(made.path.name, decimal(made.seconds)),
            action=(translate("puppet", "Open folder"), open_folder),
        )


def _drawer(morph: ActorMorph, share: float) -> Draw:
    """A face of the first actor, so far on its way to the other one's mean face."""
    end = Latent(morph.b.latents.mean)
    return lambda point: morph.draw(Latent(point), end, share).image
