"""Each room imports what its row of LAYERS allows, and planted offences are found."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from import_rules import LAYERS, offences

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for room in ("puppet", "models", "export") for path in (ROOT / room).rglob("*.py"))


def test_every_room_imports_only_what_it_may() -> None:
    assert len(SOURCES) > 30
    broken = [o for p in SOURCES for o in offences(p.relative_to(ROOT).as_posix(), p.read_text(encoding="utf-8"))]
    assert broken == []


def test_every_row_names_rows_above_it() -> None:
    """So no two rooms import each other, and no arrow runs upwards."""
    rows = list(LAYERS)
    for number, (name, layer) in enumerate(LAYERS.items()):
        package = name.rpartition(".")[0]  # one module of a package may use the rest of it
        unknown = {room for room in layer.rooms.split() if "*" not in room} - {
            *rows[:number],
            package,
            "puppet.process",
        }
        assert not unknown, name


def test_every_room_has_a_row_and_says_what_it_is_for() -> None:
    rooms = {path.parent for path in SOURCES}
    assert {room.relative_to(ROOT).as_posix().replace("/", ".") for room in rooms} <= set(LAYERS)
    for room in rooms:
        text = ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8"))) or ""
        assert text.partition("\n")[0].endswith("."), room


@pytest.mark.parametrize(
    ("path", "source", "name"),
    [
        ("puppet/engine/puppeteer.py", "import torch", "torch"),
        ("puppet/engine/puppeteer.py", "def f():\n    import torch.nn as nn", "torch.nn"),
        ("puppet/engine/puppeteer.py", "from torch.nn import functional", "torch.nn.functional"),
        ("puppet/engine/puppeteer.py", "import importlib\nimportlib.import_module('torch')", "torch"),
        ("puppet/gui/kit/side_panel.py", "from models.training import trainer", "models.training.trainer"),
        ("puppet/engine/engine.py", "import onnxruntime as ort", "onnxruntime"),
        ("puppet/face/neutral.py", "from mediapipe.python.solutions import face_mesh", "mediapipe.python.solutions"),
        ("puppet/engine/engine.py", "from PyQt6 import QtCore", "PyQt6.QtCore"),
        ("puppet/pictures/formats.py", "from PIL import Image", "PIL.Image"),
        ("models/data/tracking_pass.py", "from PIL import Image", "PIL.Image"),
        ("puppet/engine/engine.py", "from ..gui.kit import side_panel", "puppet.gui.kit.side_panel"),
        ("puppet/engine/engine.py", "from puppet import gui", "puppet.gui"),
        ("puppet/core/types.py", "from puppet.storage.files import publish", "puppet.storage.files.publish"),
        ("puppet/face/neutral_store.py", "from puppet import settings", "puppet.settings"),
        ("puppet/actor/morph.py", "import puppet.output.compose", "puppet.output.compose"),
        ("puppet/actor/card.py", "from puppet.actor.runtime import load_actor", "puppet.actor.runtime.load_actor"),
        ("puppet/gui/live/page.py", "from puppet.gui.presenters import base", "puppet.gui.presenters.base"),
        ("puppet/gui/bench_probe.py", "from puppet.commands import bench", "puppet.commands.bench"),
        ("models/training/trainer.py", "import export.graph", "export.graph"),
        (
            "models/training/trainer.py",
            "from puppet.actor.runtime import load_actor",
            "puppet.actor.runtime.load_actor",
        ),
        ("models/data/dataset.py", "from models.networks import base", "models.networks.base"),
        ("export/graph.py", "import PyQt6", "PyQt6"),
        ("models/training/checkpoint.py", "import pickle", "pickle"),
    ],
)
def test_a_planted_offence_is_found(path: str, source: str, name: str) -> None:
    assert f"imports {name}" in " ".join(offences(path, source))


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("puppet/inference/session.py", "import onnxruntime"),
        ("puppet/face/mediapipe_mesh.py", "import mediapipe"),
        ("puppet/pictures/decode.py", "from PIL import Image"),
        ("puppet/gui/kit/side_panel.py", "from PyQt6.QtWidgets import QWidget"),
        ("models/training/trainer.py", "import torch\nfrom puppet.core import pixels"),
        ("models/latent/actor_space.py", "from puppet.actor.runtime import load_actor"),
        ("puppet/engine/puppeteer.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import onnxruntime"),
        ("puppet/commands/window.py", "from puppet.gui.controller import Controller"),
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
