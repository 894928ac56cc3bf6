"""FaceMesh on the bundled demo clip, and the tracker's choice between faces."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from planted_face import rest_face, tracked

import puppet
from puppet import align, tracking
from puppet.frames import LANDMARKS, Face, Frame
from puppet.mirrored import flip_points
from puppet.tracking import FaceMeshTracker, MirrorTracker, live_tracker

DEMO = Path(puppet.__file__).parent / "assets" / "demo.mp4"


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    """The first frames of the demo clip."""
    capture = cv2.VideoCapture(str(DEMO))
    read = [capture.read()[1] for _ in range(5)]
    capture.release()
    return read


@pytest.fixture(scope="module")
def tracker() -> Iterator[FaceMeshTracker]:
    made = FaceMeshTracker(still=True)
    yield made
    made.close()


def frame(image: np.ndarray, index: int = 0) -> Frame:
    return Frame(image.astype(np.uint8), index, index / 30)


def test_the_demo_driver_is_found_within_the_picture_and_looks_ahead(tracker, pictures) -> None:
    for index, picture in enumerate(pictures):
        face = tracker.track(frame(picture, index))
        assert tracker.faces_seen == 1
        assert face is not None
        assert face.points.shape == face.canonical.shape == (LANDMARKS, 3)
        assert face.points.dtype == face.canonical.dtype == np.float32
        height, width = picture.shape[:2]
        assert (face.points[:, :2] > 0).all()
        assert (face.points[:, :2] < (width - 1, height - 1)).all()
        yaw, pitch, roll = align.angles_of(face.pose.rotation)
        assert max(abs(yaw), abs(pitch), abs(roll)) < 20
        np.testing.assert_allclose(align.place(face.canonical, face.pose), face.points, atol=1e-2)
        eyes = face.canonical[list(align.OUTER_EYES)]
        assert np.linalg.norm(eyes[1] - eyes[0]) == pytest.approx(1, abs=0.15)


def test_a_shifted_picture_has_shifted_points(tracker, pictures) -> None:
    """BGR in, px out: 24 px of grey at the left and 16 at the top move every point by as much."""
    there = tracker.track(frame(pictures[0])).points
    padded = cv2.copyMakeBorder(pictures[0], 16, 16, 24, 24, cv2.BORDER_REPLICATE)
    moved = tracker.track(frame(padded)).points - there
    np.testing.assert_allclose(np.median(moved[:, :2], 0), (24, 16), atol=1.5)


@pytest.mark.parametrize("colour", [0, 128, 255])
def test_a_blank_picture_has_no_face(tracker, colour: int) -> None:
    assert tracker.track(frame(np.full((240, 320, 3), colour))) is None
    assert tracker.faces_seen == 0


def test_two_faces_are_counted_and_the_followed_one_is_kept(pictures) -> None:
    """Left the driver, right the driver mirrored: the one that was there first stays the one, on either side."""
    one, two = pictures[0], np.ascontiguousarray(pictures[0][:, ::-1])
    both = np.hstack([one, two])
    width = one.shape[1]
    black = np.zeros_like(one)
    for first, is_right in ((np.hstack([one, black]), False), (np.hstack([black, two]), True)):
        tracker = FaceMeshTracker(still=True, max_faces=2)
        try:
            assert tracker.track(frame(first)) is not None
            assert tracker.faces_seen == 1
            followed = tracker.track(frame(both, 1))
            assert tracker.faces_seen == 2
            assert followed is not None
            assert (followed.points[:, 0].mean() > width) == is_right
        finally:
            tracker.close()


class PlantedMesh:
    """MediaPipe's answer, planted: faces of 478 points px in a picture of 320 x 240."""

    def __init__(self, *answers: list[np.ndarray]) -> None:
        self._answers = iter(answers)

    def process(self, rgb: np.ndarray) -> SimpleNamespace:
        height, width = rgb.shape[:2]
        shapes = [(points + (0.5, 0.5, 0)) / (width, height, width) for points in next(self._answers)]
        faces = [SimpleNamespace(landmark=[SimpleNamespace(x=x, y=y, z=z) for x, y, z in s]) for s in shapes]
        return SimpleNamespace(multi_face_landmarks=faces or None)


