"""The real window under Xvfb: what its pictures show."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PyQt6.QtGui import QColor

from puppet.gui.kit.theme import PICTURE_BACKGROUND


def picture_box(half: np.ndarray) -> tuple[slice, slice]:
    """Where the picture lies inside the dark pane of one half of the window."""
    colour = QColor(PICTURE_BACKGROUND)
    dark = (half == (colour.blue(), colour.green(), colour.red())).all(-1)
    rows, columns = np.flatnonzero(dark.sum(1) > 10), np.flatnonzero(dark.sum(0) > 50)  # text is never so dark
    pane = dark[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    beside, above = pane.mean(0) > 0.9, pane.mean(1) > 0.9  # bars, but for round corners
    top, bottom = (rows[0] + edge for edge in np.flatnonzero(~above)[[0, -1]])
    left, right = (columns[0] + edge for edge in np.flatnonzero(~beside)[[0, -1]])
    return slice(top, bottom + 1), slice(left, right + 1)


def frames_of(path: Path, most: float = np.inf) -> list[np.ndarray]:
    video, images = cv2.VideoCapture(str(path)), []
    while len(images) < most and (read := video.read())[0]:
        images.append(read[1])
    video.release()
    return images
