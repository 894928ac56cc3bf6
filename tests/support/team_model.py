"""What several processes train in tests/models/training/test_distributed.py. `register` makes the trainer know it.

The model draws no random number and has no batch norm, so that two halves of a batch teach it what the whole one does.
Its critic comes in late: until CRITIC_FROM its weights get no gradient and its loss is no term.

Also a script, for torchrun: `team_model.py DATA RUN CONFIG.json [--resume]`, CONFIG as of
`models.networks.config.to_json`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import tiny_model
import torch
from torch import Tensor, nn

import models
from models.networks import config, losses
from models.networks.base import to_network
from models.networks.config import TrainConfig, train_config
from models.training.distributed import team
from models.training.trainer import train
from puppet.core.errors import PuppetError

NAME = "team-test-model"
CRITIC_FROM = 0.5  # of the training


@dataclass(frozen=True)
class TeamConfig:
    """At call number `at` of the loss (counting from 1), process `rank` sends itself the signal `send`."""

    rank: int = 0
    at: int | None = None
    send: int = 0


def team_config(steps: int, model: TeamConfig = TeamConfig(), **changes) -> TrainConfig:
    plain = tiny_model.tiny_config(steps, **{"checkpoint_every": 5, "sheet_every": 10, **changes})
    return TrainConfig(**{**vars(plain), "architecture": NAME, "model": model})


class TeamModel(tiny_model.TinyModel):
    def __init__(self, config: TeamConfig) -> None:
        super().__init__(tiny_model.TinyConfig())
        self.planned = config
        self.neck = nn.Sequential(nn.Linear(3 * tiny_model.SIDE**2, 8), nn.Tanh())
        self.critic = nn.Linear(tiny_model.LATENT, 1)
        self.progress = torch.zeros(0)

    def fit_statistics(self, dataset, rows) -> None:
        if int(os.environ.get("RANK", "0")):
            raise RuntimeError("the first process fits, the others get what it has fitted")
        super().fit_statistics(dataset, rows)

    def make_batches(self, dataset, rows, augment: bool) -> tiny_model.TinyBatches:
        assert self.mean_picture.any(), "the first process's statistics are there before batches are made"
        return super().make_batches(dataset, rows, augment=False)

    def loss(self, batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        self.calls += 1
        if (self.calls, int(os.environ.get("RANK", "0"))) == (self.planned.at, self.planned.rank):
            os.kill(os.getpid(), self.planned.send)
        mean, logvar = self.encode(batch)
        made = self._decode(mean)
        terms = {
            "squared": losses.squared(made, to_network(batch["crop"])).mean(),
            "kl": 1e-3 * progress * losses.kl_to_standard_normal(mean, logvar).mean(),
        }
        return terms | ({"critic": 0.01 * self.critic(mean).square().mean()} if progress >= CRITIC_FROM else {})


def register() -> None:
    models.ARCHITECTURES[NAME] = (TeamModel.__module__, "TeamModel")
    config.MODEL_CONFIGS[NAME] = TeamConfig


if __name__ == "__main__":
    import team_model

    team_model.register()  # the importable module, not this script
    data, run, facts = (Path(argument) for argument in sys.argv[1:4])
    chosen = None if "--resume" in sys.argv else train_config(json.loads(facts.read_text()), str(facts))
    try:
        with team() as processes:
            train(data, run, chosen, driver_spec=str(data), team=processes)
    except PuppetError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGTERM)
