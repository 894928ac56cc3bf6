"""The exploration of an actor's latent space: a value for the current place and its history. Numpy only.

After Morphing Faces (V. Dumoulin): the mouse sets two chosen coordinates, everything else stays. Coordinates count in
standard deviations of the actor's footage from its mean, so that 1 is a usual and 3 a rare value of every direction.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from puppet.actor.latents import Latents
from puppet.core.errors import PuppetError
from puppet.core.types import Floats
from puppet.explore.directions import Basis, Direction, directions, offset

HISTORY = 200  # steps that can be taken back
REACHES = (0.5, 4.0)  # standard deviations that the picture's edge may stand for
MAX_AMOUNT = 4.0  # largest amount of an attribute, either way


@dataclass(frozen=True, eq=False)
class Place:
    """A point f32 (D,) and how much of which attribute is added to it."""

    point: Floats
    amounts: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, eq=False)
class Exploration:
    """The current place and its history. Every method returns a new value.

    pair: numbers of the directions that follow the mouse, to the right and upwards. reach: standard deviations at the
    picture's edge. frozen: the mouse changes nothing. past, future: places for undo and redo, newest last. gesture: the
    change in progress; a slider that moves a hundred times is one step of undo.
    """

    latents: Latents
    directions: tuple[Direction, ...]
    basis: Basis
    place: Place
    pair: tuple[int, int]
    reach: float = 1.0
    frozen: bool = False
    past: tuple[Place, ...] = ()
    future: tuple[Place, ...] = ()
    gesture: tuple[Any, ...] = ()

    @property
    def shown(self) -> Floats:
        """The point with its attributes added, f32 (D,): what is decoded."""
        added = offset(self.latents, self.place.amounts)
        return self.place.point if added is None else self.place.point + added

    def direction(self, number: int) -> Direction:
        """The direction of a number. Raises PuppetError when there is none."""
        for direction in self.directions:
            if direction.number == number:
                return direction
        numbers = [d.number for d in self.directions]
        raise PuppetError(f"There is no {number} among the {self.basis.value}, {min(numbers)} to {max(numbers)}")

    def coordinate(self, number: int) -> float:
        """The coordinate along a direction, in standard deviations from the mean."""
        return _coordinate(self.place.point - self.latents.mean, self.direction(number).vector)

    def hover(self, x: float, y: float) -> Exploration:
        """Move the pair with the mouse at (x, y), -1 .. 1 from the left and from the bottom, unless frozen."""
        if self.frozen:
            return self
        point = self.place.point
        for number, value in zip(self.pair, (x, y), strict=True):
            point = self._moved(point, number, float(np.clip(value, -1, 1)) * self.reach)
        return self._changed(Place(point, self.place.amounts), ("hover", self.pair))

    def toggle_freeze(self) -> Exploration:
        """Freeze, or follow the mouse again."""
        return dataclasses.replace(self, frozen=not self.frozen, gesture=())

    def frozen_here(self) -> Exploration:
        """Freeze without ending the gesture."""
        return dataclasses.replace(self, frozen=True)

    def pick(self, right: int, up: int) -> Exploration:
        """Choose the two directions that follow the mouse. Raises PuppetError."""
        if right == up:
            raise PuppetError(f"Choose two different directions, not {right} twice")
        for number in (right, up):
            self.direction(number)
        return dataclasses.replace(self, pair=(right, up), gesture=())

    def with_reach(self, reach: float) -> Exploration:
        """Set the standard deviations at the picture's edge, within REACHES."""
        return dataclasses.replace(self, reach=float(np.clip(reach, *REACHES)), gesture=())

    def with_basis(self, basis: Basis) -> Exploration:
        """Keep the place, with coordinates along other directions."""
        if basis is self.basis:
            return self
        ways = directions(self.latents, basis)
        return dataclasses.replace(self, basis=basis, directions=ways, pair=_first_pair(self.latents, ways), gesture=())

    def set_coordinate(self, number: int, value: float) -> Exploration:
        """Set one coordinate, in standard deviations. Raises PuppetError."""
        point = self._moved(self.place.point, number, value)
        return self._changed(Place(point, self.place.amounts), ("slider", self.basis, number))

    def set_amount(self, attribute: str, amount: float) -> Exploration:
        """Set the amount of an attribute, within MAX_AMOUNT either way. Raises PuppetError."""
        if attribute not in self.latents.directions:
            raise PuppetError(f"This actor knows no attribute {attribute!r}")
        amounts = {**self.place.amounts, attribute: float(np.clip(amount, -MAX_AMOUNT, MAX_AMOUNT))}
        amounts = {name: value for name, value in amounts.items() if value}
        return self._changed(Place(self.place.point, amounts), ("attribute", attribute))

    def jump_to(self, point: Floats) -> Exploration:
        """Move to a point f32 (D,) without attributes: a random face, a bookmark, a live expression.

        Frozen afterwards, so that the mouse, wherever it is, does not take the place away at once.
        """
        place = self._changed(Place(np.asarray(point, np.float32)), ())
        return dataclasses.replace(place, frozen=True)

    def walk_to(self, point: Floats) -> Exploration:
        """Take a step of a random walk; the whole walk is one step of undo."""
        return self._changed(Place(point, self.place.amounts), ("walk",))

    def reset(self) -> Exploration:
        """Move to the mean face without attributes."""
        return self.jump_to(self.latents.mean)

    def undo(self) -> Exploration:
        """Take back one step; frozen afterwards, because the mouse would move on from there at once."""
        if not self.past:
            return self
        future = (*self.future, self.place)
        return self._restored(self.past[-1], self.past[:-1], future)

    def redo(self) -> Exploration:
        """Repeat a step that was taken back; frozen afterwards, as after undo."""
        if not self.future:
            return self
        return self._restored(self.future[-1], (*self.past, self.place), self.future[:-1])

    def _moved(self, point: Floats, number: int, value: float) -> Floats:
        vector = self.direction(number).vector
        return point + np.float32(value - _coordinate(point - self.latents.mean, vector)) * vector

    def _changed(self, place: Place, gesture: tuple[Any, ...]) -> Exploration:
        if gesture and gesture == self.gesture:
            return dataclasses.replace(self, place=place)
        past = (*self.past, self.place)[-HISTORY:]
        return dataclasses.replace(self, place=place, past=past, future=(), gesture=gesture)

    def _restored(self, place: Place, past: tuple[Place, ...], future: tuple[Place, ...]) -> Exploration:
        return dataclasses.replace(self, place=place, past=past, future=future, frozen=True, gesture=())


def explore(latents: Latents, basis: Basis = Basis.USEFUL) -> Exploration:
    """Start at the mean; the mouse moves the pair that the file names, or the two most useful directions."""
    ways = directions(latents, basis)
    return Exploration(latents, ways, basis, Place(latents.mean), _first_pair(latents, ways))


def _first_pair(latents: Latents, ways: tuple[Direction, ...]) -> tuple[int, int]:
    if len(latents.start) == 2:
        wanted = [f"dimension {latents.useful[place]}" for place in latents.start]
        found = {way.name: way.number for way in ways}
        if all(name in found for name in wanted):
            return found[wanted[0]], found[wanted[1]]
    return ways[0].number, ways[min(1, len(ways) - 1)].number


def _coordinate(away: Floats, vector: Floats) -> float:
    return float(away.astype(np.float64) @ vector.astype(np.float64) / np.square(vector.astype(np.float64)).sum())
