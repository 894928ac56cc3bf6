"""Graphs whose inputs or outputs are not what the card says are refused."""

from __future__ import annotations

import pytest
import tiny_actor as tiny
from layered_actor import layered_actor
from tiny_actor import tiny_parts

from puppet.actor.file import DECODER, ENCODER, LATENTS
from puppet.actor.latents import latents_to_bytes
from puppet.actor.runtime import load_actor
from puppet.core.errors import ActorFileError


def test_a_crop_of_another_size_is_named(tmp_path):
    path = tiny.write_tiny(tmp_path / "x.actor", kind="image", crop_size=48)
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
        load_actor(tiny.write_tiny(tmp_path / "x.actor", **changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"painted_size": 32}, r"decoder\.onnx gives texture as .*32, 32, 4\], it gives .*16, 16, 4"),
        ({"replace": {DECODER: tiny.mesh_decoder()}}, r"gives texture as .*16, 16, 4\], it gives .*64, 64, 3"),
    ],
)
def test_a_painted_texture_has_the_size_of_the_card_and_an_alpha(tmp_path, changes, message):
    with pytest.raises(ActorFileError, match=message):
        load_actor(layered_actor(tmp_path / "x.actor", **changes))


def test_graphs_in_each_others_place_are_refused(tmp_path):
    _, members = tiny_parts()
    swapped = {ENCODER: members[DECODER], DECODER: members[ENCODER]}
    with pytest.raises(ActorFileError, match=r"encoder\.onnx takes landmarks, pose, it takes latent"):
        load_actor(tiny.write_tiny(tmp_path / "x.actor", replace=swapped))


def test_a_float_crop_is_refused(tmp_path):
    _, members = tiny_parts("image")
    floats = tiny.edited_graph(members[ENCODER], lambda m: setattr(m.graph.input[0].type.tensor_type, "elem_type", 1))
    with pytest.raises(ActorFileError, match=r"takes crop as tensor\(uint8\).* it takes tensor\(float\)"):
        load_actor(tiny.write_tiny(tmp_path / "x.actor", kind="image", replace={ENCODER: floats}))


def test_a_fixed_batch_other_than_one_is_refused(tmp_path):
    _, members = tiny_parts("image")

    def fix(model):
        model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 4

    with pytest.raises(ActorFileError, match=r"takes crop as .*it takes tensor\(uint8\) \[4, 32, 32, 3\]"):
        load_actor(
            tiny.write_tiny(
                tmp_path / "x.actor", kind="image", replace={ENCODER: tiny.edited_graph(members[ENCODER], fix)}
            )
        )
