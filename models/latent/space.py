"""A latent space, of a trained run or of an actor file alike: rows of a data set go in, pictures of points come out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

from models.data.dataset import open_dataset
from models.networks.base import ActorModel, Index
from models.training import checkpoint
from models.training.trainer import choose_device
from puppet.actor.file import SUFFIX
from puppet.actor.latents import Latents, measure_latents
from puppet.actor.warp import MeshWarp
from puppet.core.errors import DataError
from puppet.core.progress import progress
from puppet.core.types import Floats, Image

if TYPE_CHECKING:
    from models.data.dataset import Dataset
    from models.data.driver_clip import DriverClip

CHUNK = 32  # frames at once
MEASURED_FRAMES = 1000  # of a data set at most, evenly spread, tell how it fills the space


@dataclass(frozen=True, eq=False)
class Posterior:
    """mean, logvar f32 (N, D)."""

    mean: Floats
    logvar: Floats


@dataclass(frozen=True)
class Training:
    """On what a run was trained. sha256: as in `run_folder.data_facts`; held_out: share of frames kept apart."""

    file: Path
    sha256: str
    held_out: float


class Space(Protocol):
    """What can be asked of every latent space. All pictures are uint8 (N, S, S, 3) RGB, S being `image_size`.

    name: for people. latents: how footage fills it, None where the file does not say. training: None for actor files.
    """

    name: str
    latent_size: int
    image_size: int
    latents: Latents | None
    training: Training | None

    def encode(self, dataset: Dataset, rows: Index) -> Posterior: ...

    def originals(self, dataset: Dataset, rows: Index) -> Image:
        """The true pictures, framed as `decode` draws them."""
        ...

    def follow(self, clip: DriverClip) -> Floats:
        """Posterior means f32 (N, D) of anybody's tracked frames, put on this actor."""
        ...

    def decode(self, points: Floats) -> Image:
        """f32 (N, D) -> pictures."""
        ...


class RunSpace:
    """A run's network, in torch."""

    latents: Latents | None = None

    def __init__(self, model: ActorModel, name: str, training: Training | None = None, device: str = "auto") -> None:
        self._device = choose_device(device)
        self._model = model.to(self._device).eval()
        self._decoder = model.inference_decoder().eval()
        self.name, self.training = name, training
        self.latent_size, self.image_size = model.latent_size, model.image_size
        self._warp: MeshWarp | None = None

    @torch.no_grad()
    def encode(self, dataset: Dataset, rows: Index) -> Posterior:
        means, logvars = [], []
        for chunk in chunks(rows):
            batch = self._model.make_batches(dataset, chunk, augment=False).batch(chunk, torch.Generator())
            mean, logvar = self._model.encode({name: value.to(self._device) for name, value in batch.items()})
            means.append(mean.cpu().numpy())
            logvars.append(logvar.expand(mean.shape).cpu().numpy())
        return Posterior(np.concatenate(means), np.concatenate(logvars))

    def originals(self, dataset: Dataset, rows: Index) -> Image:
        parts = [self._model.make_batches(dataset, c, augment=False).originals(c).numpy() for c in chunks(rows)]
        return np.concatenate(parts)

    @torch.no_grad()
    def follow(self, clip: DriverClip) -> Floats:
        batch = {name: value.to(self._device) for name, value in self._model.drive(clip).items()}
        return self._model.encode(batch)[0].cpu().numpy()

    @torch.no_grad()
    def decode(self, points: Floats) -> Image:
        pictures = []
        for chunk in chunks(points):
            made = self._decoder(torch.from_numpy(np.ascontiguousarray(chunk, np.float32)).to(self._device))
            if isinstance(made, tuple):
                texture, mesh = (part.cpu().numpy() for part in made)
                pictures += [self._mesh().draw(t, p) for t, p in zip(texture, mesh, strict=True)]
            else:
                pictures += list(made.cpu().numpy())
        return np.stack(pictures)

    def _mesh(self) -> MeshWarp:
        if self._warp is None:
            facts = self._model.exported_facts()
            self._warp = MeshWarp(facts["triangles"], facts["texture_points"], self.image_size)
        return self._warp


def open_space(where: str, which: str = "best", device: str = "auto") -> Space:
    """A run folder, an .actor file or the name of an installed actor. Raises PuppetError."""
    path = Path(where)
    if path.is_dir():
        model, facts = checkpoint.load_model(path, which)
        learnt_from = Training(Path(facts.data["file"]), facts.data["sha256"], facts.config.held_out)
        return RunSpace(model, path.resolve().name, learnt_from, device)
    if path.suffix != SUFFIX and len(path.parts) > 1:
        raise DataError(f"{where}: no such run folder, and not an {SUFFIX} file")
    from models.latent.actor_space import ActorSpace

    return ActorSpace(where)


def latents_of(space: Space, data: Path | None = None) -> Latents:
    """How footage fills a space: a data set that is named, otherwise what the actor file says or the run learnt from.

    Raises DataError when there is no data set to measure it with.
    """
    if data is None and space.latents is not None:
        return space.latents
    path = training_data(space, data)
    with open_dataset(path) as dataset:
        posterior = encode_with_progress(space, dataset, evenly(len(dataset), MEASURED_FRAMES))
    return measure_latents(posterior.mean, posterior.logvar)


def training_data(space: Space, data: Path | None = None) -> Path:
    """`data`, or the data set of a run. Raises DataError when neither is there."""
    if data is not None:
        return data
    if space.training is None:
        raise DataError(f"{space.name}: say with --data which data set to use")
    if not space.training.file.is_file():
        raise DataError(f"{space.training.file}: the run's data set is not there any more; say where it is with --data")
    return space.training.file


def encode_with_progress(space: Space, dataset: Dataset, rows: Index) -> Posterior:
    """As `space.encode`, told on the terminal."""
    parts = []
    with progress(total=len(rows), label=f"encoding with {space.name}", unit="frames") as bar:
        for chunk in chunks(rows):
            parts.append(space.encode(dataset, chunk))
            bar.update(len(chunk))
    return Posterior(np.concatenate([p.mean for p in parts]), np.concatenate([p.logvar for p in parts]))


def evenly(count: int, wanted: int) -> Index:
    """At most `wanted` of `count` rows, evenly spread, ascending."""
    return np.unique(np.linspace(0, count - 1, min(count, wanted)).round().astype(np.intp))


def chunks(values: np.ndarray) -> list[np.ndarray]:
    return [values[start : start + CHUNK] for start in range(0, len(values), CHUNK)]
