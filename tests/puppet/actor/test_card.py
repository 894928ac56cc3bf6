"""Actor files: what is written comes back; whatever is damaged, edited or strange is refused with a clear message."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tiny_actor import tiny_actor, tiny_parts

from puppet.actor import card as actor_card
from puppet.actor.card import (
    CARD,
    DECODER,
    ENCODER,
    MEMBERS,
    card_from_json,
    card_to_json,
    read_actor,
    read_card,
    read_member,
    write_actor,
)
from puppet.core.errors import ActorFileError


def rewrite(path: Path, change=None, card=None, **zip_options) -> None:
    """Write the zip again with `change(members: dict)` and `card(data: dict)` applied, hashes left as they are."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if card is not None:
        data = json.loads(members[CARD])
        card(data)
        members[CARD] = json.dumps(data).encode()
    if change is not None:
        change(members)
    with zipfile.ZipFile(path, "w", **zip_options) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


@pytest.fixture
def mesh(tmp_path) -> Path:
    return tiny_actor(tmp_path / "Mia.actor")


@pytest.mark.parametrize("kind", ["mesh", "image"])
def test_what_is_written_comes_back(tmp_path, kind):
    card, members = tiny_parts(kind, "Mia")
    path = tmp_path / "Mia.actor"
    written = write_actor(path, card, members)
    back, contents = read_actor(path)
    assert contents == members
    assert set(back.sha256) == set(MEMBERS)
    for field in dataclasses.fields(back):
        first, second = getattr(written, field.name), getattr(back, field.name)
        if field.name == "golden":
            assert first.tolerance == second.tolerance
            first, second = first.means, second.means
        if isinstance(first, np.ndarray):
            assert first.dtype == second.dtype
            assert np.array_equal(first, second), field.name
        else:
            assert first == second, field.name
    assert read_member(path, ENCODER) == members[ENCODER]
    assert [p.name for p in tmp_path.iterdir()] == ["Mia.actor"]


def test_equal_content_gives_an_equal_file(tmp_path):
    first, second = tiny_actor(tmp_path / "a.actor", name="A"), tiny_actor(tmp_path / "b.actor", name="A")
    assert first.read_bytes() == second.read_bytes()


# --- files that are refused ---


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
def test_a_truncated_file_is_refused(mesh, share):
    content = mesh.read_bytes()
    mesh.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ActorFileError, match=r"Mia\.actor: not an actor file, or cut short"):
        read_card(mesh)


def test_missing_and_foreign_files_are_refused(tmp_path):
    with pytest.raises(ActorFileError, match="no such actor file"):
        read_card(tmp_path / "none.actor")
    text = tmp_path / "text.actor"
    text.write_text("hello")
    with pytest.raises(ActorFileError, match="not an actor file"):
        read_card(text)
    with pytest.raises(ActorFileError, match="cannot be read"):
        read_card(tmp_path)