def test_planted_points_come_back_in_px_and_the_nearest_face_is_followed(monkeypatch, tracker) -> None:
    far, near = tracked(rest_face(), scale=40, middle=(80, 100)), tracked(rest_face(), scale=60, middle=(220, 100))
    moved = tracked(rest_face(), scale=41, middle=(86, 102))
    answers = [far.points], [near.points, moved.points], [], [moved.points]
    monkeypatch.setattr(tracker, "_mesh", PlantedMesh(*answers))
    monkeypatch.setattr(tracker, "_last_box", None)
    blank = np.zeros((240, 320, 3))
    np.testing.assert_allclose(tracker.track(frame(blank)).points, far.points, atol=1e-3)
    np.testing.assert_allclose(tracker.track(frame(blank)).points, moved.points, atol=1e-3)
    assert tracker.faces_seen == 2
    assert tracker.track(frame(blank)) is None
    np.testing.assert_allclose(tracker.track(frame(blank)).canonical, rest_face(), atol=1e-4)


def test_of_several_new_faces_the_largest_is_followed(monkeypatch, tracker) -> None:
    small, large = tracked(rest_face(), scale=40, middle=(80, 100)), tracked(rest_face(), scale=60, middle=(220, 100))
    monkeypatch.setattr(tracker, "_mesh", PlantedMesh([small.points, large.points]))
    monkeypatch.setattr(tracker, "_last_box", None)
    found = tracker.track(frame(np.zeros((240, 320, 3))))
    np.testing.assert_allclose(found.points, large.points, atol=1e-3)


def test_the_tracker_starts_without_pyplot_and_leaves_it_to_others() -> None:
    code = (
        "import sys\n"
        "from puppet.tracking import FaceMeshTracker\n"
        "FaceMeshTracker().close()\n"
        "print(any(name.startswith('matplotlib') for name in sys.modules))\n"
        "import matplotlib.pyplot\n"
        "print(hasattr(matplotlib.pyplot, 'plot'), matplotlib.pyplot.__file__ is not None)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)
    assert done.stdout.split() == ["False", "True", "True"], done.stderr


# --- looking into a mirror as well ---

SIDE = 400  # px of a picture that is not looked at


def test_two_views_see_a_mirrored_picture_as_the_mirrored_face(pictures) -> None:
    """What FaceMesh by itself does not: it has habits about left and right, which the mean is free of."""
    both = MirrorTracker(lambda: FaceMeshTracker(still=True))
    alone = FaceMeshTracker(still=True)

    def asymmetry(tracker) -> float:
        face, mirrored = (tracker.track(frame(image)) for image in (pictures[0], pictures[0][:, ::-1].copy()))
        assert tracker.faces_seen == 1
        return float(np.abs(flip_points(mirrored.points, pictures[0].shape[1]) - face.points).max())

    assert asymmetry(both) < 1e-2
    assert asymmetry(alone) > 0.5  # px
    both.close()
    alone.close()


class Told:
    """A tracker that sees what it is told, and on which thread."""

    def __init__(self, face: Face | None) -> None:
        self.face, self.faces_seen, self.closed_on = face, int(face is not None), ""
        self.made_on = threading.current_thread().name

    def track(self, frame: Frame) -> Face | None:
        assert threading.current_thread().name == self.made_on
        return self.face

    def close(self) -> None:
        self.closed_on = threading.current_thread().name


def seen_by(face: Face | None, in_mirror: Face | None) -> Face | None:
    told = [face, in_mirror]
    made: list[Told] = []

    def make() -> Told:
        made.append(Told(told[len(made)]))
        return made[-1]

    both = MirrorTracker(make)
    result = both.track(frame(np.zeros((SIDE, SIDE, 3))))
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


@pytest.mark.parametrize("cores", [1, 2, 4, 16, None])
def test_a_camera_is_tracked_twice_where_there_are_cores_to_spare(
    cores: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "FaceMeshTracker", lambda: Told(None))
    monkeypatch.setattr(tracking.os, "cpu_count", lambda: cores)
    tracker = live_tracker()
    assert isinstance(tracker, MirrorTracker if cores in (4, 16) else Told)
    tracker.close()
