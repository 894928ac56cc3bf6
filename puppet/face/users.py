"""Who sits before the camera: notices that another face has come, keeps each person's neutral, and knows them again."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from puppet.core.types import Face, Floats
from puppet.face.identity import MeanDescriptor, identity_distance, mean_descriptor
from puppet.face.neutral import SAMPLE_INTERVAL, AutomaticNeutral, Neutral

LOST = 0.5  # s without a face, after which it may be another one
CHECKED_AFTER = (1.0, 1.5, 2.0, 3.0, 4.0)  # s of a face that may be another one, after which it is compared
BLOCK = 4.0  # s that are compared while there is no reason to think of another one
OTHER, SURELY = 1.15, 1.3  # `identity_distance` beyond which it is another one: with a reason, and without
KNOWN = 0.9  # below which it is one of those who were here before
LONGEST = 30.0  # s of observation that count at most, so that the mean follows the light
PEOPLE = 4  # that are remembered


@dataclass(eq=False)
class _User:
    """What is known of one person."""

    identity: MeanDescriptor | None = None
    automatic: AutomaticNeutral = field(default_factory=AutomaticNeutral)
    captured: Neutral | None = None  # their own, or one that was set for them
    scene: int = 0  # in which it was captured


class KnownUsers:
    """The neutral of the person before the camera, and of those who were there before.

    Told what was seen, frame by frame; nothing is decided by a single frame.
    """

    def __init__(self) -> None:
        self._user = _User()
        self._others: list[_User] = []
        self._fresh: list[Floats] = []  # descriptors that are not yet known to be the user's
        self._check: int | None = None  # index in CHECKED_AFTER of the next comparison; None: no reason to compare
        self._seen_at = -np.inf
        self._scene = 0

    @property
    def captured(self) -> Neutral | None:
        """The present user's captured neutral; None while the automatic one is in use."""
        return self._user.captured

    @captured.setter
    def captured(self, neutral: Neutral | None) -> None:
        self._user.captured, self._user.scene = neutral, self._scene

    @property
    def confidence(self) -> float:
        """How far the neutral in use can be trusted, 0 .. 1."""
        return 1.0 if self._user.captured is not None else self._user.automatic.confidence

    def neutral_for(self, face: Face, at: float, still: bool = False) -> Neutral:
        """The neutral to use for this face, seen at `at` seconds; still: as `AutomaticNeutral.update`."""
        captured = self._user.captured
        if captured is None:
            return self._user.automatic.update(face, at, still)
        if self._user.scene != self._scene:  # in another scene the head is held differently
            return Neutral(captured.landmarks, self._user.automatic.update(face, at).pose)
        return captured

    def update(self, descriptor: Floats | None, at: float, scene: int) -> bool:
        """A face was seen at `at` seconds, in the scene of that number; True when it is now another person's.

        descriptor: as `identity.identity_descriptor`; None where none was taken. scene: `cuts.CutDetector`'s.
        """
        if scene != self._scene:
            self._scene = scene
            self._user.automatic = AutomaticNeutral()  # how the head is held there is not known
            self._start_check()
        elif at - self._seen_at > LOST:
            self._start_check()
        self._seen_at = at
        if descriptor is None:
            return False
        self._fresh.append(descriptor)
        seconds = len(self._fresh) * SAMPLE_INTERVAL
        if self._user.identity is None:
            if seconds >= CHECKED_AFTER[0]:
                self._add_to_user()
            return False
        if seconds < (BLOCK if self._check is None else CHECKED_AFTER[self._check]):
            return False
        fresh = mean_descriptor(self._fresh, seconds)
        assert fresh is not None
        if identity_distance(self._user.identity, fresh) > (SURELY if self._check is None else OTHER):
            self._switch_user(fresh)
            return True
        if self._check is None or self._check == len(CHECKED_AFTER) - 1:
            self._add_to_user()
        else:
            self._check += 1
        return False

    def _start_check(self) -> None:
        """It may be another face from now on."""
        if self._check is None and self._user.identity is not None:
            self._add_to_user()
        self._fresh, self._check = [], 0

    def _add_to_user(self) -> None:
        """The face that was seen last is the user's."""
        fresh = mean_descriptor(self._fresh, len(self._fresh) * SAMPLE_INTERVAL)
        if fresh is not None:
            old = self._user.identity
            joined = fresh if old is None else MeanDescriptor(old.mean, min(old.seconds, LONGEST)).joined(fresh)
            self._user.identity = joined
        self._fresh, self._check = [], None

    def _switch_user(self, fresh: MeanDescriptor) -> None:
        self._others = [*self._others, self._user][-PEOPLE:]
        known = [
            (identity_distance(one.identity, fresh), i)
            for i, one in enumerate(self._others[:-1])
            if one.identity is not None
        ]
        nearest, i = min(known, default=(np.inf, -1))
        self._user = self._others.pop(i) if nearest < KNOWN else _User(fresh)
        self._fresh, self._check = [], None
