"""Actors in ONNX Runtime: Drive -> Latent -> Portrait.

The provider that is reported is the one ONNX Runtime really uses. Every actor draws its golden picture while it is
loaded; a provider that draws something else is not used.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from puppet import __version__
from puppet.actor import trial
from puppet.actor.card import ActorCard
from puppet.actor.catalogue import BUILT_IN, shown_name
from puppet.actor.contents import Contents, one_line_reason, read_contents
from puppet.actor.file import AGAIN, DECODER, ENCODER, members_of
from puppet.actor.golden import golden_crop, golden_means
from puppet.actor.latents import Latents
from puppet.actor.layers import FullTexture
from puppet.actor.signature import check_signature
from puppet.actor.warp import MeshWarp
from puppet.core import pixels
from puppet.core.errors import ActorFailedError, ActorFileError, ActorStalledError
from puppet.core.providers import AUTO, CPU, short_name
from puppet.core.types import POSE_SIZE, AlignedCrop, Drive, Floats, Image, Latent, Portrait
from puppet.inference.protocols import Session
from puppet.inference.providers import choose_provider
from puppet.inference.session import available_providers, open_session, preload_cuda, runtime_version

PATIENCE = 10.0  # s that a call may wait for the one before it
MAX_THREADS = 4  # more do not help networks of this size
logger = logging.getLogger(__name__)


class Actor:
    """One actor, ready to act. Calls are serialised; made by `load_actor`.

    A call that would wait for another one for more than PATIENCE seconds raises ActorStalledError. busy_since: when the
    call under way began, on time.monotonic; None while there is none. providers: what ONNX Runtime really uses, best
    first. notice: why it is not the one that was asked for, or None.
    """

    def __init__(
        self,
        card: ActorCard,
        encoder: bytes,
        decoder: bytes,
        latents: Latents,
        provider: str = CPU,
        threads: int = 0,
        detail: Image | None = None,
        plate: Image | None = None,
    ) -> None:
        """`provider` is ONNX Runtime's name; threads 0: as many as are sensible.

        detail, plate: as in `Contents`, whatever the card asks for. Raises ActorFileError.
        """
        self.card = card
        self.name = card.name
        self.neutral = card.neutral
        self.needs_crop = "crop" in card.encoder_inputs
        self.latents = latents
        self.notice: str | None = None
        few = threads or (0 if self.needs_crop else 1)  # for landmarks waking a second thread costs more than it helps
        self._encoder = _session(ENCODER, encoder, provider, few)
        self._decoder = _session(DECODER, decoder, provider, threads)
        self.providers: list[str] = list(self._decoder.get_providers())
        self._lock = threading.Lock()
        self.busy_since: float | None = None
        self._warp: MeshWarp | None = None
        if card.triangles is not None and card.texture_points is not None:
            points, size = card.texture_points, card.image_size
            self._warp = MeshWarp(card.triangles, points, size, card.openings, card.behind)
        self.plate = plate if card.layers and not card.keeps_background else None
        self._own_background = plate if card.keeps_background else None
        self._full: FullTexture | None = None
        if card.painted_size is not None and detail is not None:
            self._full = FullTexture(detail if card.layers else np.ascontiguousarray(detail[..., :3]))
        if (self._full is None) != (card.painted_size is None) or (plate is None and card.layers):
            raise ActorFileError(f"card asks for pictures that are missing: {', '.join(members_of(card))}; {AGAIN}")
        check_signature(card, self._encoder, self._decoder)

    def encode(self, drive: Drive, crop: AlignedCrop | None) -> Latent:
        """The posterior mean. `crop`: side `card.crop_size`, needed when `needs_crop`."""
        (mean,) = self._encoded(["mean"], drive, crop)
        return Latent(mean)

    def posterior(self, drive: Drive, crop: AlignedCrop | None) -> tuple[Floats, Floats]:
        """Mean and log variance, each f32 (D,); arguments as for `encode`."""
        mean, logvar = self._encoded(["mean", "logvar"], drive, crop)
        return mean, logvar

    def _encoded(self, outputs: list[str], drive: Drive, crop: AlignedCrop | None) -> list[Floats]:
        feed: dict[str, NDArray[Any]] = {}
        for name in self.card.encoder_inputs:
            if name == "crop":
                feed[name] = self._crop_input(crop)
            else:
                value = drive.landmarks if name == "landmarks" else drive.pose
                feed[name] = np.ascontiguousarray(value, np.float32)[None]
        return self._run(self._encoder, outputs, feed)

    def decode(self, latent: Latent, behind: Image | None = None) -> Portrait:
        """The picture of a point in latent space. behind: as for `draw`."""
        outputs = self._decoded(latent)
        if self._warp is None:
            return Portrait(pixels.swap_red_blue(*outputs))
        return self.draw(*outputs, behind=behind)

    def parts(self, latent: Latent) -> tuple[Image, Floats]:
        """What the decoder paints and mesh points f32 (V, 3) px of a point in latent space.

        Painted is uint8 (T, T, 3) RGB, the texture, or (P, P, 4) RGBA, colours premultiplied, where the card has a
        `painted_size`. Raises ValueError for an actor that gives whole pictures.
        """
        if self._warp is None:
            raise ValueError(f"{self.name} has no mesh: its decoder gives whole pictures")
        painted, points = self._decoded(latent)
        return painted, points

    def draw(self, painted: Image, points: Floats, behind: Image | None = None) -> Portrait:
        """The picture of what was painted over a mesh, both as from `parts`.

        behind: uint8 (S, S, 3) BGR, what a person is drawn over; the actor's own plate when None. Actors without layers
        ignore it. Raises ValueError as `parts` does.
        """
        person = self.drawn(painted, points)
        if self.plate is None:
            return Portrait(person)
        return Portrait(pixels.over(person, self.plate if behind is None else behind), person)

    def drawn(self, painted: Image, points: Floats) -> Image:
        """What `draw` lays over the background: uint8 (S, S, 4) BGRA.

        The whole picture (S, S, 3) of an actor that has no layers, or keeps its background.
        """
        if self._warp is None:
            raise ValueError(f"{self.name} has no mesh: its decoder gives whole pictures")
        with self._turn():
            texture = pixels.swap_red_blue(painted)
            if self._full is not None:
                texture = self._full.of(texture if self.card.layers else np.ascontiguousarray(texture[..., :3]))
            person = self._warp.draw(texture, points)
        return person if self._own_background is None else pixels.over(person, self._own_background)

    def _decoded(self, latent: Latent) -> list[NDArray[Any]]:
        """What the decoder gives, in the card's order."""
        feed = {"latent": np.ascontiguousarray(latent.values, np.float32)[None]}
        return self._run(self._decoder, list(self.card.decoder_outputs), feed)

    def _run(self, session: Session, outputs: list[str], feed: dict[str, NDArray[Any]]) -> list[NDArray[Any]]:
        with self._turn():
            try:
                return [np.asarray(value)[0] for value in session.run(outputs, feed)]
            except Exception as error:  # ONNX Runtime's own exceptions have no common base
                words = f"{self.name} cannot draw this ({one_line_reason(error)}); choose another actor"
                raise ActorFailedError(words, self) from error

    @contextlib.contextmanager
    def _turn(self) -> Generator[None, None, None]:
        if not self._lock.acquire(timeout=PATIENCE):
            raise ActorStalledError(f"{self.name} has not answered for {PATIENCE:.0f} s; choose another actor")
        try:
            self.busy_since = time.monotonic()
            yield
        finally:
            self.busy_since = None
            self._lock.release()

    def neutral_portrait(self) -> Portrait:
        """The actor at rest, facing the viewer: what the golden picture shows."""
        drive = Drive(self.neutral, np.zeros(POSE_SIZE, np.float32), 0.0)
        portrait = self.decode(self.encode(drive, golden_crop(self.card)))
        side = self.card.image_size
        if portrait.image.shape != (side, side, 3):
            raise ActorFileError(f"card says pictures of side {side}, it draws {portrait.image.shape}; {AGAIN}")
        return portrait

    def golden_difference(self) -> int:
        """Largest difference, in levels, of any block's mean colour from the card's golden picture."""
        means = golden_means(self.neutral_portrait().image).astype(int)
        return int(np.abs(means - self.card.golden.means).max())

    def _crop_input(self, crop: AlignedCrop | None) -> NDArray[np.uint8]:
        side = self.card.crop_size
        if crop is None or crop.image.shape != (side, side, 3):
            shape = None if crop is None else crop.image.shape
            raise ValueError(f"{self.name} acts from crops of side {side} px, got {shape}")
        return pixels.swap_red_blue(crop.image)[None]


