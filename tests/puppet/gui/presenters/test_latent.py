"""Playing in latent space in the real window: a planted face drives tiny actors through the real pipeline.

Latent 0 of a tiny actor is yaw / 30 and moves its square 8 px to the right; smile is latent 3, which brightens.
"""

from __future__ import annotations

import numpy as np
from live_actor import ASKED
from PyQt6.QtCore import Qt
from tiny_actor import tiny_actor

from puppet.actor.runtime import load_actor
from puppet.commands.services import consent_of
from puppet.core.types import Latent
from puppet.gui.kit.qimage import to_qimage
from puppet.gui.live.latent_panel import NOBODY
from puppet.media.recorder import Recording

# --- attributes on top of the performance ---


def test_an_attribute_is_added_to_whatever_the_face_does(live):
    smile = live.panel.attributes.sliders["smile"]
    assert smile.isVisible()
    assert smile.slider.accessibleName() == "Smile"
    assert live.panel.attributes.sliders["look_left"].slider.accessibleName() == "Look left"
    live.shows(0.5)
    live.slide(smile, 50)
    live.shows(0.5, 0, 0, 1)
    live.look(-15)
    live.shows(-0.5, 0, 0, 1)
    live.slide(live.panel.attributes.sliders["look_left"], 25)
    live.shows(-1, 0, 0, 1)
    live.click(live.panel.reset)
    live.shows(-0.5)
    assert smile.value == 0


def test_what_is_recorded_has_the_attribute_too(live):
    live.slide(live.panel.attributes.sliders["smile"], 100)
    live.shows(0.5, 0, 0, 2)
    taken = []
    live.controller.record()
    take = live.takes[-1]
    take.write = taken.append
    live.until(lambda: len(taken) > 2)
    point = live.rest + ASKED
    point[3] += 2
    actor = load_actor(live.files[0], "cpu")
    assert np.array_equal(taken[-1].portrait.image, actor.decode(Latent(point)).image)
    take.recording = Recording(take.path, 1, 0.1, 0, 0)


def test_attributes_are_there_only_where_the_actor_has_some(live):
    live.slide(live.panel.attributes.sliders["smile"], 50)
    live.choose(live.window.actor.box, "plain")
    live.until(lambda: not live.panel.attributes.isVisible())
    assert not live.panel.reset.isVisible()
    assert live.panel.frozen.isVisible()
    live.shows(0.5)  # nothing of the old actor's is added
    live.choose(live.window.actor.box, "two")
    live.until(live.panel.attributes.isVisible)
    assert live.panel.attributes.sliders["smile"].value == 0


# --- freeze, and explore around it ---


def test_a_frozen_face_stays_and_attributes_still_change_it(live):
    smile = live.panel.attributes.sliders["smile"]
    live.slide(smile, 50)
    live.shows(0.5, 0, 0, 1)
    live.click(live.panel.frozen)
    live.look(-30)
    live.slide(smile, 50)
    live.shows(0.5, 0, 0, 2)
    live.click(live.panel.frozen)
    live.shows(-1, 0, 0, 2)


def test_the_page_explore_is_made_when_it_is_first_looked_at(live):
    assert live.controller.latent.explorer is None
    tabs = live.window.tabs
    place = [tabs.tabData(index) for index in range(tabs.count())].index("explore")
    live.press(Qt.Key(Qt.Key.Key_1 + place), Qt.KeyboardModifier.ControlModifier)
    live.until(lambda: live.controller.latent.explorer is not None)
    explorer = live.explorer
    assert explorer.actor is live.engine.actor
    live.until(lambda: explorer.pane.image is not None)
    live.window.show_page("live")
    drawn = explorer.worker.decoded
    live.choose(live.window.actor.box, "two")
    live.until(lambda: live.engine.status().actor == "two")
    assert explorer.worker.decoded == drawn
    live.window.show_page("explore")
    live.until(lambda: explorer.actor is live.engine.actor and explorer.pane.image is not None)
    live.qtbot.keyClick(explorer.pane, Qt.Key.Key_Q)
    assert live.window.page == "live"


def test_videos_of_the_page_carry_the_badge_that_the_outputs_say(live):
    live.window.show_page("explore")
    morph = live.explorer.morph
    for row, words in enumerate((b"Visible badge: on", b"Visible badge: switched off by the user")):
        live.click(morph.export)
        live.until(lambda row=row: morph.export.text() != "Stop" and len(list(live.folder.glob("*-morph*.mp4"))) > row)
        newest = max(live.folder.glob("*-morph*.mp4"), key=lambda path: path.stat().st_mtime_ns)
        assert words in newest.read_bytes()
        live.click(live.window.output.badge)


