"""Operators that compute number by number: sizes of what they make, and what it costs. Stdlib and numpy only."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from puppet.actor.graph.types import TYPES, GraphError, Node, Numbers
from puppet.actor.graph.values import (
    ELEMENT_WORK,
    FREE,
    KNOWN_NUMBERS,
    Cost,
    Inputs,
    Outputs,
    Value,
    broadcast,
    like,
    reliable,
    required,
)


def unary(node: Node, inputs: Inputs) -> Outputs:
    """Operators with one number for each of the first input; further inputs are single numbers or as large."""
    value = required(inputs, 0)
    known = None
    if node.op in _EXACT_ONE and value.known is not None:
        known = _EXACT_ONE[node.op](value.known)
    return Value(value.shape, value.dtype, reliable(known)), Cost(ELEMENT_WORK * math.prod(value.shape))


def predicate(node: Node, inputs: Inputs) -> Outputs:
    """IsNaN, IsInf: one truth value for each number."""
    return Value(required(inputs, 0).shape, np.dtype(np.bool_)), FREE


def joined(node: Node, inputs: Inputs) -> Outputs:
    """Operators that join two values or more, number by number."""
    values = [required(inputs, place) for place in range(len(inputs))]
    shape = broadcast(*(value.shape for value in values))
    dtype = np.dtype(np.bool_) if node.op in COMPARING else values[0].dtype
    if node.op in ("Div", "Mod") and dtype.kind in "iu":
        _check_divisor(values[1])
    known = None
    if node.op in _EXACT_TWO and len(values) == 2 and math.prod(shape) <= KNOWN_NUMBERS:
        a, b = reliable(values[0].known), reliable(values[1].known)
        if a is not None and b is not None and a.dtype == b.dtype:
            with np.errstate(all="ignore"):
                known = _EXACT_TWO[node.op](a, b)
            known = None if known is None else known.astype(dtype)
    return Value(shape, dtype, reliable(known)), Cost(ELEMENT_WORK * math.prod(shape))


def _check_divisor(divisor: Value) -> None:
    """Refuse a divisor that is not known: a whole number divided by 0, and the least one by -1, end the process."""
    known = divisor.known
    if known is None or not (known != 0).all() or (divisor.dtype.kind == "i" and not (known != -1).all()):
        raise GraphError("the graph divides whole numbers by what is not known, or by 0 or -1")


def _divided(a: Numbers, b: Numbers) -> Numbers | None:
    if a.dtype.kind == "f":
        return a / b
    return a // b if (a >= 0).all() and (b > 0).all() else None  # programs differ on the rounding of others


def _remainder(a: Numbers, b: Numbers) -> Numbers | None:
    return a % b if a.dtype.kind in "iu" and (a >= 0).all() and (b > 0).all() else None


_EXACT_ONE: dict[str, Callable[[Numbers], Numbers]] = {
    "Identity": lambda a: a, "Neg": np.negative, "Abs": np.abs, "Floor": np.floor, "Ceil": np.ceil,
}  # fmt: skip
_EXACT_TWO: dict[str, Callable[[Numbers, Numbers], Numbers | None]] = {
    "Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": _divided, "Mod": _remainder, "Max": np.maximum,
    "Min": np.minimum, "Equal": np.equal, "Greater": np.greater, "Less": np.less, "And": np.logical_and,
    "Or": np.logical_or,
}  # fmt: skip
COMPARING = ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "And", "Or", "Xor")


def where(node: Node, inputs: Inputs) -> Outputs:
    """Where."""
    choice, a, b = (required(inputs, place) for place in range(3))
    shape, known = broadcast(choice.shape, a.shape, b.shape), None
    all_known = choice.known is not None and a.known is not None and b.known is not None
    if all_known and math.prod(shape) <= KNOWN_NUMBERS:
        known = np.where(choice.known, a.known, b.known).astype(a.dtype)  # pyright: ignore[reportArgumentType]
    return like(a, shape, known), FREE


def cast(node: Node, inputs: Inputs) -> Outputs:
    """Cast."""
    value, dtype = required(inputs, 0), TYPES[node.attributes["to"]]
    known = None
    if value.known is not None:
        with np.errstate(all="ignore"):
            known = value.known.astype(dtype)
        back = np.trunc(value.known) if dtype.kind in "iu" and value.known.dtype.kind == "f" else value.known
        if dtype.kind != "b" and not np.array_equal(known.astype(np.float64), back.astype(np.float64)):
            known = None  # a number that does not fit the new type
    return Value(value.shape, dtype, reliable(known)), FREE
