"""MediaPipe's own FaceMesh and face detector. The only file that imports mediapipe."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
import threading
import types
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import numpy as np

from puppet.core import pixels
from puppet.core.types import LANDMARKS, Floats, Image
from puppet.face.protocols import FaceBox, without_doubles

ROUTINE_LOG = re.compile(  # lines that MediaPipe's libraries write when all is well; errors (E, F) are none of it
    rb"(WARNING: All log messages before absl::InitializeLog\(\)|INFO: Created TensorFlow Lite"
    rb"|[IW]\d{4,8} [\d:.]+ +\d+ [\w./-]+:\d+\]).*(\n|$)"
)
# a landmark in a list serialised by Protocol Buffers: tag and length, then tag and little-endian float of x, y, z each
_LANDMARK = np.dtype([("", "V3"), ("x", "<f4"), ("", "V1"), ("y", "<f4"), ("", "V1"), ("z", "<f4")])
_STDERR = threading.Lock()  # held while file descriptor 2 is turned elsewhere


class MediaPipeMesh:
    """FaceMesh with refined irises in MediaPipe (Kartynnik et al. 2019; Grishchenko et al. 2020).

    still, max_faces: as for `FaceMeshTracker`.
    """

    def __init__(self, still: bool, max_faces: int) -> None:
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
        self._filters_log = True  # until the first face: the landmark networks log when they are first used

    def find(self, image: Image) -> list[Floats]:
        """Points f32 (478, 3) px of every face that is seen."""
        rgb = pixels.swap_red_blue(image)
        rgb.setflags(write=False)  # MediaPipe copies writeable images
        with filter_native_log() if self._filters_log else contextlib.nullcontext():
            found: list[Any] = self._mesh.process(rgb).multi_face_landmarks or []
        self._filters_log = self._filters_log and not found
        height, width = image.shape[:2]
        return [_points(face.SerializeToString(), width, height) for face in found]

    def reset(self) -> None:
        """Forget where faces were."""
        self._mesh.reset()

    def close(self) -> None:
        """Free the networks; call from the thread that used them."""
        self._mesh.close()


class MediaPipeDetector:
    """Where faces are in one picture, also small ones: BlazeFace's full-range model (Bazarevsky et al. 2019)."""

    def __init__(self) -> None:
        with filter_native_log():
            with _pyplot_left_out():
                face_detection: Any = import_module("mediapipe.python.solutions.face_detection")
            self._detection: Any = face_detection.FaceDetection(model_selection=1)
            self._detection.process(np.zeros((64, 64, 3), np.uint8))

    def detect(self, image: Image) -> list[FaceBox]:
        """All faces in a picture, uint8 (H, W, 3) BGR, the surest first."""
        height, width = image.shape[:2]
        found: list[Any] = self._detection.process(pixels.swap_red_blue(image)).detections or []
        shares = [one.location_data.relative_bounding_box for one in sorted(found, key=_descending_score)]
        return without_doubles(
            FaceBox((one.xmin + one.width / 2) * width, (one.ymin + one.height / 2) * height, one.width * width)
            for one in shares
        )

    def close(self) -> None:
        """Free the detector; call from the thread that used it."""
        self._detection.close()


def _descending_score(detection: Any) -> float:
    return -detection.score[0]


def _points(landmarks: bytes, width: int, height: int) -> Floats:
    """MediaPipe's [0, 1] -> px, f32 (478, 3); (0, 0) is the centre of the top-left pixel, z on x's scale.

    landmarks: a NormalizedLandmarkList as it is serialised. Asking its 1,434 numbers one by one takes five times as
    long. Raises ValueError when there is more to a landmark than its place.
    """
    share = np.frombuffer(landmarks, _LANDMARK)
    points = np.stack([share["x"], share["y"], share["z"]], 1) * np.array((width, height, width), np.float32)
    points[:, :2] -= 0.5
    return points.reshape(LANDMARKS, 3)


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
