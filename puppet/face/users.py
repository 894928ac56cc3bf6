"""Who is sitting there: notices that another face has come, keeps what was learned of each, and knows them again."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from puppet.core.types import Face, Floats
from puppet.face.neutral import KEEP_EVERY, AutomaticNeutral, Neutral
from puppet.face.persons import Looks, apart, looks_of

LOST = 0.5  # s without a face, after which it may be another one
ASKED = (1.0, 1.5, 2.0, 3.0, 4.0)  # s of a face that may be another one, after which it is compared
BLOCK = 4.0  # s that are compared while there is no reason to think of another one
OTHER, SURELY = 1.15, 1.3  # `persons.apart` beyond which it is another one: with a reason, and without
KNOWN = 0.9  # below which it is one of those who were here before
LONGEST = 30.0  # s that a look at somebody counts at most, so that it follows the light
PEOPLE = 4  # that are remembered


@dataclass(eq=False)
class _User:
    """What is known of one person. captured: the neutral that they were asked for, or given, in the picture `scene`."""

    looks: Looks | None = None
    automatic: AutomaticNeutral = field(default_factory=AutomaticNeutral)
    captured: Neutral | None = None
    scene: int = 0


class Users:
    """The neutral of whoever is there. Told what was seen, frame by frame; decides nothing by a single frame."""

    def __init__(self) -> None:
        self._user = _User()
        self._others: list[_User] = []
        self._fresh: list[Floats] = []  # looks that are not yet known to be the user's
        self._asked: int | None = None  # how many of ASKED are over; None: no reason to ask
        self._seen_at = -np.inf
        self._scene = 0

    @property
    def captured(self) -> Neutral | None:
        """The neutral that this user was asked for, or was given."""
        return self._user.captured

    @captured.setter
    def captured(self, neutral: Neutral | None) -> None:
        self._user.captured, self._user.scene = neutral, self._scene

    @property
    def confidence(self) -> float:
        """How far the neutral in use can be trusted, 0 .. 1."""
        return 1.0 if self._user.captured is not None else self._user.automatic.confidence

    def neutral_for(self, face: Face, at: float, still: bool = False) -> Neutral:
        """The neutral to use for this face, seen at `at` seconds; still: as `AutomaticNeutral.watch`."""
        captured = self._user.captured
        if captured is None:
            return self._user.automatic.watch(face, at, still)
        if self._user.scene != self._scene:  # how the head is held there is another matter
            return Neutral(captured.landmarks, self._user.automatic.watch(face, at).pose)
        return captured

    def see(self, look: Floats | None, at: float, scene: int) -> bool:
        """A face at `at` seconds, in the picture numbered `scene` (`shots.CutWatch`); True when it is another one's.

        look: as `persons.look`; None where none was taken.
        """
        if scene != self._scene:
            self._scene = scene
            self._user.automatic = AutomaticNeutral()  # how the head is held there is not known
            self._ask()
        elif at - self._seen_at > LOST:
            self._ask()
        self._seen_at = at
        if look is None:
            return False
        self._fresh.append(look)
        seconds = len(self._fresh) * KEEP_EVERY
        if self._user.looks is None:
            if seconds >= ASKED[0]:
                self._keep()
            return False
        if seconds < (BLOCK if self._asked is None else ASKED[self._asked]):
            return False
        fresh = looks_of(self._fresh, seconds)
        assert fresh is not None
        if apart(self._user.looks, fresh) > (SURELY if self._asked is None else OTHER):
            self._change(fresh)
            return True
        if self._asked is None or self._asked == len(ASKED) - 1:
            self._keep()
        else:
            self._asked += 1
        return False

    def _ask(self) -> None:
        """There is a reason to ask who it is."""
        if self._asked is None and self._user.looks is not None:
            self._keep()
        self._fresh, self._asked = [], 0

    def _keep(self) -> None:
        """What was seen last is the user's."""
        fresh = looks_of(self._fresh, len(self._fresh) * KEEP_EVERY)
        if fresh is not None:
            old = self._user.looks
            joined = fresh if old is None else Looks(old.mean, min(old.seconds, LONGEST)).joined(fresh)
            self._user.looks = joined
        self._fresh, self._asked = [], None

    def _change(self, fresh: Looks) -> None:
        self._others = [*self._others, self._user][-PEOPLE:]
        known = [(apart(one.looks, fresh), i) for i, one in enumerate(self._others[:-1]) if one.looks is not None]
        nearest, i = min(known, default=(np.inf, -1))
        self._user = self._others.pop(i) if nearest < KNOWN else _User(fresh)
        self._fresh, self._asked = [], None