def test_a_flipped_byte_is_noticed(mesh):
    content = bytearray(mesh.read_bytes())
    with zipfile.ZipFile(mesh) as archive:
        info = archive.getinfo(DECODER)
    content[info.header_offset + 30 + len(DECODER) + info.file_size // 2] ^= 1
    mesh.write_bytes(content)
    read_card(mesh)
    with pytest.raises(ActorFileError, match=r"decoder\.onnx is damaged"):
        read_actor(mesh)


def test_an_edited_member_is_noticed(mesh):
    rewrite(mesh, lambda members: members.update({ENCODER: members[DECODER]}))
    with pytest.raises(ActorFileError, match=r"Mia\.actor: encoder\.onnx was changed after it was exported; get the"):
        read_actor(mesh)


@pytest.mark.parametrize("name", [CARD, *MEMBERS])
def test_a_missing_member_is_named(mesh, name):
    rewrite(mesh, lambda members: members.pop(name))
    with pytest.raises(ActorFileError, match=f"{name} is missing"):
        read_card(mesh)


@pytest.mark.parametrize("name", ["weights.bin", "../evil.py", "/etc/evil", "sub/card.json", "CARD.JSON"])
def test_an_extra_member_is_refused(mesh, name):
    rewrite(mesh, lambda members: members.update({name: b"x"}))
    with pytest.raises(ActorFileError, match="does not belong in an actor file"):
        read_card(mesh)


def test_a_member_twice_is_refused(mesh):
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(mesh, "a") as archive:
        archive.writestr(ENCODER, b"other")
    with pytest.raises(ActorFileError, match="a member twice"):
        read_card(mesh)


def test_compressed_members_are_refused(mesh):
    rewrite(mesh, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(ActorFileError, match="is compressed or encrypted"):
        read_card(mesh)


def test_sizes_are_bounded(mesh, monkeypatch, tmp_path):
    monkeypatch.setitem(actor_card.MAX_BYTES, ENCODER, 1000)
    with pytest.raises(ActorFileError, match=r"encoder\.onnx has \d+ bytes, at most 1000 are allowed"):
        read_card(mesh)
    with pytest.raises(ActorFileError, match="at most 1000"):
        write_actor(tmp_path / "new.actor", *tiny_parts())
    for name in actor_card.MAX_BYTES:
        monkeypatch.setitem(actor_card.MAX_BYTES, name, 10)
    mesh.write_bytes(bytes(1 << 17))
    with pytest.raises(ActorFileError, match="too many for an actor file"):
        read_card(mesh)


# --- cards that are refused ---


def drop(name):
    return lambda card: card.pop(name)


def put(**changes):
    return lambda card: card.update(changes)


BAD_CARDS = {
    "unknown field": (put(colour="red"), "unknown field 'colour'"),
    "missing field": (drop("consent"), "field 'consent' is missing"),
    "newer": (put(format_version=3, puppet_version="9.1"), r"format version 3 \(made by puppet 9\.1\).*update puppet"),
    "older": (put(format_version=1), r"format version 1 .*is older than this puppet reads.*; .*train it again"),
    "no version": (drop("format_version"), "format_version is None"),
    "boolean size": (put(image_size=True), "image_size: must be a whole number from 16 to 2048, not True"),
    "huge size": (put(image_size=10**9), "image_size: must be a whole number"),
    "float size": (put(latent_size=8.0), "latent_size: must be a whole number"),
    "name with a path": (put(name="../x"), "name: .* cannot be a file name"),
    "empty consent": (put(consent=" "), "consent: must be a text"),
    "kind": (put(kind="pickle"), "kind: must be one of mesh, image"),
    "unhashable kind": (put(kind=["mesh"]), "kind: must be one of mesh, image"),
    "inputs": (put(encoder_inputs=["landmarks", "audio"]), "encoder_inputs: must be one of crop, landmarks, pose"),
    "inputs twice": (put(encoder_inputs=["pose", "pose"]), "encoder_inputs: must be a list of different names"),
    "outputs": (put(decoder_outputs=["image"]), "decoder_outputs: .* is not what a mesh actor gives"),
    "neutral": (put(neutral=[[0, 0, 0]] * 468), "neutral: must be a list of 478 rows"),
    "neutral of text": (put(neutral=[["0", 0, 0]] * 478), "neutral: every row must be 3 numbers"),
    "infinite neutral": (put(neutral=[[1e300, 0, 0]] * 478), "neutral: numbers must be within 1000000"),
    "wild triangle": (put(triangles=[[0, 1, 9999]]), "triangles name points 0 to 9999, there are 81"),
    "negative triangle": (put(triangles=[[0, 1, -1]]), "triangles name points -1 to 1"),
    "fractional triangle": (put(triangles=[[0, 1, 2.5]]), "triangles: every row must be 3 whole numbers"),
    "overflowing triangle": (put(triangles=[[0, 1, 2**40]]), "triangles: numbers must be within"),
    "no mesh": (put(triangles=None), "must be given exactly for mesh actors"),
    "crop": (put(crop_size=64), "crop_size must be given exactly when"),
    "golden": (put(golden={"means": [0] * 768}), "golden: field 'tolerance' is missing"),
    "golden levels": (put(golden={"means": [256] * 768, "tolerance": 3}), "golden: means must be 768 whole numbers"),
    "lenient golden": (put(golden={"means": [0] * 768, "tolerance": 255}), "golden: must be a whole number"),
    "date": (put(created="yesterday"), "created: "),
    "parity": (put(parity={"image": "good"}), "parity: must be numbers by name"),
    "answer of nothing known": (put(response={"ears": 0.5}), "response: unknown region 'ears'"),
    "wild answer": (put(response={"brows": 1e30}), "response: numbers must be within"),
    "training": (put(training=[1]), "training: must be an object"),
    "hash": (put(sha256={"encoder.onnx": "12"}), "sha256: must be hexadecimal"),
    "hashes": (put(sha256={}), "sha256 does not name every member"),
}


@pytest.mark.parametrize("case", BAD_CARDS)
def test_a_bad_card_is_refused(mesh, case):
    change, message = BAD_CARDS[case]
    rewrite(mesh, card=change)
    with pytest.raises(ActorFileError, match=f"(?s)Mia.actor: card.json: .*{message}"):
        read_card(mesh)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"[]", "not a JSON object"),
        (b"{", "Expecting"),
        (b"\xff\xfe\xfa", "UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"format_version": 1, "format_version": 1}', "given twice"),
        (b'{"format_version": NaN}', "NaN is not a finite number"),
    ],
)
def test_text_that_is_no_card_is_refused(mesh, text, message):
    with pytest.raises(ValueError, match=message):
        card_from_json(text)
    rewrite(mesh, lambda members: members.update({CARD: text}))
    with pytest.raises(ActorFileError, match=message):
        read_card(mesh)


def test_a_card_survives_json():
    card, _ = tiny_parts("image")
    assert card_to_json(card_from_json(card_to_json(card))) == card_to_json(card)


def test_a_card_from_before_answers_were_measured_is_read(mesh):
    rewrite(mesh, card=drop("response"))
    assert read_card(mesh).response == {}


# --- writing ---


def test_a_card_that_could_not_be_read_is_not_written(tmp_path):
    card, members = tiny_parts()
    for wrong in ({"consent": ""}, {"parity": {"image": float("nan")}}, {"training": {"model": object()}}):
        with pytest.raises(ActorFileError, match="would not be readable"):
            write_actor(tmp_path / "x.actor", dataclasses.replace(card, **wrong), members)
    with pytest.raises(ActorFileError, match="members must be"):
        write_actor(tmp_path / "x.actor", card, {ENCODER: b""})
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_the_old_file_and_nothing_else(mesh, monkeypatch):
    before = mesh.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(actor_card.os, "fsync", full)
    with pytest.raises(ActorFileError, match=r"cannot be written \(No space left on device\)"):
        tiny_actor(mesh, kind="image")
    assert mesh.read_bytes() == before
    assert list(mesh.parent.iterdir()) == [mesh]


def test_an_unwritable_folder_is_named(tmp_path):
    with pytest.raises(ActorFileError, match=r"nowhere.*cannot be written.*choose another folder"):
        tiny_actor(tmp_path / "nowhere" / "x.actor")
