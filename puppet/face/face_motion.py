"""How much a face moves between two pictures of it, beyond what moving a photo of it would do.

Motion is what remains when the two pictures are laid over each other as well as a plane in space allows (Evangelidis &
Psarakis 2008): neither a camera that shakes nor a poster that is carried counts.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from puppet.core.types import Floats
from puppet.face import align
from puppet.face.protocols import FaceBox

PATCH = 48  # px, side of the pictures of a face that are laid over each other
PATCH_FACES = 1.24  # their side in sizes of the face
PATCH_BLUR = 1.5  # px; takes off what noise does to small faces
PATCH_EDGE = 6  # px at each edge that are left out
CHANGED = 0.97  # quantile over the pixels: an expression changes few of them


def face_patch(grey: NDArray[np.uint8], box: FaceBox) -> Floats:
    """A face cut out of a grey picture uint8 (H, W): f32 (PATCH, PATCH), slightly blurred."""
    side = PATCH_FACES * box.size
    reach = side  # px around it that shrinking may need
    x0, y0 = max(0, int(box.x - reach)), max(0, int(box.y - reach))
    part = grey[y0 : int(box.y + reach) + 2, x0 : int(box.x + reach) + 2]
    if not part.size:
        return np.zeros((PATCH, PATCH), np.float32)
    scale = PATCH / side
    if scale < 1:
        part = cv2.GaussianBlur(part, (0, 0), align.shrinking_blur(scale))
    middle = (PATCH - 1) / 2
    place = np.array([[scale, 0, middle - scale * (box.x - x0)], [0, scale, middle - scale * (box.y - y0)]])
    cut = cv2.warpAffine(part, place, (PATCH, PATCH), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.GaussianBlur(cut.astype(np.float32), (0, 0), PATCH_BLUR), np.float32)


def face_motion(before: Floats, after: Floats) -> float:
    """Motion between two patches f32 (PATCH, PATCH) of a face, in standard deviations of the picture.

    0 for the same picture. NaN where the two cannot be laid over each other.
    """
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4)
    try:
        start = np.eye(2, 3, dtype=np.float32)
        everywhere = np.ones((PATCH, PATCH), np.uint8)
        warp = cv2.findTransformECC(before, after, start, cv2.MOTION_AFFINE, criteria, everywhere, 5)[1]
    except cv2.error:  # nothing in common, or nothing in them
        return float("nan")
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    laid = cv2.warpAffine(after, warp, (PATCH, PATCH), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    inner = slice(PATCH_EDGE, -PATCH_EDGE)
    a, b = before[inner, inner].ravel(), np.asarray(laid)[inner, inner].ravel()
    light = np.column_stack([b, np.ones_like(b)])  # brighter or darker as a whole is no motion
    left = np.abs(a - light @ np.linalg.lstsq(light, a, rcond=None)[0])
    return float(np.quantile(left, CHANGED) / max(float(a.std()), 1.0))