def test_the_live_expression_is_frozen_explored_around_and_shown_live(live):
    live.slide(live.panel.attributes.sliders["smile"], 50)
    live.shows(0.5, 0, 0, 1)
    live.click(live.panel.frozen)
    live.click(live.panel.explore)
    assert live.window.page == "explore"
    explorer = live.explorer
    point = live.rest + ASKED
    point[3] += 1
    assert explorer.actor is not None
    picture = explorer.actor.decode(Latent(point)).image
    live.until(lambda: explorer.pane.image == to_qimage(picture, *explorer.pane.device_size))
    assert explorer.face.show_on_actor.isChecked()
    live.look(-30)
    live.slide(explorer.rows.rows[1].slider, 50)  # latent 1 upwards
    live.shows(0.5, 1, 0, 1)
    assert live.panel.attributes.sliders["smile"].value == 0  # it is in the explored face
    live.window.show_page("live")
    assert live.panel.frozen.isChecked()
    live.slide(live.panel.attributes.sliders["smile"], -50)
    live.shows(0.5, 1)
    live.click(live.panel.frozen)  # the performance goes on as it was
    live.shows(-1, 0, 0, 1)
    assert not explorer.face.show_on_actor.isChecked()
    assert live.panel.attributes.sliders["smile"].value == 1


def test_the_explorer_takes_the_live_expression_without_touching_the_performance(live):
    live.window.show_page("explore")
    live.shows(0.5)
    live.click(live.explorer.face.take_live)
    assert live.explorer.exploration is not None
    assert np.allclose(live.explorer.exploration.shown, live.rest + ASKED, atol=1e-3)
    live.slide(live.explorer.rows.rows[1].slider, 50)
    live.look(-30)
    live.shows(-1)


def test_a_morph_between_two_bookmarks_is_played_on_the_live_actor(live):
    live.window.show_page("explore")
    explorer = live.explorer
    for name, value in (("left", -1.0), ("right", 1.0)):
        live.explorer.explore_from(Latent(np.eye(8, dtype=np.float32)[0] * value))
        live.qtbot.keyClicks(explorer.face.command, f"b {name}")
        live.qtbot.keyClick(explorer.face.command, Qt.Key.Key_Return)
    live.click(explorer.face.show_on_actor)
    explorer.tabs.setCurrentIndex(2)
    live.choose(explorer.morph.start, "left")
    live.choose(explorer.morph.end, "right")
    live.choose(explorer.morph.seconds, "1 s")
    live.click(explorer.morph.play)
    live.until(lambda: np.isclose(live.asked()[0], -1, atol=0.3))
    live.until(lambda: np.isclose(live.asked()[0], 1, atol=1e-3))


def test_another_actor_on_stage_does_not_inherit_a_frozen_face(live):
    live.click(live.panel.frozen)
    live.look(-30)
    live.choose(live.window.actor.box, "two")
    live.shows(-1)
    assert not live.panel.frozen.isChecked()


def test_without_an_actor_nothing_is_frozen_and_the_user_hears_why(make_live):
    live = make_live(actor=None)
    live.click(live.panel.frozen)
    assert not live.panel.frozen.isChecked()
    live.click(live.panel.explore)
    assert live.window.page == "live"
    assert "no actor is playing" in "".join(live.banners)
    live.window.show_page("explore")
    assert live.explorer.pane.placeholder == "No actor is playing"
    live.click(live.explorer.face.take_live)
    assert "no actor is playing" in live.explorer.banners.banners[0].text


# --- turning into another actor ---


def test_the_actor_turns_into_another_one_live(live):
    assert not live.panel.share.isVisible()
    live.choose(live.panel.partner, "two")
    live.until(lambda: live.options.morph is not None)
    assert live.options.morph.actor.name == "two"
    assert live.panel.share.isVisible()
    assert live.options.morph.share == 0.5
    live.panel.share.slider.setValue(100)
    live.until(lambda: live.options.morph.share == 1)
    live.controller.record()
    assert live.takes[-1].actor == "one-two"  # whoever sees the film can learn who is in it
    assert consent_of(live.engine)() == "A made-up face; nobody to ask. A made-up face; nobody to ask."
    live.choose(live.panel.partner, "Nobody")
    live.until(lambda: live.options.morph is None)
    assert not live.panel.share.isVisible()
    assert live.controller.context.actor_name() == "one"


def test_who_plays_is_not_offered_whatever_the_case_of_its_file(make_gui, tmp_path):
    files = [tiny_actor(tmp_path / f"{name.lower()}.actor", name=name) for name in ("Ada", "Zoe")]
    gui = make_gui()
    object.__setattr__(gui.controller.context.services, "list_actors", lambda: files)
    gui.load_actor = lambda path: load_actor(path, "cpu")
    gui.controller.start("Front", files[0])
    gui.window.show()
    partner = gui.window.live.latent.partner
    gui.until(lambda: [partner.itemText(row) for row in range(partner.count())] == ["Nobody", "Zoe"])


def test_nobody_turns_into_themselves_or_a_broken_file(live):
    names = [live.panel.partner.itemText(i) for i in range(live.panel.partner.count())]
    assert names == ["Nobody", "two", "plain"]
    live.choose(live.panel.partner, "two")
    live.until(lambda: live.options.morph is not None)
    live.choose(live.window.actor.box, "two")
    live.until(lambda: live.options.morph is None)
    live.files[2].write_bytes(b"no actor")
    live.choose(live.panel.partner, "plain")
    live.until(lambda: "plain.actor" in "".join(live.banners))
    assert live.panel.partner.currentData() == NOBODY
