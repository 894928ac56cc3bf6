"""Attribute directions (smile, mouth open ...) for an actor file, found in a labelled data set."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from export.actor_file import check_output, write_verified
from models.data.crops import ROWS_AT_ONCE, dataset_face, upright_crops
from models.data.driver_clip import dataset_neutral
from models.data.labels import Labels
from models.latent.attributes import Attributes, Variant, find_attributes
from puppet.actor.card import ActorCard
from puppet.actor.file import LATENTS, read_actor
from puppet.actor.latents import latents_to_bytes
from puppet.actor.runtime import Actor, load_actor
from puppet.core import pixels
from puppet.core.progress import progress
from puppet.core.rows import evenly_spread
from puppet.core.types import POSE_SIZE, AlignedCrop, Drive, Floats
from puppet.face.retarget import Retargeter

if TYPE_CHECKING:
    from models.data.dataset import Dataset

MOST_FRAMES = 4000  # encoded at most, evenly spread; more do not change the directions
HELD_OUT = 0.2  # share of the frames that directions are judged on, where the data set has no partition of its own


def latent_means(actor: Actor, dataset: Dataset, rows: NDArray[np.intp]) -> Floats:
    """Posterior means f32 (N, D) of N rows of a data set, with faces retargeted as live ones are.

    DataError when the actor's encoder takes landmarks and the data set has none.
    """
    wants_landmarks = set(actor.card.encoder_inputs) - {"crop"}
    retargeter = Retargeter(actor.neutral, actor.card.response)
    neutral = dataset_neutral(dataset) if wants_landmarks else None
    nothing = Drive(actor.neutral, np.zeros(POSE_SIZE, np.float32), 0.0)
    means = []
    with progress(total=len(rows), label="encoding", unit="frames") as bar:
        for start in range(0, len(rows), ROWS_AT_ONCE):
            part = rows[start : start + ROWS_AT_ONCE]
            crops = upright_crops(dataset, part, actor.card.crop_size or 1) if actor.needs_crop else None
            for i, row in enumerate(part):
                crop = None if crops is None else AlignedCrop(pixels.swap_red_blue(crops[i]), np.eye(2, 3))
                drive = nothing
                if neutral is not None:
                    drive = Drive(*retargeter.drive(dataset_face(dataset, row), neutral), 0.0)
                means.append(actor.encode(drive, crop).values)
                bar.update()
    return np.stack(means)


def actor_attributes(actor: Actor, dataset: Dataset, labels: Labels) -> Attributes:
    """Directions for the labels of a data set in an actor's latent space. labels: one row for each frame."""
    train, held = dataset.split(HELD_OUT)
    rows = np.sort(np.concatenate([train, held]))
    rows = rows[labels.known[rows]]
    rows = rows[evenly_spread(len(rows), MOST_FRAMES)]
    held_out = np.isin(rows, held)
    return find_attributes(
        latent_means(actor, dataset, rows), labels.values[rows] == 1, labels.names, held_out if held_out.any() else None
    )


def add_attributes(
    file: Path, dataset: Dataset, labels: Labels, variant: Variant, out: Path | None = None
) -> tuple[ActorCard, Attributes]:
    """Store the directions in an actor file, or in a copy `out` of it; its card, and what was found.

    Directions of other names stay. PuppetError when that fails; the file stays as it was.
    """
    out = out or file
    check_output(out)
    card, members = read_actor(file)
    actor = load_actor(file, provider="cpu")
    found = actor_attributes(actor, dataset, labels)
    directions = {**actor.latents.directions, **found.stored(variant)}
    latents = dataclasses.replace(actor.latents, directions=directions)
    return write_verified(out, card, {**members, LATENTS: latents_to_bytes(latents)}), found
