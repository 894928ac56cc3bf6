"""What a graph is made of once it has been read: operators, values and constants."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_RANK = 8  # dimensions of a value

AnyDType = np.dtype[Any]
Numbers = NDArray[Any]  # of one of TYPES
Attributes = dict[str, Any]  # of an operator, by name
TYPES: dict[int, AnyDType] = {  # TensorProto.DataType -> numpy
    1: np.dtype(np.float32),
    2: np.dtype(np.uint8),
    3: np.dtype(np.int8),
    6: np.dtype(np.int32),
    7: np.dtype(np.int64),
    9: np.dtype(np.bool_),
    10: np.dtype(np.float16),
    11: np.dtype(np.float64),
}


class GraphError(ValueError):
    """Raised for a graph that an actor may not hold; the message says why."""


@dataclass(frozen=True, eq=False)
class Tensor:
    """A constant. values: in the shape that the file says."""

    name: str
    values: Numbers


@dataclass(frozen=True)
class Port:
    """A value that the file describes. shape: None when none is given; an open side is None."""

    name: str
    shape: tuple[int | None, ...] | None
    dtype: AnyDType


@dataclass(frozen=True)
class Node:
    """An operator with its inputs and outputs by name, "" for one that is left out.

    attributes: each an int, float, str, Tensor, or a list of int or float.
    """

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Attributes = field(default_factory=Attributes)


@dataclass(frozen=True)
class Graph:
    """The graph of an ONNX file. described: values within it whose shape the file gives."""

    opset: int
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    described: tuple[Port, ...]
    constants: tuple[Tensor, ...]
    nodes: tuple[Node, ...]
