"""The members of an actor file, each checked as far as that goes without ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from puppet.actor.card import MAX_SIDE, ActorCard
from puppet.actor.file import AGAIN, DECODER, DETAIL, ENCODER, LATENTS, MAX_BYTES, PLATE, PREVIEW, read_actor
from puppet.actor.graph.check import check_graph
from puppet.actor.latents import Latents, latents_from_bytes
from puppet.core.errors import ActorFileError, PictureError
from puppet.core.types import Image
from puppet.pictures.decode import decode_picture, decode_png_of
from puppet.pictures.limits import Limits

MAX_REASON = 200  # characters of a library's own message that are passed on


@dataclass(frozen=True, eq=False)
class Contents:
    """What an actor is made of.

    encoder, decoder: ONNX graphs that have passed `check_graph`. detail uint8 (T, T, 4) BGRA, 128 where nothing is
    added, and plate uint8 (S, S, 3) BGR: None where the card says that there is none.
    """

    card: ActorCard
    encoder: bytes
    decoder: bytes
    latents: Latents
    detail: Image | None = None
    plate: Image | None = None


def read_contents(path: Path) -> Contents:
    """The members of an actor file: hashes, graphs, latents and pictures are checked. Raises ActorFileError."""
    try:
        return checked_contents(*read_actor(path))
    except (ActorFileError, PictureError) as error:
        raise ActorFileError(f"{path.name}: {error}") from error


def checked_contents(card: ActorCard, members: Mapping[str, bytes]) -> Contents:
    """The members as they lie in an actor file, checked but for their hashes. Raises ActorFileError, PictureError."""
    for name in (ENCODER, DECODER):
        _check_graph(name, members[name])
    latents = _read_latents(card, members[LATENTS])
    decode_preview(members[PREVIEW])  # so that a list of actors can show it later
    detail = None if card.painted_size is None else _layer(DETAIL, members[DETAIL], card.texture_size or 0, 4)
    plate = _layer(PLATE, members[PLATE], card.image_size, 3) if card.layers else None
    return Contents(card, members[ENCODER], members[DECODER], latents, detail, plate)


def decode_preview(data: bytes) -> Image:
    """The content of preview.png as uint8 (H, W, 3) BGR. Raises PictureError."""
    limits = Limits(MAX_BYTES[PREVIEW], MAX_SIDE**2, MAX_SIDE)
    try:
        return decode_picture(data, ("PNG",), limits)
    except PictureError as problem:
        raise PictureError(f"{PREVIEW} is no picture that can be shown: {problem}; {AGAIN}") from problem


def _layer(name: str, data: bytes, side: int, channels: int) -> Image:
    try:
        return decode_png_of(data, side, channels, MAX_BYTES[name])
    except PictureError as problem:
        raise PictureError(f"{name} cannot be used: {problem}; {AGAIN}") from problem


def one_line_reason(error: BaseException) -> str:
    """The message of an exception as one line of at most MAX_REASON characters."""
    text = " ".join(str(error).split())
    return text if len(text) <= MAX_REASON else f"{text[:MAX_REASON]} ..."


def _check_graph(name: str, graph: bytes) -> None:
    try:
        check_graph(graph)
    except ValueError as error:
        raise ActorFileError(f"{name}: {error}; such a file is not loaded, {AGAIN}") from error


def _read_latents(card: ActorCard, data: bytes) -> Latents:
    try:
        return latents_from_bytes(data, card.latent_size)
    except ValueError as error:
        raise ActorFileError(f"{LATENTS} cannot be used: {one_line_reason(error)}; {AGAIN}") from error
