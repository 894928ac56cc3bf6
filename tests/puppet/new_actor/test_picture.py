from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tiny_actor import tiny_actor

from puppet.core.errors import ActorFileError, PuppetError
from puppet.new_actor import picture
from puppet.new_actor.picture import PictureRequest

REQUEST = PictureRequest(Path("ada.jpg"), "Zoe", "Zoe agreed.")


def program(folder: Path, code: str) -> list[str]:
    """A command that does `code` in place of puppet."""
    script = folder / "puppet.py"
    script.write_text(code)
    return [sys.executable, str(script)]


@pytest.fixture
def collection(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("PUPPET_ACTORS_DIR", str(tmp_path / "actors"))
    return tmp_path / "actors"


def copies(folder: Path) -> list[str]:
    """A command that writes a sound actor where it is asked to."""
    sound = tiny_actor(folder / "sound.actor")
    code = "import shutil, sys\nto = next(a for a in sys.argv if a.startswith('--output=')).partition('=')[2]\n"
    return program(folder, code + f"shutil.copy({str(sound)!r}, to)\n")


def test_what_is_made_is_kept_among_the_actors(tmp_path, collection):
    draft = picture.make(REQUEST, tmp_path / "made", copies(tmp_path))
    assert draft.actor.name == "Zoe.actor"
    path = picture.keep(draft)
    assert path == collection / "Zoe.actor"
    assert path.exists()
    assert not list((tmp_path / "made").iterdir())


def test_what_is_dropped_is_gone(tmp_path, collection):
    picture.drop(picture.make(REQUEST, tmp_path / "made", copies(tmp_path)))
    assert not list((tmp_path / "made").iterdir())
    assert not collection.exists()


def test_the_command_says_what_was_asked_for():
    request = PictureRequest(Path("/a/-b.png"), "Lisa", " Mona Lisa ", True, 2, "whole", True)
    command = picture.command(request, Path("/made/Lisa.actor"))
    assert command[0] == "photo"
    assert command[-2:] == ["--", str(Path("/a/-b.png").resolve())]
    assert {"--artwork=Mona Lisa", "--face=2", "--frame=whole", "--keep-background", "--name=Lisa"} < set(command)
    plain = picture.command(REQUEST, Path("/made/Zoe.actor"))
    assert "--consent=Zoe agreed." in plain
    assert not any(part.startswith(("--face", "--keep")) for part in plain)


def test_a_refusal_is_told_in_its_own_words(tmp_path):
    refuses = program(tmp_path, "import sys\nprint('error: no face is seen in the picture')\nsys.exit(2)\n")
    with pytest.raises(PuppetError, match=r"^no face is seen in the picture$"):
        picture.make(REQUEST, tmp_path / "made", refuses)
    assert not list((tmp_path / "made").iterdir())


def test_a_process_that_dies_is_told(tmp_path):
    with pytest.raises(PuppetError, match="ended with code 7"):
        picture.make(REQUEST, tmp_path / "made", program(tmp_path, "import sys\nsys.exit(7)\n"))


def test_a_name_that_no_file_can_have_is_refused(tmp_path):
    with pytest.raises(ActorFileError, match="name"):
        picture.make(PictureRequest(Path("ada.jpg"), "a/b", "agreed"), tmp_path / "made", copies(tmp_path))
    assert not (tmp_path / "made").exists()


def test_what_an_ended_window_left_is_kept_and_what_another_holds_stays(tmp_path, collection):
    held = picture.make(REQUEST, tmp_path / "made", copies(tmp_path))
    left = picture.make(PictureRequest(Path("b.jpg"), "Left", "agreed"), tmp_path / "made", copies(tmp_path))
    left.lock.close()
    (tmp_path / "made" / "camera-1").mkdir()
    (tmp_path / "made" / "camera-1" / "camera.png").write_bytes(b"a face")
    assert picture.keep_left_over(tmp_path / "made") == [collection / "Left.actor"]
    assert [place.name for place in (tmp_path / "made").iterdir()] == [held.actor.parent.name]
    picture.drop(held)
