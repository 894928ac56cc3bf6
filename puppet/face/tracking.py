"""MediaPipe FaceMesh: Frame -> Face | None. The only file that imports mediapipe."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
import threading
import types
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any, Protocol

import numpy as np

from puppet.core import pixels
from puppet.core.types import LANDMARKS, Face, Floats, Frame, Image
from puppet.face import align
from puppet.face.face_selection import AT_LEAST, SAME_PLACE, AttentiveTracker, Pointable, Spot, spot_of
from puppet.face.landmarks import STABLE
from puppet.face.mirroring import flip_points

NATIVE_CHATTER = re.compile(  # what MediaPipe's libraries say when all is well; errors (E, F) are none of it
    rb"(WARNING: All log messages before absl::InitializeLog\(\)|INFO: Created TensorFlow Lite"
    rb"|[IW]\d{4,8} [\d:.]+ +\d+ [\w./-]+:\d+\]).*(\n|$)"
)
SPARE_CORES = 4  # tracking, acting and the window take two; the second view costs the frame rate a quarter there
SAME_FACE = 0.3  # outer-eye distances: views of one face lie nearer together than that
SMALL = 0.16  # of the picture's shorter side: FaceMesh finds no smaller faces by itself
VIEW = 5.0  # sizes of a small face: side of the part of the picture in which it is followed
ROOM = 1.0  # sizes that are left between the face and that part's edge
_STDERR = threading.Lock()  # held while file descriptor 2 is turned elsewhere


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
        with without_native_chatter():
            with _pyplot_left_out(), ThreadPoolExecutor(1) as apart:
                # something that it imports keeps the frames of that first import for ever: let none of ours be among
                # them, for they know the engine and its actor
                face_mesh: Any = apart.submit(import_module, "mediapipe.python.solutions.face_mesh").result()
            self._mesh = face_mesh.FaceMesh(static_image_mode=still, max_num_faces=max_faces, refine_landmarks=True)
            self._mesh.process(np.zeros((64, 64, 3), np.uint8))  # now its threads have started, and had their say
        self._last_box: Floats | None = None
        self._view: tuple[int, int, int, int] | None = None  # left, top, right, bottom in px; None: the whole picture
        self._chatty = True  # until the first face: the landmark networks are used from then on
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
        points = min(found, key=self._strangeness)
        self.others = tuple(align.face_of(other) for other in found if other is not points)
        self._last_box = _box(points)
        if self._view is not None:
            self._move_view(frame.image, points)
        return align.face_of(points)

    def look_at(self, frame: Frame, spot: Spot, others: Sequence[Spot]) -> Face | None:
        """Leave whatever is followed for the face at `spot`, and none of the `others`; the face, if it is one.

        A small face is followed in a part of the picture, which moves with it.
        """
        self._mesh.reset()
        image = frame.image.copy()
        for other in others:  # painted over, so that this one is found
            x, y, reach = int(other.x), int(other.y), int(0.7 * other.size)
            image[max(0, y - reach) : max(0, y + reach), max(0, x - reach) : max(0, x + reach)] = 128
        self._last_box, self._view = None, self._view_of(image, spot)
        return self.track(Frame(image, frame.index, frame.captured_at))

    def restart(self) -> None:
        """Forget where the face was, and look for one in the next frame."""
        self._mesh.reset()
        self._last_box = self._view = None

    def _found(self, image: Image) -> list[Floats]:
        """Points f32 (478, 3) px of all faces that FaceMesh sees."""
        left, top, right, bottom = self._view or (0, 0, image.shape[1], image.shape[0])
        rgb = pixels.swap_red_blue(image[top:bottom, left:right])
        rgb.setflags(write=False)  # MediaPipe copies writeable images
        with without_native_chatter() if self._chatty else contextlib.nullcontext():
            found = self._mesh.process(rgb).multi_face_landmarks or []  # pyright: ignore[reportAttributeAccessIssue]
        self._chatty = self._chatty and not found
        faces = [_points(face.landmark, right - left, bottom - top) for face in found]
        if self._view is not None:
            for points in faces:
                points[:, :2] += (left, top)
        return faces

    def _view_of(self, image: Image, spot: Spot) -> tuple[int, int, int, int] | None:
        height, width = image.shape[:2]
        if spot.size > SMALL * min(height, width):
            return None
        reach = VIEW / 2 * spot.size
        middle_x = float(np.clip(spot.x, reach, max(reach, width - reach)))
        middle_y = float(np.clip(spot.y, reach, max(reach, height - reach)))
        left, top = max(0, int(middle_x - reach)), max(0, int(middle_y - reach))
        return left, top, min(width, int(middle_x + reach) + 1), min(height, int(middle_y + reach) + 1)

    def _move_view(self, image: Image, points: Floats) -> None:
        """Where the face comes near the edge of the part that is looked at, or grows: look at another part next."""
        assert self._view is not None
        height, width = image.shape[:2]
        left, top, right, bottom = self._view
        spot = spot_of(points)
        free = ROOM * spot.size
        near = (
            (left > 0 and spot.x - left < free)
            or (top > 0 and spot.y - top < free)
            or (right < width and right - spot.x < free)
            or (bottom < height and bottom - spot.y < free)
        )
        if near or not 0.5 < (right - left) / (VIEW * spot.size) < 2:
            self._mesh.reset()
            self._view = self._view_of(image, spot)

    def close(self) -> None:
        """Free the tracker; call from the thread that used it."""
        self._mesh.close()

    def _strangeness(self, points: Floats) -> float:
        """Distance from the face followed last, in its own sizes; without one, the largest wins."""
        box = _box(points)
        if self._last_box is None:
            return -float(box[2])
        return float(np.abs(box - self._last_box).sum() / self._last_box[2])


class MirrorTracker:
    """The mean of a face as it is and of the same face in a mirror, each followed by a FaceMesh of its own.

    FaceMesh trembles, and errs by a bit to its own left or right, in each view in its own way; the mean has less of
    both. It takes a second FaceMesh, which works beside the first on another core.
    """

    def __init__(self, make: Callable[[], Pointable]) -> None:
        """make: a new tracker; called twice, once in the thread that looks into the mirror."""
        self._tracker = make()
        self._beside = ThreadPoolExecutor(1, "mirror")
        self._in_mirror = self._beside.submit(make).result()
        self.faces_seen = 0

    def track(self, frame: Frame) -> Face | None:
        """The followed face, or None when no face is seen. Where the mirror shows none, or another, it does not count.

        Where only the mirror shows one, that is the face.
        """
        looking = self._beside.submit(self._look_into_mirror, frame)
        return self._together(self._tracker.track(frame), looking.result())

    def look_at(self, frame: Frame, spot: Spot, others: Sequence[Spot]) -> Face | None:
        """As `FaceMeshTracker.look_at`, in both views."""
        looking = self._beside.submit(self._look_into_mirror, frame, (spot, others))
        return self._together(self._tracker.look_at(frame, spot, others), looking.result())

    def restart(self) -> None:
        """As `FaceMeshTracker.restart`, in both views."""
        self._tracker.restart()
        self._beside.submit(self._in_mirror.restart).result()

    def _together(self, face: Face | None, points: Floats | None) -> Face | None:
        """What was seen straight, and the points f32 (478, 3) px that the mirror showed."""
        self.faces_seen = max(self._tracker.faces_seen, self._in_mirror.faces_seen)
        if points is None:
            return face
        if face is not None:
            apart = float(np.linalg.norm((points - face.points)[STABLE, :2], axis=1).mean())
            if apart > SAME_FACE * face.pose.scale:
                return face
            points = (points + face.points) / 2
        return align.face_of(points)

    def _look_into_mirror(self, frame: Frame, meant: tuple[Spot, Sequence[Spot]] | None = None) -> Floats | None:
        """meant: the face that is to be looked at, and the others, as they lie in the picture itself."""
        width = frame.image.shape[1]
        mirrored = Frame(np.ascontiguousarray(frame.image[:, ::-1]), frame.index, frame.captured_at)
        if meant is None:
            face = self._in_mirror.track(mirrored)
        else:
            spot, others = meant
            face = self._in_mirror.look_at(mirrored, spot.mirrored(width), [one.mirrored(width) for one in others])
        return None if face is None else flip_points(face.points, width)

    def close(self) -> None:
        """Free both trackers; call from the thread that made this one."""
        self._beside.submit(self._in_mirror.close).result()
        self._beside.shutdown()
        self._tracker.close()


class FaceFinder:
    """Where faces are in one picture, also small ones: BlazeFace's full-range model (Bazarevsky et al. 2019)."""

    def __init__(self) -> None:
        with without_native_chatter():
            with _pyplot_left_out():
                from mediapipe.python.solutions import face_detection

            self._detection = face_detection.FaceDetection(AT_LEAST, model_selection=1)
            self._detection.process(np.zeros((64, 64, 3), np.uint8))

    def find(self, image: Image) -> list[Spot]:
        """Faces in an image uint8 (H, W, 3) BGR, the surest first."""
        height, width = image.shape[:2]
        found = self._detection.process(pixels.swap_red_blue(image)).detections or []  # pyright: ignore
        spots: list[Spot] = []
        for one in sorted(found, key=lambda one: -one.score[0]):
            box = one.location_data.relative_bounding_box
            spot = Spot((box.xmin + box.width / 2) * width, (box.ymin + box.height / 2) * height, box.width * width)
            if all(spot.distance(other) > SAME_PLACE for other in spots):  # small faces may come twice
                spots.append(spot)
        return spots

    def close(self) -> None:
        """Free the detector; call from the thread that used it."""
        self._detection.close()


