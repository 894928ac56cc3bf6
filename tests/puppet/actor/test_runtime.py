"""Loaded actors: planted behaviour, the card against the graphs, the self-test, providers, finding actors."""

from __future__ import annotations

import dataclasses
import io
import zipfile
from pathlib import Path

import cv2
import numpy as np
import onnx
import planted_pictures
import pytest
import tiny_actor as tiny
from onnx import TensorProto, helper
from tiny_actor import tiny_parts

import puppet.actor.runtime
from puppet.actor import card as actor_card
from puppet.actor.card import DECODER, ENCODER, LATENTS, PREVIEW, Golden, write_actor
from puppet.actor.graph.check import check_graph
from puppet.actor.latents import latents_from_bytes, latents_to_bytes
from puppet.actor.runtime import find_actor, list_actors, load_actor, read_preview
from puppet.core.errors import ActorFileError, PuppetError
from puppet.core.types import POSE_SIZE, AlignedCrop, Drive, Latent
from puppet.face import align
from puppet.face.landmarks import STABLE


@pytest.fixture
def mesh(tmp_path):
    return load_actor(tiny.tiny_actor(tmp_path / "Mia.actor"), provider="cpu", threads=1)


@pytest.fixture
def image(tmp_path):
    return load_actor(tiny.tiny_actor(tmp_path / "Ida.actor", kind="image"), provider="cpu", threads=1)


def write(path: Path, kind: str = "mesh", replace: dict[str, bytes] | None = None, **changes) -> Path:
    """A tiny actor with other members or card fields, hashes right."""
    card, members = tiny_parts(kind, path.stem)
    write_actor(path, dataclasses.replace(card, **changes), {**members, **(replace or {})})
    return path


def edited(graph: bytes, change) -> bytes:
    model = onnx.load_from_string(graph)
    change(model)
    return model.SerializeToString()


# --- acting ---


def test_a_mesh_actor_follows_landmarks_and_pose(mesh):
    landmarks = mesh.neutral.copy()
    landmarks[tiny.LOWER_LIP, 1] += 0.1
    latent = mesh.encode(Drive(landmarks, np.array([15, -30, 6, 0.4, -0.2, 0.1], np.float32), 0.0), None)
    opening = 10 * (landmarks[tiny.LOWER_LIP, 1] - landmarks[tiny.UPPER_LIP, 1])
    assert np.allclose(latent.values, [0.5, -1, 0.2, opening, 0.4, -0.2, 0.1, 0], atol=1e-5)
    assert latent.values.dtype == np.float32


def test_a_mesh_actor_is_drawn_through_the_warp(mesh):
    rest = mesh.decode(Latent(np.zeros(8, np.float32))).image
    assert rest.shape == (64, 64, 3)
    assert rest.dtype == np.uint8
    assert np.abs(rest[..., ::-1].astype(int) - tiny.texture()).max() <= 1  # BGR
    right = mesh.decode(Latent(np.array([1, 0, 0, 0, 0, 0, 0, 0], np.float32))).image
    move = int(tiny.MOVE)
    assert np.abs(right[20:44, 20 + move : 44 + move].astype(int) - rest[20:44, 20:44]).max() <= 1
    up = mesh.decode(Latent(np.array([0, 1, 0, 0, 0, 0, 0, 0], np.float32))).image
    assert np.abs(up[20 - move : 44 - move, 20:44].astype(int) - rest[20:44, 20:44]).max() <= 1


def test_parts_drawn_are_what_decoding_gives(mesh, image):
    latent = Latent(np.linspace(-1, 1, mesh.card.latent_size, dtype=np.float32))
    texture, points = mesh.parts(latent)
    np.testing.assert_array_equal(mesh.draw(texture, points).image, mesh.decode(latent).image)
    for use in (lambda: image.parts(latent), lambda: image.draw(texture, points)):
        with pytest.raises(ValueError, match="Ida has no mesh"):
            use()


