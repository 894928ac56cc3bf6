"""C2PA: what is stated, and that the real library finds it valid; skipped where c2pa-python is not installed."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
from planted_layers import transparent_result
from video_fixtures import alpha_of, numbered, read_video, result_of, shown_number

from puppet.core.errors import RecordingError
from puppet.core.layout import Layout
from puppet.core.types import Frame, Portrait, Result
from puppet.media.codecs import Codec
from puppet.output.recording_sink import begin_take
from puppet.output.settings import OutputSettings
from puppet.output.snapshot import save_snapshot
from puppet.provenance import signing
from puppet.provenance.signing import credentials, manifest, sign
from puppet.provenance.xmp import Provenance


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PUPPET_SIGNING_DIR", str(tmp_path / "signing"))
    return tmp_path / "signing"


def read(path: Path) -> dict:
    c2pa = pytest.importorskip("c2pa")
    with c2pa.Reader(str(path)) as reader:
        return json.loads(reader.json())


def test_the_manifest_states_how_the_picture_came_about() -> None:
    stated = manifest(Provenance("marble", "A statue.", Layout.ACTOR, badge=True))
    action = stated["assertions"][0]["data"]["actions"][0]
    assert action["action"] == "c2pa.created"
    assert action["digitalSourceType"].endswith("/trainedAlgorithmicMedia")
    assert stated["assertions"][1]["data"]["usageInfo"] == "Consent: A statue."


def test_a_take_is_signed_and_a_change_is_found(tmp_path: Path) -> None:
    pytest.importorskip("c2pa")
    outputs = OutputSettings("separate", hardware=False, badge=False, sign=True)
    take = begin_take(outputs, tmp_path / "take.mp4", "marble")
    for number in range(5):
        portrait = Portrait(np.ascontiguousarray(numbered(number, 96, 96)))
        take.write(Result(Frame(numbered(number), number, number / 30), None, None, portrait, None))
    take.close()
    driver = take.paths[2]
    assert b"jumb" not in driver.read_bytes()  # nobody here knows how its pictures came about
    for path in take.paths[:2]:
        told = read(path)
        assert told["validation_state"] == "Valid"
        assert {status["code"] for status in told["validation_status"]} == {"signingCredential.untrusted"}  # our own
    actor = take.paths[1]
    assert [shown_number(image) for image in read_video(actor)] == list(range(5))
    data = bytearray(actor.read_bytes())
    place = data.index(b"mdat") + 40
    data[place] ^= 1
    actor.write_bytes(data)
    assert read(actor)["validation_state"] == "Invalid"


def test_a_take_and_a_snapshot_over_nothing_are_signed_and_keep_their_alpha(tmp_path: Path) -> None:
    pytest.importorskip("c2pa")
    codec = Codec.PRORES_4444
    take = begin_take(
        OutputSettings("actor", codec=codec.value, badge=False, sign=True), tmp_path / "take.mov", "marble"
    )
    for number in range(5):
        take.write(transparent_result(number))
    take.close()
    about = Provenance("marble")
    shot = save_snapshot(transparent_result(0), tmp_path, about)
    sign(shot, about)
    for path in (take.path, shot):
        assert read(path)["validation_state"] == "Valid"
    wanted = transparent_result(4).portrait.person[..., 3]  # pyright: ignore
    assert np.abs(alpha_of(take.path, codec)[4].astype(int) - wanted).max() <= 1


def test_a_snapshot_is_signed(tmp_path: Path) -> None:
    pytest.importorskip("c2pa")
    about = Provenance("marble")
    path = save_snapshot(result_of(numbered(1)), tmp_path, about)
    sign(path, about)
    assert read(path)["validation_state"] == "Valid"
    assert [p.name for p in tmp_path.glob(".*")] == []


def test_the_certificate_is_made_once_and_can_be_replaced(folder: Path) -> None:
    pytest.importorskip("cryptography")
    first = credentials(folder)
    assert credentials(folder) == first
    if sys.platform != "win32":
        assert stat.S_IMODE((folder / "key.pem").stat().st_mode) == 0o600
    other = signing.development_certificate()
    assert other != first
    for name, text in zip(("cert.pem", "key.pem"), other, strict=True):
        (folder / name).write_text(text)
    assert credentials(folder) == other
    (folder / "key.pem").unlink()
    with pytest.raises(RecordingError, match=r"must hold cert\.pem and key\.pem, or neither"):
        credentials(folder)


def test_what_cannot_be_signed_is_told_before_the_take_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RecordingError, match=r"C2PA has no place in \.mkv files"):
        begin_take(OutputSettings(codec="ffv1", sign=True), tmp_path / "take.mkv")
    monkeypatch.setitem(sys.modules, "c2pa", None)
    with pytest.raises(RecordingError, match=r"\[provenance\]"):
        begin_take(OutputSettings(sign=True, hardware=False), tmp_path / "take.mp4")
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_is_none_is_told_and_the_file_stays(tmp_path: Path, folder: Path) -> None:
    pytest.importorskip("c2pa")
    folder.mkdir()
    for name in ("cert.pem", "key.pem"):
        (folder / name).write_text("no key at all")
    path = save_snapshot(result_of(numbered(1)), tmp_path, Provenance())
    before = path.read_bytes()
    with pytest.raises(RecordingError, match="was not signed"):
        sign(path, Provenance())
    assert path.read_bytes() == before
