"""Weights of half the size: trained parameters rounded to 16 bits, and stored as such in an ONNX file.

The network computes with 32 bits as before: ONNX Runtime widens the weights once, when it loads the file.
"""

from __future__ import annotations

import copy

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from models.networks.base import ActorModel

LEAST = 1024  # numbers of a tensor; smaller ones are not worth a node
LARGEST = float(np.finfo(np.float16).max)


def rounded(model: ActorModel) -> ActorModel:
    """A copy of the model with its parameters rounded to 16 bits; what was fitted, in buffers, stays exact."""
    model = copy.deepcopy(model)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(weight.clamp(-LARGEST, LARGEST).half().float())
    return model


def stored_in_half(file: bytes) -> bytes:
    """An ONNX file with those of its 32-bit weights stored in 16 bits that lose nothing by it."""
    made = onnx.load_from_string(file)
    graph, widened = made.graph, []
    for tensor in graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT or np.prod(tensor.dims) < LEAST:
            continue
        exact = numpy_helper.to_array(tensor)
        half = exact.clip(-LARGEST, LARGEST).astype(np.float16)
        if not np.array_equal(half.astype(np.float32), exact):
            continue
        name, stored = tensor.name, f"{tensor.name}_half"
        tensor.CopyFrom(numpy_helper.from_array(half, stored))
        widened.append(onnx.helper.make_node("Cast", [stored], [name], to=onnx.TensorProto.FLOAT))
    for node in reversed(widened):
        graph.node.insert(0, node)
    onnx.checker.check_model(made, full_check=True)
    return made.SerializeToString(deterministic=True)
