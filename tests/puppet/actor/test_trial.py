"""A new actor is tried out in a child process: what hangs, crashes or swallows memory there is refused in words."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
import tiny_actor as tiny
from layered_actor import layered_parts
from onnx import TensorProto, helper, numpy_helper

from puppet.actor import card as actor_card
from puppet.actor import trial
from puppet.actor.card import Golden
from puppet.actor.catalogue import BUILT_IN
from puppet.actor.file import DETAIL, ENCODER, LATENTS, PLATE, PREVIEW, members_of, read_actor, read_card, write_actor
from puppet.actor.latents import latents_to_bytes
from puppet.actor.runtime import load_actor, versions
from puppet.core.errors import ActorFileError

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is watched on Linux alone")


@pytest.fixture
def config(tmp_path, monkeypatch) -> Path:
    """Nothing has been tried out yet."""
    monkeypatch.setenv("PUPPET_CONFIG_DIR", str(tmp_path / "config"))
    return tmp_path / "config"


@pytest.fixture
def children(monkeypatch) -> list[list[str]]:
    """The commands of the children that are started."""
    commands, start = [], subprocess.Popen

    def popen(command, *arguments, **options):
        commands.append(command)
        return start(command, *arguments, **options)

    monkeypatch.setattr(trial.subprocess, "Popen", popen)
    return commands


@pytest.fixture
def asked(monkeypatch) -> list[Path]:
    """The files that a child would have to try out: here all of them pass."""
    paths = []

    def run_child(path):
        paths.append(path)
        return {"passed": trial.fingerprint(read_card(path), ""), "versions": versions()}

    monkeypatch.setattr(trial, "_run_child", run_child)
    return paths


def pretend(monkeypatch, program: str) -> None:
    """A child that does this instead."""
    monkeypatch.setattr(trial, "CHILD", (sys.executable, "-c", program))


def slow_actor(path: Path) -> Path:
    """Everything about it is allowed, and it takes its time: 12 billion multiply-adds."""
    card, members = tiny.tiny_parts(name=path.stem)
    model = onnx.load_from_string(members[ENCODER])
    weights = np.zeros((1500, 1500), np.float32)
    model.graph.initializer.append(numpy_helper.from_array(weights, "weights"))
    model.graph.initializer.append(numpy_helper.from_array(np.array([1500, 1500]), "wide"))
    nodes = [
        helper.make_node("ReduceSum", ["pose"], ["number"], keepdims=1),
        helper.make_node("Expand", ["number", "wide"], ["p0"]),
    ]
    nodes += [helper.make_node("MatMul", [f"p{i}", "weights"], [f"p{i + 1}"]) for i in range(4)]
    nodes.append(helper.make_node("ReduceMean", ["p4"], ["nothing"], keepdims=1))
    last = model.graph.node[-1]
    assert list(last.input) == ["mean", "zero"]
    last.input[1] = "nothing"
    added = [*list(model.graph.node)[:-1], *nodes, last]
    del model.graph.node[:]
    model.graph.node.extend(added)
    write_actor(path, card, {**members, ENCODER: model.SerializeToString()})
    return path


def test_an_actor_is_tried_out_once(tmp_path, config, children):
    path = tiny.tiny_actor(tmp_path / "Mia.actor")
    assert load_actor(path, "cpu").golden_difference() == 0
    assert len(children) == 1
    load_actor(path, "cpu")
    other = path.with_name("Zoe.actor")
    card, members = read_actor(path)
    write_actor(other, dataclasses.replace(card, name="Zoe", licence="CC0"), members)  # the same graphs
    load_actor(other, "cpu")
    assert len(children) == 1
    load_actor(tiny.tiny_actor(tmp_path / "Ida.actor", "image"), "cpu")
    assert len(children) == 2
    assert len(json.loads((config / trial.RECORD).read_text())) == 2
    assert [p.name for p in config.iterdir() if p.is_file()] == [trial.RECORD]


def test_another_version_tries_it_again(tmp_path, config, asked, monkeypatch):
    path = tiny.tiny_actor(tmp_path / "Mia.actor")
    load_actor(path, "cpu")
    monkeypatch.setattr("puppet.inference.session.ort.__version__", "99.0")
    load_actor(path, "cpu")
    assert len(asked) == 2


def test_what_came_with_the_program_needs_no_trial(config, asked):
    load_actor(BUILT_IN / "marble.actor", "cpu")
    assert asked == []
    assert not (config / trial.RECORD).exists()


def test_a_copy_of_a_built_in_is_an_actor_like_others(tmp_path, config, asked):
    """By its place, not by its name."""
    copy = tmp_path / "marble.actor"
    copy.write_bytes((BUILT_IN / "marble.actor").read_bytes())
    load_actor(copy, "cpu")
    assert len(asked) == 1


@pytest.mark.parametrize(
    "record",
    [b"", b"{}", b"[1, null, []]", b"\xff" * 99, b"[" * 100_000, b'["' + b"0" * 64],
    ids=["empty", "object", "other values", "no text", "nested", "cut"],
)
def test_a_damaged_record_means_another_trial(tmp_path, config, asked, record):
    config.mkdir()
    (config / trial.RECORD).write_bytes(record)
    load_actor(tiny.tiny_actor(tmp_path / "Mia.actor"), "cpu")
    assert len(asked) == 1
    assert len(json.loads((config / trial.RECORD).read_text())) == 1


def test_a_record_that_cannot_be_written_stops_nothing(tmp_path, config, asked):
    config.write_text("a file where the folder should be")
    load_actor(tiny.tiny_actor(tmp_path / "Mia.actor"), "cpu")
    assert len(asked) == 1


def test_the_record_does_not_grow_without_end(monkeypatch, tmp_path, config, asked):
    monkeypatch.setattr(trial, "MAX_REMEMBERED", 3)
    config.mkdir()
    old = [f"{number:064d}" for number in range(3)]
    (config / trial.RECORD).write_text(json.dumps(old))
    load_actor(tiny.tiny_actor(tmp_path / "Mia.actor"), "cpu")
    assert len(asked) == 1
    kept = json.loads((config / trial.RECORD).read_text())
    assert kept[:2] == old[1:]
    assert len(kept) == 3


# --- what goes wrong there ---


def refused(path: Path, words: str) -> None:
    with pytest.raises(ActorFileError, match=rf"^Mia\.actor: {words}") as caught:
        load_actor(path, "cpu")
    assert "\n" not in str(caught.value)


@pytest.fixture
def mia(tmp_path, config) -> Path:
    return tiny.tiny_actor(tmp_path / "Mia.actor")


def test_one_that_takes_too_long_is_ended(mia, config, monkeypatch):
    monkeypatch.setattr(trial, "TIME_LIMIT", 0.3)
    pretend(monkeypatch, "import time; print('ready', flush=True); time.sleep(600)")
    began = time.monotonic()
    refused(mia, "loading it takes longer than 0 s; such a file is not loaded")
    assert time.monotonic() - began < 60
    assert not (config / trial.RECORD).exists()


def test_one_that_never_begins_is_ended(mia, monkeypatch):
    monkeypatch.setattr(trial, "START_LIMIT", 0.3)
    pretend(monkeypatch, "import time; time.sleep(600)")
    refused(mia, "trying it out could not begin within 0 s")


@linux
def test_one_that_takes_all_memory_is_ended(mia, monkeypatch):
    monkeypatch.setattr(trial, "MEMORY_LIMIT", 300 << 20)
    pretend(monkeypatch, "print('ready', flush=True)\nkeep = []\nwhile True: keep.append(bytearray(b'x' * (1 << 20)))")
    refused(mia, "loading it takes more than 300 MiB of memory")


@pytest.mark.parametrize(
    "program",
    [
        "import os; os.abort()",
        "print('ready')",
        "print('ready'); print('[]')",
        "print('ready'); print('{')",
        "print('ready'); print('x' * 10_000_000)",
        "raise SystemExit(3)",
    ],
)
def test_one_that_ends_the_process_is_refused(mia, monkeypatch, program):
    pretend(monkeypatch, program)
    refused(mia, "the process that tried it out ended with code")


def test_one_that_changes_meanwhile_is_refused(mia, monkeypatch):
    pretend(monkeypatch, "print('ready'); print('{\"passed\": \"another\"}')")
    refused(mia, "it was changed while it was tried out")


def test_an_interpreter_that_is_gone_is_told(mia, monkeypatch):
    monkeypatch.setattr(trial, "CHILD", ("/nowhere/python",))
    refused(mia, "it cannot be tried out")


def test_ctrl_c_leaves_no_child(mia, monkeypatch):
    children = []

    def interrupt(child, listener):
        children.append(child)
        raise KeyboardInterrupt

    monkeypatch.setattr(trial, "_watch", interrupt)
    with pytest.raises(KeyboardInterrupt):
        load_actor(mia, "cpu")
    assert children[0].returncode is not None


def test_a_real_actor_that_is_too_slow_is_refused_and_one_in_time_is_not(tmp_path, config, monkeypatch):
    """Its graphs are allowed; nothing of it is loaded here."""
    path = slow_actor(tmp_path / "Mia.actor")
    monkeypatch.setattr(trial, "TIME_LIMIT", 0.05)
    monkeypatch.setattr("puppet.inference.session.ort.InferenceSession", None)
    refused(path, "loading it takes longer than 0 s")
    assert not (config / trial.RECORD).exists()


def test_errors_of_the_child_are_told_as_they_were_before(tmp_path, config):
    card, members = tiny.tiny_parts(name="Mia")
    path = tmp_path / "Mia.actor"
    write_actor(path, dataclasses.replace(card, golden=Golden(np.zeros((16, 16, 3), np.uint8))), members)
    refused(path, r"the self-test picture is off by \d+ levels, 3 are allowed; get")
    write_actor(path, dataclasses.replace(card, texture_size=32), members)
    refused(path, r"card says decoder\.onnx gives texture as")


def test_modules_that_lie_where_the_user_is_are_not_run(tmp_path, config, monkeypatch):
    """`python -m` looks for modules in the folder that it is started in."""
    path = tiny.tiny_actor(tmp_path / "Mia.actor")
    for name in ("json", "numpy", "puppet", "onnxruntime", "cv2", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'executed')!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    load_actor(Path("Mia.actor"), "cpu")
    assert not (tmp_path / "executed").exists()
    assert path.exists()


@pytest.mark.parametrize("name", [DETAIL, PLATE])
def test_other_pictures_of_layers_are_tried_anew(name):
    card = layered_parts()[0]
    card = dataclasses.replace(card, sha256=dict.fromkeys(members_of(card), "0" * 64))
    other = dataclasses.replace(card, sha256={**card.sha256, name: "1" * 64})
    preview = dataclasses.replace(card, sha256={**card.sha256, PREVIEW: "1" * 64})
    assert trial.fingerprint(card, "") != trial.fingerprint(other, "")
    assert trial.fingerprint(card, "") == trial.fingerprint(preview, "")


# --- latents, pixels ---


def test_very_many_latents_are_refused(tmp_path, config):
    card, members = tiny.tiny_parts(name="Mia")
    many = dataclasses.replace(tiny.tiny_latents(8), samples=np.zeros((1_900_000 // 4, 8), np.float32))
    path = tmp_path / "Mia.actor"
    write_actor(path, card, {**members, LATENTS: latents_to_bytes(many)})
    refused(path, r"latents\.npz cannot be used: samples is float32 \(475000, 8\)")


@pytest.mark.parametrize("size", [512, 513])
def test_an_actor_that_sees_pixels_passes_on_few_numbers(size):
    card, _ = tiny.tiny_parts("image")
    text = actor_card.card_to_json(dataclasses.replace(card, latent_size=size))
    if size == 512:
        assert actor_card.card_from_json(text).latent_size == 512
    else:
        with pytest.raises(ValueError, match="an actor that sees pixels may have at most 512"):
            actor_card.card_from_json(text)


def test_an_actor_that_sees_landmarks_alone_may_have_more():
    card, _ = tiny.tiny_parts("mesh")
    text = actor_card.card_to_json(dataclasses.replace(card, latent_size=1024))
    assert actor_card.card_from_json(text).latent_size == 1024


def test_every_preset_that_sees_pixels_stays_within():
    config = pytest.importorskip("models.networks.config")
    sizes = [getattr(preset.model, "latent_size", 0) for preset in config.PRESETS.values()]
    assert max(sizes) == 400 <= actor_card.MAX_PIXEL_LATENT


def test_only_the_mean_reaches_the_decoder(tmp_path, config):
    """Whatever else an encoder gives, its log variance and whatever it keeps, stays behind."""
    card, members = tiny.tiny_parts("image", "Mia")
    model = onnx.load_from_string(members[ENCODER])
    crop = next(node for node in model.graph.node if node.op_type == "Cast")
    flat = helper.make_node("Flatten", [crop.output[0]], ["pixels"])
    model.graph.node.insert(1, flat)
    model.graph.output.append(helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["N", 3 * 32 * 32]))
    path = tmp_path / "Mia.actor"
    write_actor(path, card, {**members, ENCODER: model.SerializeToString()})
    refused(path, r"card says encoder\.onnx gives mean, logvar, it gives mean, logvar, pixels")
