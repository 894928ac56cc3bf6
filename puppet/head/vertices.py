"""The vertices of a head's mesh, by number, and what does not depend on whose head it is.

468 landmarks, the rings around them, the border; the edges of the openings, the eyeballs' corners, the teeth.
"""

from __future__ import annotations

import numpy as np

from puppet.core.types import Floats
from puppet.face.landmarks import LIPS, OVAL
from puppet.head import eyes, mouth, openings

FACE_POINTS = 468  # without the irises, which belong to the eyeballs (puppet/head/eyes.py)
# From each point of the face's outline: around the head, then the halo; below the jaw, down the neck
RINGS = 7
HALO = (0.6, 1.25)  # of the head's reach to the side: where the halo, the last rings, begins and ends
HEAD_RINGS = RINGS - len(HALO)
# Where the rings lie in the texture, in rings' worth of it from the outline of the face on: of the head, what lies
# behind it taking little; and where the border is; room for shoulders between the last ring of the neck and the border
HEAD_LAID, HEAD_END, BODY = (1, 2, 3, 4, 5, 5.4, 6.4), 6.6, 3.5
BORDER_CELLS = 6  # border vertices per side
BORDER_MARGIN = 2.0  # px the border lies outside the picture, so that every pixel is covered
AROUND, BORDER = 20.0, 40.0  # outer-eye distances that the head around the face is drawn behind it; that the border is
HALO_BEHIND = 3.0  # that the halo is drawn behind the middle of the head, where it turns

FOOT = 1 / 8  # of the texture's rows: the pictures of what lies behind the skin
EYEBALL_COLUMNS = ((0.0, 0.25), (0.75, 1.0))  # of the texture: the right eye's, the left eye's
MOUTH_COLUMNS = ((0.25, 0.5), (0.5, 0.75))  # the upper teeth's, the lower teeth's
INSET = 1.5  # texels that their edges stay away from what lies beside them

RING_VERTICES = RINGS * len(OVAL)
BASE_VERTICES = FACE_POINTS + RING_VERTICES + 4 * BORDER_CELLS  # all of the skin but the openings' edges
BEHIND_VERTICES = eyes.EYEBALL_VERTICES + mouth.VERTICES
BEHIND_TRIANGLES = len(eyes.triangles(0)) + len(mouth.triangles(0))
EYEBALLS = BASE_VERTICES + openings.OPENING_VERTICES  # the first vertex of each
TEETH = EYEBALLS + eyes.EYEBALL_VERTICES
VERTICES = EYEBALLS + BEHIND_VERTICES


def ring_shares(low: Floats) -> Floats:
    """How far out the rings lie on the way from the face's outline to the border, 0 to 1: f32 (RINGS, O).

    low: f32 (O,), 1 where the outline leads to the neck, below which there is room for the shoulders.
    """
    shares = [head / HEAD_END * (1 - low) + k / (RINGS + BODY) * low for k, head in enumerate(HEAD_LAID, 1)]
    return np.stack(shares).astype(np.float32)


def border_of(image_size: int) -> Floats:
    """The border around a picture of that side, far behind the head: f32 (4 * BORDER_CELLS, 3) px."""
    low, high = -BORDER_MARGIN, image_size - 1 + BORDER_MARGIN
    steps = np.linspace(low, high, BORDER_CELLS + 1)[:-1]
    sides = [(steps, low), (high, steps), (high + low - steps, high), (low, high + low - steps)]
    flat = np.concatenate([np.column_stack(np.broadcast_arrays(x, y)) for x, y in sides])
    return np.column_stack([flat, np.full(len(flat), 1e3)]).astype(np.float32)


def foot(texture_size: int) -> Floats:
    """Where the pictures of eyeballs and teeth lie in the texture, f32 (BEHIND_VERTICES, 2) px."""

    def between(first: float, last: float) -> tuple[float, float]:
        return first * texture_size - 0.5 + INSET, last * texture_size - 0.5 - INSET

    (top, bottom), points = between(1 - FOOT, 1), []
    for columns in EYEBALL_COLUMNS:
        left, right = between(*columns)
        points += [(left, top), (right, top), (right, bottom), (left, bottom)]
    for columns, rows in zip(MOUTH_COLUMNS, mouth.texture_rows(top, bottom), strict=True):
        points += [(x, y) for y in rows for x in between(*columns)]
    return np.array(points, np.float32)


def teeth_in_texture(texture_size: int) -> list[tuple[slice, slice]]:
    """Rows and columns of the texture that hold the picture of the upper teeth, and that of the lower teeth."""
    rows = slice(round((1 - FOOT) * texture_size), texture_size)
    return [(rows, slice(round(a * texture_size), round(b * texture_size))) for a, b in MOUTH_COLUMNS]


def drawn_behind() -> Floats:
    """f32 (V, 3): outer-eye distances that vertices are drawn further away than they are."""
    behind = np.zeros((VERTICES, 3), np.float32)
    lips = [*LIPS, *range(EYEBALLS - openings.MOUTH.size, EYEBALLS)]
    behind[lips, 2] = -openings.LIPS_NEARER
    behind[FACE_POINTS:BASE_VERTICES, 2] = AROUND
    last = FACE_POINTS + RING_VERTICES
    behind[last - len(HALO) * len(OVAL) : last, 2] += HALO_BEHIND
    behind[last:BASE_VERTICES, 2] = BORDER
    behind[TEETH:, 2] = mouth.depths()
    return behind
