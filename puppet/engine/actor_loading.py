"""Actors are loaded in helper threads, then swapped in; when that fails, the old one stays."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from puppet.core.errors import PuppetError
from puppet.engine.helpers import HelperThreads
from puppet.engine.problems import Problems
from puppet.engine.setup import PuppeteerSetup
from puppet.engine.status import Origin
from puppet.process.log import explained

if TYPE_CHECKING:
    from puppet.actor.runtime import Actor


class ActorLoading:
    """Loads the actor and those beside it; of several requests only the newest counts.

    load: file -> Actor, called in a helper thread. on_actor: called under the lock when another actor is in,
    beside it too.
    lock: the engine's.
    """

    def __init__(
        self,
        load: Callable[[Path], Actor],
        setup: PuppeteerSetup,
        problems: Problems,
        helpers: HelperThreads,
        lock: threading.RLock,
        on_actor: Callable[[], None],
    ) -> None:
        self.loading: str | None = None  # name of the actor that is on its way
        self._load = load
        self._setup = setup
        self._problems = problems
        self._helpers = helpers
        self._lock = lock
        self._on_actor = on_actor
        self._actor_request = self._others_request = 0  # numbers of the newest ones

    def request_actor(self, path: Path) -> None:
        """Load an actor; returns at once."""
        with self._lock:
            self._actor_request += 1
            self.loading = path.stem
            self._helpers.start("load actor", functools.partial(self._load_actor, path, self._actor_request))

    def request_others(self, paths: tuple[Path, ...]) -> None:
        """Load the actors beside it; returns at once."""
        with self._lock:
            self._others_request += 1
            self._helpers.start("load others", functools.partial(self._load_others, paths, self._others_request))

    def _load_actor(self, path: Path, request: int) -> None:
        actor, problem = self._loaded(path)
        with self._lock:
            if request != self._actor_request:
                return  # the user has chosen another one since
            self.loading = None
            if problem is not None:
                self._problems.report(problem, Origin.ACTOR)
            if actor is not None:
                self._setup.set_actor(actor)
                self._on_actor()

    def _load_others(self, paths: tuple[Path, ...], request: int) -> None:
        loaded = [self._loaded(path) for path in paths]
        problems = [problem for _, problem in loaded if problem is not None]
        with self._lock:
            if request != self._others_request:
                return
            self._setup.set_others(tuple(actor for actor, _ in loaded if actor is not None))
            self._on_actor()
            if problems:
                self._problems.report(problems[-1], Origin.OTHERS)

    def _loaded(self, path: Path) -> tuple[Actor | None, PuppetError | None]:
        """The actor, or why there is none: whatever is wrong with a file from anywhere, the program goes on."""
        try:
            return self._load(path), None
        except Exception as error:
            return None, explained(error, f"Loading the actor {path.stem}")