def test_an_image_actor_follows_pixels(image):
    assert image.needs_crop
    crop = AlignedCrop(np.full((tiny.CROP_SIZE, tiny.CROP_SIZE, 3), (51, 102, 204), np.uint8), np.eye(2, 3))
    latent = image.encode(Drive(image.neutral, np.zeros(POSE_SIZE, np.float32), 0.0), crop)
    assert np.allclose(latent.values, [0.8, 0.4, 0.2, 0], atol=1e-5)  # RGB
    picture = image.decode(latent).image
    assert (picture[-1] == (51, 102, 204)).all()
    assert (picture[0] == 0).all()


def test_an_image_actor_says_what_crop_it_wants(image, mesh):
    assert not mesh.needs_crop
    drive = Drive(image.neutral, np.zeros(POSE_SIZE, np.float32), 0.0)
    small = AlignedCrop(np.zeros((8, 8, 3), np.uint8), np.eye(2, 3))
    for crop in (None, small):
        with pytest.raises(ValueError, match="crops of side 32 px"):
            image.encode(drive, crop)


def test_what_the_card_promises_is_there(mesh):
    assert mesh.name == "Mia"
    assert mesh.providers == ["CPUExecutionProvider"]
    assert mesh.notice is None
    assert mesh.neutral.shape == (478, 3)
    assert np.array_equal(mesh.neutral[STABLE], align.STABLE_REFERENCE.astype(np.float32))
    assert mesh.latents.samples.shape == (3, 8)
    assert mesh.latents.directions["smile"].tolist() == [0, 0, 0, 1, 0, 0, 0, 0]
    assert mesh.golden_difference() == 0


# --- graphs that do not keep the card's promises ---


def test_a_crop_of_another_size_is_named(tmp_path):
    path = write(tmp_path / "x.actor", kind="image", crop_size=48)
    with pytest.raises(
        ActorFileError, match=r"x\.actor: card says encoder\.onnx takes crop as .*48, 48, 3.* it takes .*32"
    ):
        load_actor(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"latent_size": 9}, r"encoder\.onnx gives mean as .*9.*, it gives .*8"),
        ({"texture_size": 32}, r"decoder\.onnx gives texture as .*32, 32, 3"),
        ({"encoder_inputs": ("landmarks",)}, r"encoder\.onnx takes landmarks, it takes landmarks, pose"),
        ({"texture_points": tiny.grid_mesh(9)[1]}, r"decoder\.onnx gives points as .*100, 3"),
    ],
)
def test_a_card_that_disagrees_with_the_graphs_is_refused(tmp_path, changes, message):
    if "latent_size" in changes:
        changes = {**changes, "replace": {LATENTS: latents_to_bytes(tiny.tiny_latents(9))}}
    with pytest.raises(ActorFileError, match=message):
        load_actor(write(tmp_path / "x.actor", **changes))


def test_graphs_in_each_others_place_are_refused(tmp_path):
    _, members = tiny_parts()
    swapped = {ENCODER: members[DECODER], DECODER: members[ENCODER]}
    with pytest.raises(ActorFileError, match=r"encoder\.onnx takes landmarks, pose, it takes latent"):
        load_actor(write(tmp_path / "x.actor", replace=swapped))


def test_a_float_crop_is_refused(tmp_path):
    _, members = tiny_parts("image")
    floats = edited(members[ENCODER], lambda m: setattr(m.graph.input[0].type.tensor_type, "elem_type", 1))
    with pytest.raises(ActorFileError, match=r"takes crop as tensor\(uint8\).* it takes tensor\(float\)"):
        load_actor(write(tmp_path / "x.actor", kind="image", replace={ENCODER: floats}))


def test_a_fixed_batch_other_than_one_is_refused(tmp_path):
    _, members = tiny_parts("image")

    def fix(model):
        model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 4

    with pytest.raises(ActorFileError, match=r"takes crop as .*it takes tensor\(uint8\) \[4, 32, 32, 3\]"):
        load_actor(write(tmp_path / "x.actor", kind="image", replace={ENCODER: edited(members[ENCODER], fix)}))


