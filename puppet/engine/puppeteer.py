"""Frame in, Result out: track, align, retarget, encode, decode. No thread, no Qt."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from puppet.actor.expression_range import ExpressionRange
from puppet.actor.morph import ActorMorph
from puppet.core import pixels
from puppet.core.motion import BROWS_GAIN, EXPRESSION_GAIN, EYES_GAIN, MOUTH_GAIN, POSE_GAIN, SMOOTHING
from puppet.core.types import POSE_SIZE, AlignedCrop, Drive, Face, Floats, Frame, Latent, Portrait, Result
from puppet.engine.smoothing import OneEuro, Smoothed, smooth
from puppet.face import align
from puppet.face.cuts import CutDetector
from puppet.face.identity import identity_descriptor, landmark_colours
from puppet.face.neutral import SAMPLE_INTERVAL, Neutral, neutral_from_face
from puppet.face.retarget import Gains, Retargeter
from puppet.face.users import KnownUsers

if TYPE_CHECKING:
    from puppet.actor.runtime import Actor
    from puppet.face.protocols import Tracker


@dataclass(frozen=True, slots=True, eq=False)
class MorphInto:
    """The actor on stage turns into another one, who plays the same face. share 0: not at all, 1: wholly."""

    actor: Actor
    share: float


@dataclass(frozen=True, slots=True)
class StepOptions:
    """What the user can turn while it runs; swapped as one reference, read once per step.

    smoothing 0 (off) .. 1 (strong); gains 1 as the user moves, 0 not at all, 2 twice as much: of the whole face, of
    its regions (times that), and of the head, turning and moving; mirror_output flips the actor. offset f32 (D,) is
    added to the latent of every face (an attribute's direction); freeze: this latent is shown instead of any. Both
    belong to one actor, and are left out for one whose latents have another size. morph: whom the actor turns into.
    """

    smoothing: float = SMOOTHING.default
    expression_gain: float = EXPRESSION_GAIN.default
    eyes_gain: float = EYES_GAIN.default
    mouth_gain: float = MOUTH_GAIN.default
    brows_gain: float = BROWS_GAIN.default
    pose_gain: float = POSE_GAIN.default
    mirror_output: bool = False
    offset: Floats | None = None
    freeze: Latent | None = None
    morph: MorphInto | None = None

    @property
    def face_gains(self) -> Gains:
        return Gains(self.expression_gain, self.eyes_gain, self.mouth_gain, self.brows_gain)


# At smoothing 0.5. Lids move about 1 eye distance per second when they blink: their cut-off then is far above the
# frame rate, so that a blink stays a blink. The cut-offs at rest are high because FaceMesh smooths a little itself:
# lower ones (2.5 and 2 Hz) cost 0.02 to 0.06 of expression correlation on people who move little.
LANDMARK_FILTER = OneEuro(min_cutoff=6.0, beta=100.0)  # Hz, Hz per (eye distance / s)
DEGREES_PER_EYE_DISTANCE = 45.0  # a head that nods about its neck by 45 degrees moves the eyes about that far
_POSE_BETA = np.array([1, 1, 1] + [DEGREES_PER_EYE_DISTANCE] * 3, np.float32) * np.float32(0.8)
POSE_FILTER = OneEuro(min_cutoff=4.0, beta=_POSE_BETA)  # Hz, Hz per (degree / s), or per (eye distance / s), (1 / s)
LATENT_FILTER = OneEuro(min_cutoff=2.5, beta=4.0)  # Hz, Hz per (standard deviation / s); for actors that see pixels
SMOOTHING_OCTAVES = 4.0  # of cut-off between smoothing 0 and 1

HOLD = 0.4  # s the last expression is held when the face is lost
RELAX = 0.5  # s in which it then eases to the neutral
RETURN = 0.25  # s in which a face that came back takes over

# Movements that tell which latents belong to the head: degrees, eye distances, log size.
POSE_PROBE = np.array([5, 5, 5, 0.1, 0.1, 0.1], np.float32)


@dataclass(frozen=True, slots=True)
class _Motion:
    """What the next step must remember of the last ones."""

    landmarks: Smoothed | None = None
    pose: Smoothed | None = None
    latent: Smoothed | None = None
    driven: Latent | None = None  # last latent that a face asked for
    seen_at: float = -np.inf
    presence: float = 0.0  # 0 the actor's neutral .. 1 the user's expression
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Tracked:
    """A frame and the face that was seen in it, or None; milliseconds by stage.

    look: what tells of the face who it is (`identity.identity_descriptor`), where that was looked at; scene: number of the picture
    (`cuts.CutDetector`).
    """

    frame: Frame
    face: Face | None
    stage_ms: dict[str, float]
    look: Floats | None = None
    scene: int = 0


class Puppeteer:
    """One user's face on one actor, or on several. `track` and `close` belong to one thread, `act` to one, everything
    else to any.

    actor: who plays; others: who plays the same beside them (a wall of puppets). watchful: notice when another face
    comes, or another picture; not for who is told (`begin_shot`).
    """

    def __init__(
        self, tracker: Tracker, actor: Actor | None, options: StepOptions | None = None, watchful: bool = True
    ) -> None:
        self.options = options or StepOptions()
        self.actor = actor
        self.others: tuple[Actor, ...] = ()
        self._tracker = tracker
        self._watchful = watchful
        self._cuts = CutDetector()
        self._looked_at = -np.inf
        self._scene = 0  # of the last frame that was acted
        self._users = KnownUsers()
        self._capture_next = False
        self._roles: list[_Role] = []
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
        """Use a neutral that is known already (offline rendering looks at the whole clip first)."""
        self._users.captured = neutral

    def begin_shot(self, neutral: Neutral | None) -> None:
        """The next frame shows another picture: nothing is smoothed over from the last one. The neutral of whom it
        shows, None where that is not known or nobody is.
        """
        if neutral is not None:
            self._users.captured = neutral
        for role in self._roles:
            role.motion = _Motion()

    def reset_neutral(self) -> None:
        """Back to the automatic neutral."""
        self._users.captured, self._capture_next = None, False

    def forget_user(self) -> None:
        """Somebody else may be sitting there, or another camera be looking: nothing learned so far counts."""
        self._users, self._capture_next = KnownUsers(), False

    def close(self) -> None:
        """Free the tracker; call from the thread that called `track`."""
        self._tracker.close()

    def step(self, frame: Frame) -> Result:
        """Everything that happens to one frame. Never shows the frame's pixels in the portrait."""
        return self.act(self.track(frame))

    def track(self, frame: Frame) -> Tracked:
        """The first half. One thread may track a frame while another acts on the one before it."""
        stages = _Stages()
        with stages("track"):
            face = self._tracker.track(frame)
            if not self._watchful:
                return Tracked(frame, face, stages.milliseconds)
            self._cuts.update(frame.image)
            seen = None
            if face is not None and abs(frame.captured_at - self._looked_at) >= SAMPLE_INTERVAL:
                self._looked_at = frame.captured_at
                seen = identity_descriptor(face, landmark_colours(frame.image, face))
        return Tracked(frame, face, stages.milliseconds, seen, self._cuts.scene)

    def act(self, tracked: Tracked) -> Result:
        """The second half: everything after the tracker, frames in their order.

        When another thread begins a step before this one has ended, because an actor stalls in it, this one changes
        nothing any more and raises RuntimeError.
        """
        step = self._step = object()
        options, actor, others = self.options, self.actor, self.others
        frame, face, stages = tracked.frame, tracked.face, _Stages(tracked.stage_ms)
        if actor is None:
            return Result(frame, face, None, None, None, stages.milliseconds)
        user = None
        if tracked.scene != self._scene:
            self._scene = tracked.scene
            self.begin_shot(None)
        if face is not None:
            with stages("retarget"):
                self._users.update(tracked.look, frame.captured_at, tracked.scene)
                user = self._neutral_for(face, frame)
        morph = options.morph if options.morph is not None and options.morph.share > 0 else None
        partner = () if morph is None else (morph.actor,)
        roles = self._cast((actor, *others, *partner))
        asked = []
        for role in roles:
            if self._step is not step:
                raise RuntimeError("another step has taken the place of this one")
            asked.append(role.feel(frame, face, user, options, stages))
        latent = _edited(asked[0].latent, options)
        if morph is None:
            faces = [roles[0].decode(latent, stages)]
        else:
            faces = [self._turned(roles[0], latent, roles[-1], asked[-1].latent, options, morph.share, stages)]
        beside = zip(roles[1 : 1 + len(others)], asked[1:], strict=False)
        faces += [role.decode(wanted.latent, stages) for role, wanted in beside]
        if options.mirror_output:
            faces = [Portrait(np.ascontiguousarray(portrait.image[:, ::-1])) for portrait in faces]
        crop, strange = asked[0].crop, asked[0].out_of_domain
        return Result(frame, face, crop, faces[0], latent, stages.milliseconds, strange, tuple(faces[1:]))

    def _turned(
        self, first: _Role, a: Latent, partner: _Role, b: Latent, options: StepOptions, share: float, stages: _Stages
    ) -> Portrait:
        """The first one's latent on its way to the partner's of the same face, as large as the first one's pictures."""
        if self._morph is None or self._morph.a is not first.actor or self._morph.b is not partner.actor:
            self._morph = ActorMorph(first.actor, partner.actor)
        if options.freeze is None or partner.held is None:
            partner.held = b  # what is frozen belongs to the first one's latents: the partner waits with it
        with stages("decode"):
            image, side = self._morph.draw(a, partner.held, share).image, first.actor.card.image_size
            return Portrait(image if len(image) == side else pixels.resize(image, side, side))

    def _cast(self, actors: Sequence[Actor]) -> list[_Role]:
        """A role for each actor, in order: the one it has, or a new one that starts from its own neutral."""
        if [role.actor for role in self._roles] != list(actors):
            pose = self._roles[0].motion.pose if self._roles else None
            waiting = list(self._roles)
            self._roles = []
            for actor in actors:
                found = next((role for role in waiting if role.actor is actor), None)
                if found is not None:
                    waiting.remove(found)
                self._roles.append(found or _Role(actor, pose))
        return self._roles

    def _neutral_for(self, face: Face, frame: Frame) -> Neutral:
        if self._capture_next:
            self._users.captured, self._capture_next = neutral_from_face(face), False
        return self._users.neutral_for(face, frame.captured_at, frame.still)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a face asks of one actor."""

    latent: Latent
    crop: AlignedCrop | None
    out_of_domain: float | None


class _Role:
    """An actor on stage: what is computed once for it, and what its next step must remember.

    pose: where the smoothed head is, when this actor follows another one.
    """

    def __init__(self, actor: Actor, pose: Smoothed | None) -> None:
        self.actor = actor
        self.motion = _Motion(pose=pose)
        self.held: Latent | None = None  # as a partner of a morph: what is shown of it
        self._retargeter = Retargeter(actor.neutral, actor.card.response)
        self._rest = np.asarray(actor.latents.mean, np.float32)
        expression = np.ones(len(self._rest), bool)
        if not actor.needs_crop:
            still = np.zeros(POSE_SIZE, np.float32)
            self._rest = self._driven(still)
            for movement in np.diag(POSE_PROBE):
                expression &= np.abs(self._driven(movement) - self._rest) < 1e-6
        if not expression.any():  # an encoder that mixes all: then they can only be judged together
            expression[:] = True
        self._range = ExpressionRange(actor.latents, expression)

    def feel(
        self, frame: Frame, face: Face | None, user: Neutral | None, options: StepOptions, stages: _Stages
    ) -> _Asked:
        """user: the neutral of the face, None without one. Offset and freeze are not in it."""
        crop = strange = None
        if face is not None and user is not None:
            crop, driven, strange = self._drive(frame, face, user, options, stages)
            self.motion = _seen(self.motion, driven, frame.captured_at)
        else:
            self.motion = _unseen(self.motion, frame.captured_at)
        return _Asked(self._blend(), crop, strange)

    def decode(self, latent: Latent, stages: _Stages) -> Portrait:
        with stages("decode"):
            return self.actor.decode(latent)

    def _drive(
        self, frame: Frame, face: Face, user: Neutral, options: StepOptions, stages: _Stages
    ) -> tuple[AlignedCrop | None, Latent, float]:
        """The crop if there is one, what the face asks for within the actor's domain, and how far it lay outside."""
        at, motion, crop = frame.captured_at, self.motion, None
        with stages("align"):
            if self.actor.needs_crop:
                size = self.actor.card.crop_size or self.actor.card.image_size
                crop = align.cut(frame.image, align.upright_transform(face, size), size)
        with stages("retarget"):
            landmarks, pose = self._retargeter.drive(face, user, options.face_gains)
            smoothed = _filtered(motion.landmarks, landmarks, at, LANDMARK_FILTER, options.smoothing)
            posed = _filtered(motion.pose, pose, at, POSE_FILTER, options.smoothing)
            drive = Drive(smoothed.value, posed.value * np.float32(options.pose_gain), at)
        with stages("encode"):
            latent = self.actor.encode(drive, crop)
        filtered = None
        if crop is not None:
            filtered = _filtered(motion.latent, latent.values, at, LATENT_FILTER, options.smoothing)
            latent = Latent(filtered.value)
        latent, strange = self._range.ease(latent)
        self.motion = _Motion(smoothed, posed, filtered, latent, motion.seen_at, motion.presence, motion.at)
        return crop, latent, strange

    def _driven(self, pose: Floats) -> Floats:
        """The latent f32 (D,) of the actor's neutral face in a pose f32 (6,)."""
        return self.actor.encode(Drive(self.actor.neutral, pose, 0.0), None).values

    def _blend(self) -> Latent:
        """Between the actor's rest and what the user last asked for."""
        driven, presence = self.motion.driven, self.motion.presence
        if driven is None:
            return Latent(self._rest)
        share = np.float32(presence * presence * (3 - 2 * presence))
        return Latent(self._rest + share * (driven.values - self._rest))


def _edited(latent: Latent, options: StepOptions) -> Latent:
    """What is shown instead of a latent, when the user plays in latent space."""
    size = latent.values.shape
    if options.freeze is not None and options.freeze.values.shape == size:
        latent = options.freeze
    if options.offset is not None and options.offset.shape == size:
        latent = Latent(latent.values + options.offset)
    return latent


def _seen(motion: _Motion, driven: Latent, at: float) -> _Motion:
    elapsed = max(0.0, at - motion.at)
    first = not np.isfinite(motion.seen_at)  # at the start there is nothing to ease from
    presence = 1.0 if first else min(1.0, motion.presence + elapsed / RETURN)
    return _Motion(motion.landmarks, motion.pose, motion.latent, driven, at, presence, at)


def _unseen(motion: _Motion, at: float) -> _Motion:
    elapsed = max(0.0, at - motion.at)
    holding = at - motion.seen_at <= HOLD
    presence = motion.presence if holding else max(0.0, motion.presence - elapsed / RELAX)
    return _Motion(motion.landmarks, motion.pose, motion.latent, motion.driven, motion.seen_at, presence, at)


def _filtered(state: Smoothed | None, x: Floats, at: float, settings: OneEuro, strength: float) -> Smoothed:
    """One-Euro with the user's strength: each quarter of the slider halves or doubles the cut-offs; 0 is off."""
    if strength <= 0:
        return smooth(None, x, at, settings)
    factor = 2 ** (SMOOTHING_OCTAVES * (0.5 - strength))
    return smooth(state, x, at, OneEuro(settings.min_cutoff * factor, settings.beta * factor, settings.speed_cutoff))


class _Stages:
    """Milliseconds by stage name, after those that are known already."""

    def __init__(self, known: Mapping[str, float] | None = None) -> None:
        self.milliseconds: dict[str, float] = dict(known or {})

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.milliseconds[name] = self.milliseconds.get(name, 0.0) + (time.perf_counter() - begun) * 1e3
