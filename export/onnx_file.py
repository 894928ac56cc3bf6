"""torch networks -> ONNX graphs -> an actor file with card, preview and latents."""

from __future__ import annotations

import dataclasses
import io
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np
import onnx
import torch
from numpy.typing import NDArray

from export import ExportError
from export.actor_file import check_output, write_verified
from export.graph import Graph, decoder_graph, encoder_graph
from export.verify import MIN_FRAMES, Arrays, measure_parity, require_parity
from models.networks.base import ActorModel
from puppet.actor.card import GOLDEN_BLOCKS, IMAGE, ActorCard, EncoderInput, Golden
from puppet.actor.file import DECODER, ENCODER, LATENTS, PREVIEW
from puppet.actor.golden import golden_means
from puppet.actor.graph.check import check_graph
from puppet.actor.latents import Latents, latents_to_bytes, measure_latents
from puppet.actor.runtime import Actor
from puppet.core import pixels
from puppet.core.progress import progress
from puppet.core.types import Image, Latent

if TYPE_CHECKING:
    from models.data.dataset import Dataset

OPSET = 17  # what CUDA, CoreML, DirectML and CPU providers of every supported ONNX Runtime know
PREVIEW_SIZE = 256  # px
PARITY_FRAMES = 24
STATISTICS_FRAMES = 1000  # of the data set at most, evenly spread
CHUNK = 32  # frames encoded at once


@dataclass(frozen=True)
class Declaration:
    """What only a person can say about an actor."""

    name: str
    consent: str
    licence: str


def export_actor(
    model: ActorModel, dataset: Dataset, out: Path, declared: Declaration, training: Mapping[str, Any]
) -> ActorCard:
    """Write `out`, verified, or raise PuppetError and leave whatever was there. training: plain facts."""
    check_output(out)
    model = model.cpu().eval()
    card = _draft_card(model, declared, training)
    encoder, decoder = encoder_graph(model, card), decoder_graph(model, card)
    encoder_file, decoder_file = to_onnx(encoder), to_onnx(decoder)
    inputs = real_inputs(model, dataset, _spread(len(dataset), PARITY_FRAMES))
    parity = measure_parity(encoder, decoder, encoder_file, decoder_file, inputs)
    require_parity(parity)
    _require_playable({"encoder": encoder_file, "decoder": decoder_file})
    latents = latent_statistics(model, encoder, dataset)
    actor = Actor(card, encoder_file, decoder_file, latents)
    golden = golden_means(actor.neutral_portrait().image)
    card = dataclasses.replace(card, parity={**parity, "frames": len(inputs[card.encoder_inputs[0]])})
    card = dataclasses.replace(card, golden=Golden(golden))
    members = {
        ENCODER: encoder_file,
        DECODER: decoder_file,
        PREVIEW: _png(preview(actor, model, encoder, dataset)),
        LATENTS: latents_to_bytes(latents),
    }
    return write_verified(out, card, members)


def to_onnx(graph: Graph) -> bytes:
    """An ONNX file: free batch, everything inside. Raises ExportError."""
    ports = [*graph.inputs, *graph.outputs]
    buffer = io.BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the tracing exporter says that it is the old one
            torch.onnx.export(
                graph.module,
                tuple(graph.inputs.values()),
                buffer,  # pyright: ignore[reportArgumentType]  # the tracing exporter takes it
                input_names=list(graph.inputs),
                output_names=list(graph.outputs),
                dynamic_axes={name: {0: "N"} for name in ports},
                opset_version=OPSET,
                do_constant_folding=True,
                dynamo=False,  # as good for these networks, forty times quicker and a third smaller; torch is pinned
            )
        made = onnx.load_from_string(buffer.getvalue())
        for port in made.graph.output:  # the tracer loses sides it cannot infer
            kind = port.type.tensor_type.elem_type
            shape = ["N", *graph.outputs[port.name][1]]
            port.CopyFrom(onnx.helper.make_tensor_value_info(port.name, kind, shape))
        made.doc_string = made.graph.doc_string = ""
        for node in made.graph.node:
            node.doc_string = ""  # names the exporter's own files
        onnx.checker.check_model(made, full_check=True)
        return made.SerializeToString()
    except (ValueError, RuntimeError, TypeError, onnx.checker.ValidationError) as error:
        raise ExportError(f"the {graph.name} cannot be written as ONNX: {' '.join(str(error).split())}") from error


