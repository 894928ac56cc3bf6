"""Which room may import what, read from the source without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch


@dataclass(frozen=True)
class Rule:
    """Files that match `where`, but not `except_in`, do not import `forbidden` (a module with all below it)."""

    where: str
    forbidden: str
    except_in: str = ""


RULES = (
    *(Rule("puppet/*", name) for name in ("torch", "models", "export")),
    Rule("puppet/*", "mediapipe", except_in="puppet/face/tracking.py"),
    Rule("puppet/*", "onnxruntime", except_in="puppet/actor/runtime.py"),
    *(Rule(f"{room}/*", "PIL", except_in="puppet/pictures/decode.py") for room in ("puppet", "models", "export")),
    Rule("puppet/*", "PyQt6", except_in="puppet/gui/*"),
    Rule("puppet/*", "puppet.gui", except_in="puppet/gui/*|puppet/commands/window.py"),
    Rule("puppet/core/types.py", "cv2"),
    *(Rule("models/*", name) for name in ("PyQt6", "onnxruntime", "export", "puppet.gui")),
    Rule("models/*", "puppet.actor.runtime", except_in="models/latent/actor_space.py"),
    *(Rule("export/*", name) for name in ("PyQt6", "puppet.gui")),
    *(Rule("*", name) for name in ("pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal")),
)


def offences(path: str, source: str, rules: Iterable[Rule] = RULES) -> list[str]:
    """What a file, named from the project's top with slashes, imports against the rules: "path:line imports name"."""
    found = []
    for line, name in imported(path, source):
        for rule in rules:
            if not fnmatch(path, rule.where) or any(fnmatch(path, p) for p in rule.except_in.split("|")):
                continue
            if name == rule.forbidden or name.startswith(f"{rule.forbidden}."):
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
            yield node.lineno, base
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
