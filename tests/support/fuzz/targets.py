"""What is read from outside, each with valid files to begin from and the function that reads it.

A reader may accept a file or refuse it by its own error. Whatever else it does is a finding.
"""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fuzz import mutators
from fuzz.mutators import Mutator

LIMIT = 10.0  # s a reader may take
ACTOR_LIMIT = 14.0  # s: an actor's self-test has 10 s of its own, in a child that takes a moment to start


@dataclass(frozen=True)
class Target:
    """One format and its reader.

    seeds: a scratch folder -> valid files' contents. read: the folder of the mutant and its path; raises what the
    reader raises. refusals: names of exceptions, or of their bases, that refuse. suffix: of the mutant's file.
    """

    name: str
    seeds: Callable[[Path], list[bytes]]
    mutate: Mutator
    read: Callable[[Path], Any]
    suffix: str
    refusals: tuple[str, ...] = ("PuppetError",)
    limit: float = LIMIT


# --- actor files ---


def _actors(folder: Path) -> list[bytes]:
    from tiny_actor import explorable_actor, tiny_actor

    made = [tiny_actor(folder / "mesh.actor"), tiny_actor(folder / "image.actor", "image")]
    return [path.read_bytes() for path in (*made, explorable_actor(folder / "rich.actor"))]


def _read_actor(path: Path) -> None:
    from puppet.actor.library import details, read_entry
    from puppet.actor.runtime import load_actor

    entry = read_entry(path)
    if entry.card is not None:
        for words in (word for row in details(entry.card) for word in row):
            if not words.replace("\n", "").isprintable():
                raise AssertionError(f"the details show {words[:80]!r}")
    load_actor(path, "cpu", 1).neutral_portrait()


def _members(name: str) -> Callable[[Path], list[bytes]]:
    return lambda folder: [mutators.members_of(actor)[name] for actor in _actors(folder)]


def _read_graph(path: Path) -> None:
    from puppet.actor.graph.check import check_graph

    check_graph(path.read_bytes())


def _read_card(path: Path) -> None:
    from puppet.actor.card import card_from_json

    card_from_json(path.read_bytes())


def _read_latents(path: Path) -> None:
    from puppet.actor.latents import latents_from_bytes

    latents_from_bytes(path.read_bytes(), 8)


# --- pictures ---


def _pictures(folder: Path) -> list[bytes]:
    import numpy as np
    from PIL import Image

    small = Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 24, 3), np.uint8))
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("PNG", {}), ("PNG", {"save_all": True, "append_images": [small, small], "duration": 40}), ("JPEG", {}),
        ("WEBP", {}), ("WEBP", {"save_all": True, "append_images": [small.rotate(90)], "duration": 40}), ("GIF", {}),
        ("GIF", {"save_all": True, "append_images": [small.rotate(90)], "duration": 40}), ("BMP", {}), ("PPM", {}),
        ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}), ("TIFF", {"compression": "tiff_adobe_deflate"}),
        ("JPEG", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"}),
    ]  # fmt: skip
    found = []
    for kind, options in kinds:
        buffer = io.BytesIO()
        small.save(buffer, kind, **options)
        found.append(buffer.getvalue())
    return found


def _read_picture(path: Path) -> None:
    from puppet.sources.registry import open_source

    source = open_source(str(path), paced=False)
    source.open()
    try:
        for _ in range(20):
            if source.read() is None:
                break
    finally:
        source.close()


# --- films ---


def _films(folder: Path) -> list[bytes]:
    import subprocess

    import imageio_ffmpeg

    found = []
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    for name, codec in (("a.mp4", "libx264"), ("a.webm", "libvpx-vp9"), ("a.avi", "mjpeg"), ("a.mkv", "ffv1")):
        command = [
            ffmpeg,
            "-nostdin",
            "-loglevel",
            "error",
            "-f",
            "lavfi",
            "-i",
            "testsrc=size=64x48:rate=10:duration=0.5",
        ]
        subprocess.run([*command, "-c:v", codec, "-pix_fmt", "yuv420p", str(folder / name)], check=True)
        found.append((folder / name).read_bytes())
    lists = (
        b"ffconcat version 1.0\nfile '%s'\n",
        b"#EXTM3U\n#EXTINF:1,\n%s\n",
        b"v=0\r\no=- 0 0 IN IP4 127.0.0.2\r\n%s",
    )
    return found + [text.replace(b"%s", mutators.canary().encode()) for text in lists]


