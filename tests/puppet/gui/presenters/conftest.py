"""Fixtures of the presenters' tests."""

from __future__ import annotations

from live_actor import live, make_live  # noqa: F401
