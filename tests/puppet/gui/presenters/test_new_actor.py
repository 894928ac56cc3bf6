"""The page on which an actor is made, with planted work."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from fake_job import FakeJobs
from planted_window import BLUE, RED, colour_at, halves
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFileDialog, QLabel

from puppet.core.errors import PuppetError
from puppet.engine.status import Phase
from puppet.gui.actors.sheet_dialog import SheetDialog
from puppet.gui.kit.side_panel import Column
from puppet.gui.presenters import new_actor
from puppet.new_actor import job as making
from puppet.new_actor import prompts
from puppet.new_actor.steps import steps_of
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
    work.plant(steps=steps_of("prepare", ["$ puppet prepare x", "tracking: 120/600 frames (20 %), 60.0/s, 0:08 left"]))
    steps = p.working.steps
    gui.until(lambda: steps.bars and steps.bars[0].value() == 20)
    names = [name.text() for name in steps.names]
    assert names == ["● Finding the face", "○ Cutting out the person", "○ Looking for what is missing"]
    assert [time.text() for time in steps.times] == ["less than a minute left", "", ""]
    picture = tmp_path / "report.png"
    picture.write_bytes(b"")
    object.__setattr__(gui.controller.context.services, "read_picture", lambda path: halves((0, 0, 255), (0, 0, 255)))
    work.plant(
        state=making.JobState.CHECKED, running=False, report="Verdict: good\n  film: looking up", report_picture=picture
    )
    gui.until(lambda: p.state == "checked")
    assert "film: looking up" in p.checked.report.toPlainText()
    gui.until(lambda: p.picture.image is not None)

    assert not p.checked.train.isEnabled()  # neither name nor consent
    gui.qtbot.keyClicks(p.checked.name, "Carl")
    gui.qtbot.keyClicks(p.checked.consent, "Carl agreed.")
    assert not p.checked.train.isEnabled()
    p.checked.agreed.setFocus()
    gui.qtbot.keyClick(p.checked.agreed, Qt.Key.Key_Space)
    p.checked.minutes.setValue(30)
    gui.click(p.checked.train)
    gui.until(lambda: p.state == "training")
    assert work.asked[-1] == ("train", "Carl", "Carl agreed.", 30)
    learnt = (making.Quality(5, 0.5, 0.4), making.Quality(900, 0.91, 0.8))
    work.plant(quality=learnt, steps=steps_of("train", ["training: 900/1800 s (50 %), 1.0/s, 15:00 left, loss 2"]))
    gui.until(lambda: p.working.curve.points == learnt)
    assert [bar.value() for bar in steps.bars] == [100, 100, 100, 50, 0, 0, 0, 0, 0]
    assert steps.times[3].text() == "15 min left"
    assert p.working.curve.accessibleDescription() == "Likeness 91 %, Sharpness 80 %"
    gui.click(p.working.stop)
    gui.until(lambda: work.asked[-1][0] == "stop")
    work.plant(state=making.JobState.DONE, running=False, actor=Path("actors/ada.actor"))
    gui.until(lambda: p.state == "done")
    assert p.ended.title.text() == "ada is ready"
    assert p.ended.end.text() == "Good; more training makes it a little sharper."
    assert p.ended.figures.text() == "Likeness 91 %, Sharpness 80 %"
    assert "Carl is ready, and has joined your actors." in gui.banners
    gui.click(p.ended.play)
    gui.until(lambda: gui.puppeteers[0].actor.name == "ada")
    assert gui.window.page == "live"


@pytest.fixture
def training(page, work, tmp_path):
    """(gui, page) while a job trains."""
    request = making.JobRequest(("/talk.mp4",), "Carl", "Carl agreed.", 30)
    steps = steps_of("train", ["fitting the head: 40/138 numbers (28 %), 1.0/s, 1:38 left"])
    work.jobs = [making.Job(Path("job"), request, making.JobState.TRAINING, True, steps=steps)]
    gui, p = page()
    gui.until(lambda: p.state == "training")
    return gui, p


def test_a_click_on_stop_shows_at_once_that_it_counts(training, work):
    gui, p = training
    assert p.working.stop.text() == "Stop"  # nothing was learnt yet
    work.plant(quality=(making.Quality(5, 0.5, 0.4),))
    gui.until(lambda: p.working.stop.text() == "Stop and keep")
    asked = threading.Event()
    work.stop = lambda folder: asked.wait(20)  # the disk is slow
    gui.qtbot.mouseClick(p.working.stop, Qt.MouseButton.LeftButton)
    assert p.working.stopping.isVisible()
    assert "what was learnt is kept" in p.working.stopping.text()
    assert not p.working.stop.isEnabled()
    work.plant(stopping=True)
    asked.set()
    gui.qtbot.wait(100)
    assert p.working.stopping.isVisible()


def test_no_command_line_is_shown_and_a_long_fit_has_its_own_bar(training, work):
    gui, p = training
    shown = {label.text() for label in p.working.findChildren(QLabel)}
    assert not any("puppet train" in text for text in shown)
    row = [name.text() for name in p.working.steps.names].index("● Fitting the shape of the head")
    assert (p.working.steps.bars[row].value(), p.working.steps.times[row].text()) == (29, "2 min left")


def test_a_new_sample_of_the_same_name_is_shown(training, work, tmp_path):
    gui, p = training
    sample = tmp_path / "sample.png"
    colours = [(0, 0, 255)]
    read = lambda path: halves(colours[-1], colours[-1])  # noqa: E731
    object.__setattr__(gui.controller.context.services, "read_picture", read)
    sample.write_bytes(b"1")
    work.plant(sample=sample)
    gui.until(lambda: colour_at(p.picture, 0.5) == colours[-1])
    assert "below what Carl makes of it" in p.picture.note
    colours.append((255, 0, 0))
    os.utime(sample, ns=(1, 1))
    gui.until(lambda: colour_at(p.picture, 0.5) == colours[-1])


def test_an_actor_that_is_ready_can_be_trained_on(training, work):
    gui, p = training
    gui.window.resize(1024, 600)
    report = REPORT + "".join(f"\n  film: look at number {number} for a long while" for number in range(9))
    work.plant(state=making.JobState.CHECKED, running=False, report=report)
    (scroll,) = p.findChildren(Column)
    gui.until(lambda: p.state == "checked" and scroll.verticalScrollBar().maximum() > 0)
    work.plant(state=making.JobState.DONE, running=False, actor=Path("actors/Carl.actor"))
    gui.until(lambda: p.state == "done")
    assert p.ended.title.text() == "Carl is ready"
    gui.until(lambda: scroll.verticalScrollBar().maximum() == 0)  # longer columns that are not seen take no room
    p.ended.minutes.setValue(45)
    gui.click(p.ended.train_on)
    gui.until(lambda: p.state == "training")
    assert work.asked == [("train on", "job", 45)]


REPORT = """Footage: talk.mp4
Missing from the footage:
  - no frames looking left

