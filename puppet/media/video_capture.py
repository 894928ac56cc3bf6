"""What decodes pictures one after the other: a camera, a file or a stream, as cv2.VideoCapture does it."""

from __future__ import annotations

from typing import Protocol

from puppet.core.types import Image


class VideoCapture(Protocol):
    """The part of cv2.VideoCapture that is used. Names and signatures are OpenCV's."""

    def isOpened(self) -> bool:
        """Whether it can give pictures."""
        ...

    def grab(self) -> bool:
        """Wait for the next picture; False when none came."""
        ...

    def retrieve(self) -> tuple[bool, Image]:
        """Decode the picture that was grabbed: uint8 (H, W, 3) BGR. (False, an empty array) when that fails."""
        ...

    def get(self, propId: int, /) -> float:
        """A property, cv2.CAP_PROP_...; 0.0 when it is not known."""
        ...

    def set(self, propId: int, value: float, /) -> bool:
        """Ask for a property; False when it cannot be had."""
        ...

    def release(self) -> None:
        """Let go of the device, file or connection."""
        ...
