"""Train networks that learn one actor: footage -> data set -> run; the registry of architectures.

The registry is lazy: naming an architecture costs nothing, building one imports torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from puppet.core.errors import DataError  # importing puppet prepares the process, before torch is loaded

if TYPE_CHECKING:
    from models.networks.base import ActorModel
    from models.networks.config import TrainConfig

ARCHITECTURES: dict[str, tuple[str, str]] = {  # name -> module and class
    "puppet": ("models.networks.puppet.model", "PuppetVAE"),
    "seed-int8": ("models.networks.seeds.int8", "SeedInt8"),
    "seed-kosta": ("models.networks.seeds.kosta", "SeedKosta"),
    "seed-mlp": ("models.networks.seeds.mlp", "SeedMlp"),
}


def build(config: TrainConfig) -> ActorModel:
    """A fresh model of the configured architecture; its weights come from torch's global generator.

    DataError when its sizes do not go together.
    """
    module, name = ARCHITECTURES[config.architecture]
    architecture = getattr(importlib.import_module(module), name)
    try:
        model = architecture(config.model)
    except (ValueError, ArithmeticError, RuntimeError) as error:
        raise DataError(f"no {config.architecture} network can have these sizes: {error}") from error
    model.mirror = config.mirror == "on"
    return model
