"""Snapshots: PNG files that say what they are."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow
from planted_layers import transparent_result
from video_fixtures import numbered, result_of

from puppet.core.errors import RecordingError
from puppet.core.layout import Layout
from puppet.output.compose import compose
from puppet.output.snapshot import save_snapshot
from puppet.provenance.xmp import Provenance


def test_a_snapshot_is_the_composed_picture_and_says_what_it_is(tmp_path: Path):
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    first = save_snapshot(result_of(image), tmp_path / "shots", Provenance("marble"))
    second = save_snapshot(result_of(image), tmp_path / "shots", Provenance("marble"))
    assert first != second
    assert first.suffix == ".png"
    assert np.array_equal(cv2.imread(str(first)), image)  # pyright: ignore[reportArgumentType, reportCallIssue]
    assert b"Synthetic performance of the actor 'marble'" in first.read_bytes()


def test_a_snapshot_over_nothing_has_straight_alpha_and_says_what_it_is(tmp_path: Path):
    result = transparent_result(0)
    about = Provenance("marble", layout=Layout.ACTOR, badge=False)
    path = save_snapshot(result, tmp_path, about)
    with Pillow.open(path) as picture:
        assert picture.mode == "RGBA"
        seen = np.asarray(picture)
    np.testing.assert_array_equal(seen[..., 2::-1], compose(result, Layout.ACTOR, alpha=True)[..., :3])
    np.testing.assert_array_equal(seen[..., 3], result.portrait.person[..., 3])  # pyright: ignore
    assert b"Synthetic performance of the actor 'marble'" in path.read_bytes()
    assert b"trainedAlgorithmicMedia" in path.read_bytes()


def test_a_snapshot_into_nowhere_is_told(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(RecordingError, match=r"Cannot save .*file"):
        save_snapshot(result_of(numbered(1)), tmp_path / "file" / "shots", Provenance("marble"))
