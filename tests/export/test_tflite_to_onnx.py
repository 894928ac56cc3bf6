"""TFLite operators in ONNX, each against what it is defined to do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import TensorProto

from export import ExportError
from export.onnx_builder import OnnxBuilder
from export.tflite_model import RELU, SAME, Model, Operator, without_doubles
from export.tflite_to_onnx import Converter

VALID = 1
random = np.random.default_rng(3)


class Maker:
    """A TFLite model, made by hand: tensor 0 is its input."""

    def __init__(self, *shape: int) -> None:
        self.shapes: list[tuple[int, ...]] = [shape]
        self.constants: dict[int, NDArray[Any]] = {}
        self.operators: list[Operator] = []

    def constant(self, values: Any) -> int:
        array = np.asarray(values)
        self.constants[len(self.shapes)] = array
        self.shapes.append(array.shape)
        return len(self.shapes) - 1

    def add(self, kind: str, inputs: Sequence[int], shape: Sequence[int], **options: Any) -> int:
        self.operators.append(Operator(kind, tuple(inputs), (len(self.shapes),), options))
        self.shapes.append(tuple(shape))
        return len(self.shapes) - 1

    def conv(self, source: int, weights: NDArray[Any], bias: NDArray[Any], shape: Sequence[int], **options: Any) -> int:
        kind = "DEPTHWISE_CONV_2D" if options.pop("depthwise", False) else "CONV_2D"
        given = {"padding": SAME, "strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1} | options
        inputs = (source, self.constant(weights), self.constant(bias))
        return self.add(kind, inputs, shape, depthMultiplier=1, **given)

    def model(self, *outputs: int) -> Model:
        return Model(tuple(self.operators), (0,), outputs, tuple(self.shapes), self.constants)

    def run(self, picture: NDArray[Any], *outputs: int) -> list[NDArray[Any]]:
        """What the converted model gives for an input as TFLite has it; pictures as TFLite has them."""
        file, made = self.file(*outputs)
        session = ort.InferenceSession(file, providers=["CPUExecutionProvider"])
        given = picture.astype(np.float32)
        results = session.run(None, {"in": given.transpose(0, 3, 1, 2) if given.ndim == 4 else given})
        self.nodes = made
        return [
            value.transpose(0, 2, 3, 1) if len(self.shapes[number]) == 4 else value
            for number, value in zip(outputs, map(np.asarray, results), strict=True)
        ]

    def file(self, *outputs: int) -> tuple[bytes, int]:
        builder = OnnxBuilder()
        names = Converter(self.model(*outputs), builder, "in").convert()
        shapes = [onnx_shape(self.shapes[number]) for number in outputs]
        ports = {f"out{n}": (name, shape) for n, (name, shape) in enumerate(zip(names, shapes, strict=True))}
        inputs = {"in": (TensorProto.FLOAT, onnx_shape(self.shapes[0]))}
        count = len(builder.nodes)
        return builder.finish("test", "", inputs, ports), count


def onnx_shape(shape: Sequence[int]) -> tuple[int, ...]:
    return (shape[0], shape[3], shape[1], shape[2]) if len(shape) == 4 else tuple(shape)


def halves(*shape: int) -> NDArray[np.float16]:
    return random.standard_normal(shape).astype(np.float16)


@pytest.mark.parametrize(("side", "stride", "padding"), [(6, 1, SAME), (6, 2, SAME), (7, 2, SAME), (7, 2, VALID)])
@pytest.mark.parametrize("depthwise", [False, True])
def test_convolutions_put_the_odd_pixel_of_their_padding_at_the_end(
    side: int, stride: int, padding: int, depthwise: bool
) -> None:
    made = Maker(1, side, side, 3)
    weights, bias = halves(1, 3, 3, 3) if depthwise else halves(4, 3, 3, 3), halves(3 if depthwise else 4)
    out = -(-side // stride) if padding == SAME else (side - 3) // stride + 1
    options = {"strideH": stride, "strideW": stride, "padding": padding, "depthwise": depthwise}
    number = made.conv(0, weights, bias, (1, out, out, len(bias)), **options)
    picture = random.standard_normal((1, side, side, 3))
    missing = max(0, (out - 1) * stride + 3 - side) if padding == SAME else 0
    padded = np.pad(picture, ((0, 0), *[(missing // 2, missing - missing // 2)] * 2, (0, 0)))
    wanted = np.empty((1, out, out, len(bias)))
    for y in range(out):
        for x in range(out):
            window = padded[0, y * stride : y * stride + 3, x * stride : x * stride + 3]
            product = window * weights[0] if depthwise else window[None] * weights
            wanted[0, y, x] = product.sum((0, 1) if depthwise else (1, 2, 3)) + bias
    (given,) = made.run(picture, number)
    np.testing.assert_allclose(given, wanted, atol=1e-4)


def test_prelu_holds_for_slopes_of_any_size_and_sign() -> None:
    slopes = np.array([-4.2, 0, 0.25, 1, 6.2], np.float16)
    made = Maker(1, 4, 4, 5)
    number = made.add("PRELU", (0, made.constant(slopes.reshape(1, 1, 5))), (1, 4, 4, 5))
    picture = random.standard_normal((1, 4, 4, 5))
    (given,) = made.run(picture, number)
    np.testing.assert_allclose(given, np.where(picture < 0, picture * slopes, picture), atol=1e-5)


def test_channels_are_padded_with_zeros() -> None:
    made = Maker(1, 2, 2, 3)
    number = made.add("PAD", (0, made.constant([[0, 0], [0, 0], [0, 0], [1, 2]])), (1, 2, 2, 6))
    picture = random.standard_normal((1, 2, 2, 3))
    (given,) = made.run(picture, number)
    np.testing.assert_allclose(given, np.pad(picture, ((0, 0), (0, 0), (0, 0), (1, 2))), atol=1e-6)


def test_padding_of_pixels_goes_into_the_convolution_and_nowhere_else() -> None:
    made = Maker(1, 4, 4, 2)
    padded = made.add("PAD", (0, made.constant([[0, 0], [1, 2], [0, 1], [0, 0]])), (1, 7, 5, 2))
    weights, bias = halves(1, 3, 3, 2), halves(2)
    number = made.conv(padded, weights, bias, (1, 5, 3, 2), padding=VALID, depthwise=True)
    picture = random.standard_normal((1, 4, 4, 2))
    wide = np.pad(picture, ((0, 0), (1, 2), (0, 1), (0, 0)))
    windows = np.array([[wide[0, y : y + 3, x : x + 3] for x in range(3)] for y in range(5)])  # (5, 3, 3, 3, 2)
    (given,) = made.run(picture, number)
    np.testing.assert_allclose(given[0], np.einsum("yxijc,ijc->yxc", windows, weights[0]) + bias, atol=1e-4)
    made.add("RELU", (padded,), (1, 7, 5, 2))
    with pytest.raises(ExportError, match="pixels before a convolution"):
        made.file(number)


def test_pictures_are_pooled_resized_and_rearranged() -> None:
    made = Maker(1, 4, 4, 8)
    pooled = made.add(
        "MAX_POOL_2D",
        (0,),
        (1, 2, 2, 8),
        padding=VALID,
        strideH=2,
        strideW=2,
        filterHeight=2,
        filterWidth=2,
        fusedActivationFunction=RELU,
    )
    wide = made.add("RESIZE_BILINEAR", (pooled,), (1, 4, 4, 8), alignCorners=False, halfPixelCenters=True)
    deep = made.add("DEPTH_TO_SPACE", (0,), (1, 8, 8, 2), blockSize=2)
    rows = made.add("RESHAPE", (deep,), (1, 64, 2))
    picture = random.standard_normal((1, 4, 4, 8))
    given = made.run(picture, pooled, wide, deep, rows)
    blocks = picture.reshape(2, 2, 2, 2, 8)
    np.testing.assert_allclose(given[0][0], blocks.max((1, 3)).clip(0), atol=1e-6)
    along = np.array([[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]])
    np.testing.assert_allclose(given[1][0], np.einsum("ya,xb,abc->yxc", along, along, given[0][0]), atol=1e-5)
    np.testing.assert_allclose(given[2][0], picture.reshape(4, 4, 2, 2, 2).transpose(0, 2, 1, 3, 4).reshape(8, 8, 2))
    np.testing.assert_array_equal(given[3], given[2].reshape(1, 64, 2))


def branches(made: Maker, source: int, count: int) -> list[int]:
    """Branches of equal form from one tensor (1, 4, 4, 8), each with weights of its own."""
    ends = []
    for _ in range(count):
        across = made.conv(source, halves(1, 3, 3, 8), halves(8), (1, 4, 4, 8), depthwise=True)
        mixed = made.conv(across, halves(8, 1, 1, 8), halves(8), (1, 4, 4, 8))
        summed = made.add("ADD", (across, mixed), (1, 4, 4, 8))
        ends.append(made.add("PRELU", (summed, made.constant(halves(1, 1, 8))), (1, 4, 4, 8)))
    return ends


def crops(made: Maker, landmarks: int) -> list[int]:
    """Two crops (1, 4, 4, 8) of the input (1, 9, 12, 8) around some of the landmarks."""
    matrices = [
        made.add(
            "Landmarks2TransformMatrix",
            (landmarks,),
            (1, 4, 4),
            left_rotation_idx=some[0],
            right_rotation_idx=some[-1],
            subset_idxs=some,
            output_width=4,
            output_height=4,
            scale_x=1.5,
            scale_y=1.25,
            target_rotation_radians=0.0,
        )
        for some in AROUND
    ]
    return [made.add("TransformTensorBilinear", (0, matrix), (1, 4, 4, 8)) for matrix in matrices]


AROUND = ([0, 1, 2], [2, 3, 4, 5])  # landmarks of each crop; the line goes from the first to the last
LANDMARKS = np.array([[2, 2, 0], [5, 3, 1], [6, 7, 2], [9, 5, 0], [11, 8, 3], [3, 1, 0]], np.float32)


def matrix_of(points: NDArray[Any], around: Sequence[int]) -> NDArray[Any]:
    """The matrix (2, 3) from crop px to picture px, as MediaPipe's source computes it."""
    line = points[around[-1], :2] - points[around[0], :2]
    angle = -math.atan2(line[1], line[0])
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    turned = points[list(around), :2] @ turn.T
    low, high = turned.min(0), turned.max(0)
    linear = turn.T @ np.diag((high - low) * (1.5, 1.25) / 4)
    return np.column_stack([linear, turn.T @ ((low + high) / 2) - linear @ (2, 2)])


