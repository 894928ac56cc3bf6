"""FaceMesh and the face detector: Frame -> Face | None. Two libraries run the networks, one is chosen here."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import TypeVar

import numpy as np

from puppet.core.errors import PuppetError
from puppet.core.texts import one_line
from puppet.core.trackers import AUTO, MEDIAPIPE, ONNX
from puppet.core.types import Face, Floats, Frame, Image
from puppet.face import align
from puppet.face.face_selection import SelectingTracker
from puppet.face.mirroring import MirrorTracker
from puppet.face.protocols import FaceBox, FaceDetector, FaceMesh, Tracker, box_of

MEDIAPIPE_VERSION = "0.10.21"  # the last one with the models inside; from 1.0 on it reports usage
SPARE_CORES = 4  # tracking, acting and the window take two; the second view costs the frame rate a quarter there
SMALL = 0.16  # of the picture's shorter side: FaceMesh finds no smaller faces by itself
VIEW = 5.0  # sizes of a small face: side of the part of the picture in which it is followed
ROOM = 1.0  # sizes that are left between the face and that part's edge
Made = TypeVar("Made")
logger = logging.getLogger(__name__)
_mediapipe_fails = False  # it is installed, and could not be used


class FaceMeshTracker:
    """FaceMesh following one face.

    max_faces 1 (live): FaceMesh itself stays with the face it follows, and only looks for another when that one
    is lost. max_faces 2 (data preparation) also counts strangers, at the price of a detector run on every frame.
    still: treat every frame as a picture of its own (image folders), without tracking over time. library: one of
    TRACKER's choices; PuppetError when it is not there.
    """

    def __init__(self, still: bool = False, max_faces: int = 1, library: str = AUTO) -> None:
        self._mesh = _face_mesh(library, still, max_faces)
        self._last: FaceBox | None = None  # the face that was followed last
        self._view: tuple[int, int, int, int] | None = None  # left, top, right, bottom in px; None: the whole picture
        self.faces_seen = 0
        self.others: tuple[Face, ...] = ()  # faces of the last frame that are not the followed one

    def track(self, frame: Frame) -> Face | None:
        """The followed face, or None when no face is seen."""
        found = self._found(frame.image)
        self.faces_seen = len(found)
        self.others = ()
        if not found:
            self._view = None
            return None
        box, points = min(((box_of(one), one) for one in found), key=self._distance_from_last)
        self.others = tuple(align.face_of(other) for other in found if other is not points)
        self._last = box
        if self._view is not None:
            self._move_view(frame.image, box)
        return align.face_of(points)

    def follow(self, frame: Frame, box: FaceBox, others: Sequence[FaceBox]) -> Face | None:
        """Follow the face at `box` from this frame on, and none of the `others`; None when no face is seen there.

        A small face is followed in a part of the picture, which moves with it.
        """
        self._mesh.reset()
        image = frame.image.copy()
        for other in others:  # painted over, so that this one is found
            x, y, reach = int(other.x), int(other.y), int(0.7 * other.size)
            image[max(0, y - reach) : max(0, y + reach), max(0, x - reach) : max(0, x + reach)] = 128
        self._last, self._view = None, self._view_of(image, box)
        return self.track(Frame(image, frame.index, frame.captured_at))

    def reset(self) -> None:
        """Forget where the face was; the next frame is searched for one."""
        self._mesh.reset()
        self._last = self._view = None

    def _found(self, image: Image) -> list[Floats]:
        """Points f32 (478, 3) px of all faces that FaceMesh sees."""
        left, top, right, bottom = self._view or (0, 0, image.shape[1], image.shape[0])
        faces = self._mesh.find(image[top:bottom, left:right])
        if self._view is not None:
            for points in faces:
                points[:, :2] += (left, top)
        return faces

    def _view_of(self, image: Image, box: FaceBox) -> tuple[int, int, int, int] | None:
        """The part of the picture in which a small face is followed; None for larger ones: the whole picture."""
        height, width = image.shape[:2]
        if box.size > SMALL * min(height, width):
            return None
        reach = VIEW / 2 * box.size
        middle_x = float(np.clip(box.x, reach, max(reach, width - reach)))
        middle_y = float(np.clip(box.y, reach, max(reach, height - reach)))
        left, top = max(0, int(middle_x - reach)), max(0, int(middle_y - reach))
        return left, top, min(width, int(middle_x + reach) + 1), min(height, int(middle_y + reach) + 1)

    def _move_view(self, image: Image, box: FaceBox) -> None:
        """Move the view when the face comes near its edge, or has another size than the view was made for."""
        assert self._view is not None
        height, width = image.shape[:2]
        left, top, right, bottom = self._view
        free = ROOM * box.size
        near = (
            (left > 0 and box.x - left < free)
            or (top > 0 and box.y - top < free)
            or (right < width and right - box.x < free)
            or (bottom < height and bottom - box.y < free)
        )
        if near or not 0.5 < (right - left) / (VIEW * box.size) < 2:
            self._mesh.reset()
            self._view = self._view_of(image, box)

    def close(self) -> None:
        """Free the tracker; call from the thread that used it."""
        self._mesh.close()

    def _distance_from_last(self, face: tuple[FaceBox, Floats]) -> float:
        """Distance from the face followed last, in its own sizes; without one, the largest wins."""
        box, last = face[0], self._last
        if last is None:
            return -box.size
        return (abs(box.x - last.x) + abs(box.y - last.y) + abs(box.size - last.size)) / max(last.size, 1e-9)


def tracker_library(asked: str = AUTO) -> str:
    """The library that runs the networks, MEDIAPIPE or ONNX. Raises PuppetError for one that is not there."""
    if asked == ONNX or (asked == AUTO and _mediapipe_fails):
        return ONNX
    try:
        there = metadata.version("mediapipe")
    except metadata.PackageNotFoundError:
        there = None
    if there == MEDIAPIPE_VERSION:
        return MEDIAPIPE
    if asked == AUTO:
        return ONNX
    found = "none is installed" if there is None else f"this is {there}"
    raise PuppetError(
        f"the tracker {MEDIAPIPE} needs mediapipe {MEDIAPIPE_VERSION}, which there is for Python 3.10 to 3.12; "
        f"{found}. The tracker {ONNX} needs nothing more"
    )


def face_detector(library: str = AUTO) -> FaceDetector:
    """BlazeFace's full-range model, which finds small faces too (Bazarevsky et al. 2019). Raises PuppetError."""

    def mediapipe() -> FaceDetector:
        from puppet.face.mediapipe_mesh import MediaPipeDetector

        return MediaPipeDetector()

    def onnx() -> FaceDetector:
        from puppet.face.onnx_mesh import OnnxDetector

        return OnnxDetector()

    return _made(library, mediapipe, onnx)


