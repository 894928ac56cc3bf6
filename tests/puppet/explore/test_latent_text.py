"""A latent as text comes back exactly; other text is refused."""

from __future__ import annotations

import numpy as np
import pytest

from puppet.core.errors import PuppetError
from puppet.explore.latent_text import from_text, to_text


def test_a_latent_as_text_comes_back_exactly():
    point = np.random.default_rng(0).standard_normal(96).astype(np.float32) * np.float32(1e-3)
    assert np.array_equal(from_text(to_text(point), 96), point)
    assert np.array_equal(from_text("[1, 2.5,-3e-1]", 3), np.array([1, 2.5, -0.3], np.float32))


@pytest.mark.parametrize(
    ("text", "why"),
    [("1 2", "2 numbers, 3 are needed"), ("1 2 3 4", "3 are needed"), ("", "0 numbers"), ("1 2 x", "'x'"),
     ("1 2 nan", "not finite"), ("1 2 1e9", "far too large"), ("latent of 2: 1 2", "2 numbers")],
)  # fmt: skip
def test_text_that_is_no_latent_is_refused(text, why):
    with pytest.raises(PuppetError, match=why):
        from_text(text, 3)
