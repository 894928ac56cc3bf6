"""Synthetic people whose expressions are known, and simulated clips of random other people with the same expressions.

models/assets/learn_rest.py learns from these clips, in which a person rests, rarely rests or never rests, and whose
true face at rest is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from puppet.core.errors import DataError, reason
from puppet.core.types import LANDMARKS, Floats, Frame
from puppet.face import align
from puppet.face.landmarks import BROWS, EYE_LEFT, EYE_RIGHT, INNER_LIPS, LIPS, OUTER_LIPS
from puppet.face.measurements import nearness
from puppet.face.neutral import near_frontal
from puppet.face.tracking import FaceMeshTracker
from puppet.parsing.arrays import read_arrays
from puppet.sources.registry import open_source

MAX_BYTES = 256 << 20  # of a ground truth file
EVERY = 3  # frames of footage between two faces of a clip: 0.12 s at 25 frames/s
LONGEST = 96  # faces
NOISE = 0.0012  # eye distances: jitter of the tracker
ACTIVE = 0.25  # least weight of an expression that a clip may consist of
HELD_SHARE = 0.85  # of the clips have an expression that is held most of the time
HELD_FOR = (0.5, 1.3)  # share of the clip that it is held; from 1 on, always
HELD_FACES = 12  # mean duration of holding and of not holding: about 1.5 s
STRENGTH = (0.3, 1.4)  # of the held expression: 1 is as strong as the footage shows it
# Expressions that people hold, the frequent ones repeated: smiles most of all, pressed lips, hardly ever a pucker.
HELD_EXPRESSIONS = ("smile",) * 6 + ("press",) * 2 + ("frown", "stretch", "pout", "upperUp", "platysma")
ROLL, ROLLED_IN, ROLL_REACH = "roll", 0.4, 0.05  # share by which lips get thinner; reach on the skin, eye distances
HELD_EXPRESSIONS += (ROLL, ROLL, "browDown", "browUp", "browInnerUp", "squint")
# How people differ. Added to the differences within the footage, the mouth's width gets a standard deviation of 0.046
# eye distances (adults: about 0.04; mouths of 52 to 56 mm deviating by 3.3 to 4.0, eyes of 94 to 98 by 3.5 to 4.9).
# With much more, the fit takes a laugh for a wide mouth.
PEOPLE_DIFFER = 0.02  # eye distances: standard deviation of each smooth, mostly symmetric deformation of the face
SMOOTH = 0.4  # eye distances over which such a deformation changes; 25 of them
DIFFER_BY = {"mouth width": 0.05, "eye opening": 0.18, "brow height": 0.025, "mouth height": 0.015, "corners": 0.012}


@dataclass(frozen=True)
class Clip:
    """N faces of one simulated person.

    shapes f32 (N, 478, 3): near the usual pose, aligned by bony points (`neutral.frontal`); angles f32 (N, 3): yaw,
    pitch, roll in degrees; rest f32 (478, 3): the true face at rest, canonical.
    """

    shapes: Floats
    angles: Floats
    rest: Floats


@dataclass(frozen=True)
class Person:
    """N tracked frames of a synthetic person, each taken apart into rest, expression and head pose.

    rest f32 (478, 3), shapes f32 (N, 478, 3): canonical; angles f32 (N, 3): degrees; weights f32 (N, K): of the
    expressions in `names`; by_weights f32 (3 K, 478 * 3): what each of `_terms` adds to a shape; acted, posed f32
    (N, 478, 3): the part of each shape that is due to the expression, and to tracking at this head pose.
    """

    rest: Floats
    shapes: Floats
    angles: Floats
    names: tuple[str, ...]
    weights: Floats
    by_weights: Floats
    acted: Floats
    posed: Floats


def read_truth(told: Path) -> dict[str, np.ndarray]:
    """The ground truth of a synthetic person's video. Raises DataError.

    `names` (K), `weights` f32 (N, K), `rot` (N, 3) and `gaze` (N, 2) in degrees.
    """
    try:
        file = read_arrays(told, MAX_BYTES)
        return {name: file[name] for name in ("names", "weights", "rot", "gaze")}
    except OSError as error:
        raise DataError(f"{told}: {reason(error)}") from error
    except (KeyError, ValueError) as error:
        raise DataError(f"{told}: holds no truth of names, weights, rot and gaze") from error


def read_person(path: Path) -> Person:
    """Track PATH.mp4 and take its shapes apart by the ground truth in PATH.npz. DataError when they do not match."""
    truth, video = read_truth(path.with_suffix(".npz")), path.with_suffix(".mp4")
    seen, shapes, angles = [], [], []
    source = open_source(str(video), paced=False)
    source.open()
    with closing(source), closing(FaceMeshTracker()) as tracker:
        for index in range(len(truth["weights"])):
            if (frame := source.read()) is None:
                raise DataError(f"{video.name}: {index} frames, but its truth has {len(truth['weights'])}")
            face = tracker.track(Frame(frame.image, index, index / 25))
            if face is not None:
                seen.append(index)
                shapes.append(face.canonical)
                angles.append(align.angles_of(face.pose.rotation))
    if not seen:
        raise DataError(f"{video.name}: no face was seen in it")
    names = tuple(str(name) for name in truth["names"])
    weights, turned, gaze = (truth[name][seen].astype(np.float32) for name in ("weights", "rot", "gaze"))
    return _taken_apart(np.stack(shapes), np.stack(angles), names, weights, turned / 20, gaze / 20)


def _taken_apart(
    shapes: Floats, angles: Floats, names: tuple[str, ...], weights: Floats, turned: Floats, gaze: Floats
) -> Person:
    """Ridge regression of the shapes on expressions, gaze and head pose; turned, gaze in units of 20 degrees."""
    calm = (weights.max(1) < 0.02) & (np.abs(turned).max(1) < 0.3) & (np.abs(gaze).max(1) < 0.3)
    if not calm.any():
        raise DataError("no frame shows the person at rest: a neutral second is needed as truth")
    rest = shapes[calm].mean(0)
    yaw, pitch, roll = turned.T
    terms = _terms(weights, names)
    poses = np.stack([yaw, pitch, roll, yaw**2, pitch**2, roll**2, yaw * pitch, yaw * roll, pitch * roll], 1)
    known = np.concatenate([terms, gaze, gaze**2, poses], 1)
    offsets = (shapes - rest).reshape(len(shapes), -1)
    by_known = np.linalg.solve(known.T @ known + np.eye(known.shape[1]), known.T @ offsets).astype(np.float32)
    first_pose = known.shape[1] - poses.shape[1]
    acted = (known[:, :first_pose] @ by_known[:first_pose]).reshape(shapes.shape)
    posed = (poses @ by_known[first_pose:]).reshape(shapes.shape)
    return Person(rest, shapes, angles, names, weights, by_known[: terms.shape[1]], acted, posed)


def _terms(weights: Floats, names: Sequence[str]) -> Floats:
    """Regressors of expressions: weights, their squares, and their products with the open jaw: (N, K) -> (N, 3 K)."""
    jaw = weights[:, [list(names).index("jawOpen")]]
    return np.concatenate([weights, weights**2, weights * jaw], 1)


def scenes(person: Person) -> list[np.ndarray]:
    """Frame numbers (n,) of each kind of scene that a clip may consist of: smiling, talking, brows up ..."""
    weight = {name: person.weights[:, i] for i, name in enumerate(person.names)}

    def most(*starts: str) -> Floats:
        return np.max([w for name, w in weight.items() if name.startswith(starts)], axis=0)

    smile = most("smile", "grin")
    talk = most("jawOpen", "pucker", "funnel", "pout", "lipsPart", "lowerDown", "upperUp", "press")
    gap = np.linalg.norm(person.shapes[:, 13, :2] - person.shapes[:, 14, :2], axis=1)
    yaw, pitch, roll = person.angles.T
    masks = [smile > 0.3, (smile > 0.25) & (gap > 0.03), (talk > 0.15) & (smile < 0.2), (gap > 0.035) & (smile < 0.3)]
    masks += [(smile > 0.2) | (talk > 0.2), most("pucker", "funnel") > 0.3, most("frown", "pout") > ACTIVE]
    masks += [most("browUp", "browInnerUp", "browOuterUp") > 0.3, most("browDown") > 0.3, most("wide") > ACTIVE]
    masks += [(most("squint") > ACTIVE) | ((most("blink") > 0.2) & (most("blink") < 0.7))]
    masks += [pitch < -8, pitch > 8, np.abs(roll) > 6, yaw > 12]
    return [np.flatnonzero(mask) for mask in masks if mask.sum() > 20]


def acted_frames(person: Person, rng: np.random.Generator) -> np.ndarray:
    """Frame numbers (n,), n <= LONGEST: a stretch of the footage, or frames of one scene."""
    count = int(rng.uniform(3, 25) if rng.random() < 1 / 3 else rng.uniform(25, LONGEST))
    total = len(person.shapes)
    if rng.random() < 0.55:
        start = rng.integers(0, max(1, total - count * EVERY))
        return np.arange(start, min(total, start + count * EVERY), EVERY)
    some = scenes(person)
    frames = some[rng.integers(len(some))]
    span = min(len(frames), max(count, int(count * EVERY * rng.uniform(1, 3))))
    start = rng.integers(0, len(frames) - span + 1)
    return np.sort(rng.choice(frames[start : start + span], min(count, span), replace=False))


def held_expression(person: Person, count: int, rng: np.random.Generator) -> Floats:
    """What an expression that is held most of the time adds to each face, f32 (count, 478, 3); zeros in some clips."""
    if rng.random() >= HELD_SHARE:
        return np.zeros((count, LANDMARKS, 3), np.float32)
    name, amount = rng.choice(HELD_EXPRESSIONS), rng.uniform(*STRENGTH)
    course = _on_and_off(count, rng)[:, None, None]
    if name == ROLL:
        return course * amount * rolled_in(person.rest)
    weights = np.zeros((1, len(person.names)), np.float32)
    for at, one in enumerate(person.names):
        if one in (name, name + "L", name + "R"):
            weights[0, at] = rng.uniform(0.85, 1.15)
    return course * amount * (_terms(weights, person.names) @ person.by_weights).reshape(LANDMARKS, 3)


def rolled_in(rest: Floats) -> Floats:
    """What rolled-in lips (action unit 28) add to a face at rest, f32 (478, 3): lips thinner by the share ROLLED_IN.

    It is made up, since no footage shows it.
    """
    outer, inner = rest[list(OUTER_LIPS)], rest[list(INNER_LIPS)]
    drawn = np.zeros_like(rest)
    drawn[list(OUTER_LIPS), 1] = ROLLED_IN * (inner - outer)[:, 1]
    gap = ((rest[:, None, :2] - outer[None, :, :2]) ** 2).sum(-1)
    near = np.exp(-gap.min(1) / (2 * ROLL_REACH**2))
    near[list(INNER_LIPS)] = 0
    return near[:, None] * drawn[np.array(OUTER_LIPS)[gap.argmin(1)]]


def _on_and_off(count: int, rng: np.random.Generator) -> Floats:
    """How much of a held expression is there, 0 .. 1 over `count` faces, smoothed."""
    share, course = rng.uniform(*HELD_FOR), np.zeros(count, np.float32)
    if share >= 1:
        return np.ones(count, np.float32)
    there, at = rng.random() < share, 0
    while at < count:
        until = at + 1 + int(rng.exponential(2 * HELD_FACES * (share if there else 1 - share)))
        course[at:until], there, at = there, not there, until
    return np.convolve(np.pad(course, 1, "edge"), np.array([0.25, 0.5, 0.25], np.float32), "valid")


class RandomPeople:
    """Turns one person into random others: smooth deformations, and regions of other sizes that move accordingly."""

    def __init__(self, average: Floats, rng: np.random.Generator) -> None:
        """average: the mean face at rest, canonical f32 (478, 3)."""
        flat = average * (1, 1, 0.6)
        near = np.exp(-((flat[:, None] - flat[None]) ** 2).sum(-1) / (2 * SMOOTH**2))
        values, vectors = np.linalg.eigh(near)
        self._deformations = vectors[:, -25:] * np.sqrt(np.maximum(values[-25:], 0))
        self._mirror = ((average[:, None] * (-1, 1, 1) - average[None]) ** 2).sum(-1).argmin(1)
        self._mouth, self._brows = nearness(average, LIPS, 0.15)[:, None], nearness(average, BROWS, 0.08)
        self._eyes = {eye: nearness(average, eye, 0.05) for eye in (EYE_RIGHT, EYE_LEFT)}
        self._centre = average[list(LIPS)].mean(0)
        self._rng = rng

    def transform(self, rest: Floats, moves: Floats) -> tuple[Floats, Floats]:
        """Rest f32 (478, 3) and offsets from it f32 (N, 478, 3) of one person -> those of a random other one."""
        by = {name: self._rng.normal(0, spread) for name, spread in DIFFER_BY.items()}
        field = self._deformations @ self._rng.normal(0, PEOPLE_DIFFER, (self._deformations.shape[1], 3))
        mirrored = field[self._mirror] * (-1, 1, 1)
        other = rest + 0.64 * (field + mirrored) + 0.15 * (field - mirrored)
        size = np.ones_like(rest)
        from_middle = rest - self._centre
        other += self._mouth * (np.exp(by["mouth width"]) - 1) * from_middle
        size += self._mouth * (np.exp(by["mouth width"]) - 1)
        for eye, near in self._eyes.items():
            wider = near * (np.exp(by["eye opening"]) - 1)
            other[:, 1] += wider * (rest[:, 1] - rest[list(eye), 1].mean())
            size[:, 1] += wider
        curve = by["mouth height"] + by["corners"] * (from_middle[:, 0] / 0.25) ** 2
        other[:, 1] += self._brows * by["brow height"] + self._mouth[:, 0] * curve
        return other.astype(np.float32), (moves * size).astype(np.float32)


def simulated(person: Person, people: RandomPeople, rng: np.random.Generator) -> Clip:
    """A clip of a random other person with the expressions of `person`."""
    frames = acted_frames(person, rng)
    rest = person.rest + person.posed[frames].mean(0)  # at rest, but with the head held like that
    liveliness = np.float32(rng.uniform(-0.4, 0.4))
    moves = person.shapes[frames] - rest + liveliness * person.acted[frames]
    moves += held_expression(person, len(frames), rng)
    rest, moves = people.transform(rest, moves)
    truth, pose = align.canonicalise(rest)
    shapes = ((rest + moves - pose.translation) @ pose.rotation / pose.scale).astype(np.float32)
    shapes += np.float32(NOISE) * rng.standard_normal(shapes.shape, np.float32)
    placed, kept = near_frontal(shapes, person.angles[frames])
    return Clip(placed, person.angles[frames][kept], truth)
