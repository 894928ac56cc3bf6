"""Frame in, Result out: track the face, know the user's neutral, drive every actor in use. No thread, no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from puppet.actor.morph import ActorMorph
from puppet.core import pixels
from puppet.core.background import BackgroundKind
from puppet.core.types import Face, Floats, Frame, Image, Latent, Portrait, Result
from puppet.engine.backdrop import mixed
from puppet.engine.driven_actor import DrivenActor, DrivenLatent
from puppet.engine.options import StepOptions
from puppet.engine.stage_timer import StageTimer
from puppet.face.cuts import CutDetector
from puppet.face.identity import identity_descriptor, landmark_colours
from puppet.face.neutral import SAMPLE_INTERVAL, Neutral, neutral_from_face
from puppet.face.users import KnownUsers

if TYPE_CHECKING:
    from puppet.actor.runtime import Actor
    from puppet.face.protocols import Tracker


@dataclass(frozen=True, slots=True)
class Tracked:
    """A frame after tracking."""

    frame: Frame
    face: Face | None  # None when no face was seen
    stage_ms: dict[str, float]  # milliseconds by stage
    descriptor: Floats | None = None  # whose face it is (`identity_descriptor`); None where none was taken
    scene: int = 0  # number, see `cuts.CutDetector`


class Puppeteer:
    """One user's face on one actor, or on several.

    `track` and `close` belong to one thread, `act` to one, everything else to any.

    actor: who plays; others: who plays the same beside it (a wall of puppets). detects_changes: notice when another
    person or another scene comes; not where the caller tells (`begin_shot`).
    """

    def __init__(
        self,
        tracker: Tracker,
        actor: Actor | None,
        options: StepOptions | None = None,
        detects_changes: bool = True,
    ) -> None:
        self.options = options or StepOptions()
        self.actor = actor
        self.others: tuple[Actor, ...] = ()
        self._tracker = tracker
        self._detects_changes = detects_changes
        self._cuts = CutDetector()
        self._described_at = -np.inf  # s, when the last descriptor was taken
        self._scene = 0  # of the last frame that was acted
        self._users = KnownUsers()
        self._capture_next = False
        self._driven: list[DrivenActor] = []
        self._morph: ActorMorph | None = None
        self._step: object = None  # the newest one

    @property
    def neutral_is_captured(self) -> bool:
        """Whether the user's own neutral is in use, rather than the automatic one."""
        return self._users.captured is not None

    @property
    def neutral_confidence(self) -> float:
        """How far the neutral in use can be trusted, 0 .. 1; 1 for the user's own."""
        return self._users.confidence

    def capture_neutral(self) -> None:
        """The next tracked face becomes the user's neutral."""
        self._capture_next = True

    def set_neutral(self, neutral: Neutral) -> None:
        """Use a neutral that is known already (offline rendering tracks the whole clip first)."""
        self._users.captured = neutral

    def begin_shot(self, neutral: Neutral | None) -> None:
        """The next frame shows another scene: nothing is smoothed over from the last one.

        neutral: of the person it shows; None where that is not known or nobody is seen.
        """
        if neutral is not None:
            self._users.captured = neutral
        for driven in self._driven:
            driven.restart_motion()

    def reset_neutral(self) -> None:
        """Back to the automatic neutral."""
        self._users.captured, self._capture_next = None, False

    def forget_user(self) -> None:
        """Another person may be there, or another camera in use: nothing learned so far counts."""
        self._users, self._capture_next = KnownUsers(), False

    def close(self) -> None:
        """Free the tracker; call from the thread that called `track`."""
        self._tracker.close()

    def step(self, frame: Frame) -> Result:
        """Everything that happens to one frame. Never shows the frame's pixels in the portrait."""
        return self.act(self.track(frame))

    def track(self, frame: Frame) -> Tracked:
        """The first half. One thread may track a frame while another acts on the one before it."""
        stages = StageTimer()
        with stages("track"):
            face = self._tracker.track(frame)
            if not self._detects_changes:
                return Tracked(frame, face, stages.milliseconds)
            self._cuts.update(frame.image)
            descriptor = None
            if face is not None and abs(frame.captured_at - self._described_at) >= SAMPLE_INTERVAL:
                self._described_at = frame.captured_at
                descriptor = identity_descriptor(face, landmark_colours(frame.image, face))
        return Tracked(frame, face, stages.milliseconds, descriptor, self._cuts.scene)

    def act(self, tracked: Tracked) -> Result:
        """The second half: everything after the tracker, frames in their order.

        When another thread begins a step before this one has ended, because an actor stalls in it, this one changes
        nothing any more and raises RuntimeError.
        """
        step = self._step = object()
        options, actor, others = self.options, self.actor, self.others
        frame, face, stages = tracked.frame, tracked.face, StageTimer(tracked.stage_ms)
        if actor is None:
            return Result(frame, face, None, None, None, stages.milliseconds)
        user = None
        if tracked.scene != self._scene:
            self._scene = tracked.scene
            self.begin_shot(None)
        if face is not None:
            with stages("retarget"):
                self._users.update(tracked.descriptor, frame.captured_at, tracked.scene)
                user = self._neutral_for(face, frame)
        morph = options.morph if options.morph is not None and options.morph.share > 0 else None
        partner = () if morph is None else (morph.actor,)
        driven = self._driven_actors((actor, *others, *partner))
        given: list[DrivenLatent] = []
        for one in driven:
            if self._step is not step:
                raise RuntimeError("another step has taken the place of this one")
            given.append(one.drive(frame, face, user, options, stages))
        latent = _edited(given[0].latent, options)
        if morph is None:
            portraits = [driven[0].decode(latent, options, stages)]
        else:
            portraits = [self._morphed(driven[0], latent, driven[-1], given[-1].latent, options, morph.share, stages)]
        beside = zip(driven[1 : 1 + len(others)], given[1:], strict=False)
        portraits += [one.decode(its.latent, options, stages) for one, its in beside]
        portraits = [_shown(portrait, options) for portrait in portraits]
        crop, strange = given[0].crop, given[0].out_of_range
        return Result(frame, face, crop, portraits[0], latent, stages.milliseconds, strange, tuple(portraits[1:]))

    def _morphed(
        self,
        first: DrivenActor,
        a: Latent,
        partner: DrivenActor,
        b: Latent,
        options: StepOptions,
        share: float,
        stages: StageTimer,
    ) -> Portrait:
        """The picture between the first one's latent and the partner's of the same face, in the first one's size."""
        if self._morph is None or self._morph.a is not first.actor or self._morph.b is not partner.actor:
            self._morph = ActorMorph(first.actor, partner.actor)
        if options.freeze is None or partner.held is None:
            partner.held = b  # what is frozen belongs to the first one's latents: the partner waits with it
        with stages("decode"):
            behind, side = _behind_both(first, partner, share, options), first.actor.card.image_size
            return _of_side(self._morph.draw(a, partner.held, share, behind), side)

    def _driven_actors(self, actors: Sequence[Actor]) -> list[DrivenActor]:
        """One for each actor, in order: the one in use already, or a new one that starts from its own neutral."""
        if [driven.actor for driven in self._driven] != list(actors):
            pose = self._driven[0].motion.pose if self._driven else None
            waiting = list(self._driven)
            self._driven = []
            for actor in actors:
                found = next((driven for driven in waiting if driven.actor is actor), None)
                if found is not None:
                    waiting.remove(found)
                self._driven.append(found or DrivenActor(actor, pose))
        return self._driven

    def _neutral_for(self, face: Face, frame: Frame) -> Neutral:
        if self._capture_next:
            self._users.captured, self._capture_next = neutral_from_face(face), False
        return self._users.neutral_for(face, frame.captured_at, frame.still)


