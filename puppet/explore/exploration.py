"""Wander in an actor's latent space: a value for where one is, and pure functions for ways to go on. Numpy only.

After Morphing Faces (V. Dumoulin): the mouse sets two chosen coordinates, everything else stays. Coordinates count in
standard deviations of the actor's footage from its mean, so that 1 is a usual and 3 a rare value of every direction.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from puppet.actor.expression_range import ExpressionRange
from puppet.actor.latents import Latents, ranked_dimensions, useful_dimensions
from puppet.core.errors import PuppetError
from puppet.core.types import Floats, Image, Latent

HISTORY = 200  # steps that can be taken back
SMALLEST = 1e-6  # standard deviation below which a dimension counts as this wide: it can be moved all the same
REACHES = (0.5, 4.0)  # standard deviations that the picture's edge may stand for
LEAST_SHOWN = 0.4  # of a picture's side: less would not tell where on the face one is
MOST = 4.0  # largest amount of an attribute, either way
LARGEST = 1e4  # no coordinate of any use is larger
WALK_STEP = 0.5  # standard deviations, as in Morphing Faces' own random walk
WALK_LIMIT = 2.0  # standard deviations beyond which the walk turns round


class Basis(Enum):
    """What the coordinates are taken along."""

    USEFUL = "useful dimensions"
    ALL = "all dimensions"
    AXES = "principal axes"


@dataclass(frozen=True, eq=False)
class Direction:
    """A way to go. `number` is what a user types; vector f32 (D,), one standard deviation long.

    usefulness: mean KL in nats, for principal axes their length; 0 where the file does not say.
    """

    number: int
    name: str
    vector: Floats
    usefulness: float

    @property
    def title(self) -> str:
        """The number to type, and the name where that says more."""
        return self.name if self.name.endswith(f" {self.number}") else f"{self.number} · {self.name}"


@dataclass(frozen=True, eq=False)
class Place:
    """A point f32 (D,) and how much of which attribute is added to it."""

    point: Floats
    amounts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Exploration:
    """Where one is and how one came there. Every method returns another one.

    pair: numbers of the directions that follow the mouse, to the right and upwards; reach: standard deviations at the
    picture's edge; frozen: the mouse changes nothing; past, future: places to go back and forth to, newest last.
    gesture: what is going on; a slider that moves a hundred times is one step back.
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
    gesture: tuple = ()

    @property
    def shown(self) -> Floats:
        """What is to be decoded, f32 (D,): the point and its attributes."""
        added = offset(self.latents, self.place.amounts)
        return self.place.point if added is None else self.place.point + added

    def direction(self, number: int) -> Direction:
        """Raises PuppetError when there is none of that number."""
        for direction in self.directions:
            if direction.number == number:
                return direction
        numbers = [d.number for d in self.directions]
        raise PuppetError(f"There is no {number} among the {self.basis.value}, {min(numbers)} to {max(numbers)}")

    def coordinate(self, number: int) -> float:
        """In standard deviations from the mean."""
        return _coordinate(self.place.point - self.latents.mean, self.direction(number).vector)

    # -- ways to go on -------------------------------------------------------------------------------------------

    def hover(self, x: float, y: float) -> Exploration:
        """The mouse is at (x, y), -1 .. 1 from the left and from the bottom: the pair follows, unless frozen."""
        if self.frozen:
            return self
        point = self.place.point
        for number, value in zip(self.pair, (x, y), strict=True):
            point = self._moved(point, number, float(np.clip(value, -1, 1)) * self.reach)
        return self._go(Place(point, self.place.amounts), ("hover", self.pair))

    def toggle_freeze(self) -> Exploration:
        return dataclasses.replace(self, frozen=not self.frozen, gesture=())

    def frozen_here(self) -> Exploration:
        """The same, with the mouse changing nothing; what is going on goes on."""
        return dataclasses.replace(self, frozen=True)

    def pick(self, right: int, up: int) -> Exploration:
        """Another pair. Raises PuppetError."""
        if right == up:
            raise PuppetError(f"Choose two different directions, not {right} twice")
        for number in (right, up):
            self.direction(number)
        return dataclasses.replace(self, pair=(right, up), gesture=())

    def with_reach(self, reach: float) -> Exploration:
        return dataclasses.replace(self, reach=float(np.clip(reach, *REACHES)), gesture=())

    def with_basis(self, basis: Basis) -> Exploration:
        """The same place, seen along other directions."""
        if basis is self.basis:
            return self
        ways = directions(self.latents, basis)
        return dataclasses.replace(self, basis=basis, directions=ways, pair=_first_pair(self.latents, ways), gesture=())

    def set_coordinate(self, number: int, value: float) -> Exploration:
        """One direction to a value in standard deviations. Raises PuppetError."""
        point = self._moved(self.place.point, number, value)
        return self._go(Place(point, self.place.amounts), ("slider", self.basis, number))

    def set_amount(self, attribute: str, amount: float) -> Exploration:
        """So much of an attribute, -4 .. 4. Raises PuppetError."""
        if attribute not in self.latents.directions:
            raise PuppetError(f"This actor knows no attribute {attribute!r}")
        amounts = {**self.place.amounts, attribute: float(np.clip(amount, -MOST, MOST))}
        amounts = {name: value for name, value in amounts.items() if value}
        return self._go(Place(self.place.point, amounts), ("attribute", attribute))

    def go(self, point: Floats) -> Exploration:
        """Jump to a point f32 (D,) without any attribute added: a random face, a bookmark, a live expression.

        Frozen afterwards, so that the mouse, wherever it is, does not take the place away at once.
        """
        gone = self._go(Place(np.asarray(point, np.float32)), ())
        return dataclasses.replace(gone, frozen=True)

    def wander(self, point: Floats) -> Exploration:
        """A step of a random walk; the whole walk is one step back."""
        return self._go(Place(point, self.place.amounts), ("walk",))

    def reset(self) -> Exploration:
        """The mean face, nothing added."""
        return self.go(self.latents.mean)

    def undo(self) -> Exploration:
        """One step back; frozen, for the mouse would move on from there at once."""
        if not self.past:
            return self
        future = (*self.future, self.place)
        return self._at(self.past[-1], self.past[:-1], future)

    def redo(self) -> Exploration:
        if not self.future:
            return self
        return self._at(self.future[-1], (*self.past, self.place), self.future[:-1])

    # -- inside --------------------------------------------------------------------------------------------------

    def _moved(self, point: Floats, number: int, value: float) -> Floats:
        vector = self.direction(number).vector
        return point + np.float32(value - _coordinate(point - self.latents.mean, vector)) * vector

    def _go(self, place: Place, gesture: tuple) -> Exploration:
        if gesture and gesture == self.gesture:
            return dataclasses.replace(self, place=place)
        past = (*self.past, self.place)[-HISTORY:]
        return dataclasses.replace(self, place=place, past=past, future=(), gesture=gesture)

    def _at(self, place: Place, past: tuple[Place, ...], future: tuple[Place, ...]) -> Exploration:
        return dataclasses.replace(self, place=place, past=past, future=future, frozen=True, gesture=())


