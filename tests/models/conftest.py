"""Fixtures of several rooms of models."""

from planted_judge import bench  # noqa: F401
