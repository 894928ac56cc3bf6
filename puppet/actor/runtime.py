"""ONNX Runtime sessions of one actor file: Drive -> Latent -> Portrait. The only file in puppet/ importing onnxruntime.

The provider that is reported is the one ONNX Runtime really uses, and every loaded actor has drawn its golden picture
first: a provider that draws something else is not used.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from puppet import __version__
from puppet.actor import card as actor_card
from puppet.actor import trial
from puppet.actor.card import AGAIN, DECODER, ENCODER, GOLDEN_BLOCKS, LATENTS, PREVIEW, SUFFIX, ActorCard
from puppet.actor.graph.check import check_graph
from puppet.actor.latents import Latents, latents_from_bytes
from puppet.actor.warp import MeshWarp
from puppet.core import pixels
from puppet.core.errors import ActorFailedError, ActorFileError, ActorStalledError, PictureError, PuppetError
from puppet.core.providers import AUTO, CPU, PROVIDERS, short_name
from puppet.core.types import LANDMARKS, POSE_SIZE, AlignedCrop, Drive, Floats, Image, Latent, Portrait
from puppet.pictures.decode import decode_picture
from puppet.pictures.limits import Limits
from puppet.storage.folders import ASSETS, actors_folder

DEFAULT_ACTOR = "marble"
BUILT_IN = ASSETS / "actors"

PROVIDER_OPTIONS = {
    # exhaustive search (the default) makes the first frames slow; TF32 would move the picture off its golden twin
    "CUDAExecutionProvider": {"cudnn_conv_algo_search": "HEURISTIC", "use_tf32": "0"},
}
BATCH = "N"  # the free dimension's name in the graphs
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
        self, card: ActorCard, encoder: bytes, decoder: bytes, latents: Latents, provider: str = CPU, threads: int = 0
    ) -> None:
        """`provider` is ONNX Runtime's name; threads 0: as many as are sensible. Raises ActorFileError."""
        self.card = card
        self.name = card.name
        self.neutral = card.neutral
        self.needs_crop = "crop" in card.encoder_inputs
        self.latents = latents
        self.notice: str | None = None
        few = threads or (0 if self.needs_crop else 1)  # for landmarks waking a second thread costs more than it helps
        self._encoder = _session(card, ENCODER, encoder, provider, few)
        self._decoder = _session(card, DECODER, decoder, provider, threads)
        self.providers: list[str] = list(self._decoder.get_providers())
        self._lock = threading.Lock()
        self.busy_since: float | None = None
        self._warp: MeshWarp | None = None
        if card.triangles is not None and card.texture_points is not None:
            self._warp = MeshWarp(card.triangles, card.texture_points, card.image_size)
        _check_signature(card, self._encoder, self._decoder)

    def encode(self, drive: Drive, crop: AlignedCrop | None) -> Latent:
        """The posterior mean. `crop`: side `card.crop_size`, needed when `needs_crop`."""
        (mean,) = self._encoded(["mean"], drive, crop)
        return Latent(mean)

    def posterior(self, drive: Drive, crop: AlignedCrop | None) -> tuple[Floats, Floats]:
        """Mean and log variance, each f32 (D,); arguments as for `encode`."""
        mean, logvar = self._encoded(["mean", "logvar"], drive, crop)
        return mean, logvar

    def _encoded(self, outputs: list[str], drive: Drive, crop: AlignedCrop | None) -> list[Floats]:
        feed: dict[str, NDArray] = {}
        for name in self.card.encoder_inputs:
            if name == "crop":
                feed[name] = self._crop_input(crop)
            else:
                value = drive.landmarks if name == "landmarks" else drive.pose
                feed[name] = np.ascontiguousarray(value, np.float32)[None]
        return self._run(self._encoder, outputs, feed)

    def decode(self, latent: Latent) -> Portrait:
        """The picture of a point in latent space."""
        outputs = self._decoded(latent)
        return Portrait(pixels.swap_red_blue(*outputs)) if self._warp is None else self.draw(*outputs)

    def parts(self, latent: Latent) -> tuple[Image, Floats]:
        """Texture uint8 (T, T, 3) RGB and mesh points f32 (V, 3) px of a point in latent space.

        Raises ValueError for an actor that gives whole pictures.
        """
        if self._warp is None:
            raise ValueError(f"{self.name} has no mesh: its decoder gives whole pictures")
        texture, points = self._decoded(latent)
        return texture, points

    def draw(self, texture: Image, points: Floats) -> Portrait:
        """The picture of a texture over a mesh, both as from `parts`. Raises ValueError as that does."""
        if self._warp is None:
            raise ValueError(f"{self.name} has no mesh: its decoder gives whole pictures")
        with self._turn():
            return Portrait(pixels.swap_red_blue(self._warp.draw(texture, points)))

    def _decoded(self, latent: Latent) -> list[NDArray]:
        """What the decoder gives, in the card's order."""
        feed = {"latent": np.ascontiguousarray(latent.values, np.float32)[None]}
        return self._run(self._decoder, list(self.card.decoder_outputs), feed)

    def _run(self, session: ort.InferenceSession, outputs: list[str], feed: dict[str, NDArray]) -> list[NDArray]:
        with self._turn():
            try:
                return [np.asarray(value)[0] for value in session.run(outputs, feed)]
            except Exception as error:  # ONNX Runtime's own exceptions have no common base
                words = f"{self.name} cannot draw this ({_one_line(error)}); choose another actor"
                raise ActorFailedError(words, self) from error

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
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


