"""Whatever lies in the arrays of Morphing Faces: numbers, or one line of what is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import export.__main__


@pytest.mark.parametrize(
    "content", [b"", b"\x93NUMPY", b"\x80\x04.", np.lib.format.MAGIC_PREFIX + b"\x01\x00\x10\x00{'descr': 'O'}"]
)
def test_hostile_arrays_of_morphing_faces_are_refused(tmp_path: Path, capsys, content: bytes) -> None:
    for name in ("W_0", "W_1", "W_2", "b_0", "b_1", "b_2"):
        (tmp_path / f"d_{name}.npy").write_bytes(content)
    out = tmp_path / "tfd.actor"
    assert export.__main__.main(["morphing-faces", str(tmp_path), "-o", str(out)]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert "cannot be read as an array" in said
    assert not out.exists()
