"""Texts become backgrounds, and backgrounds the texts that are remembered."""

from __future__ import annotations

import pytest

from puppet.core.background import BACKGROUND, GREEN, Background, BackgroundKind, parse_background

COLOUR, PICTURE = BackgroundKind.COLOUR, BackgroundKind.PICTURE


@pytest.mark.parametrize(
    ("text", "wanted", "remembered"),
    [
        ("own", Background(), "own"),
        (" Blur ", Background(BackgroundKind.BLURRED), "blur"),
        ("transparent", Background(BackgroundKind.TRANSPARENT), "transparent"),
        ("GREEN", Background(COLOUR, (0, 255, 0)), "green"),
        ("#1e90Ff", Background(COLOUR, (30, 144, 255)), "#1e90ff"),
        ("#ffffff", Background(COLOUR, (255, 255, 255)), "white"),
        ("beach.jpg", Background(PICTURE, picture="beach.jpg"), "beach.jpg"),
        ("./green", Background(PICTURE, picture="./green"), "./green"),
        ("/tmp/a b.png ", Background(PICTURE, picture="/tmp/a b.png "), "/tmp/a b.png "),
    ],
)
def test_a_text_becomes_a_background_and_back(text: str, wanted: Background, remembered: str) -> None:
    assert parse_background(text) == wanted
    assert wanted.text == remembered
    assert parse_background(remembered) == wanted


@pytest.mark.parametrize("name", ["green", "Own", "#12.png"])
def test_a_picture_with_a_name_that_is_a_word_is_still_a_picture(name: str) -> None:
    read = parse_background(Background(PICTURE, picture=name).text)
    assert (read.kind, read.picture.replace("\\", "/")) == (PICTURE, f"./{name}")


@pytest.mark.parametrize("text", ["#12345", "#1234567", "#gggggg", "", "  ", "a\0b"])
def test_what_is_no_background_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="is no colour like #1e90ff|is no background; there are own, blur"):
        parse_background(text)


def test_only_transparent_is_transparent() -> None:
    assert [kind for kind in BackgroundKind if Background(kind).transparent] == [BackgroundKind.TRANSPARENT]


def test_the_default_is_the_actors_own_and_green_is_what_keyers_expect() -> None:
    assert BACKGROUND.parse(BACKGROUND.default) == Background()
    assert GREEN == (0, 255, 0)