def load_actor(path: Path, provider: str = AUTO, threads: int = 0) -> Actor:
    """Load, check and try out an actor file.

    provider: "auto" or a key of PROVIDERS; when another one has to be used, `Actor.notice` says why.
    threads: of ONNX Runtime on the CPU, 0 for a sensible number. Raises ActorFileError, or PuppetError for a provider
    that there is not.
    """
    path, began = Path(path), time.perf_counter()
    card, members, latents = _read_checked(path)
    wanted, notice = _choose_provider(provider)
    if path.resolve().parent != BUILT_IN.resolve():  # what came with the program has been tried out
        trial.prove(path, card, f"puppet {__version__}, ONNX Runtime {ort.__version__}")
    try:
        _decode_preview(members[PREVIEW])  # so that a list of actors can show it later
        actor = _try_out(card, members, latents, wanted, threads)
        if isinstance(actor, str):  # this provider cannot draw it; the CPU must
            notice = f"{short_name(wanted)} is not used: {actor}"
            actor = _try_out(card, members, latents, CPU, threads)
            if isinstance(actor, str):
                raise ActorFileError(f"{actor}; {AGAIN}")
    except (ActorFileError, PictureError) as error:
        raise ActorFileError(f"{path.name}: {error}") from error
    if actor.providers[0] != wanted and notice is None:
        notice = f"{short_name(wanted)} is not used: ONNX Runtime could not start it"
    actor.notice = notice
    seconds, told = time.perf_counter() - began, f"; {notice}" if notice else ""
    logger.info("actor '%s' loaded with %s in %.2f s%s", path, actor.providers[0], seconds, told)
    return actor


def try_actor(path: Path) -> ActorCard:
    """Load an actor on the CPU and draw its golden picture, in whatever process calls; the card of what was tried.

    Raises ActorFileError.
    """
    card, members, latents = _read_checked(path)
    try:
        _decode_preview(members[PREVIEW])
        actor = _try_out(card, members, latents, CPU, 0)
        if isinstance(actor, str):
            raise ActorFileError(f"{actor}; {AGAIN}")
        _exercise(actor)
    except (ActorFileError, ActorFailedError, PictureError) as error:
        raise ActorFileError(f"{path.name}: {error}") from error
    return card


def _exercise(actor: Actor) -> None:
    """Draw far from rest as well: what kills or hangs only when a head turns shall not wait for a live face."""
    random = np.random.default_rng(0)
    for turn in (1.0, -1.0, 3.0, -10.0):
        moved = actor.neutral + 0.1 * turn * random.standard_normal(actor.neutral.shape).astype(np.float32)
        pose = (turn * random.uniform(0.5, 9.0, POSE_SIZE)).astype(np.float32)
        actor.decode(actor.encode(Drive(moved, pose, 1.0), golden_crop(actor.card)))
        spread = actor.latents.std + np.float32(1)
        actor.decode(Latent(turn * spread * random.standard_normal(len(spread)).astype(np.float32)))


def _read_checked(path: Path) -> tuple[ActorCard, dict[str, bytes], Latents]:
    """An actor file after every check that needs no ONNX Runtime. Raises ActorFileError."""
    card, members = actor_card.read_actor(path)
    try:
        for name in (ENCODER, DECODER):
            _refuse_unsafe_graph(name, members[name])
        return card, members, _read_latents(card, members[LATENTS])
    except ActorFileError as error:
        raise ActorFileError(f"{path.name}: {error}") from error


