"""Which room may import what, read from the source without running it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch


@dataclass(frozen=True)
class Layer:
    """What a room may import: rooms below it, libraries. Both are names, separated by spaces."""

    rooms: str
    libraries: str = ""


# From the ground up: a room imports rooms that stand above its own line here, and of those only what its line says.
# A row is a package or, where a package holds several layers, one module of it.
LAYERS = {
    "puppet": Layer("puppet.process"),  # __version__, and the process prepared before any library
    "puppet.core": Layer("", "numpy cv2 tqdm"),
    "puppet.parsing": Layer("puppet.core", "numpy"),
    "puppet.storage": Layer("puppet.core puppet.parsing", "platformdirs"),
    "puppet.process": Layer("puppet.core puppet.parsing puppet.storage"),
    "puppet.pictures": Layer("puppet.core puppet.parsing", "numpy cv2 PIL"),
    "puppet.provenance": Layer("puppet.core puppet.parsing puppet.storage", "numpy cv2 c2pa cryptography"),
    "puppet.media": Layer(
        "puppet.core puppet.parsing puppet.storage puppet.process puppet.provenance",
        "numpy cv2 imageio_ffmpeg sounddevice",
    ),
    "puppet.inference": Layer("puppet.core puppet.storage", "numpy"),
    "puppet.inference.session": Layer("puppet.core puppet.inference", "onnxruntime"),
    "puppet.face": Layer("puppet.core puppet.parsing puppet.storage", "numpy cv2"),
    "puppet.face.mediapipe_mesh": Layer("puppet.core puppet.face", "numpy mediapipe"),
    "puppet.face.onnx_network": Layer("puppet.core puppet.storage puppet.inference.session"),
    "puppet.face.onnx_mesh": Layer("puppet.core puppet.face puppet.face.onnx_network", "numpy cv2"),
    "puppet.face.onnx_segmentation": Layer("puppet.core puppet.face.onnx_network", "numpy"),
    "puppet.face.matting": Layer("puppet.core puppet.face puppet.face.onnx_segmentation", "numpy cv2"),
    "puppet.face.tracking": Layer("puppet.core puppet.face puppet.face.mediapipe_mesh puppet.face.onnx_mesh", "numpy"),
    "puppet.actor.graph": Layer("puppet.core", "numpy"),
    "puppet.actor": Layer(
        "puppet.core puppet.parsing puppet.storage puppet.pictures puppet.media puppet.face puppet.actor.graph"
        " puppet.inference",
        "numpy cv2",
    ),
    "puppet.actor.runtime": Layer("puppet.core puppet.actor puppet.inference puppet.inference.session", "numpy"),
    "puppet.head": Layer("puppet.core puppet.face puppet.actor", "numpy cv2"),
    "puppet.photo": Layer(
        "puppet.core puppet.parsing puppet.storage puppet.pictures puppet.face puppet.face.tracking"
        " puppet.face.matting puppet.inference.session puppet.actor puppet.actor.graph puppet.actor.runtime"
        " puppet.head",
        "numpy cv2",
    ),
    "puppet.sources.network": Layer(
        "puppet.core puppet.parsing puppet.storage puppet.pictures puppet.media", "numpy cv2"
    ),
    "puppet.sources": Layer(
        "puppet.core puppet.parsing puppet.storage puppet.pictures puppet.media puppet.sources.network",
        "numpy cv2 cv2_enumerate_cameras",
    ),
    "puppet.engine": Layer("puppet.core puppet.process puppet.face puppet.actor", "numpy cv2"),
    "puppet.output": Layer(
        "puppet.core puppet.storage puppet.provenance puppet.media puppet.actor", "numpy cv2 pyvirtualcam"
    ),
    "puppet.explore": Layer("puppet.core puppet.parsing puppet.storage puppet.actor", "numpy"),
    "puppet.new_actor": Layer("puppet.core puppet.parsing puppet.storage puppet.process puppet.actor"),
    "puppet.actor.trial_child": Layer("puppet.core puppet.actor puppet.actor.runtime"),  # a program of its own
    "puppet.settings": Layer("puppet.core puppet.parsing puppet.storage puppet.sources puppet.output"),
    "puppet.gui.kit": Layer("puppet.core puppet.parsing puppet.process puppet.face", "PyQt6 numpy cv2"),
    "puppet.gui.explorer": Layer(
        "puppet.core puppet.storage puppet.process puppet.actor puppet.actor.runtime puppet.explore puppet.output"
        " puppet.media puppet.settings puppet.gui.kit",
        "PyQt6 numpy",
    ),
    "puppet.gui.live": Layer(
        "puppet.core puppet.face puppet.sources puppet.media puppet.output puppet.provenance puppet.settings"
        " puppet.gui.kit puppet.gui.explorer",
        "PyQt6",
    ),
    "puppet.gui.actors": Layer("puppet.core puppet.new_actor puppet.gui.kit", "PyQt6"),
    "puppet.gui.main_window": Layer("puppet puppet.core puppet.gui.kit puppet.gui.live puppet.gui.actors", "PyQt6"),
    "puppet.gui.presenters": Layer(
        "puppet.core puppet.process puppet.face puppet.actor puppet.actor.runtime puppet.sources"
        " puppet.sources.network puppet.media puppet.engine puppet.output puppet.explore puppet.new_actor"
        " puppet.settings puppet.gui.kit puppet.gui.explorer puppet.gui.live puppet.gui.actors puppet.gui.main_window",
        "PyQt6 numpy",
    ),
    "puppet.gui": Layer(
        "puppet.core puppet.process puppet.media puppet.engine puppet.output puppet.settings"
        " puppet.gui.kit puppet.gui.main_window puppet.gui.presenters",
        "PyQt6 numpy",
    ),
    "puppet.commands": Layer("puppet*", "numpy cv2"),
    "puppet.cli": Layer("puppet*"),
    "puppet.__main__": Layer("puppet.cli"),
    "models.common": Layer("puppet.core puppet.parsing puppet.storage puppet.process puppet.media", "numpy cv2 h5py"),
    "models.common.device": Layer("puppet.core", "torch"),
    "models.data": Layer(
        "puppet.core puppet.parsing puppet.storage puppet.process puppet.pictures puppet.face puppet.face.tracking"
        " puppet.face.matting puppet.sources models.common",
        "numpy cv2 h5py",
    ),
    "models.networks": Layer("puppet.core puppet.parsing puppet.face models.common models.data", "numpy torch"),
    "models.networks.puppet": Layer(
        "puppet.core puppet.face puppet.actor puppet.head models.common models.data models.networks",
        "numpy cv2 scipy torch",
    ),
    "models.networks.seeds": Layer("puppet.core models.common models.data models.networks", "numpy torch"),
    "models": Layer("puppet.core"),  # names architectures; imports one when it is built
    "models.training": Layer(
        "puppet.core puppet.parsing puppet.storage puppet.sources models models.common models.common.device models.data"
        " models.networks",
        "numpy torch safetensors",
    ),
    "models.latent.actor_space": Layer(
        "puppet.core puppet.face puppet.actor puppet.actor.runtime models.common models.data models.latent", "numpy"
    ),
    "models.latent": Layer(
        "puppet.core puppet.face puppet.actor puppet.explore models.common models.common.device models.data"
        " models.networks models.training models.latent.actor_space",
        "numpy scipy torch",
    ),
    "models.latent.analysis": Layer(
        "puppet.core puppet.storage puppet.actor puppet.explore models.common models.data models.networks"
        " models.training models.latent",
        "numpy cv2 scipy torch sklearn matplotlib",
    ),
    "models.fidelity": Layer(
        "puppet.core puppet.parsing puppet.storage puppet.actor models.common models.common.device models.data"
        " models.networks models.training",
        "numpy torch validate",  # validate: the judge's own module, beside it
    ),
    "models.assets": Layer(
        "puppet.core puppet.parsing puppet.media puppet.face puppet.face.tracking puppet.sources puppet.head"
        " puppet.photo models.common models.data models.networks models.networks.puppet",
        "numpy cv2 torch",
    ),
    "models.commands": Layer("puppet.core models*"),
    "models.__main__": Layer("puppet.core puppet.parsing puppet.process puppet.output puppet.new_actor models*"),
    "export.tflite": Layer("export", "numpy flatbuffers mediapipe"),  # reads what mediapipe's wheel holds
    "export": Layer(
        "puppet.core puppet.parsing puppet.storage puppet.process puppet.face puppet.face.tracking puppet.actor"
        " puppet.actor.runtime puppet.actor.graph puppet.sources puppet.output models.common models.data"
        " models.networks models.training models.latent export.tflite",
        "numpy cv2 torch onnx onnxscript onnxruntime",
    ),
    "export.face_networks": Layer(
        "puppet.core puppet.storage puppet.face.onnx_mesh puppet.face.onnx_segmentation puppet.face.tracking export"
        " export.tflite",
        "numpy onnx",
    ),
}
OURS = ("puppet", "models", "export")
NEVER = ("pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal")  # they execute what they read
ONE_FILE = {
    "PIL": "puppet/pictures/decode.py",
    "platformdirs": "puppet/storage/folders.py",
}  # libraries that one file of a room may import


def row(module: str) -> str:
    """The line of LAYERS that a module, or a name in one, belongs to."""
    return max((name for name in LAYERS if module == name or module.startswith(f"{name}.")), key=len)


def offences(path: str, source: str) -> list[str]:
    """What a file, named from the project's top with slashes, imports outside its row: "path:line imports name"."""
    own = row(path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    rooms, libraries = LAYERS[own].rooms.split(), LAYERS[own].libraries.split()
    found = []
    for line, name in imported(path, source):
        top = name.partition(".")[0]
        if top in OURS:
            wanted = row(name)
            allowed = wanted in (own, "puppet") or any(fnmatch(wanted, room) for room in rooms)
        elif top in sys.stdlib_module_names:
            allowed = top not in NEVER
        else:
            allowed = top in libraries and path == ONE_FILE.get(top, path)
        if not allowed:
            found.append(f"{path}:{line} imports {name}")
    return found


def imported(path: str, source: str) -> Iterator[tuple[int, str]]:
    """Line and full name of everything that is imported, anywhere in the file; not what only type checkers see."""
    tree = ast.parse(source)
    unseen = {id(node) for block in ast.walk(tree) if _for_types_only(block) for node in ast.walk(block)}
    for node in ast.walk(tree):
        if id(node) in unseen:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(path, node)
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"
        elif isinstance(node, ast.Call) and _called(node) in ("__import__", "import_module"):
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield node.lineno, first.value


def _absolute(path: str, node: ast.ImportFrom) -> str:
    """from .gui import x in puppet/commands/window.py -> puppet.gui."""
    if not node.level:
        return node.module or ""
    package = path.split("/")[: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def _called(node: ast.Call) -> str:
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