def explore(latents: Latents, basis: Basis = Basis.USEFUL) -> Exploration:
    """At the mean, following the mouse along the pair that the file names, or the two most useful directions."""
    ways = directions(latents, basis)
    return Exploration(latents, ways, basis, Place(latents.mean), _first_pair(latents, ways))


def directions(latents: Latents, basis: Basis) -> tuple[Direction, ...]:
    """What can be explored, most useful first.

    Useful dimensions are numbered as the file lists them, all dimensions by their place in the latent, principal axes
    from the longest on. A file that lists none is ranked here; where no dimension stands out, all are listed.
    """
    if basis is Basis.AXES and len(latents.axes):
        lengths = np.linalg.norm(latents.axes, axis=1)
        return tuple(
            Direction(i, f"axis {i}", axis, float(length))
            for i, (axis, length) in enumerate(zip(latents.axes, lengths, strict=True))
        )
    listed = {int(dimension): int(dimension) for dimension in ranked_dimensions(latents.kl)}
    if basis is Basis.USEFUL:
        useful = latents.useful if len(latents.useful) else useful_dimensions(latents.kl)
        if len(useful) >= 2:
            listed = {int(dimension): number for number, dimension in enumerate(useful)}
    by_use = sorted(listed, key=lambda dimension: -latents.kl[dimension])  # stable: of equals as listed
    return tuple(Direction(listed[d], f"dimension {d}", _along(latents, d), float(latents.kl[d])) for d in by_use)


