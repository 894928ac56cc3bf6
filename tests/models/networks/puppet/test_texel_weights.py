"""How much a texel counts."""

from __future__ import annotations

import pytest

from models.networks.puppet.model import PuppetVAE
from models.networks.puppet.texel_weights import EYE_LOSS, MOUTH_LOSS
from puppet.head.vertices import EYEBALLS

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def test_what_lies_behind_the_skin_counts_like_the_region_that_shows_it(fitted: PuppetVAE) -> None:
    weight = fitted.loss_weight[0, 0].numpy()
    right, left, upper, lower = fitted.texture_points[EYEBALLS:].split([4, 4, 4, 6])
    for corners, counts in ((right, EYE_LOSS), (left, EYE_LOSS), (upper, MOUTH_LOSS), (lower, MOUTH_LOSS)):
        x, y = corners.mean(0).round().int().tolist()
        assert weight[y, x] == pytest.approx(1 + counts, abs=0.2)