def _require_playable(files: Mapping[str, bytes]) -> None:
    """Raises ExportError for a graph, by its name, that the app would refuse."""
    for name, file in files.items():
        try:
            check_graph(file)
        except ValueError as error:
            raise ExportError(f"the {name} is none that an actor may have: {error}") from error


def real_inputs(model: ActorModel, dataset: Dataset, rows: NDArray[np.intp]) -> Arrays:
    """The encoder's inputs for rows of a data set, as the model itself makes them."""
    batch = model.make_batches(dataset, rows, augment=False).batch(rows, torch.Generator().manual_seed(0))
    return {name: batch[name].cpu().numpy() for name in model.encoder_inputs}


def latent_statistics(model: ActorModel, encoder: Graph, dataset: Dataset) -> Latents:
    """The latent space as the data set fills it."""
    rows = _spread(len(dataset), STATISTICS_FRAMES)
    means, logvars = [], []
    with progress(total=len(rows), label="measuring the latent space", unit="frames") as bar:
        for chunk in _chunks(rows):
            inputs = {name: torch.from_numpy(v) for name, v in real_inputs(model, dataset, chunk).items()}
            posterior = encoder.run(inputs)
            means.append(posterior["mean"].numpy())
            logvars.append(posterior["logvar"].numpy())
            bar.update(len(chunk))
    return measure_latents(np.concatenate(means), np.concatenate(logvars))


def preview(actor: Actor, model: ActorModel, encoder: Graph, dataset: Dataset) -> Image:
    """A portrait, uint8 (256, 256, 3) BGR: the frame of the footage that is nearest to rest, facing the viewer.

    Without landmarks the mean face.
    """
    latent = actor.latents.mean
    if dataset.has_landmarks:
        unlike = [np.abs(part - dataset.neutral).mean((1, 2)) * 30 for part in dataset.in_parts("canonical")]
        row = np.array([int((np.concatenate(unlike) + np.abs(dataset.pose).sum(1) / 30).argmin())])
        inputs = {name: torch.from_numpy(v) for name, v in real_inputs(model, dataset, row).items()}
        latent = encoder.run(inputs)["mean"][0].numpy()
    image = actor.decode(Latent(latent)).image
    return image if len(image) == PREVIEW_SIZE else pixels.resize(image, PREVIEW_SIZE, PREVIEW_SIZE)


def _draft_card(model: ActorModel, declared: Declaration, training: Mapping[str, Any]) -> ActorCard:
    """The card without golden picture and parity, which need the graphs."""
    facts = {"kind": IMAGE, **model.exported_facts()}
    try:
        return ActorCard(
            name=declared.name,
            image_size=int(model.image_size),
            latent_size=int(model.latent_size),
            encoder_inputs=cast("tuple[EncoderInput, ...]", tuple(model.encoder_inputs)),
            golden=Golden(np.zeros((GOLDEN_BLOCKS, GOLDEN_BLOCKS, 3), np.uint8)),
            licence=declared.licence,
            consent=declared.consent,
            created=date.today().isoformat(),
            training=dict(training),
            **facts,
        )
    except TypeError as error:
        raise ExportError(f"{type(model).__name__}.exported_facts() does not fit the actor card: {error}") from error


def _spread(count: int, wanted: int) -> NDArray[np.intp]:
    """At most `wanted` of `count` rows, evenly spread, ascending."""
    return np.unique(np.linspace(0, count - 1, min(count, max(wanted, MIN_FRAMES))).round().astype(np.intp))


def _chunks(rows: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def _png(image: Image) -> bytes:
    return cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes()
