"""FaceMesh on the bundled demo clip, by each library that is there, and the tracker's choice between faces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from driven import PlantedTracker
from planted_face import rest_face, tracked

import puppet
from puppet.core.errors import PuppetError
from puppet.core.trackers import AUTO, MEDIAPIPE, ONNX
from puppet.core.types import LANDMARKS, Frame
from puppet.face import align, tracking
from puppet.face.face_selection import SelectingTracker
from puppet.face.landmarks import OUTER_EYES
from puppet.face.mirroring import MirrorTracker, flip_points
from puppet.face.protocols import FaceBox, box_of
from puppet.face.tracking import FaceMeshTracker, face_detector, live_tracker, tracker_library, video_tracker

DEMO = Path(puppet.__file__).parent / "assets" / "demo.mp4"


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    """The first frames of the demo clip."""
    capture = cv2.VideoCapture(str(DEMO))
    read = [capture.read()[1] for _ in range(5)]
    capture.release()
    return read


@pytest.fixture(scope="module", params=[MEDIAPIPE, ONNX])
def library(request: pytest.FixtureRequest) -> str:
    if request.param == MEDIAPIPE and tracker_library() != MEDIAPIPE:
        pytest.skip("mediapipe is not installed")
    return request.param


@pytest.fixture(scope="module")
def tracker(library: str) -> Iterator[FaceMeshTracker]:
    made = FaceMeshTracker(still=True, library=library)
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
        eyes = face.canonical[list(OUTER_EYES)]
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


def test_two_faces_are_counted_and_the_followed_one_is_kept(pictures, library: str) -> None:
    """Left the driver, right the driver mirrored: the one that was there first stays the one, on either side."""
    one, two = pictures[0], np.ascontiguousarray(pictures[0][:, ::-1])
    both = np.hstack([one, two])
    width = one.shape[1]
    black = np.zeros_like(one)
    for first, is_right in ((np.hstack([one, black]), False), (np.hstack([black, two]), True)):
        tracker = FaceMeshTracker(still=True, max_faces=2, library=library)
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
    """A mesh that gives planted faces, one list of them after another."""

    def __init__(self, *answers: list[np.ndarray]) -> None:
        self._answers = iter(answers)

    def find(self, image: np.ndarray) -> list[np.ndarray]:
        return next(self._answers)


def test_the_nearest_face_is_followed(monkeypatch, tracker) -> None:
    far, near = tracked(rest_face(), scale=40, middle=(80, 100)), tracked(rest_face(), scale=60, middle=(220, 100))
    moved = tracked(rest_face(), scale=41, middle=(86, 102))
    answers = [far.points], [near.points, moved.points], [], [moved.points]
    monkeypatch.setattr(tracker, "_mesh", PlantedMesh(*answers))
    monkeypatch.setattr(tracker, "_last", None)
    blank = np.zeros((240, 320, 3))
    np.testing.assert_allclose(tracker.track(frame(blank)).points, far.points, atol=1e-3)
    np.testing.assert_allclose(tracker.track(frame(blank)).points, moved.points, atol=1e-3)
    assert tracker.faces_seen == 2
    assert tracker.track(frame(blank)) is None
    np.testing.assert_allclose(tracker.track(frame(blank)).canonical, rest_face(), atol=1e-4)


def test_of_several_new_faces_the_largest_is_followed(monkeypatch, tracker) -> None:
    small, large = tracked(rest_face(), scale=40, middle=(80, 100)), tracked(rest_face(), scale=60, middle=(220, 100))
    monkeypatch.setattr(tracker, "_mesh", PlantedMesh([small.points, large.points]))
    monkeypatch.setattr(tracker, "_last", None)
    found = tracker.track(frame(np.zeros((240, 320, 3))))
    np.testing.assert_allclose(found.points, large.points, atol=1e-3)


def test_two_views_see_a_mirrored_picture_as_the_mirrored_face(pictures, library: str) -> None:
    """What FaceMesh by itself does not: it has habits about left and right, which the mean is free of."""
    both = MirrorTracker(lambda: FaceMeshTracker(still=True, library=library))
    alone = FaceMeshTracker(still=True, library=library)

    def asymmetry(tracker) -> float:
        face, mirrored = (tracker.track(frame(image)) for image in (pictures[0], pictures[0][:, ::-1].copy()))
        assert tracker.faces_seen == 1
        return float(np.abs(flip_points(mirrored.points, pictures[0].shape[1]) - face.points).max())

    assert asymmetry(both) < 1e-2
    assert asymmetry(alone) > 0.5  # px
    both.close()
    alone.close()


@pytest.mark.parametrize("cores", [1, 2, 4, 16, None])
def test_a_camera_is_tracked_twice_where_there_are_cores_to_spare(
    cores: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []

    def mirrored(make: object) -> object:
        made.append(make)
        return PlantedTracker()

    monkeypatch.setattr(tracking, "FaceMeshTracker", PlantedTracker)
    monkeypatch.setattr(tracking, "MirrorTracker", mirrored)
    monkeypatch.setattr(tracking.os, "cpu_count", lambda: cores)
    tracker = live_tracker()
    assert bool(made) == (cores in (4, 16))
    tracker.close()


# --- faces that FaceMesh does not find, or should not follow ---


def set_into(picture: np.ndarray, width: int, height: int, x: int, y: int, scale: float) -> np.ndarray:
    """A picture, `scale` times as large, with its corner at x, y of a grey one."""
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    image = np.full((height, width, 3), 128, np.uint8)
    image[y : y + small.shape[0], x : x + small.shape[1]] = small
    return image


def test_a_small_face_is_found_and_followed_where_it_goes(pictures: list[np.ndarray], library: str) -> None:
    """57 px high in a picture of 1280 x 720, and it walks through it."""
    alone, found = FaceMeshTracker(library=library), video_tracker(library=library)
    for k in range(20):
        x, y = 100 + 6 * k, 300 + 2 * k
        seen = frame(set_into(pictures[k % len(pictures)], 1280, 720, x, y, 0.245), k)
        assert alone.track(seen) is None
        face = found.track(seen)
        assert face is not None, k
        place = box_of(face.points)
        assert 45 < place.size < 62
        assert abs(place.x - x - 57.5) < 8
    alone.close()
    found.close()


def test_a_small_face_in_a_single_picture_is_found(pictures: list[np.ndarray], library: str) -> None:
    tracker = video_tracker(still=True, library=library)
    face = tracker.track(frame(set_into(pictures[0], 1280, 720, 900, 100, 0.245)))
    tracker.close()
    assert face is not None
    assert box_of(face.points).distance(FaceBox(957, 150, 51)) < 0.4


def test_a_face_that_is_small_in_a_large_picture_is_looked_for_in_parts(
    pictures: list[np.ndarray], library: str
) -> None:
    """57 px high in a picture of 1920 x 1080."""
    image = set_into(pictures[0], 1920, 1080, 1500, 800, 0.245)
    finder, tracker = face_detector(library), video_tracker(library=library)
    assert finder.detect(image) == []
    assert tracker.track(frame(image)) is not None
    finder.close()
    tracker.close()


def test_a_photo_on_the_wall_is_not_followed_when_the_driver_is_back(library: str) -> None:
    """The demo's driver beside a photo of themself, mouth open, away for a second."""
    capture = cv2.VideoCapture(str(DEMO))
    clip = [capture.read()[1] for _ in range(110)]
    capture.release()
    photo = clip[102][20:340, 110:370]
    tracker, xs = SelectingTracker(FaceMeshTracker(library=library), lambda: face_detector(library)), []
    for k in range(50):
        image = np.full((480, 900, 3), 128, np.uint8)
        if not 22 <= k < 34:
            image[:, 420:] = clip[60 + k]
        wall = cv2.resize(photo, (200, 246))
        image[60:306, 60:260] = wall
        face = tracker.track(Frame(image, k, k / 12))
        xs.append(0.0 if face is None else box_of(face.points).x)
    tracker.close()
    assert all(x > 420 for x in xs[:22])
    assert not any(0 < x < 420 for x in xs[23:34])
    assert all(x > 420 for x in xs[38:])


