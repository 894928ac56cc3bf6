"""Whatever is in a stored neutral: a neutral, or none."""

from __future__ import annotations

import numpy as np
import pytest
from hostile_inputs import npz

from puppet.core.types import HeadPose
from puppet.face.neutral import Neutral
from puppet.face.neutral_store import NeutralStore


def good_neutral() -> dict[str, np.ndarray]:
    return {
        "landmarks": np.zeros((478, 3), np.float32),
        "rotation": np.eye(3),
        "scale": np.array(80.0),
        "translation": np.zeros(3),
        "size": np.array([640, 480]),
        "made": np.array("2026-01-01"),
    }


@pytest.mark.parametrize(
    "changes",
    [
        *({"landmarks": np.full((478, 3), value)} for value in (np.nan, np.inf, 1e30)),
        *({"scale": np.array(value)} for value in (0.0, -1.0, 1e-300, 1e300, "x", True)),
        *({"size": np.array(value)} for value in ([0, 1], [-1, 5], [10**9, 1], ["a", "b"], [1.5])),
        *({"rotation": value} for value in (np.zeros((3, 3)), -np.eye(3), np.full((3, 3), 1e5))),
        {"made": np.array("\x1b[2J")},
        {"translation": np.zeros(4)},
    ],
)
def test_hostile_neutrals_are_none(tmp_path, changes):
    store = NeutralStore(tmp_path)
    path = store.file("Me", "Cam")
    path.write_bytes(npz(**good_neutral()))
    assert store.load("Me", "Cam") is not None
    path.write_bytes(npz(**{**good_neutral(), **changes}))
    assert store.load("Me", "Cam") is None


def test_neutrals_that_were_kept_before_are_read(tmp_path):
    store = NeutralStore(tmp_path)
    pose = HeadPose(np.eye(3), 80.0, np.zeros(3))
    store.save("Me", "C\udcff", Neutral(np.zeros((478, 3), np.float32), pose), (640, 480))
    found = store.load("Me", "C\udcff")
    assert found is not None
    assert found.size == (640, 480)
