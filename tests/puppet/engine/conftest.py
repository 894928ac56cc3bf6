"""Fixtures of the engine's tests."""

from engine_fixtures import build  # noqa: F401
