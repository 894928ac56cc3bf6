"""The collection of actors: only good files get in, and nothing is lost."""

from __future__ import annotations

import shutil
import struct
import zlib
from pathlib import Path

import pytest
from layered_actor import layered_actor
from planted_pictures import png, png_header
from tiny_actor import tiny_actor

from puppet.actor import library
from puppet.actor.catalogue import BUILT_IN
from puppet.actor.file import PREVIEW, read_actor, read_card, write_actor
from puppet.actor.runtime import load_actor
from puppet.core.errors import ActorFileError


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("PUPPET_ACTORS_DIR", str(tmp_path / "actors"))
    return tmp_path / "actors"


def test_entries_tell_good_files_from_bad_ones(folder, tmp_path):
    library.admit(tiny_actor(tmp_path / "carl.actor"))
    (folder / "broken.actor").write_bytes(b"PK no zip at all")
    found = {entry.name: entry for entry in library.entries()}
    assert {"Marble", "Ada", "carl", "broken"} <= set(found)
    assert found["Marble"].built_in
    assert not found["carl"].built_in
    assert found["carl"].card is not None
    assert found["carl"].preview is not None
    assert found["broken"].card is None
    assert "broken.actor" in found["broken"].problem


def test_a_file_is_checked_before_it_is_let_in(folder, tmp_path):
    good = tiny_actor(tmp_path / "good.actor").read_bytes()
    bad = tmp_path / "bad.actor"
    at = good.index(b"\x89PNG") + 60  # within the preview
    bad.write_bytes(good[:at] + bytes([good[at] ^ 255]) + good[at + 1 :])
    with pytest.raises(ActorFileError, match="bad.actor"):
        library.admit(bad)
    assert not folder.exists()


def test_a_preview_that_would_crash_the_window_is_a_problem_of_its_actor_alone(folder, tmp_path):
    """A PNG whose animation begins outside of it: OpenCV 4.11 writes there."""
    card, members = read_actor(tiny_actor(tmp_path / "good.actor"))
    header, pixels = png_header(8, 8), zlib.compress(bytes(8 * 25))
    frame = struct.pack(">IIIIIHHBB", 0, 8, 8, 4, 4, 1, 10, 0, 0)
    chunks = (header, (b"acTL", struct.pack(">II", 1, 0)), (b"fcTL", frame), (b"IDAT", pixels), (b"IEND", b""))
    bad = tmp_path / "bad.actor"
    write_actor(bad, card, {**members, PREVIEW: png(*chunks)})
    with pytest.raises(ActorFileError, match=r"bad\.actor: preview\.png is no picture .* lies outside"):
        library.admit(bad)
    assert not folder.exists()
    folder.mkdir()
    shutil.copy(bad, folder)  # as an earlier version let it in
    found = {entry.name: entry for entry in library.entries()}
    assert found["bad"].preview is None
    assert "preview.png is no picture" in found["bad"].problem
    assert found["Marble"].preview is not None


def test_a_name_that_is_taken_gets_a_number(folder, tmp_path):
    file = tiny_actor(tmp_path / "carl.actor")
    assert [library.admit(file).name for _ in range(3)] == ["carl.actor", "carl 2.actor", "carl 3.actor"]
    assert library.admit(folder / "carl.actor") == folder / "carl.actor"  # is there already


def test_renaming_changes_file_and_card_and_leaves_the_rest(folder, tmp_path):
    path = library.admit(tiny_actor(tmp_path / "carl.actor", consent="Carl agreed."))
    new = library.rename(path, "  Carl the Great ")
    assert new == folder / "Carl the Great.actor"
    assert not path.exists()
    card = read_card(new)
    assert (card.name, card.consent) == ("Carl the Great", "Carl agreed.")
    load_actor(new, "cpu")
    other = library.admit(tiny_actor(tmp_path / "otto.actor"))
    with pytest.raises(ActorFileError, match="already"):
        library.rename(other, "Carl the Great")
    assert other.exists()
    lea = library.rename(library.admit(layered_actor(tmp_path / "lea.actor")), "Lea the First")
    assert load_actor(lea, "cpu").plate is not None


@pytest.mark.parametrize("name", ["", " ", ".hidden", "a/b", "a\\b", "a:b", "x" * 61, "a\nb"])
def test_names_that_are_refused(folder, tmp_path, name):
    path = library.admit(tiny_actor(tmp_path / "carl.actor"))
    with pytest.raises(ActorFileError, match="1 to 60"):
        library.rename(path, name)
    assert path.exists()


def test_what_is_removed_can_be_brought_back(folder, tmp_path):
    path = library.admit(tiny_actor(tmp_path / "carl.actor"))
    content = path.read_bytes()
    aside = library.remove(path)
    assert "carl" not in {entry.name for entry in library.entries()}
    library.admit(tmp_path / "carl.actor")  # the name is taken meanwhile
    back = library.restore(aside)
    assert back == folder / "carl 2.actor"
    assert back.read_bytes() == content
    first, second = library.remove(path), library.remove(library.rename(back, "carl"))
    assert first != second
    assert first.exists()
    assert second.exists()


def test_built_in_actors_stay(folder):
    marble = BUILT_IN / "marble.actor"
    for change in (lambda: library.rename(marble, "other"), lambda: library.remove(marble)):
        with pytest.raises(ActorFileError, match="came with the program"):
            change()
    assert marble.exists()


def test_details_are_words(tmp_path):
    training = {"frames": 3661, "steps": 8342, "seconds": 3600.4, "metrics": {"psnr_tracked": 28.78}}
    card = read_card(tiny_actor(tmp_path / "carl.actor", training=training, consent="Carl agreed.", licence="CC0-1.0"))
    told = dict(library.details(card))
    assert told["Resolution"] == "64 × 64 px"
    assert told["Footage"] == "3,661 pictures"
    assert told["Training"] == "8,342 steps in 60 min"
    assert told["Likeness"].startswith("28.8 dB")
    assert (told["Consent"], told["Licence"]) == ("Carl agreed.", "CC0-1.0")
    assert told["Sees"] == "how your face moves, never its pixels"
    assert told["Background"] == "a part of its picture"
    assert dict(library.details(read_card(layered_actor(tmp_path / "lea.actor"))))["Background"].startswith(
        "its own, or"
    )
    pixels = read_card(tiny_actor(tmp_path / "pixels.actor", "image"))
    assert "at most 4 numbers of them" in dict(library.details(pixels))["Sees"]
    odd = read_card(tiny_actor(tmp_path / "odd.actor", training={"frames": "many", "metrics": 3}))
    assert "Footage" not in dict(library.details(odd))
