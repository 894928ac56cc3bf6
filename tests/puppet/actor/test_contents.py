"""Members of an actor file that could do harm are refused before ONNX Runtime sees them."""

from __future__ import annotations

import dataclasses
import io

import cv2
import layered_actor as layered
import numpy as np
import onnx
import planted_pictures
import pytest
import tiny_actor as tiny
from onnx import TensorProto, helper
from tiny_actor import tiny_parts

from puppet.actor import card as actor_card
from puppet.actor import contents, trial
from puppet.actor.catalogue import read_preview
from puppet.actor.file import DECODER, DETAIL, ENCODER, LATENTS, PLATE, PREVIEW
from puppet.actor.graph.check import check_graph
from puppet.actor.runtime import load_actor, make_actor
from puppet.core.errors import ActorFileError
from puppet.inference import session


@pytest.mark.parametrize("garbage", [b"", b"not a graph", b"\x00" * 50, b"\x3a\xff\xff\xff\xff\x0f"])
def test_garbage_in_place_of_a_graph_is_refused(tmp_path, garbage):
    with pytest.raises(ActorFileError, match=r"x\.actor: decoder\.onnx"):
        load_actor(tiny.write_tiny(tmp_path / "x.actor", replace={DECODER: garbage}))


def with_external_data(model) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "weights.bin"


def with_external_data_in_a_branch(model) -> None:
    tensor = helper.make_tensor("t", TensorProto.FLOAT, [1], [0.0])
    with_external = onnx.GraphProto(name="branch", initializer=[tensor])
    with_external.initializer[0].data_location = TensorProto.EXTERNAL
    model.graph.node.append(helper.make_node("If", ["c"], ["d"], then_branch=with_external, else_branch=with_external))


HARMFUL = {
    "external data": (with_external_data, "external data"),
    "external data in a branch": (with_external_data_in_a_branch, "external data"),
    "custom operator": (
        lambda m: m.graph.node.append(helper.make_node("Shell", ["mean"], ["x"], domain="evil.ops")),
        "uses operators of 'evil.ops'",
    ),
    "imported domain": (lambda m: m.opset_import.append(helper.make_opsetid("com.microsoft", 1)), "'com.microsoft'"),
    "local function": (
        lambda m: m.functions.append(helper.make_function("", "f", [], [], [], [helper.make_opsetid("", 17)])),
        "local functions",
    ),
}


@pytest.mark.parametrize("case", HARMFUL)
def test_a_harmful_graph_is_refused_before_it_is_loaded(tmp_path, monkeypatch, case):
    change, message = HARMFUL[case]
    _, members = tiny_parts()
    graph = tiny.edited_graph(members[ENCODER], change)
    path = tiny.write_tiny(tmp_path / "x.actor", replace={ENCODER: graph})
    monkeypatch.setattr(session.ort, "InferenceSession", None)  # it must not come to that
    with pytest.raises(ActorFileError, match=rf"x\.actor: encoder\.onnx: the graph .*{message}"):
        load_actor(path)


def test_a_file_in_the_runtimes_own_format_is_refused_twice(tmp_path, monkeypatch):
    """By the check, and by ONNX Runtime itself, which would tell such a file by its content."""
    _, members = tiny_parts()
    options = session.ort.SessionOptions()
    options.add_session_config_entry("session.save_model_format", "ORT")
    options.optimized_model_filepath = str(tmp_path / "decoder.ort")
    session.ort.InferenceSession(members[DECODER], options, providers=["CPUExecutionProvider"])
    own = (tmp_path / "decoder.ort").read_bytes()
    assert own[4:8] == b"ORTM"
    path = tiny.write_tiny(tmp_path / "x.actor", replace={DECODER: own})
    with pytest.raises(
        ActorFileError, match=r"x\.actor: decoder\.onnx: the graph is written in ONNX Runtime's own format"
    ):
        load_actor(path)
    monkeypatch.setattr(contents, "check_graph", lambda data: None)
    monkeypatch.setattr(trial, "require_trial", lambda *_: None)
    with pytest.raises(ActorFileError, match=r"x\.actor: decoder\.onnx cannot be run \(.*[Pp]rotobuf"):
        load_actor(path)


