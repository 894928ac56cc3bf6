"""Renderings over another background, with alpha, and what is refused before anything is made."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from driven import driver_clip
from planted_layers import layer
from tiny_actor import IMAGE_SIZE as SIDE
from video_fixtures import alpha_of, decode_with_alpha, read_video, told

from puppet import cli
from puppet.actor.runtime import load_actor
from puppet.commands import render
from puppet.core.layout import Layout
from puppet.core.types import Image, Result
from puppet.media.codecs import Codec
from puppet.output.compose import compose

pytestmark = pytest.mark.usefixtures("tracker")


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch) -> list[Result]:
    """What is given to the file, in order."""
    given: list[Result] = []
    write = render.RecorderSink.write
    monkeypatch.setattr(render.RecorderSink, "write", lambda sink, result: given.append(result) or write(sink, result))
    return given


def alphas_of(results: list[Result]) -> list[Image]:
    return [compose(result, Layout.ACTOR, alpha=True)[..., 3] for result in results]


@pytest.fixture
def person(actor: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The tiny actor's file, which is loaded as one with layers."""
    monkeypatch.setattr(render, "load_actor", lambda path, provider: layer(load_actor(path, provider)))
    return actor


def rendered(folder: Path, actor: str, name: str, *options: str, layout: str = "actor") -> Path:
    clip = driver_clip(folder / "in.mp4", frames=12)
    output = folder / name
    assert cli.main(["render", str(clip), "-o", str(output), "--actor", actor, "--layout", layout, *options]) == 0
    return output


def test_a_colour_is_behind_the_actor_in_the_file(tmp_path: Path, person: str) -> None:
    pictures = read_video(rendered(tmp_path, person, "out.mp4", "--background", "#2040c0", "--no-badge"))
    assert len(pictures) == 12
    for picture in pictures:
        assert np.abs(picture[:4, :4].astype(int) - (0xC0, 0x40, 0x20)).max() <= 8


def test_a_picture_is_behind_the_actor_in_the_file(tmp_path: Path, person: str) -> None:
    picture = np.full((50, 100, 3), (0, 200, 200), np.uint8)
    cv2.imwrite(str(tmp_path / "beach.png"), picture)
    options = ("--background", str(tmp_path / "beach.png"), "--no-badge")
    shown = read_video(rendered(tmp_path, person, "out.mp4", *options))[-1]
    assert np.abs(shown[:4, :4].astype(int) - (0, 200, 200)).max() <= 8


@pytest.mark.parametrize(("name", "codec"), [("out.mov", Codec.PRORES_4444), ("out.webm", Codec.VP9_ALPHA)])
def test_nothing_is_behind_the_actor_in_a_file_whose_name_asks_for_alpha(
    tmp_path: Path, person: str, results: list[Result], name: str, codec: Codec
) -> None:
    path = rendered(tmp_path, person, name, "--background", "transparent", "--no-badge")
    alphas = alpha_of(path, codec)
    assert len(alphas) == 12
    for alpha, wanted in zip(alphas, alphas_of(results), strict=True):
        assert 0.05 < (wanted == 255).mean() < 0.5
        assert np.abs(alpha.astype(int) - wanted).max() <= (1 if codec is Codec.PRORES_4444 else 20)
    assert "Synthetic performance of the actor 'tiny'" in told(path)


def test_beside_the_driver_only_the_actors_half_has_alpha(tmp_path: Path, person: str) -> None:
    options = ("--background", "transparent", "--codec", "prores-4444")
    path = rendered(tmp_path, person, "out.mov", *options, layout="side-by-side")
    picture = decode_with_alpha(path, Codec.PRORES_4444)[-1]
    width = picture.shape[1] - 2 * SIDE
    assert (picture[:, :width, 3] == 255).all()
    half = picture[:, width:, 3]
    assert half[:4, :4].max() == 0
    assert half[SIDE, SIDE] == 255
    assert half[-10:, -30:].max() == 255  # the badge


@pytest.mark.parametrize("options", [(), ("--codec", "h264")])
def test_a_file_that_cannot_be_transparent_is_refused(
    tmp_path: Path, person: str, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    clip, output = driver_clip(tmp_path / "in.mp4", frames=3), tmp_path / "out.mp4"
    given = ["render", str(clip), "-o", str(output), "--actor", person, "--background", "transparent", *options]
    assert cli.main(given) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "H.264 cannot show; choose the codec ProRes 4444 (.mov) or VP9 with alpha (.webm)" in line
    assert not output.exists()


def test_an_actor_without_layers_is_refused_with_another_background(
    tmp_path: Path, actor: str, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, output = driver_clip(tmp_path / "in.mp4", frames=3), tmp_path / "out.mp4"
    given = ["render", str(clip), "-o", str(output), "--actor", actor]
    for command in (given, ["run", "--headless", "--source", str(clip), "--actor", actor]):
        assert cli.main([*command, "--background", "green"]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "tiny has no layers" in line
        assert "leave --background out, or choose another actor" in line
    assert cli.main([*given, "--background", "own"]) == 0


def test_every_video_of_a_folder_gets_the_background(tmp_path: Path, person: str, results: list[Result]) -> None:
    clips = tmp_path / "clips"
    clips.mkdir()
    for name in ("a.mp4", "b.mp4"):
        driver_clip(clips / name, frames=6)
    given = [
        "render",
        str(clips),
        "-o",
        str(tmp_path / "played"),
        "--actor",
        person,
        "--layout",
        "actor",
        "--jobs",
        "1",
    ]
    assert cli.main([*given, "--background", "transparent"]) == 2
    assert not (tmp_path / "played").exists()
    assert cli.main([*given, "--background", "transparent", "--codec", "vp9-alpha", "--no-badge"]) == 0
    wanted = alphas_of(results)
    for begin, name in ((0, "a.webm"), (6, "b.webm")):
        alpha = alpha_of(tmp_path / "played" / name, Codec.VP9_ALPHA)[3]
        assert np.abs(alpha.astype(int) - wanted[begin + 3]).max() <= 20
