"""MediaPipe's FaceMesh and face detector: Frame -> Face | None. The only file that imports mediapipe."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
import threading
import types
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import numpy as np

from puppet.core import pixels
from puppet.core.types import LANDMARKS, Face, Floats, Frame, Image
from puppet.face import align
from puppet.face.face_selection import SelectingTracker
from puppet.face.mirroring import MirrorTracker
from puppet.face.protocols import SAME_PLACE, FaceBox, Tracker, box_of

ROUTINE_LOG = re.compile(  # lines that MediaPipe's libraries write when all is well; errors (E, F) are none of it
    rb"(WARNING: All log messages before absl::InitializeLog\(\)|INFO: Created TensorFlow Lite"
    rb"|[IW]\d{4,8} [\d:.]+ +\d+ [\w./-]+:\d+\]).*(\n|$)"
)
SPARE_CORES = 4  # tracking, acting and the window take two; the second view costs the frame rate a quarter there
SMALL = 0.16  # of the picture's shorter side: FaceMesh finds no smaller faces by itself
DETECTION_SCORE = 0.5  # of what the detector takes for a face; FaceMesh then confirms it, or does not
VIEW = 5.0  # sizes of a small face: side of the part of the picture in which it is followed
ROOM = 1.0  # sizes that are left between the face and that part's edge
_STDERR = threading.Lock()  # held while file descriptor 2 is turned elsewhere


class FaceMeshTracker:
    """FaceMesh with refined irises (Kartynnik et al. 2019; Grishchenko et al. 2020), following one face.

    max_faces 1 (live): FaceMesh itself stays with the face it follows, and only looks for another when that one
    is lost. max_faces 2 (data preparation) also counts strangers, at the price of a detector run on every frame.
    still: treat every frame as a picture of its own (image folders), without tracking over time.
    """

    def __init__(self, still: bool = False, max_faces: int = 1) -> None:
        with filter_native_log():
            with _pyplot_left_out(), ThreadPoolExecutor(1) as apart:
                # something that it imports keeps the stack frames of that first import for ever; in a thread of its
                # own none of ours, which refer to the engine and its actor, are among them
                face_mesh: Any = apart.submit(import_module, "mediapipe.python.solutions.face_mesh").result()
            self._mesh: Any = face_mesh.FaceMesh(
                static_image_mode=still, max_num_faces=max_faces, refine_landmarks=True
            )
            self._mesh.process(
                np.zeros((64, 64, 3), np.uint8)
            )  # now its threads have started, and logged what they log
        self._last_extent: Floats | None = None
        self._view: tuple[int, int, int, int] | None = None  # left, top, right, bottom in px; None: the whole picture
        self._filters_log = True  # until the first face: the landmark networks log when they are first used
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
        points = min(found, key=self._distance_from_last)
        self.others = tuple(align.face_of(other) for other in found if other is not points)
        self._last_extent = _extent(points)
        if self._view is not None:
            self._move_view(frame.image, points)
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
        self._last_extent, self._view = None, self._view_of(image, box)
        return self.track(Frame(image, frame.index, frame.captured_at))

    def reset(self) -> None:
        """Forget where the face was; the next frame is searched for one."""
        self._mesh.reset()
        self._last_extent = self._view = None

    def _found(self, image: Image) -> list[Floats]:
        """Points f32 (478, 3) px of all faces that FaceMesh sees."""
        left, top, right, bottom = self._view or (0, 0, image.shape[1], image.shape[0])
        rgb = pixels.swap_red_blue(image[top:bottom, left:right])
        rgb.setflags(write=False)  # MediaPipe copies writeable images
        with filter_native_log() if self._filters_log else contextlib.nullcontext():
            found: list[Any] = self._mesh.process(rgb).multi_face_landmarks or []
        self._filters_log = self._filters_log and not found
        faces = [_points(face.landmark, right - left, bottom - top) for face in found]
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

    def _move_view(self, image: Image, points: Floats) -> None:
        """Move the view when the face comes near its edge, or has another size than the view was made for."""
        assert self._view is not None
        height, width = image.shape[:2]
        left, top, right, bottom = self._view
        box = box_of(points)
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

    def _distance_from_last(self, points: Floats) -> float:
        """Distance from the face followed last, in its own sizes; without one, the largest wins."""
        extent = _extent(points)
        if self._last_extent is None:
            return -float(extent[2])
        return float(np.abs(extent - self._last_extent).sum() / self._last_extent[2])


class BlazeFaceDetector:
    """Where faces are in one picture, also small ones: BlazeFace's full-range model (Bazarevsky et al. 2019)."""

    def __init__(self) -> None:
        with filter_native_log():
            with _pyplot_left_out():
                face_detection: Any = import_module("mediapipe.python.solutions.face_detection")
            self._detection: Any = face_detection.FaceDetection(DETECTION_SCORE, model_selection=1)
            self._detection.process(np.zeros((64, 64, 3), np.uint8))

    def detect(self, image: Image) -> list[FaceBox]:
        """All faces in a picture, uint8 (H, W, 3) BGR, the surest first."""
        height, width = image.shape[:2]
        found: list[Any] = self._detection.process(pixels.swap_red_blue(image)).detections or []
        boxes: list[FaceBox] = []
        for one in sorted(found, key=_descending_score):
            share = one.location_data.relative_bounding_box
            x, y = (share.xmin + share.width / 2) * width, (share.ymin + share.height / 2) * height
            box = FaceBox(x, y, share.width * width)
            if all(box.distance(other) > SAME_PLACE for other in boxes):  # small faces may come twice
                boxes.append(box)
        return boxes

    def close(self) -> None:
        """Free the detector; call from the thread that used it."""
        self._detection.close()


