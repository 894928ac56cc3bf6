"""Fixtures of the explorer's tests."""

from __future__ import annotations

import pytest
from explorer_user import User, bookmark, point


@pytest.fixture
def user(qtbot, tmp_path) -> User:
    return User(qtbot, tmp_path)


@pytest.fixture
def two_places(user: User) -> User:
    """The bookmarks left and right, chosen as the ends of a morph of one second."""
    user.window.tabs.setCurrentIndex(2)
    bookmark(user, "left", point(d0=-1))
    bookmark(user, "right", point(d0=1))
    user.choose(user.window.morph.start, "left")
    user.choose(user.window.morph.end, "right")
    user.choose(user.window.morph.seconds, "1 s")
    return user
