"""A model's encoder and decoder as networks with named inputs and outputs, for torch.onnx.

They take and give uint8 pixels: all scaling is inside.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from export import ExportError
from models.networks.base import ActorModel
from puppet.actor.card import ActorCard
from puppet.core.types import LANDMARKS, POSE_SIZE

EXAMPLES = 2  # with a batch of one the exporter would take the batch dimension for a constant

Port = tuple[torch.dtype, tuple[int, ...]]  # type, shape without the batch dimension


@dataclass(frozen=True)
class Graph:
    """A network in eval mode on the CPU.

    inputs: examples by name, in the order of its arguments; outputs: type and shape by name, in its order.
    """

    name: str
    module: nn.Module
    inputs: dict[str, Tensor]
    outputs: dict[str, Port]

    def run(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """The network's outputs by name. ExportError when it fails."""
        try:
            with torch.no_grad():
                values = self.module(*(inputs[name] for name in self.inputs))
            return dict(zip(self.outputs, values, strict=True))
        except (RuntimeError, ValueError, TypeError) as error:
            raise ExportError(f"the {self.name} fails on {', '.join(self.inputs)}: {error}") from error


def encoder_graph(model: ActorModel, card: ActorCard) -> Graph:
    """The encoder: the inputs that the card names -> mean and logvar f32 (N, D). Raises ExportError."""
    ports: dict[str, Port] = {
        "crop": (torch.uint8, (card.crop_size or 0, card.crop_size or 0, 3)),
        "landmarks": (torch.float32, (LANDMARKS, 3)),
        "pose": (torch.float32, (POSE_SIZE,)),
    }
    inputs = {name: torch.zeros(EXAMPLES, *ports[name][1], dtype=ports[name][0]) for name in card.encoder_inputs}
    latent: Port = (torch.float32, (card.latent_size,))
    graph = Graph("encoder", _Encoder(model.inference_encoder()), inputs, {"mean": latent, "logvar": latent})
    return _checked(graph)


def decoder_graph(model: ActorModel, card: ActorCard) -> Graph:
    """The decoder: latent f32 (N, D) -> the outputs of the card's kind of actor. Raises ExportError."""
    side, size = card.texture_size or 0, card.image_size
    texture = (side, side, 3) if card.painted_size is None else (card.painted_size, card.painted_size, 4)
    points = 0 if card.texture_points is None else len(card.texture_points)
    ports: dict[str, Port] = {
        "image": (torch.uint8, (size, size, 3)),
        "texture": (torch.uint8, texture),
        "points": (torch.float32, (points, 3)),
    }
    outputs = {name: ports[name] for name in card.decoder_outputs}
    inputs = {"latent": torch.zeros(EXAMPLES, card.latent_size)}
    return _checked(Graph("decoder", _Decoder(model.inference_decoder()), inputs, outputs))


class _Encoder(nn.Module):
    """The model's encoder with a logvar for each frame; a model may give one for all."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.eval()

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Tensor]:
        mean, logvar = self.encoder(*inputs)
        return mean, logvar.expand(mean.shape)


class _Decoder(nn.Module):
    """The model's decoder with its outputs as a tuple; a model may give one tensor."""

    def __init__(self, decoder: nn.Module) -> None:
        super().__init__()
        self.decoder = decoder
        self.eval()

    def forward(self, latent: Tensor) -> tuple[Tensor, ...]:
        outputs = self.decoder(latent)
        return outputs if isinstance(outputs, tuple) else (outputs,)


def _checked(graph: Graph) -> Graph:
    outputs = graph.run(graph.inputs)
    for name, (kind, shape) in graph.outputs.items():
        got = outputs[name]
        if got.dtype != kind or got.shape != (EXAMPLES, *shape):
            wanted, is_now = f"{kind} (N, {_sides(shape)})", f"{got.dtype} ({_sides(got.shape)})"
            raise ExportError(f"the {graph.name}'s {name} must be {wanted}, it is {is_now}")
    return graph


def _sides(shape: tuple[int, ...]) -> str:
    return ", ".join(map(str, shape))
