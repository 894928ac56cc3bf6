"""The three operators that MediaPipe adds to TFLite for its attention mesh, in ONNX.

Each takes several at once: the mesh has one for the lips and one for each eye. Source: mediapipe/util/tflite/operations
of MediaPipe 0.10, version 2 of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from onnx import TensorProto

from export import ExportError
from export.onnx_builder import OnnxBuilder


def matrices_of_landmarks(b: OnnxBuilder, landmarks: str, crops: Sequence[Mapping[str, Any]]) -> str:
    """Landmarks2TransformMatrix: f32 (k, 4, 4), px of a crop -> px of the picture that the landmarks (1, n, 3) lie in.

    crops: the options of k operators. Each crop lies around some landmarks, turned as the line between two of them is,
    and `scale_x`, `scale_y` times as large as their extent along that line. Raises ExportError for other options.
    """
    sizes = {(options["output_width"], options["output_height"]) for options in crops}
    scales = {(options["scale_x"], options["scale_y"]) for options in crops}
    if len(sizes) != 1 or len(scales) != 1 or any(options["target_rotation_radians"] for options in crops):
        raise ExportError("crops of several sizes, or turned by a fixed angle, are not supported")
    size, scale = np.array(*sizes, np.float32), np.array(*scales, np.float32)
    ends = np.array([(options["left_rotation_idx"], options["right_rotation_idx"]) for options in crops])
    most = max(len(options["subset_idxs"]) for options in crops)
    around = np.array([np.resize(options["subset_idxs"], most) for options in crops])  # repeated to the same number

    xy = b.add("Squeeze", b.span(landmarks, 0, 2, axis=2), b.whole(0))
    line = b.add("Sub", *(b.add("Gather", xy, b.constant(ends[:, side : side + 1]), axis=0) for side in (1, 0)))
    along = b.add("Div", line, b.add("ReduceL2", line, axes=[2], keepdims=1))  # (k, 1, 2): cosine and sine
    turn = b.floats([[1, 0, 0, 1], [0, -1, 1, 0]])
    back = b.add("Reshape", b.add("MatMul", along, turn), b.whole(len(crops), 2, 2))  # upright -> along the line
    upright = b.add("MatMul", b.add("Gather", xy, b.constant(around), axis=0), back)  # its inverse is its transpose
    low, high = (b.add(kind, upright, axes=[1], keepdims=1) for kind in ("ReduceMin", "ReduceMax"))
    linear = b.add("Mul", back, b.add("Mul", b.add("Sub", high, low), b.floats(scale / size)))
    centre = b.add("Transpose", b.add("Mul", b.add("Add", low, high), b.floats(0.5)), perm=[0, 2, 1])
    corner = b.add("MatMul", linear, b.floats(-size.reshape(2, 1) / 2))
    shift = b.add("Add", b.add("MatMul", back, centre), corner)
    none = b.floats(np.zeros((len(crops), 2, 1)))
    upper = b.add("Concat", linear, none, shift, axis=2)
    lower = b.floats(np.broadcast_to(np.eye(4)[2:], (len(crops), 2, 4)))
    return b.add("Concat", upper, lower, axis=1)


def transformed_pictures(
    b: OnnxBuilder, picture: str, shape: tuple[int, int, int], matrices: str, count: int, size: tuple[int, int]
) -> str:
    """TransformTensorBilinear: crops f32 (1, k * C, *size) of a picture (1, C, H, W), channels of one crop together.

    shape: C, H, W of the picture. Pixels whose place lies outside the outermost pixels' middles are 0.
    """
    channels, height, width = shape
    rows, columns = size
    linear, shift = _affine(b, matrices)
    y, x = np.mgrid[:rows, :columns] + 0.5
    middles = b.floats(np.stack((x.ravel(), y.ravel())))
    places = b.add("Sub", b.add("Add", b.add("MatMul", linear, middles), shift), b.floats(0.5))  # (k, 2, n), pixels
    last = np.array([[width - 1], [height - 1]], np.float32)
    zero = b.floats(0)
    within = b.add("Equal", places, b.add("Max", zero, b.add("Min", places, b.floats(last))))
    inside = b.add("ReduceMin", b.add("Cast", within, to=TensorProto.FLOAT), axes=[1], keepdims=1)
    first = b.add("Max", zero, b.add("Min", b.add("Floor", places), b.floats(last - 1)))  # of the two each way
    after = b.add("Sub", places, first)
    before = b.add("Sub", b.floats(1), after)
    right, below = b.span(after, 0, 1, axis=1), b.add("Mul", b.span(after, 1, 2, axis=1), inside)
    left, above = b.span(before, 0, 1, axis=1), b.add("Mul", b.span(before, 1, 2, axis=1), inside)
    pairs = ((left, above), (right, above), (left, below), (right, below))
    weights = b.add("Concat", *(b.add("Mul", *pair) for pair in pairs), axis=1)  # (k, 4, n)
    number = b.add("MatMul", b.floats([[1, width]]), first)  # (k, 1, n): of the pixel, counted along rows
    numbers = b.add("Add", number, b.floats([[0], [1], [width], [width + 1]]))
    pixels = b.add("Reshape", b.add("Transpose", picture, perm=[0, 2, 3, 1]), b.whole(height * width, channels))
    taken = b.add("Gather", pixels, b.add("Cast", numbers, to=TensorProto.INT32), axis=0)  # (k, 4, n, C)
    mixed = b.add("Mul", taken, b.add("Unsqueeze", weights, b.whole(3)))
    crops = b.add("ReduceSum", mixed, b.whole(1), keepdims=0)  # (k, n, C)
    return b.add("Reshape", b.add("Transpose", crops, perm=[0, 2, 1]), b.whole(1, count * channels, rows, columns))


def transformed_landmarks(b: OnnxBuilder, landmarks: str, matrix: str) -> str:
    """TransformLandmarks: points (1, n, 2) through a matrix (1, 4, 4)."""
    linear, shift = (b.add("Transpose", part, perm=[0, 2, 1]) for part in _affine(b, matrix))
    return b.add("Add", b.add("MatMul", landmarks, linear), shift)


def _affine(b: OnnxBuilder, matrices: str) -> tuple[str, str]:
    """Of matrices (k, 4, 4) what moves x and y: (k, 2, 2) and (k, 2, 1)."""
    upper = b.span(matrices, 0, 2, axis=1)
    return b.span(upper, 0, 2, axis=2), b.span(upper, 3, 4, axis=2)
