"""Operators that make, cut and arrange values: sizes of what they make. Stdlib and numpy only."""

from __future__ import annotations

import math

import numpy as np

from puppet.actor.graph.types import MAX_RANK, GraphError, Node, Tensor
from puppet.actor.graph.values import (
    ELEMENT_WORK,
    FREE,
    KNOWN_NUMBERS,
    Cost,
    Inputs,
    Outputs,
    Shape,
    Value,
    attribute_or_input,
    broadcast,
    checked_axis,
    checked_shape,
    constant,
    like,
    optional,
    reliable,
    require_default,
    required,
    whole_numbers,
)


def constant_node(node: Node, inputs: Inputs) -> Outputs:
    """Constant."""
    if list(node.attributes) == ["value"] and isinstance(node.attributes["value"], Tensor):
        return constant(node.attributes["value"]), FREE
    kinds = {"value_int": np.int64, "value_ints": np.int64, "value_float": np.float32, "value_floats": np.float32}
    ((name, value),) = node.attributes.items()
    values = np.array(value, kinds.get(name))
    if name not in kinds or values.dtype.kind not in "if":
        raise TypeError(f"its value is {name}")
    return Value(values.shape, values.dtype, values if values.size <= KNOWN_NUMBERS else None), FREE


def shape_of(node: Node, inputs: Inputs) -> Outputs:
    """Shape."""
    shape = required(inputs, 0).shape
    part = shape[slice(node.attributes.get("start", 0), node.attributes.get("end"))]
    return Value((len(part),), np.dtype(np.int64), reliable(np.array(part, np.int64))), FREE


def size_of(node: Node, inputs: Inputs) -> Outputs:
    """Size."""
    return Value((), np.dtype(np.int64), reliable(np.array(math.prod(required(inputs, 0).shape), np.int64))), FREE


def filled(node: Node, inputs: Inputs) -> Outputs:
    """ConstantOfShape."""
    shape = checked_shape(node, whole_numbers(required(inputs, 0), "a shape"))
    tensor = node.attributes.get("value")
    value = np.zeros(1, np.float32) if tensor is None else tensor.values.reshape(-1)
    if value.size != 1:
        raise TypeError("its value is not one number")
    known = np.full(shape, value[0]) if math.prod(shape) <= KNOWN_NUMBERS else None
    return Value(shape, value.dtype, reliable(known)), FREE


def arange(node: Node, inputs: Inputs) -> Outputs:
    """Range."""
    start, limit, delta = (required(inputs, place) for place in range(3))
    if start.known is None or limit.known is None or delta.known is None:
        raise GraphError("the graph makes a range while it runs")
    first, last, step = (float(value.known.reshape(())) for value in (start, limit, delta))  # pyright: ignore
    count = max(0, math.ceil((last - first) / step))
    known = None
    if count <= KNOWN_NUMBERS and start.dtype.kind == "i":
        known = (int(first) + int(step) * np.arange(count)).astype(start.dtype)
    return Value((count,), start.dtype, reliable(known)), FREE


def reshaped(node: Node, inputs: Inputs) -> Outputs:
    """Reshape."""
    value, wanted = required(inputs, 0), whole_numbers(required(inputs, 1), "a shape")
    if not node.attributes.get("allowzero", 0):
        wanted = [side or value.shape[place] for place, side in enumerate(wanted)]
    count = math.prod(value.shape)
    if wanted.count(-1) == 1:
        rest = -math.prod(wanted)
        wanted[wanted.index(-1)] = count // rest if rest else 0
    return _as(node, value, checked_shape(node, wanted))


def _as(node: Node, value: Value, shape: Shape) -> Outputs:
    """The same numbers in another shape."""
    if math.prod(shape) != math.prod(value.shape):
        raise GraphError(f"the graph's operator {node.op} changes how many numbers there are")
    known = None if value.known is None else value.known.reshape(shape)
    return like(value, shape, known), FREE


def flattened(node: Node, inputs: Inputs) -> Outputs:
    """Flatten."""
    value = required(inputs, 0)
    axis, rank = node.attributes.get("axis", 1), len(value.shape)
    axis = rank if axis == rank else checked_axis(axis, rank)
    return _as(node, value, (math.prod(value.shape[:axis]), math.prod(value.shape[axis:])))


