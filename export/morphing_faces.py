"""The original Morphing Faces network (V. Dumoulin, Toronto Face Database) -> an actor file. No torch.

The arrays are not part of this project; they are .npy files in that project's repository. d_W_2 is the decoder's first
layer (from the latent), d_W_0 its last; e_W_0 the encoder's first (from the picture), e_W_2 its last. Older copies call
the decoder's arrays W_2 ... b_0 and have no encoder. All are float (in, out) and (out,).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from export import ExportError
from export.actor_file import check_output, write_verified
from puppet.actor.card import GOLDEN_BLOCKS, IMAGE, ActorCard, Golden
from puppet.actor.file import DECODER, ENCODER, LATENTS, PREVIEW
from puppet.actor.golden import golden_means
from puppet.actor.graph.check import check_graph
from puppet.actor.latents import Latents, latents_to_bytes
from puppet.actor.runtime import Actor
from puppet.core.errors import reason
from puppet.core.types import LANDMARKS, Floats, Latent
from puppet.parsing.arrays import read_array

SIDE, PIXELS, HIDDEN, LATENT = 48, 48 * 48, 2000, 400
# In the numbering of Morphing Faces, 0 to 28. The rule that finds them needs the data; these are as published.
USEFUL = (
    31, 37, 42, 47, 69, 83, 84, 94, 101, 137, 138, 139, 165, 178, 192, 197, 206, 212, 219, 235, 259, 275, 280, 288, 319,
    340, 354, 369, 380,
)  # fmt: skip
START = (28, 11)  # of those: the first pair that the mouse moves, to the right and upwards
DECODER_SIZES, ENCODER_SIZES = (LATENT, HIDDEN, HIDDEN, PIXELS), (PIXELS, HIDDEN, HIDDEN, LATENT)
GREY = (0.299, 0.587, 0.114)  # of red, green and blue (ITU-R BT.601)
OPSET, IR_VERSION = 17, 8
PREVIEW_SIZE = 256  # px
MAX_BYTES, LARGEST = 64 << 20, 1e6  # of an array, 2304 x 2000 numbers at most; of its numbers
TOLERANCE = 1.0  # levels of 255 by which ONNX Runtime may differ from numpy; half of it is rounding
LICENCE = "GPL-2.0 (the weights of vdumoulin/morphing_faces)"
CONSENT = "Faces of the Toronto Face Database, blended by a network; no single person is shown. Research use."

Layers = Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]]


@dataclass(frozen=True)
class Weights:
    """(weight (in, out), bias (out,)) of each layer, first to last. encoder: None when the folder has none."""

    decoder: Layers
    encoder: Layers | None


def read_weights(folder: Path) -> Weights:
    """The arrays of a folder of .npy files. ExportError names what is missing or has the wrong shape."""
    if not folder.is_dir():
        raise ExportError(f"{folder}: no such folder; give the one with d_W_0.npy, d_b_0.npy and so on")
    names = {path.stem: path for path in folder.glob("*.npy")}
    prefix = "" if "W_2" in names else "d_"  # an older copy has the decoder alone, without the prefix
    decoder = [_layer(folder, names, prefix, 2 - i, DECODER_SIZES[i : i + 2]) for i in range(3)]
    encoder = None
    if any(name.startswith("e_") for name in names):
        encoder = [_layer(folder, names, "e_", i, ENCODER_SIZES[i : i + 2]) for i in range(3)]
    return Weights(decoder, encoder)


def convert(folder: Path, out: Path, name: str, licence: str = LICENCE, consent: str = CONSENT) -> ActorCard:
    """Write the actor file, verified against numpy; its card.

    PuppetError when that fails; a file that was there stays.
    """
    check_output(out)
    weights = read_weights(folder)
    decoder_file, encoder_file = decoder_graph(weights.decoder), encoder_graph(weights.encoder)
    latents = prior()
    card = ActorCard(
        name=name,
        kind=IMAGE,
        image_size=SIDE,
        latent_size=LATENT,
        encoder_inputs=("crop",),
        crop_size=SIDE,
        neutral=np.zeros((LANDMARKS, 3), np.float32),  # a network that takes pixels has no landmarks of its own
        golden=Golden(np.zeros((GOLDEN_BLOCKS, GOLDEN_BLOCKS, 3), np.uint8)),
        licence=licence,
        consent=consent,
        created=date.today().isoformat(),
        training={
            "preset": "morphing-faces",
            "data": {"name": "Toronto Face Database"},
            "encoder": "as published" if weights.encoder is not None else "none: every crop is the mean face",
        },
    )
    actor = Actor(card, encoder_file, decoder_file, latents)
    parity = {"image_levels": _difference(actor, weights.decoder)}
    if not parity["image_levels"] <= TOLERANCE:
        raise ExportError(f"ONNX Runtime is {parity['image_levels']:.3g} levels off what numpy gives; nothing written")
    portrait = actor.neutral_portrait().image
    card = dataclasses.replace(card, golden=Golden(golden_means(portrait)), parity=parity)
    face = actor.decode(Latent(latents.mean)).image
    picture = cv2.resize(face, (PREVIEW_SIZE, PREVIEW_SIZE), interpolation=cv2.INTER_CUBIC)
    members = {
        ENCODER: encoder_file,
        DECODER: decoder_file,
        PREVIEW: cv2.imencode(".png", picture)[1].tobytes(),
        LATENTS: latents_to_bytes(latents),
    }
    return write_verified(out, card, members)


def prior() -> Latents:
    """Latents of N(0, 1), the original's units, with its 29 useful dimensions; KL and samples would need the data."""
    zeros, nothing = np.zeros(LATENT, np.float32), np.zeros((0, LATENT), np.float32)
    useful, start = (np.array(numbers, np.int32) for numbers in (USEFUL, START))
    return Latents(zeros, zeros + 1, nothing, zeros, nothing, useful=useful, start=start)


