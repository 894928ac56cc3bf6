"""The geometry of an actor from one picture, and the two graphs that hold it.

The latent: K components of expression that all people share, yaw, pitch, roll, place and size, where the eyes look.
The formulas are those of `models/networks/puppet/geometry.py`; there they are fitted to a person's own footage.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from puppet.actor.graph.writer import BATCH, FLOAT, UINT8, GraphWriter
from puppet.actor.layers import NOTHING_ADDED
from puppet.core.types import LANDMARKS, POSE_SIZE, Floats, HeadPose
from puppet.face import align, measurements
from puppet.face.landmarks import OVAL
from puppet.head import eyes, mouth, openings
from puppet.head.vertices import (
    BASE_VERTICES,
    BORDER_MARGIN,
    FACE_POINTS,
    VERTICES,
    border_of,
    drawn_behind,
    ring_shares,
)
from puppet.photo.shading import PAINTED, Shading
from puppet.photo.shared import Shared

COMPONENT_LIMIT = 10.0  # standard deviations
KNEE = 0.75  # share of a limit up to which nothing is squeezed
WIDEST = np.array((38.0, 32.0, 40.0))  # degrees of yaw, pitch, roll that a head may be turned to
FURTHEST = np.array((32.0, 26.0, 35.0))  # from how the picture shows it
POSE_SCALE = np.array((15.0, 10.0, 10.0))  # degrees, a latent's unit
PLACE_LIMIT = np.array((0.6, 0.5, 0.25))  # outer-eye distances, log size
PLACE_SCALE = np.array((0.15, 0.1, 0.06))
LOOK_SCALE, LOOK_LIMIT = 0.03, np.array((0.11, 0.08))  # outer-eye distances
POSE_NOISE, PLACE_NOISE, LOOK_NOISE = 0.5, 0.003, 0.01  # of the tracker

# The sheet of hair, neck and shoulders around the face. Canonical, outer-eye distances.
DEPTH = 0.6  # of the sheet: it stands where the middle of the head is, whose outline turns as it does
HEAD, HEAD_MIDDLE = np.array((1.05, 1.3)), np.array((0.0, -0.1))  # an ellipse that follows the head
UNTURNED = 3.0  # rings from the face's outline to where nothing turns with the head any more
FALLS_OVER = 0.9  # of its radius, beyond it; there the sheet stays more and more where it is
NECK_ABOVE, NECK_LENGTH = 0.1, 0.8  # where below the face the sheet begins to stay, and over which length


@dataclass(frozen=True, eq=False)
class Geometry:
    """neutral f32 (478, 3), canonical, at rest; usual: its pose, px of a picture of side `size`.

    around f32 (R, 3), canonical: rings and border; halo f32 (R, 2), outer-eye distances in the picture, rolled with the
    head but not turned, that are added to it; follow f32 (B,), 1 moves with the head, 0 stays; home f32 (B, 3) px.
    """

    neutral: Floats
    usual: HeadPose
    size: int
    around: Floats
    halo: Floats
    follow: Floats
    home: Floats
    shared: Shared

    @property
    def latent_size(self) -> int:
        """Components, six numbers of movement, two of gaze."""
        return self.shared.components + POSE_SIZE + eyes.LOOK


def geometry_of(neutral: Floats, usual: HeadPose, size: int, shared: Shared) -> Geometry:
    """The geometry of a face at rest that a picture of side `size` shows in the pose `usual`."""
    face = align.place(neutral[:FACE_POINTS], usual)
    rings, border = _rings(face, usual, size), border_of(size)
    sheet = _canonical(rings, usual)
    follow = np.concatenate([np.ones(FACE_POINTS), _follow(sheet, neutral), np.zeros(len(border))])
    turned, halo = _unturned(sheet, rings, usual)
    home, around = np.concatenate([face, rings, border]), np.concatenate([turned, np.zeros_like(border)])
    halo = np.concatenate([halo, np.zeros((len(border), 2))])
    around, halo, follow, home = (part.astype(np.float32) for part in (around, halo, follow, home))
    return Geometry(neutral, usual, size, around, halo, follow, home, shared)


def _unturned(sheet: Floats, rings: Floats, usual: HeadPose) -> tuple[Floats, Floats]:
    """Rings, canonical (R, 3) and px, as what turns with the head (R, 3), and what is only rolled with it (R, 2).

    From every side a head with its hair is about as wide. What lies on its outline in the picture does so in all.
    """
    ring = np.arange(len(sheet)) // len(OVAL)
    share = np.clip((ring + 1) / UNTURNED, 0, 1)[:, None]
    turned = sheet + share * (np.array((0, HEAD_MIDDLE[1], DEPTH)) - sheet)
    across = usual.rotation[:2, 0] / np.linalg.norm(usual.rotation[:2, 0])
    left = (rings - align.place(turned.astype(np.float32), usual))[:, :2] / usual.scale
    return turned, left @ np.array([[across[0], -across[1]], [across[1], across[0]]])


def _rings(face: Floats, usual: HeadPose, size: int) -> Floats:
    """Rings f32 (RINGS * O, 3) px from the outline of a face (468, 3) px to the border of the picture."""
    outline = face[list(OVAL)]
    hull = cv2.convexHull(face[:, :2].astype(np.float32))
    centre = hull[:, 0].mean(0)
    away = outline[:, :2] - centre
    way = away / np.linalg.norm(away, axis=1, keepdims=True)
    radius = np.array([_reach(hull[:, 0] - centre, w) for w in way])
    low, high = -BORDER_MARGIN - centre, size - 1 + BORDER_MARGIN - centre
    end = (np.where(way > 0, high, low) / np.where(np.abs(way) < 1e-6, 1e-6, way)).min(1)
    end = np.maximum(end, radius * 1.02)
    lowness = np.clip((_canonical(outline, usual)[:, 1] - 0.2) / 0.7, 0, 1)
    lowness = lowness * lowness * (3 - 2 * lowness)
    middle = align.place(np.array([[0, 0, DEPTH]], np.float32), usual)[0, 2]
    rings = []
    for k, share in enumerate(ring_shares(lowness), 1):
        flat = centre + way * (radius + (end - radius) * share)[:, None]
        depth = outline[:, 2] + (middle - outline[:, 2]) * min(1, k / 3)
        rings.append(np.column_stack([flat, depth]))
    return np.concatenate(rings).astype(np.float32)


def _reach(hull: Floats, way: Floats) -> float:
    """How far a hull (N, 2) around the origin reaches in a unit direction."""
    a, b = hull, np.roll(hull, -1, 0)
    side = b - a
    cross = way[0] * side[:, 1] - way[1] * side[:, 0]
    cross = np.where(np.abs(cross) < 1e-9, 1e-9, cross)
    far = (a[:, 0] * side[:, 1] - a[:, 1] * side[:, 0]) / cross
    share = (a[:, 0] * way[1] - a[:, 1] * way[0]) / cross
    hit = (far > 0) & (share >= -1e-6) & (share <= 1 + 1e-6)
    return float(far[hit].max()) if hit.any() else 1.0


def _follow(rings: Floats, neutral: Floats) -> Floats:
    """How much each point of the rings, canonical (R, 3), follows the head."""
    beyond = np.linalg.norm((rings[:, :2] - HEAD_MIDDLE) / HEAD, axis=1) - 1
    chin = float(neutral[152, 1])
    below = (rings[:, 1] - (chin - NECK_ABOVE)) / NECK_LENGTH
    stays = np.maximum(beyond / FALLS_OVER, below).clip(0, 1)
    return (1 - stays * stays * (3 - 2 * stays)).astype(np.float32)


def _canonical(points: Floats, pose: HeadPose) -> Floats:
    return ((points - pose.translation) @ pose.rotation / pose.scale).astype(np.float32)


def encoder_file(geometry: Geometry) -> bytes:
    """Landmarks (N, 478, 3) and movement (N, 6) -> mean and logvar (N, D)."""
    g, shared = GraphWriter(), geometry.shared
    rest = geometry.neutral.reshape(-1)
    offset = g.add("Sub", g.add("Reshape", "landmarks", g.whole(-1, LANDMARKS * 3)), g.floats(rest))
    project = np.zeros((LANDMARKS * 3, shared.components), np.float32)
    project[: FACE_POINTS * 3] = shared.project
    expression = _soft_limit(g, g.add("MatMul", offset, g.floats(project)), COMPONENT_LIMIT)
    usual = align.angles_of(geometry.usual.rotation)
    low, high = (
        np.maximum(-FURTHEST, -WIDEST - usual).clip(None, -8),
        np.minimum(FURTHEST, WIDEST - usual).clip(8, None),
    )
    turned = _soft_limit(g, g.span("pose", 0, 3), (high - low) / 2, (high + low) / 2)
    moved = _soft_limit(g, g.span("pose", 3, 6), PLACE_LIMIT)
    look = _soft_limit(g, _look(g, rest), LOOK_LIMIT)
    units = [(turned, POSE_SCALE), (moved, PLACE_SCALE), (look, np.full(2, LOOK_SCALE))]
    parts = [expression, *(g.add("Div", value, g.floats(unit)) for value, unit in units)]
    mean = g.add_named("mean", "Concat", *parts, axis=1)
    noise = [POSE_NOISE / POSE_SCALE, PLACE_NOISE / PLACE_SCALE, np.full(2, LOOK_NOISE / LOOK_SCALE)]
    logvar = np.concatenate([shared.logvar, 2 * np.log(np.concatenate(noise))])
    g.add_named("logvar", "Add", g.add("Mul", mean, g.floats(0)), g.floats(logvar))
    latent = (FLOAT, (BATCH, geometry.latent_size))
    inputs = {"landmarks": (FLOAT, (BATCH, LANDMARKS, 3)), "pose": (FLOAT, (BATCH, POSE_SIZE))}
    return g.file("encoder", inputs, {"mean": latent, "logvar": latent})


def _soft_limit(g: GraphWriter, value: str, limit: Floats | float, middle: Floats | float = 0.0) -> str:
    """Squeeze a value into middle +- limit: unchanged up to KNEE of it, from there on a tanh."""
    inside, rest = KNEE * np.asarray(limit), (1 - KNEE) * np.asarray(limit)
    value = g.add("Sub", value, g.floats(middle))
    within = g.add("Min", g.add("Max", value, g.floats(-inside)), g.floats(inside))
    over = g.add("Div", g.add("Sub", value, within), g.floats(rest))
    squeezed = g.add("Add", within, g.add("Mul", g.add("Tanh", over), g.floats(rest)))
    return g.add("Add", squeezed, g.floats(middle))


def _look(g: GraphWriter, rest: Floats) -> str:
    """Where both eyes look (N, 2), from rest; the more open eye counts more."""
    matrix = measurements.measurement_matrix()
    at_rest = matrix @ rest
    flat = g.add("Reshape", "landmarks", g.whole(-1, LANDMARKS * 3))
    lids = g.add("MatMul", flat, g.floats(matrix[eyes.LIDS].T))
    opened = g.add("Div", lids, g.floats(np.maximum(at_rest[eyes.LIDS], 1e-3)))
    opened = g.add("Clip", opened, g.floats(eyes.LEAST_TRUST), g.floats(1.0))
    trust = g.add("Div", opened, g.add("ReduceSum", opened, g.whole(1), keepdims=1))
    axes = []
    for pair in eyes.GAZE:
        moved = g.add("Sub", g.add("MatMul", flat, g.floats(matrix[pair].T)), g.floats(at_rest[pair]))
        axes.append(g.add("ReduceSum", g.add("Mul", moved, trust), g.whole(1), keepdims=1))
    return g.add("Concat", *axes, axis=1)


def decoder_file(geometry: Geometry, shading: Shading) -> bytes:
    """Latent (N, D) -> texture uint8 (N, P, P, 4) RGBA and points f32 (N, V, 3) px."""
    g, shared, usual = GraphWriter(), geometry.shared, geometry.usual
    k = shared.components
    angles = g.add("Mul", g.span("latent", k, k + 3), g.floats(POSE_SCALE))
    angles = g.add("Add", angles, g.floats(align.angles_of(usual.rotation)))
    place = g.add("Mul", g.span("latent", k + 3, k + 6), g.floats(PLACE_SCALE))
    flat = g.add("MatMul", g.span(place, 0, 2), g.floats(np.eye(2, 3) * usual.scale))
    translation = g.add("Add", flat, g.floats([*usual.translation[:2], 0]))
    scale = g.add("Mul", g.add("Exp", g.span(place, 2, 3)), g.floats(usual.scale))
    offset = g.add("MatMul", g.span("latent", 0, k), g.floats(shared.basis))
    face = g.add("Add", g.add("Reshape", offset, g.whole(-1, FACE_POINTS, 3)), g.floats(geometry.neutral[:FACE_POINTS]))
    look = g.add("Mul", g.span("latent", k + 6, k + 8), g.floats(LOOK_SCALE))
    placed_vertices(g, geometry, face, look, _rotation(g, angles), translation, scale, "points")
    features = g.add("MatMul", g.span("latent", 0, k), g.floats(shading.weights))
    features = g.add("Clip", g.add("Add", features, g.floats(shading.offsets)), g.floats(0.0), g.floats(1.0))
    changes = g.add("MatMul", features, g.floats(shading.change.reshape(len(shading.change), -1)))
    levels = g.add("Reshape", changes, g.whole(-1, PAINTED, PAINTED, 4))
    levels = g.add("Round", g.add("Add", levels, g.floats(NOTHING_ADDED)))
    levels = g.add("Clip", levels, g.floats(0.0), g.floats(255.0))
    g.add_named("texture", "Cast", levels, to=UINT8)
    outputs = {"texture": (UINT8, (BATCH, PAINTED, PAINTED, 4)), "points": (FLOAT, (BATCH, VERTICES, 3))}
    return g.file("decoder", {"latent": (FLOAT, (BATCH, geometry.latent_size))}, outputs)


def placing_file(geometry: Geometry) -> bytes:
    """Canonical face (1, 468, 3), look (1, 2), rotation^T (1, 3, 3), translation (1, 3), scale (1, 1) -> points."""
    g = GraphWriter()
    placed_vertices(g, geometry, "face", "look", "rotation", "translation", "scale", "points")
    sizes = {"face": (FACE_POINTS, 3), "look": (2,), "rotation": (3, 3), "translation": (3,), "scale": (1,)}
    inputs = {name: (FLOAT, (1, *sides)) for name, sides in sizes.items()}
    return g.file("placing", inputs, {"points": (FLOAT, (1, VERTICES, 3))})


def placed_vertices(
    g: GraphWriter, geometry: Geometry, face: str, look: str, rotation: str, translation: str, scale: str, output: str
) -> None:
    """Mesh vertices (N, V, 3) px of heads in given poses; rotation is transposed."""
    neutral = geometry.neutral[:FACE_POINTS]
    rows = len(geometry.around)
    around = g.add("Add", g.add("Mul", g.span(face, 0, rows), g.floats(0)), g.floats(geometry.around))
    way = g.add("MatMul", g.floats(openings.band_matrix(FACE_POINTS)), face)
    squared = g.add("ReduceSum", g.add("Mul", way, way), g.whole(2), keepdims=1)
    length = g.add("Sqrt", g.add("Max", squared, g.floats(openings.BAND_LIMIT**2)))
    inset = g.add("Div", g.add("Mul", way, g.floats(openings.BAND_LIMIT)), length)
    edges = g.add("Add", g.add("Gather", face, g.whole(*openings.RIMS), axis=1), inset)
    centres = g.add("MatMul", g.floats(np.repeat(eyes.centre_matrix(FACE_POINTS), 4, 0)), face)
    glance = g.add("Reshape", g.add("MatMul", look, g.floats(np.eye(2, 3))), g.whole(-1, 1, 3))
    balls = g.add("Add", g.add("Add", centres, glance), g.floats(eyes.eyeballs(geometry.neutral)))
    chin = g.add("MatMul", g.floats(mouth.chin_matrix(FACE_POINTS)), g.add("Sub", face, g.floats(neutral)))
    jaw = g.add("Mul", chin, g.floats([1, geometry.shared.jaw_drop, 0]))
    jaw = g.add("Mul", jaw, g.floats(np.array(mouth.WITH_JAW)[:, None]))
    teeth = g.add("Add", jaw, g.floats(mouth.interior(geometry.neutral)))
    everything = g.add("Concat", face, around, edges, balls, teeth, axis=1)
    wide = g.add("Reshape", scale, g.whole(-1, 1, 1))
    placed = g.add("Mul", g.add("MatMul", everything, rotation), wide)
    placed = g.add("Add", placed, g.add("Reshape", translation, g.whole(-1, 1, 3)))
    halo = g.add("Mul", g.add("MatMul", g.floats(_flat_halo(geometry)), _rolled(g, rotation)), wide)
    placed = g.add("Add", placed, g.add("MatMul", halo, g.floats(np.eye(2, 3))))
    follow, stays = np.ones((VERTICES, 1)), np.zeros((VERTICES, 3))
    follow[:BASE_VERTICES, 0] = geometry.follow
    stays[:BASE_VERTICES] = (1 - geometry.follow)[:, None] * geometry.home
    placed = g.add("Add", g.add("Mul", placed, g.floats(follow)), g.floats(stays))
    g.add_named(output, "Add", placed, g.add("Mul", wide, g.floats(drawn_behind())))


def _flat_halo(geometry: Geometry) -> Floats:
    halo = np.zeros((VERTICES, 2), np.float32)
    halo[FACE_POINTS:BASE_VERTICES] = geometry.halo
    return halo


def _rolled(g: GraphWriter, rotation: str) -> str:
    """Transposed rotations (N, 3, 3) -> the roll alone, transposed (N, 2, 2)."""
    across = g.span(g.span(rotation, 0, 1), 0, 2, axis=2)
    length = g.add("Sqrt", g.add("ReduceSum", g.add("Mul", across, across), g.whole(2), keepdims=1))
    across = g.add("Div", across, length)
    return g.add("Concat", across, g.add("MatMul", across, g.floats([[0, 1], [-1, 0]])), axis=1)


def _rotation(g: GraphWriter, angles: str) -> str:
    """Yaw, pitch, roll in degrees (N, 3) -> transposed rotations (N, 3, 3), as `align.rotation_of`."""
    radians = g.add("Mul", angles, g.floats(np.pi / 180))
    cosines, sines = g.add("Cos", radians), g.add("Sin", radians)
    cy, cp, cr = (g.span(cosines, i, i + 1) for i in range(3))
    sy, sp, sr = (g.span(sines, i, i + 1) for i in range(3))

    def times(*factors: str) -> str:
        product = factors[0]
        for factor in factors[1:]:
            product = g.add("Mul", product, factor)
        return product

    columns = [  # of the rotation, which are the rows of its transpose
        times(cr, cy), times(sr, cy), sy,
        g.add("Sub", times(cr, sy, sp), times(sr, cp)), g.add("Add", times(sr, sy, sp), times(cr, cp)),
        g.add("Neg", times(cy, sp)),
        g.add("Neg", g.add("Add", times(sr, sp), times(cr, sy, cp))),
        g.add("Sub", times(cr, sp), times(sr, sy, cp)), times(cy, cp),
    ]  # fmt: skip
    return g.add("Reshape", g.add("Concat", *columns, axis=1), g.whole(-1, 3, 3))
