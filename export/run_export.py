"""A trained network and its data set -> an actor file with graphs, card, preview and latents."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from export import ExportError
from export.actor_file import check_output, write_verified
from export.graph import Graph, decoder_graph, encoder_graph
from export.half_weights import rounded, stored_in_half
from export.onnx_file import require_playable, to_onnx
from export.verify import Arrays, holds, measure_parity, require_parity
from models.networks.base import ActorModel
from puppet.actor.card import GOLDEN_BLOCKS, IMAGE, ActorCard, EncoderInput, Golden
from puppet.actor.file import DECODER, DETAIL, ENCODER, LATENTS, PLATE, PREVIEW
from puppet.actor.golden import golden_means
from puppet.actor.latents import Latents, latents_to_bytes, measure_latents
from puppet.actor.runtime import Actor
from puppet.core import pixels
from puppet.core.progress import announce, progress
from puppet.core.rows import evenly_spread
from puppet.core.types import Image, Latent

if TYPE_CHECKING:
    from models.data.dataset import Dataset

PREVIEW_SIZE = 256  # px
PARITY_FRAMES = 24  # of the data set at most, on which torch and ONNX Runtime are compared
STATISTICS_FRAMES = 1000  # of the data set at most, evenly spread
CHUNK = 32  # frames encoded at once


@dataclass(frozen=True)
class Declaration:
    """What the person who exports says about an actor.

    consent: whose face it is, and that they agreed to be played.
    """

    name: str
    consent: str
    licence: str


def export_actor(
    model: ActorModel, dataset: Dataset, out: Path, declared: Declaration, training: Mapping[str, Any]
) -> ActorCard:
    """Write a verified actor file; its card. training: facts about the training, as JSON values.

    PuppetError when that fails; a file that was there stays.
    """
    check_output(out)
    model = model.cpu().eval()
    card = _draft_card(model, declared, training)
    encoder, decoder = encoder_graph(model, card), decoder_graph(model, card)
    inputs = real_inputs(model, dataset, evenly_spread(len(dataset), PARITY_FRAMES))
    graphs, parity = _graph_files(model, card, encoder, decoder, inputs)
    require_playable({encoder.name: graphs[ENCODER], decoder.name: graphs[DECODER]})
    latents = latent_statistics(model, encoder, dataset)
    detail, plate = layers = _bgr_layers(model)
    actor = Actor(card, graphs[ENCODER], graphs[DECODER], latents, detail=detail, plate=plate)
    golden = golden_means(actor.neutral_portrait().image)
    card = dataclasses.replace(card, parity={**parity, "frames": len(inputs[card.encoder_inputs[0]])})
    card = dataclasses.replace(card, golden=Golden(golden))
    members = {
        **graphs,
        **{name: _png(layer) for name, layer in zip((DETAIL, PLATE), layers, strict=True) if layer is not None},
        PREVIEW: _png(preview(actor, model, encoder, dataset)),
        LATENTS: latents_to_bytes(latents),
    }
    return write_verified(out, card, members)


def _graph_files(
    model: ActorModel, card: ActorCard, encoder: Graph, decoder: Graph, inputs: Arrays
) -> tuple[dict[str, bytes], dict[str, float]]:
    """The two ONNX files by member, and their parity with torch; weights in 16 bits where parity holds with them.

    ExportError when it holds with 32 bits neither.
    """
    announce("converting the networks")
    small = rounded(model)
    graphs = encoder_graph(small, card), decoder_graph(small, card)
    encodes, decodes = (stored_in_half(to_onnx(graph)) for graph in graphs)
    parity = measure_parity(encoder, decoder, encodes, decodes, inputs)
    if not holds(parity):
        encodes, decodes = to_onnx(encoder), to_onnx(decoder)
        parity = measure_parity(encoder, decoder, encodes, decodes, inputs)
        require_parity(parity)
    return {ENCODER: encodes, DECODER: decodes}, parity


def _bgr_layers(model: ActorModel) -> tuple[Image | None, Image | None]:
    """The model's fine detail as BGRA and its plate as BGR; None for what it lacks."""
    detail, plate = model.exported_layers()
    return (
        None if detail is None else pixels.swap_red_blue(detail),
        None if plate is None else pixels.swap_red_blue(plate),
    )


def real_inputs(model: ActorModel, dataset: Dataset, rows: NDArray[np.intp]) -> Arrays:
    """The encoder's inputs by name for rows of a data set, as the model itself makes them."""
    batch = model.encoder_inputs_of(dataset, rows)
    return {name: batch[name].cpu().numpy() for name in model.encoder_inputs}


def latent_statistics(model: ActorModel, encoder: Graph, dataset: Dataset) -> Latents:
    """Statistics of the latent space over at most STATISTICS_FRAMES rows of the data set."""
    rows = evenly_spread(len(dataset), STATISTICS_FRAMES)
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
    """A portrait uint8 (256, 256, 3) BGR: the frame nearest to rest and to facing the viewer.

    The mean face for a data set without landmarks.
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
    """The card without golden picture and parity, which need the graphs. Raises ExportError."""
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


def _chunks(rows: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def _png(image: Image) -> bytes:
    return cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes()
