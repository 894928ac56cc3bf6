"""A TFLite model as data: operators, tensors' shapes, constants."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from numpy.typing import NDArray

SAME, RELU = 0, 1  # a padding and an activation, as TFLite's schema numbers them


@dataclass(frozen=True)
class Operator:
    """One operator: `kind` in capitals, custom ones by their own name; numbers of its tensors; its options by name."""

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Model:
    """A TFLite model with one graph.

    shapes: by tensor number; constants: values of the tensors that have some, DEQUANTIZE and DENSIFY applied.
    """

    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    shapes: tuple[tuple[int, ...], ...]
    constants: dict[int, NDArray[Any]]


def without_doubles(model: Model) -> Model:
    """The model with operators that compute the same thing from the same tensors once."""
    first: dict[int, int] = {}  # tensor -> the one that it equals
    known: dict[Any, int] = {}
    kept: list[Operator] = []

    def source(number: int) -> Any:
        values = model.constants.get(number)
        return first.get(number, number) if values is None else (values.dtype.str, values.shape, values.tobytes())

    for made in model.operators:
        key = (made.kind, *(source(number) for number in made.inputs), repr(sorted(made.options.items())))
        if key in known:
            first[made.outputs[0]] = known[key]
            continue
        known[key] = made.outputs[0]
        inputs = tuple(first.get(number, number) for number in made.inputs)
        kept.append(replace(made, inputs=inputs))
    outputs = tuple(first.get(number, number) for number in model.outputs)
    return replace(model, operators=tuple(kept), outputs=outputs)