def make_actor(contents: Contents, provider: str = CPU, threads: int = 0) -> Actor:
    """The actor of checked contents, not tested yet; see `Actor`. Raises ActorFileError."""
    c = contents
    return Actor(c.card, c.encoder, c.decoder, c.latents, provider, threads, c.detail, c.plate)


def versions() -> str:
    """Versions of everything that runs an actor."""
    return f"puppet {__version__}, ONNX Runtime {runtime_version()}"


def load_actor(path: Path, provider: str = AUTO, threads: int = 0) -> Actor:
    """Load, check and test an actor file.

    provider: "auto" or a key of PROVIDERS; when another one has to be used, `Actor.notice` says why. threads: of ONNX
    Runtime on the CPU, 0 for a sensible number. Raises ActorFileError, and PuppetError for an unknown provider.
    """
    path, began = Path(path), time.perf_counter()
    contents = read_contents(path)
    wanted, notice = choose_provider(provider, available_providers(), preload_cuda)
    if path.resolve().parent != BUILT_IN.resolve():  # what comes with the program has been tested
        trial.require_trial(path, contents.card, versions())
    try:
        actor = _tested(contents, wanted, threads)
        if isinstance(actor, str):  # this provider cannot draw it; the CPU must
            notice = f"{short_name(wanted)} is not used: {actor}"
            actor = _tested(contents, CPU, threads)
            if isinstance(actor, str):
                raise ActorFileError(f"{actor}; {AGAIN}")
    except ActorFileError as error:
        raise ActorFileError(f"{path.name}: {error}") from error
    if actor.providers[0] != wanted and notice is None:
        notice = f"{short_name(wanted)} is not used: ONNX Runtime could not start it"
    actor.name, actor.notice = shown_name(path, actor.name), notice
    seconds, remark = time.perf_counter() - began, f"; {notice}" if notice else ""
    logger.info("actor '%s' loaded with %s in %.2f s%s", path, actor.providers[0], seconds, remark)
    return actor


