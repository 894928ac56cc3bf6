"""The rooms keep to themselves; and the checker that says so does notice."""

from __future__ import annotations

from pathlib import Path

import pytest
from import_rules import offences

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for room in ("puppet", "models", "export") for path in (ROOT / room).rglob("*.py"))


def test_every_room_imports_only_what_it_may() -> None:
    assert len(SOURCES) > 30
    broken = [o for p in SOURCES for o in offences(p.relative_to(ROOT).as_posix(), p.read_text(encoding="utf-8"))]
    assert broken == []


@pytest.mark.parametrize(
    ("path", "source", "name"),
    [
        ("puppet/engine/puppeteer.py", "import torch", "torch"),
        ("puppet/engine/puppeteer.py", "def f():\n    import torch.nn as nn", "torch.nn"),
        ("puppet/engine/puppeteer.py", "from torch.nn import functional", "torch.nn"),
        ("puppet/engine/puppeteer.py", "import importlib\nimportlib.import_module('torch')", "torch"),
        ("puppet/gui/kit/side_panel.py", "from models import train", "models"),
        ("puppet/engine/engine.py", "import onnxruntime as ort", "onnxruntime"),
        ("puppet/actor/runtime.py", "from mediapipe.python.solutions import face_mesh", "mediapipe.python.solutions"),
        ("puppet/engine/engine.py", "from PyQt6 import QtCore", "PyQt6"),
        ("models/data/tracking_pass.py", "from PIL import Image", "PIL"),
        ("puppet/engine/engine.py", "from ..gui import kit", "puppet.gui"),
        ("puppet/engine/engine.py", "from puppet import gui", "puppet.gui"),
        ("models/training/trainer.py", "import export.graph", "export.graph"),
        ("models/training/trainer.py", "from puppet.actor.runtime import load_actor", "puppet.actor.runtime"),
        ("export/graph.py", "import PyQt6", "PyQt6"),
        ("models/training/checkpoint.py", "import pickle", "pickle"),
    ],
)
def test_a_planted_offence_is_found(path: str, source: str, name: str) -> None:
    assert f"imports {name}" in " ".join(offences(path, source))


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("puppet/actor/runtime.py", "import onnxruntime"),
        ("puppet/face/tracking.py", "import mediapipe"),
        ("puppet/gui/kit/side_panel.py", "from PyQt6.QtWidgets import QWidget"),
        ("models/training/trainer.py", "import torch\nfrom puppet import align"),
        ("models/latent/actor_space.py", "from puppet.actor.runtime import load_actor"),
        ("puppet/engine/puppeteer.py", "import torchlight\nfrom modelsof import x"),
        ("puppet/engine/puppeteer.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import onnxruntime"),
    ],
)
def test_what_is_allowed_is_not_found(path: str, source: str) -> None:
    assert offences(path, source) == []


def test_adding_import_torch_to_any_file_of_puppet_is_found() -> None:
    for path in SOURCES:
        name = path.relative_to(ROOT).as_posix()
        if name.startswith("puppet/"):
            planted = path.read_text(encoding="utf-8") + "\nimport torch\n"
            assert any("imports torch" in offence for offence in offences(name, planted)), name
