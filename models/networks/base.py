"""The interface of a network: what the trainer, the reconstructor and the exporter need of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import torch
from torch import Tensor, nn

from models.common.types import Batch, Index
from puppet.core.types import Image

if TYPE_CHECKING:
    from models.data.dataset import Dataset
    from models.data.driver_clip import DriverClip


class Batches(Protocol):
    """Rows of a data set as tensors on the CPU; made once per split, may cache what it computes."""

    def batch(self, rows: Index, generator: torch.Generator) -> Batch:
        """Tensors with leading dimension len(rows). All randomness (augmentation) comes from `generator` (CPU)."""
        ...

    def originals(self, rows: Index) -> Tensor:
        """The true pictures, uint8 (B, S, S, 3) RGB, framed as `render` draws them: for sheets and comparisons."""
        ...


class ActorModel(nn.Module, ABC):
    """A VAE of one actor. Everything it needs at inference lives in parameters and registered buffers."""

    best_metric: ClassVar[str] = "psnr"  # key of `evaluate`; the larger, the better
    encoder_inputs: ClassVar[tuple[str, ...]]  # of "crop" uint8 (N, S, S, 3) RGB, "landmarks" f32 (N, 478, 3) and
    # "pose" f32 (N, 6), those that `inference_encoder` takes, in its order
    latent_size: int  # D
    image_size: int  # side S of the rendered picture, px
    mirror: bool = False  # training shows mirrored frames too (models/networks/mirror.py); set before `fit_statistics`

    @abstractmethod
    def __init__(self, config: Any) -> None:
        """`config` is the architecture's own dataclass (models/networks/config.py).

        Buffers get their final shapes here, so that a checkpoint can be loaded.
        """
        super().__init__()

    def fit_statistics(self, dataset: Dataset, rows: Index) -> None:
        """Fit what no gradient learns (means, PCA ...) to the training rows, into buffers; once, before step 0.

        Raises DataError for footage that it cannot be fitted to.
        """
        return

    @abstractmethod
    def make_batches(self, dataset: Dataset, rows: Index, augment: bool) -> Batches:
        """Access to `rows` of the data set, `fit_statistics` having been called before.

        augment: training may see them otherwise than they are, mirrored if `mirror` is set; evaluation may not.
        """

    def encoder_inputs_of(self, dataset: Dataset, rows: Index) -> Batch:
        """What `encode` takes of rows of a data set, never mirrored."""
        return self.make_batches(dataset, rows, augment=False).batch(rows, torch.Generator().manual_seed(0))

    def oversample(self, dataset: Dataset, rows: Index) -> Index:
        """The rows of an epoch: `rows`, some of them several times, where the footage shows something too rarely.

        A function of the data set alone, so that resumed runs and all processes get the same rows.
        """
        return rows

    @abstractmethod
    def loss(self, batch: Batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        """Named scalar terms, already weighted: their sum is minimised and each is logged.

        progress: 0 at the start of training, 1 at its end (by steps or time), for weights that change.
        generator: CPU; draw posterior noise with `standard_normal`, so that a resumed run repeats it.
        """

    @abstractmethod
    def encode(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Posterior mean and logvar, each f32 (B, D), of a `make_batches` or `drive` batch."""

    @abstractmethod
    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        """Metrics of held-out pictures, each f32 (B,), from the posterior mean; called in eval mode, no gradient."""

    def pictures(self, latent: Tensor) -> Tensor:
        """The actor at points of the latent space f32 (B, D), uint8 (B, S, S, 3) RGB, as the app draws it."""
        return self.inference_decoder()(latent)

    @abstractmethod
    def render(self, batch: Batch) -> Tensor:
        """The actor, uint8 (B, S, S, 3) RGB, from the posterior mean; takes `make_batches` and `drive` batches."""

    @abstractmethod
    def drive(self, clip: DriverClip) -> Batch:
        """An unseen person's tracked frames -> a batch for `render` (retargeted, or cropped for the encoder)."""

    @abstractmethod
    def inference_encoder(self) -> nn.Module:
        """For export: positional inputs named by `encoder_inputs` -> (mean, logvar) f32 (N, D); normalises inside."""

    @abstractmethod
    def inference_decoder(self) -> nn.Module:
        """For export: latent f32 (N, D) -> image uint8 (N, S, S, 3) RGB, or the tuple (texture, points)."""

    def exported_facts(self) -> dict[str, Any]:
        """Fields of the actor card (puppet/actor/card.py) that only the architecture knows.

        neutral f32 (478, 3), and kind, crop_size, texture_size, painted_size, layers, triangles, texture_points as they
        apply.
        """
        return {}

    def exported_layers(self) -> tuple[Image | None, Image | None]:
        """Fine detail uint8 (T, T, 4) RGBA and plate uint8 (S, S, 3) RGB; None for what the model lacks."""
        return None, None


def standard_normal(like: Tensor, generator: torch.Generator) -> Tensor:
    """N(0, 1) of the shape of `like`, drawn on the CPU and moved: the same numbers on every device."""
    return torch.randn(like.shape, generator=generator, dtype=like.dtype).to(like.device)


def to_network(picture: Tensor) -> Tensor:
    """uint8 (B, H, W, 3) -> float (B, 3, H, W) in [0, 1]."""
    return picture.permute(0, 3, 1, 2).float() / 255


def to_picture(x: Tensor) -> Tensor:
    """Float (B, 3, H, W), clamped to [0, 1] -> uint8 (B, H, W, 3)."""
    return (x.clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1)