def live_tracker() -> Tracker:
    """The tracker for a camera: two views where there are SPARE_CORES, which the window needs for nothing else."""
    spare = (os.cpu_count() or 1) >= SPARE_CORES
    return SelectingTracker(MirrorTracker(FaceMeshTracker) if spare else FaceMeshTracker(), BlazeFaceDetector)


def video_tracker(still: bool = False) -> Tracker:
    """The tracker for files: always two views, and searched thoroughly. still: a single picture, not a video."""
    return SelectingTracker(MirrorTracker(lambda: FaceMeshTracker(still)), BlazeFaceDetector, thorough=True)


def _descending_score(detection: Any) -> float:
    return -detection.score[0]


def _points(landmarks: Iterable[Any], width: int, height: int) -> Floats:
    """MediaPipe's [0, 1] -> px, f32 (478, 3); (0, 0) is the centre of the top-left pixel, z on x's scale."""
    points = np.fromiter((v for p in landmarks for v in (p.x, p.y, p.z)), np.float32, 3 * LANDMARKS)
    points = points.reshape(LANDMARKS, 3) * np.array((width, height, width), np.float32)
    points[:, :2] -= 0.5
    return points


def _extent(points: Floats) -> Floats:
    """Centre x, centre y and size in px."""
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    return np.array((*(low + high) / 2, (high - low).max()), np.float32)


@contextlib.contextmanager
def _pyplot_left_out() -> Generator[None, None, None]:
    """Import without matplotlib: MediaPipe needs it for drawing only, and it takes a third of the program's start.

    Later imports of matplotlib get the real one.
    """
    names = [name for name in ("matplotlib", "matplotlib.pyplot") if name not in sys.modules]
    stand_ins = {name: types.ModuleType(name) for name in names}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name, stand_in in stand_ins.items():
            if sys.modules.get(name) is stand_in:
                del sys.modules[name]


@contextlib.contextmanager
def filter_native_log() -> Generator[None, None, None]:
    """Keep ROUTINE_LOG off stderr; all else that is written there meanwhile, by any thread, appears at the end.

    MediaPipe's libraries log to file descriptor 2 and have no setting that stops them.
    """
    with _STDERR, contextlib.ExitStack() as stack:
        try:
            held = stack.enter_context(tempfile.TemporaryFile())
            stderr = stack.enter_context(open(os.dup(2), "wb"))
        except OSError:  # a program without a console has no descriptor 2; without room for the file the log may appear
            yield
            return
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr.fileno(), 2)
            held.seek(0)
            with contextlib.suppress(OSError):  # stderr is closed at its other end
                stderr.write(ROUTINE_LOG.sub(b"", held.read()))
                stderr.flush()
