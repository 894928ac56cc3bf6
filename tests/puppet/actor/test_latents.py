"""latents.npz: what is written comes back, anything else is refused."""

from __future__ import annotations

import dataclasses
import io
import zipfile

import numpy as np
import pytest
import tiny_actor as tiny
from planted_latents import planted_latents

from puppet.actor.latents import latents_from_bytes, latents_to_bytes


@pytest.mark.parametrize("garbage", [b"", b"PK nothing", b"\x80\x04."])
def test_garbage_in_place_of_latents_is_refused(garbage):
    with pytest.raises(ValueError, match="not an npz file"):
        latents_from_bytes(garbage, 8)


def test_inflating_latents_are_refused():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mean.npy", bytes(65 << 20))
    with pytest.raises(ValueError, match="too large"):
        latents_from_bytes(buffer.getvalue(), 8)


def test_latents_come_back_and_only_what_is_optional_may_lack():
    latents = tiny.tiny_latents(5)
    back = latents_from_bytes(latents_to_bytes(latents), 5)
    for name in ("mean", "std", "axes", "kl", "samples"):
        assert np.array_equal(getattr(back, name), getattr(latents, name))
    assert list(back.directions) == ["smile"]
    buffer = io.BytesIO()
    np.savez(buffer, mean=np.zeros(5), std=np.ones(5))
    few = latents_from_bytes(buffer.getvalue(), 5)
    assert few.axes.shape == few.samples.shape == (0, 5)
    with pytest.raises(ValueError, match=r"mean is float64 \(5,\)"):
        latents_from_bytes(buffer.getvalue(), 6)
    wrong = dataclasses.replace(latents, std=np.full(5, np.nan, np.float32))
    with pytest.raises(ValueError, match="std is .* not finite"):
        latents_from_bytes(latents_to_bytes(wrong), 5)


def test_useful_dimensions_come_back_from_the_file_and_nonsense_does_not():
    latents = planted_latents(useful=np.array([3, 1], np.int32))
    assert latents_from_bytes(latents_to_bytes(latents), 6).useful.tolist() == [3, 1]
    assert latents_from_bytes(latents_to_bytes(planted_latents()), 6).useful.tolist() == []
    for wrong in ([6], [-1], [1, 1], [[1, 3]]):
        with pytest.raises(ValueError, match="useful does not name dimensions"):
            latents_from_bytes(latents_to_bytes(planted_latents(useful=np.array(wrong))), 6)
