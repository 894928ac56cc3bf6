"""Cards: every field that is wrong, unknown or missing is refused with its name."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_actor import rewrite_actor, tiny_actor, tiny_parts

from puppet.actor.card import card_from_json, card_to_json
from puppet.actor.file import CARD, read_card
from puppet.core.errors import ActorFileError


@pytest.fixture
def mesh(tmp_path) -> Path:
    return tiny_actor(tmp_path / "Mia.actor")


def drop(name):
    return lambda card: card.pop(name)


def put(**changes):
    return lambda card: card.update(changes)


BAD_CARDS = {
    "unknown field": (put(colour="red"), "unknown field 'colour'"),
    "missing field": (drop("consent"), "field 'consent' is missing"),
    "newer": (put(format_version=4, puppet_version="9.1"), r"format version 4 \(made by puppet 9\.1\).*update puppet"),
    "older": (put(format_version=1), r"format version 1 .*is older than this puppet reads.*; .*train it again"),
    "no version": (drop("format_version"), "format_version is None"),
    "boolean size": (put(image_size=True), "image_size: must be a whole number from 16 to 2048, not True"),
    "huge size": (put(image_size=10**9), "image_size: must be a whole number"),
    "float size": (put(latent_size=8.0), "latent_size: must be a whole number"),
    "name with a path": (put(name="../x"), "name: .* cannot be a file name"),
    "empty consent": (put(consent=" "), "consent: must be a text"),
    "kind": (put(kind="pickle"), "kind: must be one of mesh, image"),
    "unhashable kind": (put(kind=["mesh"]), "kind: must be one of mesh, image"),
    "inputs": (put(encoder_inputs=["landmarks", "audio"]), "encoder_inputs: must be one of crop, landmarks, pose"),
    "inputs twice": (put(encoder_inputs=["pose", "pose"]), "encoder_inputs: must be a list of different names"),
    "outputs": (put(decoder_outputs=["image"]), "decoder_outputs: .* is not what a mesh actor gives"),
    "neutral": (put(neutral=[[0, 0, 0]] * 468), "neutral: must be a list of 478 rows"),
    "neutral of text": (put(neutral=[["0", 0, 0]] * 478), "neutral: every row must be 3 numbers"),
    "infinite neutral": (put(neutral=[[1e300, 0, 0]] * 478), "neutral: numbers must be within 1000000"),
    "wild triangle": (put(triangles=[[0, 1, 9999]]), "triangles name points 0 to 9999, there are 81"),
    "negative triangle": (put(triangles=[[0, 1, -1]]), "triangles name points -1 to 1"),
    "fractional triangle": (put(triangles=[[0, 1, 2.5]]), "triangles: every row must be 3 whole numbers"),
    "overflowing triangle": (put(triangles=[[0, 1, 2**40]]), "triangles: numbers must be within"),
    "no mesh": (put(triangles=None), "must be given exactly for mesh actors"),
    "painted size": (put(painted_size=32.0), "painted_size: must be a whole number from 16 to 2048, not 32.0"),
    "painted larger": (put(painted_size=65), "painted_size is 65; it must be at most texture_size, 64"),
    "layers of text": (put(layers="yes"), "layers: must be true or false, not yes"),
    "layers of control characters": (put(layers="\x1b[2J"), r"layers: must be true or false, not [^\x1b]+\Z"),
    "layers of a number": (put(layers=1), "layers: must be true or false, not 1"),
    "layers alone": (put(layers=True), "layers needs painted_size"),
    "background of a text": (put(keeps_background="yes"), "keeps_background: must be true or false, not yes"),
    "background without layers": (put(keeps_background=True), "keeps_background needs layers"),
    "made of nothing": (put(made_from="clay"), "made_from: must be one of footage, picture"),
    "openings of a text": (put(openings="1"), "openings: must be a whole number from 0 to 40000, not 1"),
    "less than nothing behind": (put(behind=-1), "behind: must be a whole number from 0 to 40000, not -1"),
    "more openings than triangles": (
        put(openings=3, behind=39_999),
        r"openings and behind are 3 and 39999; there are \d+ tri",
    ),
    "openings of before": (put(format_version=2), "unknown field"),
    "layers of before": (put(format_version=2), "unknown field 'painted_size' in a card of version 2"),
    "no word of layers": (drop("layers"), "field 'layers' is missing"),
    "crop": (put(crop_size=64), "crop_size must be given exactly when"),
    "golden": (put(golden={"means": [0] * 768}), "golden: field 'tolerance' is missing"),
    "golden levels": (put(golden={"means": [256] * 768, "tolerance": 3}), "golden: means must be 768 whole numbers"),
    "lenient golden": (put(golden={"means": [0] * 768, "tolerance": 255}), "golden: must be a whole number"),
    "date": (put(created="yesterday"), "created: "),
    "parity": (put(parity={"image": "good"}), "parity: must be numbers by name"),
    "response of an unknown region": (put(response={"ears": 0.5}), "response: unknown region 'ears'"),
    "wild response": (put(response={"brows": 1e30}), "response: numbers must be within"),
    "training": (put(training=[1]), "training: must be an object"),
    "hash": (put(sha256={"encoder.onnx": "12"}), "sha256: must be hexadecimal"),
    "hashes": (put(sha256={}), "sha256 does not name every member"),
}


@pytest.mark.parametrize("case", BAD_CARDS)
def test_a_bad_card_is_refused(mesh, case):
    change, message = BAD_CARDS[case]
    rewrite_actor(mesh, card=change)
    with pytest.raises(ActorFileError, match=f"(?s)Mia.actor: card.json: .*{message}"):
        read_card(mesh)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"[]", "not a JSON object"),
        (b"{", "Expecting"),
        (b"\xff\xfe\xfa", "UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"format_version": 1, "format_version": 1}', "given twice"),
        (b'{"format_version": NaN}', "NaN is not a finite number"),
    ],
)
def test_text_that_is_no_card_is_refused(mesh, text, message):
    with pytest.raises(ValueError, match=message):
        card_from_json(text)
    rewrite_actor(mesh, lambda members: members.update({CARD: text}))
    with pytest.raises(ActorFileError, match=message):
        read_card(mesh)


def test_a_card_survives_json():
    card, _ = tiny_parts("image")
    assert card_to_json(card_from_json(card_to_json(card))) == card_to_json(card)


def test_a_card_from_before_layers_is_read_as_one_without(mesh):
    def before(card):
        card["format_version"] = 2
        del card["painted_size"], card["layers"], card["openings"], card["behind"]

    rewrite_actor(mesh, card=before)
    card = read_card(mesh)
    assert (card.painted_size, card.layers, card.openings, card.behind) == (None, False, 0, 0)
    assert card_to_json(card) == card_to_json(read_card(tiny_actor(mesh)))  # what is written of it is version 3


def test_an_image_actor_has_no_painted_texture(tmp_path):
    path = tiny_actor(tmp_path / "Ida.actor", kind="image")
    rewrite_actor(path, card=put(painted_size=32))
    with pytest.raises(ActorFileError, match="painted_size is 32; it must be at most texture_size, None"):
        read_card(path)


def test_a_card_from_before_responses_were_measured_is_read(mesh):
    rewrite_actor(mesh, card=drop("response"))
    assert read_card(mesh).response == {}


@pytest.mark.parametrize(("name", "value"), [("made_from", "footage"), ("keeps_background", False)])
def test_a_card_that_does_not_say_what_it_is_made_from_is_of_footage(mesh, name, value):
    rewrite_actor(mesh, card=drop(name))
    assert getattr(read_card(mesh), name) == value
