"""Whether an actor may hold an ONNX graph: its operators by a list, the size of every value, and the work it takes.

Computed before ONNX Runtime sees the file, which reserves memory and folds constants while it loads. Stdlib and numpy
only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from puppet.actor.graph.operators import OPERATORS
from puppet.actor.graph.reader import read_graph
from puppet.actor.graph.types import MAX_RANK, Graph, GraphError, Node, Port
from puppet.actor.graph.values import ELEMENT_WORK, EXACT, Cost, Inputs, Shape, Value, constant

MAX_VALUE_BYTES = 256 << 20  # of one value; a picture of 2048 px in floats has 48 MiB
MAX_GRAPH_BYTES = 768 << 20  # of all values together, since nothing says which of them are there at the same time
MAX_WORK = 20_000_000_000  # multiply-adds, or what takes as long: some seconds on one core


def check_graph(data: bytes) -> None:
    """Raise GraphError with the reason when `data` is no ONNX graph that an actor may hold."""
    check_sizes(read_graph(data))


def check_sizes(graph: Graph) -> dict[str, Value]:
    """What is known of every value, by name.

    Raises GraphError for an operator that is not on the list, and for sizes and work beyond all bounds.
    """
    values: dict[str, Value] = {}
    for port in graph.inputs:
        _define(values, port.name, Value(_input_shape(port), port.dtype))
    for tensor in graph.constants:
        _define(values, tensor.name, constant(tensor))
    memory = work = 0
    for node in graph.nodes:
        inputs = [_input(values, node, name) for name in node.inputs]
        outputs, cost = _outputs(node, inputs)
        for name, value in zip(node.outputs, outputs, strict=False):
            if value.bytes > MAX_VALUE_BYTES:
                raise GraphError(f"the graph's operator {node.op} makes a value of {value.bytes >> 20} MiB")
            memory += value.bytes
            if name:
                _define(values, name, value)
        memory += cost.scratch
        work += cost.work + ELEMENT_WORK * sum(math.prod(v.shape) for v in [*outputs, *filter(None, inputs)])
        if memory > MAX_GRAPH_BYTES:
            raise GraphError(f"the graph needs more than {MAX_GRAPH_BYTES >> 20} MiB of memory")
        if work > MAX_WORK:
            raise GraphError(f"the graph needs more than {MAX_WORK / 1e9:.0f} billion multiply-adds")
    for port in (*graph.outputs, *graph.described):
        _check_described(port, values)
    return values


def _outputs(node: Node, inputs: Inputs) -> tuple[list[Value], Cost]:
    """What is known of an operator's outputs, and what it costs."""
    operator = OPERATORS.get(node.op)
    if operator is None:
        raise GraphError(f"the graph uses the operator {node.op[:60]!r}, which an actor does not need")
    try:
        result, cost = operator(node, inputs)
    except GraphError:
        raise
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, ZeroDivisionError) as error:
        # an input, attribute or side that is missing, or of another kind
        raise GraphError(f"the graph's operator {node.op} is not as it should be ({error})") from None
    outputs = result if isinstance(result, list) else [result]
    if len(node.outputs) > len(outputs):
        raise GraphError(f"the graph's operator {node.op} has {len(node.outputs)} outputs")
    for value in outputs:
        if len(value.shape) > MAX_RANK or not all(type(side) is int and 0 <= side < EXACT for side in value.shape):
            raise GraphError(f"the graph's operator {node.op} makes a value of an impossible shape")
    return outputs, cost


def _define(values: dict[str, Value], name: str, value: Value) -> None:
    if not name or name in values:
        raise GraphError(f"the graph names two values {name[:60]!r}, or one not at all")
    values[name] = value


def _input(values: dict[str, Value], node: Node, name: str) -> Value | None:
    if name and name not in values:
        raise GraphError(f"the graph's operator {node.op} takes {name[:60]!r}, which nothing before it makes")
    return values[name] if name else None


def _input_shape(port: Port) -> Shape:
    """The shape of an input for a batch of one."""
    if not port.shape or any(side is None for side in port.shape[1:]):
        raise GraphError(f"the graph leaves the size of its input {port.name[:60]!r} open")
    batch, *rest = port.shape
    return (1 if batch is None else batch, *(side or 0 for side in rest))


def _check_described(port: Port, values: dict[str, Value]) -> None:
    """Compare a shape that the file gives with the real one: ONNX Runtime plans its memory by what the file says."""
    value = values.get(port.name)
    if value is None:
        raise GraphError(f"the graph describes {port.name[:60]!r}, which nothing makes")
    if port.shape is None:
        return
    fits = len(port.shape) == len(value.shape) and all(
        given is None or given == real for given, real in zip(port.shape, value.shape, strict=True)
    )
    if not fits:
        raise GraphError(f"the graph says that {port.name[:60]!r} is {_sides(port.shape)}, it is {_sides(value.shape)}")


def _sides(shape: Sequence[int | None]) -> str:
    return " x ".join("N" if side is None else str(side) for side in shape) or "one number"