def test_after_a_cut_no_face_is_drawn_where_the_last_one_was(pictures: list[np.ndarray], library: str) -> None:
    """The same face, nearer: FaceMesh alone takes some frames to get from one to the other."""
    near = cv2.resize(pictures[0][60:360, 90:390], (480, 480), interpolation=cv2.INTER_CUBIC)
    tracker = SelectingTracker(FaceMeshTracker(library=library), lambda: face_detector(library))
    fresh = FaceMeshTracker(still=True, library=library)
    for k in range(6):
        tracker.track(frame(pictures[k % len(pictures)], k))
    cut, wanted = tracker.track(frame(near, 6)), fresh.track(frame(near, 6))
    tracker.close()
    fresh.close()
    assert cut is not None
    assert wanted is not None
    assert np.abs(cut.points - wanted.points)[:, :2].mean() < 0.02 * wanted.pose.scale


# --- which library ---


@pytest.mark.parametrize(
    ("installed", "asked", "used"),
    [
        ("0.10.21", AUTO, MEDIAPIPE),
        ("0.10.21", MEDIAPIPE, MEDIAPIPE),
        ("0.10.21", ONNX, ONNX),
        (None, AUTO, ONNX),
        (None, ONNX, ONNX),
        ("0.10.20", AUTO, ONNX),
        ("1.0.1", AUTO, ONNX),
    ],
)
def test_mediapipe_is_used_where_its_last_version_with_models_is(
    installed: str | None, asked: str, used: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking.metadata, "version", version_of(installed))
    assert tracker_library(asked) == used