def sampled(picture: NDArray[Any], matrix: NDArray[Any]) -> NDArray[Any]:
    """A crop (4, 4, C), pixel by pixel."""
    height, width, channels = picture.shape
    crop = np.zeros((4, 4, channels))
    for row in range(4):
        for column in range(4):
            x, y = matrix[:, :2] @ (column + 0.5, row + 0.5) + matrix[:, 2] - 0.5
            if 0 <= x <= width - 1 and 0 <= y <= height - 1:
                left, top = min(int(x), width - 2), min(int(y), height - 2)
                right, below = x - left, y - top
                upper = (1 - right) * picture[top, left] + right * picture[top, left + 1]
                lower = (1 - right) * picture[top + 1, left] + right * picture[top + 1, left + 1]
                crop[row, column] = (1 - below) * upper + below * lower
    return crop


def test_crops_lie_around_their_landmarks_and_are_black_outside() -> None:
    made = Maker(1, 9, 12, 8)
    ends = crops(made, made.constant(LANDMARKS[None]))
    picture = random.standard_normal((1, 9, 12, 8))
    given = made.run(picture, *ends)
    wanted = [sampled(picture[0], matrix_of(LANDMARKS, around)) for around in AROUND]
    np.testing.assert_allclose(np.concatenate(given), wanted, atol=1e-4)
    black = [int((crop == 0).all(2).sum()) for crop in wanted]
    assert black == [0, 8]