@pytest.mark.parametrize("kind", ["mesh", "image"])
def test_a_harmless_graph_passes(kind):
    _, members = tiny_parts(kind)
    check_graph(members[ENCODER])
    check_graph(members[DECODER])


def test_pickled_latents_are_refused(tmp_path):
    buffer = io.BytesIO()
    np.savez(buffer, mean=np.array([{"a": 1}] * 8, dtype=object), std=np.ones(8, np.float32))
    with pytest.raises(ActorFileError, match=r"latents\.npz cannot be used: .*plain numbers"):
        load_actor(tiny.write_tiny(tmp_path / "x.actor", replace={LATENTS: buffer.getvalue()}))


@pytest.mark.parametrize("size", [(0, 64), (64, 1 << 30)])
def test_a_preview_that_is_no_picture_is_refused(tmp_path, size):
    _, members = tiny_parts()
    header = members[PREVIEW][:16] + size[0].to_bytes(4, "big") + size[1].to_bytes(4, "big")
    for data in (header + members[PREVIEW][24:], b"GIF89a", b""):
        path = tiny.write_tiny(tmp_path / "x.actor", replace={PREVIEW: data})
        with pytest.raises(ActorFileError, match=r"x\.actor: preview\.png is no picture"):
            read_preview(path)
        with pytest.raises(ActorFileError, match=r"x\.actor: preview\.png is no picture"):
            load_actor(path, "cpu")  # nor does it get into a collection


def test_a_preview_is_a_png_of_a_bounded_size(tmp_path):
    side = actor_card.MAX_SIDE
    wide = cv2.imencode(".png", np.zeros((1, side + 1, 3), np.uint8))[1].tobytes()
    for data, words in ((wide, f"at most {side} a side"), (planted_pictures.samples()["jpeg"], "only PNG is taken")):
        path = tiny.write_tiny(tmp_path / "x.actor", replace={PREVIEW: data})
        with pytest.raises(ActorFileError, match=words):
            read_preview(path)


def encoded(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


OTHER_PICTURES = {
    "smaller": lambda side, channels: encoded(np.zeros((side - 1, side - 1, channels), np.uint8)),
    "larger": lambda side, channels: encoded(np.zeros((side + 1, side + 1, channels), np.uint8)),
    "no square": lambda side, channels: encoded(np.zeros((side - 1, side, channels), np.uint8)),
    "alpha or none": lambda side, channels: encoded(np.zeros((side, side, 7 - channels), np.uint8)),
    "grey": lambda side, channels: encoded(np.zeros((side, side), np.uint8)),
    "16 bits": lambda side, channels: encoded(np.zeros((side, side, channels), np.uint16)),
    "JPEG": lambda *_: planted_pictures.samples()["jpeg"],
    "nothing": lambda *_: b"",
    "cut": lambda side, channels: encoded(np.zeros((side, side, channels), np.uint8))[:-20],
}


@pytest.mark.parametrize("case", OTHER_PICTURES)
@pytest.mark.parametrize(("name", "side", "channels"), [(DETAIL, layered.TEXTURE, 4), (PLATE, layered.SIZE, 3)])
def test_pictures_of_layers_have_exactly_the_size_and_mode_of_the_card(tmp_path, name, side, channels, case):
    path = layered.layered_actor(tmp_path / "x.actor", replace={name: OTHER_PICTURES[case](side, channels)})
    with pytest.raises(ActorFileError, match=rf"x\.actor: {name.replace('.', '[.]')} cannot be used: .+"):
        contents.read_contents(path)
    assert read_preview(path).shape == (layered.SIZE, layered.SIZE, 3)  # its card and preview are shown


def test_pictures_of_layers_come_as_they_are(tmp_path):
    read = contents.read_contents(layered.layered_actor(tmp_path / "x.actor"))
    assert read.detail is not None
    assert read.plate is not None
    assert np.array_equal(read.detail, layered.detail())
    assert np.array_equal(read.plate, layered.plate())


def test_an_actor_without_the_pictures_that_its_card_asks_for_is_refused():
    card, members = layered.layered_parts()
    read = contents.checked_contents(card, members)
    for missing in ({"detail": None}, {"plate": None}):
        with pytest.raises(ActorFileError, match=r"card asks for pictures .*detail\.png, plate\.png"):
            make_actor(dataclasses.replace(read, **missing))
