"""The operators that an actor's graph may use: how large what they make is, and what it costs to compute.

Sizes follow from constants alone, with a batch of one: numbers that shapes are made of are followed where they are few.
Operators whose output's size depends on what is fed (NonZero, Loop ...), and random ones, are not among them. Stdlib
and numpy only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from puppet.actor.graph.reader import MAX_RANK, TYPES, GraphError, Node, Tensor

ELEMENT_WORK = 8  # multiply-adds that take as long as one number of an operator that is no product of matrices
KNOWN_NUMBERS = 4096  # numbers of a value that are followed, since shapes are made of them
EXACT = 1 << 31  # whole numbers up to here are followed

Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Value:
    """What is known of a value. known: its numbers, where they follow from constants and are few; None otherwise."""

    shape: Shape
    dtype: np.dtype
    known: NDArray | None = None

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) * max(4, self.dtype.itemsize)  # halves are computed as floats


@dataclass(frozen=True)
class Cost:
    """work: multiply-adds; scratch: bytes that an operator needs while it runs."""

    work: int = 0
    scratch: int = 0


def constant(tensor: Tensor) -> Value:
    values = tensor.values
    return Value(values.shape, values.dtype, values if values.size <= KNOWN_NUMBERS else None)


Made = tuple["Value | list[Value]", Cost]
Operator = Callable[[Node, "list[Value | None]"], Made]
NOTHING = Cost()


def _need(given: list[Value | None], place: int) -> Value:
    value = given[place]
    if value is None:
        raise IndexError(f"input {place + 1} is missing")
    return value


def _maybe(given: list[Value | None], place: int) -> Value | None:
    return given[place] if place < len(given) else None


def _numbers(value: Value, what: str) -> list[int]:
    """The whole numbers of a value. GraphError where they depend on what is fed."""
    if value.known is None or value.known.ndim > 1 or value.known.dtype.kind not in "iu":
        raise GraphError(f"the graph makes {what} while it runs")
    return [int(number) for number in value.known.reshape(-1)]


def _listed(node: Node, given: list[Value | None], place: int, name: str) -> list[int] | None:
    """Whole numbers that older versions of an operator have as an attribute, newer ones as an input."""
    value = _maybe(given, place)
    if value is not None:
        return _numbers(value, f"the {name} of {node.op}")
    return node.attributes.get(name)


def _axis(axis: int, rank: int) -> int:
    if not -rank <= axis < rank:
        raise IndexError(f"axis {axis} of {rank}")
    return axis % rank


def _broadcast(*shapes: Shape) -> Shape:
    rank = max(map(len, shapes))
    sides = zip(*((1,) * (rank - len(shape)) + shape for shape in shapes), strict=True)
    made = []
    for column in sides:
        others = set(column) - {1}
        if len(others) > 1:
            raise GraphError("the graph joins values whose shapes do not fit")
        made.append(others.pop() if others else 1)
    return tuple(made)


def _followed(values: NDArray | None) -> NDArray | None:
    """Numbers that are the same in every program; None for those that are not worth following, or may differ."""
    if values is None or values.size > KNOWN_NUMBERS or values.dtype.kind not in "iufb":
        return None
    if values.size and not (np.isfinite(values).all() and np.abs(values.astype(np.float64)).max() < EXACT):
        return None
    return values


def _like(value: Value, shape: Shape | None = None, known: NDArray | None = None) -> Value:
    return Value(value.shape if shape is None else shape, value.dtype, _followed(known))


def _refuse(node: Node, **only: Any) -> None:
    """Attributes that change sizes in ways that are not followed must have the value that they have when left out."""
    for name, wanted in only.items():
        if node.attributes.get(name, wanted) != wanted:
            raise GraphError(f"the graph's operator {node.op} has {name} = {str(node.attributes[name])[:40]}")


# --- operators by number ---


def _same(node: Node, given: list[Value | None]) -> Made:
    """One number for each of the first input; further inputs are single numbers or as large."""
    value = _need(given, 0)
    known = None
    if node.op in _EXACT_ONE and value.known is not None:
        known = _EXACT_ONE[node.op](value.known)
    return Value(value.shape, value.dtype, _followed(known)), Cost(ELEMENT_WORK * math.prod(value.shape))


def _truth(node: Node, given: list[Value | None]) -> Made:
    return Value(_need(given, 0).shape, np.dtype(np.bool_)), NOTHING


def _joined(node: Node, given: list[Value | None]) -> Made:
    """Two values or more, number by number."""
    values = [_need(given, place) for place in range(len(given))]
    shape = _broadcast(*(value.shape for value in values))
    dtype = np.dtype(np.bool_) if node.op in _COMPARING else values[0].dtype
    if node.op in ("Div", "Mod") and dtype.kind in "iu":
        _check_divisor(values[1])
    known = None
    if node.op in _EXACT_TWO and len(values) == 2 and math.prod(shape) <= KNOWN_NUMBERS:
        a, b = _followed(values[0].known), _followed(values[1].known)
        if a is not None and b is not None and a.dtype == b.dtype:
            with np.errstate(all="ignore"):
                known = _EXACT_TWO[node.op](a, b)
            known = None if known is None else known.astype(dtype)
    return Value(shape, dtype, _followed(known)), Cost(ELEMENT_WORK * math.prod(shape))


def _check_divisor(divisor: Value) -> None:
    """Whole numbers divided by 0, and the least one by -1, end the process: only a divisor that is known is let in."""
    known = divisor.known
    if known is None or not (known != 0).all() or (divisor.dtype.kind == "i" and not (known != -1).all()):
        raise GraphError("the graph divides whole numbers by what is not known, or by 0 or -1")


def _divided(a: NDArray, b: NDArray) -> NDArray | None:
    if a.dtype.kind == "f":
        return a / b
    return a // b if (a >= 0).all() and (b > 0).all() else None  # programs differ on the rounding of others


def _remainder(a: NDArray, b: NDArray) -> NDArray | None:
    return a % b if a.dtype.kind in "iu" and (a >= 0).all() and (b > 0).all() else None


_EXACT_ONE: dict[str, Callable[[NDArray], NDArray]] = {
    "Identity": lambda a: a, "Neg": np.negative, "Abs": np.abs, "Floor": np.floor, "Ceil": np.ceil,
}  # fmt: skip
_EXACT_TWO: dict[str, Callable[[NDArray, NDArray], NDArray | None]] = {
    "Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": _divided, "Mod": _remainder, "Max": np.maximum,
    "Min": np.minimum, "Equal": np.equal, "Greater": np.greater, "Less": np.less, "And": np.logical_and,
    "Or": np.logical_or,
}  # fmt: skip
_COMPARING = ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "And", "Or", "Xor")


def _where(node: Node, given: list[Value | None]) -> Made:
    choice, a, b = (_need(given, place) for place in range(3))
    shape, known = _broadcast(choice.shape, a.shape, b.shape), None
    all_known = choice.known is not None and a.known is not None and b.known is not None
    if all_known and math.prod(shape) <= KNOWN_NUMBERS:
        known = np.where(choice.known, a.known, b.known).astype(a.dtype)  # pyright: ignore[reportArgumentType]
    return _like(a, shape, known), NOTHING


def _cast(node: Node, given: list[Value | None]) -> Made:
    value, dtype = _need(given, 0), TYPES[node.attributes["to"]]
    known = None
    if value.known is not None:
        with np.errstate(all="ignore"):
            known = value.known.astype(dtype)
        back = np.trunc(value.known) if dtype.kind in "iu" and value.known.dtype.kind == "f" else value.known
        if dtype.kind != "b" and not np.array_equal(known.astype(np.float64), back.astype(np.float64)):
            known = None  # a number that does not fit the new type
    return Value(value.shape, dtype, _followed(known)), NOTHING


# --- operators on shapes ---


def _constant_node(node: Node, given: list[Value | None]) -> Made:
    if list(node.attributes) == ["value"] and isinstance(node.attributes["value"], Tensor):
        return constant(node.attributes["value"]), NOTHING
    kinds = {"value_int": np.int64, "value_ints": np.int64, "value_float": np.float32, "value_floats": np.float32}
    ((name, value),) = node.attributes.items()
    values = np.array(value, kinds.get(name))
    if name not in kinds or values.dtype.kind not in "if":
        raise TypeError(f"its value is {name}")
    return Value(values.shape, values.dtype, values if values.size <= KNOWN_NUMBERS else None), NOTHING


def _shape(node: Node, given: list[Value | None]) -> Made:
    shape = _need(given, 0).shape
    part = shape[slice(node.attributes.get("start", 0), node.attributes.get("end"))]
    return Value((len(part),), np.dtype(np.int64), _followed(np.array(part, np.int64))), NOTHING


def _size(node: Node, given: list[Value | None]) -> Made:
    return Value((), np.dtype(np.int64), _followed(np.array(math.prod(_need(given, 0).shape), np.int64))), NOTHING


def _filled(node: Node, given: list[Value | None]) -> Made:
    """ConstantOfShape."""
    shape = _positive(node, _numbers(_need(given, 0), "a shape"))
    tensor = node.attributes.get("value")
    value = np.zeros(1, np.float32) if tensor is None else tensor.values.reshape(-1)
    if value.size != 1:
        raise TypeError("its value is not one number")
    known = np.full(shape, value[0]) if math.prod(shape) <= KNOWN_NUMBERS else None
    return Value(shape, value.dtype, _followed(known)), NOTHING


def _range(node: Node, given: list[Value | None]) -> Made:
    start, limit, delta = (_need(given, place) for place in range(3))
    if start.known is None or limit.known is None or delta.known is None:
        raise GraphError("the graph makes a range while it runs")
    first, last, step = (float(value.known.reshape(())) for value in (start, limit, delta))  # pyright: ignore
    count = max(0, math.ceil((last - first) / step))
    known = None
    if count <= KNOWN_NUMBERS and start.dtype.kind == "i":
        known = (int(first) + int(step) * np.arange(count)).astype(start.dtype)
    return Value((count,), start.dtype, _followed(known)), NOTHING


def _positive(node: Node, shape: Sequence[int]) -> Shape:
    if len(shape) > MAX_RANK or any(side < 0 for side in shape):
        raise GraphError(f"the graph's operator {node.op} makes a value of an impossible shape")
    return tuple(shape)


def _reshaped(node: Node, given: list[Value | None]) -> Made:
    value, wanted = _need(given, 0), _numbers(_need(given, 1), "a shape")
    if not node.attributes.get("allowzero", 0):
        wanted = [side or value.shape[place] for place, side in enumerate(wanted)]
    count = math.prod(value.shape)
    if wanted.count(-1) == 1:
        rest = -math.prod(wanted)
        wanted[wanted.index(-1)] = count // rest if rest else 0
    return _as(node, value, _positive(node, wanted))


def _as(node: Node, value: Value, shape: Shape) -> Made:
    """The same numbers in another shape."""
    if math.prod(shape) != math.prod(value.shape):
        raise GraphError(f"the graph's operator {node.op} changes how many numbers there are")
    known = None if value.known is None else value.known.reshape(shape)
    return _like(value, shape, known), NOTHING


def _flattened(node: Node, given: list[Value | None]) -> Made:
    value = _need(given, 0)
    axis, rank = node.attributes.get("axis", 1), len(value.shape)
    axis = rank if axis == rank else _axis(axis, rank)
    return _as(node, value, (math.prod(value.shape[:axis]), math.prod(value.shape[axis:])))


def _squeezed(node: Node, given: list[Value | None]) -> Made:
    value = _need(given, 0)
    axes, rank = _listed(node, given, 1, "axes"), len(value.shape)
    if axes == []:
        raise TypeError("it names no axis")
    gone = {_axis(axis, rank) for axis in axes} if axes is not None else {i for i in range(rank) if value.shape[i] == 1}
    return _as(node, value, tuple(side for place, side in enumerate(value.shape) if place not in gone))


def _unsqueezed(node: Node, given: list[Value | None]) -> Made:
    value, axes = _need(given, 0), _listed(node, given, 1, "axes")
    if axes is None or len(axes) > MAX_RANK:
        raise TypeError("its axes are missing, or too many")
    rank = len(value.shape) + len(axes)
    new, sides = {_axis(axis, rank) for axis in axes}, iter(value.shape)
    if len(new) != len(axes):
        raise TypeError("it names an axis twice")
    return _as(node, value, tuple(1 if place in new else next(sides) for place in range(rank)))


def _transposed(node: Node, given: list[Value | None]) -> Made:
    value = _need(given, 0)
    order = node.attributes.get("perm", list(range(len(value.shape)))[::-1])
    if sorted(order) != list(range(len(value.shape))):
        raise TypeError("perm is no order of its axes")
    known = None if value.known is None else value.known.transpose(order)
    return _like(value, tuple(value.shape[axis] for axis in order), known), NOTHING


def _concatenated(node: Node, given: list[Value | None]) -> Made:
    values = [_need(given, place) for place in range(len(given))]
    first, axis = values[0], _axis(node.attributes["axis"], len(values[0].shape))
    for value in values:
        if value.shape[:axis] + value.shape[axis + 1 :] != first.shape[:axis] + first.shape[axis + 1 :]:
            raise TypeError("its inputs do not fit")
    shape = (*first.shape[:axis], sum(value.shape[axis] for value in values), *first.shape[axis + 1 :])
    parts = [value.known for value in values if value.known is not None]
    all_known = len(parts) == len(values) and math.prod(shape) <= KNOWN_NUMBERS
    known = np.concatenate(parts, axis) if all_known else None
    return _like(first, shape, known), NOTHING


def _split(node: Node, given: list[Value | None]) -> Made:
    value, count = _need(given, 0), len(node.outputs)
    axis = _axis(node.attributes.get("axis", 0), len(value.shape))
    side, parts = value.shape[axis], _listed(node, given, 1, "split")
    if node.attributes.get("num_outputs", count) != count:
        raise TypeError("it has another number of outputs")
    if parts is None:
        part = -(-side // count)
        parts = [part] * (count - 1) + [side - part * (count - 1)]
    if len(parts) != count or sum(parts) != side or min(parts) < 0:
        raise TypeError("its parts do not fit")
    made, at = [], 0
    for part in parts:
        known = None if value.known is None else value.known[(slice(None),) * axis + (slice(at, at + part),)]
        made.append(_like(value, (*value.shape[:axis], part, *value.shape[axis + 1 :]), known))
        at += part
    return made, NOTHING


def _sliced(node: Node, given: list[Value | None]) -> Made:
    value = _need(given, 0)
    starts, ends = (_numbers(_need(given, place), "the bounds of a slice") for place in (1, 2))
    axes = _listed(node, given, 3, "axes") or list(range(len(starts)))
    steps = _listed(node, given, 4, "steps") or [1] * len(starts)
    cuts = [slice(None)] * len(value.shape)
    shape = list(value.shape)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        axis = _axis(axis, len(shape))
        if not step or cuts[axis] != slice(None):
            raise TypeError("its step is 0, or it names an axis twice")
        taken = range(*slice(start, end, step).indices(shape[axis]))
        cuts[axis], shape[axis] = slice(start, end, step), len(taken)
    known = None if value.known is None else value.known[tuple(cuts)]
    return _like(value, tuple(shape), known), NOTHING


def _gathered(node: Node, given: list[Value | None]) -> Made:
    value, places = _need(given, 0), _need(given, 1)
    axis = _axis(node.attributes.get("axis", 0), len(value.shape))
    shape = (*value.shape[:axis], *places.shape, *value.shape[axis + 1 :])
    known = None
    if value.known is not None and places.known is not None and math.prod(shape) <= KNOWN_NUMBERS:
        known = value.known.take(places.known.astype(np.intp), axis)
    return _like(value, shape, known), NOTHING


def _expanded(node: Node, given: list[Value | None]) -> Made:
    value = _need(given, 0)
    shape = _broadcast(value.shape, _positive(node, _numbers(_need(given, 1), "a shape")))
    few = value.known is not None and math.prod(shape) <= KNOWN_NUMBERS
    known = np.broadcast_to(value.known, shape) if few and value.known is not None else None
    return _like(value, shape, known), NOTHING


def _tiled(node: Node, given: list[Value | None]) -> Made:
    value = _need(given, 0)
    repeats = _positive(node, _numbers(_need(given, 1), "repeats"))
    return _like(value, tuple(side * times for side, times in zip(value.shape, repeats, strict=True))), NOTHING


def _padded(node: Node, given: list[Value | None]) -> Made:
    value = _need(given, 0)
    rank = len(value.shape)
    pads = _listed(node, given, 1, "pads") or []
    axes = [_axis(axis, rank) for axis in _listed(node, given, 3, "axes") or range(rank)]
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
    return _like(value, _positive(node, shape)), NOTHING


def _moved_depth(node: Node, given: list[Value | None]) -> Made:
    """DepthToSpace, SpaceToDepth."""
    value, block = _need(given, 0), node.attributes["blocksize"]
    batch, channels, height, width = value.shape
    if block < 1:
        raise TypeError("its blocks are empty")
    if node.op == "DepthToSpace":
        shape = (batch, channels // block**2, height * block, width * block)
    else:
        shape = (batch, channels * block**2, height // block, width // block)
    if math.prod(shape) != math.prod(value.shape):
        raise TypeError("its blocks do not fit")
    return _like(value, shape), NOTHING


def _resized(node: Node, given: list[Value | None]) -> Made:
    value = _need(given, 0)
    _refuse(node, antialias=0, keep_aspect_ratio_policy="stretch")
    if node.attributes.get("coordinate_transformation_mode") == "tf_crop_and_resize":
        raise TypeError("it cuts")
    scales, sizes, rank = _maybe(given, 2), _maybe(given, 3), len(value.shape)
    axes = [_axis(axis, rank) for axis in node.attributes.get("axes", range(rank))]
    shape = list(value.shape)
    if sizes is not None:
        wanted = _numbers(sizes, "the size of a picture")
    elif scales is not None and scales.known is not None and scales.known.dtype == np.float32:
        factors = scales.known.reshape(-1)
        wanted = [int(np.float32(shape[axis]) * factor) for axis, factor in zip(axes, factors, strict=True)]
    else:
        raise GraphError("the graph makes the size of a picture while it runs")
    for axis, side in zip(axes, wanted, strict=True):
        shape[axis] = side
    made = _like(value, _positive(node, shape))
    return made, Cost(4 * ELEMENT_WORK * math.prod(made.shape))


# --- products, convolutions, pooling ---


def _product(node: Node, given: list[Value | None]) -> Made:
    """MatMul. A vector takes part as a row on the left or a column on the right, and that side is left out again."""
    a, b = _need(given, 0), _need(given, 1)
    left = a.shape if len(a.shape) > 1 else (1, *a.shape)
    right = b.shape if len(b.shape) > 1 else (*b.shape, 1)
    if left[-1] != right[-2]:
        raise TypeError(f"{a.shape} times {b.shape}")
    many = _broadcast(left[:-2], right[:-2]) if left[:-2] or right[:-2] else ()
    shape = (*many, *left[-2:-1][: len(a.shape) - 1], *right[-1:][: len(b.shape) - 1])
    return _like(a, shape), Cost(math.prod(shape) * left[-1])


def _gemm(node: Node, given: list[Value | None]) -> Made:
    a, b, bias = _need(given, 0), _need(given, 1), _maybe(given, 2)
    rows, inner = a.shape[::-1] if node.attributes.get("transA", 0) else a.shape
    also, columns = b.shape[::-1] if node.attributes.get("transB", 0) else b.shape
    if inner != also or (bias is not None and _broadcast((rows, columns), bias.shape) != (rows, columns)):
        raise TypeError(f"{a.shape} times {b.shape}")
    return _like(a, (rows, columns)), Cost(rows * columns * inner)


def _spatial(node: Node, kernel: Sequence[int], rank: int) -> list[tuple[int, int, int, int, int]]:
    """(kernel, stride, dilation, pad before, pad after) of each side of a picture."""
    if node.attributes.get("auto_pad", "NOTSET") != "NOTSET":
        raise TypeError("it pads by a rule")
    strides, dilations = (node.attributes.get(name, [1] * rank) for name in ("strides", "dilations"))
    pads = node.attributes.get("pads", [0] * 2 * rank)
    if len(pads) != 2 * rank or min(*kernel, *strides, *dilations) < 1 or min(pads) < 0:
        raise TypeError("its strides or pads do not fit")
    return list(zip(kernel, strides, dilations, pads[:rank], pads[rank:], strict=True))


def _convolved(node: Node, given: list[Value | None]) -> Made:
    value, weight, bias = _need(given, 0), _need(given, 1), _maybe(given, 2)
    batch, channels, *sides = value.shape
    made, part, *kernel = weight.shape
    groups = node.attributes.get("group", 1)
    if groups < 1 or part * groups != channels or made % groups:
        raise TypeError("its weights do not fit")
    if node.attributes.get("kernel_shape", kernel) != kernel or (bias is not None and bias.shape != (made,)):
        raise TypeError("its kernel or bias does not fit")
    out = []
    for side, (size, stride, dilation, before, after) in zip(sides, _spatial(node, kernel, len(sides)), strict=True):
        out.append((side + before + after - dilation * (size - 1) - 1) // stride + 1)
    if min(out) < 1:
        raise TypeError("its picture is smaller than its kernel")
    shape, inner = (batch, made, *out), part * math.prod(kernel)
    cells = math.prod(out)
    # ONNX Runtime lays the picture out for a product of matrices: whole where there are more channels than cells
    scratch = 4 * inner * cells if made // groups > cells else 0
    return _like(value, shape), Cost(math.prod(shape) * inner, scratch)


def _unconvolved(node: Node, given: list[Value | None]) -> Made:
    """ConvTranspose."""
    value, weight, bias = _need(given, 0), _need(given, 1), _maybe(given, 2)
    batch, channels, *sides = value.shape
    taken, part, *kernel = weight.shape
    groups = node.attributes.get("group", 1)
    if groups < 1 or taken != channels or channels % groups or "output_shape" in node.attributes:
        raise TypeError("its weights do not fit")
    if node.attributes.get("kernel_shape", kernel) != kernel or (bias is not None and bias.shape != (part * groups,)):
        raise TypeError("its kernel or bias does not fit")
    more = node.attributes.get("output_padding", [0] * len(sides))
    out = []
    places = zip(sides, _spatial(node, kernel, len(sides)), more, strict=True)
    for side, (size, stride, dilation, before, after), added in places:
        if not 0 <= added < max(stride, dilation):
            raise TypeError("its output is padded with more than a step")
        out.append(stride * (side - 1) + added + dilation * (size - 1) + 1 - before - after)
    if min(out) < 1:
        raise TypeError("its picture is empty")
    inner = part * math.prod(kernel)
    scratch = 4 * inner * math.prod(sides)
    return _like(value, (batch, part * groups, *out)), Cost(batch * channels * inner * math.prod(sides), scratch)


def _pooled(node: Node, given: list[Value | None]) -> Made:
    value = _need(given, 0)
    _refuse(node, ceil_mode=0, storage_order=0)
    batch, channels, *sides = value.shape
    kernel, out = node.attributes["kernel_shape"], []
    for side, (size, stride, dilation, before, after) in zip(sides, _spatial(node, kernel, len(sides)), strict=True):
        if max(before, after) >= size:
            raise TypeError("it pads with more than its kernel")
        out.append((side + before + after - dilation * (size - 1) - 1) // stride + 1)
    if min(out) < 1:
        raise TypeError("its picture is smaller than its kernel")
    shape = (batch, channels, *out)
    cost = Cost(ELEMENT_WORK * math.prod(shape) * math.prod(kernel))
    return [_like(value, shape), Value(shape, np.dtype(np.int64))][: 2 if node.op == "MaxPool" else 1], cost


def _pooled_whole(node: Node, given: list[Value | None]) -> Made:
    value = _need(given, 0)
    return _like(value, (*value.shape[:2], *(1 for _ in value.shape[2:]))), NOTHING


def _normalised(node: Node, given: list[Value | None]) -> Made:
    """As large as it was; whole batches, which only training knows, are refused."""
    _refuse(node, training_mode=0)
    value = _need(given, 0)
    return _like(value), Cost(ELEMENT_WORK * math.prod(value.shape))


def _reduced(node: Node, given: list[Value | None]) -> Made:
    value, rank = _need(given, 0), len(_need(given, 0).shape)
    if node.op in ("ArgMax", "ArgMin"):
        axes, dtype = [node.attributes.get("axis", 0)], np.dtype(np.int64)
    else:
        axes, dtype = _listed(node, given, 1, "axes"), value.dtype
    if not axes:
        axes = [] if node.attributes.get("noop_with_empty_axes", 0) else range(rank)
    gone, keep = {_axis(axis, rank) for axis in axes}, node.attributes.get("keepdims", 1)
    shape = tuple(1 if place in gone else side for place, side in enumerate(value.shape) if keep or place not in gone)
    return Value(shape, dtype), NOTHING


def _names(names: str, operator: Operator) -> dict[str, Operator]:
    return dict.fromkeys(names.split(), operator)


OPERATORS: dict[str, Operator] = {  # of the standard domain: what the exporters write, and plain arithmetic beside it
    **_names("Abs Neg Sign Exp Log Sqrt Reciprocal Floor Ceil Round Identity Clip Not Erf", _same),
    **_names("Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh Acosh Atanh Tanh", _same),
    **_names("Sigmoid Relu LeakyRelu Elu Selu Celu Gelu Mish HardSigmoid HardSwish Softplus Softsign", _same),
    **_names("ThresholdedRelu Softmax LogSoftmax", _same),
    **_names("IsNaN IsInf", _truth),
    **_names("Add Sub Mul Div Mod Pow Max Min Sum Mean PRelu", _joined),
    **_names(" ".join(_COMPARING), _joined),
    "Where": _where,
    "Cast": _cast,
    "Constant": _constant_node,
    "Shape": _shape,
    "Size": _size,
    "ConstantOfShape": _filled,
    "Range": _range,
    "Reshape": _reshaped,
    "Flatten": _flattened,
    "Squeeze": _squeezed,
    "Unsqueeze": _unsqueezed,
    "Transpose": _transposed,
    "Concat": _concatenated,
    "Split": _split,
    "Slice": _sliced,
    "Gather": _gathered,
    "Expand": _expanded,
    "Tile": _tiled,
    "Pad": _padded,
    "Resize": _resized,
    **_names("DepthToSpace SpaceToDepth", _moved_depth),
    "MatMul": _product,
    "Gemm": _gemm,
    "Conv": _convolved,
    "ConvTranspose": _unconvolved,
    **_names("AveragePool MaxPool", _pooled),
    **_names("GlobalAveragePool GlobalMaxPool", _pooled_whole),
    **_names("BatchNormalization InstanceNormalization LayerNormalization", _normalised),
    **_names("ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceSumSquare", _reduced),
    **_names("ReduceLogSum ReduceLogSumExp ArgMax ArgMin", _reduced),
}
