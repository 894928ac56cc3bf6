"""Whatever is in an actor file: a card and latents, or one exception with one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hostile_inputs import BAD_TEXTS, many_entries, needs_pipes, npz
from tiny_actor import tiny_actor, tiny_latents, tiny_parts

from puppet.actor.card import card_from_json, card_to_json
from puppet.actor.file import read_card
from puppet.actor.latents import MAX_ROWS, latents_from_bytes, latents_to_bytes
from puppet.core.errors import ActorFileError
from puppet.core.texts import is_plain


def card_with(**changes) -> str:
    card, _ = tiny_parts()
    return json.dumps({**json.loads(card_to_json(card)), **changes})


@pytest.mark.parametrize("field", ["name", "licence", "consent", "created", "puppet_version"])
@pytest.mark.parametrize("text", BAD_TEXTS.values(), ids=BAD_TEXTS)
def test_card_texts_that_cannot_be_shown_are_refused(field, text):
    with pytest.raises(ValueError, match=f"^{field}: "):
        card_from_json(card_with(**{field: text}))


@pytest.mark.parametrize(
    "changes",
    [
        {"training": {"metrics": {"psnr": 1e300}}},
        {"training": {"deep": [[[{"x": "\x1b[2J"}]]]}},
        {"training": {"\u202e": 1}},
        {"training": {"x": "y" * 5000}},
        {"parity": {"\0": 1.0}},
        {"parity": {"x": 1e40}},
        {"parity": {str(n): 0.0 for n in range(1000)}},
        {"licence": "two\nlines"},
        {"name": "CON"},
        {"name": "nul.x"},
        {"name": "\u2800"},
    ],
)
def test_facts_that_cannot_be_shown_are_refused(changes):
    with pytest.raises(ValueError, match=f"^{next(iter(changes))}: "):
        card_from_json(card_with(**changes))


@pytest.mark.parametrize("number", ["1e999", "9" * 400, "NaN"])
def test_numbers_that_are_none_are_refused_anywhere_in_a_card(number):
    text = card_with(training={"a": [{"b": "HERE"}]}).replace('"HERE"', number)
    with pytest.raises(ValueError, match="not a finite number"):
        card_from_json(text)


def test_what_older_cards_may_hold_is_read():
    card = card_from_json(card_with(consent="Ada agreed.\r\nIn two lines.", name="Fred Jr."))
    assert card.consent == "Ada agreed.\nIn two lines."
    assert card.name == "Fred Jr."


@needs_pipes
def test_a_pipe_and_a_device_are_no_actors(tmp_path):
    os.mkfifo(tmp_path / "pipe.actor")
    (tmp_path / "zero.actor").symlink_to("/dev/zero")
    for name in ("pipe", "zero"):
        with pytest.raises(ActorFileError, match="no ordinary file"):
            read_card(tmp_path / f"{name}.actor")


def test_an_actor_file_with_a_million_members_is_refused_before_they_are_read(tmp_path):
    path = tmp_path / "x.actor"
    path.write_bytes(many_entries(1_000_000))
    with pytest.raises(ActorFileError, match="too many members"):
        read_card(path)


def latents(**changes) -> bytes:
    arrays = {"mean": np.zeros(8, np.float32), "std": np.ones(8, np.float32)}
    return npz(**{**arrays, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"samples": np.zeros((MAX_ROWS + 1, 8), np.float32)},
        {"axes": np.full((2, 8), 1e30)},
        {"mean": np.full(8, 1e300)},
        {"direction_\x1b[2J": np.zeros(8)},
        {"direction_": np.zeros(8)},
        {f"direction_{'x' * 200}": np.zeros(8)},
        {f"direction_{n}": np.zeros(8) for n in range(300)},
        {"useful": np.array(["1"])},
        {"useful": np.zeros(1_000_000, np.int64)},
        {"start": np.array([[0, 1]])},
    ],
)
def test_latents_that_are_none_are_refused(changes):
    latents_from_bytes(latents(), 8)
    with pytest.raises(ValueError, match=r"."):
        latents_from_bytes(latents(**changes), 8)


def test_what_is_written_of_latents_is_read():
    assert latents_from_bytes(latents_to_bytes(tiny_latents(8)), 8).std.tolist() == [1.0] * 8


def test_the_list_of_actors_is_lines_that_can_be_shown(tmp_path):
    tiny_actor(tmp_path / "evil\x1b[2J\u202ename.actor", name="x")
    (tmp_path / "bad\x1b]0;.actor").write_bytes(b"nothing")
    if sys.platform.startswith("linux"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/x\xff.actor")).write_bytes(
            (tmp_path / "evil\x1b[2J\u202ename.actor").read_bytes()
        )
    done = subprocess.run(
        [sys.executable, "-m", "puppet", "actors"],
        env={**os.environ, "PUPPET_ACTORS_DIR": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    said = done.stdout.decode() + done.stderr.decode()
    assert done.returncode == 2  # one is damaged
    assert "Traceback" not in said
    assert all(is_plain(line) for line in said.splitlines())
