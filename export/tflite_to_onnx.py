"""TFLite operators -> ONNX nodes: what MediaPipe's face and segmentation networks need.

Pictures lie (N, H, W, C) in TFLite and (N, C, H, W) in ONNX. Weights stay 16 bit in the file. Branches of equal shape,
such as those for lips and eyes, run side by side as groups of channels: ONNX Runtime's time for networks as small as
these goes to the number of nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export import ExportError
from export.mediapipe_operators import matrices_of_landmarks, transformed_landmarks, transformed_pictures
from export.onnx_builder import OnnxBuilder
from export.tflite_model import RELU, SAME, Model, Operator, without_doubles

GEOMETRY = ("padding", "strideW", "strideH", "filterWidth", "filterHeight", "fusedActivationFunction")
BRANCHING = ("Landmarks2TransformMatrix", "TransformTensorBilinear")  # their outputs run side by side
Array = NDArray[Any]


@dataclass(frozen=True)
class Value:
    """A TFLite tensor in ONNX: one of `parts` equal parts of an ONNX value, along channels or else the first axis."""

    name: str
    part: int = 0
    parts: int = 1


class Converter:
    """Converts a model's operators, several of a kind at once where they run side by side."""

    def __init__(self, model: Model, builder: OnnxBuilder, picture: str) -> None:
        """`picture`: name of the ONNX value that is the model's only input, f32 (1, C, H, W)."""
        self._model, self._builder = without_doubles(model), builder
        self._values = {model.inputs[0]: Value(picture)}
        self._gathered: dict[tuple[Value, ...], str] = {}
        self._margins: dict[int, Sequence[int]] = {}  # of tensors: pixels that the convolution after it adds around it
        # each takes operators of one kind and shape, and gives the name of their outputs side by side
        self._convert: dict[str, Callable[[Sequence[Operator]], str]] = {
            "CONV_2D": self._conv,
            "DEPTHWISE_CONV_2D": self._depthwise_conv,
            "PRELU": self._prelu,
            "RELU": lambda operator: self._builder.add("Relu", self._inputs(operator, 0)),
            "ADD": lambda operator: self._activated(operator, self._of_two(operator, "Add")),
            "MUL": lambda operator: self._activated(operator, self._of_two(operator, "Mul")),
            "HARD_SWISH": self._hard_swish,
            "LOGISTIC": lambda operator: self._builder.add("Sigmoid", self._inputs(operator, 0)),
            "MAX_POOL_2D": lambda operator: self._pool(operator, "MaxPool"),
            "AVERAGE_POOL_2D": lambda operator: self._pool(operator, "AveragePool"),
            "PAD": self._pad,
            "RESHAPE": self._reshape,
            "CONCATENATION": self._concatenation,
            "STRIDED_SLICE": self._whole_slice,
            "RESIZE_BILINEAR": self._resize,
            "DEPTH_TO_SPACE": self._depth_to_space,
            "Convolution2DTransposeBias": self._enlarging_convolution,
            "Landmarks2TransformMatrix": self._matrices_of_landmarks,
            "TransformTensorBilinear": self._transformed_pictures,
            "TransformLandmarks": self._transformed_landmarks,
        }

    def convert(self) -> list[str]:
        """The ONNX names of the model's outputs; pictures among them are (N, C, H, W). Raises ExportError."""
        for together in self._side_by_side():
            kind = together[0].kind
            if kind not in self._convert:
                raise ExportError(f"the TFLite operator {kind} is not supported")
            name = self._convert[kind](together)
            for part, operator in enumerate(together):
                self._values[operator.outputs[0]] = Value(name, part, len(together))
        return [self._gather([number]) for number in self._model.outputs]

    # --- operators that run side by side ---

    def _side_by_side(self) -> Iterator[list[Operator]]:
        """The operators in an order in which they can run, those together that have one form and parts of one input."""
        depths: dict[int, int] = {}
        levels: dict[int, list[Operator]] = {}
        for operator in self._model.operators:
            depth = 1 + max((depths.get(number, 0) for number in operator.inputs), default=0)
            depths[operator.outputs[0]] = depth
            levels.setdefault(depth, []).append(operator)
        for depth in sorted(levels):
            bundles: dict[Any, list[Operator]] = {}
            for operator in levels[depth]:
                bundles.setdefault(self._bundle(operator), []).append(operator)
            for together in bundles.values():
                yield sorted(together, key=lambda operator: self._first(operator).part)

    def _bundle(self, operator: Operator) -> tuple[Any, ...]:
        """Operators of one depth run together when this is equal."""
        value = self._first(operator)
        shapes = tuple(self._shape(number) for number in (*operator.inputs, *operator.outputs))
        form = (operator.kind, value.name, shapes, tuple(operator.options.get(name) for name in GEOMETRY))
        return form if value.parts > 1 or operator.kind in BRANCHING else (*form, operator.outputs)

    def _first(self, operator: Operator) -> Value:
        """Its first input; a constant is a value of its own."""
        number = operator.inputs[0]
        return self._values.get(number, Value(f"tensor{number}"))

    def _gather(self, numbers: Sequence[int]) -> str:
        """The ONNX name of some tensors side by side."""
        values = tuple(self._values[number] for number in numbers)
        if values not in self._gathered:
            self._gathered[values] = self._taken(values, self._shape(numbers[0]))
        return self._gathered[values]

    def _taken(self, values: Sequence[Value], shape: tuple[int, ...]) -> str:
        names, parts = {value.name for value in values}, [value.part for value in values]
        if len(names) > 1:
            axis = 1 if len(shape) == 4 else 0
            return self._builder.add("Concat", *(self._taken([value], shape) for value in values), axis=axis)
        (name,) = names
        if parts == list(range(values[0].parts)):
            return name
        axis, width = (1, shape[3]) if len(shape) == 4 else (0, shape[0])
        if len(parts) == 1:
            return self._builder.span(name, parts[0] * width, (parts[0] + 1) * width, axis)
        rows = [part * width + i for part in parts for i in range(width)]
        return self._builder.add("Gather", name, self._builder.whole(*rows), axis=axis)

    # --- what operators say about themselves ---

    def _shape(self, number: int) -> tuple[int, ...]:
        return self._model.shapes[number]

    def _inputs(self, together: Sequence[Operator], which: int) -> str:
        numbers = [operator.inputs[which] for operator in together]
        if numbers[0] in self._values:
            return self._gather(numbers)
        constants = self._constants(together, which)
        if any(not np.array_equal(values, constants[0]) for values in constants):
            raise ExportError(f"{together[0].kind} with several constants is not supported")
        values = constants[0]
        return self._builder.constant(values.transpose(0, 3, 1, 2) if values.ndim == 4 else values)

    def _constants(self, together: Sequence[Operator], which: int) -> list[Array]:
        try:
            return [self._model.constants[operator.inputs[which]] for operator in together]
        except KeyError:
            raise ExportError(f"input {which} of {together[0].kind} must be constant") from None

    def _only(self, together: Sequence[Operator]) -> Operator:
        if len(together) > 1:
            raise ExportError(f"{together[0].kind} is not supported side by side")
        return together[0]

    def _of_two(self, together: Sequence[Operator], kind: str) -> str:
        return self._builder.add(kind, self._inputs(together, 0), self._inputs(together, 1))

    def _activated(self, together: Sequence[Operator], output: str) -> str:
        activation = together[0].options.get("fusedActivationFunction", 0)
        if activation not in (0, RELU):
            raise ExportError(f"activation {activation} of {together[0].kind} is not supported")
        return self._builder.add("Relu", output) if activation == RELU else output

    def _windows(self, operator: Operator, kernel: Sequence[int]) -> dict[str, list[int]]:
        """ONNX's attributes; TFLite's padding SAME puts the odd pixel at the end."""
        strides = [operator.options["strideH"], operator.options["strideW"]]
        missing = [0, 0]
        if operator.options["padding"] == SAME:
            sides = zip(self._shape(operator.inputs[0])[1:3], kernel, strides, strict=True)
            missing = [max(0, (-(-side // stride) - 1) * stride + reach - side) for side, reach, stride in sides]
        before = [total // 2 for total in missing]
        after = [total - first for total, first in zip(missing, before, strict=True)]
        margins = self._margins.get(operator.inputs[0], (0, 0, 0, 0))
        pads = [pad + margin for pad, margin in zip((*before, *after), margins, strict=True)]
        return {"kernel_shape": list(kernel), "strides": strides, "pads": pads}

    # --- TFLite's operators ---

    def _conv(self, together: Sequence[Operator]) -> str:
        weights = [values.transpose(0, 3, 1, 2) for values in self._constants(together, 1)]  # from (out, H, W, in)
        return self._convolution(together, weights, groups=len(together))

    def _depthwise_conv(self, together: Sequence[Operator]) -> str:
        if any(operator.options["depthMultiplier"] != 1 for operator in together):
            raise ExportError("depthwise convolutions with a multiplier are not supported")
        weights = [values.transpose(3, 0, 1, 2) for values in self._constants(together, 1)]  # from (1, H, W, C)
        return self._convolution(together, weights, groups=sum(map(len, weights)))

    def _convolution(self, together: Sequence[Operator], weights: Sequence[Array], groups: int) -> str:
        if any(
            (operator.options["dilationHFactor"], operator.options["dilationWFactor"]) != (1, 1)
            for operator in together
        ):
            raise ExportError("dilated convolutions are not supported")
        b, kernel = self._builder, weights[0].shape[2:]
        constants = b.constant(np.concatenate(weights)), b.constant(np.concatenate(self._constants(together, 2)))
        windows = self._windows(together[0], kernel)
        return self._activated(together, b.add("Conv", self._inputs(together, 0), *constants, group=groups, **windows))

    def _prelu(self, together: Sequence[Operator]) -> str:
        """By convolutions, as x + (1 - slope) relu(-x).

        ONNX Runtime's own PRelu is slow, and leaves the blocked layout in which it computes convolutions.
        """
        b, source = self._builder, self._inputs(together, 0)
        slopes = np.concatenate([values.ravel() for values in self._constants(together, 1)]).astype(np.float32)
        slopes = slopes.reshape(-1, 1, 1, 1)
        alone = {"kernel_shape": [1, 1], "group": len(slopes)}
        below = b.add("Relu", b.add("Conv", source, b.constant(-np.ones_like(slopes)), **alone))
        return b.add("Add", source, b.add("Conv", below, b.constant(1 - slopes), **alone))

    def _hard_swish(self, together: Sequence[Operator]) -> str:
        """Hard swish, x relu6(x + 3) / 6. Howard et al. 2019, eq. 4."""
        source = self._inputs(together, 0)
        return self._builder.add("Mul", source, self._builder.add("HardSigmoid", source, alpha=1 / 6, beta=0.5))

    def _pool(self, together: Sequence[Operator], kind: str) -> str:
        options = together[0].options
        windows = self._windows(together[0], [options["filterHeight"], options["filterWidth"]])
        return self._activated(together, self._builder.add(kind, self._inputs(together, 0), **windows))

    def _pad(self, together: Sequence[Operator]) -> str:
        """Pixels are left to the convolutions that follow; channels are added by one, for the blocked layout's sake."""
        b, source = self._builder, self._inputs(together, 0)
        (pads,) = {tuple(map(tuple, values.tolist())) for values in self._constants(together, 1)}
        batch, rows, columns, (before, after) = pads  # each: before, after
        if (batch, rows, columns) == ((0, 0),) * 3:
            channels = self._shape(together[0].inputs[0])[3]
            same = np.eye(before + channels + after, channels, -before, np.float16)[:, :, None, None]
            return b.add("Conv", source, b.constant(np.concatenate([same] * len(together))), group=len(together))
        padded = self._only(together).outputs[0]
        after_it = {operator.kind for operator in self._model.operators if padded in operator.inputs}
        if (before, after) != (0, 0) or batch != (0, 0) or not after_it <= {"CONV_2D", "DEPTHWISE_CONV_2D"}:
            raise ExportError("only channels are padded, or pixels before a convolution")
        self._margins[padded] = (rows[0], columns[0], rows[1], columns[1])
        return source

    def _reshape(self, together: Sequence[Operator]) -> str:
        b, source, shape = self._builder, self._inputs(together, 0), list(self._shape(together[0].outputs[0]))
        before = self._shape(together[0].inputs[0])
        if len(before) == 4 and before[1:3] != (1, 1):
            self._only(together)
            source = b.add("Transpose", source, perm=[0, 2, 3, 1])
        if len(shape) == 4:
            if shape[1:3] != [1, 1]:
                raise ExportError("reshaping to a picture is not supported")
            shape = [shape[0], len(together) * shape[3], 1, 1]
        else:
            shape[0] *= len(together)
        return b.add("Reshape", source, b.whole(*shape))

    def _concatenation(self, together: Sequence[Operator]) -> str:
        operator = self._only(together)
        axis = operator.options["axis"]
        if len(self._shape(operator.outputs[0])) == 4:
            axis = [0, 2, 3, 1][axis]
        inputs = [self._gather([number]) for number in operator.inputs]
        return self._activated(together, self._builder.add("Concat", *inputs, axis=axis))

    def _whole_slice(self, together: Sequence[Operator]) -> str:
        """STRIDED_SLICE, where it takes the whole tensor."""
        operator = self._only(together)
        first, end, step = (self._constants(together, which)[0] for which in (1, 2, 3))
        if any(first) or any(step != 1) or tuple(end) != self._shape(operator.inputs[0]):
            raise ExportError("slices of a part are not supported")
        return self._inputs(together, 0)

    def _resize(self, together: Sequence[Operator]) -> str:
        operator = self._only(together)
        if operator.options["alignCorners"] or not operator.options["halfPixelCenters"]:
            raise ExportError("only resizing about pixel centres is supported")
        _, height, width, channels = self._shape(operator.outputs[0])
        sizes = self._builder.whole(1, channels, height, width)
        return self._builder.add("Resize", self._inputs(together, 0), "", "", sizes, mode="linear")

    def _depth_to_space(self, together: Sequence[Operator]) -> str:
        operator = self._only(together)
        block = operator.options["blockSize"]
        return self._builder.add("DepthToSpace", self._inputs(together, 0), blocksize=block, mode="DCR")

    # --- MediaPipe's operators ---

    def _enlarging_convolution(self, together: Sequence[Operator]) -> str:
        """A transposed convolution whose windows lie side by side: its stride is its window."""
        operator = self._only(together)
        ((weights,), (bias,)) = self._constants(together, 1), self._constants(together, 2)  # (out, rows, columns, in)
        _, height, width, _ = self._shape(operator.inputs[0])
        _, rows, columns, _ = weights.shape
        if self._shape(operator.outputs[0])[1:3] != (height * rows, width * columns):
            raise ExportError("transposed convolutions whose windows overlap are not supported")
        b = self._builder
        constants = b.constant(weights.transpose(3, 0, 1, 2)), b.constant(bias)
        return b.add("ConvTranspose", self._inputs(together, 0), *constants, strides=[rows, columns])

    def _matrices_of_landmarks(self, together: Sequence[Operator]) -> str:
        return matrices_of_landmarks(
            self._builder, self._inputs(together[:1], 0), [operator.options for operator in together]
        )

    def _transformed_pictures(self, together: Sequence[Operator]) -> str:
        _, height, width, channels = self._shape(together[0].inputs[0])
        _, rows, columns, _ = self._shape(together[0].outputs[0])
        picture, matrices = self._inputs(together[:1], 0), self._inputs(together, 1)
        shape = (channels, height, width)
        return transformed_pictures(self._builder, picture, shape, matrices, len(together), (rows, columns))

    def _transformed_landmarks(self, together: Sequence[Operator]) -> str:
        return transformed_landmarks(self._builder, self._inputs(together, 0), self._inputs(together, 1))
