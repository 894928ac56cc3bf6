"""How large driver and actor are side by side."""

from __future__ import annotations

import numpy as np
import pytest

from puppet.core.layout import Layout
from puppet.core.types import Frame, Portrait, Result
from puppet.output.compose import compose


def result(side: int) -> Result:
    """A planted actor of `side` px beside a driver of 160 x 90 px."""
    random = np.random.default_rng(side)
    driver, actor = (random.integers(0, 256, (*shape, 3), np.uint8) for shape in ((90, 160), (side, side)))
    return Result(Frame(driver, 0, 0.0), None, None, Portrait(actor), None)


@pytest.mark.parametrize(
    ("side", "height"), [(64, 128), (256, 512), (300, 512), (512, 512), (515, 514), (640, 640), (900, 900)]
)
def test_small_portraits_are_doubled_and_large_ones_are_not(side: int, height: int) -> None:
    made = compose(result(side), Layout.SIDE_BY_SIDE)
    assert made.shape == (height, 2 * round(160 * height / 90 / 2) + height, 3)


def test_a_large_portrait_keeps_its_pixels() -> None:
    both = result(512)
    assert both.portrait is not None
    np.testing.assert_array_equal(compose(both, Layout.SIDE_BY_SIDE)[:, -512:], both.portrait.image)


def test_a_height_that_is_asked_for_is_kept() -> None:
    assert compose(result(512), Layout.SIDE_BY_SIDE, 720).shape[0] == 720