def squeezed(node: Node, inputs: Inputs) -> Outputs:
    """Squeeze."""
    value = required(inputs, 0)
    axes, rank = attribute_or_input(node, inputs, 1, "axes"), len(value.shape)
    if axes == []:
        raise TypeError("it names no axis")
    gone = (
        {checked_axis(axis, rank) for axis in axes}
        if axes is not None
        else {i for i in range(rank) if value.shape[i] == 1}
    )
    return _as(node, value, tuple(side for place, side in enumerate(value.shape) if place not in gone))


def unsqueezed(node: Node, inputs: Inputs) -> Outputs:
    """Unsqueeze."""
    value, axes = required(inputs, 0), attribute_or_input(node, inputs, 1, "axes")
    if axes is None or len(axes) > MAX_RANK:
        raise TypeError("its axes are missing, or too many")
    rank = len(value.shape) + len(axes)
    new, sides = {checked_axis(axis, rank) for axis in axes}, iter(value.shape)
    if len(new) != len(axes):
        raise TypeError("it names an axis twice")
    return _as(node, value, tuple(1 if place in new else next(sides) for place in range(rank)))


def transposed(node: Node, inputs: Inputs) -> Outputs:
    """Transpose."""
    value = required(inputs, 0)
    order: list[int] = node.attributes.get("perm", list(range(len(value.shape)))[::-1])
    if sorted(order) != list(range(len(value.shape))):
        raise TypeError("perm is no order of its axes")
    known = None if value.known is None else value.known.transpose(order)
    return like(value, tuple(value.shape[axis] for axis in order), known), FREE


def concatenated(node: Node, inputs: Inputs) -> Outputs:
    """Concat."""
    values = [required(inputs, place) for place in range(len(inputs))]
    first, axis = values[0], checked_axis(node.attributes["axis"], len(values[0].shape))
    for value in values:
        if value.shape[:axis] + value.shape[axis + 1 :] != first.shape[:axis] + first.shape[axis + 1 :]:
            raise TypeError("its inputs do not fit")
    shape = (*first.shape[:axis], sum(value.shape[axis] for value in values), *first.shape[axis + 1 :])
    parts = [value.known for value in values if value.known is not None]
    all_known = len(parts) == len(values) and math.prod(shape) <= KNOWN_NUMBERS
    known = np.concatenate(parts, axis) if all_known else None
    return like(first, shape, known), FREE