def draw(decoder: Layers, latent: Floats) -> Floats:
    """The decoder in numpy, for comparison: latents f32 (N, 400) -> f32 (N, 48, 48), 0 .. 1."""
    hidden = latent
    for weight, bias in decoder[:-1]:
        hidden = np.maximum(hidden @ weight + bias, 0)
    weight, bias = decoder[-1]
    return (1 / (1 + np.exp(-(hidden @ weight + bias)))).reshape(-1, SIDE, SIDE).astype(np.float32)


def decoder_graph(decoder: Layers) -> bytes:
    """The decoder as an ONNX file: latent f32 (N, 400) -> image uint8 (N, 48, 48, 3) RGB, grey."""
    nodes, constants, last = _perceptron("latent", decoder)
    nodes += [
        helper.make_node("Sigmoid", [last], ["grey"]),
        helper.make_node("Mul", ["grey", "white"], ["levels"]),
        helper.make_node("Add", ["levels", "half"], ["rounded"]),
        helper.make_node("Cast", ["rounded"], ["bytes"], to=TensorProto.UINT8),
        helper.make_node("Reshape", ["bytes", "square"], ["channel"]),
        helper.make_node("Concat", ["channel", "channel", "channel"], ["image"], axis=3),
    ]
    constants |= {
        "white": np.float32(255),
        "half": np.float32(0.5),
        "square": np.array([-1, SIDE, SIDE, 1], np.int64),
    }
    inputs = {"latent": (TensorProto.FLOAT, LATENT)}
    return _model(nodes, constants, inputs, {"image": (TensorProto.UINT8, SIDE, SIDE, 3)})