@pytest.mark.parametrize("garbage", [b"", b"not a graph", b"\x00" * 50, b"\x3a\xff\xff\xff\xff\x0f"])
def test_garbage_in_place_of_a_graph_is_refused(tmp_path, garbage):
    with pytest.raises(ActorFileError, match=r"x\.actor: decoder\.onnx"):
        load_actor(write(tmp_path / "x.actor", replace={DECODER: garbage}))


# --- graphs that could do harm ---


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
    graph = edited(members[ENCODER], change)
    path = write(tmp_path / "x.actor", replace={ENCODER: graph})
    monkeypatch.setattr(puppet.actor.runtime.ort, "InferenceSession", None)  # it must not come to that
    with pytest.raises(ActorFileError, match=rf"x\.actor: encoder\.onnx: the graph .*{message}"):
        load_actor(path)


def test_a_file_in_the_runtimes_own_format_is_refused_twice(tmp_path, monkeypatch):
    """By the check, and by ONNX Runtime itself, which would tell such a file by its content."""
    _, members = tiny_parts()
    options = puppet.actor.runtime.ort.SessionOptions()
    options.add_session_config_entry("session.save_model_format", "ORT")
    options.optimized_model_filepath = str(tmp_path / "decoder.ort")
    puppet.actor.runtime.ort.InferenceSession(members[DECODER], options, providers=["CPUExecutionProvider"])
    own = (tmp_path / "decoder.ort").read_bytes()
    assert own[4:8] == b"ORTM"
    path = write(tmp_path / "x.actor", replace={DECODER: own})
    with pytest.raises(
        ActorFileError, match=r"x\.actor: decoder\.onnx: the graph is written in ONNX Runtime's own format"
    ):
        load_actor(path)
    monkeypatch.setattr(puppet.actor.runtime, "check_graph", lambda data: None)
    monkeypatch.setattr(puppet.actor.runtime.trial, "prove", lambda *_: None)
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
        load_actor(write(tmp_path / "x.actor", replace={LATENTS: buffer.getvalue()}))


@pytest.mark.parametrize("garbage", [b"", b"PK nothing", b"\x80\x04."])
def test_garbage_in_place_of_latents_is_refused(garbage):
    with pytest.raises(ValueError, match="not an npz file"):
        latents_from_bytes(garbage, 8)


def test_inflating_latents_are_refused():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mean.npy", bytes(65 << 20))
    with pytest.raises(ValueError, match="too large"):
        latents_from_bytes(buffer.getvalue(), 8)


def test_latents_come_back_and_only_what_is_optional_may_lack():
    latents = tiny.tiny_latents(5)
    back = latents_from_bytes(latents_to_bytes(latents), 5)
    for name in ("mean", "std", "axes", "kl", "samples"):
        assert np.array_equal(getattr(back, name), getattr(latents, name))
    assert list(back.directions) == ["smile"]
    buffer = io.BytesIO()
    np.savez(buffer, mean=np.zeros(5), std=np.ones(5))
    few = latents_from_bytes(buffer.getvalue(), 5)
    assert few.axes.shape == few.samples.shape == (0, 5)
    with pytest.raises(ValueError, match=r"mean is float64 \(5,\)"):
        latents_from_bytes(buffer.getvalue(), 6)
    wrong = dataclasses.replace(latents, std=np.full(5, np.nan, np.float32))
    with pytest.raises(ValueError, match="std is .* not finite"):
        latents_from_bytes(latents_to_bytes(wrong), 5)


# --- the self-test and the provider ---


def test_another_golden_picture_is_refused_on_the_cpu(tmp_path):
    path = write(tmp_path / "x.actor", golden=Golden(np.zeros((16, 16, 3), np.uint8), 3))
    with pytest.raises(
        ActorFileError, match=r"x\.actor: the self-test picture is off by \d+ levels, 3 are allowed; get"
    ):
        load_actor(path)