def split(node: Node, inputs: Inputs) -> Outputs:
    """Split."""
    value, count = required(inputs, 0), len(node.outputs)
    axis = checked_axis(node.attributes.get("axis", 0), len(value.shape))
    side, parts = value.shape[axis], attribute_or_input(node, inputs, 1, "split")
    if node.attributes.get("num_outputs", count) != count:
        raise TypeError("it has another number of outputs")
    if parts is None:
        part = -(-side // count)
        parts = [part] * (count - 1) + [side - part * (count - 1)]
    if len(parts) != count or sum(parts) != side or min(parts) < 0:
        raise TypeError("its parts do not fit")
    made: list[Value] = []
    at = 0
    for part in parts:
        known = None if value.known is None else value.known[(slice(None),) * axis + (slice(at, at + part),)]
        made.append(like(value, (*value.shape[:axis], part, *value.shape[axis + 1 :]), known))
        at += part
    return made, FREE


def sliced(node: Node, inputs: Inputs) -> Outputs:
    """Slice."""
    value = required(inputs, 0)
    starts, ends = (whole_numbers(required(inputs, place), "the bounds of a slice") for place in (1, 2))
    axes = attribute_or_input(node, inputs, 3, "axes") or list(range(len(starts)))
    steps = attribute_or_input(node, inputs, 4, "steps") or [1] * len(starts)
    cuts = [slice(None)] * len(value.shape)
    shape = list(value.shape)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        axis = checked_axis(axis, len(shape))
        if not step or cuts[axis] != slice(None):
            raise TypeError("its step is 0, or it names an axis twice")
        taken = range(*slice(start, end, step).indices(shape[axis]))
        cuts[axis], shape[axis] = slice(start, end, step), len(taken)
    known = None if value.known is None else value.known[tuple(cuts)]
    return like(value, tuple(shape), known), FREE


def gathered(node: Node, inputs: Inputs) -> Outputs:
    """Gather."""
    value, places = required(inputs, 0), required(inputs, 1)
    axis = checked_axis(node.attributes.get("axis", 0), len(value.shape))
    shape = (*value.shape[:axis], *places.shape, *value.shape[axis + 1 :])
    known = None
    if value.known is not None and places.known is not None and math.prod(shape) <= KNOWN_NUMBERS:
        known = value.known.take(places.known.astype(np.intp), axis)
    return like(value, shape, known), FREE


def expanded(node: Node, inputs: Inputs) -> Outputs:
    """Expand."""
    value = required(inputs, 0)
    shape = broadcast(value.shape, checked_shape(node, whole_numbers(required(inputs, 1), "a shape")))
    few = value.known is not None and math.prod(shape) <= KNOWN_NUMBERS
    known = np.broadcast_to(value.known, shape) if few and value.known is not None else None
    return like(value, shape, known), FREE


def tiled(node: Node, inputs: Inputs) -> Outputs:
    """Tile."""
    value = required(inputs, 0)
    repeats = checked_shape(node, whole_numbers(required(inputs, 1), "repeats"))
    return like(value, tuple(side * times for side, times in zip(value.shape, repeats, strict=True))), FREE


def padded(node: Node, inputs: Inputs) -> Outputs:
    """Pad."""
    value = required(inputs, 0)
    rank = len(value.shape)
    pads = attribute_or_input(node, inputs, 1, "pads") or []
    axes = [checked_axis(axis, rank) for axis in attribute_or_input(node, inputs, 3, "axes") or range(rank)]
    if len(pads) != 2 * len(axes) or len(set(axes)) != len(axes):
        raise TypeError("its pads do not fit")
    mode, shape = node.attributes.get("mode", "constant"), list(value.shape)
    if mode not in ("constant", "reflect", "edge"):
        raise TypeError("its mode is not known")
    for axis, before, after in zip(axes, pads[: len(axes)], pads[len(axes) :], strict=True):
        if mode != "constant" and not (0 <= before < shape[axis] and 0 <= after < shape[axis]):
            raise TypeError("it pads with more than there is")
        shape[axis] += before + after
        if min(before, after) < -value.shape[axis]:
            raise TypeError("it takes away more than there is")
    return like(value, checked_shape(node, shape)), FREE


def depth_moved(node: Node, inputs: Inputs) -> Outputs:
    """DepthToSpace, SpaceToDepth."""
    value, block = required(inputs, 0), node.attributes["blocksize"]
    batch, channels, height, width = value.shape
    if block < 1:
        raise TypeError("its blocks are empty")
    if node.op == "DepthToSpace":
        shape = (batch, channels // block**2, height * block, width * block)
    else:
        shape = (batch, channels * block**2, height // block, width // block)
    if math.prod(shape) != math.prod(value.shape):
        raise TypeError("its blocks do not fit")
    return like(value, shape), FREE


def resized(node: Node, inputs: Inputs) -> Outputs:
    """Resize."""
    value = required(inputs, 0)
    require_default(node, antialias=0, keep_aspect_ratio_policy="stretch")
    if node.attributes.get("coordinate_transformation_mode") == "tf_crop_and_resize":
        raise TypeError("it cuts")
    scales, sizes, rank = optional(inputs, 2), optional(inputs, 3), len(value.shape)
    axes = [checked_axis(axis, rank) for axis in node.attributes.get("axes", range(rank))]
    shape = list(value.shape)
    if sizes is not None:
        wanted = whole_numbers(sizes, "the size of a picture")
    elif scales is not None and scales.known is not None and scales.known.dtype == np.float32:
        factors = scales.known.reshape(-1)
        wanted = [int(np.float32(shape[axis]) * factor) for axis, factor in zip(axes, factors, strict=True)]
    else:
        raise GraphError("the graph makes the size of a picture while it runs")
    for axis, side in zip(axes, wanted, strict=True):
        shape[axis] = side
    made = like(value, checked_shape(node, shape))
    return made, Cost(4 * ELEMENT_WORK * math.prod(made.shape))