def live_tracker() -> Tracker:
    """For a camera: two views where there are SPARE_CORES, which the window does not need for anything else."""
    spare = (os.cpu_count() or 1) >= SPARE_CORES
    return AttentiveTracker(MirrorTracker(FaceMeshTracker) if spare else FaceMeshTracker(), FaceFinder)


def film_tracker(still: bool = False) -> Tracker:
    """For files: there is time to look twice. still: a single picture, without a frame before it to follow from."""
    return AttentiveTracker(MirrorTracker(lambda: FaceMeshTracker(still)), FaceFinder, thorough=True)


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
def _pyplot_left_out() -> Iterator[None]:
    """MediaPipe imports pyplot for a drawing function that nobody calls here; that is a third of the program's start.

    Whoever wants matplotlib afterwards gets the real one.
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
def without_native_chatter() -> Iterator[None]:
    """Keep NATIVE_CHATTER off stderr; whatever else is written there meanwhile, by any thread, appears at the end.

    MediaPipe's libraries log to file descriptor 2 and know no setting that stops them.
    """
    with _STDERR, contextlib.ExitStack() as stack:
        try:
            held = stack.enter_context(tempfile.TemporaryFile())
            stderr = stack.enter_context(open(os.dup(2), "wb"))
        except OSError:  # a program without a console has no descriptor 2; without room for the file it may chatter
            yield
            return
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr.fileno(), 2)
            held.seek(0)
            with contextlib.suppress(OSError):  # nobody reads it any more
                stderr.write(NATIVE_CHATTER.sub(b"", held.read()))
                stderr.flush()