# --- what the app keeps ---


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


def _read_state(path: Path) -> None:
    from puppet.new_actor.job import JOB, STATE, read_job

    (path.parent / JOB).write_bytes(_jobs(path.parent)[0])
    shutil.copyfile(path, path.parent / STATE)
    read_job(path.parent)


def _metrics(folder: Path) -> list[bytes]:
    rows = [{"step": 10 * i, "kind": "train", "loss": 2.0 / (i + 1), "seconds": 3.0 * i} for i in range(8)]
    return ["\n".join(map(json.dumps, rows)).encode()]


def _read_metrics(path: Path) -> None:
    from puppet.new_actor.job import JOB, RUN, STATE, read_job

    (path.parent / RUN).mkdir(exist_ok=True)
    (path.parent / JOB).write_bytes(_jobs(path.parent)[0])
    (path.parent / STATE).write_text('{"state": "training", "error": "", "actor": ""}')
    shutil.copyfile(path, path.parent / RUN / "metrics.jsonl")
    read_job(path.parent)


# --- data sets, runs, lists, weights ---


def _datasets(folder: Path) -> list[bytes]:
    from tiny_dataset import write_dataset

    return [write_dataset(folder / "data.h5", 6, 64).read_bytes()]


def _read_dataset(path: Path) -> None:
    import numpy as np

    from models.data.dataset import open_dataset
    from models.training.run_folder import data_facts

    with open_dataset(path) as data:
        data_facts(data)
        data.images(np.arange(min(len(data), 8)))
        if data.has_landmarks:
            assert np.isfinite(data.points[:8]).all(), "points that are not finite"
            assert np.isfinite(data.canonical[:8]).all(), "landmarks that are not finite"
            assert np.isfinite(data.pose[:8]).all(), "poses that are not finite"
            assert np.isfinite(data.neutral).all(), "a neutral that is not finite"
        data.split(0.1)


_RUN: dict[str, bytes] = {}


def _run_files(folder: Path) -> dict[str, bytes]:
    """A run folder of a tiny network, by file name below it."""
    if not _RUN:
        import tiny_model
        import torch

        import models
        from models.training import checkpoint, run_folder

        tiny_model.register()
        config = tiny_model.tiny_config()
        torch.manual_seed(0)
        model = models.build(config)
        run = folder / "run"
        facts = {"file": "data.h5", "sha256": "0" * 64, "frames": 6, "size": 64, "crop": "upright", "one_sided": ""}
        run_folder.write_run_facts(run, run_folder.RunFacts(config, facts))
        checkpoint.write(
            run, 40, 3.0, 20.0, config, facts, {"psnr": 20.0}, {checkpoint.MODEL: dict(model.state_dict())}
        )
        _RUN.update({str(p.relative_to(run)): p.read_bytes() for p in sorted(run.rglob("*")) if p.is_file()})
    return _RUN


def _run_part(ending: str) -> Callable[[Path], list[bytes]]:
    return lambda folder: [content for name, content in _run_files(folder).items() if name.endswith(ending)]


def _laid(path: Path, ending: str) -> Path:
    """The run folder with the mutant in the place of its file; hashes mended."""
    import hashlib

    files = dict(_run_files(path.parent / "made"))
    place = next(name for name in files if name.endswith(ending))
    files[place] = path.read_bytes()
    if ending.endswith(".safetensors"):
        facts = next(name for name in files if name.endswith("checkpoint.json"))
        told = json.loads(files[facts])
        told["sha256"][Path(place).name] = hashlib.sha256(files[place]).hexdigest()
        files[facts] = json.dumps(told).encode()
    run = path.parent / "laid"
    for name, content in files.items():
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).write_bytes(content)
    return run