def bases(latents: Latents) -> tuple[Basis, ...]:
    """Those that this file has something for."""
    return tuple(basis for basis in Basis if basis is not Basis.AXES or len(latents.axes) >= 2)


def offset(latents: Latents, amounts: Mapping[str, float]) -> Floats | None:
    """What attributes add to a latent, f32 (D,), or None for nothing; unknown ones are left out."""
    added = [
        np.float32(a) * latents.directions[name] for name, a in amounts.items() if a and name in latents.directions
    ]
    return np.sum(added, axis=0, dtype=np.float32) if added else None


class RandomFaces:
    """Points drawn as the footage spreads, so that they look like the actor; N(0, 1) where nothing else is known."""

    def __init__(self, latents: Latents) -> None:
        self._latents = latents
        self._range = ExpressionRange(latents, np.ones(len(latents.mean), bool))

    def draw(self, random: np.random.Generator) -> Floats:
        """f32 (D,), never further out than the footage's edge.

        A mixture of real latents with normal weights has the covariance of the samples, all correlations included.
        """
        mean, samples = self._latents.mean, self._latents.samples
        if len(samples) > 1:
            away = random.standard_normal(len(samples)) @ (samples - samples.mean(0)) / np.sqrt(len(samples))
        else:
            away = random.standard_normal(len(mean)) * self._latents.std
        distance = self._range.distance(Latent((mean + away).astype(np.float32)))
        return (mean + away / max(1.0, distance)).astype(np.float32)


def walk_target(exploration: Exploration, random: np.random.Generator) -> Floats:
    """Where the random walk goes next, f32 (D,): half a standard deviation along one direction, either way."""
    direction = exploration.directions[int(random.integers(len(exploration.directions)))]
    now = exploration.coordinate(direction.number)
    step = WALK_STEP * float(random.choice((-1.0, 1.0)))
    if abs(now + step) > max(WALK_LIMIT, abs(now)):
        step = -step
    return exploration.place.point + np.float32(step) * direction.vector


def path(a: Floats, b: Floats, steps: int, spherical: bool = False, latents: Latents | None = None) -> Floats:
    """From a to b, both f32 (D,) and both included: f32 (steps, D), evenly spaced.

    spherical: on an arc about `latents.mean` in units of `latents.std` (None: about 0 in units of 1), the distance
    from the centre changing evenly (Shoemake 1985); straight where a or b is the centre or they are opposite.
    """
    shares = np.linspace(0, 1, steps)[:, None]
    straight = a + shares * (b - a)
    if not spherical:
        return straight.astype(np.float32)
    centre = np.zeros(len(a)) if latents is None else latents.mean.astype(np.float64)
    unit = np.ones(len(a)) if latents is None else np.maximum(latents.std, SMALLEST).astype(np.float64)
    start, end = (a - centre) / unit, (b - centre) / unit
    lengths = np.linalg.norm(start), np.linalg.norm(end)
    if min(lengths) < SMALLEST:
        return straight.astype(np.float32)
    start, end = start / lengths[0], end / lengths[1]
    angle = float(np.arccos(np.clip(start @ end, -1, 1)))
    if not 1e-4 < angle < np.pi - 1e-4:
        return straight.astype(np.float32)
    arc = (np.sin((1 - shares) * angle) * start + np.sin(shares * angle) * end) / np.sin(angle)
    return (centre + unit * arc * (lengths[0] + shares * (lengths[1] - lengths[0]))).astype(np.float32)


