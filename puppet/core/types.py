"""The values that flow through the program: frozen dataclasses of numpy arrays.

Pixels: x right, y down, (0, 0) is the centre of the top-left pixel (OpenCV's convention).
Time: `time.perf_counter()` seconds. Images: uint8 (H, W, 3) BGR.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

LANDMARKS = 478  # MediaPipe FaceMesh with refined irises
POSE_NAMES = ("yaw", "pitch", "roll", "x", "y", "log_size")  # head movement, see Drive
POSE_SIZE = len(POSE_NAMES)

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture from a source.

    image: uint8 (H, W, 3) BGR, read-only. captured_at: seconds. still: the source has no other picture.
    """

    image: Image
    index: int
    captured_at: float
    still: bool = False

    def __post_init__(self) -> None:
        self.image.setflags(write=False)


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Weak-perspective head pose: points_px = scale * rotation @ canonical + translation.

    rotation f64 (3, 3), head -> image axes (x right, y down, z away from the viewer);
    scale in px per outer-eye distance; translation f64 (3,) px.
    """

    rotation: NDArray[np.float64]
    scale: float
    translation: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Face:
    """A tracked face.

    points: f32 (478, 3) px, z on x's scale. canonical: f32 (478, 3), pose removed, unit = outer-eye distance, origin
    between the outer eye corners.
    """

    points: Floats
    pose: HeadPose
    canonical: Floats


@dataclass(frozen=True, slots=True)
class AlignedCrop:
    """A face, cut out upright.

    image: uint8 (S, S, 3) BGR. to_crop: f64 (2, 3), frame px -> crop px.
    """

    image: Image
    to_crop: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Drive:
    """What an actor is asked to do.

    landmarks: f32 (478, 3), canonical, on the ACTOR's face (retargeted).
    pose: f32 (6,), POSE_NAMES: how the head differs from its usual pose. Yaw, pitch, roll in degrees (yaw > 0 towards
    the image's right, pitch > 0 up, roll > 0 tilts towards the image's right); x, y of the middle of the eyes in
    usual outer-eye distances (x > 0 right in the image, y > 0 down); log_size, ln(size / usual size): 0.1 is about 10 %
    nearer.
    captured_at: seconds.
    """

    landmarks: Floats
    pose: Floats
    captured_at: float


@dataclass(frozen=True, slots=True)
class Latent:
    """A point in one actor's latent space, f32 (D,)."""

    values: Floats


@dataclass(frozen=True, slots=True)
class Portrait:
    """The actor's picture.

    image: uint8 (S, S, 3) BGR, over the background in force. person: uint8 (S, S, 4) BGRA, colours premultiplied by
    alpha, without any background; None for an actor without layers, and in a Result unless its background is
    transparent: then `image` shows a checkerboard behind the person, and is for the window alone.
    """

    image: Image
    person: Image | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """One step of the engine: what went in, what came out.

    face, crop: None when no face was seen; crop also when the actor takes no pixels.
    portrait: None only when no actor is loaded.
    out_of_domain: distance of the expression from the actor's footage (`actor/expression_range.py`): up to 1 the
    footage shows the like, beyond 1 it does not; None without a face or an actor.
    stage_ms: milliseconds by stage ("track", "retarget", "align", "encode", "decode"), of all actors together.
    wall: the pictures of further actors from the same face.
    """

    frame: Frame
    face: Face | None
    crop: AlignedCrop | None
    portrait: Portrait | None
    latent: Latent | None
    stage_ms: dict[str, float] = field(default_factory=dict[str, float])
    out_of_domain: float | None = None
    wall: tuple[Portrait, ...] = ()