def live_tracker(library: str = AUTO) -> Tracker:
    """The tracker for a camera: two views where there are SPARE_CORES, which the window needs for nothing else."""
    spare = (os.cpu_count() or 1) >= SPARE_CORES

    def one() -> FaceMeshTracker:
        return FaceMeshTracker(library=library)

    return SelectingTracker(MirrorTracker(one) if spare else one(), lambda: face_detector(library))


def video_tracker(still: bool = False, library: str = AUTO) -> Tracker:
    """The tracker for files: always two views, and searched thoroughly. still: a single picture, not a video."""
    views = MirrorTracker(lambda: FaceMeshTracker(still, library=library))
    return SelectingTracker(views, lambda: face_detector(library), thorough=True)


def _face_mesh(library: str, still: bool, max_faces: int) -> FaceMesh:
    def mediapipe() -> FaceMesh:
        from puppet.face.mediapipe_mesh import MediaPipeMesh

        return MediaPipeMesh(still, max_faces)

    def onnx() -> FaceMesh:
        from puppet.face.onnx_mesh import OnnxMesh

        return OnnxMesh(still, max_faces)

    return _made(library, mediapipe, onnx)


def _made(library: str, mediapipe: Callable[[], Made], onnx: Callable[[], Made]) -> Made:
    """What one of the two makes; ONNX Runtime's where mediapipe is installed but broken, unless that was asked for."""
    global _mediapipe_fails
    if tracker_library(library) == ONNX:
        return onnx()
    try:
        return mediapipe()
    except Exception as error:  # parts of it are missing, or what it needs has another version: anything may be raised
        why = one_line(f"{type(error).__name__}: {error}")
        if library == MEDIAPIPE:
            raise PuppetError(
                f"mediapipe {MEDIAPIPE_VERSION} is installed but cannot be used ({why}); install it again, or use the "
                f"tracker {ONNX}"
            ) from error
        logger.warning("mediapipe cannot be used (%s): ONNX Runtime finds the face", why)
        _mediapipe_fails = True
    return onnx()
