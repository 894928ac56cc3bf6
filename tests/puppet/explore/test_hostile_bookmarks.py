"""Whatever is in a file of bookmarks: bookmarks, or the file is set aside."""

from __future__ import annotations

import json

import pytest
from tiny_actor import tiny_actor

from puppet.actor.file import read_card
from puppet.core.errors import PuppetError
from puppet.core.texts import is_plain
from puppet.explore.bookmarks import Bookmarks


@pytest.mark.parametrize(
    "content",
    [
        *(
            "[1]",
            "{",
            '{"a": 3}',
            '{"a": ["0"]}',
            '{"a": "0 0"}',
            '{"a": "nan nan nan nan nan nan nan nan"}',
            '{"a": "%s"}',
        ),
        *(json.dumps({text: "0 " * 8}) for text in ("\x1b", "\ud800", "", "x" * 100)),
        *(json.dumps({str(n): "0 " * 8 for n in range(3000)}), '{"a": "0 0 0 0 0 0 0 0", "a": "0 0 0 0 0 0 0 0"}'),
    ],
)
def test_hostile_bookmarks_are_set_aside(tmp_path, content):
    card, kept = read_card(tiny_actor(tmp_path / "tiny.actor")), Bookmarks(tmp_path / "kept")
    kept.file(card).parent.mkdir()
    kept.file(card).write_text(content)
    with pytest.raises(PuppetError, match="set aside") as caught:
        kept.load(card)
    assert is_plain(str(caught.value))
    assert kept.load(card) == {}
