"""The latent space of a run: drawn through its latents as the network renders."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_dataset import write_dataset

from models.data.dataset import open_dataset
from models.latent.run_space import RunSpace
from models.networks.seeds.int8 import SeedInt8, SeedInt8Config

pytestmark = pytest.mark.usefixtures("one_torch_thread")


ROWS = np.arange(24)


def test_a_run_draws_through_its_latents_what_the_network_renders(tmp_path):
    import torch

    torch.manual_seed(0)
    model = SeedInt8(SeedInt8Config()).eval()
    space = RunSpace(model, "run", device="cpu")
    with open_dataset(write_dataset(tmp_path / "d.h5")) as dataset:
        batch = model.make_batches(dataset, ROWS, augment=False).batch(ROWS, torch.Generator())
        rendered = model.render(batch).numpy()
        assert np.abs(space.decode(space.encode(dataset, ROWS).mean).astype(int) - rendered).max() <= 1
        assert np.array_equal(space.originals(dataset, ROWS[5:9]), batch["crop"][5:9].numpy())
