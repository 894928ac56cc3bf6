"""Tiny actor files of format version 3 with fine detail: a round person, drawn over a plate or opaque.

Driven like the tiny mesh actor: a latent yaw of 1 moves the person 8 px to the right, a pitch of 1 moves it 8 px up.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tiny_actor as tiny

from puppet.actor.card import ActorCard, Golden
from puppet.actor.contents import checked_contents
from puppet.actor.file import DECODER, DETAIL, ENCODER, LATENTS, PLATE, PREVIEW, write_actor
from puppet.actor.golden import golden_means
from puppet.actor.latents import latents_to_bytes
from puppet.actor.runtime import make_actor
from puppet.core.types import Floats, Image

PAINTED, TEXTURE, SIZE = 16, 64, 64  # px: what the decoder gives, the full texture, the picture
RADIUS = 18.0  # px of the person in the texture, to where its alpha is half
MARGIN = 8.0  # px between the person and the triangles that are left out
COLOUR = (200, 80, 40)  # RGB


def layered_actor(path: Path, layers: bool = True, replace: dict[str, bytes] | None = None, **changes: Any) -> Path:
    """Write a tiny actor with fine detail, with other members or card fields, hashes right."""
    card, members = layered_parts(path.stem, layers)
    write_actor(path, dataclasses.replace(card, **changes), {**members, **(replace or {})})
    return path


def layered_parts(
    name: str = "layered", layers: bool = True, colour: tuple[int, int, int] = COLOUR, radius: float = RADIUS
) -> tuple[ActorCard, dict[str, bytes]]:
    """Card and members, golden picture included. Without `layers` it is opaque: the person on black."""
    card, members = tiny.tiny_parts("mesh", name)
    card = dataclasses.replace(card, painted_size=PAINTED, layers=layers, texture_size=TEXTURE, image_size=SIZE)
    if layers:
        triangles, points = tiny.grid_mesh()
        reaches = np.linalg.norm(points[triangles] - (TEXTURE - 1) / 2, axis=-1).min(1) < RADIUS + MARGIN
        card = dataclasses.replace(card, triangles=triangles[reaches])
    members = {
        ENCODER: members[ENCODER],
        DECODER: tiny.mesh_decoder(painted(layers, colour, radius), light=0),
        PREVIEW: members[PREVIEW],
        LATENTS: latents_to_bytes(tiny.tiny_latents(card.latent_size)),
        DETAIL: png(detail()),
        **({PLATE: png(plate())} if layers else {}),
    }
    portrait = make_actor(checked_contents(card, members), threads=1).neutral_portrait().image
    return dataclasses.replace(card, golden=Golden(golden_means(portrait))), {**members, PREVIEW: png(portrait)}


def painted(layers: bool = True, colour: tuple[int, int, int] = COLOUR, radius: float = RADIUS) -> Floats:
    """What the decoder gives, RGBA f32 (P, P, 4) 0 .. 255: a disc with a soft edge, colours premultiplied."""
    y, x = (np.indices((PAINTED, PAINTED)) + 0.5) * TEXTURE / PAINTED - TEXTURE / 2
    alpha = np.clip(0.5 + (radius - np.hypot(x, y)) / 8, 0, 1)[..., None]
    alpha = np.rint(255 * alpha) if layers else np.full_like(alpha, 255.0)
    return np.concatenate([np.rint(alpha * np.array(colour) / 255), alpha], -1).astype(np.float32)


def detail() -> Image:
    """BGRA uint8 (T, T, 4): stripes of 30 levels more and less in red, within the person; no change of its alpha."""
    y, x = np.indices((TEXTURE, TEXTURE))
    inside = np.hypot(x - 31.5, y - 31.5) < RADIUS - 8
    made = np.full((TEXTURE, TEXTURE, 4), 128, np.uint8)
    made[..., 2] += np.where(inside, np.where(x % 2, 30, -30), 0).astype(np.int8).view(np.uint8)
    return made


def plate() -> Image:
    """BGR uint8 (S, S, 3): a ramp from left to right in blue, from top to bottom in green."""
    y, x = np.indices((SIZE, SIZE))
    return np.stack([4 * x, 4 * y, np.full_like(x, 10)], -1).astype(np.uint8)


def full_texture(layers: bool = True) -> Image:
    """The texture that painted and detail make, BGRA uint8 (T, T, 4), computed without saturating in steps."""
    small = np.ascontiguousarray(painted(layers)[..., [2, 1, 0, 3]].astype(np.uint8))
    large = cv2.resize(small, (TEXTURE, TEXTURE), interpolation=cv2.INTER_LINEAR).astype(int)
    return np.clip(large + detail() - 128, 0, 255).astype(np.uint8)


def png(image: Image) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()
