"""Names, types and shapes of an actor's loaded graphs, compared with what its card says."""

from __future__ import annotations

from collections.abc import Sequence

from puppet.actor.card import ActorCard
from puppet.actor.file import AGAIN, DECODER, ENCODER
from puppet.core.errors import ActorFileError
from puppet.core.types import LANDMARKS, POSE_SIZE
from puppet.inference.protocols import Session


def check_signature(card: ActorCard, encoder: Session, decoder: Session) -> None:
    """Compare the graphs' inputs and outputs with the card. Raises ActorFileError for the first that differs."""
    crop, size, side = card.crop_size, card.image_size, card.texture_size
    painted, channels = (side, 3) if card.painted_size is None else (card.painted_size, 4)
    points = 0 if card.texture_points is None else len(card.texture_points)
    shapes = {
        "crop": ("tensor(uint8)", [crop, crop, 3]),
        "landmarks": ("tensor(float)", [LANDMARKS, 3]),
        "pose": ("tensor(float)", [POSE_SIZE]),
        "mean": ("tensor(float)", [card.latent_size]),
        "logvar": ("tensor(float)", [card.latent_size]),
        "latent": ("tensor(float)", [card.latent_size]),
        "image": ("tensor(uint8)", [size, size, 3]),
        "texture": ("tensor(uint8)", [painted, painted, channels]),
        "points": ("tensor(float)", [points, 3]),
    }
    sides = (
        (ENCODER, "takes", encoder.get_inputs(), card.encoder_inputs),
        (ENCODER, "gives", encoder.get_outputs(), ("mean", "logvar")),
        (DECODER, "takes", decoder.get_inputs(), ("latent",)),
        (DECODER, "gives", decoder.get_outputs(), card.decoder_outputs),
    )
    for graph, verb, ports, promised in sides:
        names = [port.name for port in ports]
        if sorted(names) != sorted(promised):
            raise ActorFileError(f"card says {graph} {verb} {_listed(promised)}, it {verb} {_listed(names)}; {AGAIN}")
        for port in ports:
            kind, shape = shapes[port.name]
            if port.type != kind or not _fits(port.shape, shape, exact=verb == "takes"):
                wanted, got = f"{kind} {['N', *shape]}", f"{port.type} {port.shape}"
                raise ActorFileError(f"card says {graph} {verb} {port.name} as {wanted}, it {verb} {got}; {AGAIN}")


def _fits(shape: Sequence[int | str | None] | None, wanted: Sequence[int | None], exact: bool) -> bool:
    """Whether a declared shape [batch, *rest] allows batches of `wanted`; open sides only if not `exact`."""
    if not shape:
        return not exact
    batch, *rest = shape
    return (
        (not isinstance(batch, int) or batch == 1)
        and len(rest) == len(wanted)
        and all(
            side == want or (not exact and not isinstance(side, int)) for side, want in zip(rest, wanted, strict=True)
        )
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "nothing"
