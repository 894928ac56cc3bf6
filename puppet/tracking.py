"""MediaPipe FaceMesh: Frame -> Face | None. The only file that imports mediapipe."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Protocol

import numpy as np

from puppet import align, pixels
from puppet.frames import LANDMARKS, Face, Floats, Frame


class Tracker(Protocol):
    """Whatever finds the face. Used and closed in the thread that made it."""

    faces_seen: int  # faces found in the last frame

    def track(self, frame: Frame) -> Face | None: ...

    def close(self) -> None: ...


class FaceMeshTracker:
    """FaceMesh with refined irises (Kartynnik et al. 2019; Grishchenko et al. 2020), following one face.

    max_faces 1 (live): FaceMesh itself stays with the face it follows, and only looks for another when that one
    is lost. max_faces 2 (data preparation) also counts strangers, at the price of a detector run on every frame.
    still: treat every frame as a picture of its own (image folders), without tracking over time.
    """

    def __init__(self, still: bool = False, max_faces: int = 1) -> None:
        with _quiet_native_logs():
            from mediapipe.python.solutions import face_mesh

            self._mesh = face_mesh.FaceMesh(static_image_mode=still, max_num_faces=max_faces, refine_landmarks=True)
        self._last_box: Floats | None = None
        self.faces_seen = 0

    def track(self, frame: Frame) -> Face | None:
        """The followed face, or None when no face is seen."""
        height, width = frame.image.shape[:2]
        rgb = pixels.swap_red_blue(frame.image)
        rgb.setflags(write=False)  # MediaPipe copies writeable images
        found = self._mesh.process(rgb).multi_face_landmarks or []  # pyright: ignore[reportAttributeAccessIssue]
        faces = [_points(face.landmark, width, height) for face in found]
        self.faces_seen = len(faces)
        if not faces:
            return None
        points = min(faces, key=self._strangeness)
        self._last_box = _box(points)
        canonical, pose = align.canonicalise(points)
        return Face(points, pose, canonical)

    def close(self) -> None:
        """Free the tracker; call from the thread that used it."""
        self._mesh.close()

    def _strangeness(self, points: Floats) -> float:
        """Distance from the face followed last, in its own sizes; without one, the largest wins."""
        box = _box(points)
        if self._last_box is None:
            return -float(box[2])
        return float(np.abs(box - self._last_box).sum() / self._last_box[2])


def _points(landmarks, width: int, height: int) -> Floats:
    """MediaPipe's [0, 1] -> px, f32 (478, 3); (0, 0) is the centre of the top-left pixel, z on x's scale."""
    points = np.fromiter((v for p in landmarks for v in (p.x, p.y, p.z)), np.float32, 3 * LANDMARKS)
    points = points.reshape(LANDMARKS, 3) * np.array((width, height, width), np.float32)
    points[:, :2] -= 0.5
    return points


def _box(points: Floats) -> Floats:
    """Centre x, centre y and size in px."""
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    return np.array((*(low + high) / 2, (high - low).max()), np.float32)


@contextlib.contextmanager
def _quiet_native_logs() -> Iterator[None]:
    """MediaPipe's native libraries log to stderr while they load; the user has no use for it."""
    os.environ.setdefault("GLOG_minloglevel", "2")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    yield