def _read_checkpoint(ending: str) -> Callable[[Path], None]:
    def read(path: Path) -> None:
        import math

        from models.training import checkpoint

        model, facts = checkpoint.load_model(_laid(path, ending))
        assert 0 <= facts.step < 10**12, "a checkpoint at no step that can be"
        assert math.isfinite(facts.seconds), "seconds that are no number"
        assert facts.score is None or math.isfinite(facts.score), "a score that is no number"

    return read


def _read_run(path: Path) -> None:
    from models.training.run_folder import read_run_facts

    read_run_facts(_laid(path, "run.json"))


def _lists(folder: Path) -> list[bytes]:
    celeba = b"3\nSmiling Male\n1.jpg 1 -1\n2.jpg -1 1\n3.jpg 1 1\n"
    return [b"name,Smiling,Male\n1.jpg,1,-1\n2.jpg,yes,no\n3.jpg,,1\n", celeba]


def _read_list(path: Path) -> None:
    from models.data.labels import read_labels

    read_labels(path).of([["1.jpg"], ["2.jpg"]])


def _arrays(folder: Path) -> list[bytes]:
    from planted_network import write_arrays

    write_arrays(folder)
    return [next(p for p in sorted(folder.glob("*.npy")) if "b_" in p.name).read_bytes()]


def _read_arrays(path: Path) -> None:
    from planted_network import write_arrays

    from export.morphing_faces import read_weights

    folder = path.parent.parent / "arrays"  # made once: they are large
    if not folder.exists():
        folder.mkdir()
        write_arrays(folder)
    place = next(p for p in sorted(folder.glob("*.npy")) if "b_" in p.name)
    shutil.copyfile(path, place)
    read_weights(folder)


STATE = b'{"state": "done", "error": "", "actor": "x.actor"}'
FACTS, WEIGHTS = "checkpoint.json", "model.safetensors"

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        Target("actor", _actors, mutators.actor_file, _read_actor, ".actor", limit=ACTOR_LIMIT),
        Target("graph", _members("decoder.onnx"), mutators.onnx_file, _read_graph, ".onnx", ("ValueError",)),
        Target("card", _members("card.json"), mutators.json_text, _read_card, ".json", ("ValueError",)),
        Target("latents", _members("latents.npz"), mutators.npz, _read_latents, ".npz", ("ValueError",)),
        Target("picture", _pictures, mutators.picture, _read_picture, ".png"),
        Target("film", _films, mutators.some_bytes, _read_picture, ".mp4"),
        Target("settings", _settings, mutators.json_text, _read_settings, ".json", ()),
        Target("bookmarks", _bookmarks, mutators.json_text, _read_bookmarks, ".json"),
        Target("neutral", _neutrals, mutators.npz, _read_neutral, ".npz", ()),
        Target("job", _jobs, mutators.json_text, _read_job, ".json"),
        Target("state", lambda _: [STATE], mutators.json_text, _read_state, ".json"),
        Target("metrics", _metrics, mutators.json_text, _read_metrics, ".jsonl"),
        Target("dataset", _datasets, mutators.hdf5, _read_dataset, ".h5"),
        Target("checkpoint", _run_part(FACTS), mutators.json_text, _read_checkpoint(FACTS), ".json"),
        Target("weights", _run_part(WEIGHTS), mutators.safetensors, _read_checkpoint(WEIGHTS), ".safetensors"),
        Target("run", _run_part("run.json"), mutators.json_text, _read_run, ".json"),
        Target("labels", _lists, mutators.csv_text, _read_list, ".csv"),
        Target("arrays", _arrays, mutators.npy, _read_arrays, ".npy"),
    )
}  # fmt: skip


def refused(target: Target, error: BaseException) -> bool:
    """Whether an exception is one by which this reader refuses."""
    return any(base.__name__ in target.refusals for base in type(error).__mro__)


def in_scratch(path: Path) -> None:
    """Folders of the user's own, for the readers, below a scratch folder."""
    for name in (
        "PUPPET_CONFIG_DIR",
        "PUPPET_ACTORS_DIR",
        "PUPPET_JOBS_DIR",
        "XDG_VIDEOS_DIR",
        "HOME",
        "XDG_CACHE_HOME",
    ):
        os.environ[name] = str(path / "home" / name.lower())
