"""Bookmarks: exact, each decoder's own, never lost."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tiny_actor import tiny_actor

from puppet.actor.file import read_card
from puppet.core.errors import PuppetError
from puppet.explore.bookmarks import Bookmarks, checked_name


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


def points(**values: float) -> dict[str, np.ndarray]:
    return {name.replace("_", " "): np.full(8, value, np.float32) for name, value in values.items()}


def plain(stored) -> dict[str, float]:
    return {name: float(point[0]) for name, point in stored.items()}


def test_what_two_windows_keep_and_delete_is_all_done(card, tmp_path):
    first = second = Bookmarks(tmp_path)
    first.save(card, points(a=1, b=2, c=3))
    known = first.load(card)
    assert plain(first.save(card, {**known, **points(mine=4)}, known)) == {"a": 1, "b": 2, "c": 3, "mine": 4}
    without_b = {name: point for name, point in known.items() if name != "b"}
    assert plain(second.save(card, {**without_b, **points(yours=5)}, known)) == {"a": 1, "c": 3, "mine": 4, "yours": 5}


def test_one_name_for_two_places_keeps_both(card, tmp_path):
    kept = Bookmarks(tmp_path)
    kept.save(card, points(smile=1), {})
    kept.save(card, points(smile=2), {})
    assert plain(kept.load(card)) == {"smile": 1, "smile 2": 2}
    both = plain(kept.save(card, points(smile=3, smile_2=4), {}))
    assert both == {"smile": 1, "smile 2": 2, "smile 3": 3, "smile 2 2": 4}
    long = "x" * 60
    kept.save(card, {long: np.full(8, 1, np.float32)})
    assert f"{'x' * 58} 2" in kept.save(card, {long: np.full(8, 2, np.float32)})


def test_a_place_that_another_window_made_anew_is_not_deleted_with_the_old_one(card, tmp_path):
    kept = Bookmarks(tmp_path)
    known = kept.save(card, points(smile=1))
    kept.save(card, {}, known)
    kept.save(card, points(smile=2), {})
    assert plain(kept.save(card, {}, known)) == {"smile": 2}


def test_bookmarks_that_vanish_or_break_meanwhile_are_written_again(card, tmp_path):
    kept = Bookmarks(tmp_path)
    known = kept.save(card, points(a=1))
    kept.file(card).unlink()
    assert plain(kept.save(card, {**known, **points(b=2)}, known)) == {"a": 1, "b": 2}
    kept.file(card).write_text("{")
    with pytest.raises(PuppetError, match="set aside"):
        kept.save(card, {**known, **points(b=2)}, known)
    assert plain(kept.load(card)) == {"a": 1, "b": 2}


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 61])
def test_impossible_names_are_refused(name):
    with pytest.raises(PuppetError):
        checked_name(name)
