"""One actor that a face drives: align, retarget, smooth, encode, decode; and what its next step must remember."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from puppet.actor.expression_range import ExpressionRange
from puppet.core.types import POSE_SIZE, AlignedCrop, Drive, Face, Floats, Frame, Image, Latent, Portrait
from puppet.engine.options import StepOptions
from puppet.engine.presence import Presence
from puppet.engine.smoothing import LANDMARK_FILTER, LATENT_FILTER, POSE_FILTER, Smoothed, smooth_by
from puppet.engine.stage_timer import StageTimer
from puppet.face import align
from puppet.face.neutral import Neutral
from puppet.face.retarget import Retargeter

if TYPE_CHECKING:
    from puppet.actor.runtime import Actor
    from puppet.engine.backdrop import Backdrop

# Movements that tell which latents belong to the head: degrees, eye distances, log size.
POSE_PROBE = np.array([5, 5, 5, 0.1, 0.1, 0.1], np.float32)


@dataclass(frozen=True, slots=True)
class Motion:
    """What the next step must remember of the last ones."""

    landmarks: Smoothed | None = None
    pose: Smoothed | None = None
    latent: Smoothed | None = None
    driven: Latent | None = None  # the last latent that a face gave
    presence: Presence = Presence()


@dataclass(frozen=True, slots=True)
class DrivenLatent:
    """What a frame gives for one actor."""

    latent: Latent  # held or eased to rest while no face is seen; offset and freeze are not in it
    crop: AlignedCrop | None  # None without a face, and for actors that need none
    out_of_range: float | None  # see `Result.out_of_domain`; None without a face


class DrivenActor:
    """An actor in use: what is computed once for it, and its motion so far.

    pose: state of the smoothed head, when this actor takes another one's place.
    """

    def __init__(self, actor: Actor, pose: Smoothed | None) -> None:
        self.actor = actor
        self.motion = Motion(pose=pose)
        self.held: Latent | None = None  # as the target of a morph: the latent that is shown of it
        self._backdrop: tuple[Backdrop, bool] | None = None  # that `_behind` was made of, and whether it is mirrored
        self._behind: dict[int, Image | None] = {}  # by side, px: what is behind the person
        self._retargeter = Retargeter(actor.neutral, actor.card.response)
        self._rest = np.asarray(actor.latents.mean, np.float32)
        expression = np.ones(len(self._rest), bool)
        if not actor.needs_crop:
            still = np.zeros(POSE_SIZE, np.float32)
            self._rest = self._latent_of_pose(still)
            for movement in np.diag(POSE_PROBE):
                expression &= np.abs(self._latent_of_pose(movement) - self._rest) < 1e-6
        if not expression.any():  # an encoder that mixes all: then they can only be judged together
            expression[:] = True
        self._range = ExpressionRange(actor.latents, expression)

    def drive(
        self, frame: Frame, face: Face | None, user: Neutral | None, options: StepOptions, stages: StageTimer
    ) -> DrivenLatent:
        """The actor's latent for the next frame. user: the neutral of the face; None without a face."""
        crop = strange = None
        at = frame.captured_at
        if face is not None and user is not None:
            crop, driven, strange = self._follow(frame, face, user, options, stages)
            self.motion = replace(self.motion, driven=driven, presence=self.motion.presence.with_face(at))
        else:
            self.motion = replace(self.motion, presence=self.motion.presence.without_face(at))
        return DrivenLatent(self._blended(), crop, strange)

    def decode(self, latent: Latent, options: StepOptions, stages: StageTimer) -> Portrait:
        """The actor's picture of a latent."""
        with stages("decode"):
            return self.actor.decode(latent, self.behind(options, self.actor.card.image_size))

    def behind(self, options: StepOptions, side: int) -> Image | None:
        """What is behind the person in a picture of this side, uint8 (side, side, 3) BGR; made once.

        None: the actor's own plate, or an actor without layers.
        """
        if self.actor.plate is None:
            return None
        chosen = options.background, options.mirror_output
        if self._backdrop is None or self._backdrop[0] is not chosen[0] or self._backdrop[1] != chosen[1]:
            self._backdrop, self._behind = chosen, {}
        if side not in self._behind:
            self._behind[side] = options.background.behind(self.actor.plate, side, options.mirror_output)
        return self._behind[side]

    def restart_motion(self) -> None:
        """Forget the last frames: the next one shows another scene."""
        self.motion = Motion()

    def _follow(
        self, frame: Frame, face: Face, user: Neutral, options: StepOptions, stages: StageTimer
    ) -> tuple[AlignedCrop | None, Latent, float]:
        """The crop if there is one, the face's latent within the actor's range, and how far it lay outside."""
        at, motion, crop = frame.captured_at, self.motion, None
        with stages("align"):
            if self.actor.needs_crop:
                size = self.actor.card.crop_size or self.actor.card.image_size
                crop = align.cut(frame.image, align.upright_transform(face, size), size)
        with stages("retarget"):
            landmarks, pose = self._retargeter.drive(face, user, options.face_gains)
            smoothed = smooth_by(motion.landmarks, landmarks, at, LANDMARK_FILTER, options.smoothing)
            posed = smooth_by(motion.pose, pose, at, POSE_FILTER, options.smoothing)
            drive = Drive(smoothed.value, posed.value * np.float32(options.pose_gain), at)
        with stages("encode"):
            latent = self.actor.encode(drive, crop)
        filtered = None
        if crop is not None:
            filtered = smooth_by(motion.latent, latent.values, at, LATENT_FILTER, options.smoothing)
            latent = Latent(filtered.value)
        latent, strange = self._range.ease(latent)
        self.motion = Motion(smoothed, posed, filtered, latent, motion.presence)
        return crop, latent, strange

    def _latent_of_pose(self, pose: Floats) -> Floats:
        """The latent f32 (D,) of the actor's neutral face in a pose f32 (6,)."""
        return self.actor.encode(Drive(self.actor.neutral, pose, 0.0), None).values

    def _blended(self) -> Latent:
        """Between the actor's rest and the last latent of a face, by presence."""
        driven = self.motion.driven
        if driven is None:
            return Latent(self._rest)
        return Latent(self._rest + self.motion.presence.share * (driven.values - self._rest))
