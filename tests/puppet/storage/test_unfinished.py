"""Lists of unfinished files: what a next start clears up after a killed process."""

from __future__ import annotations

from pathlib import Path

import pytest
from python_child import in_process

from puppet.output.crash_recovery import recover_unfinished
from puppet.storage import unfinished
from puppet.storage.files import write_new

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