@pytest.fixture
def pretend_cuda(monkeypatch):
    """A provider that is called CUDA and computes on the CPU; `wrong` makes its decoder's pictures too bright."""
    real = puppet.actor.runtime.ort.InferenceSession
    pretend = {"wrong": False, "fails": False}

    class Session:
        def __init__(self, graph, options, providers):
            self.cuda = providers[0][0] == "CUDAExecutionProvider"
            if self.cuda and pretend["fails"]:
                raise RuntimeError("cuDNN is too old")
            self.real = real(graph, options, providers=["CPUExecutionProvider"])
            self.get_inputs, self.get_outputs = self.real.get_inputs, self.real.get_outputs

        def get_providers(self):
            return ["CUDAExecutionProvider", "CPUExecutionProvider"] if self.cuda else ["CPUExecutionProvider"]

        def run(self, names, feed):
            first, *others = (np.asarray(output) for output in self.real.run(names, feed))
            if self.cuda and pretend["wrong"] and first.dtype == np.uint8:
                first = first + np.uint8(9)
            return [first, *others]

    there = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(puppet.actor.runtime.ort, "InferenceSession", Session)
    monkeypatch.setattr(puppet.actor.runtime.ort, "get_available_providers", lambda: there)
    monkeypatch.setattr(puppet.actor.runtime.ort, "preload_dlls", lambda: None, raising=False)
    monkeypatch.setattr(puppet.actor.runtime, "_nvidia_driver", lambda: True)
    return pretend


@pytest.mark.parametrize("asked", ["auto", "cuda", "CUDA"])
def test_a_gpu_that_draws_the_golden_picture_is_used(tmp_path, pretend_cuda, asked):
    actor = load_actor(tiny.tiny_actor(tmp_path / "x.actor"), asked)
    assert actor.providers[0] == "CUDAExecutionProvider"
    assert actor.notice is None


def test_a_gpu_that_draws_something_else_is_not_used(tmp_path, pretend_cuda):
    pretend_cuda["wrong"] = True
    actor = load_actor(tiny.tiny_actor(tmp_path / "x.actor"), "auto")
    assert actor.providers == ["CPUExecutionProvider"]
    assert actor.notice == "CUDA is not used: the self-test picture is off by 9 levels, 3 are allowed"


def test_a_gpu_that_cannot_start_is_not_used(tmp_path, pretend_cuda):
    pretend_cuda["fails"] = True
    actor = load_actor(tiny.tiny_actor(tmp_path / "x.actor"), "cuda")
    assert actor.providers == ["CPUExecutionProvider"]
    assert actor.notice is not None
    assert "cuDNN is too old" in actor.notice


def test_a_missing_cuda_library_is_named(tmp_path, pretend_cuda, monkeypatch):
    def preload():
        print("Failed to load libcublasLt.so.12: cannot open shared object file")
        print("Please follow the instructions")

    monkeypatch.setattr(puppet.actor.runtime.ort, "preload_dlls", preload)
    actor = load_actor(tiny.tiny_actor(tmp_path / "x.actor"), "auto")
    assert actor.providers == ["CPUExecutionProvider"]
    assert actor.notice == (
        "CUDA is not used: libcublasLt.so.12 is missing; install the extra: pip install puppet-live[cuda]"
    )


def test_without_a_driver_cuda_is_not_tried(tmp_path, pretend_cuda, monkeypatch):
    monkeypatch.setattr(puppet.actor.runtime, "_nvidia_driver", lambda: False)
    path = tiny.tiny_actor(tmp_path / "x.actor")
    assert load_actor(path, "auto").notice is None  # nobody asked for it
    asked = load_actor(path, "cuda")
    assert asked.providers == ["CPUExecutionProvider"]
    assert asked.notice == "CUDA is not used: no NVIDIA driver was found"


