"""The running mean of the weights."""

from __future__ import annotations

import pytest
import torch

from models.training.ema import Ema


def test_ema_is_the_planted_mean():
    model = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.zeros_(model.weight)
    ema = Ema(model, 0.5)
    torch.nn.init.ones_(model.weight)
    ema.update(model, step=1)  # (1 + 1) / (10 + 1) is below 0.5
    assert ema.tensors["weight"].item() == pytest.approx(1 - 2 / 11)
    with ema.applied(model):
        assert model.weight.item() == pytest.approx(1 - 2 / 11)
    assert model.weight.item() == 1.0
