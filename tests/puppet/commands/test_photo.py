"""`puppet photo` as it is typed."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from one_picture import demo_frame

from puppet.actor.file import read_card
from puppet.cli import build_parser, main
from puppet.photo.framing import Frame


def test_every_frame_can_be_typed() -> None:
    for frame in Frame:
        given = build_parser().parse_args(["photo", "a.png", "-o", "a.actor", "--artwork", "x", "--frame", frame.value])
        assert Frame(given.frame) is frame


@pytest.mark.parametrize("whose", [[], ["--consent", "Ada agreed.", "--artwork", "a statue"]])
def test_either_a_person_agreed_or_it_is_a_work_of_art(whose: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(["photo", "a.png", "-o", "a.actor", *whose])
    assert "--consent" in capsys.readouterr().err


def test_a_picture_becomes_an_actor_that_says_what_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture, actor = tmp_path / "one.png", tmp_path / "one.actor"
    cv2.imwrite(str(picture), demo_frame())
    assert main(["photo", str(picture), "-o", str(actor), "--artwork", "a synthetic man", "--keep-background"]) == 0
    assert "512 px" in capsys.readouterr().out
    card = read_card(actor)
    assert card.name == "one"
    assert card.consent == "A work of art, not a living person: a synthetic man"
    assert card.made_from == "picture"
    assert card.keeps_background
    assert main(["photo", str(picture), "-o", str(actor), "--consent", " "]) == 2
    assert "without the consent" in capsys.readouterr().err


def test_a_picture_that_is_missing_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "none.png"
    assert main(["photo", str(missing), "-o", str(tmp_path / "a.actor"), "--consent", "Ada agreed."]) == 2
    told = capsys.readouterr().err
    assert f"{missing}: No such file or directory; choose another picture" in told
    assert "unexpectedly" not in told