@pytest.mark.parametrize(("installed", "found"), [(None, "none is installed"), ("1.0.1", "this is 1.0.1")])
def test_another_mediapipe_is_not_used_even_when_asked_for(
    installed: str | None, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From 1.0 on it reports usage."""
    monkeypatch.setattr(tracking.metadata, "version", version_of(installed))
    for make in (tracker_library, live_tracker, face_detector):
        with pytest.raises(PuppetError, match=rf"needs mediapipe 0\.10\.21.*{found}\. The tracker onnx needs nothing"):
            make(MEDIAPIPE)


def broken(*_: object) -> None:
    raise AttributeError("FieldDescriptor has no attribute 'label'")


def test_a_mediapipe_that_cannot_be_used_is_left_for_the_networks(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, pictures: list[np.ndarray]
) -> None:
    """What it needs has another version, or parts of it are missing."""
    monkeypatch.setattr(tracking, "_mediapipe_fails", False)
    monkeypatch.setattr(tracking.metadata, "version", version_of("0.10.21"))
    monkeypatch.setattr("puppet.face.mediapipe_mesh.MediaPipeMesh", broken)
    with pytest.raises(PuppetError, match=r"installed but cannot be used \(AttributeError: .*or use the tracker onnx"):
        FaceMeshTracker(library=MEDIAPIPE)
    tracker = FaceMeshTracker()
    assert "FieldDescriptor" in caplog.text
    assert tracker.track(frame(pictures[0])) is not None
    assert (tracker_library(), tracker_library(MEDIAPIPE)) == (ONNX, MEDIAPIPE)
    assert type(face_detector()).__name__ == "OnnxDetector"
    tracker.close()


def version_of(installed: str | None) -> Callable[[str], str]:
    def version(name: str) -> str:
        assert name == "mediapipe"
        if installed is None:
            raise tracking.metadata.PackageNotFoundError(name)
        return installed

    return version
