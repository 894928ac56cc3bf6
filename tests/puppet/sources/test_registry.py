"""What every kind of source promises, and which one a specification opens."""

import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from fake_cameras import fake_devices
from source_readers import frames_of
from video_fixtures import numbered

from puppet.core.errors import SourceError
from puppet.sources.devices import Devices
from puppet.sources.registry import DEMO_CLIP, SOURCES, SourceKind, open_source

# --------------------------------------------------------------------------------- every kind


def example(kind: SourceKind, clip: Path, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A specification that works here, for every kind in the registry; a new kind adds its own."""
    if kind.name == "url":
        return request.getfixturevalue("network_camera").url
    if kind.name == "pictures":
        for n in range(5):
            cv2.imwrite(str(tmp_path / f"{n}.png"), numbered(n))
        return str(tmp_path)
    if kind.name == "demo" and not DEMO_CLIP.exists():
        pytest.skip("the demo clip is not in the checkout")
    return {"demo": "demo", "video": str(clip), "camera": "HD Webcam"}[kind.name]


@pytest.mark.parametrize("paced", [True, False])
@pytest.mark.parametrize("kind", SOURCES, ids=lambda kind: kind.name)
def test_every_source_keeps_the_contract(kind: SourceKind, paced: bool, clip, tmp_path, request):
    spec = example(kind, clip, tmp_path, request)
    assert next(k for k in SOURCES if k.takes(spec)) is kind
    devices = fake_devices() if kind.name == "camera" else Devices()
    source = open_source(spec, paced=paced, devices=devices)
    times: list[float] = []
    assert source.read() is None  # not opened yet
    for _ in range(2):  # and again after closing
        frames = frames_of(source, 5)
        assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
        for frame in frames:
            assert frame.image.dtype == np.uint8
            assert frame.image.ndim == 3
            assert frame.image.shape[2] == 3
            assert not frame.image.flags.writeable
        times = [frame.captured_at for frame in frames]
        assert times == sorted(times)
        assert source.name
        assert 1 <= source.fps <= 240
        assert source.frame_count is None or source.frame_count >= 5
        source.close()  # closed already
        assert source.read() is None
    if source.live or paced:
        assert abs(times[-1] - time.perf_counter()) < 60  # the app's clock


def test_naming_nothing_is_an_error():
    with pytest.raises(SourceError, match="No source was named"):
        open_source(" ")
