"""Servers and videos for the tests of network sources."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hostile_servers import Answer, Canary, Server
from video_fixtures import ffmpeg, numbered, write_video


@pytest.fixture
def canary() -> Iterator[Canary]:
    """Nobody is asked but whom the user named."""
    canary = Canary()
    yield canary
    time.sleep(0.05)
    asked = canary.asked
    canary.close()
    assert asked == 0


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], Server]]:
    servers: list[Server] = []

    def make(answer: Answer) -> Server:
        servers.append(Server(answer))
        return servers[-1]

    yield make
    for server in servers:
        server.close()


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures 0 to 89, 30 a second, the index at the end."""
    folder = tmp_path_factory.mktemp("film")
    write_video(folder / "made.mp4", [numbered(n) for n in range(90)])
    ffmpeg("-i", folder / "made.mp4", "-c", "copy", "-movflags", "-faststart", folder / "film.mp4")
    ffmpeg("-i", folder / "made.mp4", "-c", "copy", "-movflags", "+faststart", folder / "early.mp4")
    ffmpeg("-i", folder / "made.mp4", "-c:v", "libx264", "-g", "10", "-bf", "0", folder / "film.ts")
    return folder / "film.mp4"
