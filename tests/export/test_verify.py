"""The limits of parity."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="export needs the extra 'train'")

from export import ExportError
from export.verify import require_parity


def test_parity_names_everything_that_is_off():
    require_parity({"image_levels": 2.0, "points_px": 0.05})
    with pytest.raises(ExportError, match=r"points_px 0\.06 \(at most 0\.05\), mean_relative nan"):
        require_parity({"image_levels": 1.0, "points_px": 0.06, "mean_relative": float("nan")})