def encoder_graph(encoder: Layers | None) -> bytes:
    """The encoder as an ONNX file: crop uint8 (N, 48, 48, 3) RGB -> mean and logvar f32 (N, 400).

    The published encoder gives a mean only, so logvar is 0. Without an encoder the mean is 0 too: such an actor can be
    explored, but not driven.
    """
    nodes = [
        helper.make_node("Cast", ["crop"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("MatMul", ["floats", "grey_weights"], ["grey"]),
        helper.make_node("Flatten", ["grey"], ["pixels"]),
    ]
    constants: dict[str, NDArray | np.generic] = {"grey_weights": np.array(GREY, np.float32)[:, None] / 255}
    if encoder is None:
        constants["nothing"] = np.zeros((PIXELS, LATENT), np.float32)
        nodes.append(helper.make_node("MatMul", ["pixels", "nothing"], ["mean"]))
    else:
        more, weights, last = _perceptron("pixels", encoder)
        nodes += [*more, helper.make_node("Identity", [last], ["mean"])]
        constants |= weights
    nodes.append(helper.make_node("Mul", ["mean", "zero"], ["logvar"]))
    constants["zero"] = np.float32(0)
    outputs = {"mean": (TensorProto.FLOAT, LATENT), "logvar": (TensorProto.FLOAT, LATENT)}
    return _model(nodes, constants, {"crop": (TensorProto.UINT8, SIDE, SIDE, 3)}, outputs)


# --- helpers ---


def _layer(
    folder: Path, names: dict[str, Path], prefix: str, number: int, sizes: tuple[int, ...]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return (
        _array(folder, names, f"{prefix}W_{number}", sizes),
        _array(folder, names, f"{prefix}b_{number}", sizes[1:]),
    )


def _array(folder: Path, names: dict[str, Path], name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    if name not in names:
        raise ExportError(f"{folder}: {name}.npy is missing")
    try:
        array = read_array(names[name], MAX_BYTES)
    except (OSError, ValueError) as problem:
        why = reason(problem) if isinstance(problem, OSError) else str(problem)
        raise ExportError(f"{names[name]}: cannot be read as an array ({why})") from problem
    if array.shape != shape or array.dtype.kind != "f" or not (np.abs(array) <= LARGEST).all():
        raise ExportError(f"{names[name]}: is {array.dtype} {array.shape}, or not finite; floats {shape} are wanted")
    return array.astype(np.float32)


def _perceptron(source: str, layers: Layers) -> tuple[list[onnx.NodeProto], dict[str, NDArray | np.generic], str]:
    """Linear layers with ReLU between them: nodes, constants, and the name of the last output."""
    nodes: list[onnx.NodeProto] = []
    constants: dict[str, NDArray | np.generic] = {}
    for i, (weight, bias) in enumerate(layers):
        constants |= {f"weight_{i}": weight, f"bias_{i}": bias}
        nodes.append(helper.make_node("Gemm", [source, f"weight_{i}", f"bias_{i}"], [f"linear_{i}"]))
        source = f"linear_{i}"
        if i < len(layers) - 1:
            nodes.append(helper.make_node("Relu", [source], [f"relu_{i}"]))
            source = f"relu_{i}"
    return nodes, constants, source


def _model(
    nodes: list[onnx.NodeProto],
    constants: dict[str, NDArray | np.generic],
    inputs: dict[str, tuple[int, ...]],
    outputs: dict[str, tuple[int, ...]],
) -> bytes:
    def ports(described: dict[str, tuple[int, ...]]) -> list[onnx.ValueInfoProto]:
        return [helper.make_tensor_value_info(name, kind, ["N", *shape]) for name, (kind, *shape) in described.items()]

    stored = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "morphing-faces", ports(inputs), ports(outputs), stored)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(made, full_check=True)
    file = made.SerializeToString()
    check_graph(file)
    return file


def _difference(actor: Actor, decoder: Layers) -> float:
    """Largest difference in levels between the actor's pictures and numpy's, over random faces."""
    random = np.random.default_rng(0)
    points = random.standard_normal((8, LATENT)).astype(np.float32)
    wanted = 255 * draw(decoder, points)[..., None]
    drawn = np.stack([actor.decode(Latent(point)).image for point in points]).astype(np.float32)
    return float(np.abs(drawn - wanted).max())
