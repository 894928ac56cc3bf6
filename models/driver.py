"""A stranger's tracked frames: what drives an actor on sample sheets and in `reconstruct`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from puppet import align, pixels
from puppet.frames import Face, Floats, Image


@dataclass(frozen=True, slots=True)
class DriverClip:
    """images: uint8 (H, W, 3) BGR each; faces: points in px of their image; neutral: canonical f32 (478, 3)."""

    images: list[Image]
    faces: list[Face]
    neutral: Floats

    def __len__(self) -> int:
        return len(self.images)

    def upright_crops(self, size: int) -> Image:
        """uint8 (N, size, size, 3) RGB, faces upright (`align.upright_transform`)."""
        crops = [
            pixels.swap_red_blue(align.cut(image, align.upright_transform(face, size), size).image)
            for image, face in zip(self.images, self.faces, strict=True)
        ]
        return np.stack(crops)
