"""The problems that stand at the moment, at most one of each origin."""

from __future__ import annotations

import logging
import threading

from puppet.core.errors import PuppetError
from puppet.engine.status import Origin, Problem

logger = logging.getLogger(__name__)


class Problems:
    """Reported from any thread, until they are cleared or a newer one of the same origin takes their place."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._standing: dict[Origin, Problem] = {}
        self._logged: dict[Origin, str] = {}  # the problems that are in the log
        self._serial = 0

    def report(self, error: PuppetError, origin: Origin) -> None:
        """Add a problem; the earlier one of this origin is gone."""
        with self._lock:
            if self._logged.get(origin) != str(error):  # the same at every second frame would fill the log
                self._logged[origin] = str(error)
                logger.warning("%s: %s", origin.value, error)
            self._serial += 1
            self._standing[origin] = Problem(str(error), origin, self._serial, error)

    def clear(self, origin: Origin) -> None:
        """The problem of this origin, if any, does not stand any more."""
        with self._lock:
            self._standing.pop(origin, None)

    def standing(self) -> tuple[Problem, ...]:
        """All that stand, oldest first."""
        with self._lock:
            return tuple(sorted(self._standing.values(), key=lambda problem: problem.serial))