def test_points_of_a_crop_come_back_to_the_picture() -> None:
    made = Maker(1, 5, 2)
    turned = np.array([[[0.5, -2, 0, 7], [2, 0.5, 0, -3], [0, 0, 1, 0], [0, 0, 0, 1]]], np.float32)
    number = made.add("TransformLandmarks", (0, made.constant(turned)), (1, 5, 2))
    points = random.standard_normal((1, 5, 2))
    (given,) = made.run(points, number)
    np.testing.assert_allclose(given[0], points[0] @ turned[0, :2, :2].T + (7, -3), atol=1e-5)


def test_branches_of_one_form_run_side_by_side_and_give_what_they_give_alone() -> None:
    """Also where one of them forks, and where their ends differ in shape."""
    made = Maker(1, 9, 12, 8)
    first, second = crops(made, made.constant(LANDMARKS[None]))
    (one,), two = branches(made, first, 1), branches(made, second, 2)
    heads = [made.conv(end, halves(3, 4, 4, 8), halves(3), (1, 1, 1, 3), padding=VALID) for end in (one, *two)]
    heads.append(made.conv(one, halves(5, 4, 4, 8), halves(5), (1, 1, 1, 5), padding=VALID))
    rows = [made.add("RESHAPE", (head,), (1, 3, 1)) for head in heads[:3]]
    picture = random.standard_normal((1, 9, 12, 8))
    together = made.run(picture, *heads, *rows)
    nodes = made.nodes
    for number, value in zip((*heads, *rows), together, strict=True):
        (alone,) = alone_of(made, number).run(picture, number)
        np.testing.assert_allclose(value, alone, atol=1e-4)
    assert nodes < sum(alone_of(made, number).file(number)[1] for number in heads)


