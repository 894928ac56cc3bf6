"""Latents as text on the clipboard."""

from __future__ import annotations

from explorer_user import clipboard, point

from puppet.explore.latent_text import to_text


def test_a_latent_is_copied_and_pasted_as_text(user):
    board = clipboard()
    user.type("r")
    face = user.somewhere()
    user.click(user.window.face.copy)
    assert board.text() == to_text(face)
    user.type("0")
    user.sees(point())
    user.click(user.window.face.paste)
    user.sees(face)
    board.setText("1, 2, 3")
    user.click(user.window.face.paste)
    assert "3 numbers, 8 are needed" in user.told()
    user.sees(face)
    board.setText("[0.5 0 0 0 0 0 0 0]")
    user.click(user.window.face.paste)
    user.sees(point(d0=0.5))
