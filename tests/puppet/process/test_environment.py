"""What every process has before its first library: plain numbers, no telemetry."""

from __future__ import annotations

import ast
import locale
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PyQt6.QtCore import QLocale

from puppet.gui.kit.application import make_application
from puppet.gui.kit.words import decimal, show_numbers_as_usual
from puppet.process import environment as process

ROOT = Path(__file__).resolve().parents[3]

# At the first import of anything heavy the child looks at what has to be set before it, names it, and ends.
WATCH = """
import locale, os, runpy, sys

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name in NAMES:
            assert os.environ.get("ORT_DISABLE_TELEMETRY") == "1", f"{name} without ORT_DISABLE_TELEMETRY"
            assert os.environ.get("LC_NUMERIC") == "C" and "LC_ALL" not in os.environ, f"{name} without LC_NUMERIC"
            assert locale.setlocale(locale.LC_NUMERIC) == "C"
            print("prepared before", name, flush=True)
            os._exit(0)

sys.meta_path.insert(0, Watch())
"""
HEAVY = ("onnxruntime", "torch", "mediapipe", "numpy", "cv2", "PyQt6")


def child(code: str, *names: str) -> str:
    """What the child says, which watches for imports of `names`, in an environment that wants all of it otherwise."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "ORT_"))}
    done = subprocess.run(
        [sys.executable, "-c", f"NAMES = {names!r}\n{WATCH}\n{code}"],
        cwd=ROOT,
        env=inherited | {"ORT_DISABLE_TELEMETRY": "0", "LC_ALL": "de_DE.UTF-8"},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("module", ["puppet.actor.runtime", "models.latent.actor_space", "export.verify"])
def test_nothing_imports_onnxruntime_before_its_telemetry_is_off(module: str) -> None:
    assert child(f"import {module}", "onnxruntime") == "prepared before onnxruntime"


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("puppet", ["run", "--headless"]),
        ("puppet", ["train", "nowhere.h5", "-o", "nowhere"]),
        ("models", ["train", "nowhere.h5", "-o", "nowhere"]),
        ("export", ["nowhere", "-o", "x.actor", "--consent", "x"]),
        ("puppet.gui.kit.theme", []),
    ],
)
def test_every_command_is_prepared_before_anything_is_loaded(module: str, arguments: list[str]) -> None:
    code = f"sys.argv = [{module!r}, *{arguments!r}]; runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    assert child(code, *HEAVY).startswith("prepared before ")


def test_the_child_that_makes_an_actor_hands_it_on_to_its_tools(tmp_path: Path) -> None:
    """`new_actor.child` loads nothing itself; what it starts inherits its environment."""
    code = f"""
from puppet.new_actor import child
child.run(__import__("pathlib").Path({str(tmp_path)!r}), ["-c", "import os; print(os.environ)"], [sys.executable])
"""
    said = child(code)
    assert "'ORT_DISABLE_TELEMETRY': '1'" in said
    assert "'LC_NUMERIC': 'C'" in said
    assert "'LC_ALL'" not in said
    assert "'LC_MESSAGES': 'de_DE.UTF-8'" in said


@pytest.mark.parametrize("room", ["puppet", "models", "export"])
def test_each_room_prepares_the_process_before_it_imports_anything_else(room: str) -> None:
    """So it holds for every module of it: a package's own file runs before the modules in it."""
    body = ast.parse((ROOT / room / "__init__.py").read_text(encoding="utf-8")).body
    imports = [node for node in body if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = [alias.name if isinstance(node, ast.Import) else node.module for node in imports for alias in node.names]
    foreign = [name for name in names if name not in sys.stdlib_module_names]
    assert str(foreign[0]).partition(".")[0] == "puppet"


def test_lc_all_is_spread_over_the_other_categories() -> None:
    environment = {"LC_ALL": "de_DE.UTF-8", "LANG": "en_GB.UTF-8", "LC_NUMERIC": "fr_FR.UTF-8", "LANGUAGE": "de"}
    assert process.plain_numbers(environment) == "de_DE.UTF-8"
    assert environment == {
        "LANG": "de_DE.UTF-8",
        "LC_NUMERIC": "C",
        "LANGUAGE": "de",
        **dict.fromkeys(process.OTHER_CATEGORIES, "de_DE.UTF-8"),
    }


@pytest.mark.parametrize(
    ("environment", "numbers"),
    [
        ({"LANG": "de_DE.UTF-8"}, "de_DE.UTF-8"),
        ({"LANG": "en_US.UTF-8", "LC_NUMERIC": "tr_TR.UTF-8"}, "tr_TR.UTF-8"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": ""}, "en_US.UTF-8"),
        ({}, ""),
    ],
)
def test_only_numbers_are_made_plain(environment: dict[str, str], numbers: str) -> None:
    before = dict(environment)
    assert process.plain_numbers(environment) == numbers
    assert environment.pop("LC_NUMERIC") == "C"
    assert environment == {name: value for name, value in before.items() if name not in ("LC_NUMERIC", "LC_ALL")}


def test_every_category_is_named() -> None:
    names = {name for name in dir(locale) if name.startswith("LC_")} - {"LC_ALL", "LC_NUMERIC"}
    assert names <= set(process.OTHER_CATEGORIES)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="Qt asks the system there")
@pytest.mark.parametrize(
    ("named", "shown"), [("de_DE.UTF-8", "0,5"), ("tr_TR", "0,5"), ("en_US.UTF-8", "0.5"), ("C", "0.5"), ("", "0.5")]
)
def test_what_people_read_has_their_decimal_sign(named: str, shown: str, qapp, monkeypatch: pytest.MonkeyPatch) -> None:
    before = QLocale()
    monkeypatch.setattr(process, "_numbers", named)
    try:
        make_application()
        assert locale.setlocale(locale.LC_NUMERIC) == "C"
        assert decimal(0.5) == shown
        assert decimal(0.5, signed=True) == f"+{shown}"
        assert decimal(-0.5, signed=True) == f"-{shown}"
        assert QLocale().toString(0.5, "f", 1) == shown
    finally:
        QLocale.setDefault(before)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="Qt asks the system there")
def test_arabic_numbers_are_shown_in_arabic_digits(qapp, monkeypatch: pytest.MonkeyPatch) -> None:
    before = QLocale()
    monkeypatch.setattr(process, "_numbers", "ar_EG.UTF-8")
    try:
        show_numbers_as_usual()
        assert decimal(0.5) == "٠٫٥"
    finally:
        QLocale.setDefault(before)
