"""A network camera, a clip, and hung cameras that are let go of."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_cameras import HANGING
from video_fixtures import NetworkCamera, numbered, write_video


@pytest.fixture(autouse=True)
def _no_camera_hangs_for_ever() -> Iterator[None]:
    HANGING.clear()
    yield
    HANGING.set()


@pytest.fixture
def network_camera() -> Iterator[NetworkCamera]:
    camera = NetworkCamera()
    yield camera
    camera.close()


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten pictures, 0 to 9, at 30 per second."""
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", [numbered(n) for n in range(10)])
