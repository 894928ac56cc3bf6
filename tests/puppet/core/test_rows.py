"""N evenly spread rows."""

from __future__ import annotations

import numpy as np
import pytest

from puppet.core.rows import evenly_repeated, evenly_spread


def test_rows_are_spread_evenly_to_both_ends() -> None:
    assert evenly_spread(10, 4).tolist() == [0, 3, 6, 9]
    assert evenly_spread(3, 10).tolist() == [0, 1, 2]
    assert evenly_spread(0, 10).tolist() == []


@pytest.mark.parametrize(("count", "most"), [(2, 2), (7, 5), (1000, 999), (1000, 64), (12345, 256)])
def test_no_row_comes_twice(count: int, most: int) -> None:
    rows = evenly_spread(count, most)
    assert len(np.unique(rows)) == len(rows) == most
    assert rows[0] == 0
    assert rows[-1] == count - 1


def test_exactly_so_many_rows_repeat_some_when_there_are_fewer() -> None:
    assert evenly_repeated(3, 6).tolist() == [0, 0, 0, 1, 1, 2]
    assert evenly_repeated(10, 4).tolist() == [0, 3, 6, 9]
    assert evenly_repeated(6, 4).tolist() == [0, 1, 3, 5]
