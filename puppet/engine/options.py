"""What the user can change from one step to the next: smoothing, gains, background, and play in latent space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from puppet.core.motion import BROWS_GAIN, EXPRESSION_GAIN, EYES_GAIN, MOUTH_GAIN, POSE_GAIN, SMOOTHING
from puppet.core.types import Floats, Latent
from puppet.engine.backdrop import Backdrop
from puppet.face.retarget import Gains

if TYPE_CHECKING:
    from puppet.actor.runtime import Actor


@dataclass(frozen=True, slots=True, eq=False)
class MorphInto:
    """A morph: the main actor turns into another one, who plays the same face."""

    actor: Actor
    share: float  # 0: not at all, 1: wholly


@dataclass(frozen=True, slots=True)
class StepOptions:
    """Options of a step; swapped as one reference, read once per step. Ranges of the numbers: `core.motion`.

    offset and freeze belong to one actor, and are left out for one whose latents have another size.
    """

    smoothing: float = SMOOTHING.default
    expression_gain: float = EXPRESSION_GAIN.default
    eyes_gain: float = EYES_GAIN.default
    mouth_gain: float = MOUTH_GAIN.default
    brows_gain: float = BROWS_GAIN.default
    pose_gain: float = POSE_GAIN.default
    mirror_output: bool = False  # flips the actor's picture
    background: Backdrop = Backdrop()  # behind every actor that has layers
    offset: Floats | None = None  # f32 (D,), added to the latent of every face: an attribute's direction
    freeze: Latent | None = None  # shown instead of any other latent
    morph: MorphInto | None = None

    @property
    def face_gains(self) -> Gains:
        """Gains of the face and its regions, as the retargeter takes them."""
        return Gains(self.expression_gain, self.eyes_gain, self.mouth_gain, self.brows_gain)
