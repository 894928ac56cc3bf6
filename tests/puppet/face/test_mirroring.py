"""Both views of a face, straight and mirrored, with planted faces and trackers."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from planted_face import rest_face, tracked

from puppet.core.types import Face, Frame
from puppet.face import align
from puppet.face.mirroring import MirrorTracker, flip_points
from puppet.face.protocols import FaceBox

SIDE = 400  # px of a picture that is not looked at


class FixedTracker:
    """A tracker that always sees the same, and notes its thread."""

    def __init__(self, face: Face | None) -> None:
        self.face, self.faces_seen, self.closed_on = face, int(face is not None), ""
        self.made_on = threading.current_thread().name

    def track(self, frame: Frame) -> Face | None:
        assert threading.current_thread().name == self.made_on
        return self.face

    def follow(self, frame: Frame, box: FaceBox, others: Sequence[FaceBox]) -> Face | None:
        return self.track(frame)

    def reset(self) -> None:
        pass

    def close(self) -> None:
        self.closed_on = threading.current_thread().name


def seen_by(face: Face | None, in_mirror: Face | None) -> Face | None:
    told = [face, in_mirror]
    made: list[FixedTracker] = []

    def make() -> FixedTracker:
        made.append(FixedTracker(told[len(made)]))
        return made[-1]

    both = MirrorTracker(make)
    result = both.track(Frame(np.zeros((SIDE, SIDE, 3), np.uint8), 0, 0.0))
    both.close()
    assert [one.closed_on for one in made] == [one.made_on for one in made]
    assert len({one.made_on for one in made}) == 2
    return result


def in_mirror(face: Face) -> Face:
    return align.face_of(flip_points(face.points, SIDE))


def test_both_views_count_alike() -> None:
    left, right = (tracked(rest_face(), (yaw, 0.0, 0.0)) for yaw in (-1.0, 1.0))
    found = seen_by(left, in_mirror(right))
    assert found is not None
    np.testing.assert_allclose(found.points, (left.points + right.points) / 2, atol=1e-3)
    np.testing.assert_allclose(align.place(found.canonical, found.pose), found.points, atol=1e-2)


def test_one_view_is_enough() -> None:
    face = tracked(rest_face())
    for found in (seen_by(face, None), seen_by(None, in_mirror(face))):
        assert found is not None
        np.testing.assert_allclose(found.points, face.points, atol=1e-3)
    assert seen_by(None, None) is None


def test_somebody_else_in_the_mirror_does_not_count() -> None:
    face = tracked(rest_face())
    stranger = align.face_of(face.points + np.array([2 * face.pose.scale, 0, 0], np.float32))
    assert seen_by(face, in_mirror(stranger)) is face
