"""Pictures are written as a whole or not at all."""

from __future__ import annotations

import numpy as np
import pytest

from models.common.picture_writers import open_output
from puppet.core.errors import DataError


def test_a_half_written_hdf5_file_leaves_nothing(tmp_path):
    def fail():
        with open_output(tmp_path / "o.h5", 25) as write:
            write(np.zeros((4, 4, 3), np.uint8), 0.0)
            raise DataError("no more")

    with pytest.raises(DataError, match="no more"):
        fail()
    assert list(tmp_path.iterdir()) == []
