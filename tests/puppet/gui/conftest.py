"""Fixtures of the window's tests."""

from planted_window import gui, make_gui  # noqa: F401
