"""Fixtures of the engine's tests."""

from __future__ import annotations

import pytest
import tiny_actor
from engine_fixtures import build  # noqa: F401

from puppet.actor.runtime import Actor, load_actor


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Actor:
    return load_actor(tiny_actor.tiny_actor(tmp_path_factory.mktemp("mesh") / "mesh.actor"), "cpu")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Actor:
    return load_actor(tiny_actor.tiny_actor(tmp_path_factory.mktemp("image") / "image.actor", "image"), "cpu")
