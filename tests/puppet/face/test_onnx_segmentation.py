"""The segmentation network in ONNX Runtime: what it gives, and that it gives what MediaPipe does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import puppet
from puppet.core import pixels
from puppet.core.errors import PuppetError
from puppet.core.trackers import MEDIAPIPE
from puppet.core.types import Image
from puppet.face import onnx_network
from puppet.face.face_rect import FaceRect
from puppet.face.onnx_segmentation import SEGMENTATION_SIZE, PersonSegmentation
from puppet.face.tracking import tracker_library

DEMO = Path(puppet.__file__).parent / "assets" / "demo.mp4"


@pytest.fixture(scope="module")
def squares() -> list[Image]:
    """Three frames of the demo clip, the middle square of each, BGR."""
    capture = cv2.VideoCapture(str(DEMO))
    read = [np.asarray(capture.read()[1], np.uint8) for _ in range(90)][::40]
    capture.release()
    height, width = read[0].shape[:2]
    side = min(height, width)
    left, top = (width - side) // 2, (height - side) // 2
    return [np.ascontiguousarray(image[top : top + side, left : left + side]) for image in read]


def seen(square: Image) -> Image:
    side = len(square)
    return FaceRect(side / 2, side / 2, side).cut(square, SEGMENTATION_SIZE, cv2.BORDER_CONSTANT)


@pytest.mark.skipif(tracker_library() != MEDIAPIPE, reason="mediapipe is not installed")
def test_the_mask_is_that_of_mediapipe(squares: list[Image]) -> None:
    from mediapipe.python.solutions.selfie_segmentation import SelfieSegmentation

    network = PersonSegmentation()
    with SelfieSegmentation(model_selection=0) as original:
        for square in squares:
            given: Any = original.process(pixels.swap_red_blue(square))  # its fields have no declaration
            wanted = given.segmentation_mask
            mask = cv2.resize(network.mask(seen(square)), wanted.shape[::-1])
            assert np.abs(mask - wanted).max() < 0.01
            assert np.ptp(wanted) > 0.9


def test_the_head_is_a_person_and_the_corners_are_not(squares: list[Image]) -> None:
    mask = PersonSegmentation().mask(seen(squares[0]))
    assert mask.shape == (SEGMENTATION_SIZE, SEGMENTATION_SIZE)
    assert mask.dtype == np.float32
    assert mask[110:150, 110:150].min() > 0.95
    assert mask[:20, :20].max() < 0.05
    assert mask[:20, -20:].max() < 0.05
    assert 0 <= mask.min() <= mask.max() <= 1


def test_a_missing_network_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_network, "NETWORKS", tmp_path)
    with pytest.raises(PuppetError, match=r"selfie_segmentation\.onnx cannot be loaded .*; install Puppet again"):
        PersonSegmentation()
