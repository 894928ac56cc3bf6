"""Where a person is in a picture: MediaPipe's selfie segmentation in ONNX Runtime.

Made by `export/face_networks.py` from MediaPipe 0.10.21, the network for square pictures.
"""

from __future__ import annotations

import numpy as np

from puppet.core.types import Floats, Image
from puppet.face.onnx_network import Network

SEGMENTATION = "selfie_segmentation.onnx"
SEGMENTATION_SIZE = 256  # px, side of what the network sees


class PersonSegmentation:
    """Tells a person from the background, in each picture by itself."""

    def __init__(self) -> None:
        self._network = Network(SEGMENTATION, SEGMENTATION_SIZE)

    def mask(self, picture: Image) -> Floats:
        """How surely each pixel of a picture uint8 (256, 256, 3) RGB is a person's: f32 (256, 256), 0 to 1."""
        (mask,) = self._network.run(picture)
        return np.asarray(mask, np.float32)
