"""Morphs of the explorer: loads the other actor, lists the pictures to play, and makes videos in a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from puppet.actor.morph import ActorMorph, eased
from puppet.actor.runtime import Actor
from puppet.core.types import Floats, Image, Latent
from puppet.explore.paths import path
from puppet.gui.explorer.morph_panel import SAME, MorphRequest
from puppet.gui.explorer.worker import Draw
from puppet.gui.kit.banners import BannerStack
from puppet.gui.kit.words import decimal, translate
from puppet.media.recorder import Recording
from puppet.output.film import write_film
from puppet.storage.names import new_recording_path, with_free_name

FPS = 30.0
FINE = 1000  # steps that a path is divided into, of which the eased pictures take theirs
BANNER = "morph"  # key of the messages

LoadActor = Callable[[Path], Actor]


@dataclass(frozen=True, eq=False)
class Step:
    """One picture of a morph: a point f32 (D,), and what draws it where the actor alone cannot."""

    point: Floats
    draw: Draw | None = None


@dataclass(frozen=True, eq=False)
class _Job:
    """A morph that was asked for. start, end: points f32 (D,) of `actor`."""

    actor: Actor
    request: MorphRequest
    start: Floats
    end: Floats
    export: bool


class Morphs(QObject):
    """Plays and exports morphs that begin at the actor that `set_actor` names. `shutdown` ends its thread.

    load_actor: file -> Actor, called in a helper thread. folder: where videos go. badge: whether they carry the sign.
    """

    playable = pyqtSignal(object)  # list[Step], one for each picture, FPS a second
    busy = pyqtSignal(bool)  # a video is being made
    _video_made = pyqtSignal(object)  # Future[Recording] that is done
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
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="explorer videos")
        self._video_made.connect(self._tell_video)
        self._loaded.connect(self._other_came)

    def set_actor(self, actor: Actor) -> None:
        """Begin morphs at this actor from now on."""
        self._actor = actor
        self._known = {}

    def begin(self, request: MorphRequest, start: Floats, end: Floats, export: bool) -> None:
        """Play a morph, or make a video of it; while one is being made, a request for another one ends it."""
        if export and self._exporting is not None:
            self._exporting.set()
        elif self._actor is not None:
            job = _Job(self._actor, request, start, end, export)
            if request.other == SAME or request.other in self._known:
                self._go(job)
            else:
                self._fetch(job)

    def shutdown(self) -> None:
        """End the thread; a video that is being made is ended and kept. Idempotent."""
        self._over = True
        if self._exporting is not None:
            self._exporting.set()
        self._pool.shutdown(cancel_futures=True)

    # -- inside --------------------------------------------------------------------------------------------------

    def _fetch(self, job: _Job) -> None:
        load = self._load_actor
        if load is None:
            return
        self._banners.say(BANNER, translate("puppet", "Loading the other actor…"), stays=True)
        future = self._pool.submit(lambda: ActorMorph(job.actor, load(Path(job.request.other))))
        future.add_done_callback(lambda done: self._loaded.emit(job, done))

    def _other_came(self, job: _Job, future: Future[ActorMorph]) -> None:
        if self._over or job.actor is not self._actor:
            return
        problem = future.exception()
        if problem is not None:
            self._banners.say(BANNER, str(problem), "error")
            return
        self._banners.dismiss(BANNER)
        self._known[job.request.other] = future.result()
        self._go(job)

    def _go(self, job: _Job) -> None:
        steps = list(self._steps(job))
        if not job.export:
            self.playable.emit(steps)
        elif self._exporting is None:
            self._make_video(job, steps)

    def _steps(self, job: _Job) -> Iterator[Step]:
        shares = eased(max(2, round(job.request.seconds * FPS)))
        if job.request.other == SAME:
            ways = path(job.start, job.end, FINE + 1, job.request.spherical, job.actor.latents)
            for share in shares:
                yield Step(ways[round(FINE * share)])
            return
        morph = self._known[job.request.other]
        for share in shares:
            yield Step(job.start, _drawer(morph, share))

    def _make_video(self, job: _Job, steps: list[Step]) -> None:
        actor, other = job.actor, self._known.get(job.request.other)
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
        future.add_done_callback(self._video_made.emit)

    def _tell_video(self, future: Future[Recording]) -> None:
        self._exporting = None
        if self._over or future.cancelled():
            return
        self.busy.emit(False)
        problem = future.exception()
        if problem is not None:
            self._banners.say(BANNER, str(problem), "error")
            return
        made = future.result()

        self._banners.say(
            BANNER,
            translate("puppet", "Saved {0} ({1} s)").format(made.path.name, decimal(made.seconds)),
            action=self._banners.open_folder(made.path),
        )


def _drawer(morph: ActorMorph, share: float) -> Draw:
    """Draws a face of the first actor after this share, 0 .. 1, of its way to the other one's mean face."""
    end = Latent(morph.b.latents.mean)
    return lambda point: morph.draw(Latent(point), end, share).image
