"""An architecture of a few hundred parameters that uses everything a resumed run has to repeat: augmentation, posterior
noise, dropout, batch norm. `register` makes the trainer know it.

Also a script: `python tiny_model.py DATA RUN STEPS KILL_AT` trains and kills itself (SIGKILL) in the middle of a step.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import models
from models.networks import config, losses
from models.networks.base import ActorModel, standard_normal, to_network, to_picture
from models.networks.config import TrainConfig

NAME = "tiny-test-model"
SIDE = 8  # px
LATENT = 3


@dataclass(frozen=True)
class TinyConfig:
    latent_size: int = LATENT
    nan_at_call: int | None = None  # the loss is not a number from this call on, counting from 1
    kill_at_call: int | None = None


def tiny_config(steps: int | None = 40, model: TinyConfig = TinyConfig(), **changes) -> TrainConfig:
    settings = {"batch_size": 4, "learning_rate": 3e-3, "warmup_steps": 5, "schedule": "cosine", "gradient_clip": 1.0}
    settings |= {"ema_decay": 0.9, "log_every": 1, "evaluate_every": 5, "sheet_every": 20, "checkpoint_every": 10}
    return TrainConfig(NAME, model, steps=steps, **{**settings, "held_out": 0.25, "seed": 7, **changes})  # pyright: ignore


class TinyModel(ActorModel):
    encoder_inputs = ("crop",)

    def __init__(self, config: TinyConfig) -> None:
        super().__init__(config)
        self.config, self.latent_size, self.image_size = config, config.latent_size, SIDE
        self.calls = 0
        self.neck = nn.Sequential(nn.Linear(3 * SIDE * SIDE, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2))
        self.head = nn.Linear(8, 2 * config.latent_size)
        self.out = nn.Linear(config.latent_size, 3 * SIDE * SIDE)
        self.mean_picture: Tensor
        self.register_buffer("mean_picture", torch.zeros(3, SIDE, SIDE))

    def fit_statistics(self, dataset, rows) -> None:
        small = F.avg_pool2d(to_network(torch.from_numpy(dataset.images(rows))), dataset.size // SIDE)
        self.mean_picture.copy_(small.mean(0))

    def make_batches(self, dataset, rows, augment: bool) -> TinyBatches:
        return TinyBatches(dataset, augment)

    def encode(self, batch) -> tuple[Tensor, Tensor]:
        mean, logvar = self.head(self.neck(to_network(batch["crop"]).flatten(1))).chunk(2, dim=1)
        return mean, logvar

    def _decode(self, latent: Tensor) -> Tensor:
        return self.mean_picture + self.out(latent).view(-1, 3, SIDE, SIDE)

    def loss(self, batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        self.calls += 1
        if self.calls == self.config.kill_at_call:
            os.kill(os.getpid(), signal.SIGKILL)
        mean, logvar = self.encode(batch)
        made = self._decode(mean + (logvar / 2).exp() * standard_normal(mean, generator))
        broken = self.config.nan_at_call is not None and self.calls >= self.config.nan_at_call
        return {
            "squared": losses.squared(made, to_network(batch["crop"])).mean() * (float("nan") if broken else 1.0),
            "kl": 1e-3 * progress * losses.kl_to_standard_normal(mean, logvar).mean(),
        }

    def evaluate(self, batch) -> dict[str, Tensor]:
        return {"psnr": losses.psnr(self._decode(self.encode(batch)[0]), to_network(batch["crop"]))}

    def render(self, batch) -> Tensor:
        return to_picture(self._decode(self.encode(batch)[0]))

    def drive(self, clip) -> dict[str, Tensor]:
        return {"crop": torch.from_numpy(clip.upright_crops(SIDE))}

    def inference_encoder(self) -> nn.Module:
        raise NotImplementedError

    def inference_decoder(self) -> nn.Module:
        raise NotImplementedError


class TinyBatches:
    def __init__(self, dataset, augment: bool) -> None:
        self._dataset, self._augment = dataset, augment

    def batch(self, rows, generator: torch.Generator) -> dict[str, Tensor]:
        crop = self.originals(rows)
        if self._augment:
            crop = (crop.int() + torch.randint(-5, 6, (len(rows), 1, 1, 3), generator=generator)).clamp(0, 255).byte()
        return {"crop": crop}

    def originals(self, rows) -> Tensor:
        step = self._dataset.size // SIDE
        return torch.from_numpy(np.ascontiguousarray(self._dataset.images(rows)[:, ::step, ::step]))


def register() -> None:
    models.ARCHITECTURES[NAME] = (TinyModel.__module__, "TinyModel")
    config.MODEL_CONFIGS[NAME] = TinyConfig


if __name__ == "__main__":
    from tiny_model import TinyConfig as Config  # the registered module, not this script
    from tiny_model import register as register_module
    from tiny_model import tiny_config as configure

    from models.training.trainer import train

    register_module()
    data, run, steps, kill_at = sys.argv[1:]
    train(Path(data), Path(run), configure(int(steps), Config(kill_at_call=int(kill_at))), driver_spec=data, threads=1)
