"""The wheel, installed where there is no checkout: it holds everything, and its commands make an actor of footage."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from video_fixtures import write_video
from x_window import frames_of

import puppet
from models.fidelity.cache import program_digest
from puppet.sources.registry import DEMO_CLIP

pytest.importorskip("hatchling", reason="hatchling comes with the extra 'dev'")
pytest.importorskip("torch", reason="training needs the extra 'train'")
pytest.importorskip("pip", reason="pip installs the wheel")

ROOT = Path(__file__).resolve().parents[2]
BUILD = "import sys; from hatchling import build; print(getattr(build, sys.argv[1])(sys.argv[2]))"


def build(what: str, source: Path, to: Path) -> Path:
    """What hatchling makes of a source folder, without pip and without the network."""
    to.mkdir(parents=True, exist_ok=True)
    words = [sys.executable, "-c", BUILD, f"build_{what}", str(to)]
    done = subprocess.run(words, cwd=source, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return to / done.stdout.split()[-1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@dataclass(frozen=True)
class Installed:
    """The program in an environment of its own, and a user who stands in a folder with packages of the same names."""

    environment: Path
    work: Path

    def run(self, *words: str | Path) -> str:
        """What a program of the environment prints; the first word is its name."""
        program = self.environment / ("Scripts" if sys.platform == "win32" else "bin") / words[0]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LC_"))}
        done = subprocess.run(
            [program, *words[1:]],
            cwd=self.work,
            env=kept | {"PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "de_DE.UTF-8", "OMP_NUM_THREADS": "1"},
            capture_output=True,
            encoding="utf-8",
            timeout=100,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def files(self) -> dict[Path, int]:
        """Every file of the environment, and when it was changed."""
        return {path: path.stat().st_mtime_ns for path in self.environment.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The libraries are those of this environment; a .pth file in it, such as that of a checkout, is not looked at."""
    environment = tmp_path_factory.mktemp("installed") / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    install = ["install", "--no-deps", "--no-index", "--no-compile", "--quiet", wheel]
    subprocess.run([sys.executable, "-m", "pip", "--isolated", "--python", python, *install], check=True)
    (packages,) = [path.parent for path in environment.rglob("puppet") if (path / "cli.py").is_file()]
    libraries = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (packages / "libraries.pth").write_text("\n".join(sorted(libraries)), encoding="utf-8")
    work = tmp_path_factory.mktemp("work") / "Ein Ordner für Ada"
    for name in ("models", "export"):
        (work / name).mkdir(parents=True)
        (work / name / "__init__.py").write_text("raise SystemExit('a stranger was imported')\n")
    return Installed(environment, work)


def test_a_wheel_made_of_the_source_archive_is_the_same(wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(build("sdist", ROOT, tmp_path)) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # early releases of Python 3.10 have none
        archive.extractall(tmp_path / "source")
    (source,) = (tmp_path / "source").iterdir()
    assert not (source / "puppet" / "training_code").exists()
    with zipfile.ZipFile(build("wheel", source, tmp_path / "again")) as again, zipfile.ZipFile(wheel) as first:
        assert sorted(again.namelist()) == sorted(first.namelist())
        record = f"puppet_live-{puppet.__version__}.dist-info/RECORD"
        assert again.read(record) == first.read(record)


def test_a_checkout_that_is_installed_stays_where_it_is(tmp_path: Path) -> None:
    with zipfile.ZipFile(build("editable", ROOT, tmp_path)) as editable:
        files = [name for name in editable.namelist() if ".dist-info/" not in name]
        assert len(files) == 1
        assert editable.read(files[0]).decode().strip() == str(ROOT)


WHAT_IS_THERE = """
import importlib.util, json, pathlib, sys, puppet
from puppet.new_actor import training_code
sys.path.remove("")
found = {"puppet": puppet.__file__, "missing": training_code.what_is_missing()}
found["code"] = str(training_code.code_folder())
found["tops"] = [name for name in ("models", "export", "tests") if importlib.util.find_spec(name) is not None]
sys.path.insert(0, found["code"])
from models.fidelity.cache import program_digest
print(json.dumps(found | {"digest": program_digest("puppet", "models", "export")}))
"""


def test_no_checkout_is_in_sight_and_nothing_has_a_general_name(installed: Installed) -> None:
    found = json.loads(installed.run("python", "-c", WHAT_IS_THERE))
    package = Path(found["puppet"]).parent
    assert installed.environment in package.parents
    assert found["code"] == str(package / "training_code")
    assert found["tops"] == []
    assert found["missing"] == ""
    assert found["digest"] == program_digest("puppet", "models", "export")  # of the same source: results stay valid


BY_THE_WINDOW = """
import pathlib, sys, time
from puppet.new_actor import job
assert job.what_is_missing() == ""
folder = job.begin([pathlib.Path("clip.mp4")], folder=pathlib.Path("jobs").absolute())
while (made := job.read_job(folder)).running:
    time.sleep(0.05)
print(made.state, made.error, (folder / job.DATA).exists(), "Verdict" in made.report)
"""


@pytest.mark.slow
def test_footage_becomes_an_actor(installed: Installed) -> None:
    before, work = installed.files(), installed.work
    write_video(work / "clip.mp4", frames_of(DEMO_CLIP, 60), 30.0)
    assert installed.run("python", "-c", BY_THE_WINDOW).split() == ["checked", "True", "True"]
    assert "d.h5: " in installed.run("puppet", "prepare", "clip.mp4", "-o", "d.h5", "--size", "64")
    small = ("--preset", "seed-int8", "--batch-size", "4", "--threads", "1", "--device", "cpu", "--driver", "d.h5")
    said = installed.run("puppet", "train", "d.h5", "-o", "runs/ada", "--steps", "5", *small)
    assert "step 5. Make an actor of it with: puppet export" in said
    said = installed.run("puppet", "export", "runs/ada", "-o", "Ada.actor", "--consent", "Made up.")
    assert "image actor Ada; parity: " in said
    made = {path.name for path in work.iterdir()}
    assert made == {"models", "export", "clip.mp4", "jobs", "runs", "Ada.actor", "d.h5", "d.report.txt", "d.report.png"}
    assert installed.files() == before