def alone_of(made: Maker, output: int) -> Maker:
    """Only the operators that one output needs."""
    needed, kept = {output}, []
    for operator in reversed(made.operators):
        if operator.outputs[0] in needed:
            needed |= set(operator.inputs)
            kept.append(operator)
    one = Maker(*made.shapes[0])
    one.shapes, one.constants, one.operators = made.shapes, made.constants, kept[::-1]
    return one


def test_hard_swish_and_logistic() -> None:
    made = Maker(1, 4, 5, 3)
    ends = [made.add(kind, (0,), (1, 4, 5, 3)) for kind in ("HARD_SWISH", "LOGISTIC")]
    x = 4 * random.standard_normal((1, 4, 5, 3))
    swish, logistic = made.run(x, *ends)
    np.testing.assert_allclose(swish, x * np.clip(x + 3, 0, 6) / 6, atol=1e-5)
    np.testing.assert_allclose(logistic, 1 / (1 + np.exp(-x)), atol=1e-6)


@pytest.mark.parametrize(("filter_", "stride", "padding"), [((4, 6), 4, VALID), ((3, 3), 2, SAME)])
def test_average_pooling_counts_no_padding(filter_: tuple[int, int], stride: int, padding: int) -> None:
    made = Maker(1, 4, 6, 2)
    shape = (1, 1, 1, 2) if padding == VALID else (1, 2, 3, 2)
    options = {"filterHeight": filter_[0], "filterWidth": filter_[1], "strideH": stride, "strideW": stride}
    number = made.add("AVERAGE_POOL_2D", (0,), shape, padding=padding, **options)
    x = random.standard_normal((1, 4, 6, 2))
    (given,) = made.run(x, number)
    for row, column in np.ndindex(shape[1:3]):
        window = x[0, row * stride : row * stride + filter_[0], column * stride : column * stride + filter_[1]]
        np.testing.assert_allclose(given[0, row, column], window.mean((0, 1)), atol=1e-5)


def test_an_enlarging_convolution_puts_windows_side_by_side() -> None:
    made = Maker(1, 3, 4, 5)
    weights, bias = halves(1, 2, 2, 5), halves(1)
    inputs = (0, made.constant(weights), made.constant(bias))
    number = made.add("Convolution2DTransposeBias", inputs, (1, 6, 8, 1))
    x = random.standard_normal((1, 3, 4, 5))
    (given,) = made.run(x, number)
    wanted = np.einsum("hwc,rsc->hrws", x[0], weights[0].astype(float)).reshape(6, 8) + float(bias[0])
    np.testing.assert_allclose(given[0, ..., 0], wanted, atol=1e-4)
    made.shapes[number] = (1, 4, 5, 1)
    with pytest.raises(ExportError, match="windows overlap"):
        made.file(number)


def test_what_is_computed_twice_is_computed_once() -> None:
    made = Maker(1, 4, 4, 2)
    first, again = (made.add("MUL", (0, made.constant(np.full(1, 0.25, np.float16))), (1, 4, 4, 2)) for _ in range(2))
    other = made.add("MUL", (0, made.constant(np.full(1, 0.5, np.float16))), (1, 4, 4, 2))
    ends = [made.add("RELU", (number,), (1, 4, 4, 2)) for number in (first, again, other)]
    model = without_doubles(made.model(*ends))
    assert [operator.kind for operator in model.operators] == ["MUL", "MUL", "RELU", "RELU"]
    assert model.outputs == (ends[0], ends[0], ends[2])


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("SOFTMAX", {}, "operator SOFTMAX is not supported"),
        ("ADD", {"fusedActivationFunction": 3}, "activation 3 of ADD is not supported"),
        ("RESIZE_BILINEAR", {"alignCorners": True, "halfPixelCenters": False}, "about pixel centres"),
    ],
)
def test_what_is_not_supported_is_named(kind: str, options: dict[str, Any], message: str) -> None:
    made = Maker(1, 4, 4, 2)
    number = made.add(kind, (0, 0), (1, 4, 4, 2), **options)
    with pytest.raises(ExportError, match=message):
        made.file(number)
