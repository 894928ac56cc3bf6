from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import cv2
import pytest
from planted_window import BLUE, RED, PlantedWindow, halves
from PyQt6.QtCore import QPoint, QPointF, Qt

from puppet.core.errors import PuppetError
from puppet.gui.actors.picture_dialog import FORM, MADE, MAKING, REFUSED
from puppet.settings import Settings

ACTOR = "actors/marble.actor"


@pytest.fixture
def planted(qtbot, tmp_path) -> PlantedWindow:
    planted = PlantedWindow(qtbot, tmp_path, Settings(recording_folder=str(tmp_path), actor=ACTOR)).start()
    planted.until(lambda: planted.window.isVisible())
    return planted


@pytest.fixture
def photo(tmp_path) -> Path:
    path = tmp_path / "my aunt.png"
    cv2.imwrite(str(path), halves(RED, BLUE, 120, 120))
    return path


def opened(planted: PlantedWindow, path: Path):
    planted.window.files_dropped.emit([str(path)])
    planted.until(lambda: dialog_of(planted) is not None and dialog_of(planted).isVisible())
    planted.until(lambda: not dialog_of(planted).pane.note or "Click" in dialog_of(planted).pane.note)
    return dialog_of(planted)


def dialog_of(planted: PlantedWindow):
    from puppet.gui.actors.picture_dialog import PictureDialog

    return planted.window.findChild(PictureDialog)


def filled(planted: PlantedWindow, path: Path):
    dialog = opened(planted, path)
    dialog.statement.setText("She agreed.")
    dialog.agreed.setChecked(True)
    return dialog


def made(planted: PlantedWindow, path: Path):
    dialog = filled(planted, path)
    planted.click(dialog.make)
    planted.until(lambda: dialog.state == MADE)
    return dialog


def test_a_dropped_picture_becomes_an_actor_that_plays_before_it_is_kept(planted, photo):
    dialog = made(planted, photo)
    request = planted.picture_actors.requests[0]
    assert (request.picture, request.name, request.statement) == (photo, "my aunt", "She agreed.")
    planted.until(lambda: planted.engine.status().actor == "my aunt")
    before = dialog.pane.image
    planted.until(lambda: dialog.pane.image is not before)  # it moves in the dialog
    planted.click(dialog.keep)
    planted.until(lambda: planted.picture_actors.kept)
    assert not dialog.isVisible()
    planted.until(lambda: planted.controller.settings.actor.endswith("my aunt.actor"))
    assert "kept" in planted.controller.settings.actor


def test_a_discarded_one_is_dropped_and_the_actor_before_plays_again(planted, photo):
    dialog = made(planted, photo)
    planted.click(dialog.drop)
    planted.until(lambda: planted.picture_actors.dropped)
    assert not dialog.isVisible()
    planted.until(lambda: planted.engine.status().actor == "marble")
    assert planted.picture_actors.kept == []


def test_without_consent_nothing_is_made(planted, photo):
    dialog = opened(planted, photo)
    assert not dialog.make.isEnabled()
    dialog.statement.setText("She agreed.")
    assert not dialog.make.isEnabled()
    dialog.agreed.setChecked(True)
    assert dialog.make.isEnabled()
    dialog.name.clear()
    assert not dialog.make.isEnabled()


def test_a_work_of_art_needs_to_be_named_and_nobody_agrees(planted, photo):
    dialog = opened(planted, photo)
    dialog.kind.setCurrentIndex(1)
    assert not dialog.agreed.isVisible()
    assert not dialog.make.isEnabled()
    dialog.statement.setText("A bust in the park")
    planted.click(dialog.make)
    planted.until(lambda: planted.picture_actors.requests)
    assert planted.picture_actors.requests[0].artwork


def test_of_several_faces_one_is_clicked(planted, photo):
    planted.faces = [(0.1, 0.2, 0.3, 0.3), (0.6, 0.2, 0.3, 0.3)]
    dialog = filled(planted, photo)
    assert not dialog.make.isEnabled()
    shown = dialog.pane.picture
    place = QPointF(shown.left() + 0.75 * shown.width(), shown.top() + 0.35 * shown.height())
    planted.qtbot.mouseClick(dialog.pane, Qt.MouseButton.LeftButton, pos=QPoint(*map(round, (place.x(), place.y()))))
    planted.click(dialog.make)
    planted.until(lambda: planted.picture_actors.requests)
    assert planted.picture_actors.requests[0].face == 2


def test_a_refusal_is_shown_and_the_form_comes_back(planted, photo):
    planted.picture_actors.fails = PuppetError("the eyes are shut; use a picture in which they are open")
    dialog = filled(planted, photo)
    planted.click(dialog.make)
    planted.until(lambda: dialog.state == REFUSED)
    assert "the eyes are shut" in dialog.problem.text()
    planted.click(dialog.back)
    assert dialog.state == FORM
    assert dialog.statement.text() == "She agreed."


def test_an_undecided_actor_is_kept_when_the_window_closes(planted, photo):
    made(planted, photo)
    planted.window.close()
    assert planted.picture_actors.kept


def test_a_picture_of_the_camera_becomes_an_actor(planted):
    planted.window.show_page("new")
    planted.until(lambda: planted.window.new_actor.from_camera.isEnabled())
    planted.click(planted.window.new_actor.from_camera)
    planted.until(lambda: dialog_of(planted) is not None and dialog_of(planted).isVisible())
    dialog = dialog_of(planted)
    assert dialog.again.isVisible()
    assert planted.picture_actors.forgotten == []
    dialog.close()
    planted.until(lambda: planted.picture_actors.forgotten == [planted.folder / "camera.png"])


def test_the_actor_before_plays_again_where_the_settings_name_none(qtbot, tmp_path, photo):
    planted = PlantedWindow(qtbot, tmp_path, Settings(recording_folder=str(tmp_path))).start()
    dialog = made(planted, photo)
    planted.until(lambda: planted.engine.status().actor == "my aunt")
    planted.click(dialog.drop)
    planted.until(lambda: planted.engine.status().actor == "marble")


def test_nothing_is_made_before_the_faces_are_known(planted, photo):
    looked = threading.Event()
    context = planted.controller.context

    def find(image):
        looked.wait()
        return planted.faces

    context.services = replace(context.services, find_faces=find)
    planted.window.files_dropped.emit([str(photo)])
    planted.until(lambda: dialog_of(planted) is not None and dialog_of(planted).isVisible())
    dialog = dialog_of(planted)
    dialog.statement.setText("She agreed.")
    dialog.agreed.setChecked(True)
    assert not dialog.make.isEnabled()
    looked.set()
    planted.until(dialog.make.isEnabled)


def test_another_picture_waits_until_the_actor_is_made(planted, photo):
    go_on, make = threading.Event(), planted.picture_actors.make

    def slow(request):
        go_on.wait()
        return make(request)

    planted.picture_actors.make = slow
    dialog = filled(planted, photo)
    planted.click(dialog.make)
    planted.window.files_dropped.emit([str(photo)])
    assert any("being made of another picture" in text for text in planted.banners)
    assert dialog.state == MAKING
    go_on.set()
    planted.until(lambda: dialog.state == MADE)


def test_what_an_earlier_window_left_is_told(qtbot, tmp_path):
    planted = PlantedWindow(qtbot, tmp_path, Settings(recording_folder=str(tmp_path)))
    planted.picture_actors.left = [tmp_path / "Zoe.actor"]
    planted.start()
    planted.until(lambda: any("Zoe" in text for text in planted.banners))
