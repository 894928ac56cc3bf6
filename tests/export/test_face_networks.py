"""MediaPipe's networks as ONNX: the files that the program carries are what the script makes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import onnx
import pytest

from export import ExportError
from puppet.face.onnx_mesh import FULL_RANGE, MESH, SHORT_RANGE
from puppet.face.onnx_network import NETWORKS
from puppet.face.onnx_segmentation import SEGMENTATION

tflite = pytest.importorskip("export.tflite", reason="mediapipe is not installed")
face_networks = pytest.importorskip("export.face_networks")
NAMES = (MESH, SHORT_RANGE, FULL_RANGE, SEGMENTATION)


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    return face_networks.face_networks()


@pytest.mark.parametrize("name", NAMES)
def test_the_file_that_the_program_carries_is_made_by_this_script(name: str, made: dict[str, bytes]) -> None:
    carried = onnx.load_from_string((NETWORKS / name).read_bytes())
    assert onnx.load_from_string(made[name]) == carried
    assert carried.doc_string == face_networks.NOTICE


def test_weights_are_stored_in_16_bits_and_the_licence_lies_beside_them() -> None:
    assert sum((NETWORKS / name).stat().st_size for name in NAMES) < 4.2e6
    licence = (NETWORKS / "LICENSE").read_text()
    assert licence.startswith(face_networks.NOTICE)
    assert "Apache License" in licence
    assert "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION" in licence


def test_the_command_writes_all_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: dict[str, bytes]) -> None:
    monkeypatch.setattr(face_networks, "face_networks", lambda: made)
    assert face_networks.main(["-o", str(tmp_path / "new")]) == 0
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted((*NAMES, "LICENSE"))
    assert (tmp_path / "new" / MESH).read_bytes() == made[MESH]


@pytest.mark.parametrize(
    ("version", "content", "message"),
    [
        ("0.10.20", b"", r"mediapipe 0\.10\.21 is needed; this is 0\.10\.20"),
        ("0.10.21", b"other", r"face_landmark_with_attention\.tflite is not the file of mediapipe 0\.10\.21"),
    ],
)
def test_another_mediapipe_is_refused(
    version: str, content: bytes, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    there = tmp_path / face_networks.MODULES / "face_landmark" / "face_landmark_with_attention.tflite"
    there.parent.mkdir(parents=True)
    there.write_bytes(content)
    installed = SimpleNamespace(version=version, locate_file=tmp_path.joinpath)
    monkeypatch.setattr(face_networks.metadata, "distribution", lambda name: installed)
    with pytest.raises(ExportError, match=message):
        face_networks.face_networks()
    assert face_networks.main(["-o", str(tmp_path / "new")]) == 2
    assert "export.face_networks: " in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_without_mediapipe_it_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    def missing(name: str) -> None:
        raise face_networks.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(face_networks.metadata, "distribution", missing)
    assert face_networks.main(["-o", str(tmp_path / "new")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("export.face_networks: mediapipe 0.10.21 is needed")
    assert said.count("\n") == 1


def test_what_is_no_tflite_model_is_refused() -> None:
    with pytest.raises(ExportError, match="no TFLite model"):
        tflite.read_tflite(b"\x08\x00\x00\x00ORTM" + bytes(100))
