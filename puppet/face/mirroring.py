"""A face in a mirror: its landmarks, and a tracker that follows a face straight and mirrored at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from puppet.core.types import Face, Floats, Frame
from puppet.face import align
from puppet.face.landmarks import MIRRORED, STABLE
from puppet.face.protocols import DirectableTracker, FaceBox

SAME_FACE = 0.3  # outer-eye distances: views of one face lie nearer together than that
ACROSS = np.array([-1.0, 1.0, 1.0], np.float32)  # x changes its sign


def flip_points(points: Floats, width: int) -> Floats:
    """Landmarks f32 (..., 478, 3) px of a picture that is `width` px wide -> those of the mirrored picture."""
    flipped = points[..., MIRRORED, :] * ACROSS
    flipped[..., 0] += width - 1
    return flipped


class MirrorTracker:
    """The mean of a face as it is and of the same face in a mirror, each followed by a FaceMesh of its own.

    FaceMesh trembles, and errs by a bit to its own left or right, in each view in its own way; the mean has less of
    both. It takes a second FaceMesh, which works beside the first on another core.

    make: gives a new tracker; called twice, once in the thread of the mirrored view.
    """

    def __init__(self, make: Callable[[], DirectableTracker]) -> None:
        self._tracker = make()
        self._mirror_thread = ThreadPoolExecutor(1, "mirror")
        self._mirrored = self._mirror_thread.submit(make).result()
        self.faces_seen = 0

    def track(self, frame: Frame) -> Face | None:
        """The followed face; None when no face is seen.

        A view that shows no face, or another one than the straight view does, is left out.
        """
        mirrored_points = self._mirror_thread.submit(self._track_mirrored, frame)
        return self._together(self._tracker.track(frame), mirrored_points.result())

    def follow(self, frame: Frame, box: FaceBox, others: Sequence[FaceBox]) -> Face | None:
        """Follow the face at `box` and none of the `others`, in both views; None when neither shows a face there."""
        mirrored_points = self._mirror_thread.submit(self._track_mirrored, frame, (box, others))
        return self._together(self._tracker.follow(frame, box, others), mirrored_points.result())

    def reset(self) -> None:
        """Forget where the face was, in both views."""
        self._tracker.reset()
        self._mirror_thread.submit(self._mirrored.reset).result()

    def _together(self, face: Face | None, points: Floats | None) -> Face | None:
        """One face of the straight view's and the mirrored view's points f32 (478, 3) px, already flipped back."""
        self.faces_seen = max(self._tracker.faces_seen, self._mirrored.faces_seen)
        if points is None:
            return face
        if face is not None:
            apart = float(np.linalg.norm((points - face.points)[STABLE, :2], axis=1).mean())
            if apart > SAME_FACE * face.pose.scale:
                return face
            points = (points + face.points) / 2
        return align.face_of(points)

    def _track_mirrored(self, frame: Frame, chosen: tuple[FaceBox, Sequence[FaceBox]] | None = None) -> Floats | None:
        """Points f32 (478, 3) px of the straight picture; None without a face.

        chosen: boxes of the face to follow and of the others, in the straight picture.
        """
        width = frame.image.shape[1]
        flipped = Frame(np.ascontiguousarray(frame.image[:, ::-1]), frame.index, frame.captured_at)
        if chosen is None:
            face = self._mirrored.track(flipped)
        else:
            box, others = chosen
            face = self._mirrored.follow(flipped, box.mirrored(width), [one.mirrored(width) for one in others])
        return None if face is None else flip_points(face.points, width)

    def close(self) -> None:
        """Free both trackers; call from the thread that made this one."""
        self._mirror_thread.submit(self._mirrored.close).result()
        self._mirror_thread.shutdown()
        self._tracker.close()