def test_a_provider_that_is_not_built_in_is_told(tmp_path, pretend_cuda):
    actor = load_actor(tiny.tiny_actor(tmp_path / "x.actor"), "coreml")
    assert actor.providers == ["CPUExecutionProvider"]
    assert actor.notice == "CoreML is not used: this ONNX Runtime is built without it"
    with pytest.raises(PuppetError, match="provider must be auto, cuda"):
        load_actor(tiny.tiny_actor(tmp_path / "x.actor"), "quantum")


# --- finding ---


@pytest.fixture
def folders(tmp_path, monkeypatch):
    built_in, user = tmp_path / "built-in", tmp_path / "user"
    built_in.mkdir()
    monkeypatch.setattr(puppet.actor.runtime, "BUILT_IN", built_in)
    monkeypatch.setenv("PUPPET_ACTORS_DIR", str(user))
    return built_in, user


def test_actors_are_found_by_name(folders):
    built_in, user = folders
    marble = tiny.tiny_actor(built_in / "marble.actor")
    assert list_actors() == [marble]  # the user's folder need not exist
    user.mkdir()
    zoe = tiny.tiny_actor(user / "Zoe.actor")
    (user / "notes.txt").write_text("no actor")
    (user / ".Zoe.actor.1.partial").write_text("no actor yet")
    assert list_actors() == [marble, zoe]
    assert find_actor() == marble
    assert find_actor("MARBLE") == marble
    assert find_actor("zoe") == zoe
    own = tiny.tiny_actor(user / "Marble.actor")
    assert find_actor("marble") == own


def test_an_unknown_name_lists_the_names_there_are(folders):
    built_in, user = folders
    with pytest.raises(ActorFileError, match="no actor is called 'marbel'; there are: none"):
        find_actor("marbel")
    tiny.tiny_actor(built_in / "marble.actor")
    with pytest.raises(ActorFileError, match=f"there are: marble. Put more into {user}"):
        find_actor("marbel")


def test_actors_are_found_by_file(tmp_path, folders, monkeypatch):
    path = tiny.tiny_actor(tmp_path / "x.actor")
    assert find_actor(str(path)) == path
    monkeypatch.chdir(tmp_path)
    assert find_actor("x.actor") == Path("x.actor")
    with pytest.raises(ActorFileError, match="no such actor file"):
        find_actor(str(tmp_path / "y.actor"))
    with pytest.raises(ActorFileError, match="no such actor file"):
        find_actor("folder/y")


def test_the_preview_is_read_without_the_networks(tmp_path, monkeypatch):
    path = tiny.tiny_actor(tmp_path / "x.actor")
    monkeypatch.setattr(puppet.actor.runtime.ort, "InferenceSession", None)
    preview = read_preview(path)
    assert np.abs(preview[..., ::-1].astype(int) - tiny.texture()).max() <= 5  # the neutral's mouth brightens it


@pytest.mark.parametrize("size", [(0, 64), (64, 1 << 30)])
def test_a_preview_that_is_no_picture_is_refused(tmp_path, size):
    _, members = tiny_parts()
    header = members[PREVIEW][:16] + size[0].to_bytes(4, "big") + size[1].to_bytes(4, "big")
    for data in (header + members[PREVIEW][24:], b"GIF89a", b""):
        path = write(tmp_path / "x.actor", replace={PREVIEW: data})
        with pytest.raises(ActorFileError, match=r"x\.actor: preview\.png is no picture"):
            read_preview(path)
        with pytest.raises(ActorFileError, match=r"x\.actor: preview\.png is no picture"):
            load_actor(path, "cpu")  # nor does it get into a collection


def test_a_preview_is_a_png_of_a_bounded_size(tmp_path):
    side = actor_card.MAX_SIDE
    wide = cv2.imencode(".png", np.zeros((1, side + 1, 3), np.uint8))[1].tobytes()
    for data, words in ((wide, f"at most {side} a side"), (planted_pictures.samples()["jpeg"], "only PNG is taken")):
        path = write(tmp_path / "x.actor", replace={PREVIEW: data})
        with pytest.raises(ActorFileError, match=words):
            read_preview(path)
