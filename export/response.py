"""How strongly an actor answers: what the tracker sees of a movement on the actor, against what was asked for.

A closed loop: the built-in demo clip drives the actor, the actor's pictures are tracked like anybody's, and the two
are compared. Brows that hardly differ from the skin around them come back weaker than they went in, whatever the mesh
does; `puppet.face.retarget` asks for more of what comes back weakly.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from export.actor_file import write_verified
from models.data import driver_clip
from puppet.actor.card import MESH, ActorCard
from puppet.actor.file import read_actor
from puppet.actor.runtime import Actor, load_actor
from puppet.core.progress import progress
from puppet.core.types import Drive, Face, Floats, Frame
from puppet.face import align
from puppet.face.measurements import RESPONSE_REGIONS, measure
from puppet.face.neutral import infer_neutral
from puppet.face.retarget import Retargeter
from puppet.face.tracking import FaceMeshTracker
from puppet.sources.registry import DEMO_CLIP

LEAST_SHARE = 0.5  # of the frames in which the tracker must see the actor


def measure_response(actor: Actor, faces: list[Face]) -> dict[str, float]:
    """Regression slope of what is seen on what was asked for, over all measurements of a region; 1: all of it.

    faces: tracked frames of anybody. Regions: `puppet.face.measurements.RESPONSE_REGIONS`. Empty for an actor in which
    the tracker sees no face in at least half of the frames.
    """
    retargeter, user = Retargeter(actor.neutral), infer_neutral(faces)
    asked: list[Floats] = []
    seen: list[Floats] = []
    tracker = FaceMeshTracker()
    with contextlib.closing(tracker), progress(total=len(faces), label="measuring the answer", unit="frames") as bar:
        for i, face in enumerate(faces):
            landmarks, pose = retargeter.drive(face, user)
            picture = actor.decode(actor.encode(Drive(landmarks, pose, 0.0), None)).image
            found = tracker.track(Frame(picture, i, i / 30))
            if found is not None:
                asked.append(landmarks)
                seen.append(align.canonicalise(found.points, actor.neutral)[0])
            bar.update()
    if len(seen) < LEAST_SHARE * len(faces):
        return {}
    return response(np.stack(asked), np.stack(seen))


def add_response(file: Path, declared: Mapping[str, float]) -> ActorCard:
    """Measure with the built-in demo clip, and keep what was found in an actor file. Raises PuppetError.

    declared: by region, instead of what is measured. An actor that is not driven by landmarks alone answers with what
    its network makes of pixels; it is left alone.
    """
    card, members = read_actor(file)
    if card.kind != MESH or set(card.encoder_inputs) != {"landmarks", "pose"}:
        return card
    found: dict[str, float] = {}
    if set(RESPONSE_REGIONS) - set(declared):
        faces = [face for face in driver_clip.track_all(str(DEMO_CLIP)) if face is not None]
        found = measure_response(load_actor(file, provider="cpu"), faces)
    return write_verified(file, dataclasses.replace(card, response={**found, **declared}), members)


def response(asked: Floats, seen: Floats) -> dict[str, float]:
    """The slope per region, of canonical landmarks f32 (N, 478, 3) each."""
    wanted, got = measure(asked), measure(seen)
    slopes = {}
    for region, prefix in RESPONSE_REGIONS.items():
        names = [name for name in wanted if name.startswith(prefix)]
        x, y = (np.stack([values[name] - values[name].mean() for name in names]) for values in (wanted, got))
        slopes[region] = round(float((x * y).sum() / np.maximum((x * x).sum(), 1e-12)), 3)
    return slopes
