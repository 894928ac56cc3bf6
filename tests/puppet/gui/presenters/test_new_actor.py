"""The page on which an actor is made, with planted work."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from fake_job import FakeJobs
from planted_window import halves
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFileDialog

from puppet.core.errors import PuppetError
from puppet.engine.status import Phase
from puppet.gui.presenters import new_actor
from puppet.new_actor import job as making
from puppet.new_actor import prompts
from puppet.settings import Settings


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(new_actor, "LOOK_EVERY", 0.0)


@pytest.fixture
def work() -> FakeJobs:
    return FakeJobs()


@pytest.fixture
def page(make_gui, work, monkeypatch, tmp_path):
    """(gui, page), in front."""

    def open_page(**changes):
        gui = make_gui(Settings(recording_folder=str(tmp_path)))
        object.__setattr__(gui.controller.context.services, "jobs", work)
        gui.start(**changes)
        gui.window.show_page("new")
        return gui, gui.window.new_actor

    return open_page


def choose_footage(gui, page, monkeypatch, *files):
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *a, **k: (list(files), ""))
    gui.click(page.choose)


def test_from_footage_to_the_list(page, work, monkeypatch, tmp_path):
    gui, p = page()
    choose_footage(gui, p, monkeypatch, "/talk.mp4", "/turn.mp4")
    gui.until(lambda: p.state == "checking")
    assert work.asked == [("begin", "/talk.mp4", "/turn.mp4")]
    work.plant(share=0.2, message="tracking: 120/600 frames (20 %)")
    gui.until(lambda: p.done_share.value() == 20)
    assert p.words.text() == "tracking: 120/600 frames (20 %)"
    picture = tmp_path / "report.png"
    picture.write_bytes(b"")
    object.__setattr__(gui.controller.context.services, "read_picture", lambda path: halves((0, 0, 255), (0, 0, 255)))
    work.plant(
        state=making.JobState.CHECKED, running=False, report="Verdict: good\n  film: looking up", report_picture=picture
    )
    gui.until(lambda: p.state == "checked")
    assert "film: looking up" in p.report.toPlainText()
    gui.until(lambda: p.picture.image is not None)

    assert not p.train.isEnabled()  # neither name nor consent
    gui.qtbot.keyClicks(p.name, "Carl")
    gui.qtbot.keyClicks(p.consent, "Carl agreed.")
    assert not p.train.isEnabled()
    p.agreed.setFocus()
    gui.qtbot.keyClick(p.agreed, Qt.Key.Key_Space)
    p.minutes.setValue(30)
    gui.click(p.train)
    gui.until(lambda: p.state == "training")
    assert work.asked[-1] == ("train", "Carl", "Carl agreed.", 30)
    work.plant(losses=((10, 2.0), (20, 1.0)), share=0.5, seconds_left=900.0)
    gui.until(lambda: p.curve.points == ((10, 2.0), (20, 1.0)))
    assert p.words.text() == "15 min left"
    assert p.curve.accessibleDescription() == "1 at step 20"
    gui.click(p.stop)
    gui.until(lambda: work.asked[-1][0] == "stop")
    work.plant(state=making.JobState.DONE, running=False, actor=Path("actors/ada.actor"))
    gui.until(lambda: p.state == "done")
    assert "Carl has joined your actors." in gui.banners
    gui.click(p.play)
    gui.until(lambda: gui.puppeteers[0].actor.name == "ada")
    assert gui.window.page == "live"


def test_a_name_that_no_file_can_have_is_told(page, work, monkeypatch):
    gui, p = page()
    choose_footage(gui, p, monkeypatch, "/talk.mp4")
    gui.until(lambda: p.state == "checking")
    work.plant(state=making.JobState.CHECKED, running=False)
    gui.until(lambda: p.state == "checked")
    p.name.setText("a/b")
    p.consent.setText("yes")
    p.agreed.setChecked(True)
    gui.click(p.train)
    gui.until(lambda: any("1 to 60 characters" in text for text in gui.banners))
    assert p.state == "checked"


@pytest.mark.parametrize(("state", "words"), [("training", "is being trained"), ("checked", "looked through")])
def test_what_an_earlier_window_began_is_found_again(page, work, state, words):
    request = making.JobRequest(("/talk.mp4",), "Carl", "Carl agreed.", 30)
    work.jobs = [
        making.Job(Path("old"), request, making.JobState.DONE, False),
        making.Job(Path("job"), request, making.JobState(state), state == "training"),
    ]
    gui, p = page()
    gui.until(lambda: p.state == state)
    (banner,) = [b for b in gui.window.banners.banners if words in b.text]
    gui.window.show_page("live")
    gui.click(banner.button)
    assert gui.window.page == "new"


def test_a_failure_is_told_and_can_go_on_or_be_discarded(page, work):
    request = making.JobRequest(("/talk.mp4",), "Carl", "Carl agreed.", 30)
    work.jobs = [making.Job(Path("job"), request, making.JobState.FAILED, False, "the disk is full")]
    gui, p = page()
    gui.until(lambda: p.state == "failed")
    assert p.end.text() == "⚠ the disk is full"
    gui.click(p.go_on)
    gui.until(lambda: p.state == "training")
    assert work.asked == [("train", "Carl", "Carl agreed.", 30)]
    work.plant(state=making.JobState.FAILED, running=False, error="again")
    gui.until(lambda: p.end.text() == "⚠ again")
    gui.click(p.discard)
    gui.until(lambda: work.asked[-1] == ("discard", "job"))
    assert p.state == "start"


def test_what_must_be_installed_is_told_before_anything_is_tried(page, work):
    work.missing = 'To train an actor, torch must be installed. In /src run: python -m pip install -e ".[train]"'
    gui, p = page()
    gui.until(p.missing.isVisible)
    assert work.missing in p.missing.text()
    assert not p.choose.isEnabled()
    gui.controller._show_status()
    assert not p.film.isEnabled()


def test_filming_prompts_and_the_footage_is_used(page, work, monkeypatch):
    monkeypatch.setattr(prompts, "PROMPTS", (prompts.Prompt("Turn left", 6), prompts.Prompt("Smile", 6)))
    seconds = [1.0]
    monkeypatch.setattr("puppet.gui.presenters.new_actor.cue_at", lambda _: prompts.cue_at(seconds[0]))
    gui, p = page()
    gui.until(p.film.isEnabled)
    gui.click(p.film)
    gui.click(p.film)  # impatient: still one film
    gui.until(lambda: p.cue.text() == "Turn left")
    assert p.count.text().startswith("1 of 2")
    seconds[0] = 7.0
    gui.until(lambda: p.cue.text() == "Smile")
    gui.until(lambda: p.picture.image is not None)
    gui.until(lambda: len(gui.takes[0].images) > 5)
    seconds[0] = 13.0
    gui.until(lambda: work.asked)
    (take,) = gui.takes
    assert take.closed.is_set()
    assert work.asked == [("begin", str(take.path))]
    np.testing.assert_array_equal(take.images[0], gui.picture)  # without the prompt


def test_cancelled_footage_is_kept_but_not_used(page, work):
    gui, p = page()
    gui.until(p.film.isEnabled)
    gui.click(p.film)
    gui.until(lambda: p.state == "filming")
    gui.click(p.give_up)
    gui.until(lambda: any("is kept as" in text for text in gui.banners))
    assert work.asked == []
    assert p.state == "start"


def test_a_video_cannot_be_filmed(make_gui, work):
    gui = make_gui(sources=lambda spec: gui.camera("talk.mp4", live=False))
    object.__setattr__(gui.controller.context.services, "jobs", work)
    gui.start("talk.mp4")
    gui.until(lambda: gui.controller.context.status.phase is Phase.RUNNING)
    gui.window.show_page("new")
    gui.controller._show_status()
    assert not gui.window.new_actor.film.isEnabled()
    assert gui.window.new_actor.choose.isEnabled()


def test_work_that_cannot_begin_is_told(page, work, monkeypatch):
    def refuse(footage):
        raise PuppetError("The disk is full")

    work.begin = refuse
    gui, p = page()
    choose_footage(gui, p, monkeypatch, "/talk.mp4")
    gui.until(lambda: "The disk is full" in gui.banners)
    assert p.state == "start"


def test_fake_has_what_the_real_one_has():
    for name in vars(SimpleNamespace(**{k: v for k, v in vars(FakeJobs).items() if not k.startswith("_")})):
        assert name == "plant" or callable(getattr(making, name)), name
