"""Names for new files."""

from __future__ import annotations

import itertools
from pathlib import Path

from puppet.core.errors import NameTakenError
from puppet.storage.names import free_name, numbered, with_free_name


def test_names_are_numbered_without_end(tmp_path: Path) -> None:
    names = [path.name for path in itertools.islice(numbered(tmp_path / "a.b.mp4", "_"), 3)]
    assert names == ["a.b.mp4", "a.b_2.mp4", "a.b_3.mp4"]


def test_the_first_free_name_is_taken_a_dead_link_counts(tmp_path: Path) -> None:
    assert free_name(tmp_path / "a.mp4").name == "a.mp4"
    (tmp_path / "a.mp4").touch()
    (tmp_path / "a-2.mp4").symlink_to(tmp_path / "nowhere")
    assert free_name(tmp_path / "a.mp4").name == "a-3.mp4"


def test_a_maker_is_asked_again_while_names_are_taken(tmp_path: Path) -> None:
    asked: list[str] = []

    def make(path: Path) -> str:
        asked.append(path.name)
        if len(asked) < 3:
            raise NameTakenError
        return "made"

    assert with_free_name(tmp_path / "a.mp4", make) == "made"
    assert asked == ["a.mp4", "a_2.mp4", "a_3.mp4"]