Verdict: too thin
  film: more: about two minutes of talking and making faces, head moving slowly
  film: turn the head slowly left and back, talking"""


@pytest.fixture
def checked(page, work, tmp_path):
    """(gui, page) with footage that lacks something."""
    picture = tmp_path / "report.png"
    picture.write_bytes(b"")
    request = making.JobRequest(("/talk.mp4",))
    job = making.Job(Path("job"), request, making.JobState.CHECKED, False, report=REPORT, report_picture=picture)
    work.jobs = [job]
    gui, p = page()
    gui.until(lambda: p.state == "checked")
    return gui, p


def test_what_to_film_comes_first_in_words(checked):
    gui, p = checked
    assert p.checked.verdict.text().startswith("Too little to become a good actor")
    assert [label.text() for label, _ in p.checked.advice] == [
        "• About two minutes of talking and making faces, head moving slowly",
        "• Turn the head slowly left and back, talking",
    ]
    assert not p.checked.report.isVisible()
    gui.click(p.checked.figures)
    assert p.checked.report.isVisible()
    assert p.checked.report.toPlainText() == REPORT


def test_what_is_missing_is_filmed_and_added_to_the_footage(checked, work, monkeypatch):
    gui, p = checked
    seconds = [1.0]
    monkeypatch.setattr(new_actor, "cue_at", lambda _, only: prompts.cue_at(seconds[0], only))
    button = p.checked.advice[1][1]
    gui.until(button.isEnabled)
    gui.click(button)
    gui.until(lambda: p.cue.text() == "Turn the head slowly left and back, talking")
    assert p.count.text() == "1 of 1, 20 s"
    seconds[0] = 21.0
    gui.until(lambda: work.asked)
    (take,) = gui.takes
    gui.until(lambda: ("discard", "job") in work.asked)
    assert work.asked[0] == ("begin", "/talk.mp4", str(take.path))


def test_a_film_that_is_cancelled_leaves_the_footage_as_it_is(checked, work):
    gui, p = checked
    gui.until(p.checked.advice[0][1].isEnabled)
    gui.click(p.checked.advice[0][1])
    gui.until(lambda: p.state == "filming")
    gui.click(p.give_up)
    assert p.state == "checked"
    gui.until(lambda: any("is kept as" in text for text in gui.banners))
    assert work.asked == []


def test_the_sheet_is_shown_in_its_own_size(checked):
    gui, p = checked
    object.__setattr__(gui.controller.context.services, "read_picture", lambda path: halves(BLUE, RED, 900, 700))
    gui.click(p.checked.sheet)
    gui.until(lambda: gui.window.findChildren(SheetDialog))
    (dialog,) = gui.window.findChildren(SheetDialog)
    assert dialog.isVisible()
    assert (dialog.picture.width(), dialog.picture.height()) == (700, 900)
    dialog.close()


def test_alpha_films_go_with_the_footage(page, work, monkeypatch):
    gui, p = page()
    chosen = iter([["/talk.mp4", "/turn.mp4"], ["/a.mp4", "/b.mp4"]])
    titles = []
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *a: titles.append(a[1]) or (next(chosen), ""))
    gui.click(p.choose_alpha)
    gui.until(lambda: p.state == "checking")
    assert titles[1] == "Choose the alpha films of talk.mp4, turn.mp4"
    assert work.asked == [("begin", "/talk.mp4", "/turn.mp4", "alpha /a.mp4", "alpha /b.mp4")]
    work.plant(state=making.JobState.CHECKED, running=False, report=REPORT)
    gui.until(lambda: p.state == "checked")
    assert not p.checked.advice[0][1].isVisible()  # a film of now would have no alpha film


def test_a_name_that_no_file_can_have_is_told(page, work, monkeypatch):
    gui, p = page()
    choose_footage(gui, p, monkeypatch, "/talk.mp4")
    gui.until(lambda: p.state == "checking")
    work.plant(state=making.JobState.CHECKED, running=False)
    gui.until(lambda: p.state == "checked")
    p.checked.name.setText("a/b")
    p.checked.consent.setText("yes")
    p.checked.agreed.setChecked(True)
    gui.click(p.checked.train)
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
    assert p.ended.end.text() == "⚠ the disk is full"
    gui.click(p.ended.go_on)
    gui.until(lambda: p.state == "training")
    assert work.asked == [("train", "Carl", "Carl agreed.", 30)]
    work.plant(state=making.JobState.FAILED, running=False, error="again")
    gui.until(lambda: p.ended.end.text() == "⚠ again")
    gui.click(p.ended.discard)
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
    monkeypatch.setattr("puppet.gui.presenters.new_actor.cue_at", lambda *_: prompts.cue_at(seconds[0]))
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
    def refuse(footage, alpha):
        raise PuppetError("The disk is full")

    work.begin = refuse
    gui, p = page()
    choose_footage(gui, p, monkeypatch, "/talk.mp4")
    gui.until(lambda: "The disk is full" in gui.banners)
    assert p.state == "start"


def test_fake_has_what_the_real_one_has():
    for name in vars(SimpleNamespace(**{k: v for k, v in vars(FakeJobs).items() if not k.startswith("_")})):
        assert name == "plant" or callable(getattr(making, name)), name
