"""Actor files, and graphs, cards and latents of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fuzz.mutate_archives import actor_file, members_of, npz
from fuzz.mutate_onnx import onnx_file
from fuzz.mutate_texts import json_text
from fuzz.target import Target

ACTOR_LIMIT = 14.0  # s: an actor's self-test has 10 s of its own, in a child that takes a moment to start


def _actors(folder: Path) -> list[bytes]:
    from layered_actor import layered_actor
    from tiny_actor import explorable_actor, tiny_actor

    made = [tiny_actor(folder / "mesh.actor"), tiny_actor(folder / "image.actor", "image")]
    made += [explorable_actor(folder / "rich.actor"), layered_actor(folder / "layered.actor")]
    return [path.read_bytes() for path in made]


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
    return lambda folder: [members_of(actor)[name] for actor in _actors(folder)]


def _read_graph(path: Path) -> None:
    from puppet.actor.graph.check import check_graph

    check_graph(path.read_bytes())


def _read_card(path: Path) -> None:
    from puppet.actor.card import card_from_json

    card_from_json(path.read_bytes())


def _read_latents(path: Path) -> None:
    from puppet.actor.latents import latents_from_bytes

    latents_from_bytes(path.read_bytes(), 8)


TARGETS = (
    Target("actor", _actors, actor_file, _read_actor, ".actor", limit=ACTOR_LIMIT),
    Target("graph", _members("decoder.onnx"), onnx_file, _read_graph, ".onnx", ("ValueError",)),
    Target("card", _members("card.json"), json_text, _read_card, ".json", ("ValueError",)),
    Target("latents", _members("latents.npz"), npz, _read_latents, ".npz", ("ValueError",)),
)
