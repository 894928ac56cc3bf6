"""Data sets, runs, lists of labels and arrays of weights."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from fuzz.mutate_archives import npy, safetensors
from fuzz.mutate_hdf5 import hdf5
from fuzz.mutate_texts import csv_text, json_text
from fuzz.target import Target


def _datasets(folder: Path) -> list[bytes]:
    from tiny_dataset import write_dataset

    return [write_dataset(folder / "data.h5", 6, 64, matte=True).read_bytes()]


def _read_dataset(path: Path) -> None:
    import numpy as np

    from models.data.dataset import open_dataset
    from models.training.run_folder import data_facts

    with open_dataset(path) as data:
        data_facts(data)
        data.images(np.arange(min(len(data), 8)))
        if data.has_matte:
            data.mattes(np.arange(min(len(data), 8)))
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


FACTS, WEIGHTS = "checkpoint.json", "model.safetensors"


TARGETS = (
    Target("dataset", _datasets, hdf5, _read_dataset, ".h5"),
    Target("checkpoint", _run_part(FACTS), json_text, _read_checkpoint(FACTS), ".json"),
    Target("weights", _run_part(WEIGHTS), safetensors, _read_checkpoint(WEIGHTS), ".safetensors"),
    Target("run", _run_part("run.json"), json_text, _read_run, ".json"),
    Target("labels", _lists, csv_text, _read_list, ".csv"),
    Target("arrays", _arrays, npy, _read_arrays, ".npy"),
)
