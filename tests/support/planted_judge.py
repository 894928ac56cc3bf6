"""A judge that says what was planted, and a folder with clips and an actor."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from planted_score import planted_score
from tiny_actor import tiny_actor
from video_fixtures import numbered, write_video

from models import __main__ as cli
from models.fidelity import evaluate

# The judge of these tests: notes its arguments, then says what planted.json holds for the driver.
JUDGE = """
import json, sys
from pathlib import Path

here = Path(__file__).parent

def planted(driver):
    return json.loads((here / "planted.json").read_text())[Path(driver).stem]

if __name__ == "__main__":
    with (here / "calls.txt").open("a") as calls:
        calls.write(json.dumps(sys.argv[1:]) + "\\n")
    score = planted(sys.argv[1])
    if isinstance(score, str):
        sys.exit("some warning\\n" + score)
    Path(sys.argv[sys.argv.index("--json") + 1]).write_text(json.dumps(score))

# what validate.py takes of it

def read_frames(path, max_frames=None):
    yield path, max_frames

def track(path, model):
    return path

def track_frames(name, frames, model):
    assert model == "the judge's model"
    return list(frames)

def score(driver, output):
    assert output == [("still of", driver)]
    return planted(Path(driver).stem + ".still.mp4")
"""


class Bench:
    """A judge, two clips and an actor in a folder; rendering copies the clip, which is quick and can be recognised."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.out = folder, folder / "out"
        self.judge = folder / "judge" / "transfer_score.py"
        self.judge.parent.mkdir()
        self.judge.write_text(JUDGE)
        clips = {"person_a": range(10), "person_b": range(20, 36)}
        self.clips = [write_video(folder / f"{n}.mp4", [numbered(i) for i in r]) for n, r in clips.items()]
        self.actor = tiny_actor(folder / "tiny.actor")
        self.footage = shutil.copy(self.clips[0], folder / "footage.mp4")
        self.renders = 0
        self.plant(person_a=planted_score(ec=0.9), person_b=planted_score(ec=0.7))

    def plant(self, **scores) -> None:
        file = self.judge.with_name("planted.json")
        known = json.loads(file.read_text()) if file.exists() else {}
        file.write_text(json.dumps({**known, **scores}))

    def command(self, *more: str) -> int:
        words = ["--actor", str(self.actor), f"footage={self.footage}", "--judge", str(self.judge)]
        clips = [str(clip) for clip in self.clips]
        return cli.main(["evaluate", *words, "--clips", *clips, "-o", str(self.out), *more])

    def judged(self) -> list[list[str]]:
        """The judge's arguments since the last time."""
        file = self.judge.with_name("calls.txt")
        calls = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        file.unlink(missing_ok=True)
        return calls

    def results(self) -> dict:
        return json.loads((self.out / "fidelity.json").read_text())["actors"]

    def render_arguments(self, actor: Path, clip: Path, video: Path) -> list[str]:
        self.renders += 1
        code = "import shutil, sys; shutil.copy(*sys.argv[1:])"
        return [sys.executable, "-c", code, str(clip), str(video)]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = Bench(tmp_path)
    monkeypatch.setattr(evaluate, "render_arguments", made.render_arguments)
    return made
