"""What is known of a graph's values before it runs, and how an operator takes its inputs. Stdlib and numpy only.

Sizes follow from constants alone, with a batch of one. The numbers of small values are propagated, since shapes are
made of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from puppet.actor.graph.types import MAX_RANK, AnyDType, GraphError, Node, Numbers, Tensor

ELEMENT_WORK = 8  # multiply-adds that take as long as one number of an operator that is no product of matrices
KNOWN_NUMBERS = 4096  # numbers of a value that are propagated
EXACT = 1 << 31  # whole numbers below this are propagated

Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Value:
    """What is known of a value. known: its numbers, where they follow from constants and are few; None otherwise."""

    shape: Shape
    dtype: AnyDType
    known: Numbers | None = None

    @property
    def bytes(self) -> int:
        """Bytes of memory that it takes."""
        return math.prod(self.shape) * max(4, self.dtype.itemsize)  # halves are computed as floats


@dataclass(frozen=True)
class Cost:
    """work: multiply-adds; scratch: bytes that an operator needs while it runs."""

    work: int = 0
    scratch: int = 0


FREE = Cost()
Inputs = list[Value | None]  # None: an input that is left out
Outputs = tuple[Value | list[Value], Cost]
Operator = Callable[[Node, Inputs], Outputs]


def constant(tensor: Tensor) -> Value:
    """The value of a constant of the file."""
    values = tensor.values
    return Value(values.shape, values.dtype, values if values.size <= KNOWN_NUMBERS else None)


def like(value: Value, shape: Shape | None = None, known: Numbers | None = None) -> Value:
    """A value of the same type, and of the same shape unless another one is given."""
    return Value(value.shape if shape is None else shape, value.dtype, reliable(known))


def reliable(values: Numbers | None) -> Numbers | None:
    """Numbers that every program computes alike; None for those that may differ, or are not worth propagating."""
    if values is None or values.size > KNOWN_NUMBERS or values.dtype.kind not in "iufb":
        return None
    if values.size and not (np.isfinite(values).all() and np.abs(values.astype(np.float64)).max() < EXACT):
        return None
    return values


def broadcast(*shapes: Shape) -> Shape:
    """The shape of values that are joined number by number. Raises GraphError when they do not fit."""
    rank = max(map(len, shapes))
    sides = zip(*((1,) * (rank - len(shape)) + shape for shape in shapes), strict=True)
    joined: list[int] = []
    for column in sides:
        others = set(column) - {1}
        if len(others) > 1:
            raise GraphError("the graph joins values whose shapes do not fit")
        joined.append(others.pop() if others else 1)
    return tuple(joined)


# --- inputs and attributes of an operator ---


def required(inputs: Inputs, place: int) -> Value:
    """An input that must be given. Raises IndexError."""
    value = inputs[place]
    if value is None:
        raise IndexError(f"input {place + 1} is missing")
    return value


def optional(inputs: Inputs, place: int) -> Value | None:
    """An input that may be left out."""
    return inputs[place] if place < len(inputs) else None


def whole_numbers(value: Value, what: str) -> list[int]:
    """The whole numbers of a value. Raises GraphError where they depend on the graph's inputs."""
    if value.known is None or value.known.ndim > 1 or value.known.dtype.kind not in "iu":
        raise GraphError(f"the graph makes {what} while it runs")
    return [int(number) for number in value.known.reshape(-1)]


def attribute_or_input(node: Node, inputs: Inputs, place: int, name: str) -> list[int] | None:
    """Whole numbers that older versions of an operator have as an attribute, newer ones as an input."""
    value = optional(inputs, place)
    if value is not None:
        return whole_numbers(value, f"the {name} of {node.op}")
    return node.attributes.get(name)


def checked_axis(axis: int, rank: int) -> int:
    """An axis counted from the front. Raises IndexError."""
    if not -rank <= axis < rank:
        raise IndexError(f"axis {axis} of {rank}")
    return axis % rank


def checked_shape(node: Node, shape: list[int]) -> Shape:
    """A shape that a value may have. Raises GraphError."""
    if len(shape) > MAX_RANK or any(side < 0 for side in shape):
        raise GraphError(f"the graph's operator {node.op} makes a value of an impossible shape")
    return tuple(shape)


def require_default(node: Node, **defaults: Any) -> None:
    """Raise GraphError unless attributes that change sizes in other ways have the values they have when left out."""
    for name, wanted in defaults.items():
        if node.attributes.get(name, wanted) != wanted:
            raise GraphError(f"the graph's operator {node.op} has {name} = {str(node.attributes[name])[:40]}")
