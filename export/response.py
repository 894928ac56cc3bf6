"""The response of an actor: how much of a movement that drives it the tracker measures on its pictures.

A closed loop: the built-in demo clip drives the actor, the actor's pictures are tracked, and measurements of both are
compared. Brows that hardly differ from the skin around them are measured weaker than they were driven, whatever the
mesh does; `puppet.face.retarget` amplifies regions with a weak response.
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
from puppet.actor.response import response
from puppet.actor.runtime import Actor, load_actor
from puppet.core.progress import progress
from puppet.core.types import Drive, Face, Floats, Frame
from puppet.face import align
from puppet.face.measurements import RESPONSE_REGIONS
from puppet.face.neutral import infer_neutral
from puppet.face.retarget import Retargeter
from puppet.face.tracking import FaceMeshTracker
from puppet.sources.registry import DEMO_CLIP

LEAST_SHARE = 0.5  # of the frames on which the tracker must find the actor's face


def measure_response(actor: Actor, faces: list[Face]) -> dict[str, float]:
    """The response by region (`puppet.face.measurements.RESPONSE_REGIONS`); 1: the whole movement is measured.

    It is the slope of a regression of measured on driven values, over all measurements of a region. faces: tracked
    frames of any person. Empty when the tracker finds the actor's face in fewer than LEAST_SHARE of the frames.
    """
    retargeter, user = Retargeter(actor.neutral), infer_neutral(faces)
    asked: list[Floats] = []
    seen: list[Floats] = []
    tracker = FaceMeshTracker()
    with contextlib.closing(tracker), progress(total=len(faces), label="measuring the response", unit="frames") as bar:
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
    """Measure the response with the built-in demo clip and store it in an actor file; its card. Raises PuppetError.

    declared: by region, in place of the measured value. A file stays as it is if its actor is not driven by landmarks
    alone, since what its network makes of pixels cannot be amplified.
    """
    card, members = read_actor(file)
    if card.kind != MESH or set(card.encoder_inputs) != {"landmarks", "pose"}:
        return card
    found: dict[str, float] = {}
    if set(RESPONSE_REGIONS) - set(declared):
        faces = [face for face in driver_clip.track_all(str(DEMO_CLIP)) if face is not None]
        found = measure_response(load_actor(file, provider="cpu"), faces)
    return write_verified(file, dataclasses.replace(card, response={**found, **declared}), members)