def changed_square(before: Image, after: Image) -> tuple[slice, slice]:
    """Rows and columns of the square in which two pictures uint8 (S, S, 3) differ most: what a direction does."""
    side = len(before)
    change = np.abs(before.astype(np.int16) - after).max(2)
    rows, columns = np.nonzero(change > change.max() / 3)
    if not change.max():
        return slice(0, side), slice(0, side)
    spread = 1.3 * max(np.ptp(np.quantile(v, [0.02, 0.98])) for v in (rows, columns))
    wanted = int(np.clip(spread, LEAST_SHOWN * side, side))
    first = [int(np.clip((v.min() + v.max() - wanted) / 2 + 0.5, 0, side - wanted)) for v in (rows, columns)]
    return slice(first[0], first[0] + wanted), slice(first[1], first[1] + wanted)


def to_text(point: Floats) -> str:
    """A latent as one line that `from_text` takes back to the very same numbers."""
    numbers = " ".join(np.format_float_positional(np.float32(v), unique=True, trim="-") for v in point)
    return f"latent of {len(point)}: {numbers}"


def from_text(text: str, size: int) -> Floats:
    """Numbers with or without words before a colon, brackets or commas -> f32 (size,). Raises PuppetError."""
    parts = [part for part in re.split(r"[\s,;\[\]()]+", text[-64 * size :].rpartition(":")[2]) if part]
    try:
        point = np.array([float(part) for part in parts[: size + 1]])
    except ValueError as error:
        raise PuppetError(f"That is no latent: {str(error)[:80]}") from None
    if len(parts) != size:
        raise PuppetError(f"That is no latent of this actor: it has {len(parts)} numbers, {size} are needed")
    if not np.isfinite(point).all() or np.abs(point).max() > LARGEST:
        raise PuppetError("That is no latent: a number in it is not finite, or far too large")
    return point.astype(np.float32)


# --- typed commands ---

COMMANDS = {  # name: how it is typed, what it does
    "d": ("d D1 D2", "the mouse moves directions D1 (to the right) and D2 (upwards)"),
    "r": ("r", "another random face"),
    "f": ("f", "freeze, or follow the mouse again"),
    "u": ("u", "undo"),
    "y": ("y", "redo what was undone"),
    "0": ("0", "back to the mean face"),
    "w": ("w", "start or end a random walk"),
    "b": ("b NAME", "bookmark this face"),
    "g": ("g NAME", "go to a bookmark"),
    "h": ("h", "show this list"),
    "q": ("q", "close the explorer"),
}


@dataclass(frozen=True)
class Command:
    """What was typed: `key` of COMMANDS; numbers of `d`, name of `b` and `g`."""

    key: str
    numbers: tuple[int, ...] = ()
    name: str = ""


def parse_command(text: str) -> Command:
    """Raises PuppetError that shows how it is typed."""
    key, _, rest = text.strip().partition(" ")
    key, rest = key.casefold(), rest.strip()
    if key not in COMMANDS:
        raise PuppetError(f"There is no command {key[:20]!r}; type h for the list")
    if key == "d":
        numbers = rest.replace(",", " ").split()
        if len(numbers) != 2 or not all(n.isdecimal() and len(n) < 6 for n in numbers):
            raise PuppetError("Type two numbers of directions, for example: d 0 1")
        return Command(key, tuple(int(n) for n in numbers))
    if key in "bg":
        if not rest:
            raise PuppetError(f"Type a name after it, for example: {key} smile")
        return Command(key, name=rest)
    if rest:
        raise PuppetError(f"{key} stands alone; type h for the list")
    return Command(key)


# --- helpers ---


def _first_pair(latents: Latents, ways: tuple[Direction, ...]) -> tuple[int, int]:
    if len(latents.start) == 2:
        wanted = [f"dimension {latents.useful[place]}" for place in latents.start]
        found = {way.name: way.number for way in ways}
        if all(name in found for name in wanted):
            return found[wanted[0]], found[wanted[1]]
    return ways[0].number, ways[min(1, len(ways) - 1)].number


def _along(latents: Latents, dimension: int) -> Floats:
    vector = np.zeros(len(latents.mean), np.float32)
    vector[dimension] = max(float(latents.std[dimension]), SMALLEST)
    return vector


def _coordinate(away: Floats, vector: Floats) -> float:
    return float(away.astype(np.float64) @ vector.astype(np.float64) / np.square(vector.astype(np.float64)).sum())
