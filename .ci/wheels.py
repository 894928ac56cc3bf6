"""Has every pin of constraints.txt a wheel, on every Python and platform? One table; asks the package index.

python .ci/wheels.py    with the Python of .venv after `make test`; nothing is installed
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
OLD_GLIBC = ("manylinux2014", "manylinux2010", "manylinux1", "linux")


def glibc(newest: int, machine: str) -> list[str]:
    return [f"manylinux_2_{minor}_{machine}" for minor in range(newest, 4, -1)] + [f"{n}_{machine}" for n in OLD_GLIBC]


# Platform: (sys_platform, platform_machine), what pip calls it. The oldest systems for which there are all wheels.
PLATFORMS = {
    "Linux x86_64, glibc 2.34": (("linux", "x86_64"), glibc(34, "x86_64")),
    "Linux aarch64, glibc 2.39": (("linux", "aarch64"), glibc(39, "aarch64")),
    "Windows AMD64": (("win32", "AMD64"), ["win_amd64"]),
    "macOS 14 arm64": (("darwin", "arm64"), ["macosx_14_0_arm64"]),
    "macOS 14 x86_64": (("darwin", "x86_64"), ["macosx_14_0_x86_64"]),
}


def main() -> None:
    print(f"| | {' | '.join(PYTHONS)} |\n|---{'|---' * len(PYTHONS)}|")
    for name, (system, tags) in PLATFORMS.items():
        cells: list[str] = []
        for python in PYTHONS:
            pins = pins_for(python, *system)
            missing = [] if available(pins, python, tags) else [p for p in pins if not available([p], python, tags)]
            cells.append(f"without {', '.join(missing)}" if missing else f"all {len(pins)}")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def pins_for(python: str, system: str, machine: str) -> list[str]:
    """The pins that hold there, without markers: pip would evaluate those for the Python that it runs with."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    where = {**default_environment(), "python_version": python, "sys_platform": system, "platform_machine": machine}
    held = [pin for pin in pins if pin.marker is None or pin.marker.evaluate({k: str(v) for k, v in where.items()})]
    runtimes = "onnxruntime" if (system, machine) not in (("linux", "x86_64"), ("win32", "AMD64")) else "onnxruntime-gpu"
    return [f"{p.name}{p.specifier}" for p in held if not p.name.startswith("onnxruntime") or p.name == runtimes]


def available(pins: list[str], python: str, tags: list[str]) -> bool:
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", "--python-version", python, *(f"--platform={tag}" for tag in tags)]
    with tempfile.TemporaryDirectory() as nowhere:
        return subprocess.run([*command, "--target", nowhere, *pins], stderr=subprocess.DEVNULL).returncode == 0


if __name__ == "__main__":
    main()
