"""Files that the program keeps: settings, bookmarks, neutrals, jobs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from fuzz.mutate_archives import npz
from fuzz.mutate_texts import json_text
from fuzz.target import Target


def _settings(folder: Path) -> list[bytes]:
    from puppet.settings import Settings, save_settings

    path = folder / "settings.json"
    save_settings(Settings(recent=("a.mp4", "b.mp4"), users=("Me", "You"), wall=("x.actor",)), path)
    return [path.read_bytes()]


def _read_settings(path: Path) -> None:
    """It never raises, and what it gives can be saved and read again without a word."""
    from puppet.settings import load_settings, save_settings

    settings, _ = load_settings(path)
    settings.folder()
    again = path.with_name("again.json")
    save_settings(settings, again)
    same, notices = load_settings(again)
    if notices or same != settings:
        raise AssertionError(f"settings do not survive being saved: {notices}")


def _tiny_card(folder: Path) -> Any:
    from tiny_actor import tiny_parts

    return tiny_parts()[0]


def _bookmarks(folder: Path) -> list[bytes]:
    from puppet.explore.bookmarks import Bookmarks

    card = _with_hashes(_tiny_card(folder))
    import numpy as np

    marks = Bookmarks(folder / "marks")
    marks.save(card, {"one": np.zeros(card.latent_size, np.float32), "zwei": np.ones(card.latent_size, np.float32)})
    return [marks.file(card).read_bytes()]


def _with_hashes(card: Any) -> Any:
    import dataclasses

    return dataclasses.replace(card, sha256={name: "0" * 64 for name in ("decoder.onnx", "encoder.onnx")})


def _read_bookmarks(path: Path) -> None:
    from puppet.explore.bookmarks import Bookmarks

    card = _with_hashes(_tiny_card(path.parent))
    marks = Bookmarks(path.parent / "marks")
    marks.file(card).parent.mkdir(exist_ok=True)
    shutil.copyfile(path, marks.file(card))
    points = marks.load(card)
    marks.save(card, points)


def _neutrals(folder: Path) -> list[bytes]:
    import numpy as np
    from tiny_actor import neutral

    from puppet.core.types import HeadPose
    from puppet.face.neutral import Neutral
    from puppet.face.neutral_store import NeutralStore

    store = NeutralStore(folder / "neutrals")
    store.save("Me", "cam", Neutral(neutral(), HeadPose(np.eye(3), 100.0, np.zeros(3))), (640, 480))
    return [store.file("Me", "cam").read_bytes()]


def _read_neutral(path: Path) -> None:
    from puppet.face.neutral_store import NeutralStore

    store = NeutralStore(path.parent / "neutrals")
    store.file("Me", "cam").parent.mkdir(exist_ok=True)
    shutil.copyfile(path, store.file("Me", "cam"))
    stored = store.load("Me", "cam")
    if stored is not None:
        stored.for_size(1280, 720)


def _jobs(folder: Path) -> list[bytes]:
    wish = {"footage": ["/films/a.mp4"], "name": "Zoe", "minutes": 20.0, "consent": "said yes"}
    return [json.dumps(wish).encode()]


def _read_job(path: Path) -> None:
    from puppet.new_actor.job import JOB, STATE, read_job

    shutil.copyfile(path, path.parent / JOB)
    (path.parent / STATE).write_text('{"state": "training", "error": "", "actor": ""}')
    read_job(path.parent)


STATE = b'{"state": "done", "error": "", "actor": "x.actor"}'


def _read_state(path: Path) -> None:
    from puppet.new_actor.job import JOB, STATE, read_job

    (path.parent / JOB).write_bytes(_jobs(path.parent)[0])
    shutil.copyfile(path, path.parent / STATE)
    read_job(path.parent)


def _quality(folder: Path) -> list[bytes]:
    rows = [{"step": 10 * i, "seconds": 3.0 * i, "likeness": 0.1 * i, "sharpness": 0.1 * i} for i in range(8)]
    return ["\n".join(map(json.dumps, rows)).encode()]


def _read_quality(path: Path) -> None:
    from puppet.new_actor.job import JOB, RUN, STATE, read_job

    (path.parent / RUN).mkdir(exist_ok=True)
    (path.parent / JOB).write_bytes(_jobs(path.parent)[0])
    (path.parent / STATE).write_text('{"state": "training", "error": "", "actor": ""}')
    shutil.copyfile(path, path.parent / RUN / "quality.jsonl")
    read_job(path.parent)


TARGETS = (
    Target("settings", _settings, json_text, _read_settings, ".json", ()),
    Target("bookmarks", _bookmarks, json_text, _read_bookmarks, ".json"),
    Target("neutral", _neutrals, npz, _read_neutral, ".npz", ()),
    Target("job", _jobs, json_text, _read_job, ".json"),
    Target("state", lambda _: [STATE], json_text, _read_state, ".json"),
    Target("quality", _quality, json_text, _read_quality, ".jsonl"),
)
