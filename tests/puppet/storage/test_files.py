"""Files that appear whole and exclusively, locks that say who holds them, and what a next start clears."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from puppet.core.errors import PuppetError
from puppet.output.crash_recovery import recover_unfinished
from puppet.storage import files, unfinished
from puppet.storage.file_lock import is_locked, lock_of, locked, only_writer, owner
from puppet.storage.files import publish, publish_whole, set_aside, write_new, write_whole

ROOT = Path(__file__).resolve().parents[3]
AT_ONCE = 16


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program's own folder."""
    monkeypatch.setenv("PUPPET_CONFIG_DIR", str(tmp_path / "own"))
    return tmp_path / "own"


def without_links(*_: object, **__: object) -> None:
    raise PermissionError(1, "Operation not permitted")


@pytest.fixture(params=["links", "no links"])
def disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that knows links, and one like FAT that knows none."""
    if request.param == "no links":
        monkeypatch.setattr(files.os, "link", without_links)


def in_process(code: str, *arguments: object, **options: object) -> subprocess.Popen[str]:
    """Python code in a process of its own, which says a line when it is ready."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **options,  # pyright: ignore[reportArgumentType, reportCallIssue]
    )


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


# --- locks ---

HOLD = """
import sys
from pathlib import Path
from puppet.storage.file_lock import only_writer
with only_writer(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_who_is_refused_is_told_who_holds_it_and_nothing_lies_about(tmp_path: Path, own: Path) -> None:
    output = tmp_path / "out.mp4"
    with in_process(HOLD, output) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(
            PuppetError, match=rf"out\.mp4 is being written by process {other.pid} on .+ since \d{{4}}-"
        ):
            only_writer(output).__enter__()
        with only_writer(tmp_path / "another.mp4"):
            pass
        link = tmp_path / "link"
        link.symlink_to(tmp_path)
        with pytest.raises(PuppetError, match="is being written"):  # the same file by another way
            only_writer(link / "out.mp4").__enter__()
        other.communicate("")
    with only_writer(output):
        assert is_locked(lock_of(output))
    assert list((own / "locks").iterdir()) == []
    assert list(tmp_path.glob("out*")) == []


def test_the_lock_of_a_killed_process_is_free_and_goes(tmp_path: Path, own: Path) -> None:
    with in_process(HOLD, tmp_path / "out.mp4") as other:
        assert other.stdout is not None
        other.stdout.readline()
        other.kill()
    assert len(list((own / "locks").iterdir())) == 1
    recover_unfinished()
    assert list((own / "locks").iterdir()) == []


def test_a_lock_is_held_by_one_of_many(tmp_path: Path) -> None:
    inside: list[int] = []

    def work(_: int) -> None:
        for _ in range(5):
            with locked(tmp_path / "lock", timeout=60) as got:
                assert got
                inside.append(1)
                assert len(inside) == 1
                inside.pop()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert not (tmp_path / "lock").exists()


def test_a_holder_that_says_nonsense_is_another_process(tmp_path: Path) -> None:
    (tmp_path / "lock").write_bytes(b'{"pid": "\xff"')
    assert owner(tmp_path / "lock") == "another process"


def test_a_home_that_cannot_be_written_keeps_nobody_from_working(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PUPPET_CONFIG_DIR", str(tmp_path / "file" / "own"))
    with only_writer(tmp_path / "out.mp4"):
        assert write_new(tmp_path / "out.txt", "here").read_text() == "here"
    assert recover_unfinished() == []


# --- what killed processes leave ---

LEAVE = """
import sys
from pathlib import Path
from puppet.storage.unfinished import make_draft, temporary_folder, draft_name, register
folder = Path(sys.argv[1])
draft = make_draft(folder / "film.mp4")
draft.write_text("half")
done = make_draft(folder / "whole.mp4")
done.rename(folder / "whole.mp4")
(folder / "fixed.txt").write_text("ours")
register(folder / "fixed.txt")
(folder / "other.txt").write_text("ours")
register(folder / "other.txt")
with temporary_folder() as place:
    (place / "clip.gif").write_text("half")
    print(draft, place, sep="\\n", flush=True)
    sys.stdin.read()
"""


def test_drafts_of_a_killed_process_go_and_nothing_else(tmp_path: Path, own: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    with in_process(LEAVE, folder) as process:
        assert process.stdout is not None
        draft, place = (Path(process.stdout.readline().strip()) for _ in range(2))
        recover_unfinished()  # it lives
        assert draft.exists()
        process.kill()
    (folder / "other.txt").unlink()
    (folder / "other.txt").write_text("somebody else's by now")
    strangers = [folder / f".film.{'0' * 12}.mp4", folder / "film.part.mp4", folder / ".film.mp4.partial"]
    for stranger in strangers:
        stranger.write_text("precious")
    recover_unfinished()
    assert not draft.exists()
    assert not place.exists()
    left = {path.name for path in folder.iterdir()}
    assert left == {"whole.mp4", "other.txt", *(stranger.name for stranger in strangers)}
    assert list(unfinished.lists_folder().iterdir()) == []


def test_a_process_that_ends_well_leaves_no_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unfinished, "_own", unfinished._List())  # other tests of this process have one open
    write_new(tmp_path / "a.txt", "a")
    with unfinished.temporary_folder():
        assert len(list(unfinished.lists_folder().iterdir())) == 1
    assert list(unfinished.lists_folder().iterdir()) == []


@pytest.mark.parametrize("text", ["", "[1]", '{"path": 3}', '{"path": "/", "kind": "draft", "mark": 3}', "\x00"])
def test_a_damaged_list_removes_nothing(tmp_path: Path, text: str) -> None:
    unfinished.lists_folder().mkdir(parents=True)
    (unfinished.lists_folder() / f"1-a{unfinished.LIST}").write_text(text)
    (tmp_path / "precious").write_text("")
    assert recover_unfinished() == []
    assert (tmp_path / "precious").exists()
