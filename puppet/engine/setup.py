"""What the puppeteer plays: the actors in use and the options. Kept while the puppeteer is made again."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from puppet.core.errors import ActorStalledError
from puppet.engine.problems import Problems
from puppet.engine.protocols import PuppeteerLike
from puppet.engine.status import Origin

if TYPE_CHECKING:
    from puppet.actor.runtime import Actor
    from puppet.engine.options import StepOptions


class PuppeteerSetup:
    """Actors and options, for the puppeteer that runs and for the next one.

    lock: the engine's; held in every method, and by the caller around several that belong together.
    """

    def __init__(self, options: StepOptions | None, problems: Problems, lock: threading.RLock) -> None:
        self.actor: Actor | None = None
        self.others: tuple[Actor, ...] = ()
        self.options = options
        self.puppeteer: PuppeteerLike | None = None  # that runs
        self._problems = problems
        self._lock = lock
        self._before: Actor | None = None  # who played before: plays again when the actor stalls
        self._stalled: weakref.WeakSet[Actor] = weakref.WeakSet()

    def attach(self, puppeteer: PuppeteerLike) -> None:
        """The puppeteer that runs from now on, with all that is set."""
        with self._lock:
            self.puppeteer = puppeteer
            self._apply()

    def detach(self, puppeteer: PuppeteerLike) -> None:
        """The puppeteer that does not run any more."""
        with self._lock:
            if self.puppeteer is puppeteer:
                self.puppeteer = None

    def tell(self, request: Callable[[PuppeteerLike], None]) -> None:
        """Ask something of the puppeteer, if one runs."""
        with self._lock:
            if self.puppeteer is not None:
                request(self.puppeteer)

    def set_actor(self, actor: Actor) -> None:
        """The actor that plays from the next step on; the present one plays again should this one stall."""
        with self._lock:
            self._before, self.actor = self.actor, actor
            self._problems.clear(Origin.ACTOR)
            self._apply()

    def set_others(self, others: tuple[Actor, ...]) -> None:
        """The actors that play beside it from the next step on."""
        with self._lock:
            self.others = others
            self._problems.clear(Origin.OTHERS)
            self._apply()

    def set_options(self, options: StepOptions) -> None:
        """The options from the next step on; a morph into an actor that has stalled is left out."""
        with self._lock:
            self.options = self._without_stalled(options)
            self._apply()

    def morph_actor(self) -> Actor | None:
        """The actor that the main one turns into, if any."""
        with self._lock:
            morph = self.options.morph if self.options is not None else None
            return None if morph is None else morph.actor

    def actors(self) -> tuple[Actor, ...]:
        """All actors that a step calls."""
        with self._lock:
            actors = (self.actor, *self.others, self.morph_actor())
            return tuple(actor for actor in actors if actor is not None)

    def drop(self, actor: Actor, why: str) -> None:
        """An actor that stalls, or can draw nothing, plays no more, and the user is told why.

        The one that played before plays again; without any the last picture stays.
        """
        words = f"{why} and does not play any more"
        with self._lock:
            self._problems.clear(Origin.STEP)
            self._stalled.add(actor)
            beside = actor is not self.actor
            if not beside:
                self.actor, self._before = self._before if self._before is not actor else None, None
                words += f"; {self.actor.name} plays again" if self.actor is not None else "; choose another actor"
            self.others = tuple(other for other in self.others if other is not actor)
            if self.options is not None:
                self.options = self._without_stalled(self.options)
            self._apply()
            self._problems.report(ActorStalledError(words), Origin.OTHERS if beside else Origin.ACTOR)

    def _apply(self) -> None:
        """Give all to the puppeteer that runs."""
        if self.puppeteer is not None:
            self.puppeteer.actor, self.puppeteer.others = self.actor, self.others
            if self.options is not None:
                self.puppeteer.options = self.options

    def _without_stalled(self, options: StepOptions) -> StepOptions:
        morph = options.morph
        return replace(options, morph=None) if morph is not None and morph.actor in self._stalled else options