def _try_out(card: ActorCard, members: dict[str, bytes], latents: Latents, provider: str, threads: int) -> Actor | str:
    """The actor when it draws its golden picture, otherwise the reason why not."""
    try:
        actor = Actor(card, members[ENCODER], members[DECODER], latents, provider, threads)
        difference = actor.golden_difference()
    except ActorFileError as error:
        if provider == CPU:
            raise
        return str(error)
    except Exception as error:  # ONNX Runtime's own exceptions have no common base
        return f"the self-test failed ({_one_line(error)})"
    if difference > card.golden.tolerance:
        return f"the self-test picture is off by {difference} levels, {card.golden.tolerance} are allowed"
    return actor


# --- finding actors ---


def list_actors() -> list[Path]:
    """Built-in actors and those in the user's folder, by name; a user's actor replaces a built-in of the same name."""
    found: dict[str, Path] = {}
    for folder in (BUILT_IN, actors_folder()):
        with contextlib.suppress(OSError):
            for path in sorted(folder.glob(f"*{SUFFIX}")):
                if path.is_file() and not path.name.startswith("."):
                    found[path.stem.casefold()] = path
    return [found[name] for name in sorted(found)]


def find_actor(name_or_path: str = DEFAULT_ACTOR) -> Path:
    """An actor by name (upper and lower case alike) or by file. Raises ActorFileError with the names there are."""
    path = Path(os.path.expanduser(name_or_path))
    if path.suffix == SUFFIX or len(path.parts) > 1 or os.path.isfile(path):  # pathlib's own raise for some names
        if not os.path.isfile(path):
            what = "a folder, not an actor file" if os.path.isdir(path) else "no such actor file"
            raise ActorFileError(f"{path}: {what}")
        return path
    actors = list_actors()
    for actor in actors:
        if actor.stem.casefold() == name_or_path.casefold():
            return actor
    names = ", ".join(actor.stem for actor in actors) or "none"
    raise ActorFileError(f"no actor is called {name_or_path!r}; there are: {names}. Put more into {actors_folder()}")


def read_preview(path: Path) -> Image:
    """The actor's preview, uint8 (H, W, 3) BGR, without loading the networks. Raises ActorFileError."""
    try:
        return _decode_preview(actor_card.read_member(path, PREVIEW))
    except PictureError as problem:
        raise ActorFileError(f"{path.name}: {problem}") from problem


def _decode_preview(data: bytes) -> Image:
    limits = Limits(actor_card.MAX_BYTES[PREVIEW], actor_card.MAX_SIDE**2, actor_card.MAX_SIDE)
    try:
        return decode_picture(data, ("PNG",), limits)
    except PictureError as problem:
        raise PictureError(f"{PREVIEW} is no picture that can be shown: {problem}; {AGAIN}") from problem


# --- the golden picture ---


def golden_crop(card: ActorCard) -> AlignedCrop | None:
    """The crop that the golden picture is made from when the encoder asks for pixels: a fixed smooth pattern."""
    if card.crop_size is None:
        return None
    ramp = np.linspace(64, 192, card.crop_size)
    channels = np.broadcast_arrays(ramp[:, None], ramp[None, :], (ramp[:, None] + ramp[None, ::-1]) / 2)
    return AlignedCrop(np.ascontiguousarray(np.stack(channels, -1).round().astype(np.uint8)), np.eye(2, 3))


def golden_means(image: Image) -> NDArray[np.uint8]:
    """Mean colour of 16 x 16 blocks: uint8 (S, S, 3) -> uint8 (16, 16, 3)."""
    means = cv2.resize(image.astype(np.float32), (GOLDEN_BLOCKS, GOLDEN_BLOCKS), interpolation=cv2.INTER_AREA)
    return np.rint(means).astype(np.uint8)


# --- sessions ---


