"""Pictures -> Qt. The only file of the window that touches arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from PyQt6.QtGui import QIcon, QImage, QPixmap

from puppet import pixels
from puppet.frames import Image


def to_qimage(image: Image, width: int, height: int) -> QImage:
    """uint8 (H, W, 3) BGR -> a QImage of its own, scaled to fit inside width x height px with its aspect kept."""
    scale = min(width / image.shape[1], height / image.shape[0])
    w, h = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    if (w, h) != (image.shape[1], image.shape[0]):
        image = pixels.resize(image, w, h)
    image = np.ascontiguousarray(image)
    data: Any = image.data  # PyQt6's own annotation knows bytes only
    wrapped = QImage(data, w, h, image.strides[0], QImage.Format.Format_BGR888)
    return wrapped.convertToFormat(QImage.Format.Format_RGB32)  # a copy: the array need not outlive it


def to_icon(image: Image, side: int, device_pixel_ratio: float) -> QIcon:
    """A thumbnail, `side` device-independent px."""
    pixmap = QPixmap.fromImage(to_qimage(image, round(side * device_pixel_ratio), round(side * device_pixel_ratio)))
    pixmap.setDevicePixelRatio(device_pixel_ratio)
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)  # otherwise Qt tints it in a list
    return icon
