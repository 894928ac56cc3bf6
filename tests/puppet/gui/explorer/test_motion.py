"""The random walk, and morphs that are played."""

from __future__ import annotations

import numpy as np
from explorer_user import point
from planted_window import ROOM


def test_a_random_walk_goes_on_until_it_is_stopped(user):
    walk = user.window.face.buttons["w"]
    user.click(walk)
    assert walk.text() == "Stop"
    user.qtbot.waitUntil(lambda: np.count_nonzero(user.window.exploration.shown) > 0, timeout=ROOM)
    first = user.window.exploration.shown
    user.qtbot.waitUntil(lambda: np.abs(user.window.exploration.shown - first).max() > 0.2, timeout=ROOM)
    user.hover(1, 1)  # the mouse does not disturb it
    user.click(walk)
    here = user.somewhere()
    assert walk.text() == "Walk"
    assert np.abs(here).max() < 1.6
    assert not here[[2, 4, 5, 6, 7]].any()  # along the useful ones alone
    user.type("u")
    user.sees(point())  # the whole walk is one step


def test_a_morph_is_played_from_one_bookmark_to_another(two_places):
    user = two_places
    user.type("0")
    user.sees(point())
    seen = []
    user.window.worker.drawn.connect(lambda latent, _: seen.append(float(latent[0])))
    user.click(user.window.morph.play)
    user.sees(point(d0=1))
    assert (np.diff(seen) >= 0).all()
    assert len(seen) > 3
    user.click(user.window.face.buttons["u"])  # the morph was a look, not a step: back to before the reset
    user.sees(point(d0=1))