def _behind_both(a: DrivenActor, b: DrivenActor, share: float, options: StepOptions) -> Image | None:
    """What is behind the morph of two actors, as large as the larger one's pictures; None: their own plates."""
    side = max(a.actor.card.image_size, b.actor.card.image_size)
    first, second = a.behind(options, side), b.behind(options, side)
    if first is None or second is None or options.background.wanted.kind is not BackgroundKind.BLURRED:
        return second if first is None else first
    return mixed(first, second, share)


def _of_side(portrait: Portrait, side: int) -> Portrait:
    if len(portrait.image) == side:
        return portrait
    person = None if portrait.person is None else pixels.resize(portrait.person, side, side)
    return Portrait(pixels.resize(portrait.image, side, side), person)


def _shown(portrait: Portrait, options: StepOptions) -> Portrait:
    """The portrait mirrored if wanted, and the person by itself only where nothing is behind it."""
    image, person = portrait.image, portrait.person if options.background.wanted.transparent else None
    if options.mirror_output:
        image = np.ascontiguousarray(image[:, ::-1])
        person = None if person is None else np.ascontiguousarray(person[:, ::-1])
    return Portrait(image, person)


def _edited(latent: Latent, options: StepOptions) -> Latent:
    """The latent that is shown instead, when the user plays in latent space: frozen, offset, or as it is."""
    size = latent.values.shape
    if options.freeze is not None and options.freeze.values.shape == size:
        latent = options.freeze
    if options.offset is not None and options.offset.shape == size:
        latent = Latent(latent.values + options.offset)
    return latent
