"""Pictures as arrays -> QImage and QIcon. The only file of the window that looks into arrays."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from PyQt6.QtGui import QIcon, QImage, QPixmap

from puppet.core import pixels
from puppet.core.types import Floats, Image
from puppet.face.landmarks import contour_lines, mesh_lines

MESH_COLOUR, OUTLINE_COLOUR = (190, 170, 90), (255, 235, 160)  # BGR
MESH_STRENGTH = 0.55  # opacity of the lines that are no outlines, 0 .. 1
LEAST_FACE = 110  # px of the screen; on a narrower face only outlines can be told apart
SUBPIXEL = 4  # bits of fraction in what cv2 is asked to draw


def to_qimage(image: Image, width: int, height: int, points: Floats | None = None) -> QImage:
    """A copy of a picture uint8 (H, W, 3) BGR as a QImage, scaled to fit into width x height px, aspect kept.

    points f32 (478, 3) px of `image`: landmarks, whose mesh is drawn over the QImage, never into `image`.
    """
    size = image.shape[1], image.shape[0]
    scale = min(width / image.shape[1], height / image.shape[0])
    w, h = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    if 0.5 <= scale < 1:  # down to half the size bilinear uses every pixel, at a seventh of area averaging's cost
        image = cv2.resize(image, (w, h), interpolation=cv2.INTER_LINEAR)  # pyright: ignore[reportAssignmentType]
    elif (w, h) != (image.shape[1], image.shape[0]):
        image = pixels.resize(image, w, h)
    if points is not None:
        image = _with_mesh(image, points, w / size[0], h / size[1])
    shown = QImage(w, h, QImage.Format.Format_RGB32)
    memory: Any = shown.bits()  # PyQt6's own annotation knows no buffer
    memory.setsize(shown.sizeInBytes())
    cv2.cvtColor(image, cv2.COLOR_BGR2BGRA, dst=np.frombuffer(memory, np.uint8).reshape(h, w, 4))
    return shown


def _with_mesh(image: Image, points: Floats, across: float, down: float) -> Image:
    """A copy of `image` with the face mesh; points px of a picture that was scaled by (across, down)."""
    scaled = (points[:, :2] + 0.5) * (across, down) - 0.5
    fixed = np.round(scaled * (1 << SUBPIXEL)).astype(np.int32)
    drawn = image.copy()
    if np.ptp(scaled[:, 0]) > LEAST_FACE:
        faint = image.copy()
        cv2.polylines(faint, list(fixed[mesh_lines()]), False, MESH_COLOUR, 1, cv2.LINE_AA, SUBPIXEL)
        cv2.addWeighted(faint, MESH_STRENGTH, drawn, 1 - MESH_STRENGTH, 0, drawn)
    cv2.polylines(drawn, list(fixed[contour_lines()]), False, OUTLINE_COLOUR, 1, cv2.LINE_AA, SUBPIXEL)
    return drawn


def to_icon(image: Image, side: int, device_pixel_ratio: float) -> QIcon:
    """A thumbnail of a picture uint8 (H, W, 3) BGR, `side` device-independent px."""
    pixmap = QPixmap.fromImage(to_qimage(image, round(side * device_pixel_ratio), round(side * device_pixel_ratio)))
    pixmap.setDevicePixelRatio(device_pixel_ratio)
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)  # otherwise Qt tints it in a list
    return icon
