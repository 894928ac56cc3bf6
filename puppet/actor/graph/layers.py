"""Products, convolutions, pooling, normalisation and reductions: sizes and multiply-adds. Stdlib and numpy only."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from puppet.actor.graph.types import Node
from puppet.actor.graph.values import (
    ELEMENT_WORK,
    FREE,
    Cost,
    Inputs,
    Outputs,
    Value,
    attribute_or_input,
    broadcast,
    checked_axis,
    like,
    optional,
    require_default,
    required,
)


def matmul(node: Node, inputs: Inputs) -> Outputs:
    """MatMul. A vector counts as a row on the left or a column on the right; the result has no such side."""
    a, b = required(inputs, 0), required(inputs, 1)
    left = a.shape if len(a.shape) > 1 else (1, *a.shape)
    right = b.shape if len(b.shape) > 1 else (*b.shape, 1)
    if left[-1] != right[-2]:
        raise TypeError(f"{a.shape} times {b.shape}")
    many = broadcast(left[:-2], right[:-2]) if left[:-2] or right[:-2] else ()
    shape = (*many, *left[-2:-1][: len(a.shape) - 1], *right[-1:][: len(b.shape) - 1])
    return like(a, shape), Cost(math.prod(shape) * left[-1])


def gemm(node: Node, inputs: Inputs) -> Outputs:
    """Gemm."""
    a, b, bias = required(inputs, 0), required(inputs, 1), optional(inputs, 2)
    rows, inner = a.shape[::-1] if node.attributes.get("transA", 0) else a.shape
    also, columns = b.shape[::-1] if node.attributes.get("transB", 0) else b.shape
    if inner != also or (bias is not None and broadcast((rows, columns), bias.shape) != (rows, columns)):
        raise TypeError(f"{a.shape} times {b.shape}")
    return like(a, (rows, columns)), Cost(rows * columns * inner)


def _spatial(node: Node, kernel: Sequence[int], rank: int) -> list[tuple[int, int, int, int, int]]:
    """(kernel, stride, dilation, pad before, pad after) of each side of a picture."""
    if node.attributes.get("auto_pad", "NOTSET") != "NOTSET":
        raise TypeError("it pads by a rule")
    strides, dilations = (node.attributes.get(name, [1] * rank) for name in ("strides", "dilations"))
    pads = node.attributes.get("pads", [0] * 2 * rank)
    if len(pads) != 2 * rank or min(*kernel, *strides, *dilations) < 1 or min(pads) < 0:
        raise TypeError("its strides or pads do not fit")
    return list(zip(kernel, strides, dilations, pads[:rank], pads[rank:], strict=True))


def convolved(node: Node, inputs: Inputs) -> Outputs:
    """Conv."""
    value, weight, bias = required(inputs, 0), required(inputs, 1), optional(inputs, 2)
    batch, channels, *sides = value.shape
    made, part, *kernel = weight.shape
    groups = node.attributes.get("group", 1)
    if groups < 1 or part * groups != channels or made % groups:
        raise TypeError("its weights do not fit")
    if node.attributes.get("kernel_shape", kernel) != kernel or (bias is not None and bias.shape != (made,)):
        raise TypeError("its kernel or bias does not fit")
    out: list[int] = []
    for side, (size, stride, dilation, before, after) in zip(sides, _spatial(node, kernel, len(sides)), strict=True):
        out.append((side + before + after - dilation * (size - 1) - 1) // stride + 1)
    if min(out) < 1:
        raise TypeError("its picture is smaller than its kernel")
    shape, inner = (batch, made, *out), part * math.prod(kernel)
    cells = math.prod(out)
    # ONNX Runtime lays the picture out for a product of matrices: whole where there are more channels than cells
    scratch = 4 * inner * cells if made // groups > cells else 0
    return like(value, shape), Cost(math.prod(shape) * inner, scratch)


def transpose_convolved(node: Node, inputs: Inputs) -> Outputs:
    """ConvTranspose."""
    value, weight, bias = required(inputs, 0), required(inputs, 1), optional(inputs, 2)
    batch, channels, *sides = value.shape
    taken, part, *kernel = weight.shape
    groups = node.attributes.get("group", 1)
    if groups < 1 or taken != channels or channels % groups or "output_shape" in node.attributes:
        raise TypeError("its weights do not fit")
    if node.attributes.get("kernel_shape", kernel) != kernel or (bias is not None and bias.shape != (part * groups,)):
        raise TypeError("its kernel or bias does not fit")
    more = node.attributes.get("output_padding", [0] * len(sides))
    out: list[int] = []
    places = zip(sides, _spatial(node, kernel, len(sides)), more, strict=True)
    for side, (size, stride, dilation, before, after), added in places:
        if not 0 <= added < max(stride, dilation):
            raise TypeError("its output is padded with more than a step")
        out.append(stride * (side - 1) + added + dilation * (size - 1) + 1 - before - after)
    if min(out) < 1:
        raise TypeError("its picture is empty")
    inner = part * math.prod(kernel)
    scratch = 4 * inner * math.prod(sides)
    return like(value, (batch, part * groups, *out)), Cost(batch * channels * inner * math.prod(sides), scratch)


def pooled(node: Node, inputs: Inputs) -> Outputs:
    """AveragePool, MaxPool."""
    value = required(inputs, 0)
    require_default(node, ceil_mode=0, storage_order=0)
    batch, channels, *sides = value.shape
    kernel: list[int] = node.attributes["kernel_shape"]
    out: list[int] = []
    for side, (size, stride, dilation, before, after) in zip(sides, _spatial(node, kernel, len(sides)), strict=True):
        if max(before, after) >= size:
            raise TypeError("it pads with more than its kernel")
        out.append((side + before + after - dilation * (size - 1) - 1) // stride + 1)
    if min(out) < 1:
        raise TypeError("its picture is smaller than its kernel")
    shape = (batch, channels, *out)
    cost = Cost(ELEMENT_WORK * math.prod(shape) * math.prod(kernel))
    return [like(value, shape), Value(shape, np.dtype(np.int64))][: 2 if node.op == "MaxPool" else 1], cost


def global_pooled(node: Node, inputs: Inputs) -> Outputs:
    """GlobalAveragePool, GlobalMaxPool."""
    value = required(inputs, 0)
    return like(value, (*value.shape[:2], *(1 for _ in value.shape[2:]))), FREE


def normalised(node: Node, inputs: Inputs) -> Outputs:
    """BatchNormalization and its like; statistics of whole batches, which only training uses, are refused."""
    require_default(node, training_mode=0)
    value = required(inputs, 0)
    return like(value), Cost(ELEMENT_WORK * math.prod(value.shape))


def reduced(node: Node, inputs: Inputs) -> Outputs:
    """ReduceSum and its like, ArgMax, ArgMin."""
    value, rank = required(inputs, 0), len(required(inputs, 0).shape)
    axes: list[int] | None
    if node.op in ("ArgMax", "ArgMin"):
        axes, dtype = [node.attributes.get("axis", 0)], np.dtype(np.int64)
    else:
        axes, dtype = attribute_or_input(node, inputs, 1, "axes"), value.dtype
    if not axes:
        axes = [] if node.attributes.get("noop_with_empty_axes", 0) else list(range(rank))
    gone, keep = {checked_axis(axis, rank) for axis in axes}, node.attributes.get("keepdims", 1)
    shape = tuple(1 if place in gone else side for place, side in enumerate(value.shape) if keep or place not in gone)
    return Value(shape, dtype), FREE
