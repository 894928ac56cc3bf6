"""Actor files: what is written comes back; a damaged, edited or foreign file is refused with a clear message."""

from __future__ import annotations

import dataclasses
import zipfile
from pathlib import Path

import numpy as np
import pytest
from layered_actor import layered_actor, layered_parts
from tiny_actor import rewrite_actor, tiny_actor, tiny_parts

from puppet.actor import file as actor_file
from puppet.actor.file import (
    CARD,
    DECODER,
    DETAIL,
    ENCODER,
    MEMBERS,
    PLATE,
    members_of,
    read_actor,
    read_card,
    read_member,
    write_actor,
)
from puppet.core.errors import ActorFileError


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


@pytest.mark.parametrize(("layers", "pictures"), [(True, {DETAIL, PLATE}), (False, {DETAIL})])
def test_pictures_of_layers_come_back(tmp_path, layers, pictures):
    card, members = layered_parts(layers=layers)
    path = tmp_path / "Lea.actor"
    write_actor(path, card, members)
    back, contents = read_actor(path)
    assert contents == members
    assert set(members_of(back)) == set(back.sha256) == {*MEMBERS, *pictures}
    assert (back.painted_size, back.layers) == (card.painted_size, layers)


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
    rewrite_actor(mesh, lambda members: members.update({ENCODER: members[DECODER]}))
    with pytest.raises(ActorFileError, match=r"Mia\.actor: encoder\.onnx was changed after it was exported; get the"):
        read_actor(mesh)


@pytest.mark.parametrize("name", [CARD, *MEMBERS])
def test_a_missing_member_is_named(mesh, name):
    rewrite_actor(mesh, lambda members: members.pop(name))
    with pytest.raises(ActorFileError, match=f"{name} is missing"):
        read_card(mesh)


@pytest.mark.parametrize("name", ["weights.bin", "../evil.py", "/etc/evil", "sub/card.json", "CARD.JSON"])
def test_an_extra_member_is_refused(mesh, name):
    rewrite_actor(mesh, lambda members: members.update({name: b"x"}))
    with pytest.raises(ActorFileError, match="does not belong in an actor file"):
        read_card(mesh)


@pytest.mark.parametrize("name", [DETAIL, PLATE])
def test_pictures_are_there_exactly_when_the_card_asks_for_them(tmp_path, mesh, name):
    lea = layered_actor(tmp_path / "Lea.actor")
    with zipfile.ZipFile(lea) as archive:
        picture = archive.read(name)
    rewrite_actor(lea, lambda members: members.pop(name))
    with pytest.raises(ActorFileError, match=rf"Lea\.actor: {name} is missing"):
        read_card(lea)
    rewrite_actor(mesh, lambda members: members.update({name: picture}))
    with pytest.raises(ActorFileError, match=rf"Mia\.actor: holds '{name}', which does not belong"):
        read_card(mesh)
    card, members = layered_parts()
    with pytest.raises(ActorFileError, match=r"members must be .*detail\.png, plate\.png, not"):
        write_actor(tmp_path / "x.actor", card, {key: data for key, data in members.items() if key != name})


def test_pictures_that_were_edited_or_have_no_hash_are_noticed(tmp_path):
    lea = layered_actor(tmp_path / "Lea.actor")
    rewrite_actor(lea, lambda members: members.update({PLATE: members[DETAIL]}))
    with pytest.raises(ActorFileError, match=r"plate\.png was changed after it was exported"):
        read_actor(lea)
    rewrite_actor(lea, card=lambda card: card["sha256"].pop(PLATE))
    with pytest.raises(ActorFileError, match="sha256 does not name every member"):
        read_card(lea)


def test_a_member_twice_is_refused(mesh):
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(mesh, "a") as archive:
        archive.writestr(ENCODER, b"other")
    with pytest.raises(ActorFileError, match="a member twice"):
        read_card(mesh)


def test_compressed_members_are_refused(mesh):
    rewrite_actor(mesh, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(ActorFileError, match="is compressed or encrypted"):
        read_card(mesh)


def test_sizes_are_bounded(mesh, monkeypatch, tmp_path):
    with monkeypatch.context() as limited:
        limited.setitem(actor_file.MAX_BYTES, ENCODER, 1000)
        with pytest.raises(ActorFileError, match=r"encoder\.onnx has \d+ bytes, at most 1000 are allowed"):
            read_card(mesh)
        with pytest.raises(ActorFileError, match="at most 1000"):
            write_actor(tmp_path / "new.actor", *tiny_parts())
    for name in (DETAIL, PLATE):
        lea = layered_actor(tmp_path / "Lea.actor")
        with monkeypatch.context() as limited:
            limited.setitem(actor_file.MAX_BYTES, name, 100)
            with pytest.raises(ActorFileError, match=rf"{name} has \d+ bytes, at most 100 are allowed"):
                read_card(lea)
    for name in actor_file.MAX_BYTES:
        monkeypatch.setitem(actor_file.MAX_BYTES, name, 10)
    mesh.write_bytes(bytes(1 << 17))
    with pytest.raises(ActorFileError, match="too many for an actor file"):
        read_card(mesh)


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

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ActorFileError, match=r"cannot be written \(No space left on device\)"):
        tiny_actor(mesh, kind="image")
    assert mesh.read_bytes() == before
    assert list(mesh.parent.iterdir()) == [mesh]


def test_an_unwritable_folder_is_named(tmp_path):
    with pytest.raises(ActorFileError, match=r"nowhere.*cannot be written.*choose another folder"):
        tiny_actor(tmp_path / "nowhere" / "x.actor")
