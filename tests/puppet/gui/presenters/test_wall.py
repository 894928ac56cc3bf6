"""Further actors that show the same face."""

from __future__ import annotations

from pathlib import Path

from planted_window import GREEN, GREY, colour_at, halves

from puppet.core.types import Portrait
from puppet.settings import Settings


def test_a_wall_of_puppets(make_gui, tmp_path):
    gui = make_gui().start()
    w = gui.window
    blue = Portrait(halves((255, 0, 0), (255, 0, 0), 32, 32))
    gui.wall = lambda others: (blue,) * len(others)
    ada = str(Path("actors/ada.actor"))
    w.side.fold([])
    gui.until(w.wall.isVisible)
    gui.click(w.wall.switches[ada])
    assert gui.saved[-1].wall == (ada,)
    gui.until(lambda: [other.name for other in gui.puppeteers[-1].others] == ["ada"])
    gui.until(lambda: len(w.pictures.wall) == 1 and w.pictures.wall[0].image is not None)
    assert colour_at(w.pictures.wall[0], 0.5) == (255, 0, 0)
    assert colour_at(w.actor_pane, 0.4) == GREY  # as in a mirror
    assert colour_at(w.actor_pane, 0.6) == GREEN
    gui.click(w.wall.switches[ada])
    gui.until(lambda: w.pictures.wall == [])
    assert gui.saved[-1].wall == ()


def test_the_wall_comes_back_at_the_next_start_without_actors_that_are_gone(make_gui, tmp_path):
    wall = (str(Path("actors/ada.actor")), "actors/gone.actor")
    gui = make_gui(Settings(recording_folder=str(tmp_path), wall=wall)).start()
    gui.until(lambda: [other.name for other in gui.puppeteers[-1].others] == ["ada"])
    assert gui.banners == []
