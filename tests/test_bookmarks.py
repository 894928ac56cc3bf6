"""Bookmarks: exact, each decoder's own, never lost."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tiny_actor import tiny_actor

from puppet.actor_card import read_card
from puppet.bookmarks import Bookmarks, checked_name
from puppet.errors import PuppetError


@pytest.fixture
def card(tmp_path):
    return read_card(tiny_actor(tmp_path / "tiny.actor"))


def test_bookmarks_come_back_exactly_and_in_order(card, tmp_path):
    kept = Bookmarks(tmp_path / "deep" / "folder")
    assert kept.load(card) == {}
    random = np.random.default_rng(0)
    points = {name: random.standard_normal(8).astype(np.float32) for name in ("smile", "élan", "a")}
    kept.save(card, points)
    back = Bookmarks(tmp_path / "deep" / "folder").load(card)
    assert list(back) == list(points)
    assert all(np.array_equal(back[name], points[name]) for name in points)


def test_another_decoder_has_its_own(card, tmp_path):
    kept = Bookmarks(tmp_path)
    kept.save(card, {"smile": np.ones(8, np.float32)})
    again = dataclasses.replace(card, sha256={**card.sha256, "decoder.onnx": "0" * 64})
    assert kept.load(again) == {}


@pytest.mark.parametrize("text", ["", "[1]", '{"smile": "1 2"}', '{"smile": 3}', "\x00"])
def test_a_damaged_file_is_set_aside_and_told(card, tmp_path, text):
    kept = Bookmarks(tmp_path)
    kept.file(card).write_text(text)
    with pytest.raises(PuppetError, match="set aside as .*broken"):
        kept.load(card)
    assert kept.load(card) == {}
    assert [path.read_text() for path in tmp_path.glob("*.broken")] == [text]


def test_what_cannot_be_written_is_told(card, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PuppetError, match="cannot be saved"):
        Bookmarks(tmp_path / "file").save(card, {})


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 61])
def test_impossible_names_are_refused(name):
    with pytest.raises(PuppetError):
        checked_name(name)
