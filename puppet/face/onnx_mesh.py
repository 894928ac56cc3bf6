"""MediaPipe's FaceMesh and face detectors in ONNX Runtime: the same networks and the same logic between frames.

Made by `export/face_networks.py` from MediaPipe 0.10.21; it runs wherever ONNX Runtime does.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from puppet.core.types import Floats, Image
from puppet.face.blaze_face import Detection, anchors, detections
from puppet.face.face_rect import FaceRect, joined, rect_around, rect_of_points
from puppet.face.onnx_network import Network
from puppet.face.protocols import FaceBox, without_doubles

MESH, SHORT_RANGE, FULL_RANGE = "attention_mesh.onnx", "face_detector_short.onnx", "face_detector_full.onnx"
MESH_SIZE = 192  # px, side of what the mesh network sees
SHORT_RANGE_SIZE, SHORT_RANGE_LAYERS = 128, ((8, 2), (16, 6))  # px; stride and boxes at each place of its grids
FULL_RANGE_SIZE, FULL_RANGE_LAYERS = 192, ((4, 1),)
SHORT_RANGE_SCORE, FULL_RANGE_SCORE = 0.5, 0.6  # of what is taken for a face, as in MediaPipe's graphs
PRESENCE = 0.5  # what the mesh network gives above this is a face


class OnnxMesh:
    """FaceMesh with refined irises (Kartynnik et al. 2019; Grishchenko et al. 2020).

    still, max_faces: as for `FaceMeshTracker`.
    """

    def __init__(self, still: bool, max_faces: int) -> None:
        self._still, self._max_faces = still, max_faces
        self._detector = _Detector(SHORT_RANGE, SHORT_RANGE_SIZE, SHORT_RANGE_LAYERS, SHORT_RANGE_SCORE)
        self._network = Network(MESH, MESH_SIZE)
        self._rects: list[FaceRect] = []  # where the faces of the last frame are looked for in the next one
        self._size = (0, 0)  # of that frame, width and height in px

    def find(self, image: Image) -> list[Floats]:
        """Points f32 (478, 3) px of every face that is seen."""
        before, self._size = self._size, (image.shape[1], image.shape[0])
        rects = [] if self._still else [rect.scaled(before, self._size) for rect in self._rects]
        if len(rects) < self._max_faces:
            rects = joined(self._detector.rects(image)[: self._max_faces], rects)
        faces = [points for rect in rects if (points := self._points(image, rect)) is not None]
        self._rects = [rect_of_points(points) for points in faces]
        for points in faces:
            points[:, :2] -= 0.5  # MediaPipe counts from the pixel's corner
        return faces

    def reset(self) -> None:
        """Forget where faces were."""
        self._rects = []

    def close(self) -> None:
        """Nothing is held that must be freed by hand."""

    def _points(self, image: Image, rect: FaceRect) -> Floats | None:
        """Points f32 (478, 3) px from the corner of the top-left pixel; None when there is no face in the square."""
        points, presence = self._network.run(rect.cut(image, MESH_SIZE, cv2.BORDER_REPLICATE))
        return rect.place(points, MESH_SIZE) if float(presence[0]) > PRESENCE else None


class OnnxDetector:
    """Where faces are in one picture, also small ones: BlazeFace's full-range model (Bazarevsky et al. 2019)."""

    def __init__(self) -> None:
        self._detector = _Detector(FULL_RANGE, FULL_RANGE_SIZE, FULL_RANGE_LAYERS, FULL_RANGE_SCORE)

    def detect(self, image: Image) -> list[FaceBox]:
        """All faces in a picture, uint8 (H, W, 3) BGR, the surest first."""
        square, found = self._detector.detect(image)
        corners = [one.box.reshape(2, 2) * square.side + square.corner for one in found]
        return without_doubles(
            FaceBox(float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2, float(high[0] - low[0]))
            for low, high in corners
        )

    def close(self) -> None:
        """Nothing is held that must be freed by hand."""


class _Detector:
    """A BlazeFace network, which sees the whole picture in a square."""

    def __init__(self, name: str, size: int, layers: Sequence[tuple[int, int]], score: float) -> None:
        self._network, self._size, self._anchors = Network(name, size), size, anchors(size, layers)
        self._score = score

    def detect(self, image: Image) -> tuple[FaceRect, list[Detection]]:
        """The square, and the faces in it, the surest first, in shares of it."""
        height, width = image.shape[:2]
        square = FaceRect(width / 2, height / 2, max(width, height))
        raw, scores = self._network.run(square.cut(image, self._size, cv2.BORDER_CONSTANT))
        return square, detections(raw, scores, self._anchors, self._size, self._score)

    def rects(self, image: Image) -> list[FaceRect]:
        """Where the mesh network should look for faces, the surest first."""
        square, found = self.detect(image)
        return [
            rect_around(*(np.vstack((one.box.reshape(2, 2), one.points[:2])) * square.side + square.corner))
            for one in found
        ]
