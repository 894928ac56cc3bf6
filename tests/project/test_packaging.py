"""What a user installs: the wheel's contents, its version and dependencies, and pins that agree with them."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import puppet

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pyright: ignore[reportMissingImports] - only needed, and there, on 3.10

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
PINS = [
    Requirement(line)
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
PLATFORMS = {
    "linux": {"sys_platform": "linux", "platform_machine": "x86_64"},
    "windows": {"sys_platform": "win32", "platform_machine": "AMD64"},
    "mac": {"sys_platform": "darwin", "platform_machine": "arm64"},
    "intel-mac": {"sys_platform": "darwin", "platform_machine": "x86_64"},
    "linux-arm": {"sys_platform": "linux", "platform_machine": "aarch64"},
}


def environment(platform: str, python: str) -> dict[str, str]:
    described = {**default_environment(), **PLATFORMS[platform], "python_version": python}
    return {key: str(value) for key, value in described.items()}


def applies(marker: Marker | None, where: dict[str, str]) -> bool:
    return marker is None or marker.evaluate(where)


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12", "3.13", "3.14"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_direct_dependency_has_exactly_one_pin_that_fits(platform: str, python: str) -> None:
    where = environment(platform, python)
    pins = [pin for pin in PINS if applies(pin.marker, where)]
    names = [canonicalize_name(pin.name) for pin in pins]
    assert len(names) == len(set(names))
    pinned = {canonicalize_name(pin.name): Version(next(iter(pin.specifier)).version) for pin in pins}
    for line in [*PROJECT["dependencies"], *EXTRAS["train"], *EXTRAS["dev"]]:
        wanted = Requirement(line)
        if applies(wanted.marker, where):
            version = pinned[canonicalize_name(wanted.name)]
            assert version in wanted.specifier, f"{line} does not allow the pinned {version}"


@pytest.mark.parametrize("python", ["3.10", "3.12", "3.13", "3.14"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_mediapipe_is_required_only_where_it_has_a_wheel(platform: str, python: str) -> None:
    where = environment(platform, python)
    names = [r.name for r in map(Requirement, PROJECT["dependencies"]) if applies(r.marker, where)]
    assert ("mediapipe" in names) == (platform != "linux-arm" and python in ("3.10", "3.12"))
    numpy = [pin for pin in PINS if pin.name == "numpy" and applies(pin.marker, where)]
    assert ("1.26.4" in numpy[0].specifier) == ("mediapipe" in names)


@pytest.mark.parametrize(
    ("platform", "runtime"),
    [
        ("linux", "onnxruntime-gpu"),
        ("windows", "onnxruntime-gpu"),
        ("mac", "onnxruntime"),
        ("intel-mac", "onnxruntime"),
        ("linux-arm", "onnxruntime"),
    ],
)
def test_exactly_one_onnx_runtime_per_platform(platform: str, runtime: str) -> None:
    where = environment(platform, "3.11")
    wanted = [Requirement(line) for line in PROJECT["dependencies"]]
    runtimes = [r.name for r in wanted if r.name.startswith("onnxruntime") and applies(r.marker, where)]
    assert runtimes == [runtime]


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.13", "3.14"])
@pytest.mark.parametrize("platform", ["linux", "mac", "intel-mac"])
def test_the_light_environment_has_the_versions_of_places_without_mediapipe(platform: str, python: str) -> None:
    light = (ROOT / ".ci" / "light.txt").read_text(encoding="utf-8").splitlines()
    where = environment(platform, python)
    found = [pin for pin in map(Requirement, light[2:]) if applies(pin.marker, where)]
    names = {pin.name for pin in found}
    assert len(names) == len(found)
    assert {"numpy", "opencv-contrib-python", "onnxruntime", "pytest"} <= names
    newest = {pin.name: str(pin.specifier) for pin in PINS if applies(pin.marker, environment(platform, "3.14"))}
    for pin in found:
        if python == "3.14" or pin.name not in ("numpy", "onnxruntime", "pillow", "platformdirs"):
            assert str(pin.specifier) == newest[pin.name]
        assert Version(str(pin.specifier)[2:]) >= Version({"numpy": "2"}.get(pin.name, "0"))


def test_running_needs_neither_torch_nor_plain_opencv() -> None:
    names = {canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]}
    assert "opencv-contrib-python" in names
    assert names.isdisjoint({"opencv-python", "opencv-python-headless", "torch", "onnx", "pytest"})
    everything = {canonicalize_name(pin.name) for pin in PINS}
    assert everything.isdisjoint({"opencv-python", "opencv-python-headless"})


def test_pins_are_versions_and_name_no_place() -> None:
    for pin in PINS:
        assert pin.url is None
        assert re.fullmatch(r"==[0-9][0-9a-z.]*", str(pin.specifier)), pin


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Built from this checkout by hatchling itself, without pip and without the network."""
    pytest.importorskip("hatchling", reason="hatchling comes with the dev extra")
    folder = tmp_path_factory.mktemp("wheel")
    build = f"from hatchling.build import build_wheel; print(build_wheel({str(folder)!r}))"
    done = subprocess.run([sys.executable, "-c", build], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return zipfile.ZipFile(folder / done.stdout.split()[-1])


def test_the_wheel_holds_puppet_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert tops == {"puppet", f"puppet_live-{puppet.__version__}.dist-info"}  # no models, no export
    assert "puppet/cli.py" in wheel.namelist()
    assert not [name for name in wheel.namelist() if "__pycache__" in name]


def test_the_wheel_brings_every_file_of_puppet_and_of_the_training_code(wheel: zipfile.ZipFile) -> None:
    listed = subprocess.run(["git", "ls-files", "puppet", "models", "export"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    present = [name for name in listed.stdout.split("\n") if name and (ROOT / name).exists()]
    places = {name if name.startswith("puppet/") else f"puppet/training_code/{name}" for name in present}
    assert places <= set(wheel.namelist())
    assert {f"puppet/training_code/{name}/__main__.py" for name in ("models", "export")} <= places


def test_the_wheel_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    info = f"puppet_live-{puppet.__version__}.dist-info"
    text = wheel.read(f"{info}/METADATA").decode()
    assert f"\nVersion: {puppet.__version__}\n" in text
    assert "\nLicense-Expression: GPL-3.0-or-later AND Apache-2.0\n" in text
    assert {f"{info}/licenses/LICENSE", f"{info}/licenses/puppet/assets/face_networks/LICENSE"} < set(wheel.namelist())
    assert wheel.read(f"{info}/entry_points.txt").decode().split() == [
        "[console_scripts]",
        "puppet",
        "=",
        "puppet.cli:main",
    ]


def test_the_licence_is_the_gpl_in_full() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "GNU GENERAL PUBLIC LICENSE" in text[:200]
    assert "END OF TERMS AND CONDITIONS" in text
