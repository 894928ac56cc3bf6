"""Files that appear whole and exclusively."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from puppet.storage import files
from puppet.storage.files import publish, publish_whole, set_aside, whole_file, write_new, write_whole

ROOT = Path(__file__).resolve().parents[3]
AT_ONCE = 16


def without_links(*_: object, **__: object) -> None:
    raise PermissionError(1, "Operation not permitted")


@pytest.fixture(params=["links", "no links"])
def disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that knows links, and one like FAT that knows none."""
    if request.param == "no links":
        monkeypatch.setattr(files.os, "link", without_links)


@pytest.mark.usefixtures("disk")
def test_new_files_made_at_once_all_keep_their_content(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    contents = [str(number) * 100_000 for number in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        made = list(pool.map(lambda content: write_new(folder / "a.txt", content), contents))
    assert len(set(made)) == AT_ONCE
    assert [path.read_text() for path in made] == contents
    names = {"a.txt", *(f"a_{number}.txt" for number in range(2, AT_ONCE + 1))}
    assert {path.name for path in folder.iterdir()} == names


@pytest.mark.usefixtures("disk")
def test_a_finished_file_takes_no_name_that_somebody_has(tmp_path: Path) -> None:
    draft, taken = tmp_path / "draft", tmp_path / "taken"
    draft.write_text("mine")
    taken.write_text("theirs")
    with pytest.raises(FileExistsError):
        publish(draft, taken)
    with pytest.raises(FileExistsError):
        publish_whole(taken, "mine")
    taken.unlink()
    taken.symlink_to(tmp_path / "nowhere")  # also a link that leads nowhere is somebody's
    with pytest.raises(FileExistsError):
        publish(draft, taken)
    assert draft.read_text() == "mine"


@pytest.mark.usefixtures("disk")
def test_every_file_that_is_set_aside_stays(tmp_path: Path) -> None:
    for content in "abc":
        (tmp_path / "settings.json").write_text(content)
        set_aside(tmp_path / "settings.json")
    kept = {path.name: path.read_text() for path in tmp_path.glob("settings*")}
    assert kept == {f"settings.json.broken{end}": text for end, text in (("", "a"), ("-2", "b"), ("-3", "c"))}


def test_only_settings_are_hidden_from_others(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_whole(tmp_path / "settings.json", "{}")
        made = write_new(tmp_path / "picture.png", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "settings.json").stat().st_mode & 0o777 == 0o600
    assert made.stat().st_mode & 0o777 == 0o644


@pytest.mark.usefixtures("disk")
@pytest.mark.parametrize("replace", [True, False])
def test_a_whole_file_appears_when_its_block_ends_well(tmp_path: Path, replace: bool) -> None:
    path = tmp_path / "a.bin"
    with whole_file(path, replace) as file:
        file.write(b"1")
        assert not path.exists()
    with pytest.raises(ZeroDivisionError), whole_file(path) as file:  # noqa: PT012 - the block is what fails
        file.write(b"2")
        raise ZeroDivisionError
    if replace:
        with whole_file(path) as file:
            file.write(b"3")
    else:
        with pytest.raises(FileExistsError), whole_file(path, replace=False) as file:
            file.write(b"3")
    assert path.read_bytes() == (b"3" if replace else b"1")
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["a.bin"]