def try_actor(path: Path) -> ActorCard:
    """Load an actor on the CPU, in the calling process, and draw with it; the card of the file that was read.

    Draws the golden picture and pictures far from rest. Raises ActorFileError.
    """
    contents = read_contents(path)
    try:
        actor = _tested(contents, CPU, 0)
        if isinstance(actor, str):
            raise ActorFileError(f"{actor}; {AGAIN}")
        _draw_far_from_rest(actor)
    except (ActorFileError, ActorFailedError) as error:
        raise ActorFileError(f"{path.name}: {error}") from error
    return contents.card


def _draw_far_from_rest(actor: Actor) -> None:
    """So that a graph that crashes or hangs only when a head turns does not do so with a live face."""
    random = np.random.default_rng(0)
    for turn in (1.0, -1.0, 3.0, -10.0):
        moved = actor.neutral + 0.1 * turn * random.standard_normal(actor.neutral.shape).astype(np.float32)
        pose = (turn * random.uniform(0.5, 9.0, POSE_SIZE)).astype(np.float32)
        actor.decode(actor.encode(Drive(moved, pose, 1.0), golden_crop(actor.card)))
        spread = actor.latents.std + np.float32(1)
        actor.decode(Latent(turn * spread * random.standard_normal(len(spread)).astype(np.float32)))


def _tested(contents: Contents, provider: str, threads: int) -> Actor | str:
    """The actor when it draws its golden picture, otherwise the reason why not."""
    try:
        actor = make_actor(contents, provider, threads)
        difference = actor.golden_difference()
    except ActorFileError as error:
        if provider == CPU:
            raise
        return str(error)
    except Exception as error:  # ONNX Runtime's own exceptions have no common base
        return f"the self-test failed ({one_line_reason(error)})"
    tolerance = contents.card.golden.tolerance
    if difference > tolerance:
        return f"the self-test picture is off by {difference} levels, {tolerance} are allowed"
    return actor


def _session(name: str, graph: bytes, provider: str, threads: int) -> Session:
    try:
        return open_session(graph, provider, threads or min(MAX_THREADS, os.cpu_count() or 1))
    except Exception as error:  # ONNX Runtime's own exceptions have no common base
        raise ActorFileError(f"{name} cannot be run ({one_line_reason(error)}); {AGAIN}") from error
