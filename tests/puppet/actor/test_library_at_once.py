"""Actors that several programs admit, move and write at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from folders import names
from tiny_actor import tiny_actor

from puppet.actor import library
from puppet.actor.file import read_card, write_actor
from puppet.core.errors import ActorFileError

pytestmark = pytest.mark.usefixtures("own_folder")


@pytest.fixture
def actor(tmp_path: Path) -> str:
    return str(tiny_actor(tmp_path / "tiny.actor"))


def test_actors_admitted_at_once_under_one_name_are_all_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "try_in_child", lambda file, card: None)
    files = []
    for number in range(12):
        folder = tmp_path / str(number)
        folder.mkdir()
        files.append(tiny_actor(folder / "carl.actor", licence=f"number {number}"))
    with ThreadPoolExecutor(12) as pool:
        made = list(pool.map(lambda file: library.admit(file, tmp_path / "actors"), files))
    assert len(set(made)) == 12
    assert [read_card(path).licence for path in made] == [f"number {number}" for number in range(12)]
    assert names(tmp_path / "actors") == {"carl.actor", *(f"carl {number}.actor" for number in range(2, 13))}


def test_an_actor_that_is_moved_at_once_is_there_once(tmp_path: Path) -> None:
    folder = tmp_path / "actors"
    folder.mkdir()

    def attempt(number: int) -> bool:
        try:
            library.rename(folder / "carl.actor", f"new {number}") if number % 2 else library.remove(
                folder / "carl.actor"
            )
        except ActorFileError:
            return False
        return True

    for _ in range(3):
        tiny_actor(folder / "carl.actor")
        with ThreadPoolExecutor(6) as pool:
            assert sum(pool.map(attempt, range(6))) == 1
        left = [path for path in folder.rglob("*") if path.is_file()]
        assert len(left) == 1
        left[0].unlink()


def test_an_actor_file_is_not_written_over_another(tmp_path: Path, actor: str) -> None:
    from puppet.actor.file import read_actor

    card, members = read_actor(Path(actor))
    (tmp_path / "taken.actor").write_text("precious")
    with pytest.raises(FileExistsError):
        write_actor(tmp_path / "taken.actor", card, members, replace=False)
    assert (tmp_path / "taken.actor").read_text() == "precious"