def _session(card: ActorCard, name: str, graph: bytes, provider: str, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads or min(MAX_THREADS, os.cpu_count() or 1)
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.add_free_dimension_override_by_name(BATCH, 1)  # shapes are known then: CoreML wants that, others profit
    options.log_severity_level = 4  # what matters is raised or put into `notice`
    options.add_session_config_entry("session.load_model_format", "ONNX")  # never by what the content looks like
    # threads that spin while waiting take the cores from the tracker
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if provider == PROVIDERS["directml"]:
        options.enable_mem_pattern = False  # DirectML's own requirement
    providers: list[Any] = [(provider, PROVIDER_OPTIONS.get(provider, {}))]
    if provider != CPU:
        providers.append((CPU, {}))
    try:
        return ort.InferenceSession(graph, options, providers=providers)
    except Exception as error:  # ONNX Runtime's own exceptions have no common base
        raise ActorFileError(f"{name} cannot be run ({_one_line(error)}); {AGAIN}") from error


def _refuse_unsafe_graph(name: str, graph: bytes) -> None:
    try:
        check_graph(graph)
    except ValueError as error:
        raise ActorFileError(f"{name}: {error}; such a file is not loaded, {AGAIN}") from error


def _check_signature(card: ActorCard, encoder: ort.InferenceSession, decoder: ort.InferenceSession) -> None:
    """Names, types and shapes of the graphs against the card. Raises ActorFileError."""
    crop, size, side = card.crop_size, card.image_size, card.texture_size
    points = 0 if card.texture_points is None else len(card.texture_points)
    shapes = {
        "crop": ("tensor(uint8)", [crop, crop, 3]),
        "landmarks": ("tensor(float)", [LANDMARKS, 3]),
        "pose": ("tensor(float)", [POSE_SIZE]),
        "mean": ("tensor(float)", [card.latent_size]),
        "logvar": ("tensor(float)", [card.latent_size]),
        "latent": ("tensor(float)", [card.latent_size]),
        "image": ("tensor(uint8)", [size, size, 3]),
        "texture": ("tensor(uint8)", [side, side, 3]),
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


def _fits(shape: list | None, wanted: list, exact: bool) -> bool:
    """Does a declared shape [batch, *rest] allow batches of `wanted`? Sizes that are left open only if not `exact`."""
    if not shape:
        return not exact
    batch, *rest = shape
    open_sides = not exact
    return (
        (not isinstance(batch, int) or batch == 1)
        and len(rest) == len(wanted)
        and all(
            side == want or (open_sides and not isinstance(side, int)) for side, want in zip(rest, wanted, strict=True)
        )
    )


# --- providers ---


def _choose_provider(asked: str) -> tuple[str, str | None]:
    """What is asked for -> ONNX Runtime's name of the provider to try, and why it is another one, or None."""
    key = asked.casefold()
    if key != AUTO and key not in PROVIDERS:
        raise PuppetError(f"provider must be {AUTO}, {', '.join(PROVIDERS)}, not {asked!r}")
    there = ort.get_available_providers()
    if key == AUTO:
        for name in PROVIDERS.values():
            if name in there and (name != PROVIDERS["cuda"] or _nvidia_driver()):
                problem = _cuda_problem() if name == PROVIDERS["cuda"] else None
                if problem is None:
                    return name, None
                return CPU, f"CUDA is not used: {problem}"
        return CPU, None
    name = PROVIDERS[key]
    if name not in there:
        return CPU, f"{short_name(name)} is not used: this ONNX Runtime is built without it"
    if name == PROVIDERS["cuda"]:
        problem = "no NVIDIA driver was found" if not _nvidia_driver() else _cuda_problem()
        if problem is not None:
            return CPU, f"CUDA is not used: {problem}"
    return name, None


def _nvidia_driver() -> bool:
    """Is there a driver and a GPU behind it? Asked first: ONNX Runtime itself would complain on the terminal."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        count = ctypes.c_int(0)
        return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0
    except (OSError, AttributeError):
        return False


def _cuda_problem() -> str | None:
    """Load the CUDA and cuDNN libraries, also pip-installed ones; what is missing, or None."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):  # preload_dlls prints what it does not find
        ort.preload_dlls()
    missing = [line.split(":")[0].split()[-1] for line in said.getvalue().splitlines() if "Failed to load" in line]
    if not missing:
        return None
    return f"{Path(missing[0]).name} is missing; install the extra: pip install puppet-live[cuda]"


def _read_latents(card: ActorCard, data: bytes) -> Latents:
    try:
        return latents_from_bytes(data, card.latent_size)
    except ValueError as error:
        raise ActorFileError(f"{LATENTS} cannot be used: {_one_line(error)}; {AGAIN}") from error


def _listed(names: Any) -> str:
    return ", ".join(names) or "nothing"


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 200 else f"{text[:200]} ..."
